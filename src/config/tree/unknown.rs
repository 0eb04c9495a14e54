//! Unknown fields: which a decoder keeps, compares and writes again without knowing what they say.

use std::{borrow::Cow, collections::BTreeMap};

use super::arena::{GroupTree, TextForm};
use crate::proto::scan::Fields;

/// Whether two messages have the same unknown fields: order counts only among fields of the same
/// number.
// Fabric: google.golang.org/protobuf, equalUnknown
pub(super) fn same_unknown(a: &[u8], b: &[u8]) -> bool {
    a == b || (a.len() == b.len() && by_number(a) == by_number(b))
}

/// The unknown fields of a tree, each message's at its place: ascending by number, those of one
/// number as they came. What [`same_unknown`] calls the same is equal here.
pub(super) fn in_order(tree: &GroupTree) -> Cow<'_, [u8]> {
    let mut ordered = Cow::Borrowed(tree.kept.as_slice());
    if ordered.is_empty() {
        return ordered;
    }
    let arena = &tree.arena;
    let groups = arena.groups.iter().map(|group| group.unknown);
    let values = arena.values.iter().map(|value| value.unknown);
    let policies = arena.policies.iter().map(|policy| policy.unknown);
    let rules = arena.policies.iter().filter_map(|policy| policy.rule);
    let rules = rules.map(|rule| rule.unknown);
    for place in groups.chain(values).chain(policies).chain(rules) {
        let fields = by_number(place.get(&tree.kept)).into_values().flatten();
        let (start, end) = (place.start as usize, place.end as usize);
        if let Some(slots) = ordered.to_mut().get_mut(start..end) {
            for (slot, byte) in slots.iter_mut().zip(fields) {
                *slot = byte;
            }
        }
    }
    ordered
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
