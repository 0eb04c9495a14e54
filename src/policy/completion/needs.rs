//! What a policy still needs, in words: `two more of `Org2MSP`, `Org3MSP`, `Org4MSP``.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cast::{Cast, Pick},
    search::newcomers,
    ways::{MAX_WAYS, Solved},
};
use crate::{
    identity::Principal,
    ids::MspId,
    policy::{
        evaluation::evaluate::{Decider, Holders},
        language::{
            ids::PolicyId,
            model::{PolicyKind, PrincipalId, Rule},
        },
    },
};

/// How many organisations are named; the others are counted.
const NAMES: usize = 5;
/// How many sets of organisations are named; the others are counted.
const SETS: usize = 3;
/// The most bytes of an MSP id, about.
const NAME: usize = 100;

/// How many signers of each MSP; of none: of any.
type Helpers<'a> = Vec<(Option<&'a MspId>, usize)>;

/// How many of what stands directly below a policy accept, and how many must.
pub(super) fn have_of_needed<H: Holders>(
    decider: &mut Decider<'_, H>,
    id: PolicyId,
) -> (usize, i64) {
    let manager = decider.manager();
    match manager.policy(id).map(|policy| &policy.kind) {
        None => (0, 1),
        Some(PolicyKind::Signature(rules)) => {
            let mut outcomes = Vec::new();
            decider.signature(rules, Some(&mut outcomes));
            let needed = match rules.first() {
                Some(Rule::OutOf { n, .. }) => i64::from(*n),
                _ => 1,
            };
            (outcomes.first().map_or(0, |first| first.have), needed)
        }
        Some(PolicyKind::ImplicitMeta(meta)) => {
            let have = meta.subs.iter().flatten();
            let have = have.filter(|sub| decider.accepts(**sub)).count();
            (have, i64::try_from(meta.threshold()).unwrap_or(i64::MAX))
        }
    }
}

/// Who is needed: organisations of which somebody has to sign, at most a few by name. `sets`: the
/// smallest sets, or one of them where they are as small as the ways say. `missing`: the MSPs with
/// a part in some smallest set.
pub(in crate::policy) fn needs(
    cast: &Cast<'_>,
    solved: &Solved,
    sets: &BTreeSet<Vec<PrincipalId>>,
    missing: &BTreeSet<&MspId>,
) -> String {
    let Some(size) = sets.first().map(Vec::len) else {
        return "nobody is known who could complete it".to_owned();
    };
    if size == 0 {
        return "nobody new, but the signatures in another order or without some of them"
            .to_owned();
    }
    // all sets of this size are known, or their ways: those are the same for whoever asks
    let (helpers, whole): (BTreeSet<Helpers<'_>>, bool) = match size == solved.cost() {
        true => {
            let ways = solved.ways.iter().filter(|way| way.new == size);
            let helpers = ways.map(|way| by_msp(cast, &newcomers(way))).collect();
            (helpers, solved.exact && solved.ways.len() < MAX_WAYS)
        }
        false => {
            let helpers = sets.iter().map(|set| by_msp(cast, set)).collect();
            (helpers, sets.len() < MAX_WAYS)
        }
    };
    let present = present(cast);
    let singles = helpers.iter().flatten().all(|(msp_id, count)| {
        *count == 1 && msp_id.is_some_and(|msp_id| missing.contains(msp_id))
    });
    if helpers.len() > 1 && singles && (!whole || helpers.len() == chosen(missing.len(), size)) {
        let signers = match missing.iter().any(|msp_id| present.contains(*msp_id)) {
            true => "more signers of",
            false => "more of",
        };
        let names = some_of(missing.iter().map(|msp_id| name(msp_id)));
        return format!("{} {signers} {names}", number(size));
    }
    let mut texts: Vec<String> = (helpers.iter().take(SETS))
        .map(|helpers| all_of(helpers, &present))
        .collect();
    match (helpers.len().saturating_sub(SETS), whole) {
        (0, true) => {}
        (_, false) => texts.push("others".to_owned()),
        (1, true) => texts.push("one other set".to_owned()),
        (more, true) => texts.push(format!("one of {more} other sets")),
    }
    texts.join(", or ")
}

fn by_msp<'a>(cast: &Cast<'a>, set: &[PrincipalId]) -> Helpers<'a> {
    let mut counts: BTreeMap<Option<&MspId>, usize> = BTreeMap::new();
    for id in set {
        let msp_id = cast.principal(*id).and_then(Principal::msp_id);
        let count = counts.entry(msp_id).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().collect()
}

/// The MSPs of those who have signed and whom the policies name.
fn present<'a>(cast: &Cast<'a>) -> BTreeSet<&'a MspId> {
    let classes: BTreeSet<Pick> = cast.present().into_iter().collect();
    let principals = classes.into_iter().flat_map(|class| cast.said_of(class));
    principals.filter_map(Principal::msp_id).collect()
}

/// In how many ways `count` of `all` can be chosen; more than are kept: so many.
fn chosen(all: usize, count: usize) -> usize {
    let mut ways = 1usize;
    for step in 0..count.min(all.saturating_sub(count)) {
        let step = step.saturating_add(1);
        let next = all.saturating_sub(step).saturating_add(1);
        ways = ways.saturating_mul(next) / step;
        if ways > MAX_WAYS {
            return ways;
        }
    }
    ways
}

/// Signers who are needed together.
fn all_of(helpers: &Helpers<'_>, present: &BTreeSet<&MspId>) -> String {
    let texts = helpers.iter().map(|(msp_id, count)| {
        let (who, signed) = match msp_id {
            Some(msp_id) => (name(msp_id), present.contains(*msp_id)),
            None => ("any organisation".to_owned(), false),
        };
        match (*count, signed) {
            (1, false) => who,
            (1, true) => format!("another signer of {who}"),
            (count, false) => format!("{} signers of {who}", number(count)),
            (count, true) => format!("{} more signers of {who}", number(count)),
        }
    });
    let mut texts: Vec<String> = some(texts);
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} and {last}", texts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

fn some_of(texts: impl ExactSizeIterator<Item = String>) -> String {
    some(texts).join(", ")
}

/// The first few; the others are counted.
fn some(texts: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = texts.len().saturating_sub(NAMES);
    let mut out: Vec<String> = texts.take(NAMES).collect();
    if more > 0 {
        out.push(format!("{more} others"));
    }
    out
}

fn name(msp_id: &MspId) -> String {
    let text = msp_id.as_str();
    match (NAME..text.len()).find(|at| text.is_char_boundary(*at)) {
        Some(at) => format!("`{}..`", text.get(..at).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

fn number(count: usize) -> String {
    const WORDS: [&str; 10] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let word = count.checked_sub(1).and_then(|at| WORDS.get(at));
    word.map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_counted() {
        for (all, count, ways) in [(3, 2, 3), (4, 2, 6), (5, 5, 1), (4, 1, 4), (6, 3, 20)] {
            assert_eq!(chosen(all, count), ways, "{count} of {all}");
        }
        assert!(chosen(1_000, 500) > MAX_WAYS);
    }
}
