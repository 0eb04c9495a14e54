//! Slips in names.

/// The name that was probably meant: one that differs in its case alone, otherwise the first of those
/// to which the fewest letters lead, at most a quarter of them.
pub(super) fn closest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
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
}
