//! A [`Stub`] of any type behind a pointer: its methods with boxed futures.

use std::pin::Pin;

use bytes::Bytes;

use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName},
    stub::{
        Batch, Entry, Event, Metadata, Modification, Page, Query, QueryId, Response, Stub,
        StubError, Write,
    },
};

/// What a state call will answer.
pub(super) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StubError>> + Send + 'a>>;

/// What an implementation of [`Stub`] brings, one method each.
pub(super) trait ErasedStub: Send {
    fn get<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        key: &'a str,
    ) -> Pending<'a, Option<Bytes>>;

    fn get_multiple<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        keys: &'a [String],
    ) -> Pending<'a, Vec<Option<Bytes>>>;

    fn get_hash<'a>(
        &'a mut self,
        collection: &'a CollectionName,
        key: &'a str,
    ) -> Pending<'a, Option<Bytes>>;

    fn get_metadata<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        key: &'a str,
    ) -> Pending<'a, Metadata>;

    fn open_query<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        query: &'a Query,
    ) -> Pending<'a, Batch<Entry>>;

    fn open_history<'a>(&'a mut self, key: &'a str) -> Pending<'a, Batch<Modification>>;

    fn next_entries<'a>(&'a mut self, query: &'a QueryId) -> Pending<'a, Batch<Entry>>;

    fn next_modifications<'a>(&'a mut self, query: &'a QueryId)
    -> Pending<'a, Batch<Modification>>;

    fn close_query<'a>(&'a mut self, query: &'a QueryId) -> Pending<'a, ()>;

    fn get_query_page<'a>(
        &'a mut self,
        query: &'a Query,
        page_size: u32,
        bookmark: &'a str,
    ) -> Pending<'a, Page>;

    fn invoke_on_channel<'a>(
        &'a mut self,
        chaincode: &'a ChaincodeName,
        channel: Option<&'a ChannelId>,
        args: &'a [Bytes],
    ) -> Pending<'a, Response>;

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write);

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    );

    fn set_event(&mut self, event: Event);
}

impl<S: Stub> ErasedStub for S {
    fn get<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        key: &'a str,
    ) -> Pending<'a, Option<Bytes>> {
        Box::pin(Stub::get(self, collection, key))
    }

    fn get_multiple<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        keys: &'a [String],
    ) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(Stub::get_multiple(self, collection, keys))
    }

    fn get_hash<'a>(
        &'a mut self,
        collection: &'a CollectionName,
        key: &'a str,
    ) -> Pending<'a, Option<Bytes>> {
        Box::pin(Stub::get_hash(self, collection, key))
    }

    fn get_metadata<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        key: &'a str,
    ) -> Pending<'a, Metadata> {
        Box::pin(Stub::get_metadata(self, collection, key))
    }

    fn open_query<'a>(
        &'a mut self,
        collection: Option<&'a CollectionName>,
        query: &'a Query,
    ) -> Pending<'a, Batch<Entry>> {
        Box::pin(Stub::open_query(self, collection, query))
    }

    fn open_history<'a>(&'a mut self, key: &'a str) -> Pending<'a, Batch<Modification>> {
        Box::pin(Stub::open_history(self, key))
    }

    fn next_entries<'a>(&'a mut self, query: &'a QueryId) -> Pending<'a, Batch<Entry>> {
        Box::pin(Stub::next_entries(self, query))
    }

    fn next_modifications<'a>(
        &'a mut self,
        query: &'a QueryId,
    ) -> Pending<'a, Batch<Modification>> {
        Box::pin(Stub::next_modifications(self, query))
    }

    fn close_query<'a>(&'a mut self, query: &'a QueryId) -> Pending<'a, ()> {
        Box::pin(Stub::close_query(self, query))
    }

    fn get_query_page<'a>(
        &'a mut self,
        query: &'a Query,
        page_size: u32,
        bookmark: &'a str,
    ) -> Pending<'a, Page> {
        Box::pin(Stub::get_query_page(self, query, page_size, bookmark))
    }

    fn invoke_on_channel<'a>(
        &'a mut self,
        chaincode: &'a ChaincodeName,
        channel: Option<&'a ChannelId>,
        args: &'a [Bytes],
    ) -> Pending<'a, Response> {
        Box::pin(Stub::invoke_on_channel(self, chaincode, channel, args))
    }

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        Stub::write(self, collection, key, write);
    }

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        Stub::write_metadata(self, collection, key, name, value);
    }

    fn set_event(&mut self, event: Event) {
        Stub::set_event(self, event);
    }
}
