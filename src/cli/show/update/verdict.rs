//! What an orderer would answer, and everything that one should know of an update.

use super::{
    super::{
        layout::{Line, Look, Pairs, Tone},
        review::{deciding, differences, effects_of, findings, is_empty},
    },
    signatures::{remarks, signatures},
};
use crate::client::{
    answers::{ProposalAnswer, SignatureAnswer},
    view::{CheckedView, ComputedView, SignerStanding, SignerView, UpdateReviewView, needs_words},
};

/// What would become of an update, with all that it rests on; the verdict stands last, where a terminal
/// shows it.
pub(in crate::cli) fn checked(view: &CheckedView, look: Look) -> Vec<Line> {
    let mut lines = reviewed(view, look);
    if !lines.is_empty() {
        lines.push(Line::new());
    }
    lines.extend(verdict(view, look));
    lines
}

/// The same without the verdict, for who is to sign.
pub(in crate::cli) fn reviewed(view: &CheckedView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    review(&view.review, &view.signatures, look, &mut lines);
    section("Worth a word", remarks(&view.remarks, look), &mut lines);
    if view.review.diff.is_none() {
        let signed = signatures(&view.signatures, look);
        section("Signed by", signed, &mut lines);
    }
    lines
}

/// An update that was computed.
pub(in crate::cli) fn computed(view: &ComputedView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    review(&view.review, &[], look, &mut lines);
    section("Worth a word", remarks(&view.remarks, look), &mut lines);
    if let Some(refusal) = &view.refusal {
        let body = Line::of(Tone::Bad, &refusal.text).wrapped(look.width);
        section("An orderer would refuse it", body, &mut lines);
    }
    lines.push(Line::new());
    let digest = Line::of(Tone::Strong, "Digest  ");
    lines.push(digest.and(Tone::Plain, &view.config_update_sha256));
    lines
}

/// What it changes, its effects, findings, and who must sign.
fn review(review: &UpdateReviewView, signed: &[SignerView], look: Look, lines: &mut Vec<Line>) {
    if let Some(diff) = review.diff.as_ref().filter(|diff| !is_empty(diff)) {
        section("Changes", differences(diff, look), lines);
    }
    let effects = effects_of(&review.majorities, review.endorsement.as_ref(), look);
    section("Effects", effects, lines);
    if let Some(lint) = &review.lint {
        section("Findings", findings(lint, look), lines);
    }
    if let Some(explanation) = &review.explanation {
        let answer = ProposalAnswer {
            explanation: Some(explanation.clone()),
            signatures: signed.iter().map(signature).collect(),
            ..ProposalAnswer::default()
        };
        section("Who must sign", deciding(&answer, look), lines);
    }
}

fn signature(signer: &SignerView) -> SignatureAnswer {
    SignatureAnswer {
        counts: signer.standing == SignerStanding::Counts,
        fingerprint: signer.fingerprint.clone().unwrap_or_default(),
        msp_id: signer.msp_id.clone().unwrap_or_default(),
        reason: signer.reason.clone(),
        subject: signer.subject.clone(),
        ..SignatureAnswer::default()
    }
}

fn section(title: &str, body: Vec<Line>, lines: &mut Vec<Line>) {
    if body.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push(Line::new());
    }
    lines.push(Line::of(Tone::Strong, title));
    lines.extend(body);
}

/// The answer, and why.
fn verdict(view: &CheckedView, look: Look) -> Vec<Line> {
    let (mark, tone, text) = match view.outcome.as_str() {
        "accepted" => ("✓", Tone::Good, "an orderer would accept it now"),
        "blocked" => (
            "✗",
            Tone::Bad,
            "a finding is blocking: there may be no way back",
        ),
        "in_effect" => ("✗", Tone::Waiting, "it is in effect already"),
        "not_signed" => ("✗", Tone::Waiting, "not signed enough"),
        "refused" => ("✗", Tone::Bad, "an orderer would refuse it, whoever signs"),
        "stale" => (
            "✗",
            Tone::Bad,
            "it was made for another state of the config",
        ),
        _ => ("?", Tone::Waiting, "nobody here can say"),
    };
    let mut lines = Line::of(tone, format!("{mark} {text}")).wrapped(look.width);
    let mut block = Pairs::default();
    let against = format!(
        "{}, {} of channel {}",
        view.against.file, view.against.what, view.channel_id
    );
    block.text("Judged by", against);
    block.text("Digest", &view.config_update_sha256);
    block.maybe("Why", view.why.as_ref());
    if view.outcome == "not_signed" {
        block.text("Needs", needs_words(&view.review.needs.join("; ")));
        let text = "`peer channel update` adds the signature of who runs it";
        block.put("Submitter", Line::of(Tone::Dim, text));
    }
    let says = view.orderer_says.as_ref();
    block.maybe("It says", says.map(|says| format!("BAD_REQUEST -- {says}")));
    for one in &view.review.not_checked {
        block.put("Not checked", Line::of(Tone::Dim, one));
    }
    lines.extend(block.lines(look));
    lines
}
