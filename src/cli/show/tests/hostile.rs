//! Texts that others wrote, in every member of what is drawn: nothing of them reaches a terminal that it
//! would obey.

use serde_json::Value;

use super::*;
use crate::{client::view::MajorityView, text::is_hidden};

pub(super) const HOSTILE: &str =
    "\u{1b}[2J\u{9b}31m\u{7}\u{202e}x\u{200b}\u{e0041}\u{fe0f}\u{ad}\n└─ ✓ \r\tend";

/// The same document with all texts hostile, but those that say what kind of thing it is. An id that is
/// none is refused where an answer is read.
fn poisoned(value: &Value, name: &str) -> Value {
    const KINDS: &[&str] = &[
        "change",
        "deadline",
        "item",
        "not_after",
        "proposal_id",
        "severity",
        // an answer with an id that is none is not read at all
        "proposal_id",
        "status",
    ];
    match value {
        Value::String(_) if KINDS.contains(&name) => value.clone(),
        Value::String(text) => Value::String(format!("{text}{HOSTILE}")),
        Value::Array(items) => items.iter().map(|item| poisoned(item, name)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), poisoned(value, name)))
                .collect()
        }
        other => other.clone(),
    }
}

fn poisoned_answer<T: DeserializeOwned>(name: &str) -> T {
    let story: BTreeMap<String, Value> = serde_json::from_str(STORY).unwrap();
    same_shape(&poisoned(&story[name], "")).unwrap()
}

/// No character of a line is obeyed, and only tones make escapes.
pub(super) fn harmless(what: &str, draw: impl Fn(Look) -> Vec<Line>) {
    for full in [false, true] {
        let lines = draw(Look { full, ..look(80) });
        assert!(
            text(&lines).contains("\\u{1b}[2J"),
            "{what}: nothing hostile is shown"
        );
        for line in lines {
            let plain = line.text(false);
            assert!(!plain.contains(is_hidden), "{what}: {plain:?}");
            let coloured = line.text(true);
            // each escape is a style's: `[`, numbers, `m`
            for behind in coloured.split('\u{1b}').skip(1) {
                let (inside, _) = behind.split_once('m').unwrap();
                let numbers = inside.strip_prefix('[').unwrap();
                let is_style = |c: char| c.is_ascii_digit() || c == ';';
                assert!(numbers.chars().all(is_style), "{what}: {coloured:?}");
            }
        }
    }
}

#[test]
fn no_renderer_lets_a_terminal_obey_others() {
    for name in [
        "waiting",
        "batch",
        "rejected",
        "outofdate",
        "rebased",
        "done",
        "archived",
        "combined",
    ] {
        let mut answer: ProposalAnswer = poisoned_answer(name);
        answer.proposal_id.push_str(HOSTILE);
        let mut view = ProposalView::of_contract(answer, "Org2MSP");
        view.majorities.push(MajorityView {
            after: Some(HOSTILE.to_owned()),
            before: None,
            what: HOSTILE.to_owned(),
        });
        harmless(name, |look| proposal(&view, look));
        // of one that is over its id and its end alone are drawn
        if view.proposal.explanation.is_some() {
            harmless(name, |look| explanation(&view, look));
        }
        harmless(name, |look| effects(&view, look));
        if let Some(diff) = &view.proposal.diff {
            harmless(name, |look| differences(diff, look));
        }
        if let Some(lint) = view
            .proposal
            .lint
            .as_ref()
            .filter(|lint| !lint.findings.is_empty())
        {
            harmless(name, |look| findings(lint, look));
        }
    }
    let mut list: ListAnswer = poisoned_answer("list");
    for one in &mut list.proposals {
        one.proposal_id.push_str(HOSTILE);
    }
    let rows = list
        .proposals
        .into_iter()
        .map(|one| RowView::new(one, "Org2MSP"));
    let list = ListView {
        as_of_sequence: 1,
        more: true,
        proposals: rows.collect(),
    };
    harmless("list", |look| proposals(&list, look));
    let mut history: HistoryAnswer = poisoned_answer("history");
    for one in &mut history.history {
        one.proposal_id.push_str(HOSTILE);
    }
    let ended = HistoryView {
        as_of_sequence: 1,
        history: history.history,
        more: false,
    };
    let view = audited(HOSTILE);
    harmless("audit", |look| audit(&view, look));
    harmless("history", |look| super::super::history(&ended, look));
    let links: ChainAnswer = poisoned_answer("chain");
    let links = links.chain.into_iter().map(|link| LinkView {
        link,
        proposal_id: Some(HOSTILE.to_owned()),
    });
    let links = ChainView {
        as_of_sequence: 1,
        chain: links.collect(),
        more: false,
    };
    harmless("chain", |look| chain(&links, look));
    let mut view = screen(Relation::Synced);
    view.channel.push_str(HOSTILE);
    view.identity.subject.push_str(HOSTILE);
    view.identity.problem = Some(HOSTILE.to_owned());
    view.ends_soon[0].purpose = HOSTILE.to_owned();
    view.awaiting_me = list.proposals.clone();
    harmless("status", |look| status(&view, look));
    let mut view = illness();
    view.channel.as_mut().unwrap().push_str(HOSTILE);
    for one in &mut view.findings {
        one.text.push_str(HOSTILE);
        one.fix = Some(HOSTILE.to_owned());
        one.details.push(FindingDetail {
            from: HOSTILE.to_owned(),
            message: HOSTILE.to_owned(),
        });
        one.about = one.about.as_ref().map(|about| format!("{about}{HOSTILE}"));
    }
    harmless("doctor", |look| doctor(&view, look));
    let mut error = ClientError::new(Exit::Failed, HOSTILE, HOSTILE).hint(HOSTILE);
    error.details.push((HOSTILE.to_owned(), HOSTILE.to_owned()));
    harmless("problem", |look| problem(&error, look));
}
