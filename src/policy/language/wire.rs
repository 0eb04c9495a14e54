//! From the bytes of a policy to its rules, without recursion.
//!
//! Decoding follows Go's protobuf: the last scalar wins, a sub-message that comes again is merged
//! (which is: its bytes are appended), repeated fields append, the other member of a oneof drops
//! what was there, fields of another wire type are unknown, and more than 10,000 messages inside
//! each other are an error.

use crate::{
    policy::error::RuleProblem,
    proto::scan::{Fields, ScanError},
};

use super::{
    implicit_meta::MetaRule,
    model::{PrincipalId, PrincipalsBuilder, Rule},
};

/// How many messages may stand inside each other, the outermost included.
const MAX_DEPTH: usize = 10_000;
/// The depth of an envelope's rule: inside the envelope.
const RULE_DEPTH: usize = 2;

/// Compiles a `SignaturePolicyEnvelope` into rules in pre-order.
///
/// # Errors
/// Whatever makes Fabric refuse the config that holds it.
// Fabric: common/cauthdsl/policy.go, NewPolicy, and cauthdsl.go, compile
pub(in crate::policy) fn signature_policy(
    bytes: &[u8],
    principals: &mut PrincipalsBuilder<'_>,
) -> Result<Vec<Rule>, RuleProblem> {
    let (mut version, mut rule, mut identities) = (0, Vec::<&[u8]>::new(), Vec::new());
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => version = field.varint().map_or(version, int32),
            2 => rule.extend(field.bytes()),
            3 => identities.extend(field.bytes()),
            _ => {}
        }
    }
    for identity in &identities {
        decodes(identity)?;
    }
    let named = |index: i32| -> Result<PrincipalId, RuleProblem> {
        let bytes = usize::try_from(index).ok().and_then(|i| identities.get(i));
        let count = identities.len();
        let bytes = bytes.ok_or(RuleProblem::PrincipalIndex { index, count })?;
        Ok(principals.intern(bytes))
    };
    // merging messages is the same as joining their bytes
    let joined;
    let rule = match *rule.as_slice() {
        [] => return Err(RuleProblem::Empty),
        [only] => only,
        ref several => {
            joined = several.concat();
            joined.as_slice()
        }
    };
    let rules = rules(rule, named)?;
    if version != 0 {
        return Err(RuleProblem::Version(version));
    }
    Ok(rules)
}

/// Reads an `ImplicitMetaPolicy`: the sub policy's name and the rule.
///
/// # Errors
/// [`ScanError`] where the bytes do not decode.
pub(in crate::policy) fn implicit_meta(bytes: &[u8]) -> Result<(String, MetaRule), ScanError> {
    let (mut sub_policy, mut rule) = ("", 0);
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => sub_policy = field.text()?.unwrap_or(sub_policy),
            2 => rule = field.varint().map_or(rule, int32),
            _ => {}
        }
    }
    Ok((sub_policy.to_owned(), MetaRule::from_number(rule)))
}

/// One step of reading a tree of rules.
enum RuleStep<'a> {
    /// The gate at this index ends here.
    Close(usize),
    /// A `SignaturePolicy`.
    Read {
        bytes: &'a [u8],
        depth: usize,
        /// False for what a oneof dropped: it must decode, but means nothing.
        live: bool,
    },
}

/// A `SignaturePolicy` without what is below it.
#[derive(Default)]
struct RuleMessage<'a> {
    kind: Option<RuleType>,
    /// The threshold of a gate.
    n: i32,
    /// The rules of a gate.
    below: Vec<&'a [u8]>,
    /// Gates that a later `signed_by` dropped.
    dropped: Vec<&'a [u8]>,
}

#[derive(Clone, Copy)]
enum RuleType {
    OutOf,
    SignedBy(i32),
}

fn rules(
    root: &[u8],
    mut named: impl FnMut(i32) -> Result<PrincipalId, RuleProblem>,
) -> Result<Vec<Rule>, RuleProblem> {
    let mut out = Vec::new();
    let mut steps = vec![RuleStep::Read {
        bytes: root,
        depth: RULE_DEPTH,
        live: true,
    }];
    while let Some(step) = steps.pop() {
        let (bytes, depth, live) = match step {
            RuleStep::Close(gate) => {
                let after = out.len();
                if let Some(Rule::OutOf { end, .. }) = out.get_mut(gate) {
                    *end = after;
                }
                continue;
            }
            RuleStep::Read { bytes, depth, live } => (bytes, depth, live),
        };
        let shape = RuleMessage::read(bytes, depth)?;
        let depth = depth.saturating_add(2);
        if live {
            match shape.kind {
                None => return Err(RuleProblem::Empty),
                Some(RuleType::SignedBy(index)) => out.push(Rule::SignedBy(named(index)?)),
                Some(RuleType::OutOf) => {
                    steps.push(RuleStep::Close(out.len()));
                    out.push(Rule::OutOf {
                        n: shape.n,
                        rules: shape.below.len(),
                        end: 0,
                    });
                }
            }
        }
        // the last pushed is read first; the order of what was dropped means nothing
        let dropped = shape.dropped.into_iter().map(|bytes| (bytes, false));
        let below = shape.below.into_iter().rev().map(|bytes| (bytes, live));
        steps.extend(dropped.chain(below).map(|(bytes, live)| RuleStep::Read {
            bytes,
            depth,
            live,
        }));
    }
    Ok(out)
}

impl<'a> RuleMessage<'a> {
    fn read(bytes: &'a [u8], depth: usize) -> Result<Self, RuleProblem> {
        let mut shape = Self::default();
        if depth > MAX_DEPTH {
            return Err(RuleProblem::TooDeep);
        }
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.next()? {
            match (field.number, field.varint(), field.bytes()) {
                (1, Some(index), _) => {
                    shape.kind = Some(RuleType::SignedBy(int32(index)));
                    shape.n = 0;
                    shape.dropped.append(&mut shape.below);
                }
                (2, _, Some(_)) if depth >= MAX_DEPTH => return Err(RuleProblem::TooDeep),
                (2, _, Some(gate)) => {
                    shape.kind = Some(RuleType::OutOf);
                    shape.gate(gate)?;
                }
                _ => {}
            }
        }
        Ok(shape)
    }

    /// Merges an `NOutOf`.
    fn gate(&mut self, bytes: &'a [u8]) -> Result<(), ScanError> {
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => self.n = field.varint().map_or(self.n, int32),
                2 => self.below.extend(field.bytes()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether every field of a message can be read.
fn decodes(message: &[u8]) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while fields.next()?.is_some() {}
    Ok(())
}

/// The low 32 bits of a varint, as protobuf reads an `int32` or an enum.
const fn int32(value: u64) -> i32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}
