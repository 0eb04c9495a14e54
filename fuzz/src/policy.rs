//! Policies as bytes and as text.

use std::collections::BTreeSet;

use cmscc::policy::{
    PolicyManagerBuilder, SignerSet, parse_policy, print_implicit_meta, print_policy,
};

use super::{
    BETWEEN, split,
    world::{BUNDLE, IDENTITIES},
};

/// Policies of a root group and of one below it: signature policies, and implicit ones.
pub fn policy(data: &[u8]) {
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    let below = builder.group(Some(root), "Application");
    for (i, bytes) in split(data, BETWEEN).into_iter().take(8).enumerate() {
        let group = [below, root][i % 2];
        let names = ["Admins", "Readers", "Writers", "Other"];
        for (kind, name) in [(1, names[i / 2].to_owned()), (3, format!("Meta{i}"))] {
            let _ = builder.policy(group, &name, kind, bytes);
        }
        let _ = print_implicit_meta(bytes);
        let printed = print_policy(bytes, usize::MAX);
        let read = printed
            .ok()
            .and_then(|text| Some((parse_policy(&text).ok()?, text)));
        if let Some((bytes, text)) = read {
            assert_eq!(print_policy(&bytes, usize::MAX).unwrap(), text);
        }
    }
    let Ok(manager) = builder.finish() else {
        return;
    };
    let msps = BUNDLE.msps();
    let all = SignerSet::from_identities(IDENTITIES.clone());
    let none = SignerSet::from_identities(Vec::new());
    let orgs: BTreeSet<_> = msps.iter().map(|msp| msp.id().clone()).collect();
    for id in manager.iter() {
        let _ = (manager.path(id), manager.rule_text(id, 1_000));
        let _ = manager.principals(id);
        for signers in [&all, &none] {
            let accepts = manager.evaluate(msps, id, signers);
            let explanation = manager.explain(msps, id, signers);
            assert_eq!(explanation.satisfied(), accepts);
            let _ = explanation.to_json();
            let chosen = manager.choose(msps, &[id], signers);
            assert!(chosen.is_some() || !accepts);
            if let Some(order) = chosen {
                assert!(manager.evaluate(msps, id, &signers.pick(&order)));
            }
            assert!(!accepts || manager.could_pass(msps, &[id], signers, &orgs));
        }
    }
}

/// A policy's text: what it means is printed as a text that means the same.
pub fn policy_language(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(bytes) = parse_policy(text) else {
        return;
    };
    let Ok(printed) = print_policy(&bytes, usize::MAX) else {
        return;
    };
    let again = parse_policy(&printed).unwrap();
    assert_eq!(print_policy(&again, usize::MAX).unwrap(), printed);
    policy(&bytes);
}
