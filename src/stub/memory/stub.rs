//! A stub over a snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    cost::{StateAnswerSize, StateCost},
    ledger::{Ledger, ReadWriteSet},
    peer::PeerManner,
    simulation::Simulation,
};
use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName},
    stub::{
        Batch, Entry, Event, Metadata, Modification, Page, Query, QueryId, Response, Stub,
        StubError, Write, Writes, is_plain,
    },
};

/// The names of the channel and the chaincode where nothing else is said.
const NAMES: (&str, &str) = ("mychannel", "chaincode");

/// A [`Stub`] over a snapshot, which answers as a peer would: by default one with LevelDB.
#[derive(Debug)]
pub struct MemoryStub {
    simulation: Simulation,
    cost: StateCost,
    /// Whether a message was too long: then nothing is answered any more.
    ended: bool,
    others: Others,
    elsewhere: BTreeMap<ChannelId, Others>,
    writes: Writes,
    event: Option<Event>,
}

/// What other chaincodes answer, by their name and the arguments of a call.
pub type Others = BTreeMap<(ChaincodeName, Vec<Bytes>), Response>;

impl MemoryStub {
    /// A stub over the ledger as it is now.
    #[must_use]
    pub fn new(ledger: &Ledger) -> Self {
        let manner = PeerManner::default();
        Self {
            simulation: Simulation::new(NAMES, ledger.clone(), manner),
            cost: StateCost::default(),
            ended: false,
            others: Others::new(),
            elsewhere: BTreeMap::new(),
            writes: Writes::default(),
            event: None,
        }
    }

    /// The same of a chaincode on a channel: how peers name both when they refuse.
    #[must_use]
    pub fn of(mut self, channel: &str, chaincode: &str) -> Self {
        self.simulation.name(channel.into(), chaincode.into());
        self
    }

    /// The same with other chaincodes beside this one, which read and write nothing.
    #[must_use]
    pub fn beside(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// The same with chaincodes on another channel.
    #[must_use]
    pub fn beside_on(mut self, channel: impl Into<ChannelId>, others: Others) -> Self {
        self.elsewhere.insert(channel.into(), others);
        self
    }

    /// The same at a peer of this manner.
    #[must_use]
    pub fn at(mut self, manner: PeerManner) -> Self {
        self.simulation.manner = manner;
        self
    }

    /// The same for an INIT, in which peers know no private data.
    #[must_use]
    pub fn initializing(mut self) -> Self {
        self.simulation.initialize();
        self
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
    /// Where a peer would refuse a write: the transaction would fail.
    pub fn finish(mut self) -> Result<ReadWriteSet, StubError> {
        let refused = |call, reason: String| StubError::Refused { call, reason };
        if let Some(problem) = self.event.as_ref().and_then(Event::problem) {
            return Err(refused("COMPLETED", problem.to_owned()));
        }
        if let Some(problem) = self.writes.problem() {
            return Err(refused("PUT_STATE", problem.to_owned()));
        }
        for ((collection, key), write) in self.writes.values() {
            let call = match write {
                Write::Put(_) => "PUT_STATE",
                Write::Delete => "DEL_STATE",
                Write::Purge => "PURGE_PRIVATE_DATA",
            };
            let (key, write) = (key.clone(), write.clone());
            let written = self.simulation.write(collection.as_ref(), key, write);
            written.map_err(|reason| refused(call, reason))?;
        }
        for ((collection, key), (name, value)) in self.writes.metadata() {
            let metadata = Metadata::from([(name.clone(), value.clone())]);
            let key = key.clone();
            let written = (self.simulation).write_metadata(collection.as_ref(), key, metadata);
            written.map_err(|reason| refused("PUT_STATE_METADATA", reason))?;
        }
        let mut set = self.simulation.set;
        set.event = self.event;
        Ok(set)
    }

    fn check_open(&self, call: &'static str) -> Result<(), StubError> {
        match self.ended {
            true => Err(StubError::Ended { call }),
            false => Ok(()),
        }
    }

    /// Has the peer answer a call: with what the simulation says, of this size.
    fn answer<T>(
        &mut self,
        call: &'static str,
        answer: impl FnOnce(&mut Simulation) -> Result<T, String>,
        size: impl FnOnce(&T) -> StateAnswerSize,
    ) -> Result<T, StubError> {
        self.check_open(call)?;
        match answer(&mut self.simulation) {
            Ok(answer) => {
                self.send(call, size(&answer))?;
                Ok(answer)
            }
            Err(reason) => {
                self.send(call, StateAnswerSize::payload(0, reason.len()))?;
                Err(StubError::Refused { call, reason })
            }
        }
    }

    fn send(&mut self, call: &'static str, answer: StateAnswerSize) -> Result<(), StubError> {
        let limit = self.simulation.manner.message_bytes;
        let sent = self.cost.count(call, answer, limit);
        self.ended = sent.is_err();
        sent
    }
}

/// The message that opens a query.
const fn message_of(query: &Query) -> &'static str {
    match query {
        Query::Range(_) => "GET_STATE_BY_RANGE",
        Query::Rich(_) => "GET_QUERY_RESULT",
    }
}

fn value(value: &Option<Bytes>) -> StateAnswerSize {
    StateAnswerSize::payload(1, value.as_ref().map_or(0, Bytes::len))
}

fn batch(batch: &Batch<Entry>) -> StateAnswerSize {
    StateAnswerSize::entries(&batch.results, None)
}

impl Stub for MemoryStub {
    async fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        const CALL: &str = "GET_STATE";
        named(CALL, collection)?;
        self.answer(CALL, |peer| peer.get(collection, key), value)
    }

    async fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, StubError> {
        const CALL: &str = "GET_STATE_MULTIPLE";
        named(CALL, collection)?;
        let mut values = Vec::with_capacity(keys.len());
        let Some(batch) = self.simulation.manner.release.batch() else {
            for key in keys {
                values.push(self.get(collection, key).await?);
            }
            return Ok(values);
        };
        let batch = usize::try_from(batch).unwrap_or(usize::MAX);
        for keys in keys.chunks(batch) {
            let came = self.answer(
                CALL,
                |peer| peer.get_multiple(collection, keys),
                |came| {
                    let lengths = came.iter().map(|v| v.as_ref().map_or(0, Bytes::len));
                    StateAnswerSize::values(lengths)
                },
            )?;
            if came.len() != keys.len() {
                return Err(StubError::too_few_values(CALL, came.len(), keys.len()));
            }
            values.extend(came);
        }
        Ok(values)
    }

    async fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        const CALL: &str = "GET_PRIVATE_DATA_HASH";
        named(CALL, Some(collection))?;
        self.answer(CALL, |peer| peer.get_hash(collection, key), value)
    }

    async fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, StubError> {
        const CALL: &str = "GET_STATE_METADATA";
        named(CALL, collection)?;
        self.answer(
            CALL,
            |peer| peer.get_metadata(collection, key),
            |metadata| {
                let parts = metadata
                    .iter()
                    .map(|(name, value)| name.len() + value.len());
                StateAnswerSize::payload(1, parts.sum())
            },
        )
    }

    async fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, StubError> {
        let call = message_of(query);
        named(call, collection)?;
        self.answer(call, |peer| peer.open_query(collection, query), batch)
    }

    async fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, StubError> {
        let open = |peer: &mut Simulation| peer.open_history(key);
        self.answer("GET_HISTORY_FOR_KEY", open, modifications)
    }

    async fn next_entries(&mut self, query: &QueryId) -> Result<Batch<Entry>, StubError> {
        self.answer("QUERY_STATE_NEXT", |peer| peer.next_entries(query), batch)
    }

    async fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> Result<Batch<Modification>, StubError> {
        let next = |peer: &mut Simulation| peer.next_modifications(query);
        self.answer("QUERY_STATE_NEXT", next, modifications)
    }

    async fn close_query(&mut self, query: &QueryId) -> Result<(), StubError> {
        self.answer(
            "QUERY_STATE_CLOSE",
            |peer| {
                peer.close_query(query);
                Ok(())
            },
            |()| StateAnswerSize::entries(&[], None),
        )
    }

    async fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        let call = message_of(query);
        if page_size == 0 {
            return Err(StubError::empty_page(call));
        }
        let size = usize::try_from(page_size).unwrap_or(usize::MAX);
        self.answer(
            call,
            |peer| peer.get_query_page(query, size, bookmark),
            |page| StateAnswerSize::entries(&page.entries, Some(&page.bookmark)),
        )
    }

    async fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        const CALL: &str = "INVOKE_CHAINCODE";
        if !is_plain(chaincode) {
            return Err(StubError::odd_chaincode(CALL));
        }
        let others = match channel.filter(|channel| !self.simulation.is_on(channel)) {
            None => Some(&self.others),
            Some(channel) => self.elsewhere.get(channel),
        };
        let called = (chaincode.clone(), args.to_vec());
        let answer = others.and_then(|others| others.get(&called)).cloned();
        self.simulation.set.calls.push(called.0);
        self.answer(
            CALL,
            |_| answer.ok_or_else(|| format!("execute failed: chaincode {chaincode} not found")),
            |answer| {
                let bytes = answer.message.len().saturating_add(answer.payload.len());
                StateAnswerSize::payload(0, bytes)
            },
        )
    }

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        self.writes.write(collection, key, write);
    }

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        self.writes.write_metadata(collection, key, name, value);
    }

    fn set_event(&mut self, event: Event) {
        self.event = Some(event);
    }
}

fn named(call: &'static str, collection: Option<&CollectionName>) -> Result<(), StubError> {
    match collection {
        Some(name) if name.as_str().is_empty() => Err(StubError::unnamed_collection(call)),
        _ => Ok(()),
    }
}

fn modifications(batch: &Batch<Modification>) -> StateAnswerSize {
    let parts = batch.results.iter();
    let parts = parts.map(|one| one.value.len().saturating_add(one.tx_id.as_str().len()));
    let bytes = parts.fold(0, usize::saturating_add);
    StateAnswerSize::payload(batch.results.len(), bytes)
}
