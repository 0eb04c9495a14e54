use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use super::*;
use crate::{
    ids::{BlockNumber, ChaincodeName},
    stub::{KeyRange, Response, Stub, StubError},
};

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a memory stub never waits"),
    }
}

fn all() -> KeyRange {
    KeyRange {
        start: "k".to_owned(),
        end: "l".to_owned(),
    }
}

fn version(block: u64) -> Version {
    Version {
        block: BlockNumber(block),
        tx: 0,
    }
}

fn write(ledger: &mut Ledger, block: u64, writes: &[(&str, Option<&str>)]) {
    let mut stub = MemoryStub::new(ledger);
    for (key, value) in writes {
        match value {
            Some(value) => stub.put_state((*key).to_owned(), Bytes::from((*value).to_owned())),
            None => stub.del_state((*key).to_owned()),
        }
    }
    ledger.commit(version(block), &stub.finish().unwrap());
}

fn ledger_of(keys: usize) -> Ledger {
    let mut ledger = Ledger::new();
    for i in 0..keys {
        write(&mut ledger, 1, &[(&format!("k{i:04}"), Some("v"))]);
    }
    ledger
}

#[test]
fn a_snapshot_does_not_move_and_a_stub_does_not_read_its_own_writes() {
    let mut ledger = Ledger::new();
    write(&mut ledger, 1, &[("k1", Some("old")), ("k2", Some("x"))]);
    let mut stub = MemoryStub::new(&ledger);
    write(&mut ledger, 2, &[("k1", Some("new")), ("k2", Some(""))]);
    stub.put_state("k1".to_owned(), Bytes::from_static(b"mine"));
    assert_eq!(now(stub.get_state("k1")).unwrap().unwrap(), "old");
    assert_eq!(ledger.get("k1").unwrap().value, "new");
    assert_eq!(ledger.get("k2"), None, "an empty value deletes");
}

#[test]
fn a_read_conflicts_with_a_write_of_its_key_only() {
    for (name, writes, valid) in [
        ("the key itself", [("k1", Some("b"))], false),
        ("its deletion", [("k1", None)], false),
        ("an absent key that appears", [("k9", Some("b"))], false),
        ("another key", [("k2", Some("b"))], true),
        ("an absent key deleted again", [("k9", None)], true),
    ] {
        let mut ledger = Ledger::new();
        write(&mut ledger, 1, &[("k1", Some("a"))]);
        let mut stub = MemoryStub::new(&ledger);
        let keys = ["k1".to_owned(), "k9".to_owned()];
        assert_eq!(now(stub.get_states(&keys)).unwrap().len(), 2);
        let set = stub.finish().unwrap();
        write(&mut ledger, 2, &writes);
        assert_eq!(ledger.validate(&set).is_ok(), valid, "{name}");
    }
}

#[test]
fn an_exhausted_range_conflicts_with_anything_new_in_it() {
    for (name, writes, valid) in [
        ("a new key", [("k5", Some("b"))], false),
        ("a changed one", [("k0001", Some("b"))], false),
        ("a deleted one", [("k0001", None)], false),
        ("one behind it", [("l", Some("b"))], true),
    ] {
        let mut ledger = ledger_of(3);
        let mut stub = MemoryStub::new(&ledger);
        let found = now(stub.get_range(&all(), 10)).unwrap();
        assert_eq!((found.entries.len(), found.more), (3, false));
        let set = stub.finish().unwrap();
        write(&mut ledger, 2, &writes);
        assert_eq!(ledger.validate(&set).is_ok(), valid, "{name}");
    }
}

#[test]
fn a_bounded_range_records_what_the_peers_iterator_passed() {
    for (keys, most, returned, more, passed, exhausted) in [
        (3, 2, 2, true, 3, true),
        (100, 100, 100, false, 100, true),
        (101, 100, 100, true, 101, false),
        (250, 100, 100, true, 101, false),
        (250, 101, 101, true, 201, false),
        (250, 250, 250, false, 250, true),
    ] {
        let ledger = ledger_of(keys);
        let mut stub = MemoryStub::new(&ledger);
        let found = now(stub.get_range(&all(), most)).unwrap();
        assert_eq!((found.entries.len(), found.more), (returned, more));
        let set = stub.finish().unwrap();
        assert_eq!(set.ranges[0].reads.len(), passed, "{keys} keys, {most}");
        assert_eq!(set.ranges[0].exhausted, exhausted, "{keys} keys, {most}");
    }
}

#[test]
fn other_chaincodes_answer_what_they_were_given() {
    let other = ChaincodeName::new("other");
    let args = [Bytes::from_static(b"f"), Bytes::from_static(b"x")];
    let answer = Response {
        status: 404,
        message: "none".to_owned(),
        payload: Bytes::new(),
    };
    let others = Others::from([((other.clone(), args.to_vec()), answer.clone())]);
    let mut stub = MemoryStub::new(&Ledger::new()).beside(others);
    assert_eq!(now(stub.invoke_chaincode(&other, &args)), Ok(answer));
    for (name, args) in [("other", &args[..1]), ("another", &args[..])] {
        let name = ChaincodeName::new(name);
        let refused = now(stub.invoke_chaincode(&name, args));
        assert!(matches!(refused, Err(StubError::Refused { .. })), "{name}");
    }
    let called = stub.finish().unwrap().calls;
    assert_eq!(called, ["other", "other", "another"].map(Into::into));
}

#[test]
fn pages_continue_at_their_bookmark_and_forbid_writes() {
    let ledger = ledger_of(5);
    let mut stub = MemoryStub::new(&ledger);
    let first = now(stub.get_page(&all(), 3, "")).unwrap();
    assert_eq!((first.entries.len(), first.bookmark.as_str()), (3, "k0003"));
    let second = now(stub.get_page(&all(), 3, &first.bookmark)).unwrap();
    assert_eq!((second.entries.len(), second.bookmark.as_str()), (2, ""));
    stub.del_state("k0000".to_owned());
    assert!(matches!(stub.finish(), Err(StubError::Refused { .. })));
}
