use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use super::*;
use crate::{
    ids::{BlockNumber, ChaincodeName},
    stub::{
        KeyRange, Response, Stub, StubError,
        keys::{composite, prefix},
    },
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
    // its own channel is no other one
    let here = now(stub.invoke_on_channel(&other, Some(&"mychannel".into()), &args));
    assert!(here.is_ok());
    let called = stub.finish().unwrap().calls;
    assert_eq!(
        called,
        ["other", "other", "another", "other"].map(Into::into)
    );
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

/// Keys as ours are: with NULs, which CouchDB's requests escape.
fn composite_ledger(keys: usize) -> (Ledger, KeyRange) {
    let mut set = ReadWriteSet::default();
    for i in 0..keys {
        let value = Some(Bytes::from_static(b"v"));
        set.writes
            .insert(composite("c", &[&format!("{i:06}")]), value);
    }
    let mut ledger = Ledger::new();
    ledger.commit(version(1), &set);
    (ledger, prefix("c", &[]))
}

fn couch(internal_query_limit: usize) -> PeerManner {
    PeerManner::with(StateDatabase::CouchDb {
        internal_query_limit,
    })
}

/// The pages of a range by the peer's own bookmarks: how many entries, and the bookmark behind.
fn pages(keys: usize, size: u32, most: usize, manner: PeerManner) -> Vec<(usize, String)> {
    let (ledger, range) = composite_ledger(keys);
    let mut stub = MemoryStub::new(&ledger).at(manner);
    let mut bookmark = String::new();
    let mut pages = Vec::new();
    while pages.len() < most {
        let page = now(stub.get_page(&range, size, &bookmark)).unwrap();
        bookmark.clone_from(&page.bookmark);
        pages.push((page.entries.len(), page.bookmark));
        if bookmark.is_empty() {
            break;
        }
    }
    pages
}

#[test]
fn bookmarks_are_those_of_each_database() {
    let key = |i: usize| composite("c", &[&format!("{i:06}")]);
    let escaped_end = "\\u0000c\\u0000\u{10ffff}".to_owned();
    let level = PeerManner::default();
    let none = String::new();
    for (keys, size, manner, expected) in [
        (4, 3, level, vec![(3, key(3)), (1, none.clone())]),
        (3, 3, level, vec![(3, none.clone())]),
        (0, 3, level, vec![(0, none.clone())]),
        (
            4,
            3,
            couch(1000),
            vec![
                (3, key(3)),
                (1, escaped_end.clone()),
                (0, escaped_end.clone()),
            ],
        ),
        (
            3,
            3,
            couch(1000),
            vec![(3, escaped_end.clone()), (0, escaped_end.clone())],
        ),
        (0, 3, couch(1000), vec![(0, escaped_end.clone())]),
        (5, 4, couch(3), vec![(4, key(4)), (1, escaped_end.clone())]),
        // the limit of a query cuts a page: LevelDB goes on behind it, CouchDB skips what it had read
        (9, 4, level.cutting_at(2), vec![(2, key(2)), (2, key(4))]),
        (
            9,
            4,
            couch(1000).cutting_at(2),
            vec![(2, key(4)), (2, key(8))],
        ),
    ] {
        let got = pages(keys, size, expected.len(), manner);
        assert_eq!(got, expected, "{keys} keys, {size} a page, {manner:?}");
    }
    // as on real peers of 3.1.5 and 2.5.16 with totalQueryLimit 100
    let first =
        |keys, size, manner: PeerManner| pages(keys, size, 1, manner.cutting_at(100)).remove(0);
    assert_eq!(first(1000, 200, couch(1000)), (100, key(200)));
    assert_eq!(first(1000, 150, couch(7)), (100, key(105)));
    assert_eq!(first(151, 200, couch(1000)), (100, escaped_end));
    // a range whose end needs no escaping ends by its end
    let ledger = ledger_of(2);
    let mut stub = MemoryStub::new(&ledger).at(couch(2));
    assert_eq!(now(stub.get_page(&all(), 2, "")).unwrap().bookmark, "l");
}

#[test]
fn a_limit_cuts_a_range_and_says_that_it_is_the_end() {
    for (keys, limit, returned, exhausted, calls) in [
        (99, 100, 99, true, 1),
        (100, 100, 100, false, 1),
        (150, 100, 100, false, 1),
        (150, 101, 101, false, 2),
        (250, 300, 250, true, 3),
    ] {
        let (ledger, range) = composite_ledger(keys);
        for manner in [PeerManner::default(), couch(1000), couch(7), couch(50)] {
            let mut stub = MemoryStub::new(&ledger).at(manner.cutting_at(limit));
            let found = now(stub.get_range(&range, usize::MAX)).unwrap();
            let what = format!("{keys} keys, {limit}, {manner:?}");
            assert_eq!(
                (found.entries.len(), found.more),
                (returned, false),
                "{what}"
            );
            let cost = stub.cost();
            assert_eq!((cost.calls, cost.keys), (calls, returned), "{what}");
            let set = stub.finish().unwrap();
            assert_eq!(set.ranges[0].reads.len(), returned, "{what}");
            assert_eq!(set.ranges[0].exhausted, exhausted, "{what}");
        }
    }
}

#[test]
fn costs_are_those_of_the_release() {
    let (ledger, range) = composite_ledger(250);
    let keys: Vec<String> = ledger.iter().map(|(key, _)| key.to_owned()).collect();
    for (release, calls) in [(PeerRelease::V2_5, 250), (PeerRelease::V3_1, 1)] {
        let manner = PeerManner::default().of_release(release);
        let mut stub = MemoryStub::new(&ledger).at(manner);
        now(stub.get_states(&keys)).unwrap();
        assert_eq!((stub.cost().calls, stub.cost().keys), (calls, 250));
    }
    // a range that is left early takes one more
    for (most, calls) in [(1, 2), (101, 3), (250, 3)] {
        let mut stub = MemoryStub::new(&ledger);
        now(stub.get_range(&range, most)).unwrap();
        assert_eq!(stub.cost().calls, calls, "{most}");
    }
}

#[test]
fn a_range_answer_is_as_long_as_its_message() {
    use prost::Message;

    use crate::proto::{protos, queryresult::Kv};

    for length in [1, 127, 128, 20_000] {
        let value = Bytes::from(vec![1; length]);
        let mut set = ReadWriteSet::default();
        set.writes.insert("k1".to_owned(), Some(value.clone()));
        let mut ledger = Ledger::new();
        ledger.commit(version(1), &set);
        let kv = Kv {
            namespace: "cmscc".to_owned(),
            key: "k1".to_owned(),
            value,
        };
        let response = protos::QueryResponse {
            results: vec![protos::QueryResultBytes {
                result_bytes: kv.encode_to_vec().into(),
            }],
            has_more: true,
            id: "0".repeat(36),
            ..protos::QueryResponse::default()
        };
        let mut stub = MemoryStub::new(&ledger);
        now(stub.get_range(&all(), 5)).unwrap();
        assert_eq!(stub.cost().bytes, response.encoded_len(), "{length}");
    }
}
