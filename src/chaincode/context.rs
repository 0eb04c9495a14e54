//! What a function of a contract has in its hands: the transaction, and the ledger.

use std::fmt;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    client_identity::ClientIdentity,
    erased::ErasedStub,
    error::ChaincodeError,
    value::{from_json, from_secret_json, to_json},
};
use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName, TxId, UnixTime},
    stub::{
        Batch, Entry, Event, Invocation, Metadata, Modification, Page, Query, QueryId, Response,
        Stub, StubError, Write,
    },
};

/// One transaction, as a function of a contract sees it.
///
/// It is a [`Stub`]: all state calls work on it. Beside them there is what the transaction says of
/// itself, who submitted it, and state that is JSON.
pub struct TransactionContext<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) function: &'a str,
    pub(super) is_evaluate: bool,
    pub(super) stub: &'a mut (dyn ErasedStub + 'a),
    pub(super) wrote: &'a mut bool,
}

impl TransactionContext<'_> {
    /// The transaction, whole.
    #[must_use]
    pub const fn invocation(&self) -> &Invocation {
        self.invocation
    }

    /// The function that is called, by the name that the contract has for it.
    #[must_use]
    pub const fn function(&self) -> &str {
        self.function
    }

    /// Whether the function only answers: what is written is refused then.
    #[must_use]
    pub const fn is_evaluate(&self) -> bool {
        self.is_evaluate
    }

    /// The transaction's id.
    #[must_use]
    pub const fn tx_id(&self) -> &TxId {
        &self.invocation.tx_id
    }

    /// The submitter's clock; every endorser sees the same.
    #[must_use]
    pub const fn timestamp(&self) -> UnixTime {
        self.invocation.timestamp
    }

    /// Who submitted the transaction.
    ///
    /// # Errors
    /// `BAD_IDENTITY`, 403, where there is no X.509 certificate that can be read.
    pub fn client(&self) -> Result<ClientIdentity, ChaincodeError> {
        Ok(ClientIdentity::of(self.invocation)?)
    }

    /// A transient field: data that goes with the call and not into the transaction.
    ///
    /// # Errors
    /// `TRANSIENT_MISSING`, 400, where there is no field of this name.
    pub fn transient(&self, name: &str) -> Result<&Bytes, ChaincodeError> {
        self.invocation.transient.get(name).ok_or_else(|| {
            let text = format!("the transient field `{name}` is missing");
            ChaincodeError::bad_request("TRANSIENT_MISSING", text)
        })
    }

    /// A transient field that is JSON.
    ///
    /// # Errors
    /// As [`transient`](Self::transient), and `BAD_TRANSIENT`, 400.
    pub fn transient_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, ChaincodeError> {
        let value = self.transient(name)?;
        from_secret_json(value).map_err(|why| {
            let text = format!("the transient field `{name}` {why}");
            ChaincodeError::bad_request("BAD_TRANSIENT", text)
        })
    }

    /// A value of the public state that is JSON; `None` where there is none.
    ///
    /// # Errors
    /// As [`Stub::get_state`], and `STATE_CORRUPT`, 500, where the value is not this JSON.
    pub async fn get_json<T: DeserializeOwned>(
        &mut self,
        key: &str,
    ) -> Result<Option<T>, ChaincodeError> {
        let value = self.get_state(key).await?;
        value.map(|value| from_json(key, &value)).transpose()
    }

    /// Writes a value as JSON to the public state. Members of objects are sorted by name.
    ///
    /// # Errors
    /// `INTERNAL`, 500, where the value cannot be JSON.
    pub fn put_json<T: Serialize + ?Sized>(
        &mut self,
        key: impl Into<String>,
        value: &T,
    ) -> Result<(), ChaincodeError> {
        self.put_state(key, to_json(value)?);
        Ok(())
    }

    /// A value of a collection that is JSON; `None` where there is none.
    ///
    /// # Errors
    /// As [`get_json`](Self::get_json).
    pub async fn get_private_json<T: DeserializeOwned>(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<T>, ChaincodeError> {
        let Some(value) = self.get_private_data(collection, key).await? else {
            return Ok(None);
        };
        from_secret_json(&value).map(Some).map_err(|why| {
            // the keys of a collection are secret, too
            let text = format!("a value in `{collection}` {why}");
            ChaincodeError::new(500, "STATE_CORRUPT", text)
        })
    }

    /// Writes a value as JSON to a collection, as [`put_json`](Self::put_json).
    ///
    /// # Errors
    /// As [`put_json`](Self::put_json).
    pub fn put_private_json<T: Serialize + ?Sized>(
        &mut self,
        collection: &str,
        key: impl Into<String>,
        value: &T,
    ) -> Result<(), ChaincodeError> {
        self.put_private_data(collection, key, to_json(value)?);
        Ok(())
    }

    /// Sets the one event of the transaction, its payload as JSON.
    ///
    /// # Errors
    /// As [`put_json`](Self::put_json).
    pub fn set_json_event<T: Serialize + ?Sized>(
        &mut self,
        name: impl Into<String>,
        payload: &T,
    ) -> Result<(), ChaincodeError> {
        let (name, payload) = (name.into(), to_json(payload)?);
        Stub::set_event(self, Event { name, payload });
        Ok(())
    }
}

impl Stub for TransactionContext<'_> {
    async fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        self.stub.get(collection, key).await
    }

    async fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, StubError> {
        self.stub.get_multiple(collection, keys).await
    }

    async fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        self.stub.get_hash(collection, key).await
    }

    async fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, StubError> {
        self.stub.get_metadata(collection, key).await
    }

    async fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, StubError> {
        self.stub.open_query(collection, query).await
    }

    async fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, StubError> {
        self.stub.open_history(key).await
    }

    async fn next_entries(&mut self, query: &QueryId) -> Result<Batch<Entry>, StubError> {
        self.stub.next_entries(query).await
    }

    async fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> Result<Batch<Modification>, StubError> {
        self.stub.next_modifications(query).await
    }

    async fn close_query(&mut self, query: &QueryId) -> Result<(), StubError> {
        self.stub.close_query(query).await
    }

    async fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        self.stub.get_query_page(query, page_size, bookmark).await
    }

    async fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        self.stub.invoke_on_channel(chaincode, channel, args).await
    }

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        *self.wrote = true;
        self.stub.write(collection, key, write);
    }

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        *self.wrote = true;
        self.stub.write_metadata(collection, key, name, value);
    }

    fn set_event(&mut self, event: Event) {
        *self.wrote = true;
        self.stub.set_event(event);
    }
}

impl fmt::Debug for TransactionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionContext")
            .field("tx_id", self.tx_id())
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}
