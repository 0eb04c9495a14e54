//! Sets of the proposals whose relations are asked for, by their places.

use std::collections::BTreeMap;

use super::digests::ShortDigest;

/// Places, a bit for each: they are joined far more often than there are many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SubjectSet(Vec<u64>);

impl SubjectSet {
    pub(super) fn add(&mut self, place: usize) {
        let (word, bit) = (place / BITS, place % BITS);
        if self.0.len() <= word {
            self.0.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    pub(super) fn extend(&mut self, more: &Self) {
        if self.0.len() < more.0.len() {
            self.0.resize(more.0.len(), 0);
        }
        for (own, more) in self.0.iter_mut().zip(&more.0) {
            *own |= more;
        }
    }

    pub(super) fn without(&self, less: &Self) -> Self {
        let less = less.0.iter().chain(std::iter::repeat(&0));
        Self(
            self.0
                .iter()
                .zip(less)
                .map(|(own, less)| own & !less)
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Ascending.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(at, word)| {
            let bits = (0..BITS).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| at.saturating_mul(BITS).saturating_add(bit))
        })
    }
}

const BITS: usize = u64::BITS as usize;

/// Who says what of a part of an element.
#[derive(Debug, Default)]
pub(super) struct SaidBy {
    anybody: SubjectSet,
    by: BTreeMap<ShortDigest, SubjectSet>,
}

impl SaidBy {
    pub(super) fn add(&mut self, said: ShortDigest, place: usize) {
        if said != ShortDigest::UNSAID {
            self.anybody.add(place);
            self.by.entry(said).or_default().add(place);
        }
    }

    /// Who says anything.
    pub(super) const fn anybody(&self) -> &SubjectSet {
        &self.anybody
    }

    /// Who says this.
    pub(super) fn saying(&self, said: ShortDigest) -> SubjectSet {
        self.by.get(&said).cloned().unwrap_or_default()
    }

    /// Who says something else; nobody where this says nothing.
    pub(super) fn others(&self, said: ShortDigest) -> SubjectSet {
        match said {
            ShortDigest::UNSAID => SubjectSet::default(),
            said => self.anybody.without(&self.saying(said)),
        }
    }
}
