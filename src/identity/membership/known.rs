//! What an MSP remembers of the identities that it has read.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;

use crate::identity::role::Role;

use super::x509_msp::Member;

/// What is known about a serialized identity, apart from the MSP that knows it.
pub(in crate::identity) struct KnownIdentity {
    pub(in crate::identity) member: Member,
    pub(in crate::identity) serialized: Bytes,
    pub(in crate::identity) id: String,
    pub(in crate::identity) subject: OnceLock<String>,
    pub(in crate::identity) roles: OnceLock<Vec<Role>>,
}

/// Identities that an MSP has read before. It never changes a result: only how fast it comes.
#[derive(Default)]
pub(in crate::identity) struct KnownIdentities(Mutex<BTreeMap<Bytes, Arc<KnownIdentity>>>);

/// How many identities an MSP remembers; it forgets them all when more come.
const REMEMBERED: usize = 128;

/// How long an identity may be to be remembered, so that nobody fills the memory with white space
/// around a certificate. Unit: bytes.
const REMEMBERED_SIZE: usize = 8 * 1024;

impl KnownIdentities {
    pub(in crate::identity) fn get(&self, serialized: &[u8]) -> Option<Arc<KnownIdentity>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(serialized).cloned()
    }

    pub(in crate::identity) fn add(&self, identity: &Arc<KnownIdentity>) {
        if identity.serialized.len() > REMEMBERED_SIZE {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(identity.serialized.clone(), Arc::clone(identity));
    }
}

impl fmt::Debug for KnownIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownIdentities")
    }
}
