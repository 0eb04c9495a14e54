//! Two proposals side by side: what both touch.

use serde_json::Value;

use crate::client::{
    answers::{ChangeAnswer, DiffAnswer, ProposalAnswer},
    view::{SideView, SidesView},
};

/// What two proposals both change, by the changes that each makes to the config now. `None` where one of
/// them has none to show.
#[must_use]
pub fn sides(first: &ProposalAnswer, second: &ProposalAnswer) -> Option<SidesView> {
    let (a, b) = (first.diff.as_ref()?, second.diff.as_ref()?);
    let named = |of: &ProposalAnswer, other: &ProposalAnswer| {
        let relations = of.conflicts.as_ref()?;
        let mut excludes = relations.excludes.iter();
        let found = excludes.find(|one| one.proposal_id == other.proposal_id)?;
        Some(found.element.clone())
    };
    let both = both(a, b);
    let alone = |own: &DiffAnswer| {
        let alone = own.changes.iter().filter(|change| {
            let mut both = both.iter();
            !both.any(|side| side.path == change.path && is_named(side, change))
        });
        alone.count()
    };
    Some(SidesView {
        excludes: named(first, second).or_else(|| named(second, first)),
        first: first.proposal_id.clone(),
        first_only: alone(a),
        not_compared: a.truncated.saturating_add(b.truncated),
        second: second.proposal_id.clone(),
        second_only: alone(b),
        both,
    })
}

fn is_named(side: &SideView, change: &ChangeAnswer) -> bool {
    side.item == change.item && side.name == change.name
}

/// What both change, in the order of the config tree: what each makes of it, and what one changes in a
/// group that the other removes.
fn both(a: &DiffAnswer, b: &DiffAnswer) -> Vec<SideView> {
    let mut sides: Vec<SideView> = Vec::new();
    for change in &a.changes {
        if let Some(other) = b.changes.iter().find(|other| is_same_place(change, other)) {
            sides.push(side(change, change.after.clone(), other.after.clone()));
        } else if b.changes.iter().any(|other| removes(other, change)) {
            sides.push(side(change, change.after.clone(), Value::Null));
        }
    }
    for other in &b.changes {
        let is_new = !a.changes.iter().any(|change| is_same_place(change, other));
        if is_new && a.changes.iter().any(|change| removes(change, other)) {
            sides.push(side(other, Value::Null, other.after.clone()));
        }
    }
    sides.sort_by(|one, other| {
        (&one.path, &one.item, &one.name).cmp(&(&other.path, &other.item, &other.name))
    });
    sides
}

fn side(change: &ChangeAnswer, first: Value, second: Value) -> SideView {
    SideView {
        before: change.before.clone(),
        item: change.item.clone(),
        name: change.name.clone(),
        path: change.path.clone(),
        same: first == second,
        unit: change.unit.clone(),
        first,
        second,
    }
}

/// Whether two changes are of one thing. Of what has no name, such as a certificate that comes, it is what
/// comes or goes.
fn is_same_place(one: &ChangeAnswer, other: &ChangeAnswer) -> bool {
    let is_place = one.path == other.path && one.item == other.item && one.name == other.name;
    let is_listed = matches!(
        one.item.as_str(),
        "anchor_peer" | "certificate" | "consenter" | "endpoint" | "revocation_list"
    );
    is_place && (!is_listed || (one.before == other.before && one.after == other.after))
}

/// Whether a change removes the group that another is inside.
fn removes(change: &ChangeAnswer, inside: &ChangeAnswer) -> bool {
    let is_group = matches!(change.item.as_str(), "group" | "organization");
    let rest = inside.path.strip_prefix(change.path.as_str());
    let is_inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_group && change.change == "removed" && is_inside && change.item != inside.item
}
