//! Bookmarks of lists.

use std::sync::LazyLock;

use bytes::Bytes;
use cmscc::{contract::Contract, stub::memory::Ledger};
use serde_json::{Value, json};

use super::contract::{Calls, GENESIS, PATCH, callers, invocation, new_contract, simulate};

/// A ledger with some proposals of two organisations, and some that are archived.
static LISTS: LazyLock<(Contract, Ledger, Bytes)> = LazyLock::new(|| {
    let callers = callers();
    let mut calls = Calls {
        contract: new_contract(),
        ledger: Ledger::new(),
        block: 0,
    };
    calls.call(&callers[0], &[b"InitConsortium", GENESIS]);
    for (who, id) in [
        (0, b"Add-1".as_slice()),
        (1, b"b_1".as_slice()),
        (0, b"zzz".as_slice()),
    ] {
        let patch = patch(id);
        let args = [b"ProposeConfigUpdate".as_slice(), id, &patch, b"d"];
        let response = calls.call(&callers[who], &args);
        assert_eq!(response.status, 200, "{}", response.message);
    }
    for (who, id) in [
        (0, b"gone".as_slice()),
        (1, b"gone-1".as_slice()),
        (0, b"gone-2".as_slice()),
    ] {
        let patch = patch(id);
        for args in [
            &[b"ProposeConfigUpdate".as_slice(), id, &patch, b"d"][..],
            &[b"WithdrawProposal", id],
            &[b"DeleteProposal", id],
        ] {
            let response = calls.call(&callers[who], args);
            assert_eq!(response.status, 200, "{}", response.message);
        }
    }
    let [caller, ..] = callers;
    (calls.contract, calls.ledger, caller)
});

/// A patch of an element of nearly this name.
fn patch(name: &[u8]) -> Vec<u8> {
    let patch = std::str::from_utf8(PATCH).unwrap();
    let name = std::str::from_utf8(name).unwrap();
    patch.replace("Extra", &name.replace('_', "-")).into_bytes()
}

/// A bookmark: it is refused, or the list goes on behind it, to the end.
pub fn bookmark(data: &[u8]) {
    let Ok(bookmark) = std::str::from_utf8(data) else {
        return;
    };
    for (function, member) in [("ListProposals", "proposals"), ("GetHistory", "history")] {
        let all = page(function, "", 200).unwrap();
        let all = ids(&all[member]);
        assert_eq!(all.len(), 3, "{function}");
        let Some(rest) = page(function, bookmark, 200) else {
            continue;
        };
        let rest = ids(&rest[member]);
        assert!(all.ends_with(&rest), "{rest:?}");
        // one by one, the same
        let mut seen = Vec::new();
        let mut next = bookmark.to_owned();
        loop {
            let page = page(function, &next, 1).expect("a bookmark of a page");
            seen.extend(ids(&page[member]));
            page["bookmark"].as_str().unwrap().clone_into(&mut next);
            assert!(next.bytes().all(|byte| byte.is_ascii_graphic()));
            if next.is_empty() {
                break;
            }
            assert!(seen.len() <= all.len(), "no end");
        }
        assert_eq!(seen, rest);
    }
    // and that of a call that writes
    let (contract, ledger, caller) = &*LISTS;
    let options = json!({ "bookmark": bookmark }).to_string();
    let args = [b"UpdateProposals".as_slice(), b"6", b"", options.as_bytes()];
    let (response, set) = simulate(contract, ledger, &invocation(99, caller, &args));
    let refused = response.message.contains("BAD_OPTION");
    assert_eq!(response.is_success(), !refused, "{}", response.message);
    assert!(!refused || set.writes.is_empty());
}

/// A page, or `None` where the bookmark is refused.
fn page(function: &str, bookmark: &str, size: u32) -> Option<Value> {
    let (contract, ledger, caller) = &*LISTS;
    let options = json!({"bookmark": bookmark, "page_size": size}).to_string();
    let call = invocation(99, caller, &[function.as_bytes(), options.as_bytes()]);
    let (response, set) = simulate(contract, ledger, &call);
    assert!(set.writes.is_empty());
    if !response.is_success() {
        assert!(
            response.message.contains("BAD_OPTION"),
            "{}",
            response.message
        );
        return None;
    }
    Some(serde_json::from_slice(&response.payload).unwrap())
}

fn ids(list: &Value) -> Vec<String> {
    let id = |it: &Value| it["proposal_id"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}
