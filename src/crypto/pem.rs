//! PEM as Fabric reads it: the first block anywhere, of any type, with text before and after.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::STANDARD as STANDARD_BASE64,
    },
};

/// What stands between one pair of `BEGIN` and `END` lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemBlock<'a> {
    /// What stands after `BEGIN`.
    pub label: &'a [u8],
    /// What its base64 decodes to.
    pub content: Vec<u8>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// Go's decoder ignores the unused bits of the last character.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// The first block that is well formed; what is not is passed over.
// Fabric: msp/mspimpl.go, getCertFromPem, by Go: encoding/pem, Decode
#[must_use]
pub fn first_block(text: &[u8]) -> Option<PemBlock<'_>> {
    blocks(text).next()
}

/// All blocks that are well formed, in their order; what is not is passed over.
pub fn blocks(text: &[u8]) -> impl Iterator<Item = PemBlock<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (block, after) = next_block(rest)?;
        rest = after;
        Some(block)
    })
}

/// The PEM block of this label and content, with lines as Go and openssl write them.
#[must_use]
pub fn encode(label: &str, content: &[u8]) -> String {
    let encoded = STANDARD_BASE64.encode(content);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while let Some((line, after)) = rest.split_at_checked(64) {
        out.extend([line, "\n"]);
        rest = after;
    }
    if !rest.is_empty() {
        out.extend([rest, "\n"]);
    }
    out.extend(["-----END ", label, "-----\n"]);
    out
}

fn next_block(text: &[u8]) -> Option<(PemBlock<'_>, &[u8])> {
    let mut rest = text;
    loop {
        // the first end line, and the last begin before it: begins without an end are passed over
        let end = find(rest, END)?;
        let (before, at_end) = rest.split_at_checked(end)?;
        let after_end = at_end.get(END.len()..)?;
        let begin = rfind(before, BEGIN);
        let line_start = begin.is_some_and(|b| b == 0 || before.get(b - 1) == Some(&b'\n'));
        rest = match begin
            .filter(|_| line_start)
            .and_then(|b| rest.get(b + BEGIN.len()..))
        {
            None => after_end,
            Some(body) => match block(body, after_end)? {
                Read::Block(block) => return Some((block, after_end)),
                Read::PassOver => after_end,
            },
        };
    }
}

enum Read<'a> {
    Block(PemBlock<'a>),
    PassOver,
}

/// Reads a block: `body` starts after `BEGIN `, `after_end` after `END ` of the first end line that
/// follows. `None` where the text ends inside the headers: then there is no block at all.
fn block<'a>(body: &'a [u8], after_end: &[u8]) -> Option<Read<'a>> {
    let (type_line, mut rest) = line(body);
    let Some(label) = type_line.strip_suffix(DASHES) else {
        return Some(Read::PassOver);
    };
    let mut headers = false;
    loop {
        if rest.is_empty() {
            return None;
        }
        let (header, next) = line(rest);
        if !header.contains(&b':') {
            break;
        }
        headers = true;
        rest = next;
    }
    // how far the end line is; headers may have run past it
    let content_length = rest.len().checked_sub(after_end.len() + END.len());
    if headers && content_length.is_none() {
        return if rest.len() < after_end.len() {
            None
        } else {
            Some(Read::PassOver)
        };
    }
    let Some(trailer) = after_end
        .strip_prefix(label)
        .and_then(|trailer| trailer.strip_prefix(DASHES))
    else {
        return Some(Read::PassOver);
    };
    if !line(trailer).0.is_empty() {
        return Some(Read::PassOver);
    }
    let encoded = rest.get(..content_length.unwrap_or_default())?;
    let encoded: Vec<u8> = encoded
        .iter()
        .copied()
        .filter(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        .collect();
    Some(match BASE64.decode(encoded) {
        Ok(content) => Read::Block(PemBlock { label, content }),
        Err(_) => Read::PassOver,
    })
}

/// The first line without its end and trailing blanks, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (mut line, rest) = match text.iter().position(|b| *b == b'\n') {
        None => (text, &[][..]),
        Some(at) => {
            let (line, rest) = text.split_at(at);
            (
                line.strip_suffix(b"\r").unwrap_or(line),
                rest.get(1..).unwrap_or_default(),
            )
        }
    };
    while let [head @ .., b' ' | b'\t'] = line {
        line = head;
    }
    (line, rest)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn rfind(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).rposition(|w| w == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(text: &str) -> Option<Vec<u8>> {
        first_block(text.as_bytes()).map(|b| b.content)
    }

    #[test]
    fn blocks_are_written_as_they_are_read() {
        for length in [0, 1, 47, 48, 49, 96, 1_000] {
            let content = vec![0xfb; length];
            let text = encode("X", &content);
            assert!(
                text.lines()
                    .all(|line| line.len() <= 64 && !line.is_empty())
            );
            let two = format!("{text}between\n{text}");
            let found: Vec<_> = blocks(two.as_bytes()).map(|block| block.content).collect();
            assert_eq!(found, [content.clone(), content]);
        }
    }

    #[test]
    fn the_first_well_formed_block_counts() {
        let hi = Some(b"hi!".to_vec());
        let cases: &[(&str, &str, Option<Vec<u8>>)] = &[
            (
                "plain",
                "-----BEGIN X-----\naGkh\n-----END X-----\n",
                hi.clone(),
            ),
            (
                "text around",
                "a\nb\n-----BEGIN X-----\naGkh\n-----END X-----\nc",
                hi.clone(),
            ),
            (
                "crlf and blanks",
                "-----BEGIN X-----  \r\naG kh\r\n-----END X----- \t\r\n",
                hi.clone(),
            ),
            (
                "no type",
                "-----BEGIN -----\naGkh\n-----END -----",
                hi.clone(),
            ),
            (
                "headers",
                "-----BEGIN X-----\nA: b\nC:d\n\naGkh\n-----END X-----\n",
                hi.clone(),
            ),
            (
                "begin inside a line",
                "x-----BEGIN X-----\naGkh\n-----END X-----\n",
                None,
            ),
            (
                "types differ",
                "-----BEGIN X-----\naGkh\n-----END Y-----\n",
                None,
            ),
            ("no end", "-----BEGIN X-----\naGkh\n", None),
            (
                "not base64",
                "-----BEGIN X-----\n!!!!\n-----END X-----\n",
                None,
            ),
            (
                "no padding",
                "-----BEGIN X-----\naGk\n-----END X-----\n",
                None,
            ),
            (
                "loose bits",
                "-----BEGIN X-----\naGl=\n-----END X-----\n",
                Some(b"hi".to_vec()),
            ),
            (
                "empty",
                "-----BEGIN X-----\n-----END X-----\n",
                Some(vec![]),
            ),
            (
                "end line goes on",
                "-----BEGIN X-----\naGkh\n-----END X-----x\n",
                None,
            ),
            (
                "a bad block first",
                "-----BEGIN X-----\n??\n-----END X-----\n-----BEGIN X-----\naGkh\n-----END X-----\n",
                hi.clone(),
            ),
            (
                "a begin without end first",
                "-----BEGIN Y-----\n-----BEGIN X-----\naGkh\n-----END X-----\n",
                hi.clone(),
            ),
            ("nothing", "", None),
        ];
        for (name, text, want) in cases {
            assert_eq!(&content(text), want, "{name}");
        }
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(parts in proptest::collection::vec(
            prop_oneof![
                Just("-----BEGIN X-----"), Just("-----END X-----"), Just("\n"), Just("A: b"),
                Just("-----"), Just("aGkh"), Just(":"), Just("\r\n"), Just("-----BEGIN "), Just("\n-----END "),
            ],
            0..12,
        )) {
            let _ = content(&parts.concat());
        }

        #[test]
        fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = first_block(&bytes);
        }
    }
}
