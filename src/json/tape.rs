//! The tokens of a JSON text: eight bytes for each value, strings and numbers left where they are.
//!
//! The whole text is read before anything is decoded, so a syntax error comes before every other.
//! Fabric: encoding/json's `Decoder`, of which only the first value is read.

use std::borrow::Cow;

use super::error::{JsonError, JsonProblem};

/// How many objects and lists may stand inside each other. Go's decoder has the same limit.
const DEPTH: usize = 10_000;
/// The longest text, in bytes: offsets have 31 bits.
const LONGEST: usize = 0x7fff_ffff;
/// The flag of a string with an escape, or with anything but ASCII.
const COOKED: u32 = 0x8000_0000;

/// A value's place on the tape. Members of an object are key and value in turn.
pub(super) type At = usize;

/// The tokens of one document.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    text: &'a [u8],
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Where the token begins in the text, and the flag [`COOKED`].
    start: u32,
    /// Where it ends: of a token, behind its last byte; of an object or list, behind its last place
    /// on the tape.
    end: u32,
}

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    False,
    List,
    Null,
    Number,
    Object,
    String,
    True,
}

impl<'a> Tape<'a> {
    /// Reads the first value of a text, which has to be an object or `null`.
    ///
    /// # Errors
    /// [`JsonProblem::Syntax`], [`JsonProblem::TooDeep`], [`JsonProblem::TooLarge`].
    pub(super) fn read(text: &'a [u8]) -> Result<Self, JsonError> {
        if text.len() > LONGEST {
            return Err(JsonError::new(JsonProblem::TooLarge { max_bytes: LONGEST }));
        }
        let mut reader = TapeReader {
            text,
            at: 0,
            nodes: Vec::new(),
            open: Vec::new(),
        };
        match reader.document() {
            Ok(()) => Ok(Self {
                text,
                nodes: reader.nodes,
            }),
            Err(problem) => Err(JsonError::new(problem).with_offset(reader.at)),
        }
    }

    /// What kind of value stands at a place.
    pub(super) fn token(&self, at: At) -> Token {
        match self.text.get(self.offset(at)) {
            Some(b'{') => Token::Object,
            Some(b'[') => Token::List,
            Some(b'"') => Token::String,
            Some(b't') => Token::True,
            Some(b'f') => Token::False,
            Some(b'n') => Token::Null,
            _ => Token::Number,
        }
    }

    /// Where in the text a token begins, in bytes; the text's end for places that do not exist.
    pub(super) fn offset(&self, at: At) -> usize {
        self.nodes
            .get(at)
            .map_or(self.text.len(), |n| wide(n.start & !COOKED))
    }

    /// The place behind a value and everything in it.
    pub(super) fn after(&self, at: At) -> At {
        match (self.token(at), self.nodes.get(at)) {
            (Token::Object | Token::List, Some(node)) => wide(node.end),
            _ => at.saturating_add(1),
        }
    }

    /// The values of a list, or the keys of an object, in the order of the text.
    pub(super) fn children(&self, at: At) -> impl Iterator<Item = At> {
        let end = self.after(at);
        let is_object = self.token(at) == Token::Object;
        let mut next = at.saturating_add(1);
        std::iter::from_fn(move || {
            let child = next;
            let value = if is_object {
                child.saturating_add(1)
            } else {
                child
            };
            (child < end).then(|| next = self.after(value))?;
            Some(child)
        })
    }

    /// A number as it is written; empty for places that do not exist.
    pub(super) fn number(&self, at: At) -> &'a [u8] {
        let end = self.nodes.get(at).map_or(0, |n| wide(n.end));
        self.text.get(self.offset(at)..end).unwrap_or_default()
    }

    /// A string's text. Whatever is not Unicode in it becomes U+FFFD.
    pub(super) fn string(&self, at: At) -> Cow<'a, str> {
        let Some(node) = self.nodes.get(at) else {
            return Cow::Borrowed("");
        };
        let start = self.offset(at).saturating_add(1);
        let end = wide(node.end).saturating_sub(1);
        let raw = self.text.get(start..end).unwrap_or_default();
        match std::str::from_utf8(raw) {
            Ok(text) if node.start & COOKED == 0 || !raw.contains(&b'\\') => Cow::Borrowed(text),
            _ => Cow::Owned(unescape(raw)),
        }
    }
}

struct TapeReader<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Places of the objects and lists that are open, the innermost last.
    open: Vec<At>,
}

impl TapeReader<'_> {
    fn document(&mut self) -> Result<(), JsonProblem> {
        const OBJECT: JsonProblem = syntax("an object");
        self.skip_space();
        match self.peek() {
            Some(b'{') => {}
            // Go's decoder takes it, and what comes next refuses it
            Some(b'n') => return self.literal(b"null"),
            _ => return Err(OBJECT),
        }
        self.value()?;
        while let Some(&container) = self.open.last() {
            let is_object = self.is_object(container);
            let fresh = self.nodes.len() == container.saturating_add(1);
            self.skip_space();
            match (self.peek(), is_object) {
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at = self.at.saturating_add(1);
                    self.close();
                    continue;
                }
                (Some(b','), _) if !fresh => {
                    self.at = self.at.saturating_add(1);
                    self.skip_space();
                }
                _ if fresh => {}
                _ => return Err(syntax("`,` or a closing bracket")),
            }
            if is_object {
                match self.peek() {
                    Some(b'"') => self.string()?,
                    _ => return Err(syntax("a member's name")),
                }
                self.skip_space();
                match self.peek() {
                    Some(b':') => self.at = self.at.saturating_add(1),
                    _ => return Err(syntax("`:`")),
                }
                self.skip_space();
            }
            self.value()?;
        }
        Ok(())
    }

    fn value(&mut self) -> Result<(), JsonProblem> {
        match self.peek() {
            Some(b'{' | b'[') => {
                if self.open.len() >= DEPTH {
                    return Err(JsonProblem::TooDeep);
                }
                self.open.push(self.nodes.len());
                self.node(self.at, self.at);
                self.at = self.at.saturating_add(1);
                Ok(())
            }
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => Err(syntax("a value")),
        }
    }

    fn string(&mut self) -> Result<(), JsonProblem> {
        let start = self.at;
        let mut cooked = false;
        let mut at = start.saturating_add(1);
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let plain = plain_prefix(rest);
            at = at.saturating_add(plain);
            self.at = at;
            match rest.get(plain) {
                Some(b'"') => break,
                Some(b'\\') => {
                    cooked = true;
                    let escape = rest.get(plain.saturating_add(1)..).unwrap_or_default();
                    let length = match escape.first() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if hex4(escape.get(1..)).is_some() => 6,
                        _ => return Err(syntax("an escape")),
                    };
                    at = at.saturating_add(length);
                }
                Some(0x80..) => {
                    cooked = true;
                    at = at.saturating_add(1);
                }
                _ => return Err(syntax("the end of a string")),
            }
        }
        self.at = at.saturating_add(1);
        self.node(start, self.at);
        if let Some(node) = self.nodes.last_mut().filter(|_| cooked) {
            node.start |= COOKED;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonProblem> {
        const DIGIT: JsonProblem = syntax("a digit");
        let start = self.at;
        self.accept(b"-");
        match self.peek() {
            Some(b'0') => self.at = self.at.saturating_add(1),
            _ if self.digits() => {}
            _ => return Err(DIGIT),
        }
        if self.accept(b".") && !self.digits() {
            return Err(DIGIT);
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            if !self.digits() {
                return Err(DIGIT);
            }
        }
        self.node(start, self.at);
        Ok(())
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), JsonProblem> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) != Some(word) {
            return Err(syntax("a value"));
        }
        self.node(self.at, end);
        self.at = end;
        Ok(())
    }

    fn close(&mut self) {
        let end = narrow(self.nodes.len());
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) {
            node.end = end;
        }
    }

    fn node(&mut self, start: usize, end: usize) {
        self.nodes.push(Node {
            start: narrow(start),
            end: narrow(end),
        });
    }

    fn is_object(&self, at: At) -> bool {
        let start = self.nodes.get(at).map(|n| wide(n.start));
        start.and_then(|start| self.text.get(start)) == Some(&b'{')
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, any: &[u8]) -> bool {
        let found = self.peek().is_some_and(|b| any.contains(&b));
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn digits(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at = self.at.saturating_add(count);
        count > 0
    }

    fn skip_space(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let space = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
        self.at = self.at.saturating_add(space.count());
    }
}

const fn syntax(expected: &'static str) -> JsonProblem {
    JsonProblem::Syntax { expected }
}

/// Lossless: the text is no longer than [`LONGEST`], and no longer than its tape.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

const fn wide(n: u32) -> usize {
    n as usize
}

/// How many bytes stand before the first quote, backslash, control character or byte above ASCII.
fn plain_prefix(text: &[u8]) -> usize {
    let (words, tail) = text.as_chunks::<8>();
    let full = words.iter().take_while(|word| is_plain(**word)).count();
    let rest = words.get(full).map_or(tail, |word| word.as_slice());
    let stop = |b: &u8| matches!(b, 0..0x20 | b'"' | b'\\' | 0x80..);
    let more = rest.iter().position(stop).unwrap_or(rest.len());
    full.saturating_mul(8).saturating_add(more)
}

/// Whether none of eight bytes ends a plain run; all at once.
const fn is_plain(word: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(word);
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    // the high bit of a byte is set where the byte was below the number subtracted, or above ASCII
    let found = word
        | word.wrapping_sub(ONES * 0x20)
        | quote.wrapping_sub(ONES)
        | backslash.wrapping_sub(ONES);
    found & HIGH == 0
}

fn hex4(text: Option<&[u8]>) -> Option<u32> {
    let digits = text?.first_chunk::<4>()?;
    let mut value = 0;
    for digit in digits {
        value = value << 4 | char::from(*digit).to_digit(16)?;
    }
    Some(value)
}

/// Replaces escapes, and each byte or surrogate that is not Unicode by U+FFFD.
fn unescape(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(escape) = rest.iter().position(|b| *b == b'\\') {
        let (plain, tail) = rest.split_at_checked(escape).unwrap_or((rest, &[]));
        push_bytes(&mut out, plain);
        let (length, c) = unescape_one(tail);
        out.push(c);
        rest = tail.get(length..).unwrap_or_default();
    }
    push_bytes(&mut out, rest);
    out
}

fn push_bytes(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// The escape at the beginning of a text: its length and its character.
fn unescape_one(text: &[u8]) -> (usize, char) {
    let simple = match text.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let unit = hex4(text.get(2..)).unwrap_or_default();
            let second = text.get(6..).and_then(|t| t.strip_prefix(b"\\u"));
            return match (unit, hex4(second)) {
                (high @ 0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                    let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    (12, char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER))
                }
                _ => (
                    6,
                    char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                ),
            };
        }
        Some(c) => char::from(*c),
        None => char::REPLACEMENT_CHARACTER,
    };
    (2, simple)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole document in a form of its own, to compare.
    fn dump(tape: &Tape<'_>, at: At) -> String {
        match tape.token(at) {
            Token::Object => {
                let members = tape.children(at);
                let members = members.map(|k| format!("{}={}", tape.string(k), dump(tape, k + 1)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(" "))
            }
            Token::List => {
                let values = tape.children(at).map(|v| dump(tape, v));
                format!("[{}]", values.collect::<Vec<_>>().join(" "))
            }
            Token::String => format!("{:?}", tape.string(at)),
            Token::Number => String::from_utf8_lossy(tape.number(at)).into_owned(),
            token => format!("{token:?}"),
        }
    }

    fn read(text: &[u8]) -> String {
        match Tape::read(text) {
            Ok(tape) => dump(&tape, 0),
            Err(e) => format!("error {:?}", e.offset().unwrap()),
        }
    }

    #[test]
    fn reads_the_first_value_only() {
        for (text, want) in [
            ("{}", "{}"),
            (" \t\r\n{ } x", "{}"),
            (
                r#"{"a":[1,-0.5e+3,"b",{},[]],"c":{"d":null}}"#,
                r#"{a=[1 -0.5e+3 "b" {} []] c={d=Null}}"#,
            ),
            (r#"{"a" : true , "a":false}{"#, "{a=True a=False}"),
            ("null", "Null"),
        ] {
            assert_eq!(read(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn strings_become_unicode() {
        let cases: &[(&[u8], &str)] = &[
            (br#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (br#""\u00e9\uD83D\ude00""#, "é😀"),
            (br#""\ud800""#, "\u{fffd}"),
            (br#""\ud800\u0041""#, "\u{fffd}A"),
            (br#""\ud800\ud83d\ude00""#, "\u{fffd}😀"),
            (br#""\udc00x""#, "\u{fffd}x"),
            (b"\"a\xffb\"", "a\u{fffd}b"),
            (b"\"\xe2\x82\"", "\u{fffd}\u{fffd}"),
            (b"\"\xed\xa0\x80\\n\"", "\u{fffd}\u{fffd}\u{fffd}\n"),
            (
                "\"é\u{7f} and more than eight bytes\"".as_bytes(),
                "é\u{7f} and more than eight bytes",
            ),
        ];
        for (raw, want) in cases {
            let text = [b"{\"k\":", *raw, b"}"].concat();
            let tape = Tape::read(&text).unwrap();
            assert_eq!(tape.string(2), *want, "{}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn syntax_errors_have_a_place() {
        for (text, offset) in [
            ("", 0),
            ("[]", 0),
            ("\u{feff}{}", 0),
            ("5", 0),
            ("nul", 0),
            (r#"{"sequence""#, 11),
            (r#"{"a":}"#, 5),
            (r#"{"a":1,}"#, 7),
            (r#"{"a":[1,]}"#, 8),
            (r#"{"a":[1 2]}"#, 8),
            (r#"{"a":01}"#, 6),
            (r#"{"a":1.}"#, 7),
            (r#"{"a":+1}"#, 5),
            (r#"{"a":1e}"#, 7),
            (r#"{"a":.5}"#, 5),
            (r#"{"a":tru}"#, 5),
            (r#"{"a":"\x"}"#, 6),
            (r#"{"a":"\u00g0"}"#, 6),
            ("{\"a\":\"\u{1}\"}", 6),
            (r#"{"a":"b"#, 7),
            (r#"{"a":{]}"#, 6),
            (r#"{,}"#, 1),
            (r#"{a:1}"#, 1),
            (r#"{'a':1}"#, 1),
            (r#"{"a":1"#, 6),
        ] {
            assert_eq!(read(text.as_bytes()), format!("error {offset}"), "{text}");
        }
    }

    #[test]
    fn plain_runs_end_at_every_byte_that_needs_a_look() {
        for at in 0..20 {
            for stop in [0, 0x1f, b'"', b'\\', 0x80, 0xff] {
                let mut text = vec![b'~'; 20];
                text[at] = stop;
                assert_eq!(plain_prefix(&text), at, "{stop}");
            }
        }
        let all: Vec<u8> = (0x20..0x80)
            .filter(|b| ![b'"', b'\\'].contains(b))
            .collect();
        assert_eq!(plain_prefix(&all), all.len());
    }
}
