//! Looking at a change: one file for each thing that is looked at.

use super::{
    capabilities, consenters, endpoints,
    finding::{Findings, Lint, LintRoom},
    identities, members, policies, references, result, slips,
    subject::Subject,
};

/// Looks at a change: what it makes worse, not what was bad before. In the order of
/// [`FindingId::ALL`](super::FindingId::ALL), and then of the config tree.
#[must_use]
pub fn lint(subject: &Subject<'_>) -> Lint {
    lint_within(subject, LintRoom::USUAL)
}

/// The same with other bounds.
#[must_use]
pub fn lint_within(subject: &Subject<'_>, room: LintRoom) -> Lint {
    let mut lint = Findings::default();
    result::look(subject, &mut lint);
    capabilities::look(subject, &mut lint);
    members::look(subject, &mut lint);
    identities::look(subject, &mut lint);
    consenters::look(subject, &mut lint);
    endpoints::look(subject, &mut lint);
    references::look(subject, &mut lint);
    policies::look(subject, &mut lint);
    slips::look(subject, &mut lint);
    lint.finish(room)
}
