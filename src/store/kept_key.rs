//! The key of a store's archive, kept while the store is open: computing it from the password takes longer than a day's push.

#![cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only an archive has keys"))]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};

/// The key that opened the archive last, if any. Clones of a store share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptKey(Arc<Mutex<Option<FoundKey>>>);

/// A key, and what it belongs to. The key is cleared from memory when it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct FoundKey {
    /// Of the password that the key was computed from. The password itself is not kept.
    password: blake3::Hash,
    /// Which of the archive's keys it is.
    pub id: String,
    /// The key, as the archive writes it.
    pub key: SecretString,
}

impl KeptKey {
    /// The key that this password has opened before.
    pub fn for_password(&self, password: &SecretString) -> Option<FoundKey> {
        let found = self.lock().clone();
        found.filter(|found| found.password == hash_of(password))
    }

    /// Keeps a key instead of the one before.
    pub fn put(&self, password: &SecretString, id: String, key: SecretString) {
        *self.lock() = Some(FoundKey {
            password: hash_of(password),
            id,
            key,
        });
    }

    /// Keeps none.
    pub fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<FoundKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(password: &SecretString) -> blake3::Hash {
    blake3::hash(password.expose_secret().as_bytes())
}
