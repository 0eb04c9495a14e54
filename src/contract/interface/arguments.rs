//! The arguments of a call, read by the rules that all functions share.
//!
//! An absent argument, an empty string and an empty option object are equal.

use std::{collections::BTreeMap, str};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{CallLimits, functions::Served};
use crate::{
    capabilities::ContractBounds,
    contract::error::{Code, ContractError, shown},
    ids::{Digest, ProposalId},
    stub::Invocation,
};

/// What a call may carry as a transient field: the field's name where there is one, and a word for
/// people.
const BLOCK: (&str, &str) = ("config_block", "block");
const CONFIG: (&str, &str) = ("config", "config");

/// Function name and arguments of one call, within the limits.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    function: &'a str,
    values: &'a [Bytes],
    transient: &'a BTreeMap<String, Bytes>,
    limits: &'a CallLimits,
}

impl<'a> Arguments<'a> {
    /// Takes the call apart.
    pub(crate) fn new(
        invocation: &'a Invocation,
        limits: &'a CallLimits,
    ) -> Result<Self, ContractError> {
        let mut total = 0usize;
        for value in invocation.args.iter().chain(invocation.transient.values()) {
            if value.len() > limits.argument {
                return Err(Code::ArgumentTooLarge.because(format_args!(
                    "an argument or transient field has {} bytes, the limit is {}",
                    value.len(),
                    limits.argument
                )));
            }
            // saturating: a sum beyond usize is beyond any limit
            total = total.saturating_add(value.len());
        }
        if total > limits.call {
            return Err(Code::CallTooLarge.because(format_args!(
                "the call carries {total} bytes, the limit is {}",
                limits.call
            )));
        }
        let (function, values) = match invocation.args.split_first() {
            None => ("", [].as_slice()),
            Some((function, values)) => (
                str::from_utf8(function)
                    .map_err(|_| Code::BadText.because("the function name is not utf-8"))?,
                values,
            ),
        };
        // an empty argument at the end is an absent one
        let given = values
            .iter()
            .rposition(|v| !v.is_empty())
            .map_or(0, |last| last.saturating_add(1));
        Ok(Self {
            function,
            values: values.get(..given).unwrap_or_default(),
            transient: &invocation.transient,
            limits,
        })
    }

    /// The arguments as a call of the function that the first of them names.
    pub(crate) fn of_named(&self) -> Result<Self, ContractError> {
        Ok(Self {
            function: self.text(0, "function")?,
            values: self.values.get(1..).unwrap_or_default(),
            ..*self
        })
    }

    /// The function's name; empty where the call has no arguments at all.
    pub(crate) const fn function(&self) -> &'a str {
        self.function
    }

    /// The limits that this server sets.
    pub(crate) const fn limits(&self) -> &'a CallLimits {
        self.limits
    }

    /// Whether the function was given no arguments.
    pub(crate) const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Demands the arguments that a function must have, not empty, and no more than it may have.
    pub(crate) fn expect(&self, served: &Served) -> Result<(), ContractError> {
        let parameters = served.parameters;
        let missing = parameters
            .iter()
            .enumerate()
            .find(|(index, one)| one.required && self.value(*index).is_empty());
        if missing.is_none() && (served.repeats || self.values.len() <= parameters.len()) {
            return Ok(());
        }
        let last = parameters.len().saturating_sub(1);
        let usage: Vec<String> = (parameters.iter().enumerate())
            .map(
                |(at, one)| match (one.required, served.repeats && at == last) {
                    (true, false) => one.name.to_owned(),
                    (true, true) => format!("{}, [...]", one.name),
                    (false, false) => format!("[{}]", one.name),
                    (false, true) => format!("[{}, ...]", one.name),
                },
            )
            .collect();
        let usage = match usage.is_empty() {
            true => "none".to_owned(),
            false => usage.join(", "),
        };
        Err(Code::ArgumentCount.because(match missing {
            Some((_, one)) => format!(
                "argument `{}` is missing or empty; `{}` takes: {usage}",
                one.name, served.name
            ),
            None => format!(
                "{} arguments are too many; `{}` takes: {usage}",
                self.values.len(),
                served.name
            ),
        }))
    }

    /// The bytes of an argument, from 0; empty where it is absent.
    pub(crate) fn value(&self, index: usize) -> &'a Bytes {
        static ABSENT: Bytes = Bytes::new();
        self.values.get(index).unwrap_or(&ABSENT)
    }

    /// The text of an argument; empty where it is absent.
    pub(crate) fn text(&self, index: usize, name: &str) -> Result<&'a str, ContractError> {
        str::from_utf8(self.value(index))
            .map_err(|_| Code::BadText.because(format_args!("argument `{name}` is not utf-8")))
    }

    /// A proposal's id.
    pub(crate) fn id(&self, index: usize) -> Result<ProposalId, ContractError> {
        proposal_id(self.text(index, "id")?)
    }

    /// A description within its limit.
    pub(crate) fn description(&self, index: usize) -> Result<&'a str, ContractError> {
        let text = self.text(index, "description")?;
        let limit = ContractBounds::V1_0.description;
        if text.len() > limit {
            return Err(Code::DescriptionTooLong.because(format_args!(
                "the description has {} bytes, the limit is {limit}",
                text.len()
            )));
        }
        Ok(text)
    }

    /// A reason within its limit.
    pub(crate) fn reason(&self, index: usize) -> Result<&'a str, ContractError> {
        let text = self.text(index, "reason")?;
        let limit = ContractBounds::V1_0.reason;
        if text.len() > limit {
            return Err(Code::ReasonTooLong.because(format_args!(
                "the reason has {} bytes, the limit is {limit}",
                text.len()
            )));
        }
        Ok(text)
    }

    /// A decimal number; `None` where the argument is absent.
    pub(crate) fn number(&self, index: usize, name: &str) -> Result<Option<u64>, ContractError> {
        let text = self.text(index, name)?.trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits => Ok(Some(number)),
            _ => Err(Code::BadNumber.because(format_args!(
                "argument `{name}` is `{}`, expected a decimal number",
                shown(text)
            ))),
        }
    }

    /// An options object; the default where the argument is absent.
    pub(crate) fn options<T: DeserializeOwned + Default>(
        &self,
        index: usize,
    ) -> Result<T, ContractError> {
        self.object(index, "options")
    }

    /// A JSON object of our own; the default where the argument is absent.
    pub(crate) fn object<T: DeserializeOwned + Default>(
        &self,
        index: usize,
        name: &str,
    ) -> Result<T, ContractError> {
        let text = self.text(index, name)?.trim_ascii();
        if text.is_empty() {
            return Ok(T::default());
        }
        if !text.starts_with('{') {
            return Err(Code::BadJson.because(format_args!("`{name}` is not a JSON object")));
        }
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                Code::BadOption.because(format_args!("{name}: {error}"))
            }
            _ => Code::BadJson.because(format_args!("{name}: {error}")),
        })
    }

    /// A JSON array of proposal ids; `None` where the argument is absent. Each id once, in the
    /// order given.
    pub(crate) fn ids(&self, index: usize) -> Result<Option<Vec<ProposalId>>, ContractError> {
        let text = self.text(index, "ids")?.trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        let given: Vec<String> = serde_json::from_str(text).map_err(|error| {
            Code::BadJson.because(format_args!(
                "`ids` is not a JSON array of strings: {error}"
            ))
        })?;
        if given.len() > ContractBounds::V1_0.items {
            return Err(Code::TooMany.because(format_args!(
                "{} ids, the limit is {}",
                given.len(),
                ContractBounds::V1_0.items
            )));
        }
        let mut ids = Vec::with_capacity(given.len());
        let mut seen = std::collections::BTreeSet::new();
        for text in given {
            let id = proposal_id(&text)?;
            if seen.insert(id.clone()) {
                ids.push(id);
            }
        }
        Ok(Some(ids))
    }

    /// All arguments as blocks, in their order.
    pub(crate) fn blocks(&self) -> Result<Vec<Bytes>, ContractError> {
        if self.values.len() > ContractBounds::V1_0.items {
            return Err(Code::TooMany.because(format_args!(
                "{} blocks, the limit is {}",
                self.values.len(),
                ContractBounds::V1_0.items
            )));
        }
        self.values.iter().map(|v| self.block_of(v)).collect()
    }

    /// One argument as a block: the name of a transient field, base64, or the bytes themselves.
    pub(crate) fn block(&self, index: usize) -> Result<Bytes, ContractError> {
        self.block_of(self.value(index))
    }

    /// One argument as an edited config: the name of a transient field, base64, or the text or bytes
    /// themselves.
    pub(crate) fn config(&self, index: usize) -> Result<Bytes, ContractError> {
        self.carried(self.value(index), CONFIG)
    }

    fn block_of(&self, value: &Bytes) -> Result<Bytes, ContractError> {
        self.carried(value, BLOCK)
    }

    /// What an argument names, holds in base64, or is.
    fn carried(&self, value: &Bytes, kind: (&str, &str)) -> Result<Bytes, ContractError> {
        if let Some(digest) = str::from_utf8(value).ok().and_then(Digest::from_hex) {
            return self.transient(&digest, kind);
        }
        let is_text = |b: &u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=') || b.is_ascii_whitespace()
        };
        match value.iter().all(is_text) {
            true => base64(value, kind.1),
            false => Ok(value.clone()),
        }
    }

    fn transient(
        &self,
        digest: &Digest,
        (plain, word): (&str, &str),
    ) -> Result<Bytes, ContractError> {
        let own = format!("{plain}.{digest}");
        let (name, field) = match self.transient.get(&own) {
            Some(field) => (own.as_str(), field),
            None => match self.transient.get(plain) {
                Some(field) => (plain, field),
                None => {
                    return Err(Code::TransientMissing.because(format_args!(
                        "the argument names a {word} by its sha-256 `{digest}`, but there is \
                         neither a transient field `{own}` nor `{plain}`"
                    )));
                }
            },
        };
        let actual = Digest::of(field);
        if actual != *digest {
            return Err(Code::TransientMismatch.because(format_args!(
                "transient field `{name}` has sha-256 `{actual}`, the argument names `{digest}`"
            )));
        }
        Ok(field.clone())
    }
}

/// An id by its rules.
pub(crate) fn proposal_id(text: &str) -> Result<ProposalId, ContractError> {
    if ProposalId::is_legal(text) {
        return Ok(ProposalId::new(text));
    }
    Err(Code::BadId.because(format_args!(
        "id `{}` is not 3 to 64 of the characters A-Z a-z 0-9 . - _",
        shown(text)
    )))
}

/// Whether an argument that may be JSON or base64 is JSON: its first non-space byte tells.
pub(crate) fn is_json(value: &[u8]) -> bool {
    value.trim_ascii_start().first() == Some(&b'{')
}

/// Standard base64 with padding, white space ignored.
pub(crate) fn base64(text: &[u8], name: &str) -> Result<Bytes, ContractError> {
    let packed: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    STANDARD.decode(&packed).map(Bytes::from).map_err(|error| {
        Code::BadBase64.because(format_args!(
            "argument `{name}` is not standard base64 with padding: {}",
            error.to_string().to_lowercase()
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::contract::interface::functions;

    fn call(args: &[&[u8]]) -> Invocation {
        Invocation {
            args: args.iter().map(|a| Bytes::copy_from_slice(a)).collect(),
            ..Invocation::default()
        }
    }

    fn code<T: std::fmt::Debug>(result: Result<T, ContractError>) -> Code {
        result.unwrap_err().code()
    }

    #[test]
    fn absent_and_empty_are_equal() {
        let limits = CallLimits::default();
        #[derive(Debug, Default, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields, default)]
        struct Options {
            deadline: Option<String>,
        }
        for args in [
            &[b"f".as_slice(), b"id1"][..],
            &[b"f", b"id1", b""],
            &[b"f", b"id1", b"", b""],
            &[b"f", b"id1", b"{}"],
            &[b"f", b"id1", b" { } "],
        ] {
            let call = call(args);
            let arguments = Arguments::new(&call, &limits).unwrap();
            assert_eq!(arguments.options::<Options>(1), Ok(Options::default()));
        }
        for (options, expected) in [
            ("{\"other\":1}", Code::BadOption),
            ("{\"deadline\":1}", Code::BadOption),
            ("{", Code::BadJson),
            ("[]", Code::BadJson),
            ("{} {}", Code::BadJson),
        ] {
            let call = call(&[b"f", b"id1", options.as_bytes()]);
            let arguments = Arguments::new(&call, &limits).unwrap();
            assert_eq!(code(arguments.options::<Options>(1)), expected, "{options}");
        }
    }

    #[test]
    fn counts() {
        let limits = CallLimits::default();
        for (args, expected) in [
            (&[b"RejectProposal".as_slice()][..], Err("argument `id`")),
            (&[b"RejectProposal", b""], Err("argument `id`")),
            (&[b"RejectProposal", b"", b"x"], Err("argument `id`")),
            (&[b"RejectProposal", b"a"], Err("argument `reason`")),
            (&[b"RejectProposal", b"a", b"b"], Ok(())),
            (&[b"RejectProposal", b"a", b"b", b""], Ok(())),
            (&[b"RejectProposal", b"a", b"b", b"c"], Err("3 arguments")),
            (&[b"GetHistory"], Ok(())),
            (&[b"GetHistory", b"{}", b"x"], Err("2 arguments")),
            (&[b"GetConfigChain", b"{}", b"x"], Err("2 arguments")),
            (&[b"SyncConfig"], Err("argument `block`")),
            (&[b"SyncConfig", b"1", b"2", b"3"], Ok(())),
            (&[b"Init"], Ok(())),
            (&[b"Init", b"1", b"2", b"3"], Ok(())),
        ] {
            let call = call(args);
            let arguments = Arguments::new(&call, &limits).unwrap();
            let served = functions::named(arguments.function()).unwrap();
            match (arguments.expect(served), expected) {
                (Ok(()), Ok(())) => {}
                (Err(refusal), Err(start)) => {
                    assert_eq!(refusal.code(), Code::ArgumentCount);
                    assert!(refusal.text().starts_with(start), "{refusal}");
                }
                (found, expected) => panic!("{args:?}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn sizes() {
        let limits = CallLimits {
            argument: 4,
            call: 6,
            ..CallLimits::default()
        };
        let too_large = call(&[b"f", b"12345"]);
        let too_much = call(&[b"f", b"1234", b"12"]);
        assert_eq!(
            code(Arguments::new(&too_large, &limits)),
            Code::ArgumentTooLarge
        );
        assert_eq!(code(Arguments::new(&too_much, &limits)), Code::CallTooLarge);
        let mut transient = call(&[b"f"]);
        transient
            .transient
            .insert("x".to_owned(), Bytes::from_static(b"12345"));
        assert_eq!(
            code(Arguments::new(&transient, &limits)),
            Code::ArgumentTooLarge
        );
    }

    #[test]
    fn ids() {
        for good in ["abc", "a-b_C9", "a.b", "...", &"x".repeat(64)] {
            assert!(proposal_id(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            &"x".repeat(65),
            "a b",
            "a/b",
            "a%b",
            "äbc",
            "a\0b",
        ] {
            assert_eq!(code(proposal_id(bad)), Code::BadId, "{bad}");
        }
        let limits = CallLimits::default();
        let list = call(&[b"f", b"[\"abc\",\"abd\",\"abc\"]"]);
        let arguments = Arguments::new(&list, &limits).unwrap();
        assert_eq!(arguments.ids(0), Ok(Some(vec!["abc".into(), "abd".into()])));
    }

    #[test]
    fn blocks_come_in_three_ways() {
        let limits = CallLimits::default();
        let raw = Bytes::from_static(b"\x0a\x02\x08\x01");
        let digest = Digest::of(&raw).to_string();
        let mut block = call(&[b"f", &raw, b"Cg II\nAQ==", digest.as_bytes()]);
        let arguments = Arguments::new(&block, &limits).unwrap();
        assert_eq!(arguments.block(0), Ok(raw.clone()));
        assert_eq!(
            arguments.block(1),
            Ok(Bytes::from_static(b"\x0a\x02\x08\x01"))
        );
        assert_eq!(code(arguments.block(2)), Code::TransientMissing);
        block
            .transient
            .insert(BLOCK.0.to_owned(), Bytes::from_static(b"other"));
        let arguments = Arguments::new(&block, &limits).unwrap();
        assert_eq!(code(arguments.block(2)), Code::TransientMismatch);
        block
            .transient
            .insert(format!("{}.{digest}", BLOCK.0), raw.clone());
        let arguments = Arguments::new(&block, &limits).unwrap();
        assert_eq!(arguments.blocks().map(|b| b.len()), Ok(3));
        assert_eq!(arguments.block(2), Ok(raw));
        let bad = call(&[b"f", b"abc"]);
        let arguments = Arguments::new(&bad, &limits).unwrap();
        assert_eq!(code(arguments.blocks()), Code::BadBase64);
    }

    #[test]
    fn numbers() {
        let limits = CallLimits::default();
        let given = call(&[b"f", b" 7 ", b"+7", b"18446744073709551616", b"x"]);
        let arguments = Arguments::new(&given, &limits).unwrap();
        assert_eq!(arguments.number(0, "n"), Ok(Some(7)));
        for index in 1..4 {
            assert_eq!(code(arguments.number(index, "n")), Code::BadNumber);
        }
        assert_eq!(arguments.number(4, "n"), Ok(None));
    }
}
