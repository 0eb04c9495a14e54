//! What members agree on, and what they say of themselves.

use super::super::layout::{Line, Look, Pairs, Tone, giving, table, whole};
use crate::client::{
    answers::{CapabilitiesAnswer, LevelAnswer, SettingsAnswer},
    view::{MemberView, MembersView},
};

/// The settings, and whether the definition says the same.
pub(in crate::cli) fn settings(answer: &SettingsAnswer, look: Look) -> Vec<Line> {
    let agreed = &answer.settings;
    let mut block = Pairs::default();
    block.text("Settings", format!("version {}", answer.version));
    block.text("Gate", &agreed.gate);
    let capabilities = match agreed.capabilities.is_empty() {
        true => Line::of(Tone::Dim, "none"),
        false => Line::plain(agreed.capabilities.join(", ")),
    };
    block.put("Capabilities", capabilities);
    block.put(
        "Endorsement",
        match &agreed.endorsement_policy {
            Some(policy) => Line::plain(policy),
            None => Line::of(Tone::Dim, "nothing is agreed"),
        },
    );
    let definition = &answer.definition;
    let line = match (&definition.error, definition.sequence) {
        (Some(error), _) => Line::of(Tone::Waiting, format!("not known: {error}")),
        (None, sequence) => {
            let policy = definition.endorsement_policy.as_deref().unwrap_or("none");
            let text = format!(
                "sequence {}, version {}, policy {policy}",
                sequence.unwrap_or_default(),
                definition.version.as_deref().unwrap_or("none")
            );
            Line::plain(text)
        }
    };
    block.put("Definition", line);
    match definition.matches {
        Some(true) => block.more([Line::of(Tone::Good, "✓ as agreed")]),
        Some(false) => block
            .more([Line::of(Tone::Waiting, "✗ not as agreed: ")
                .and(Tone::Accent, "cmscc deploy upgrade")]),
        None => {}
    }
    block.lines(look)
}

/// The members.
pub(in crate::cli) fn members(view: &MembersView, look: Look) -> Vec<Line> {
    let columns = [
        whole("MEMBER"),
        giving("ANCHOR PEERS"),
        whole("SERVER"),
        giving("ATTESTS"),
    ];
    let rows = view.members.iter().map(|member| {
        let mut name = Line::of(Tone::Strong, &member.msp_id);
        if member.is_own {
            name.push(Tone::Dim, " (you)");
        }
        let anchors = match member.anchor_peers.is_empty() {
            true => Line::of(Tone::Waiting, "none"),
            false => Line::plain(member.anchor_peers.join(", ")),
        };
        vec![
            name,
            anchors,
            super::server(Some(&member.server), member.server_version.as_deref()),
            attests(member),
        ]
    });
    let mut lines = table(&columns, rows.collect(), look);
    let orderers = format!("orderers: {}", view.orderers.join(", "));
    lines.push(Line::new());
    lines.extend(Line::of(Tone::Dim, orderers).wrapped(look.width));
    lines
}

fn attests(member: &MemberView) -> Line {
    let Some(said) = &member.attestation else {
        return Line::of(Tone::Dim, "nothing");
    };
    let mut parts = Vec::new();
    for (name, levels) in [
        ("channel", &said.channel),
        ("application", &said.application),
        ("orderer", &said.orderer),
    ] {
        if let Some(last) = levels.last() {
            parts.push(format!("{name} {last}"));
        }
    }
    if said.server {
        parts.push("a server".to_owned());
    }
    match parts.is_empty() {
        true => Line::of(Tone::Dim, "nothing"),
        false => Line::plain(parts.join(", ")),
    }
}

/// The capability levels, and who supports which.
pub(in crate::cli) fn capabilities(answer: &CapabilitiesAnswer, look: Look) -> Vec<Line> {
    let columns = [
        whole("GROUP"),
        whole("LEVEL"),
        whole("CHANNEL"),
        giving("ATTESTED BY"),
        giving("NOT BY"),
    ];
    let (mut rows, mut silent) = (Vec::new(), 0_usize);
    for (group, levels) in [
        ("channel", &answer.channel),
        ("orderer", &answer.orderer),
        ("application", &answer.application),
    ] {
        for level in levels {
            // what nobody has, wants or says is many names and no news
            match is_news(level) || look.full {
                true => rows.push(row(group, level)),
                false => silent = silent.saturating_add(1),
            }
        }
    }
    let mut lines = table(&columns, rows, look);
    let mut block = Pairs::default();
    block.text("Gate", &answer.gate);
    let contract = match answer.contract.is_empty() {
        true => "none".to_owned(),
        false => answer.contract.join(", "),
    };
    block.text("Contract", contract);
    if !answer.unsupported.is_empty() {
        let text = format!("the server does not know {}", answer.unsupported.join(", "));
        block.put("", Line::of(Tone::Bad, text));
    }
    lines.push(Line::new());
    lines.extend(block.lines(look));
    if silent > 0 {
        let text = format!("… and {silent} more that nobody declares, raises or attests: --full");
        lines.extend(Line::of(Tone::Dim, text).wrapped(look.width));
    }
    let hidden: u64 = answer.omitted.values().sum();
    if hidden > 0 {
        lines.push(Line::of(Tone::Dim, format!("… and {hidden} more: --json")));
    }
    lines
}

fn is_news(level: &LevelAnswer) -> bool {
    level.required || !level.proposed_by.is_empty() || !level.attested_by.is_empty()
}

fn row(group: &str, level: &LevelAnswer) -> Vec<Line> {
    let declared = match (level.required, level.proposed_by.as_slice()) {
        (true, _) => Line::of(Tone::Good, "✓ declared"),
        (false, []) => Line::of(Tone::Dim, "-"),
        (false, ids) => Line::of(Tone::Waiting, format!("by {}", ids.join(", "))),
    };
    let mut name = Line::plain(&level.level);
    if !level.supported {
        name.push(Tone::Bad, " unknown");
    }
    vec![
        Line::plain(group),
        name,
        declared,
        Line::of(Tone::Good, level.attested_by.join(", ")),
        Line::of(Tone::Waiting, level.lacking.join(", ")),
    ]
}
