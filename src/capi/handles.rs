//! Open stores by number. A handle is not a pointer, so a stale or invented one is an error and no crash.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Handle;
use crate::report::error::{Cause, Error, Result};
use crate::store::Store;

/// Room for one store. The generation counts the stores that the slot has held, so that the handle of an earlier one is
/// invalid.
struct Slot {
    generation: u16,
    store: Option<Arc<Store>>,
}

static SLOTS: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

/// Opens a handle for `store`.
pub(super) fn insert(store: Store) -> Result<Handle> {
    let mut slots = slots();
    // A slot whose generations are used up is not used again.
    let free = slots
        .iter()
        .position(|slot| slot.store.is_none() && slot.generation < u16::MAX);
    let index = free.unwrap_or(slots.len());
    let number =
        u16::try_from(index + 1).map_err(|_| Error::new(Cause::Internal("65535 stores are open".to_owned())))?;
    if free.is_none() {
        slots.push(Slot {
            generation: 0,
            store: None,
        });
    }
    let slot = &mut slots[index];
    slot.generation += 1;
    slot.store = Some(Arc::new(store));
    Ok((Handle::from(slot.generation) << 16) | Handle::from(number))
}

/// The store of a handle. It stays usable when the handle is closed meanwhile.
pub(super) fn get(handle: Handle) -> Result<Arc<Store>> {
    let slots = slots();
    let slot = index_and_generation(handle)
        .and_then(|(index, generation)| slots.get(index).filter(|slot| slot.generation == generation));
    slot.and_then(|slot| slot.store.clone())
        .ok_or_else(|| Error::new(Cause::InvalidHandle))
}

/// Closes a handle.
pub(super) fn remove(handle: Handle) -> Result<()> {
    let mut slots = slots();
    let slot = index_and_generation(handle)
        .and_then(|(index, generation)| slots.get_mut(index).filter(|slot| slot.generation == generation));
    slot.and_then(|slot| slot.store.take())
        .map(drop)
        .ok_or_else(|| Error::new(Cause::InvalidHandle))
}

/// The slot and the generation in a handle.
fn index_and_generation(handle: Handle) -> Option<(usize, u16)> {
    let bytes = handle.to_be_bytes();
    let generation = u16::from_be_bytes([bytes[0], bytes[1]]);
    let number = u16::from_be_bytes([bytes[2], bytes[3]]);
    Some((usize::from(number).checked_sub(1)?, generation))
}

/// The slots. A poisoned lock is used on: no panic can leave a slot half changed.
fn slots() -> MutexGuard<'static, Vec<Slot>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;

    fn store() -> Store {
        Store::open(Options::new("studio.db")).expect("valid options")
    }

    #[test]
    fn stale_zero_and_invented_handles_are_errors() {
        let first = insert(store()).expect("a slot");
        assert_ne!(first, 0);
        assert!(get(first).is_ok());
        remove(first).expect("open");
        assert!(remove(first).is_err());
        let second = insert(store()).expect("a slot");
        assert_ne!(first, second);
        for invalid in [0, first, second ^ 0x8000_0000, u32::MAX, 1] {
            assert!(get(invalid).is_err(), "{invalid}");
        }
        remove(second).expect("open");
    }
}
