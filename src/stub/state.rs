//! The stub: what a chaincode asks of its peer; and queries that are read on demand.

use std::{collections::VecDeque, future::Future};

use bytes::Bytes;

#[cfg(doc)]
use super::{call::Invocation, keys};
use super::{
    call::{Event, Response},
    error::StubError,
    query::{Batch, Entries, Entry, KeyRange, Modification, Page, Query, QueryId},
    writes::{Metadata, VALIDATION_PARAMETER, Write},
};
use crate::ids::{ChaincodeName, ChannelId, CollectionName};

/// Access to the state of this chaincode on this channel, for the length of one transaction.
///
/// Keys lie in the public state, which all peers of the channel have, or in a private data
/// collection: its members' peers have the values, all others hashes of keys and values.
///
/// | Fabric's shims | here |
/// |---|---|
/// | `GetState`, `GetMultipleStates`, `PutState`, `DelState` | [`get_state`](Self::get_state), [`get_states`](Self::get_states), [`put_state`](Self::put_state), [`del_state`](Self::del_state) |
/// | `GetPrivateData`, `GetPrivateDataHash`, `PutPrivateData`, `DelPrivateData`, `PurgePrivateData` | the same names; several keys of a collection: [`get_multiple`](Self::get_multiple) |
/// | `GetStateByRange`, `GetPrivateDataByRange`, `GetQueryResult`, `GetPrivateDataQueryResult` | [`open`](Self::open) |
/// | the same with pagination | [`get_page`](Self::get_page), [`get_query_page`](Self::get_query_page) |
/// | `GetStateByPartialCompositeKey` | any of these with [`keys::prefix`] |
/// | `GetHistoryForKey` | [`get_history`](Self::get_history) |
/// | `SetStateValidationParameter`, `GetStateValidationParameter` and those for private data | [`set_validation_parameter`](Self::set_validation_parameter), [`get_validation_parameter`](Self::get_validation_parameter) |
/// | `InvokeChaincode` | [`invoke_chaincode`](Self::invoke_chaincode), [`invoke_on_channel`](Self::invoke_on_channel) |
/// | `SetEvent` | [`set_event`](Self::set_event) |
/// | what the transaction says of itself | [`Invocation`] |
///
/// The methods without a body are what an implementation brings. All errors are [`StubError`]s:
/// the peer refuses, or the stream broke.
pub trait Stub: Send + Sized {
    /// The value of a key; `None` where there is none (Fabric does not tell it from an empty value).
    /// The read becomes part of the read set.
    ///
    /// # Errors
    /// [`StubError`] where the peer refuses or the stream broke. In a collection also where this
    /// peer, or the submitter, may not have the value.
    fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send;

    /// The values of several keys, in the order of the keys. Of a collection this is for peers that have
    /// its values: a peer of 3.x that lacks one says `None` here, where [`get`](Self::get) fails, and
    /// the transaction turns out invalid.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Bytes>>, StubError>> + Send;

    /// The SHA-256 digest of a private value; every peer of the channel has it.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send;

    /// The metadata of a key; empty where there is none.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> impl Future<Output = Result<Metadata, StubError>> + Send;

    /// Opens a query and gives its first results. Of a range of the public state, what is passed and
    /// whether the end was reached become part of the read set. Of a collection nothing does, and
    /// Fabric refuses writes before or after such a query.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> impl Future<Output = Result<Batch<Entry>, StubError>> + Send;

    /// Opens the history of a key of the public state: what valid transactions made of it, the
    /// latest first. It is no part of the read set.
    ///
    /// # Errors
    /// As [`Stub::get`]; also where the peer keeps no history.
    fn open_history(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<Batch<Modification>, StubError>> + Send;

    /// The next results of a query.
    ///
    /// # Errors
    /// As [`Stub::get`]. The query is closed then.
    fn next_entries(
        &mut self,
        query: &QueryId,
    ) -> impl Future<Output = Result<Batch<Entry>, StubError>> + Send;

    /// The next results of a history.
    ///
    /// # Errors
    /// As [`Stub::get`]. The history is closed then.
    fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> impl Future<Output = Result<Batch<Modification>, StubError>> + Send;

    /// Closes a query or history that has more results.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn close_query(
        &mut self,
        query: &QueryId,
    ) -> impl Future<Output = Result<(), StubError>> + Send;

    /// A page of a query over the public state, for calls that only read: Fabric refuses writes
    /// before or after one. An empty bookmark starts at the beginning.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> impl Future<Output = Result<Page, StubError>> + Send;

    /// Calls another chaincode within this transaction and for its submitter; with a channel, on that
    /// one (`None` or this channel: here). On this channel what it reads and writes becomes part of
    /// the transaction, under its own endorsement policy. **On another channel everything that it writes
    /// is dropped, without an error**, and what it reads is checked by nobody. A refusal of the called
    /// chaincode is a response, too; `cscc` and `qscc` refuse every chaincode.
    ///
    /// # Errors
    /// As [`Stub::get`]; also where the peer knows no such chaincode or channel, or where the
    /// submitter may not call there.
    fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> impl Future<Output = Result<Response, StubError>> + Send;

    /// Writes a key when the transaction succeeds. The last write of a key counts.
    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write);

    /// Writes metadata of a key when the transaction succeeds: the only entry that it has then. It takes
    /// effect only on a key that exists then.
    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    );

    /// The one event of this transaction, sent when it succeeds; the last that was set counts.
    fn set_event(&mut self, event: Event);

    /// The value of a key of the public state, as [`Stub::get`].
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_state(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send {
        self.get(None, key)
    }

    /// The values of several keys of the public state, in the order of the keys.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_states(
        &mut self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Bytes>>, StubError>> + Send {
        self.get_multiple(None, keys)
    }

    /// The value of a key of a collection, as [`Stub::get`].
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_private_data(
        &mut self,
        collection: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send {
        let collection = CollectionName::from(collection);
        async move { self.get(Some(&collection), key).await }
    }

    /// As [`Stub::get_hash`].
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_private_data_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send {
        let collection = CollectionName::from(collection);
        async move { self.get_hash(&collection, key).await }
    }

    /// Opens a query that is read on demand.
    ///
    /// # Errors
    /// As [`Stub::open_query`].
    fn open(
        &mut self,
        collection: Option<&str>,
        query: &Query,
    ) -> impl Future<Output = Result<QueryIterator<Entry>, StubError>> + Send {
        let collection = collection.map(CollectionName::from);
        async move {
            let first = self.open_query(collection.as_ref(), query).await?;
            Ok(QueryIterator::new(first))
        }
    }

    /// Opens the history of a key, which is read on demand.
    ///
    /// # Errors
    /// As [`Stub::open_history`].
    fn get_history(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<QueryIterator<Modification>, StubError>> + Send {
        async move { Ok(QueryIterator::new(self.open_history(key).await?)) }
    }

    /// The entries with `start <= key < end` in key order, at most `most` of them. What was read,
    /// and the end of the range where it was reached, become part of the read set.
    ///
    /// A peer gives `totalQueryLimit` entries of a query at the most (100,000, or what its operator has
    /// set), and then says that there are no more.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_range(
        &mut self,
        range: &KeyRange,
        most: usize,
    ) -> impl Future<Output = Result<Entries, StubError>> + Send {
        let query = Query::Range(range.clone());
        async move {
            let iterator = QueryIterator::new(self.open_query(None, &query).await?);
            let (entries, more) = iterator.take(most, self).await?;
            Ok(Entries { entries, more })
        }
    }

    /// A page of a range, as [`Stub::get_query_page`].
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> impl Future<Output = Result<Page, StubError>> + Send {
        let query = Query::Range(range.clone());
        async move { self.get_query_page(&query, page_size, bookmark).await }
    }

    /// Calls another chaincode on this channel, as [`Stub::invoke_on_channel`].
    ///
    /// # Errors
    /// As [`Stub::invoke_on_channel`].
    fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> impl Future<Output = Result<Response, StubError>> + Send {
        self.invoke_on_channel(chaincode, None, args)
    }

    /// The policy that decides on writes of this key in place of the chaincode's: a serialized
    /// `common.SignaturePolicyEnvelope`; `None`, or no bytes: the chaincode's own.
    ///
    /// # Errors
    /// As [`Stub::get`].
    fn get_validation_parameter(
        &mut self,
        collection: Option<&str>,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send {
        let collection = collection.map(CollectionName::from);
        async move {
            let mut metadata = self.get_metadata(collection.as_ref(), key).await?;
            Ok(metadata.remove(VALIDATION_PARAMETER))
        }
    }

    /// Says who must endorse writes of this key from now on: a serialized `SignaturePolicyEnvelope`; no
    /// bytes: as the chaincode's policy says. Other bytes fail the transaction, since they would stop
    /// the channel at every peer: never take them from a caller.
    fn set_validation_parameter(
        &mut self,
        collection: Option<&str>,
        key: impl Into<String>,
        policy: Bytes,
    ) {
        let collection = collection.map(CollectionName::from);
        self.write_metadata(
            collection,
            key.into(),
            VALIDATION_PARAMETER.to_owned(),
            policy,
        );
    }

    /// Writes a key when the transaction succeeds. The last write or delete of a key counts.
    fn put_state(&mut self, key: impl Into<String>, value: impl Into<Bytes>) {
        self.write(None, key.into(), Write::Put(value.into()));
    }

    /// Deletes a key when the transaction succeeds.
    fn del_state(&mut self, key: impl Into<String>) {
        self.write(None, key.into(), Write::Delete);
    }

    /// Writes a key of a collection when the transaction succeeds.
    fn put_private_data(
        &mut self,
        collection: &str,
        key: impl Into<String>,
        value: impl Into<Bytes>,
    ) {
        let write = Write::Put(value.into());
        self.write(Some(collection.into()), key.into(), write);
    }

    /// Deletes a key of a collection when the transaction succeeds.
    fn del_private_data(&mut self, collection: &str, key: impl Into<String>) {
        self.write(Some(collection.into()), key.into(), Write::Delete);
    }

    /// Deletes a key of a collection when the transaction succeeds, and has every peer forget all
    /// values that it ever had. For channels with application capability `V2_5`.
    fn purge_private_data(&mut self, collection: &str, key: impl Into<String>) {
        self.write(Some(collection.into()), key.into(), Write::Purge);
    }
}

/// A query that is read on demand: a batch is asked for when the one before is used up.
///
/// It borrows nothing, so its stub can be used while it is read. One that is left early is
/// closed with [`close`](Self::close); what is not closed is closed by the peer when the
/// transaction ends.
#[derive(Debug)]
#[must_use = "nothing more is read until it is asked for"]
pub struct QueryIterator<T> {
    results: VecDeque<T>,
    next: Option<QueryId>,
}

impl<T: QueryResult> QueryIterator<T> {
    fn new(batch: Batch<T>) -> Self {
        Self {
            results: batch.results.into(),
            next: batch.next,
        }
    }

    /// The next result; `None` behind the last.
    ///
    /// # Errors
    /// As [`Stub::get_state`]. There is nothing to read behind an error.
    pub async fn next<S: Stub>(&mut self, stub: &mut S) -> Result<Option<T>, StubError> {
        while self.results.is_empty() {
            let Some(id) = self.next.take() else {
                return Ok(None);
            };
            let batch = T::next_batch(stub, &id).await?;
            *self = Self::new(batch);
        }
        Ok(self.results.pop_front())
    }

    /// Leaves the query. Costs nothing where all of it came already.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    pub async fn close<S: Stub>(self, stub: &mut S) -> Result<(), StubError> {
        match self.next {
            Some(id) => stub.close_query(&id).await,
            None => Ok(()),
        }
    }

    /// At most `most` results, and whether there are more; leaves the query.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    pub async fn take<S: Stub>(
        mut self,
        most: usize,
        stub: &mut S,
    ) -> Result<(Vec<T>, bool), StubError> {
        let mut taken = Vec::from(self.results);
        while let Some(id) = self.next.take_if(|_| taken.len() < most) {
            let batch = T::next_batch(stub, &id).await?;
            taken.extend(batch.results);
            self.next = batch.next;
        }
        let more = self.next.is_some() || taken.len() > most;
        taken.truncate(most);
        if let Some(id) = &self.next {
            stub.close_query(id).await?;
        }
        Ok((taken, more))
    }
}

/// What queries give: entries, or modifications.
pub trait QueryResult: Sized + Send {
    /// The next batch of an open query.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    fn next_batch<S: Stub>(
        stub: &mut S,
        query: &QueryId,
    ) -> impl Future<Output = Result<Batch<Self>, StubError>> + Send;
}

impl QueryResult for Entry {
    async fn next_batch<S: Stub>(stub: &mut S, id: &QueryId) -> Result<Batch<Self>, StubError> {
        stub.next_entries(id).await
    }
}

impl QueryResult for Modification {
    async fn next_batch<S: Stub>(stub: &mut S, id: &QueryId) -> Result<Batch<Self>, StubError> {
        stub.next_modifications(id).await
    }
}
