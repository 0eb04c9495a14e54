//! Names with values below each other.

use super::line::{Line, Look, Tone, hang};

/// Names with values, in the order in which they were put in.
#[derive(Debug, Default)]
pub(in crate::cli) struct Pairs {
    rows: Vec<(&'static str, Line)>,
}

/// Between a name and its value.
const GAP: usize = 2;

impl Pairs {
    /// Adds a value.
    pub(in crate::cli) fn put(&mut self, name: &'static str, value: Line) {
        self.rows.push((name, value));
    }

    /// Adds a text as it is.
    pub(in crate::cli) fn text(&mut self, name: &'static str, text: impl AsRef<str>) {
        self.put(name, Line::plain(text));
    }

    /// Adds a value where there is one.
    pub(in crate::cli) fn maybe(&mut self, name: &'static str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Adds further lines below the value before.
    pub(in crate::cli) fn more(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.rows.extend(lines.into_iter().map(|line| ("", line)));
    }

    /// The lines; values are wrapped behind their names.
    pub(in crate::cli) fn lines(self, look: Look) -> Vec<Line> {
        let widest = self.rows.iter().map(|(name, _)| name.len()).max();
        let indent = widest.unwrap_or_default().saturating_add(GAP);
        let mut lines = Vec::new();
        for (name, value) in self.rows {
            let first = Line::of(Tone::Dim, name).padded(indent);
            let next = Line::new().padded(indent);
            lines.extend(hang(first, &next, value, look.width));
        }
        lines
    }
}
