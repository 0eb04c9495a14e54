//! Which keys signed something, so that no signature is verified twice.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;

use crate::crypto::hash::HashFunction;

/// How many keys are remembered beside the first that signed: as many as one search for chains tries.
const MAX_OTHERS: usize = 100;

/// What is known of the keys that may have signed one thing. It changes no answer.
#[derive(Default)]
pub(in crate::identity) struct Signers {
    /// The key (as its key info) that signed; of several the first.
    signed: OnceLock<Bytes>,
    /// Whether other keys signed, by digest; at most [`MAX_OTHERS`].
    others: Mutex<BTreeMap<Vec<u8>, bool>>,
}

impl Signers {
    /// The key that is known to have signed.
    pub(super) fn known(&self) -> Option<&Bytes> {
        self.signed.get()
    }

    /// Remembers a key that signed. Where several did, the first stays.
    pub(super) fn add(&self, key_info: &Bytes) {
        // another thread may have been faster; both found a key that signed
        let _ = self.signed.set(key_info.clone());
    }

    /// Whether a key signed; `verify` is asked where that is not known yet.
    pub(in crate::identity) fn signed(
        &self,
        key_info: &Bytes,
        verify: impl FnOnce() -> bool,
    ) -> bool {
        if self.known() == Some(key_info) {
            return true;
        }
        let digest = HashFunction::Sha256.digest(&[key_info]);
        let others = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = others().get(&digest) {
            return *signed;
        }
        #[cfg(test)]
        crate::identity::tests::VERIFIED.with(|count| count.set(count.get().saturating_add(1)));
        let signed = verify();
        if signed && self.known().is_none() {
            self.add(key_info);
            return true;
        }
        let mut others = others();
        if others.len() >= MAX_OTHERS {
            others.clear();
        }
        others.insert(digest, signed);
        signed
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_key_is_tried_once_and_few_are_remembered() {
        let signers = Signers::default();
        let tried = Cell::new(0);
        let key = |n: usize| Bytes::from(format!("key {n}"));
        let ask = |n: usize, good: bool| {
            signers.signed(&key(n), || {
                tried.set(tried.get() + 1);
                good
            })
        };
        for _ in 0..3 {
            assert!((0..MAX_OTHERS).all(|n| !ask(n, false)));
            assert!(ask(MAX_OTHERS, true));
        }
        assert_eq!(tried.get(), MAX_OTHERS + 1);

        for n in 0..10 * MAX_OTHERS {
            let good = n % 2 == 0;
            assert_eq!(ask(MAX_OTHERS + 1 + n, good), good);
            assert!(signers.others.lock().unwrap().len() <= MAX_OTHERS);
        }
        assert_eq!(signers.known(), Some(&key(MAX_OTHERS)));
    }
}
