//! The contract's definition on a channel: what each member has done and lacks.

mod agreed;

pub(in crate::cli) use agreed::{capabilities, members, settings};

use super::layout::{Line, Look, Pairs, Tone, giving, hang, table, whole};
use crate::client::{
    cause, server_setting,
    view::{
        DefinitionView, DeployView, MemberDeploymentView, NextDefinitionView, PeerPackagesView,
    },
};

/// One screen about it.
pub(in crate::cli) fn deployment(view: &DeployView, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    block.put(
        "Contract",
        Line::of(Tone::Strong, &view.chaincode)
            .and(Tone::Plain, "  on channel ")
            .and(Tone::Strong, &view.channel),
    );
    block.put("In force", in_force(view));
    if let Some(next) = &view.next_definition {
        block.put("Next", coming(next));
        block.more(
            next.changes
                .iter()
                .map(|change| Line::of(Tone::Waiting, "~ ").and(Tone::Plain, change)),
        );
    }
    if let (Some(agreed), Some(false)) = (&view.agreed_policy, view.is_agreed) {
        block.put(
            "Agreed",
            Line::of(Tone::Waiting, "✗ the members agreed on another policy: ")
                .and(Tone::Plain, agreed),
        );
    }
    let own = view.members.iter().find(|member| member.is_own);
    let approved = own.and_then(|own| own.package_id.as_deref());
    for (at, peer) in view.peers.iter().enumerate() {
        let name = if at == 0 { "Your peers" } else { "" };
        block.put(name, peer_line(peer, approved));
    }
    block.maybe("Your server", view.server_address.as_deref());
    let mut lines = block.lines(look);
    // not wrapped, since it is copied
    let answers = own.is_some_and(|own| own.server.as_deref() == Some("answers"));
    let setting = approved.filter(|_| !answers).and_then(server_setting);
    lines.extend(setting.map(Line::plain));
    lines.push(Line::new());
    lines.extend(member_rows(view, look));
    lines.extend(lacks(view, look));
    lines.push(Line::new());
    lines.extend(next_lines(view, look));
    lines
}

/// A definition that is about to be approved or committed. `package_id`: where one's own peers find the
/// chaincode.
pub(in crate::cli) fn definition(
    view: &DefinitionView,
    package_id: Option<&str>,
    look: Look,
) -> Vec<Line> {
    let mut block = Pairs::default();
    block.text("Sequence", view.sequence.to_string());
    block.text("Version", &view.version);
    block.put("Policy", policy(view));
    if view.collections_bytes > 0 {
        block.text("Collections", format!("{} bytes", view.collections_bytes));
    }
    if view.init_required {
        block.put(
            "Init",
            Line::of(Tone::Waiting, "must be called as init first"),
        );
    }
    block.maybe("Package", package_id);
    block.lines(look)
}

fn policy(view: &DefinitionView) -> Line {
    match &view.endorsement_policy {
        Some(policy) => Line::plain(policy),
        None => Line::of(Tone::Bad, "cannot be read"),
    }
}

fn terms(view: &DefinitionView) -> Line {
    let head = format!(
        "sequence {}, version {}, policy ",
        view.sequence, view.version
    );
    let mut line = Line::plain(head).join(policy(view));
    if view.init_required {
        line.push(Tone::Waiting, ", init demanded");
    }
    if view.collections_bytes > 0 {
        line.push(Tone::Plain, ", with collections");
    }
    line
}

fn in_force(view: &DeployView) -> Line {
    match &view.committed {
        Some(committed) => {
            let mut line = Line::of(Tone::Good, "✓ ").join(terms(committed));
            if view.is_agreed == Some(true) {
                line.push(Tone::Dim, ", as agreed");
            }
            line
        }
        None => Line::of(Tone::Waiting, "nothing yet"),
    }
}

fn coming(next: &NextDefinitionView) -> Line {
    let mark = match next.is_enough {
        true => Line::of(Tone::Good, "✓ enough approved: "),
        false => Line::of(Tone::Waiting, "✗ not enough approved: "),
    };
    mark.join(terms(&next.definition))
}

/// `approved`: the package that one's own organisation approved.
fn peer_line(peer: &PeerPackagesView, approved: Option<&str>) -> Line {
    let mut line = Line::plain(format!("{}  ", peer.address));
    match (&peer.problem, peer.package_ids.as_slice()) {
        (Some(problem), _) => line.and(Tone::Bad, format!("✗ {problem}")),
        (None, []) => line.and(Tone::Waiting, "no package"),
        (None, [only]) => line.and(Tone::Plain, short_id(only)),
        (None, ids) => {
            for (at, id) in ids.iter().enumerate() {
                if at > 0 {
                    line.push(Tone::Plain, ", ");
                }
                line.push(Tone::Plain, short_id(id));
                if approved == Some(id.as_str()) {
                    line.push(Tone::Good, " ✓ approved");
                }
            }
            line
        }
    }
}

/// A package id with the beginning of its digest.
fn short_id(id: &str) -> String {
    match id.rsplit_once(':') {
        Some((label, digest)) if digest.len() > 12 => {
            let start: String = digest.chars().take(12).collect();
            format!("{label}:{start}…")
        }
        _ => id.to_owned(),
    }
}

fn member_rows(view: &DeployView, look: Look) -> Vec<Line> {
    let next = view.next_definition.as_ref();
    let columns = [
        whole("MEMBER"),
        giving("PACKAGE"),
        whole("APPROVED"),
        giving("SERVER"),
    ];
    let rows = view.members.iter().map(|member| {
        let mut name = Line::of(Tone::Strong, &member.msp_id);
        if member.is_own {
            name.push(Tone::Dim, " (you)");
        }
        let package = match &member.package_id {
            Some(id) => Line::plain(short_id(id)),
            None if member.approved == Some(true) => Line::of(Tone::Dim, "not known"),
            None => Line::of(Tone::Dim, "-"),
        };
        let state = member.server.as_deref();
        let server = server(state, member.server_version.as_deref());
        vec![name, package, approvals(member, view, next), server]
    });
    table(&columns, rows.collect(), look)
}

fn approvals(
    member: &MemberDeploymentView,
    view: &DeployView,
    next: Option<&NextDefinitionView>,
) -> Line {
    let one = |approved: bool, sequence: i64| match approved {
        true => Line::of(Tone::Good, format!("✓ {sequence}")),
        false => Line::of(Tone::Waiting, format!("✗ {sequence}")),
    };
    let mut line = Line::new();
    if let (Some(approved), Some(committed)) = (member.approved, &view.committed) {
        line = line.join(one(approved, committed.sequence));
    }
    if let (Some(approved), Some(next)) = (member.approved_next, next) {
        if !line.is_empty() {
            line.push(Tone::Plain, "  ");
        }
        line = line.join(one(approved, next.definition.sequence));
    }
    match line.is_empty() {
        true => Line::of(Tone::Waiting, "✗ nothing"),
        false => line,
    }
}

/// Whether a server answers, and which version it is.
fn server(state: Option<&str>, version: Option<&str>) -> Line {
    let Some(state) = state else {
        return Line::of(Tone::Dim, "-");
    };
    match state {
        "answers" => {
            let version = version.map(|version| format!(", {version}"));
            Line::of(Tone::Good, "✓ answers").and(Tone::Dim, version.unwrap_or_default())
        }
        "no_peer" => Line::of(Tone::Waiting, "✗ no peer with the contract"),
        "not_approved" => Line::of(Tone::Waiting, "✗ not approved"),
        "not_installed" => Line::of(Tone::Bad, "✗ not installed"),
        "not_running" => Line::of(Tone::Bad, "✗ does not answer"),
        "address_unknown" => Line::of(Tone::Bad, "✗ address not found"),
        "peer_away" => Line::of(Tone::Bad, "✗ peer not reached"),
        "silent" => Line::of(Tone::Bad, "✗ says nothing"),
        "other_id" => Line::of(Tone::Bad, "✗ another CHAINCODE_ID"),
        "tls" => Line::of(Tone::Bad, "✗ TLS does not fit"),
        _ => Line::of(Tone::Bad, "✗ does not answer"),
    }
}

/// What each member lacks, and what its peer says.
fn lacks(view: &DeployView, look: Look) -> Vec<Line> {
    let lacking = view
        .members
        .iter()
        .filter(|member| !member.missing.is_empty());
    let lacking: Vec<&MemberDeploymentView> = lacking.collect();
    if lacking.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::new(), Line::of(Tone::Strong, "MISSING")];
    let mut block = Vec::new();
    for member in lacking {
        for (at, words) in member.missing.iter().enumerate() {
            let name = if at == 0 { member.msp_id.as_str() } else { "" };
            block.push(vec![
                Line::plain(name).indented(2),
                Line::of(Tone::Waiting, words),
            ]);
        }
        if let Some(words) = &member.server_words {
            block.push(vec![
                Line::new().indented(2),
                Line::of(Tone::Dim, format!("its peer says: {}", cause(words))),
            ]);
        }
    }
    lines.extend(wrapped_grid(block, look));
    lines
}

/// Rows of a name and a text that is wrapped behind it.
fn wrapped_grid(rows: Vec<Vec<Line>>, look: Look) -> Vec<Line> {
    let name = |row: &Vec<Line>| row.first().map(Line::width).unwrap_or_default();
    let widest = rows.iter().map(name).max().unwrap_or_default();
    let indent = widest.saturating_add(2);
    let mut lines = Vec::new();
    for row in rows {
        let mut cells = row.into_iter();
        let (first, text) = (
            cells.next().unwrap_or_default(),
            cells.next().unwrap_or_default(),
        );
        let next = Line::new().padded(indent);
        lines.extend(hang(first.padded(indent), &next, text, look.width));
    }
    lines
}

fn next_lines(view: &DeployView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut own = view.members.iter().filter(|member| member.is_own);
    if view.next.is_none() && own.any(|own| own.server.as_deref() == Some("silent")) {
        let next = Line::plain("Next: ");
        return hang(
            next,
            &Line::new().indented(2),
            Line::plain(&view.next_reason),
            look.width,
        );
    }
    match &view.next {
        Some(next) => lines.push(Line::plain("Next: ").and(Tone::Accent, next)),
        None => lines.push(Line::of(Tone::Dim, "Nothing is to be done by you.")),
    }
    let reason = Line::of(Tone::Dim, &view.next_reason);
    lines.extend(reason.indented(2).wrapped(look.width));
    lines
}
