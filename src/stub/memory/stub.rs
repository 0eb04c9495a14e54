//! A stub over a snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    cost::{StateAnswerSize, StateCost},
    ledger::{Ledger, ReadWriteSet},
    peer::PeerManner,
    query::RangeQuery,
};
use crate::{
    ids::ChaincodeName,
    stub::{Entries, Event, KeyRange, Page, Response, Stub, StubError},
};

/// A [`Stub`] over a snapshot, which answers as a peer would: by default one with LevelDB.
#[derive(Clone, Debug)]
pub struct MemoryStub {
    ledger: Ledger,
    manner: PeerManner,
    set: ReadWriteSet,
    cost: StateCost,
    paged: bool,
    /// Whether a message was too long: then nothing is answered any more.
    ended: bool,
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
            manner: PeerManner::default(),
            set: ReadWriteSet::default(),
            cost: StateCost::default(),
            paged: false,
            ended: false,
            others: Others::new(),
        }
    }

    /// The same with other chaincodes beside this one, which read and write nothing.
    #[must_use]
    pub fn beside(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// The same at a peer of this manner.
    #[must_use]
    pub fn at(self, manner: PeerManner) -> Self {
        Self { manner, ..self }
    }

    /// What its state calls cost so far.
    #[must_use]
    pub const fn cost(&self) -> StateCost {
        self.cost
    }

    /// Whether an answer was longer than a message may be: a real peer's stream ends with it, and
    /// so does every call on it.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
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

    fn check_open(&self, call: &'static str) -> Result<(), StubError> {
        match self.ended {
            true => Err(StubError::Ended { call }),
            false => Ok(()),
        }
    }

    /// Has the peer send an answer.
    fn send(&mut self, call: &'static str, answer: StateAnswerSize) -> Result<(), StubError> {
        self.check_open(call)?;
        let sent = self.cost.count(call, answer, self.manner.message_bytes);
        self.ended = sent.is_err();
        sent
    }

    /// Opens a query, and takes batches of it until there are `most` entries or no more.
    fn query(
        &mut self,
        range: &KeyRange,
        page: Option<(usize, &str)>,
        most: usize,
    ) -> Result<(Entries, Option<String>), StubError> {
        const CALL: &str = "GET_STATE_BY_RANGE";
        self.check_open(CALL)?;
        let (mut query, mut read) =
            RangeQuery::open(&self.ledger, range.clone(), page, &self.manner);
        let mut found = Entries::default();
        let bookmark = loop {
            let batch = query.next_batch(&mut read);
            let bookmark = batch.bookmark.as_deref();
            self.send(CALL, StateAnswerSize::entries(&batch.entries, bookmark))?;
            found.entries.extend(batch.entries);
            found.more = batch.more;
            if !batch.more || found.entries.len() >= most {
                break batch.bookmark;
            }
        };
        if found.more {
            self.send("QUERY_STATE_CLOSE", StateAnswerSize::entries(&[], None))?;
        }
        found.more |= found.entries.len() > most;
        found.entries.truncate(most);
        self.set.ranges.push(read);
        Ok((found, bookmark))
    }
}

impl Stub for MemoryStub {
    async fn get_state(&mut self, key: &str) -> Result<Option<Bytes>, StubError> {
        let value = self.read(key);
        let bytes = value.as_ref().map_or(0, Bytes::len);
        self.send("GET_STATE", StateAnswerSize::payload(1, bytes))?;
        Ok(value)
    }

    async fn get_states(&mut self, keys: &[String]) -> Result<Vec<Option<Bytes>>, StubError> {
        let Some(batch) = self.manner.release.batch() else {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.get_state(key).await?);
            }
            return Ok(values);
        };
        let batch = usize::try_from(batch).unwrap_or(usize::MAX);
        let mut values: Vec<Option<Bytes>> = Vec::with_capacity(keys.len());
        for keys in keys.chunks(batch) {
            let came: Vec<_> = keys.iter().map(|key| self.read(key)).collect();
            let lengths = came.iter().map(|v| v.as_ref().map_or(0, Bytes::len));
            self.send("GET_STATE_MULTIPLE", StateAnswerSize::values(lengths))?;
            values.extend(came);
        }
        Ok(values)
    }

    async fn get_range(&mut self, range: &KeyRange, most: usize) -> Result<Entries, StubError> {
        let (entries, _) = self.query(range, None, most)?;
        Ok(entries)
    }

    async fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        self.paged = true;
        let size = usize::try_from(page_size).unwrap_or(usize::MAX);
        let (found, bookmark) = self.query(range, Some((size, bookmark)), usize::MAX)?;
        Ok(Page {
            entries: found.entries,
            bookmark: bookmark.unwrap_or_default(),
        })
    }

    async fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        const CALL: &str = "INVOKE_CHAINCODE";
        self.set.calls.push(chaincode.clone());
        let answer = self.others.get(&(chaincode.clone(), args.to_vec()));
        let answer = answer.cloned().ok_or_else(|| StubError::Refused {
            call: CALL,
            reason: format!("chaincode {chaincode} not found"),
        })?;
        let bytes = answer.message.len().saturating_add(answer.payload.len());
        self.send(CALL, StateAnswerSize::payload(0, bytes))?;
        Ok(answer)
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
