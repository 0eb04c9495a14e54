//! Comments of a text, and the lines on which what it says stands.

use std::collections::{BTreeMap, BTreeSet};

/// The mark of lines in which an editor shows what was wrong: they are dropped when the text is read.
pub(super) const MARK: &str = "//!";

/// The text without the lines that tell what was wrong.
pub(super) fn without_marks(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(MARK));
    let mut out = String::with_capacity(text.len());
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The text with spaces in the place of comments, so that places stay what they are.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_text, mut escaped, mut in_comment) = (false, false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            // a text does not go over a line in JSON
            (in_text, escaped, in_comment) = (false, false, false);
        } else if in_comment {
            out.push(' ');
            continue;
        } else if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '"' {
            in_text = true;
        } else if c == '/' && chars.peek() == Some(&'/') {
            in_comment = true;
            out.push(' ');
            continue;
        }
        out.push(c);
    }
    out
}

/// Where the members of a document stand: line numbers from 1, by the names and indices that lead to a
/// member.
#[derive(Debug, Default)]
pub(super) struct DocumentLines {
    lines: BTreeMap<Vec<String>, usize>,
    /// A member that is there twice: its line, and its name.
    pub(super) twice: Option<(usize, String)>,
}

/// What is open while a document is read.
enum OpenedPart {
    Object {
        key: Option<String>,
        seen: BTreeSet<String>,
    },
    Array(usize),
}

impl DocumentLines {
    /// Reads a document that is JSON, comments aside.
    pub(super) fn of(text: &str) -> Self {
        let mut all = Self::default();
        let mut open: Vec<OpenedPart> = Vec::new();
        let mut line = 1usize;
        let mut chars = text.char_indices();
        while let Some((start, c)) = chars.next() {
            match c {
                '\n' => line = line.saturating_add(1),
                '"' => {
                    let mut escaped = false;
                    let end = chars.by_ref().find(|(_, c)| {
                        let ends = !escaped && *c == '"';
                        escaped = !escaped && *c == '\\';
                        ends
                    });
                    let end = end.map_or(text.len(), |(at, _)| at.saturating_add(1));
                    let name = text
                        .get(start..end)
                        .and_then(|text| serde_json::from_str(text).ok());
                    all.string(&mut open, name.unwrap_or_default(), line);
                }
                '{' => open.push(OpenedPart::Object {
                    key: None,
                    seen: BTreeSet::new(),
                }),
                '[' => {
                    open.push(OpenedPart::Array(0));
                    all.lines.insert(path(&open), line);
                }
                '}' | ']' => drop(open.pop()),
                ',' => match open.last_mut() {
                    Some(OpenedPart::Object { key, .. }) => *key = None,
                    Some(OpenedPart::Array(index)) => *index = index.saturating_add(1),
                    None => {}
                },
                c if !c.is_whitespace() && matches!(open.last(), Some(OpenedPart::Array(_))) => {
                    all.lines.entry(path(&open)).or_insert(line);
                }
                _ => {}
            }
        }
        all
    }

    fn string(&mut self, open: &mut [OpenedPart], text: String, line: usize) {
        match open.last_mut() {
            Some(OpenedPart::Object {
                key: key @ None,
                seen,
            }) => {
                if !seen.insert(text.clone()) && self.twice.is_none() {
                    self.twice = Some((line, text.clone()));
                }
                *key = Some(text);
                self.lines.insert(path(open), line);
            }
            Some(OpenedPart::Array(_)) => {
                self.lines.insert(path(open), line);
            }
            _ => {}
        }
    }

    /// The line of a member, or of the nearest that holds it.
    pub(super) fn line(&self, names: &[String]) -> Option<usize> {
        (0..=names.len()).rev().find_map(|end| {
            let names = names.get(..end)?;
            self.lines.get(names).copied()
        })
    }

    /// The line of an element, by its path in the config, such as `/Channel/Orderer/BatchSize`; `base`: the
    /// path of the group that the document is.
    pub(super) fn element(&self, base: &str, wanted: &str) -> Option<usize> {
        let rest = wanted.strip_prefix(base)?;
        let names: Vec<&str> = rest.split('/').filter(|name| !name.is_empty()).collect();
        let (last, above) = names.split_last()?;
        let mut path: Vec<String> = Vec::new();
        for name in above {
            path.extend(["groups".to_owned(), (*name).to_owned()]);
        }
        ["values", "policies", "groups"]
            .into_iter()
            .find_map(|kind| {
                let path: Vec<String> = (path.iter().cloned())
                    .chain([kind.to_owned(), (*last).to_owned()])
                    .collect();
                self.lines.get(&path).copied()
            })
    }
}

fn path(open: &[OpenedPart]) -> Vec<String> {
    open.iter()
        .map(|one| match one {
            OpenedPart::Object { key, .. } => key.clone().unwrap_or_default(),
            OpenedPart::Array(index) => index.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_places_stay() {
        let text = "// one\n{ \"a\": \"http://x\", // two\n  \"b\\\"//\": 1 }\n";
        let plain = without_comments(text);
        assert_eq!(plain.len(), text.len());
        let value: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(value["a"], "http://x");
        assert_eq!(value["b\"//"], 1);
        assert_eq!(without_marks("//! wrong\n{\n  //! here\n}\n"), "{\n}\n");
    }

    #[test]
    fn members_have_lines() {
        let text = "{\n \"groups\": {\n  \"Orderer\": {\n   \"values\": {\"BatchSize\": {\n \"value\": [1,\n 2]}}}}}";
        let lines = DocumentLines::of(text);
        let at = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            lines.line(&names)
        };
        assert_eq!(at(&["groups"]), Some(2));
        assert_eq!(at(&["groups", "Orderer", "values", "BatchSize"]), Some(4));
        assert_eq!(
            at(&["groups", "Orderer", "values", "BatchSize", "value", "1"]),
            Some(6)
        );
        assert_eq!(at(&["groups", "Orderer", "values", "Other"]), Some(4));
        assert_eq!(
            lines.element("/Channel", "/Channel/Orderer/BatchSize"),
            Some(4)
        );
        assert_eq!(lines.element("/Channel/Orderer", "/Channel/Other"), None);
        assert_eq!(lines.twice, None);
        assert_eq!(
            DocumentLines::of("{\"a\":1,\n\"a\":2}").twice,
            Some((2, "a".to_owned()))
        );
        // no text makes it fail
        for odd in ["", "\"", "{\"", "}]", "[,,", "{:}", "\\"] {
            let _ = DocumentLines::of(odd);
        }
    }
}
