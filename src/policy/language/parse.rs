//! Fabric's policy language: `AND('Org1MSP.admin', OutOf(2, 'Org2MSP.peer', ..))`.

use crate::{policy::error::PolicyError, proto::write};

/// How many gates may stand inside each other: what Go still decodes, as every gate takes two of
/// 10,000 messages.
const MAX_GATES: usize = 4_999;

/// Reads a policy text and gives the serialized `SignaturePolicyEnvelope`, the same that Fabric's
/// own parser makes: principals are listed gate by gate, inner gates first, and never shared.
///
/// Gates are `AND`, `OR` and `OutOf(n, ..)`, also written `And`, `and` and so on; principals are
/// `'msp id.role'` in single or double quotes with the roles member, admin, client, peer, orderer.
///
/// # Errors
/// [`PolicyError::Syntax`]; [`PolicyError::Threshold`] where `n` is negative or above the number of
/// rules plus one, as in Fabric.
// Fabric: common/policydsl/policyparser.go, FromString
// Differs from Fabric: comments, operators and text put together by expressions are refused.
pub fn parse_policy(text: &str) -> Result<Vec<u8>, PolicyError> {
    let mut tokens = Tokens {
        text,
        at: 0,
        before: 0,
    };
    let mut identities: Vec<u8> = Vec::new();
    let mut listed = 0;
    let mut open = vec![tokens.gate()?];
    loop {
        match tokens.next()? {
            PolicyToken::Text(name) => {
                let principal = principal(&name).ok_or_else(|| tokens.wrong(PRINCIPAL))?;
                if let Some(gate) = open.last_mut() {
                    gate.rules.push(Below::Principal(principal));
                }
            }
            PolicyToken::Word(_) => {
                tokens.back();
                if open.len() >= MAX_GATES {
                    return Err(tokens.wrong("at most 4999 gates inside each other"));
                }
                open.push(tokens.gate()?);
                continue;
            }
            _ => return Err(tokens.wrong("a principal or a gate")),
        }
        // behind a rule: the next one, or the end of its gate, which is a rule of the outer one
        loop {
            match tokens.next()? {
                PolicyToken::Comma => break,
                PolicyToken::Close => {}
                _ => return Err(tokens.wrong("`,` or `)`")),
            }
            let Some(gate) = open.pop() else {
                return Err(tokens.wrong("the end"));
            };
            let rule = gate.encode(&mut identities, &mut listed)?;
            match open.last_mut() {
                Some(outer) => outer.rules.push(Below::Gate(rule)),
                None => {
                    if !matches!(tokens.next()?, PolicyToken::End) {
                        return Err(tokens.wrong("the end"));
                    }
                    let mut out = Vec::new();
                    write::message(&mut out, 2, &rule);
                    out.append(&mut identities);
                    return Ok(out);
                }
            }
        }
    }
}

const PRINCIPAL: &str = "a principal such as 'Org1MSP.admin'";

/// A gate whose end has not come yet.
struct Gate {
    /// `None`: as many as there are rules.
    threshold: Option<i64>,
    rules: Vec<Below>,
}

enum Below {
    /// A serialized `SignaturePolicy`.
    Gate(Vec<u8>),
    /// A serialized `MSPPrincipal`.
    Principal(Vec<u8>),
}

impl Gate {
    /// The serialized `SignaturePolicy`; appends the principals to the envelope's list.
    fn encode(self, identities: &mut Vec<u8>, listed: &mut u64) -> Result<Vec<u8>, PolicyError> {
        let rules = self.rules.len();
        let all = i64::try_from(rules).unwrap_or(i64::MAX);
        let threshold = self.threshold.unwrap_or(all);
        let number = u64::try_from(threshold).ok();
        let Some(number) = number.filter(|_| threshold <= all.saturating_add(1)) else {
            return Err(PolicyError::Threshold { threshold, rules });
        };
        let mut n_out_of = Vec::new();
        write::uint(&mut n_out_of, 1, number);
        for below in self.rules {
            match below {
                Below::Gate(rule) => write::message(&mut n_out_of, 2, &rule),
                Below::Principal(principal) => {
                    write::message(identities, 3, &principal);
                    // a member of a oneof is written even when it is 0
                    let mut signed_by = vec![8];
                    write::varint(&mut signed_by, *listed);
                    write::message(&mut n_out_of, 2, &signed_by);
                    *listed = listed.saturating_add(1);
                }
            }
        }
        let mut rule = Vec::new();
        write::message(&mut rule, 2, &n_out_of);
        Ok(rule)
    }
}

/// The serialized `MSPPrincipal` of `Org1MSP.admin`.
fn principal(name: &str) -> Option<Vec<u8>> {
    let (msp_id, role) = name.rsplit_once('.')?;
    let role = match role {
        "member" => 0,
        "admin" => 1,
        "client" => 2,
        "peer" => 3,
        "orderer" => 4,
        _ => return None,
    };
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    if msp_id.is_empty() || !msp_id.bytes().all(legal) {
        return None;
    }
    let mut msp_role = Vec::new();
    write::bytes(&mut msp_role, 1, msp_id.as_bytes());
    write::uint(&mut msp_role, 2, role);
    let mut out = Vec::new();
    write::bytes(&mut out, 2, &msp_role);
    Some(out)
}

#[derive(Debug, PartialEq, Eq)]
enum PolicyToken<'t> {
    Close,
    Comma,
    End,
    Number(i64),
    Open,
    Text(String),
    Word(&'t str),
}

struct Tokens<'t> {
    text: &'t str,
    /// Bytes read so far, and before the latest token.
    at: usize,
    before: usize,
}

impl<'t> Tokens<'t> {
    /// The start of a gate: its name, `(`, and the threshold of `OutOf` with its comma.
    fn gate(&mut self) -> Result<Gate, PolicyError> {
        const GATE: &str = "a gate: AND, OR or OutOf";
        let PolicyToken::Word(name) = self.next()? else {
            return Err(self.wrong(GATE));
        };
        let threshold = match name {
            "AND" | "And" | "and" => None,
            "OR" | "Or" | "or" => Some(1),
            "OUTOF" | "OutOf" | "outof" => Some(0),
            _ => return Err(self.wrong(GATE)),
        };
        if self.next()? != PolicyToken::Open {
            return Err(self.wrong("`(`"));
        }
        let rules = Vec::new();
        if threshold != Some(0) {
            return Ok(Gate { threshold, rules });
        }
        // Fabric takes a number between quotes as well
        let threshold = match self.next()? {
            PolicyToken::Number(number) => Some(number),
            PolicyToken::Text(text) => text.parse().ok(),
            _ => None,
        };
        if threshold.is_none() {
            return Err(self.wrong("a number"));
        }
        if self.next()? != PolicyToken::Comma {
            return Err(self.wrong("`,`"));
        }
        Ok(Gate { threshold, rules })
    }

    fn next(&mut self) -> Result<PolicyToken<'t>, PolicyError> {
        let rest = self.rest().trim_start();
        self.at = self.text.len().saturating_sub(rest.len());
        self.before = self.at;
        let Some(first) = rest.chars().next() else {
            return Ok(PolicyToken::End);
        };
        let (token, len) = match first {
            '(' => (PolicyToken::Open, 1),
            ')' => (PolicyToken::Close, 1),
            ',' => (PolicyToken::Comma, 1),
            '\'' | '"' => {
                let (text, len) =
                    quoted(rest, first).ok_or_else(|| self.wrong("a closed quote"))?;
                (PolicyToken::Text(text), len)
            }
            '-' | '+' | '0'..='9' => {
                let digits = |c: char| !c.is_ascii_digit();
                let tail = rest.get(1..).unwrap_or_default();
                let len = tail.find(digits).unwrap_or(tail.len()).saturating_add(1);
                let number = rest.get(..len).and_then(|n| n.parse().ok());
                (
                    PolicyToken::Number(number.ok_or_else(|| self.wrong("a number"))?),
                    len,
                )
            }
            _ => {
                let len = rest.find(|c: char| !c.is_ascii_alphanumeric());
                let word = rest.get(..len.unwrap_or(rest.len())).unwrap_or_default();
                (PolicyToken::Word(word), word.len().max(first.len_utf8()))
            }
        };
        self.at = self.at.saturating_add(len);
        Ok(token)
    }

    /// Unreads the latest token.
    const fn back(&mut self) {
        self.at = self.before;
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What the latest token should have been.
    const fn wrong(&self, expected: &'static str) -> PolicyError {
        PolicyError::Syntax {
            offset: self.before,
            expected,
        }
    }
}

/// The content of a quoted text, and how many bytes it takes with its quotes. A backslash takes the
/// next character as it is.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            _ if c == quote => return Some((out, at.saturating_add(1))),
            _ => out.push(c),
        }
    }
    None
}
