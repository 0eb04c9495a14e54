//! What becomes of majorities and endorsements.

use crate::cli::show::layout::{Line, Look, Pairs, Tone};
use crate::client::{
    answers::EffectAnswer,
    view::{MajorityView, ProposalView},
};

/// What a proposal does to the numbers that policies count; nothing where it does nothing to them.
pub(in crate::cli) fn effects(view: &ProposalView, look: Look) -> Vec<Line> {
    effects_of(&view.majorities, view.proposal.endorsement.as_ref(), look)
}

/// The same of these numbers.
pub(in crate::cli::show) fn effects_of(
    majorities: &[MajorityView],
    endorsed: Option<&EffectAnswer>,
    look: Look,
) -> Vec<Line> {
    let mut block = Pairs::default();
    for majority in majorities {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nobody".to_owned());
        let line = Line::plain(format!("{}: ", majority.what));
        let line = line.join(arrow(&side(&majority.before), &side(&majority.after)));
        block.put("Majority", line);
    }
    if let Some(effect) = endorsed {
        endorsement(effect, &mut block);
    }
    block.lines(look)
}

fn endorsement(effect: &EffectAnswer, block: &mut Pairs) {
    let side = |needed: Option<u64>, of: u64| match needed {
        Some(needed) => format!("{needed} of {of}"),
        None => format!("nobody could, of {of}"),
    };
    let before = side(effect.needed_before, effect.organizations_before);
    let after = side(effect.needed_after, effect.organizations_after);
    let line = arrow(&before, &after).and(Tone::Plain, " organisations endorse  ");
    let line = line.and(Tone::Dim, format!("({})", effect.policy));
    block.put("Endorsement", line);
    if let (Some(before), Some(after)) = (&effect.rule_before, &effect.rule_after)
        && before != after
    {
        block.put("Rule", arrow(before, after));
    }
    let Some(servers) = &effect.servers else {
        return;
    };
    let run = match servers.is_empty() {
        true => "nobody".to_owned(),
        false => servers.join(", "),
    };
    let line = match effect.enough_servers {
        Some(true) => Line::of(Tone::Good, "enough: "),
        Some(false) => Line::of(Tone::Bad, "too few: "),
        None => Line::new(),
    };
    block.put("Servers run", line.and(Tone::Plain, run));
}

fn arrow(before: &str, after: &str) -> Line {
    match before == after {
        true => Line::plain(format!("{before}, as before")),
        false => Line::of(Tone::Dim, format!("{before} -> ")).and(Tone::Strong, after),
    }
}
