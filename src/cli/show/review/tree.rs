//! The tree of rules, with who signed at which of them.

use std::collections::BTreeSet;

use crate::cli::show::{
    layout::{CUT, Line, Look, Tone, hang},
    words::{common_name, short},
};
use crate::{
    client::answers::{
        CountedAnswer, DecidingAnswer, ProposalAnswer, RuleAnswer, SignatureAnswer, VoteAnswer,
    },
    text::squeezed,
};

/// So many rules below one are drawn where not all is to be shown; those first that somebody signed or
/// that somebody is to sign.
const BELOW: usize = 24;

/// Names and rules side by side are padded, but to no more columns than this.
const PADDED: usize = 36;

/// What was said of a proposal beside signatures that count, and whether it stands in a tree yet.
pub(in crate::cli::show) struct Voices<'a> {
    silent: Vec<&'a SignatureAnswer>,
    expired: BTreeSet<&'a str>,
    votes: Vec<&'a VoteAnswer>,
    drawn: BTreeSet<(bool, usize)>,
}

impl<'a> Voices<'a> {
    pub(in crate::cli::show) fn new(proposal: &'a ProposalAnswer) -> Self {
        let signatures = proposal.signatures.iter();
        let expired = signatures.clone().filter(|one| one.counts && one.expired);
        let votes = proposal.votes.iter();
        Self {
            expired: expired.map(|one| one.fingerprint.as_str()).collect(),
            silent: signatures.filter(|one| !one.counts).collect(),
            votes: votes
                .filter(|vote| vote.revision == proposal.revision)
                .collect(),
            drawn: BTreeSet::new(),
        }
    }

    /// What was said by those whom a rule names, in lines.
    fn of(&mut self, rule: &RuleAnswer) -> Vec<Line> {
        let names = |msp_id: &str| rule.rule.contains(&format!("'{msp_id}."));
        let mut lines = Vec::new();
        for (at, one) in self.silent.iter().enumerate() {
            if names(&one.msp_id) {
                self.drawn.insert((true, at));
                lines.push(silent(one));
            }
        }
        for (at, vote) in self.votes.iter().enumerate() {
            if names(&vote.msp_id) {
                self.drawn.insert((false, at));
                lines.push(rejection(vote));
            }
        }
        lines
    }

    /// What stands in no tree: each with its organisation.
    pub(in crate::cli::show) fn unheard(&self) -> Vec<Line> {
        let of = |msp_id: &str| Line::of(Tone::Strong, msp_id).and(Tone::Plain, "  ");
        let silents = self.silent.iter().enumerate();
        let silents = silents.filter(|(at, _)| !self.drawn.contains(&(true, *at)));
        let votes = self.votes.iter().enumerate();
        let votes = votes.filter(|(at, _)| !self.drawn.contains(&(false, *at)));
        let silents = silents.map(|(_, one)| of(&one.msp_id).join(silent(one)));
        silents
            .chain(votes.map(|(_, vote)| of(&vote.msp_id).join(rejection(vote))))
            .collect()
    }
}

/// A signature that does not count, and why.
pub(in crate::cli::show) fn silent(one: &SignatureAnswer) -> Line {
    let reason = one.reason.as_deref().unwrap_or("no reason was given");
    Line::of(
        Tone::Bad,
        format!("{} signed, does not count: ", signer_name(one)),
    )
    .and(Tone::Plain, reason)
}

pub(in crate::cli::show) fn rejection(vote: &VoteAnswer) -> Line {
    let line = Line::of(Tone::Bad, "rejected");
    let line = match vote.reason.as_str() {
        "" => line,
        reason => line.and(Tone::Plain, format!(": {}", squeezed(reason))),
    };
    match vote.former_member {
        true => line.and(Tone::Dim, " (does not count: left since)"),
        false => line,
    }
}

/// Who signed, as far as that can be read.
pub(in crate::cli::show) fn signer_name(one: &SignatureAnswer) -> String {
    match &one.subject {
        Some(subject) => common_name(subject).to_owned(),
        None => format!("identity {}", short(&one.fingerprint)),
    }
}

/// The rules of a policy as a tree.
pub(in crate::cli::show) fn tree(
    policy: &DecidingAnswer,
    voices: &mut Voices<'_>,
    look: Look,
) -> Vec<Line> {
    let mut drawing = Drawing {
        signers: &policy.explanation.signers,
        voices,
        look,
        lines: Vec::new(),
    };
    drawing.node(&policy.explanation.policy, "", true, &Siblings::default());
    if policy.explanation.omitted {
        let text = format!("{CUT} the contract left out a part of this tree");
        drawing.lines.push(Line::of(Tone::Dim, text));
    }
    drawing.lines
}

struct Drawing<'a, 'v, 'p> {
    signers: &'a [CountedAnswer],
    voices: &'v mut Voices<'p>,
    look: Look,
    lines: Vec<Line>,
}

impl Drawing<'_, '_, '_> {
    /// Draws a rule behind `before`, and what stands below it. The contract gives at most 32 levels, and
    /// no answer with more than 128 is read.
    fn node(&mut self, rule: &RuleAnswer, before: &str, is_last: bool, beside: &Siblings<'_>) {
        let (joint, under) = match is_last {
            true => ("└─ ", "   "),
            false => ("├─ ", "│  "),
        };
        let first = Line::of(Tone::Dim, format!("{before}{joint}")).join(mark(rule));
        let under = format!("{before}{under}");
        let below = self.below(rule);
        let next = match below.is_empty() {
            true => Line::of(Tone::Dim, format!("{under}    ")),
            false => Line::of(Tone::Dim, format!("{under}│   ")),
        };
        let mut said = self.said(rule, below.is_empty());
        let title = self.title(rule, beside);
        let body = match said.is_empty() {
            true => title,
            false => title
                .padded(beside.width)
                .and(Tone::Plain, "  ")
                .join(said.remove(0)),
        };
        self.lines.extend(hang(first, &next, body, self.look.width));
        for line in said {
            self.lines
                .extend(hang(next.clone(), &next, line, self.look.width));
        }
        let (drawn, hidden) = self.chosen(&below);
        let count = drawn.len();
        let beside = self.beside(&drawn, rule.path.as_deref());
        for (at, one) in drawn.into_iter().enumerate() {
            let is_last = at + 1 == count && hidden == 0;
            self.node(one, &under, is_last, &beside);
        }
        if hidden > 0 {
            let text = format!("{under}└─ {CUT} and {hidden} more (--full shows all)");
            self.lines.push(Line::of(Tone::Dim, text));
        }
    }

    fn beside<'r>(&self, drawn: &[&RuleAnswer], above: Option<&'r str>) -> Siblings<'r> {
        let mut beside = Siblings {
            above,
            name: 0,
            width: 0,
        };
        let widest = |widths: &mut dyn Iterator<Item = usize>| {
            let fitting = widths.filter(|width| *width <= PADDED);
            fitting.max().unwrap_or_default()
        };
        let names = drawn
            .iter()
            .filter_map(|one| Some(relative(one.path.as_deref()?, above?)));
        beside.name = widest(&mut names.map(|name| Line::plain(name).width()));
        let titles = drawn.iter().map(|one| self.title(one, &beside).width());
        beside.width = widest(&mut titles.collect::<Vec<_>>().into_iter());
        beside
    }

    /// What a rule is called, and how far it is.
    fn title(&self, rule: &RuleAnswer, beside: &Siblings<'_>) -> Line {
        let text = match rule.rule.as_str() {
            "" => "there is no such policy",
            text => text,
        };
        let name = rule.path.as_deref().zip(beside.above);
        let line = match name.map(|(path, above)| relative(path, above)) {
            Some(name) => {
                let name = Line::of(Tone::Strong, name).padded(beside.name);
                name.and(Tone::Plain, format!("  {text}"))
            }
            None => Line::plain(text),
        };
        match self.below(rule).is_empty() {
            true => line,
            false => line.and(Tone::Dim, format!("  {} of {}", rule.have, rule.needed)),
        }
    }

    /// The rules below one that are drawn: none of a rule that any one principal satisfies.
    fn below<'r>(&self, rule: &'r RuleAnswer) -> Vec<&'r RuleAnswer> {
        let is_leaf = |one: &RuleAnswer| one.path.is_none() && one.policies.is_empty();
        match rule.path.is_some() && rule.needed == 1 && rule.policies.iter().all(is_leaf) {
            true => Vec::new(),
            false => rule.policies.iter().collect(),
        }
    }

    /// Those of many that are drawn, in their order, and how many are not.
    fn chosen<'r>(&self, below: &[&'r RuleAnswer]) -> (Vec<&'r RuleAnswer>, usize) {
        if self.look.full || below.len() <= BELOW {
            return (below.to_vec(), 0);
        }
        let matters = |one: &RuleAnswer| {
            let missing = one
                .missing
                .as_ref()
                .is_some_and(|missing| !missing.is_empty());
            (!one.satisfied, !missing)
        };
        let mut order: Vec<usize> = (0..below.len()).collect();
        order.sort_by_key(|at| below.get(*at).map(|one| matters(one)));
        order.truncate(BELOW);
        order.sort_unstable();
        let drawn = order.iter().filter_map(|at| below.get(*at).copied());
        (drawn.collect(), below.len().saturating_sub(order.len()))
    }

    /// Who signed at a rule, or what else was said of it.
    fn said(&mut self, rule: &RuleAnswer, is_leaf: bool) -> Vec<Line> {
        if rule.policies.iter().any(|below| below.path.is_some()) {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let signers = rule.satisfied_by.iter().filter(|_| is_leaf);
        for index in signers {
            let Some(signer) = self.signers.iter().find(|one| one.index == *index) else {
                continue;
            };
            if signer.supposed {
                let text = format!("would be signed by {}", common_name(&signer.subject));
                lines.push(Line::of(Tone::Accent, text));
                continue;
            }
            let line = Line::of(
                Tone::Good,
                format!("signed by {}", common_name(&signer.subject)),
            )
            .and(Tone::Dim, format!(" ({})", short(&signer.fingerprint)));
            lines.push(
                match self.voices.expired.contains(signer.fingerprint.as_str()) {
                    true => line.and(Tone::Waiting, " whose certificate is over; it counts"),
                    false => line,
                },
            );
        }
        if rule.path.is_some() {
            lines.extend(self.voices.of(rule));
        }
        let could = rule
            .missing
            .as_ref()
            .is_some_and(|missing| !missing.is_empty());
        if lines.is_empty() && !rule.satisfied && rule.path.is_some() && is_leaf {
            lines.push(match could {
                true => Line::of(Tone::Waiting, "nobody yet"),
                false => Line::of(Tone::Dim, "nobody"),
            });
        }
        lines
    }
}

/// What the rules below one have in common.
#[derive(Default)]
struct Siblings<'a> {
    /// The path of the policy above.
    above: Option<&'a str>,
    /// Names are padded to so many columns,
    name: usize,
    /// and all before who signed to so many.
    width: usize,
}

fn mark(rule: &RuleAnswer) -> Line {
    match rule.satisfied {
        true => Line::of(Tone::Good, "✓ "),
        false => Line::of(Tone::Bad, "✗ "),
    }
}

/// The name of a policy below another one: its group where both have one name.
fn relative<'a>(path: &'a str, above: &str) -> &'a str {
    let Some((group, name)) = above.rsplit_once('/') else {
        return path;
    };
    let inside = path
        .strip_prefix(group)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(inside) = inside else {
        return path;
    };
    let of_group = inside
        .strip_suffix(name)
        .and_then(|rest| rest.strip_suffix('/'));
    of_group.unwrap_or(inside)
}
