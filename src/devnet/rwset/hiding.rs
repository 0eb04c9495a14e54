//! A set in two halves: the one that blocks carry, and the one that travels beside them.

use std::{collections::BTreeMap, mem};

use super::hashed::HashedSet;
use crate::{
    ids::CollectionName,
    stub::memory::{CollectionSet, ReadWriteSet},
};

/// A read and write set as blocks carry it: what it says of collections is hidden.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::devnet) struct HidingSet {
    /// What it says of the public state, and the event. It knows no collection.
    // INVARIANT: `public.private` is empty
    pub(in crate::devnet) public: ReadWriteSet,
    /// What it says of collections.
    pub(in crate::devnet) hashed: BTreeMap<CollectionName, HashedSet>,
}

impl HidingSet {
    /// Hides what a set says of collections, and gives that as it was: it travels beside the block.
    pub(in crate::devnet) fn split(
        mut set: ReadWriteSet,
    ) -> (Self, BTreeMap<CollectionName, CollectionSet>) {
        let private = mem::take(&mut set.private);
        let hidden = Self {
            public: set,
            hashed: hide(&private),
        };
        (hidden, private)
    }

    /// The whole set, with the plain half that travelled beside it; `None` where that is another's.
    pub(in crate::devnet) fn join(
        self,
        private: &BTreeMap<CollectionName, CollectionSet>,
    ) -> Option<ReadWriteSet> {
        (self.hashed == hide(private)).then(|| ReadWriteSet {
            private: private.clone(),
            ..self.public
        })
    }
}

/// The digests of what a transaction did with collections.
fn hide(private: &BTreeMap<CollectionName, CollectionSet>) -> BTreeMap<CollectionName, HashedSet> {
    let hashed = private.iter();
    let hashed = hashed.map(|(name, set)| (name.clone(), HashedSet::of(set)));
    hashed.collect()
}
