//! What two trees have in common.

use std::{cmp::Ordering, iter::Peekable};

use super::{
    arena::PolicyRule,
    element::{ElementRef, GroupRef, PolicyRef, ValueRef},
    unknown::same_unknown,
};

/// Whether two values or two policies say the same, as [`same_value`] and [`same_policy`] have it.
/// `false` for groups and for elements of two kinds.
pub(crate) fn same_element(a: ElementRef<'_>, b: ElementRef<'_>) -> bool {
    match (a, b) {
        (ElementRef::Value(a), ElementRef::Value(b)) => same_value(a, b),
        (ElementRef::Policy(a), ElementRef::Policy(b)) => same_policy(a, b),
        _ => false,
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
    /// Applies `f` to the element, or to both.
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
        pub(in crate::config) fn $name<'a>(
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
pub(in crate::config) fn same_group(a: GroupRef<'_>, b: GroupRef<'_>, versions: bool) -> bool {
    first_difference(a, b, versions).is_none()
}

/// The first element in which two groups differ as messages; versions count or not.
pub(in crate::config) fn first_difference<'a>(
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
pub(in crate::config) fn same_bytes(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    !a.body().is_empty() && a.body() == b.body()
}

pub(in crate::config) fn same_own_content(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && same_unknown(a.unknown(), b.unknown())
}

/// Whether two values say the same; versions and unknown fields do not count.
pub(in crate::config) fn same_value(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && a.bytes() == b.bytes()
}

/// Whether two policies say the same; versions and unknown fields do not count, those inside the
/// rule do.
pub(in crate::config) fn same_policy(a: PolicyRef<'_>, b: PolicyRef<'_>) -> bool {
    a.mod_policy_bytes() == b.mod_policy_bytes() && same_rule(a.inner(), b.inner())
}

pub(in crate::config) fn same_rule(
    a: Option<PolicyRule<&[u8]>>,
    b: Option<PolicyRule<&[u8]>>,
) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.kind == b.kind && a.bytes == b.bytes && same_unknown(a.unknown, b.unknown)
        }
        _ => false,
    }
}
