//! The pictures of `docs/pictures`: what a terminal of 80 columns shows, with its colours, as SVG. They
//! bring their own background, so that light and dark pages can show them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use super::*;

/// Sizes in pixels: a column, a line, from the frame to the text.
const COLUMN: f32 = 8.4;
const LINE: f32 = 19.0;
const EDGE: f32 = 16.0;
const COLUMNS: f32 = 80.0;

/// Compares a picture with what a command prints behind its prompt.
fn picture(name: &str, command: &str, lines: &[Line]) {
    let prompt = Line::of(Tone::Dim, "$ ").and(Tone::Strong, command);
    let lines: Vec<String> = [&[prompt], lines]
        .concat()
        .iter()
        .map(|line| line.text(true))
        .collect();
    kept(&format!("docs/pictures/{name}.svg"), &svg(command, &lines));
}

/// A terminal that has printed these lines.
#[expect(clippy::cast_precision_loss, reason = "a screen has few lines")]
fn svg(title: &str, lines: &[String]) -> String {
    let width = COLUMN.mul_add(COLUMNS, 2.0 * EDGE);
    let height = LINE.mul_add(lines.len() as f32, 2.0 * EDGE);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n<title>{}</title>\n<style>\n\
         text {{ font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; \
         fill: #d5dae0 }}\n\
         .s1 {{ font-weight: bold; fill: #fff }} .s2 {{ fill: #939ba5 }} .s31 {{ fill: #ff8079 }} \
         .s32 {{ fill: #7ee787 }} .s33 {{ fill: #e8b84a }} .s36 {{ fill: #5fd0e0 }}\n</style>\n\
         <rect x=\".5\" y=\".5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\" fill=\"#1b1f24\" \
         stroke=\"#59616b\"/>\n",
        escaped(title),
        width - 1.0,
        height - 1.0,
    );
    for (number, line) in lines.iter().enumerate() {
        let y = LINE.mul_add(number as f32 + 0.75, EDGE);
        let mut column = 0;
        for (style, text) in spans(line) {
            for word in words(text) {
                let columns: usize = word.chars().filter_map(|c| c.width()).sum();
                let x = COLUMN.mul_add(column as f32, EDGE);
                column += columns;
                if !word.starts_with(' ') {
                    writeln!(
                        out,
                        "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{:.1}\" class=\"s{style}\">{}</text>",
                        COLUMN * columns as f32,
                        escaped(word),
                    )
                    .unwrap();
                }
            }
        }
    }
    out + "</svg>\n"
}

/// The pieces of a line between its escapes, each with the number that the escape before it sets.
fn spans(line: &str) -> Vec<(&str, &str)> {
    let mut pieces = line.split("\u{1b}[");
    let first = ("0", pieces.next().unwrap());
    let styled = pieces.map(|piece| piece.split_once('m').expect("an escape sets a style"));
    [first].into_iter().chain(styled).collect()
}

/// A text in pieces of blanks and pieces of others, so that no blank has to be kept by who draws it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
        .flat_map(|piece| match piece.strip_suffix(' ') {
            Some("") => vec![" "],
            Some(word) => vec![word, " "],
            None => vec![piece],
        })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[test]
fn status_is_pictured() {
    let mut view = screen(Relation::Synced);
    view.awaiting_me
        .retain(|row| row.proposal.proposal_id == "add_orgx");
    view.in_flight
        .retain(|row| row.proposal.proposal_id == "add_orgy");
    "bring in OrgX".clone_into(&mut view.awaiting_me[0].proposal.description);
    "bring in OrgY".clone_into(&mut view.in_flight[0].proposal.description);
    view.next = view.next_command();
    picture("status", "cmscc status", &status(&view, look(80)));
}

#[test]
fn an_explanation_is_pictured() {
    let lines = explanation(&view("waiting"), look(80));
    picture("explain", "cmscc explain add_orgx", &lines);
}

#[test]
fn a_diff_is_pictured() {
    let diff = told::<ProposalAnswer>("waiting").diff.unwrap();
    picture("diff", "cmscc diff add_orgx", &differences(&diff, look(80)));
}
