//! Open stores by number. A number is never a pointer, so a stale or invented one is found out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Handle;
use crate::report::error::{Cause, Error, Result};
use crate::store::Store;

/// One place for a store. The generation tells today's store from those that had the place before.
struct Slot {
    generation: u16,
    store: Option<Arc<Store>>,
}

static SLOTS: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

/// Opens a handle for `store`.
pub(super) fn insert(store: Store) -> Result<Handle> {
    let mut slots = slots();
    // A place whose generations are used up stays empty for ever.
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

/// The store of a handle. Closing the handle meanwhile does no harm to whoever got it.
pub(super) fn get(handle: Handle) -> Result<Arc<Store>> {
    let slots = slots();
    let slot =
        place(handle).and_then(|(index, generation)| slots.get(index).filter(|slot| slot.generation == generation));
    slot.and_then(|slot| slot.store.clone())
        .ok_or_else(|| Error::new(Cause::InvalidHandle))
}

/// Closes a handle.
pub(super) fn remove(handle: Handle) -> Result<()> {
    let mut slots = slots();
    let slot =
        place(handle).and_then(|(index, generation)| slots.get_mut(index).filter(|slot| slot.generation == generation));
    slot.and_then(|slot| slot.store.take())
        .map(drop)
        .ok_or_else(|| Error::new(Cause::InvalidHandle))
}

/// Index and generation that a handle stands for.
fn place(handle: Handle) -> Option<(usize, u16)> {
    let bytes = handle.to_be_bytes();
    let generation = u16::from_be_bytes([bytes[0], bytes[1]]);
    let number = u16::from_be_bytes([bytes[2], bytes[3]]);
    Some((usize::from(number).checked_sub(1)?, generation))
}

/// A panic while the lock was held cannot leave the slots half changed.
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
    fn stale_zero_and_invented_handles_are_found_out() {
        let first = insert(store()).expect("a place");
        assert_ne!(first, 0);
        assert!(get(first).is_ok());
        remove(first).expect("open");
        assert!(remove(first).is_err());
        let second = insert(store()).expect("a place");
        assert_ne!(first, second);
        for invalid in [0, first, second ^ 0x8000_0000, u32::MAX, 1] {
            assert!(get(invalid).is_err(), "{invalid}");
        }
        remove(second).expect("open");
    }
}
