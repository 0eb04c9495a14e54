//! Statuses, digests and needs as people say them.

use super::layout::{CUT, Line, Look, Tone, hang};
use crate::text::squeezed;

/// A status, in words and in the tone of what it means.
pub(in crate::cli) fn status(name: &str) -> (&str, Tone) {
    match name {
        "Broken" => ("broken", Tone::Bad),
        "Expired" => ("expired", Tone::Dim),
        "Outofdate" => ("out of date", Tone::Waiting),
        "ReadyToSubmit" => ("ready to submit", Tone::Good),
        "Rejected" => ("rejected", Tone::Bad),
        "Submitted" => ("in effect", Tone::Good),
        "WaitingForCapabilities" => ("waiting for attestations", Tone::Waiting),
        "WaitingForSignatures" => ("waiting for signatures", Tone::Waiting),
        "Withdrawn" => ("withdrawn", Tone::Dim),
        other => (other, Tone::Plain),
    }
}

/// The public names of all statuses.
const STATUSES: &[&str] = &[
    "Broken",
    "Expired",
    "Outofdate",
    "ReadyToSubmit",
    "Rejected",
    "Submitted",
    "WaitingForCapabilities",
    "WaitingForSignatures",
    "Withdrawn",
];

/// The public name of the status that somebody means: by that name or in words, in any case, and the
/// beginning is enough where it is one's alone; the names that there are where it is none.
pub(in crate::cli) fn status_named(given: &str) -> Result<&'static str, &'static [&'static str]> {
    let plain = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let wanted = plain(given);
    let is_named = |name: &str, test: fn(&str, &str) -> bool| {
        test(&plain(name), &wanted) || test(&plain(status(name).0), &wanted)
    };
    let exact = |one: &str, other: &str| one == other;
    let begins = |one: &str, other: &str| !other.is_empty() && one.starts_with(other);
    let found = |test: fn(&str, &str) -> bool| {
        let mut named = STATUSES.iter().filter(move |name| is_named(name, test));
        let first = named.next();
        first.filter(|_| named.next().is_none())
    };
    found(exact)
        .or_else(|| found(begins))
        .copied()
        .ok_or(STATUSES)
}

/// The beginning of a digest or fingerprint; a mark says that it goes on.
pub(super) fn short(digest: &str) -> String {
    match digest.get(..SHORT) {
        Some(start) if digest.len() > SHORT + 2 => format!("{start}{CUT}"),
        _ => digest.to_owned(),
    }
}

/// Hex digits of a digest that is only to be recognised.
const SHORT: usize = 8;

/// A text with its digests of 64 hex digits cut, unless all is to be shown.
pub(super) fn with_short_digests(text: &str, full: bool) -> String {
    const DIGEST: usize = 64;
    if full {
        return text.to_owned();
    }
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_hex) {
        let (before, run) = rest.split_at(start);
        let end = run.find(|c| !is_hex(c)).unwrap_or(run.len());
        let (run, behind) = run.split_at(end);
        out.push_str(before);
        match run.len() == DIGEST {
            true => out.push_str(&short(run)),
            false => out.push_str(run),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// What a certificate's subject is called: its common name; all of it where it has none.
pub(super) fn common_name(subject: &str) -> &str {
    let mut parts = subject.split(',');
    let named = parts.find(|part| part.trim_start().starts_with("CN="));
    named.map_or(subject, str::trim)
}

/// How far the policies that need something are: `1 of 2`; of several, each.
pub(super) fn progress(needs: &[String]) -> String {
    const SHOWN: usize = 2;
    let counts = needs.iter().filter_map(|need| {
        let behind = need.split("`: ").nth(1)?;
        let count = behind.split(':').next()?;
        count.contains(" of ").then_some(count)
    });
    let counts: Vec<&str> = counts.collect();
    let mut text = counts
        .get(..SHOWN.min(counts.len()))
        .unwrap_or_default()
        .join(", ");
    if counts.len() > SHOWN {
        text.push_str(&format!(", {CUT}"));
    }
    text
}

/// A count with its noun: `1 change`, `2 changes`.
pub(in crate::cli) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Text of several lines, each behind a bar, so that it cannot pass for lines of ours.
pub(super) fn quoted(text: &str) -> Vec<Line> {
    let lines = text.trim_end().split('\n').map(squeezed);
    let lines: Vec<String> = lines.collect();
    let bar = if lines.len() > 1 { "│ " } else { "" };
    let lines = lines.into_iter();
    lines
        .map(|line| Line::of(Tone::Dim, bar).and(Tone::Plain, line))
        .collect()
}

/// What somebody else wrote, behind a label; each line begins with a bar, so that none of it looks like
/// the program's own.
pub(in crate::cli) fn said(label: &str, text: &str, look: Look) -> Vec<Line> {
    let blanks = " ".repeat(label.chars().count());
    let next = Line::of(Tone::Dim, format!("{blanks}│ "));
    let mut first = Some(Line::of(Tone::Dim, format!("{label}│ ")));
    let paragraphs = text.trim_end().split('\n').map(squeezed);
    paragraphs
        .flat_map(|one| {
            let first = first.take().unwrap_or_else(|| next.clone());
            hang(first, &next, Line::plain(one), look.width)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_known_by_its_name_and_in_words() {
        for (given, expected) in [
            ("ReadyToSubmit", "ReadyToSubmit"),
            ("ready", "ReadyToSubmit"),
            ("ready to submit", "ReadyToSubmit"),
            ("out-of-date", "Outofdate"),
            ("in effect", "Submitted"),
            ("waiting for s", "WaitingForSignatures"),
        ] {
            assert_eq!(status_named(given), Ok(expected), "{given}");
        }
        for given in ["waiting", "", "nonsense"] {
            assert!(status_named(given).is_err(), "{given}");
        }
    }

    #[test]
    fn digests_are_cut_and_nothing_else() {
        let digest = "0123456789abcdef".repeat(4);
        let text = format!("admin, certified by {digest}, not {digest}0");
        let cut = format!("admin, certified by 01234567…, not {digest}0");
        assert_eq!(with_short_digests(&text, false), cut);
        assert_eq!(with_short_digests(&text, true), text);
        assert_eq!(short("abc"), "abc");
    }

    #[test]
    fn names_and_numbers_are_found_in_words() {
        assert_eq!(common_name("CN=a,OU=b"), "CN=a");
        assert_eq!(common_name("OU=b,CN=a"), "CN=a");
        assert_eq!(common_name("OU=b"), "OU=b");
        let needs = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            progress(&texts)
        };
        let one = "`/Channel/Application/Admins`: 1 of 3: two more of `A`, `B`";
        assert_eq!(needs(&[one]), "1 of 3");
        assert_eq!(
            needs(&[one, one, one, "and 4 more policies"]),
            "1 of 3, 1 of 3, …"
        );
        assert_eq!(needs(&["something else"]), "");
    }
}
