//! Whose turn it is among signature files that stay in their folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
};

/// So many are remembered.
const WAITING: usize = 10_000;

/// What is known of the files that stay.
#[derive(Debug, Default)]
pub(super) struct CarryTurns {
    /// Their names, with the symbol of what keeps each.
    waiting: BTreeMap<OsString, String>,
    /// The one that was looked at last.
    last: Option<OsString>,
}

impl CarryTurns {
    /// A file has its turn.
    pub(super) fn takes(&mut self, name: &OsStr) {
        self.last = Some(name.to_owned());
    }

    /// A file stays, so that others have their turn before it has one again; whether that is new, or for
    /// another reason than before.
    // SECURITY: others choose names, and how many there are
    pub(super) fn stays(&mut self, name: &OsStr, symbol: &str) -> bool {
        if self.waiting.len() >= WAITING && !self.waiting.contains_key(name) {
            self.waiting.clear();
        }
        self.waiting
            .insert(name.to_owned(), symbol.to_owned())
            .is_none_or(|before| before != symbol)
    }

    /// Forgets all but these.
    pub(super) fn keeps(&mut self, names: &BTreeSet<OsString>) {
        self.waiting.retain(|name, _| names.contains(name));
    }

    /// The one that had its turn last.
    pub(super) fn last(&self) -> Option<&OsStr> {
        self.last.as_deref()
    }

    /// Those that stayed.
    pub(super) fn waiting(&self) -> BTreeSet<OsString> {
        self.waiting.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_new_once_and_memory_is_bounded() {
        let mut turns = CarryTurns::default();
        let said = ["UNKNOWN_UPDATE", "UNKNOWN_UPDATE", "WRONG_BYTES"]
            .map(|symbol| turns.stays(OsStr::new("a.sig"), symbol));
        assert_eq!(said, [true, false, true]);
        for at in 0..3 * WAITING {
            turns.stays(OsStr::new(&format!("{at}.sig")), "X");
            assert!(turns.waiting.len() <= WAITING);
        }
        let names = turns.waiting();
        assert!(names.contains(OsStr::new(&format!("{}.sig", 3 * WAITING - 1))));
        turns.keeps(&["none".into()].into());
        assert!(turns.waiting().is_empty());
    }
}
