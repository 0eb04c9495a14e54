//! Words of refusals: texts that are safe to show, and the name that was probably meant.

/// A text of a length that fits a message, on one line and without what a terminal would obey.
pub(crate) fn safe(text: &str) -> String {
    const START: usize = 3_072;
    const END: usize = 1_024;
    if text.len() <= START + END {
        return visible(text);
    }
    // what was expected stands at the end
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=START).rev().find(boundary).unwrap_or_default();
    let end = text.len().saturating_sub(END);
    let end = (end..=text.len()).find(boundary).unwrap_or(text.len());
    format!(
        "{}.. ({} bytes) ..{}",
        visible(text.get(..start).unwrap_or_default()),
        end.saturating_sub(start),
        visible(text.get(end..).unwrap_or_default())
    )
}

/// Control characters, and those that change the direction of a line, as `\u{1b}`.
// endorsers compare these texts: what is escaped here changes with a contract capability only
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// What a caller gave, cut to a length that fits a message.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MOST).collect();
    format!("{cut}...")
}

/// The name that was probably meant: one that differs in its case alone, otherwise the first of those
/// to which the fewest letters lead, at most a quarter of them.
pub(crate) fn closest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    // longer ones are no slip, and comparing takes time
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let given = name.to_ascii_lowercase();
    // the exact case counts where two names differ in nothing else
    let steps = |other: &str| {
        let steps = edits(given.as_bytes(), other.to_ascii_lowercase().as_bytes());
        (steps, edits(name.as_bytes(), other.as_bytes()))
    };
    // of a name behind another one's namespace that one may be left out
    let is_local = |other: &&&str| {
        let local = other.split_once(':').map(|(_, local)| local);
        local.is_some_and(|local| local.eq_ignore_ascii_case(name))
    };
    if let Some(name) = names.iter().find(is_local) {
        return Some(name);
    }
    let nearest = names.iter().map(|other| (steps(other), *other));
    let ((steps, _), name) = nearest.min_by_key(|(steps, _)| *steps)?;
    (steps <= name.len() / 4).then_some(name)
}

/// How many bytes have to be put in, taken out or changed to get from one text to the other.
// The well-known distance of Levenshtein, row by row.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, byte) in (1..).zip(from) {
        let mut places = row.iter_mut();
        let mut left: usize = line;
        let Some(mut diagonal) = places.next().map(|first| std::mem::replace(first, line)) else {
            break;
        };
        for (place, other) in places.zip(to) {
            let above = *place;
            let changed = diagonal.saturating_add(usize::from(byte != other));
            left = changed.min(above.min(left).saturating_add(1));
            (diagonal, *place) = (above, left);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(edits(from.as_bytes(), to.as_bytes()), count, "{from} {to}");
        }
    }

    #[test]
    fn texts_are_safe_to_show() {
        assert_eq!(safe("Grüße `\"'\\"), "Grüße `\"'\\");
        assert_eq!(
            safe("a\u{1b}[31m\nb\0\u{202e}"),
            "a\\u{1b}[31m\\u{a}b\\u{0}\\u{202e}"
        );
        assert_eq!(safe(&"x".repeat(4_096)), "x".repeat(4_096));
        let long = safe(&format!(
            "unknown `{}`, expected `deadline`",
            "ü".repeat(500_000)
        ));
        assert!(long.len() < 4_200 && long.starts_with("unknown `ü"));
        assert!(long.ends_with("ü`, expected `deadline`"), "{long}");
    }
}
