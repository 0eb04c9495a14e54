//! What two trees have in common.

use std::{cmp::Ordering, collections::BTreeMap, iter::Peekable};

use super::{
    element::{ElementRef, GroupRef, PolicyRef, ValueRef},
    path::ElementPath,
    tree::ConfigTree,
    wire::Rule,
};
use crate::proto::scan::Fields;

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
    /// The element.
    pub path: ElementPath,
    /// What is different.
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

/// The same of two groups of one path.
pub(crate) fn group_differences<'a>(from: GroupRef<'a>, to: GroupRef<'a>) -> Differences<'a> {
    Differences {
        found: Vec::new(),
        open: vec![(from, to)],
    }
}

/// Whether two values or two policies say the same; groups never do here.
pub(crate) fn same_element(a: ElementRef<'_>, b: ElementRef<'_>) -> bool {
    match (a, b) {
        (ElementRef::Value(a), ElementRef::Value(b)) => same_value(a, b),
        (ElementRef::Policy(a), ElementRef::Policy(b)) => same_policy(a, b),
        _ => false,
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

/// An element of either of two lists.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side<E> {
    Both(E, E),
    Left(E),
    Right(E),
}

impl<E> Side<E> {
    /// The same of what each element becomes.
    pub(super) fn map<T>(self, f: impl Fn(E) -> T) -> Side<T> {
        match self {
            Self::Both(left, right) => Side::Both(f(left), f(right)),
            Self::Left(left) => Side::Left(f(left)),
            Self::Right(right) => Side::Right(f(right)),
        }
    }
}

/// Walks two lists that ascend by some order as one.
pub(super) struct Join<I: Iterator, F> {
    left: Peekable<I>,
    right: Peekable<I>,
    order: F,
}

impl<I: Iterator, F: Fn(&I::Item, &I::Item) -> Ordering> Iterator for Join<I, F> {
    type Item = Side<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.left.peek(), self.right.peek()) {
            (Some(l), Some(r)) => (self.order)(l, r),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        Some(match order {
            Ordering::Less => Side::Left(self.left.next()?),
            Ordering::Equal => Side::Both(self.left.next()?, self.right.next()?),
            Ordering::Greater => Side::Right(self.right.next()?),
        })
    }
}

macro_rules! join {
    ($name:ident, $members:ident, $element:ident) => {
        /// The members of one kind of two groups, ascending by name.
        pub(super) fn $name<'a>(
            left: GroupRef<'a>,
            right: GroupRef<'a>,
        ) -> impl Iterator<Item = Side<$element<'a>>> {
            Join {
                left: left.$members().peekable(),
                right: right.$members().peekable(),
                order: |l: &$element<'a>, r: &$element<'a>| l.name_bytes().cmp(r.name_bytes()),
            }
        }
    };
}

join!(join_groups, groups, GroupRef);
join!(join_values, values, ValueRef);
join!(join_policies, policies, PolicyRef);

/// Whether two groups are equal as messages; versions count or not.
pub(super) fn same_group(a: GroupRef<'_>, b: GroupRef<'_>, versions: bool) -> bool {
    first_difference(a, b, versions).is_none()
}

/// The first element in which two groups differ as messages; versions count or not.
pub(super) fn first_difference<'a>(
    a: GroupRef<'a>,
    b: GroupRef<'a>,
    versions: bool,
) -> Option<ElementRef<'a>> {
    let same_version = |x: u64, y: u64| !versions || x == y;
    let mut open = vec![(a, b)];
    while let Some((a, b)) = open.pop() {
        if same_bytes(a, b) {
            continue;
        }
        if !same_own_content(a, b) || !same_version(a.version(), b.version()) {
            return Some(ElementRef::Group(b));
        }
        for side in join_values(a, b) {
            match side {
                Side::Both(x, y)
                    if same_value(x, y)
                        && same_version(x.version(), y.version())
                        && same_unknown(x.unknown(), y.unknown()) => {}
                Side::Both(e, _) | Side::Left(e) | Side::Right(e) => {
                    return Some(ElementRef::Value(e));
                }
            }
        }
        for side in join_policies(a, b) {
            match side {
                Side::Both(x, y)
                    if same_policy(x, y)
                        && same_version(x.version(), y.version())
                        && same_unknown(x.unknown(), y.unknown()) => {}
                Side::Both(e, _) | Side::Left(e) | Side::Right(e) => {
                    return Some(ElementRef::Policy(e));
                }
            }
        }
        for side in join_groups(a, b) {
            match side {
                Side::Both(x, y) => open.push((x, y)),
                Side::Left(e) | Side::Right(e) => return Some(ElementRef::Group(e)),
            }
        }
    }
    None
}

/// Whether two groups were read from the same bytes, which makes them equal in every respect.
pub(super) fn same_bytes(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    !a.body().is_empty() && a.body() == b.body()
}

fn same_own_content(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && same_unknown(a.unknown(), b.unknown())
}

/// Whether two values say the same; versions and unknown fields do not count.
pub(super) fn same_value(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && a.bytes() == b.bytes()
}

/// Whether two policies say the same; versions and unknown fields do not count, those inside the
/// rule do.
pub(super) fn same_policy(a: PolicyRef<'_>, b: PolicyRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && same_rule(a.inner(), b.inner())
}

pub(super) fn same_rule(a: Option<Rule<&[u8]>>, b: Option<Rule<&[u8]>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.kind == b.kind && a.bytes == b.bytes && same_unknown(a.unknown, b.unknown)
        }
        _ => false,
    }
}

/// Whether two messages have the same unknown fields: order counts only among fields of the same
/// number.
// Fabric: google.golang.org/protobuf, equalUnknown
pub(super) fn same_unknown(a: &[u8], b: &[u8]) -> bool {
    a == b || (a.len() == b.len() && by_number(a) == by_number(b))
}

fn by_number(unknown: &[u8]) -> BTreeMap<u32, Vec<u8>> {
    let mut all: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut fields = Fields::new(unknown);
    while let Ok(Some(field)) = fields.next() {
        all.entry(field.number)
            .or_default()
            .extend_from_slice(field.raw);
    }
    all
}
