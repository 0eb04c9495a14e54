//! A ledger in memory, and a stub over a snapshot of it that records what a transaction read and
//! wrote, as a peer's simulator does.
//!
//! Used by tests and by the embedded network. The rules are Fabric's: a read never sees the
//! transaction's own writes; an empty value is a deletion; a range records every entry that the
//! peer's iterator passed, which runs one entry ahead of the batches it sends; a transaction is
//! valid when everything it read still has the version it read.

use std::{
    collections::BTreeMap,
    ops::Bound::{Included, Unbounded},
    sync::Arc,
};

use bytes::Bytes;

use super::{Entries, Entry, Event, KeyRange, Page, Response, Stub, StubError};
use crate::ids::{BlockNumber, ChaincodeName};

/// How many entries of a range a peer sends at a time.
// Fabric: core/chaincode/chaincode_support.go, maxResultLimit.
pub const RANGE_BATCH: usize = 100;

/// Where a value was written: the block, and the transaction within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The block that wrote it.
    pub block: BlockNumber,
    /// The transaction's index in the block, from 0.
    pub tx: u64,
}

/// Keys with their values and versions. A clone is cheap and is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Arc<BTreeMap<String, Versioned>>,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value, never empty.
    pub value: Bytes,
    /// Who wrote it.
    pub version: Version,
}

impl Ledger {
    /// A ledger without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes and deletes what a valid transaction wrote, all of it at this version.
    pub fn commit(&mut self, version: Version, set: &ReadWriteSet) {
        let entries = Arc::make_mut(&mut self.entries);
        for (key, value) in &set.writes {
            match value {
                Some(value) if !value.is_empty() => {
                    let value = value.clone();
                    entries.insert(key.clone(), Versioned { value, version });
                }
                _ => {
                    entries.remove(key);
                }
            }
        }
    }

    /// The value and version of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Versioned> {
        self.entries.get(key)
    }

    /// The entries of a range, in key order. An empty `end` means that the range has no end.
    pub fn range(&self, range: &KeyRange) -> impl Iterator<Item = (&str, &Versioned)> {
        let end = range.end.clone();
        self.entries
            .range::<str, _>((Included(range.start.as_str()), Unbounded))
            .take_while(move |(key, _)| end.is_empty() || **key < end)
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// All entries, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Versioned)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Whether everything that the transaction read is still as it read it.
    ///
    /// # Errors
    /// The first read that is not: point reads in key order, then ranges in the order of the calls.
    pub fn validate(&self, set: &ReadWriteSet) -> Result<(), Conflict> {
        for (key, read) in &set.reads {
            if self.get(key).map(|e| e.version) != *read {
                return Err(Conflict::Read { key: key.clone() });
            }
        }
        match set.ranges.iter().find(|range| !self.still_holds(range)) {
            Some(range) => Err(Conflict::Phantom {
                range: range.range.clone(),
            }),
            None => Ok(()),
        }
    }

    fn still_holds(&self, read: &RangeRead) -> bool {
        let now = self.range(&read.range).map(|(k, e)| (k, e.version));
        let then = read.reads.iter().map(|(k, v)| (k.as_str(), *v));
        if read.exhausted {
            now.eq(then)
        } else {
            now.take(read.reads.len()).eq(then)
        }
    }
}

/// Why a transaction is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// A key that was read has another version now (`MVCC_READ_CONFLICT`).
    #[error("key `{}` has changed since it was read", key.escape_debug())]
    Read {
        /// The key that was written since.
        key: String,
    },
    /// A range that was read has other entries now (`PHANTOM_READ_CONFLICT`).
    #[error("the range from `{}` has changed since it was read", range.start.escape_debug())]
    Phantom {
        /// The range that was read and holds something else now.
        range: KeyRange,
    },
}

/// What one transaction read, wrote and announced; equal on every endorser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadWriteSet {
    /// Keys read one by one, with the version found; `None` where there was no such key.
    pub reads: BTreeMap<String, Option<Version>>,
    /// Range reads, in the order of the calls.
    pub ranges: Vec<RangeRead>,
    /// Keys written; `None` deletes.
    pub writes: BTreeMap<String, Option<Bytes>>,
    /// The event that was set last.
    pub event: Option<Event>,
    /// Other chaincodes that were called, in the order of the calls; what they read and wrote is
    /// not here.
    pub calls: Vec<ChaincodeName>,
}

/// One range as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The range asked for (a page starts at its bookmark).
    pub range: KeyRange,
    /// The entries that the iterator passed, with their versions, in key order.
    pub reads: Vec<(String, Version)>,
    /// Whether the iterator met the end of the range: then a new key in it is a phantom, too.
    pub exhausted: bool,
}

/// A [`Stub`] over a snapshot.
#[derive(Clone, Debug)]
pub struct MemoryStub {
    ledger: Ledger,
    set: ReadWriteSet,
    paged: bool,
    others: Others,
}

/// What other chaincodes answer, by their name and the arguments of a call.
pub type Others = BTreeMap<(ChaincodeName, Vec<Bytes>), Response>;

impl MemoryStub {
    /// A stub over the ledger as it is now.
    #[must_use]
    pub fn new(ledger: &Ledger) -> Self {
        Self {
            ledger: ledger.clone(),
            set: ReadWriteSet::default(),
            paged: false,
            others: Others::new(),
        }
    }

    /// The same with other chaincodes beside this one, which read and write nothing.
    #[must_use]
    pub fn beside(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// What the transaction did.
    ///
    /// # Errors
    /// Where it wrote after a paged query, which Fabric refuses.
    pub fn finish(self) -> Result<ReadWriteSet, StubError> {
        if self.paged && !self.set.writes.is_empty() {
            return Err(StubError::Refused {
                call: "PUT_STATE",
                reason: "a transaction that made a paged query cannot write".to_owned(),
            });
        }
        Ok(self.set)
    }

    fn read(&mut self, key: &str) -> Option<Bytes> {
        let found = self.ledger.get(key);
        let version = found.map(|e| e.version);
        let value = found.map(|e| e.value.clone());
        self.set.reads.insert(key.to_owned(), version);
        value
    }

    /// Passes over at most `most` entries and records them.
    fn scan(&mut self, range: &KeyRange, most: usize) -> Vec<Entry> {
        let mut iterator = self.ledger.range(range);
        let mut entries = Vec::new();
        let mut reads = Vec::new();
        let mut exhausted = false;
        while entries.len() < most {
            let Some((key, entry)) = iterator.next() else {
                exhausted = true;
                break;
            };
            reads.push((key.to_owned(), entry.version));
            entries.push(Entry {
                key: key.to_owned(),
                value: entry.value.clone(),
            });
        }
        self.set.ranges.push(RangeRead {
            range: range.clone(),
            reads,
            exhausted,
        });
        entries
    }
}

impl Stub for MemoryStub {
    async fn get_state(&mut self, key: &str) -> Result<Option<Bytes>, StubError> {
        Ok(self.read(key))
    }

    async fn get_states(&mut self, keys: &[String]) -> Result<Vec<Option<Bytes>>, StubError> {
        Ok(keys.iter().map(|key| self.read(key)).collect())
    }

    async fn get_range(&mut self, range: &KeyRange, most: usize) -> Result<Entries, StubError> {
        let batches = most.div_ceil(RANGE_BATCH).max(1);
        let ahead = batches.saturating_mul(RANGE_BATCH).saturating_add(1);
        let mut entries = self.scan(range, ahead);
        let more = entries.len() > most;
        entries.truncate(most);
        Ok(Entries { entries, more })
    }

    async fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        self.paged = true;
        let mut rest = range.clone();
        if !bookmark.is_empty() {
            bookmark.clone_into(&mut rest.start);
        }
        let size = usize::try_from(page_size).unwrap_or(usize::MAX);
        let entries = self.scan(&rest, size);
        let next = self.ledger.range(&rest).nth(entries.len());
        let bookmark = next.map(|(key, _)| key.to_owned()).unwrap_or_default();
        Ok(Page { entries, bookmark })
    }

    async fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        self.set.calls.push(chaincode.clone());
        let answer = self.others.get(&(chaincode.clone(), args.to_vec()));
        answer.cloned().ok_or_else(|| StubError::Refused {
            call: "INVOKE_CHAINCODE",
            reason: format!("chaincode {chaincode} not found"),
        })
    }

    fn put_state(&mut self, key: String, value: Bytes) {
        self.set.writes.insert(key, Some(value));
    }

    fn del_state(&mut self, key: String) {
        self.set.writes.insert(key, None);
    }

    fn set_event(&mut self, event: Event) {
        self.set.event = Some(event);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

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
}
