//! One log line, as text or JSON: of bounded length, and one line whatever stands in it.

use std::fmt::{Debug, Write};

use tracing::{
    Level,
    field::{Field, Visit},
};

use super::bounded::Bounded;
use crate::text::is_hidden;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

/// The most bytes of one field.
const FIELD: usize = 1_024;

/// The most bytes of all fields of a line; later ones are left out.
const FIELDS: usize = 4_096;

/// The marker of what was cut off.
const CUT: &str = "..";

/// A line that is being written; fields come by [`Visit`].
pub(super) struct LogLine {
    format: Format,
    ansi: bool,
    target: String,
    /// Everything before the fields.
    head: String,
    message: String,
    fields: String,
}

impl LogLine {
    /// A line without fields. `time` is RFC 3339.
    pub(super) fn new(format: Format, ansi: bool, time: &str, level: Level, target: &str) -> Self {
        let mut head = String::with_capacity(256);
        match format {
            Format::Json => {
                head.push_str("{\"timestamp\":");
                json_text(&mut head, time);
                head.push_str(",\"level\":");
                json_text(&mut head, level.as_str());
            }
            Format::Text => {
                let level = match ansi {
                    true => format!("{}{level:>5}\u{1b}[0m", colour(level)),
                    false => format!("{level:>5}"),
                };
                head.extend([time, " ", &level, " ", target, ":"]);
            }
        }
        Self {
            format,
            ansi,
            target: target.to_owned(),
            head,
            message: String::new(),
            fields: String::new(),
        }
    }

    /// The whole line with its end.
    pub(super) fn finish(self) -> String {
        let mut line = self.head;
        match self.format {
            Format::Json => {
                if !self.message.is_empty() {
                    line.extend([",\"message\":", &self.message]);
                }
                line.push_str(&self.fields);
                line.push_str(",\"target\":");
                json_text(&mut line, &self.target);
                line.push('}');
            }
            Format::Text => {
                if !self.message.is_empty() {
                    line.extend([" ", &self.message]);
                }
                line.push_str(&self.fields);
            }
        }
        line.push('\n');
        line
    }

    /// The value of a field as it stands in the line, a text or a bare value.
    fn value(&self, value: &dyn Debug, is_text: bool) -> String {
        let mut out = String::new();
        let put = match self.format {
            Format::Json => put_json,
            Format::Text => put_text,
        };
        let quoted = is_text && self.format == Format::Json;
        if quoted {
            out.push('"');
        }
        let mut bounded = Bounded::new(&mut out, FIELD, put);
        let _ = write!(bounded, "{value:?}");
        if bounded.is_cut() {
            out.push_str(CUT);
        }
        if quoted {
            out.push('"');
        }
        out
    }

    fn add(&mut self, field: &Field, value: &str) {
        let name = field.name();
        if name == "message" {
            value.clone_into(&mut self.message);
            return;
        }
        let length = self.fields.len().saturating_add(value.len());
        if length > FIELDS {
            return;
        }
        match self.format {
            Format::Json => {
                self.fields.push(',');
                json_text(&mut self.fields, name);
                self.fields.extend([":", value]);
            }
            Format::Text if self.ansi => {
                (self.fields).extend([" \u{1b}[3m", name, "\u{1b}[0m\u{1b}[2m=\u{1b}[0m", value]);
            }
            Format::Text => self.fields.extend([" ", name, "=", value]),
        }
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = self.value(value, true);
        self.add(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let value = match self.format {
            Format::Json => self.value(&format_args!("{value}"), true),
            // quoted, so that it cannot pass for further fields
            Format::Text => self.value(&value, true),
        };
        self.add(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let value = self.value(&value, false);
        self.add(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = self.value(&value, false);
        self.add(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let value = self.value(&value, false);
        self.add(field, &value);
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

fn put_text(out: &mut String, c: char) {
    match is_hidden(c) {
        true => out.extend(c.escape_unicode()),
        false => out.push(c),
    }
}

fn put_json(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        c if is_hidden(c) => {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        c => out.push(c),
    }
}

/// A short text of ours as a JSON string.
fn json_text(out: &mut String, text: &str) {
    out.push('"');
    text.chars().for_each(|c| put_json(out, c));
    out.push('"');
}
