//! What came of a call, for people and as JSON. All texts of the chaincode are somebody else's.

use anstyle::{AnsiColor, Style};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    setup::Plan,
    trial::{CHANNEL, CallOutcome, CommittedTransaction},
};
use crate::{cli::output, proto::protos::TxValidationCode, stub::Response, text::visible};

const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const INDENT: &str = "  ";
/// How much of a transaction's id people are shown, in digits.
const TX_ID: usize = 12;

/// Prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller {
    json: bool,
    interactive: bool,
}

impl Teller {
    pub(super) const fn new(json: bool, interactive: bool) -> Self {
        Self { json, interactive }
    }

    /// Whether somebody sits at a terminal.
    pub(super) const fn is_interactive(self) -> bool {
        self.interactive
    }

    /// Says what there is.
    pub(super) fn greet(self, plan: &Plan, registered: &str) {
        if self.json {
            return;
        }
        output::result(&visible(&format!(
            "Channel {CHANNEL} of {}, chaincode `{}` at {}, registered as `{registered}`.",
            plan.organizations.join(", "),
            plan.options.chaincode,
            plan.address,
        )));
        for collection in &plan.options.collections {
            let members: Vec<&str> = collection.members.iter().map(|id| id.as_str()).collect();
            let (name, members) = (&collection.name, members.join(", "));
            output::foreign(&format!("Collection `{name}` of {members}."));
        }
        if self.interactive {
            output::result("All of it is gone at the end. `help` lists the commands.");
        }
    }

    /// Asks for a line, where somebody sits at a terminal.
    pub(super) fn prompt(self) {
        if self.interactive && !self.json {
            output::prompt("> ");
        }
    }

    /// Ends the line of a prompt that nobody answered.
    pub(super) fn hung_up(self) {
        if self.interactive && !self.json {
            output::result("");
        }
    }

    /// Repeats a line that nobody typed at a terminal.
    pub(super) fn echo(self, line: &str) {
        if !self.interactive && !self.json {
            output::result(&format!("{DIM}> {}{DIM:#}", visible(line)));
        }
    }

    /// A line that asks for nothing that there is.
    pub(super) fn misunderstood(self, error: &anyhow::Error) {
        if self.json {
            return document(&json!({ "ok": false, "error": error.to_string() }));
        }
        output::result(&problem(&error.to_string()));
    }

    pub(super) fn outcome(self, outcome: &CallOutcome) {
        if self.json {
            return document(&as_json(outcome));
        }
        for line in lines(outcome) {
            output::result(&line);
        }
    }
}

fn document(value: &Value) {
    output::foreign_json(&value.to_string());
}

fn problem(text: &str) -> String {
    format!("{BAD}error:{BAD:#} {}", visible(text))
}

/// An outcome as lines for people; nothing in them but colours is obeyed by a terminal.
fn lines(outcome: &CallOutcome) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(error) = &outcome.error {
        lines.push(problem(error));
        return lines;
    }
    if let Some(done) = &outcome.transaction {
        lines.push(committed(done));
    }
    if let Some(response) = &outcome.response {
        let style = if response.is_success() { GOOD } else { BAD };
        let is_lost =
            (outcome.transaction.as_ref()).is_some_and(|done| done.code != TxValidationCode::Valid);
        let mut line = format!("{style}status {}{style:#}", response.status);
        if is_lost {
            line = format!("answered, and nothing of it was written: {line}");
        }
        if let Some(refused) = &outcome.refused_by {
            line.push_str(&format!(" of {}", visible(refused.as_str())));
        }
        if !response.message.is_empty() {
            line.push_str(&format!(": {}", visible(&response.message)));
        }
        lines.push(line);
        lines.extend(payload(&response.payload));
    }
    let event = outcome.transaction.as_ref().and_then(|t| t.event.as_ref());
    if let Some(event) = event {
        lines.push(format!("event {}", visible(&event.name)));
        lines.extend(payload(&event.payload));
    }
    lines
}

fn committed(done: &CommittedTransaction) -> String {
    let style = match done.code {
        TxValidationCode::Valid => GOOD,
        _ => BAD,
    };
    let tx_id: String = done.tx_id.as_str().chars().take(TX_ID).collect();
    format!(
        "{style}{}{style:#} in block {}, transaction {tx_id}{}",
        done.code.as_str_name(),
        done.block,
        explained(done.code),
    )
}

/// What a code means, where one meets it often.
const fn explained(code: TxValidationCode) -> &'static str {
    match code {
        TxValidationCode::EndorsementPolicyFailure => {
            ": those who endorsed may not write this alone"
        }
        TxValidationCode::MvccReadConflict => ": what it read has changed since",
        TxValidationCode::PhantomReadConflict => ": a range that it read has changed since",
        _ => "",
    }
}

/// A payload, indented: JSON in its own order, a text line by line, of other bytes the Base64.
fn payload(payload: &Bytes) -> Vec<String> {
    let text = match str::from_utf8(payload) {
        Ok("") => return Vec::new(),
        Ok(text) => pretty(text).unwrap_or_else(|| text.to_owned()),
        Err(_) => format!("{} bytes: {}", payload.len(), STANDARD.encode(payload)),
    };
    let end = (0..=SHOWN.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let text = match text.get(..end.unwrap_or_default()) {
        Some(cut) if cut.len() < text.len() => {
            format!("{cut}\n.. ({} bytes; --json has all)", payload.len())
        }
        _ => text,
    };
    let lines = text
        .split('\n')
        .map(|line| format!("{INDENT}{}", visible(line)));
    lines.collect()
}

/// So deep is a document shown over several lines; whatever is deeper stays as it came.
// SECURITY: what is indented grows with the square of its depth
const DEEPEST: usize = 64;

/// So many bytes of a payload are shown; `--json` has all of it.
const SHOWN: usize = 64 << 10;

/// A JSON document over several lines, with its own order, numbers and strings; `None` where the text
/// is none, or is too deep.
fn pretty(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut chars = text.chars().peekable();
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&INDENT.repeat(depth));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth = depth.saturating_add(1);
                        if depth > DEEPEST {
                            return None;
                        }
                        newline(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                newline(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                newline(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    Some(out)
}

fn as_json(outcome: &CallOutcome) -> Value {
    let mut document = json!({
        "command": outcome.command,
        "as": outcome.caller,
        "ok": outcome.ok(),
    });
    let mut add = |name: &str, value: Value| {
        if let Some(fields) = document.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    };
    if let Some(error) = &outcome.error {
        add("error", json!(error));
    }
    if let Some(Response {
        status,
        message,
        payload,
    }) = &outcome.response
    {
        add("status", json!(status));
        add("message", json!(message));
        let (name, value) = named(payload);
        add(name, value);
    }
    if let Some(refused) = &outcome.refused_by {
        add("refused_by", json!(refused.as_str()));
    }
    if let Some(done) = &outcome.transaction {
        add("tx_id", json!(done.tx_id.as_str()));
        add("block", json!(done.block.0));
        add("validation_code", json!(done.code.as_str_name()));
        if let Some(event) = &done.event {
            let (name, value) = named(&event.payload);
            add("event", json!({ "name": event.name, name: value }));
        }
    }
    document
}

/// A payload as a text; of bytes that are none the Base64, under another name.
fn named(payload: &Bytes) -> (&'static str, Value) {
    match str::from_utf8(payload) {
        Ok(text) => ("payload", json!(text)),
        Err(_) => ("payload_base64", json!(STANDARD.encode(payload))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{BlockNumber, TxId},
        stub::Event,
    };

    #[test]
    fn json_keeps_its_order_its_numbers_and_its_strings() {
        let text =
            r#" {"b":[1.0,{"c":"x, \"{y}\\"}, [ ] ],"a":{},"n":123456789012345678901234567890}"#;
        let expected = r#"{
  "b": [
    1.0,
    {
      "c": "x, \"{y}\\"
    },
    []
  ],
  "a": {},
  "n": 123456789012345678901234567890
}"#;
        assert_eq!(pretty(text).unwrap(), expected);
        assert_eq!(pretty("7").unwrap(), "7");
        assert_eq!(pretty("{\"a\":}"), None);
    }

    #[test]
    fn deep_and_long_payloads_stay_small_on_the_screen() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(pretty(&deep(DEEPEST)).is_some());
        assert_eq!(payload(&deep(30_000).into()).len(), 1);
        let long = payload(&"x".repeat(1 << 20).into());
        assert_eq!(long.len(), 2);
        assert!(long.iter().map(String::len).sum::<usize>() < SHOWN + 100);
        assert_eq!(long[1], "  .. (1048576 bytes; --json has all)");
    }

    fn submitted(response: Response) -> CallOutcome {
        CallOutcome {
            command: "submit",
            caller: "Org1.User1".to_owned(),
            response: Some(response),
            refused_by: None,
            transaction: Some(CommittedTransaction {
                tx_id: TxId::from("t"),
                block: BlockNumber(3),
                code: TxValidationCode::Valid,
                event: Some(Event {
                    name: "e\u{1b}[2J".to_owned(),
                    payload: Bytes::from_static(b"\xff"),
                }),
            }),
            error: None,
        }
    }

    #[test]
    fn no_text_of_the_chaincode_reaches_a_terminal_as_it_is() {
        let outcome = submitted(Response {
            status: 200,
            message: "m\r\u{202e}".to_owned(),
            payload: Bytes::from_static("one\ntwo\u{9b}31m".as_bytes()),
        });
        let text = anstream::adapter::strip_str(&lines(&outcome).join("\n")).to_string();
        let expected = "\
VALID in block 3, transaction t
status 200: m\\u{d}\\u{202e}
  one
  two\\u{9b}31m
event e\\u{1b}[2J
  1 bytes: /w==";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_document_says_all_of_it() {
        let told = as_json(&submitted(Response::success("x")));
        let expected = json!({
            "as": "Org1.User1",
            "block": 3,
            "command": "submit",
            "event": { "name": "e\u{1b}[2J", "payload_base64": "/w==" },
            "message": "",
            "ok": true,
            "payload": "x",
            "status": 200,
            "tx_id": "t",
            "validation_code": "VALID",
        });
        assert_eq!(told, expected);
    }
}
