//! The entry of an index that the next one is compared with.

use crate::pages::record::{self, Value};

/// The entry that the next one is compared with. Its page need not be in memory any more.
#[derive(Default)]
pub(super) struct Previous {
    /// Empty where there is none.
    payload: Vec<u8>,
    length: u64,
}

impl Previous {
    pub(super) fn keep(&mut self, payload: &[u8], length: u64) {
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        self.length = length;
    }

    pub(super) fn forget(&mut self) {
        self.payload.clear();
    }

    pub(super) fn values(&self, most: usize) -> Vec<Value<'_>> {
        let mut values = Vec::with_capacity(most);
        if !self.payload.is_empty() {
            record::read_values(&self.payload, self.length, most, &mut values);
        }
        values
    }
}
