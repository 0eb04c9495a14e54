//! Certificate policies of a chain (RFC 5280 section 6.1, as changed by RFC 9618).
//!
//! Nobody asks for certain policies, so a chain fails only where one of its CAs requires that some
//! policy holds throughout, or maps policies in a way that is forbidden.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::identity::{certificate::Certificate, error::MspError};

/// The content of 2.5.29.32.0.
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];

/// The policies that hold so far, each with those that the next certificate may name for it. That is
/// the lowest layer of the graph of RFC 9618; without policies to choose from, nothing else of it
/// decides.
type Holding = BTreeMap<Bytes, Vec<Bytes>>;

/// Checks the policies of a chain that starts with the leaf.
// Go: crypto/x509, policiesValid
pub(in crate::identity) fn check(chain: &[Certificate]) -> Result<(), MspError> {
    let Some((_anchor, path)) = chain.split_last() else {
        return Ok(());
    };
    let decides = path.iter().any(|certificate| {
        let policies = &certificate.extensions().policies;
        policies.require_explicit.is_some() || !policies.mappings.is_empty()
    });
    if !decides || walk(path) {
        Ok(())
    } else {
        Err(MspError::InvalidPolicies)
    }
}

fn walk(path: &[Certificate]) -> bool {
    let unlimited = u64::try_from(path.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let (mut inhibit_any, mut explicit, mut mapping) = (unlimited, unlimited, unlimited);
    let any = Bytes::from_static(ANY);
    let mut holding = Some(Holding::from([(any.clone(), vec![any])]));
    for (i, certificate) in path.iter().enumerate().rev() {
        let policies = &certificate.extensions().policies;
        let self_issued = certificate.raw_issuer() == certificate.raw_subject();
        let is_leaf = i == 0;
        holding = holding.filter(|_| !policies.names.is_empty());
        if explicit == 0 && holding.is_none() {
            return false;
        }
        if let Some(above) = holding {
            let mut next = named(
                &above,
                &policies.names,
                inhibit_any > 0 || !is_leaf && self_issued,
            );
            if !is_leaf && !map(&mut next, &policies.mappings, mapping > 0) {
                return false;
            }
            holding = Some(next);
        }
        if !is_leaf {
            if !self_issued {
                explicit = explicit.saturating_sub(1);
                mapping = mapping.saturating_sub(1);
                inhibit_any = inhibit_any.saturating_sub(1);
            }
            explicit = explicit.min(policies.require_explicit.unwrap_or(u64::MAX));
            mapping = mapping.min(policies.inhibit_mapping.unwrap_or(u64::MAX));
            inhibit_any = inhibit_any.min(policies.inhibit_any.unwrap_or(u64::MAX));
        }
    }
    explicit = explicit.saturating_sub(1);
    let leaf_requires = path
        .first()
        .and_then(|leaf| leaf.extensions().policies.require_explicit);
    explicit > 0 && leaf_requires != Some(0) || holding.is_some_and(|holding| !holding.is_empty())
}

/// What holds below a certificate that names these policies.
fn named(above: &Holding, names: &[Bytes], any_counts: bool) -> Holding {
    let mut holding = Holding::new();
    for name in names.iter().filter(|name| &***name != ANY) {
        if above.contains_key(ANY) || above.values().flatten().any(|expected| expected == name) {
            holding.insert(name.clone(), vec![name.clone()]);
        }
    }
    if any_counts && names.iter().any(|name| &**name == ANY) {
        for expected in above.values().flatten() {
            holding
                .entry(expected.clone())
                .or_insert_with(|| vec![expected.clone()]);
        }
    }
    holding
}

/// Maps policies to those that the next certificate may name, or drops them where mapping is
/// inhibited. False where a mapping is forbidden.
fn map(holding: &mut Holding, mappings: &[(Bytes, Bytes)], allowed: bool) -> bool {
    let mut mapped: BTreeMap<&Bytes, Vec<Bytes>> = BTreeMap::new();
    for (issuer, subject) in mappings {
        if !allowed {
            holding.remove(issuer);
        } else if &**issuer == ANY || &**subject == ANY {
            return false;
        } else {
            mapped.entry(issuer).or_default().push(subject.clone());
        }
    }
    for (issuer, subjects) in mapped {
        if holding.contains_key(issuer) || holding.contains_key(ANY) {
            holding.insert(issuer.clone(), subjects);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(number: u8) -> Bytes {
        Bytes::from(vec![0x2a, number])
    }

    fn any() -> Bytes {
        Bytes::from_static(ANY)
    }

    #[test]
    fn a_policy_holds_while_it_is_named() {
        let start = Holding::from([(any(), vec![any()])]);
        let first = named(&start, &[policy(1), policy(2)], true);
        assert_eq!(first.len(), 2);
        assert_eq!(
            named(&first, &[policy(2), policy(3)], true)
                .into_keys()
                .collect::<Vec<_>>(),
            [policy(2)]
        );
        assert_eq!(named(&first, &[any()], true).len(), 2);
        assert!(named(&first, &[any()], false).is_empty());
    }

    #[test]
    fn mappings_rename_what_the_next_may_name() {
        let start = Holding::from([(any(), vec![any()])]);
        let mut holding = named(&start, &[policy(1)], true);
        assert!(map(
            &mut holding,
            &[(policy(1), policy(7)), (policy(2), policy(8))],
            true
        ));
        assert!(named(&holding, &[policy(1)], true).is_empty());
        assert_eq!(named(&holding, &[policy(7), policy(8)], true).len(), 1);
        assert!(!map(&mut holding, &[(any(), policy(7))], true));
        assert!(map(&mut holding, &[(policy(1), policy(7))], false) && holding.is_empty());
    }
}
