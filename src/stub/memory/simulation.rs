//! One transaction at a peer: what it answers to state calls, and what it records.
//!
//! Errors are the peer's words.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    couchdb,
    ledger::{Collection, Ledger, ReadWriteSet, Versioned, between},
    listed::Listed,
    mango::{MangoQuery, document},
    peer::{PeerManner, StateDatabase},
    query::RangeQuery,
};
use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName, Digest},
    stub::{Batch, Entry, KeyRange, Metadata, Modification, Page, Query, QueryId, Write},
};

/// A transaction that is simulated over a snapshot.
#[derive(Debug)]
pub(crate) struct Simulation {
    channel: ChannelId,
    chaincode: ChaincodeName,
    ledger: Ledger,
    pub(crate) manner: PeerManner,
    pub(crate) set: ReadWriteSet,
    open: BTreeMap<QueryId, OpenQuery>,
    opened: u64,
    /// Whether it is an INIT, which knows no private data.
    is_init: bool,
    /// Whether it wrote.
    wrote: bool,
    /// What it did that forbids writes.
    forbidding: Option<&'static str>,
}

/// A query that has more results.
#[derive(Debug)]
enum OpenQuery {
    Range {
        query: RangeQuery,
        /// Where in the set's ranges its reads are recorded.
        recorded: usize,
    },
    /// A range or query of a collection, which records nothing.
    Private(Listed<Entry>),
    /// A rich query, whose results are recorded as single reads.
    Rich(Listed<Entry>),
    History(Listed<Modification>),
}

/// How the names of organisations' own collections begin.
const IMPLICIT: &str = "_implicit_org_";

const PAGED: &str = "a paginated query";
const PRIVATE: &str = "queries on pvt data";

impl Simulation {
    /// Of the chaincode on the channel of these names.
    pub(crate) fn new(
        (channel, chaincode): (&str, &str),
        ledger: Ledger,
        manner: PeerManner,
    ) -> Self {
        Self {
            channel: channel.into(),
            chaincode: chaincode.into(),
            ledger,
            manner,
            set: ReadWriteSet::default(),
            open: BTreeMap::new(),
            opened: 0,
            is_init: false,
            wrote: false,
            forbidding: None,
        }
    }

    /// Says how channel and chaincode are called.
    pub(crate) fn name(&mut self, channel: ChannelId, chaincode: ChaincodeName) {
        (self.channel, self.chaincode) = (channel, chaincode);
    }

    /// Whether it is on this channel.
    pub(super) fn is_on(&self, channel: &ChannelId) -> bool {
        self.channel == *channel
    }

    /// Says that it is an INIT.
    pub(crate) const fn initialize(&mut self) {
        self.is_init = true;
    }

    // Fabric: core/chaincode/handler.go, HandleGetState
    pub(crate) fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, String> {
        let Some(name) = collection else {
            self.check_key(key)?;
            return Ok(self.read(key));
        };
        self.readable(name)?;
        self.check_key(key)?;
        let found = self.readable(name)?;
        let (access, found) = (found.access, found.entries.get(key).cloned());
        if let Some(found) = found.as_ref().filter(|_| !access.peer_has_values) {
            let (block, tx) = (found.version.block, found.version.tx);
            return Err(format!(
                "private data matching public hash version is not available. Public hash version = \
                 {{BlockNum: {block}, TxNum: {tx}}}, Private data version = <nil>"
            ));
        }
        self.record_private(name, key, found.as_ref());
        Ok(found.map(|found| self.as_read(key, &found)))
    }

    /// Several values. Peers do not look whether they lack private values that are asked for so; they
    /// answer with no values at all, and record nothing, where the database refuses one key.
    // Fabric: txmgr/query_executor.go, GetStateMultipleKeys and GetPrivateDataMultipleKeys
    pub(crate) fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, String> {
        if let Some(name) = collection {
            self.readable(name)?;
        }
        if keys.iter().any(|key| self.check_key(key).is_err()) {
            return Ok(Vec::new());
        }
        let Some(name) = collection else {
            return Ok(keys.iter().map(|key| self.read(key)).collect());
        };
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let found = self.readable(name)?;
            let found = found
                .entries
                .get(key)
                .filter(|_| found.access.peer_has_values);
            let found = found.cloned();
            self.record_private(name, key, found.as_ref());
            values.push(found.map(|found| self.as_read(key, &found)));
        }
        Ok(values)
    }

    // Fabric: core/chaincode/handler.go, HandleGetPrivateDataHash
    pub(crate) fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, String> {
        self.refuse_in_init()?;
        let found = self.ledger.collection(collection);
        let found = found.ok_or_else(|| self.not_configured(collection))?;
        let found = found.entries.get(key).cloned();
        self.record_private(collection, key, found.as_ref());
        let digest = found.map(|found| Digest::of(&found.value));
        Ok(digest.map(|digest| Bytes::copy_from_slice(digest.as_bytes())))
    }

    // Fabric: core/chaincode/handler.go, HandleGetStateMetadata
    pub(crate) fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, String> {
        let found = match collection {
            None => {
                self.check_key(key)?;
                self.read(key);
                self.ledger.get(key).cloned()
            }
            Some(name) => {
                let found = self.readable(name)?.entries.get(key).cloned();
                self.record_private(name, key, found.as_ref());
                found
            }
        };
        Ok(found.map(|found| found.metadata).unwrap_or_default())
    }

    // Fabric: core/chaincode/handler.go, HandleGetStateByRange and HandleGetQueryResult
    pub(crate) fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, String> {
        let open = match (collection, query) {
            (Some(name), query) => {
                self.readable(name)?;
                if self.wrote {
                    return Err(
                        "unsuppored transaction. Queries on pvt data is supported only in \
                                a read-only transaction"
                            .to_owned(),
                    );
                }
                self.forbidding = Some(PRIVATE);
                OpenQuery::Private(self.listed(Some(name), query)?)
            }
            (None, Query::Range(range)) => self.open_range(range.clone(), None),
            (None, Query::Rich(_)) => OpenQuery::Rich(self.listed(None, query)?),
        };
        let id = self.next_id();
        self.next_entries_of(id, open)
    }

    // Fabric: core/chaincode/handler.go, HandleGetHistoryForKey
    pub(crate) fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, String> {
        let listed = Listed::new(self.ledger.history(key), &self.manner);
        let id = self.next_id();
        self.open.insert(id.clone(), OpenQuery::History(listed));
        self.next_modifications(&id)
    }

    pub(crate) fn next_entries(&mut self, id: &QueryId) -> Result<Batch<Entry>, String> {
        let open = self.open.remove(id).ok_or_else(no_query)?;
        self.next_entries_of(id.clone(), open)
    }

    pub(crate) fn next_modifications(
        &mut self,
        id: &QueryId,
    ) -> Result<Batch<Modification>, String> {
        let Some(OpenQuery::History(mut listed)) = self.open.remove(id) else {
            return Err(no_query());
        };
        let (results, more) = listed.next_batch(|_| {});
        if more {
            self.open.insert(id.clone(), OpenQuery::History(listed));
        }
        Ok(Batch {
            results,
            next: more.then(|| id.clone()),
        })
    }

    /// Whether a query is a history, which has results of another kind.
    #[cfg(feature = "devnet")]
    pub(crate) fn is_history(&self, id: &QueryId) -> bool {
        matches!(self.open.get(id), Some(OpenQuery::History(_)))
    }

    /// Closes a query, if it is open.
    pub(crate) fn close_query(&mut self, id: &QueryId) {
        self.open.remove(id);
    }

    // Fabric: core/chaincode/handler.go, HandleGetStateByRange and HandleGetQueryResult
    pub(crate) fn get_query_page(
        &mut self,
        query: &Query,
        page_size: usize,
        bookmark: &str,
    ) -> Result<Page, String> {
        if self.wrote {
            return Err(
                "unsuppored transaction. Paginated queries are supported only in a \
                        read-only transaction"
                    .to_owned(),
            );
        }
        self.forbidding = Some(PAGED);
        match query {
            Query::Range(range) => {
                let OpenQuery::Range {
                    mut query,
                    recorded,
                } = self.open_range(range.clone(), Some((page_size, bookmark)))
                else {
                    return Err(no_query());
                };
                let read = self.set.ranges.get_mut(recorded).ok_or_else(no_query)?;
                let batch = query.next_batch(read);
                let mut entries = batch.entries;
                self.show(&mut entries);
                Ok(Page {
                    entries,
                    bookmark: batch.bookmark.unwrap_or_default(),
                })
            }
            Query::Rich(query) => self.rich_page(query, page_size, bookmark),
        }
    }

    /// Writes a key.
    // Fabric: txmgr/tx_simulator.go, checkWritePrecondition
    pub(crate) fn write(
        &mut self,
        collection: Option<&CollectionName>,
        key: String,
        write: Write,
    ) -> Result<(), String> {
        let value = match &write {
            Write::Put(value) => Some(value),
            Write::Delete | Write::Purge => None,
        };
        self.check_write(collection, &key, value)?;
        match collection {
            Some(name) => {
                let set = self.set.private.entry(name.clone()).or_default();
                set.writes.insert(key, write);
            }
            None if write == Write::Purge => {
                return Err("only applicable for private data".to_owned());
            }
            None => {
                self.set.writes.insert(key, value.cloned());
            }
        }
        Ok(())
    }

    /// Writes the metadata of a key. What it had is replaced.
    // Fabric: txmgr/tx_simulator.go, SetStateMetadata
    pub(crate) fn write_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: String,
        metadata: Metadata,
    ) -> Result<(), String> {
        self.check_write(collection, &key, None)?;
        let set = match collection {
            Some(name) => &mut self.set.private.entry(name.clone()).or_default().metadata,
            None => &mut self.set.metadata,
        };
        set.insert(key, metadata);
        Ok(())
    }

    fn check_write(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
        value: Option<&Bytes>,
    ) -> Result<(), String> {
        if let Some(name) = collection {
            self.refuse_in_init()?;
            if !self.defined(name)?.access.submitter_writes {
                return Err(self.no_access("write", name));
            }
        }
        if let Some(did) = self.forbidding {
            return Err(format!(
                "unsuppored transaction. Transaction has already performed {did}. Writes are not \
                 allowed"
            ));
        }
        self.wrote = true;
        match self.manner.database {
            StateDatabase::LevelDb => Ok(()),
            StateDatabase::CouchDb { .. } => couchdb::check(key, value),
        }
    }

    fn check_key(&self, key: &str) -> Result<(), String> {
        match self.manner.database {
            StateDatabase::LevelDb => Ok(()),
            StateDatabase::CouchDb { .. } => couchdb::check_key(key),
        }
    }

    fn read(&mut self, key: &str) -> Option<Bytes> {
        let found = self.ledger.get(key);
        let version = found.map(|entry| entry.version);
        let value = found.map(|entry| self.as_read(key, entry));
        self.set.reads.insert(key.to_owned(), version);
        value
    }

    /// A value as the database gives it back.
    fn as_read(&self, key: &str, found: &Versioned) -> Bytes {
        match self.manner.database {
            StateDatabase::LevelDb => found.value.clone(),
            StateDatabase::CouchDb { .. } => couchdb::as_read(key, &found.value),
        }
    }

    /// Shows entries as the database gives them back.
    fn show(&self, entries: &mut [Entry]) {
        if let StateDatabase::CouchDb { .. } = self.manner.database {
            for entry in entries {
                entry.value = couchdb::as_read(&entry.key, &entry.value);
            }
        }
    }

    fn record_private(&mut self, name: &CollectionName, key: &str, found: Option<&Versioned>) {
        let set = self.set.private.entry(name.clone()).or_default();
        set.reads
            .insert(key.to_owned(), found.map(|entry| entry.version));
    }

    fn refuse_in_init(&self) -> Result<(), String> {
        match self.is_init {
            true => Err("private data APIs are not allowed in chaincode Init()".to_owned()),
            false => Ok(()),
        }
    }

    fn defined(&self, name: &CollectionName) -> Result<&Collection, String> {
        let found = self.ledger.collection(name);
        found.ok_or_else(|| match name.as_str().starts_with(IMPLICIT) {
            true => self.not_configured(name),
            false => {
                let (channel, chaincode) = (&self.channel, &self.chaincode);
                format!("collection {channel}/{chaincode}/{name} could not be found")
            }
        })
    }

    // Fabric: core/ledger/ledger_interface.go, InvalidCollNameError
    fn not_configured(&self, name: &CollectionName) -> String {
        let chaincode = &self.chaincode;
        format!(
            "collection [{name}] not defined in the collection config for chaincode [{chaincode}]"
        )
    }

    /// A collection that the submitter may read.
    fn readable(&self, name: &CollectionName) -> Result<&Collection, String> {
        self.refuse_in_init()?;
        let collection = self.defined(name)?;
        match collection.access.submitter_reads {
            true => Ok(collection),
            false => Err(self.no_access("read", name)),
        }
    }

    // Fabric: core/chaincode/handler.go, errorIfCreatorHasNoReadPermission
    fn no_access(&self, what: &str, name: &CollectionName) -> String {
        let chaincode = &self.chaincode;
        format!(
            "tx creator does not have {what} access permission on privatedata in \
             chaincodeName:{chaincode} collectionName: {name}"
        )
    }

    fn next_id(&mut self) -> QueryId {
        self.opened = self.opened.saturating_add(1);
        QueryId(self.opened.to_string())
    }

    fn open_range(&mut self, range: KeyRange, page: Option<(usize, &str)>) -> OpenQuery {
        let recorded = self.set.ranges.len();
        let (query, read) = RangeQuery::open(&self.ledger, range, page, &self.manner);
        self.set.ranges.push(read);
        OpenQuery::Range { query, recorded }
    }

    /// What a query finds that is not a range of the public state.
    fn listed(
        &self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Listed<Entry>, String> {
        let entries = match (collection, query) {
            (Some(name), Query::Range(range)) => {
                let collection = self.defined(name)?;
                let found = between(&collection.entries, range);
                let found = found.filter(|_| collection.access.peer_has_values);
                let found = found.map(|(key, found)| Entry {
                    key: key.to_owned(),
                    value: self.as_read(key, found),
                });
                found.collect()
            }
            (_, Query::Rich(query)) => {
                if self.manner.database == StateDatabase::LevelDb {
                    return Err("ExecuteQuery not supported for leveldb".to_owned());
                }
                let query = parse(query)?;
                let start = query.bookmark().map_or(Ok(0), couchdb::start_of)?;
                let found = self.find(collection, &query)?;
                found.into_iter().skip(start).collect()
            }
            (None, Query::Range(_)) => Vec::new(),
        };
        Ok(Listed::new(entries, &self.manner))
    }

    /// What a rich query finds.
    // Fabric: statedb/stateleveldb, ExecuteQuery; statedb/statecouchdb, executeQueryWithBookmark
    fn find(
        &self,
        collection: Option<&CollectionName>,
        query: &MangoQuery,
    ) -> Result<Vec<Entry>, String> {
        let entries: Vec<(&str, &Bytes)> = match collection {
            None => self
                .ledger
                .iter()
                .map(|(k, found)| (k, &found.value))
                .collect(),
            Some(name) => {
                let collection = self.defined(name)?;
                let entries = collection.entries.iter();
                let entries = entries.filter(|_| collection.access.peer_has_values);
                entries
                    .map(|(k, found)| (k.as_str(), &found.value))
                    .collect()
            }
        };
        if !self.ledger.is_indexed(&query.sorted_by()) {
            let reason = "No index exists for this sort, try indexing by the sort fields.";
            return Err(couchdb::refusal("no_usable_index", reason));
        }
        let documents = entries.iter().map(|(key, value)| document(key, value));
        let documents: Vec<_> = documents.collect();
        let documents = entries.iter().map(|(key, _)| *key).zip(&documents);
        let found = query.run(documents).map_err(|error| error.to_string())?;
        let stored: BTreeMap<&str, &Bytes> = entries.into_iter().collect();
        let skip = usize::try_from(query.skip()).unwrap_or(usize::MAX);
        let entries = found.into_iter().skip(skip).filter_map(|(key, document)| {
            let value = couchdb::shown(document, stored.get(key)?);
            let key = key.to_owned();
            Some(Entry { key, value })
        });
        Ok(entries.collect())
    }

    fn rich_page(&mut self, query: &str, size: usize, bookmark: &str) -> Result<Page, String> {
        if self.manner.database == StateDatabase::LevelDb {
            return Err("ExecuteQueryWithMetadata not supported for leveldb".to_owned());
        }
        let start = match bookmark {
            "" => 0,
            bookmark => couchdb::start_of(bookmark)?,
        };
        let found = self.find(None, &parse(query)?)?;
        let entries: Vec<Entry> = found.into_iter().skip(start).take(size).collect();
        for entry in &entries {
            self.record(&entry.key);
        }
        let passed = start.saturating_add(entries.len());
        let bookmark = couchdb::bookmark(passed, entries.is_empty(), bookmark);
        Ok(Page { entries, bookmark })
    }

    /// Records that a key was read.
    fn record(&mut self, key: &str) {
        let version = self.ledger.get(key).map(|entry| entry.version);
        self.set.reads.insert(key.to_owned(), version);
    }

    fn next_entries_of(
        &mut self,
        id: QueryId,
        mut open: OpenQuery,
    ) -> Result<Batch<Entry>, String> {
        let mut passed = Vec::new();
        let (mut results, more) = match &mut open {
            OpenQuery::Range { query, recorded } => {
                let read = self.set.ranges.get_mut(*recorded).ok_or_else(no_query)?;
                let batch = query.next_batch(read);
                (batch.entries, batch.more)
            }
            OpenQuery::Private(listed) => listed.next_batch(|_| {}),
            OpenQuery::Rich(listed) => listed.next_batch(|entry| passed.push(entry.key.clone())),
            OpenQuery::History(_) => return Err(no_query()),
        };
        if let OpenQuery::Range { .. } = open {
            self.show(&mut results);
        }
        for key in passed {
            self.record(&key);
        }
        let next = more.then(|| id.clone());
        if more {
            self.open.insert(id, open);
        }
        Ok(Batch { results, next })
    }
}

fn parse(query: &str) -> Result<MangoQuery, String> {
    MangoQuery::parse(query).map_err(|error| error.to_string())
}

fn no_query() -> String {
    "query iterator not found".to_owned()
}
