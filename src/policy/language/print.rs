//! Policies as text, in the language that [`parse_policy`](super::parse_policy) reads.

use std::fmt::Write as _;

use crate::policy::error::RuleProblem;

use super::{
    implicit_meta::ImplicitMeta,
    model::{Principals, PrincipalsBuilder, Rule},
    wire,
};

/// How much of a rule's text answers show. Unit: bytes, about.
pub const RULE_TEXT: usize = 2_048;

/// Prints a serialized `SignaturePolicyEnvelope`: `OR('Org1MSP.admin', AND(..))`,
/// `OutOf(2, ..)` where the threshold is neither one nor all. A principal that the language cannot
/// name is described between the quotes. A text of more than about `limit` bytes is cut, with `..`
/// at its end: a rule may name one long principal very often.
///
/// # Errors
/// [`RuleProblem`] where the policy does not compile.
pub fn print_policy(envelope: &[u8], limit: usize) -> Result<String, RuleProblem> {
    let mut principals = PrincipalsBuilder::default();
    let rules = wire::signature_policy(envelope, &mut principals)?;
    Ok(rules_text(&rules, 0, &principals.finish(), limit))
}

/// Prints a serialized `ImplicitMetaPolicy`: `MAJORITY Admins`. A rule number that Fabric does not
/// list is shown as `RULE-7`.
///
/// # Errors
/// [`RuleProblem::Undecodable`].
pub fn print_implicit_meta(policy: &[u8]) -> Result<String, RuleProblem> {
    let (sub_policy, rule) = wire::implicit_meta(policy)?;
    let meta = ImplicitMeta {
        sub_policy: sub_policy.into(),
        rule,
        subs: Vec::new(),
    };
    Ok(meta.text())
}

/// Prints the rule of a `common.Policy` by its type, cut as by [`print_policy`]; `None` where there
/// is no such type, or the rule does not compile.
#[must_use]
pub fn print_rule(kind: i32, rule: &[u8], limit: usize) -> Option<String> {
    match kind {
        1 => print_policy(rule, limit).ok(),
        3 => print_implicit_meta(rule).ok(),
        _ => None,
    }
}

/// The rule at `from` with everything below it, cut with `..` after about `limit` bytes.
pub(in crate::policy) fn rules_text(
    rules: &[Rule],
    from: usize,
    principals: &Principals,
    limit: usize,
) -> String {
    let mut out = String::new();
    // how many rules of each open gate are still to be printed
    let mut open: Vec<usize> = Vec::new();
    for rule in rules.get(from..).unwrap_or_default() {
        if out.len() > limit {
            out.push_str("..");
            return out;
        }
        match rule {
            Rule::OutOf { n, rules: 0, .. } => {
                let _ = write!(out, "OutOf({n})");
            }
            Rule::OutOf { n, rules, .. } => {
                match usize::try_from(*n) {
                    Ok(1) => out.push_str("OR("),
                    Ok(n) if n == *rules => out.push_str("AND("),
                    _ => {
                        let _ = write!(out, "OutOf({n}, ");
                    }
                }
                open.push(*rules);
                continue;
            }
            Rule::SignedBy(id) => {
                let name = principals.get(*id).map(ToString::to_string);
                out.push('\'');
                for c in name.unwrap_or_default().chars() {
                    if out.len() > limit {
                        out.push_str("..");
                        return out;
                    }
                    if matches!(c, '\'' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push('\'');
            }
        }
        while let Some(left) = open.last_mut() {
            *left = left.saturating_sub(1);
            if *left > 0 {
                out.push_str(", ");
                break;
            }
            out.push(')');
            open.pop();
        }
        if open.is_empty() {
            break;
        }
    }
    out
}
