//! What is in files.

use super::{
    super::{
        layout::{Line, Look, Pairs, Tone, hang},
        review::{contents, differences, is_empty},
        said,
    },
    signatures::{remarks, signatures},
};
use crate::client::view::{
    CheckedView, InspectedConfigView, InspectedFileView, InspectedUpdateView, InspectedView,
    ReadElementView, SettingsChangeView, StatementView,
};

/// So many elements that an update reads are named where not all are to be shown.
const READ: usize = 6;
/// So many names of members likewise.
const KEPT: usize = 8;

/// Each file: what it is, and what is in it.
pub(in crate::cli) fn inspected(view: &InspectedView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for file in &view.files {
        if !lines.is_empty() {
            lines.push(Line::new());
        }
        lines.extend(one(file, look));
    }
    lines
}

fn one(view: &InspectedFileView, look: Look) -> Vec<Line> {
    let file = &view.file;
    let how = match file.encoding.as_str() {
        "json" => " in JSON",
        "base64" => " as base64",
        _ => "",
    };
    let head = Line::of(Tone::Strong, &file.file).and(Tone::Plain, format!("  {}{how}", file.what));
    let mut lines = head.wrapped(look.width);
    if let Some(advice) = &file.advice {
        let line = Line::of(Tone::Dim, advice);
        lines.extend(hang(
            Line::plain("  "),
            &Line::plain("  "),
            line,
            look.width,
        ));
    }
    if let Some(config) = &view.config {
        lines.extend(config_lines(file.sequence, config, look));
    }
    if let Some(request) = &view.request {
        let mut block = Pairs::default();
        let revision = format!("  revision {}  by ", request.revision);
        block.put(
            "Proposal",
            Line::of(Tone::Strong, &request.proposal_id)
                .and(Tone::Dim, revision)
                .and(Tone::Plain, &request.proposer_msp_id),
        );
        lines.extend(block.lines(look));
        if !request.description.is_empty() {
            lines.extend(said("its proposer says ", &request.description, look));
        }
    }
    if let Some(update) = &view.update {
        lines.extend(update_lines(update, view.request.is_some(), look));
    }
    lines
}

/// What an orderer organisation attests.
pub(in crate::cli) fn statement(view: &StatementView, look: Look) -> Vec<Line> {
    let levels = |levels: &[String]| match levels {
        [] => "none".to_owned(),
        levels => levels.join(", "),
    };
    let mut block = Pairs::default();
    block.put(
        "Attests",
        Line::of(Tone::Strong, &view.msp_id).and(
            Tone::Plain,
            ", what all of its nodes support; the channel's config stays as it is",
        ),
    );
    block.text("Channel", levels(&view.channel));
    block.text("Orderer", levels(&view.orderer));
    let place = format!(
        "{}, of who orders since config {}; it takes the place of the one before, once",
        view.number, view.since
    );
    block.text("Number", place);
    block.text("Instance", &view.instance);
    block.lines(look)
}

/// A change of the contract's settings.
fn settings(view: &SettingsChangeView, block: &mut Pairs) {
    block.text(
        "Settings",
        format!(
            "of the contract, by proposal {}: they become version {}",
            view.proposal_id, view.version
        ),
    );
    block.text("Gate", &view.gate);
    let policy = view.endorsement_policy.as_deref();
    block.text("Policy", policy.unwrap_or("none"));
    if !view.capabilities.is_empty() {
        block.text("Demands", view.capabilities.join(", "));
    }
    block.text("Replaces", &view.current_sha256);
    block.text("Instance", &view.instance);
}

fn config_lines(sequence: Option<u64>, config: &InspectedConfigView, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    if let Some(sequence) = sequence {
        block.text("Config", sequence.to_string());
    }
    block.text("Digest", &config.config_sha256);
    block.maybe("Consensus", config.consensus.as_ref());
    if !config.capabilities.is_empty() {
        block.text("Capabilities", config.capabilities.join("; "));
    }
    block.text("Members", short_list(&config.organizations, look));
    block.lines(look)
}

fn short_list(names: &[String], look: Look) -> String {
    let listed = match look.full {
        true => names.len(),
        false => names.len().min(KEPT),
    };
    let first: Vec<&str> = names.iter().take(listed).map(String::as_str).collect();
    match names.len().saturating_sub(listed) {
        0 if first.is_empty() => "none".to_owned(),
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn update_lines(update: &InspectedUpdateView, is_request: bool, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut block = Pairs::default();
    block.text(
        "Digest",
        format!("{}  ({} bytes)", update.config_update_sha256, update.bytes),
    );
    if let Some(consortium) = &update.creates_channel_for {
        let text = format!(
            "a channel, for consortium {consortium}: only orderers with a system channel took such updates (Fabric 2 \
             and before). Now `configtxgen -outputBlock` makes its genesis block, and `osnadmin channel join` \
             brings it to orderers"
        );
        block.text("Creates", text);
    }
    let is_other = update.attests.is_some() || update.settings.is_some();
    if !update.enveloped && !is_request && !is_other {
        let text = "in no envelope: `cmscc update wrap` makes one, which can be signed and sent";
        block.put("Envelope", Line::of(Tone::Dim, text));
    }
    if let Some(change) = &update.settings {
        settings(change, &mut block);
    }
    if !is_other {
        block.text("Made for", reads(&update.reads, look));
    }
    if let Some(checked) = &update.checked {
        judged(checked, &mut block);
    }
    lines.extend(block.lines(look));
    if let Some(attests) = &update.attests {
        lines.extend(statement(attests, look));
    }
    match &update.checked {
        _ if is_other => {}
        Some(checked) => {
            if let Some(diff) = checked.review.diff.as_ref().filter(|diff| !is_empty(diff)) {
                heading("Changes", &mut lines);
                lines.extend(differences(diff, look));
            } else {
                writes(update, look, &mut lines);
            }
        }
        None => writes(update, look, &mut lines),
    }
    let words = remarks(&update.remarks, look);
    if !words.is_empty() {
        heading("Worth a word", &mut lines);
        lines.extend(words);
    }
    heading("Signed by", &mut lines);
    match update.signatures.is_empty() {
        true => lines.push(Line::of(Tone::Dim, "  nobody")),
        false => lines.extend(signatures(&update.signatures, look)),
    }
    lines
}

/// What becomes of it by the config that was named.
fn judged(checked: &CheckedView, block: &mut Pairs) {
    let (tone, text) = match checked.outcome.as_str() {
        "accepted" => (Tone::Good, "applies, and is signed enough"),
        "blocked" => (Tone::Bad, "applies, and has a blocking finding"),
        "cannot_say" => (Tone::Waiting, "applies; nobody here can say more"),
        "in_effect" => (Tone::Waiting, "is in effect already"),
        "not_signed" => (Tone::Waiting, "applies, and is not signed enough"),
        "stale" => (
            Tone::Bad,
            "does not apply: it was made for another state of the config",
        ),
        _ => (Tone::Bad, "would be refused"),
    };
    let by = format!("{}, {}: ", checked.against.file, checked.against.what);
    block.put("By", Line::plain(by).and(tone, text));
    block.maybe("Why", checked.why.as_ref());
}

/// What an update writes, without the config that it is for.
fn writes(update: &InspectedUpdateView, look: Look, lines: &mut Vec<Line>) {
    heading("Writes", lines);
    lines.extend(contents(&update.writes, look));
    for group in &update.written_groups {
        let keeps = short_list(&group.keeps, look);
        let line = Line::of(Tone::Strong, &group.path).and(
            Tone::Plain,
            format!(
                "  becomes version {}: of what is there it keeps {keeps}; anything else is removed",
                group.to
            ),
        );
        lines.extend(line.wrapped(look.width));
    }
}

/// The versions that the config must have: of groups, which say the most.
fn reads(reads: &[ReadElementView], look: Look) -> String {
    let groups: Vec<&ReadElementView> = match look.full {
        true => reads.iter().collect(),
        false => reads.iter().filter(|one| one.kind == "group").collect(),
    };
    let listed = match look.full {
        true => groups.len(),
        false => groups.len().min(READ),
    };
    let first = groups.iter().take(listed);
    let first: Vec<String> = first
        .map(|one| format!("{} at version {}", one.path, one.version))
        .collect();
    match reads.len().saturating_sub(listed) {
        0 if first.is_empty() => "any config: it reads nothing".to_owned(),
        0 => format!("a config with {}", first.join(", ")),
        more => format!(
            "a config with {}, and {more} elements more",
            first.join(", ")
        ),
    }
}

fn heading(title: &str, lines: &mut Vec<Line>) {
    lines.push(Line::new());
    lines.push(Line::of(Tone::Strong, title));
}
