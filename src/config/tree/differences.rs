//! The elements that two configs do not have alike, one after the other.

use super::{
    compare::{
        Side, join_groups, join_policies, join_values, same_bytes, same_own_content, same_policy,
        same_value,
    },
    config::ConfigTree,
    element::{ElementRef, GroupRef},
    path::ElementPath,
    unknown::same_unknown,
};

/// How an element of one config differs from another config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the second config has it. Of a group: with all it holds.
    Added,
    /// Its own content differs. Of a group: the mod policy.
    Changed,
    /// Only the first config has it. Of a group: with all it holds.
    Removed,
}

/// One element that two configs do not have alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Where the element stands.
    pub path: ElementPath,
    /// Whether it comes, goes, or has other content.
    pub change: Change,
}

/// The elements that differ in content from one config to another, versions aside: of each group
/// itself, its values, its policies, the groups that one side lacks, and then the inside of those
/// that both have; each ascending by name.
#[must_use]
pub fn differences<'a>(from: &'a ConfigTree, to: &'a ConfigTree) -> Differences<'a> {
    let mut all = Differences {
        found: Vec::new(),
        open: Vec::new(),
    };
    match (from.root(), to.root()) {
        (Some(a), Some(b)) => all.open.push((a, b)),
        (Some(a), None) => all.found.push(Side::Left(ElementRef::Group(a))),
        (None, Some(b)) => all.found.push(Side::Right(ElementRef::Group(b))),
        (None, None) => {}
    }
    all
}

/// The elements that differ from one group to another of the same path, likewise.
pub(crate) fn group_differences<'a>(from: GroupRef<'a>, to: GroupRef<'a>) -> Differences<'a> {
    Differences {
        found: Vec::new(),
        open: vec![(from, to)],
    }
}

/// Iterates over the differences of two configs; see [`differences`].
#[derive(Debug)]
pub struct Differences<'a> {
    /// Found and not yet handed out; the next one is the last.
    // paths are made only when they are handed out: below deep groups they are long
    found: Vec<Side<ElementRef<'a>>>,
    /// Groups of the same path that are still to be compared; the next one is the last.
    open: Vec<(GroupRef<'a>, GroupRef<'a>)>,
}

impl<'a> Differences<'a> {
    /// The next difference as the elements themselves.
    pub(crate) fn next_pair(&mut self) -> Option<Side<ElementRef<'a>>> {
        loop {
            if let Some(pair) = self.found.pop() {
                return Some(pair);
            }
            let (a, b) = self.open.pop()?;
            self.compare(a, b);
        }
    }

    fn compare(&mut self, a: GroupRef<'a>, b: GroupRef<'a>) {
        if same_bytes(a, b) {
            return;
        }
        if !same_own_content(a, b) {
            let pair = Side::Both(ElementRef::Group(a), ElementRef::Group(b));
            self.found.push(pair);
        }
        for side in join_values(a, b) {
            match side {
                Side::Both(x, y) if same_value(x, y) && same_unknown(x.unknown(), y.unknown()) => {}
                side => self.found.push(side.map(ElementRef::Value)),
            }
        }
        for side in join_policies(a, b) {
            match side {
                Side::Both(x, y) if same_policy(x, y) && same_unknown(x.unknown(), y.unknown()) => {
                }
                side => self.found.push(side.map(ElementRef::Policy)),
            }
        }
        let deeper = self.open.len();
        for side in join_groups(a, b) {
            match side {
                Side::Both(x, y) => self.open.push((x, y)),
                side => self.found.push(side.map(ElementRef::Group)),
            }
        }
        if let Some(deeper) = self.open.get_mut(deeper..) {
            deeper.reverse();
        }
        self.found.reverse();
    }
}

impl Iterator for Differences<'_> {
    type Item = Difference;

    fn next(&mut self) -> Option<Difference> {
        let (element, change) = match self.next_pair()? {
            Side::Both(_, new) => (new, Change::Changed),
            Side::Left(old) => (old, Change::Removed),
            Side::Right(new) => (new, Change::Added),
        };
        let path = element.element_path();
        Some(Difference { path, change })
    }
}
