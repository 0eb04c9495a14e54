//! Lines of text with tones. Whatever is put into a line is made visible first, so that no renderer can
//! let a terminal obey what others wrote.

use std::mem;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use crate::text::visible;

/// What marks that a text goes on and is not shown whole.
pub(in crate::cli::show) const CUT: char = '…';

/// What a text is, and so how it looks. Meaning is never in the colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) enum Tone {
    /// What one could type: commands, ids.
    Accent,
    /// Refused, removed, missing.
    Bad,
    /// Beside the matter.
    Dim,
    /// Done, added, satisfied.
    Good,
    /// As it is.
    #[default]
    Plain,
    /// What matters most.
    Strong,
    /// Not yet, changed.
    Waiting,
}

impl Tone {
    /// One of the eight colours that are readable on light and on dark.
    fn style(self) -> Style {
        let colour = |colour| Style::new().fg_color(Some(anstyle::Color::Ansi(colour)));
        match self {
            Self::Accent => colour(AnsiColor::Cyan),
            Self::Bad => colour(AnsiColor::Red),
            Self::Dim => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Waiting => colour(AnsiColor::Yellow),
        }
    }
}

/// How renderers are to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Look {
    /// Columns of the terminal; `None`: no terminal, nothing is wrapped or cut.
    pub(in crate::cli) width: Option<usize>,
    /// The host's time, in seconds since 1970.
    pub(in crate::cli) now: i64,
    /// Whether certificates and long lists are shown whole.
    pub(in crate::cli) full: bool,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Line {
    spans: Vec<(Tone, String)>,
}

impl Line {
    /// An empty line.
    pub(in crate::cli) const fn new() -> Self {
        Self { spans: Vec::new() }
    }

    /// A line of one text.
    pub(in crate::cli) fn of(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::new().and(tone, text)
    }

    /// A line as it is.
    pub(in crate::cli) fn plain(text: impl AsRef<str>) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// The line with one more text behind it.
    #[must_use]
    pub(in crate::cli) fn and(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.push(tone, text);
        self
    }

    /// The line with another one behind it.
    #[must_use]
    pub(in crate::cli) fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    pub(in crate::cli) fn push(&mut self, tone: Tone, text: impl AsRef<str>) {
        let text = visible(text.as_ref());
        if !text.is_empty() {
            self.spans.push((tone, text));
        }
    }

    pub(in crate::cli) const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Columns that it takes.
    pub(in crate::cli) fn width(&self) -> usize {
        self.chars().map(|(_, c)| columns(c)).sum()
    }

    /// The line with blanks behind it up to so many columns.
    #[must_use]
    pub(in crate::cli::show) fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.and(Tone::Plain, " ".repeat(missing))
    }

    /// The line with blanks before it up to so many columns.
    #[must_use]
    pub(in crate::cli) fn indented(self, indent: usize) -> Self {
        Self::plain(" ".repeat(indent)).join(self)
    }

    /// At most so many columns of it; a mark says that there is more.
    #[must_use]
    pub(in crate::cli::show) fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut out = Self::new();
        let mut left = width.saturating_sub(1);
        for (tone, c) in self.chars() {
            let Some(rest) = left.checked_sub(columns(c)) else {
                break;
            };
            left = rest;
            out.put(tone, c);
        }
        out.put(Tone::Dim, CUT);
        out
    }

    /// The line in lines of at most so many columns, broken at blanks where there are any.
    pub(in crate::cli) fn wrapped(self, width: Option<usize>) -> Vec<Self> {
        self.wrapped_in(width, width)
    }

    /// The same where the first line has another room than the others.
    fn wrapped_in(self, first: Option<usize>, others: Option<usize>) -> Vec<Self> {
        let (Some(first), Some(others)) = (first, others) else {
            return vec![self];
        };
        let (mut width, others) = (first.max(NARROWEST), others.max(NARROWEST));
        if self.width() <= width {
            return vec![self];
        }
        let (mut lines, mut line, mut blanks) = (Vec::new(), Self::new(), Self::new());
        for token in self.tokens() {
            if token.is_blank() {
                blanks = token;
                continue;
            }
            let needed = line.width() + blanks.width() + token.width();
            if needed <= width {
                line = line.join(mem::take(&mut blanks)).join(token);
                continue;
            }
            blanks = Self::new();
            if !line.is_empty() {
                lines.push(mem::take(&mut line));
                width = others;
            }
            // a word that is longer than a line is broken anywhere
            for (tone, c) in token.chars() {
                if line.width() + columns(c) > width {
                    lines.push(mem::take(&mut line));
                    width = others;
                }
                line.put(tone, c);
            }
        }
        lines.push(line);
        lines
    }

    /// The text, with colours or without.
    pub(in crate::cli) fn text(&self, colour: bool) -> String {
        let mut out = String::new();
        for (tone, text) in &self.spans {
            let style = tone.style();
            match colour && *tone != Tone::Plain {
                true => out.push_str(&format!("{style}{text}{style:#}")),
                false => out.push_str(text),
            }
        }
        // blanks at the end, which columns leave
        match out.strip_suffix(' ') {
            Some(_) => out.trim_end_matches(' ').to_owned(),
            None => out,
        }
    }

    fn chars(&self) -> impl Iterator<Item = (Tone, char)> {
        let spans = self.spans.iter();
        spans.flat_map(|(tone, text)| text.chars().map(move |c| (*tone, c)))
    }

    /// Words, and the blanks between them.
    fn tokens(&self) -> Vec<Self> {
        let mut tokens: Vec<Self> = Vec::new();
        let mut last = None;
        for (tone, c) in self.chars() {
            let is_blank = c == ' ';
            match tokens.last_mut() {
                Some(token) if last == Some(is_blank) => token.put(tone, c),
                _ => {
                    let mut token = Self::new();
                    token.put(tone, c);
                    tokens.push(token);
                }
            }
            last = Some(is_blank);
        }
        tokens
    }

    fn is_blank(&self) -> bool {
        self.chars().all(|(_, c)| c == ' ')
    }

    /// Columns of its longest word.
    pub(in crate::cli::show) fn longest_word(&self) -> usize {
        self.tokens()
            .iter()
            .map(Self::width)
            .max()
            .unwrap_or_default()
    }

    /// Adds one character, which was made visible before.
    fn put(&mut self, tone: Tone, c: char) {
        match self.spans.last_mut() {
            Some((last, text)) if *last == tone => text.push(c),
            _ => self.spans.push((tone, c.to_string())),
        }
    }
}

/// Lines are not wrapped to fewer columns than this.
const NARROWEST: usize = 20;

/// Columns that a character takes.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// A remark: its first line a little, the others a little more indented.
pub(in crate::cli) fn note(text: &str, width: Option<usize>) -> Vec<Line> {
    hang(
        Line::plain("  "),
        &Line::plain("    "),
        Line::plain(text),
        width,
    )
}

/// Wraps a text behind its beginning: lines after the first stand behind `next`.
pub(in crate::cli::show) fn hang(
    first: Line,
    next: &Line,
    body: Line,
    width: Option<usize>,
) -> Vec<Line> {
    let room = |before: &Line| width.map(|width| width.saturating_sub(before.width()));
    let lines = body.wrapped_in(room(&first), room(next)).into_iter();
    let mut prefix = Some(first);
    lines
        .map(|line| {
            let start = prefix.take();
            start.unwrap_or_else(|| next.clone()).join(line)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.text(false)).collect()
    }

    #[test]
    fn lines_are_wrapped_at_blanks_and_long_words_anywhere() {
        let line = Line::plain("the quick brown fox  jumps over").and(Tone::Bad, " the lazy dog");
        assert_eq!(
            texts(&line.clone().wrapped(Some(20))),
            ["the quick brown fox", "jumps over the lazy", "dog"]
        );
        assert_eq!(line.clone().wrapped(None), [line]);
        let long = Line::plain(format!("a {}", "x".repeat(45)));
        let wrapped = texts(&long.wrapped(Some(20)));
        assert_eq!(wrapped, ["a", &"x".repeat(20), &"x".repeat(20), "xxxxx"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let line = Line::plain("組織組織組織");
        assert_eq!(line.width(), 12);
        assert_eq!(line.clone().cut(8).text(false), "組織組…");
        assert_eq!(line.clone().cut(7).text(false), "組織組…");
        assert_eq!(line.cut(12).text(false), "組織組織組織");
    }

    #[test]
    fn only_tones_make_escapes() {
        let line = Line::of(Tone::Bad, "a\u{1b}[2J").and(Tone::Plain, "\u{202e}");
        assert_eq!(line.text(false), "a\\u{1b}[2J\\u{202e}");
        assert_eq!(line.text(true), "\u{1b}[31ma\\u{1b}[2J\u{1b}[0m\\u{202e}");
    }

    #[test]
    fn what_hangs_stands_below_its_beginning() {
        let body = Line::plain("one two three four five six seven");
        let lines = hang(Line::plain("- "), &Line::plain("  "), body, Some(24));
        assert_eq!(texts(&lines), ["- one two three four", "  five six seven"]);
    }
}
