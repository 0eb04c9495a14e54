//! One transaction's view of a peer's ledger: answers the state calls of a chaincode and records
//! what was read and written.
//!
//! What is answered is decided by the simulation of the ledger in memory; here it is read from and
//! written into messages.

use bytes::Bytes;
use prost::Message;

use super::{lifecycle::KeptDefinition, others};
use crate::{
    devnet::options::ENDORSEMENT,
    ids::{ChaincodeName, ChannelId, CollectionName},
    proto::{
        protos::{self, chaincode_message::Type, write_record::Type as Record},
        queryresult,
    },
    stub::{
        Batch, Entry, KeyRange, Metadata, Modification, Query, QueryId, Write,
        memory::{Ledger, PeerManner, PeerRelease, ReadWriteSet, Simulation},
    },
};

/// Runs over a snapshot; [`Simulator::answer`] for each state call, then [`Simulator::finish`].
#[derive(Debug)]
pub(in crate::devnet) struct Simulator {
    namespace: String,
    /// The chaincode's definition.
    definition: KeptDefinition,
    simulation: Simulation,
}

impl Simulator {
    /// A simulation of one transaction of a chaincode on the ledger as it is now, by a peer of this
    /// manner.
    pub(in crate::devnet) fn new(namespace: &str, ledger: Ledger, manner: PeerManner) -> Self {
        Self {
            namespace: namespace.to_owned(),
            definition: KeptDefinition::first(ENDORSEMENT),
            simulation: Simulation::new(("", namespace), ledger, manner),
        }
    }

    /// The same on a channel of this name, of a chaincode with this definition.
    pub(super) fn of(mut self, channel: &ChannelId, definition: KeptDefinition) -> Self {
        let chaincode = ChaincodeName::from(self.namespace.as_str());
        self.simulation.name(channel.clone(), chaincode);
        self.definition = definition;
        self
    }

    /// Says that the transaction is an INIT.
    pub(in crate::devnet) const fn initialize(&mut self) {
        self.simulation.initialize();
    }

    /// The payload of the RESPONSE to a state call, or the text of the ERROR.
    pub(in crate::devnet) fn answer(
        &mut self,
        kind: Type,
        payload: &[u8],
    ) -> Result<Bytes, String> {
        let name = kind.as_str_name();
        match kind {
            Type::GetStateMultiple | Type::WriteBatchState
                if self.simulation.manner.release == PeerRelease::V2_5 =>
            {
                Err(format!("{name} is not known to a peer of 2.5"))
            }
            Type::GetState => {
                let call: protos::GetState = decode(payload)?;
                let collection = collection(&call.collection);
                let value = self.simulation.get(collection.as_ref(), &call.key)?;
                Ok(value.unwrap_or_default())
            }
            Type::GetPrivateDataHash => {
                let call: protos::GetState = decode(payload)?;
                let collection = CollectionName::from(call.collection);
                let digest = self.simulation.get_hash(&collection, &call.key)?;
                Ok(digest.unwrap_or_default())
            }
            Type::GetStateMultiple => {
                let call: protos::GetStateMultiple = decode(payload)?;
                let collection = collection(&call.collection);
                let values = self
                    .simulation
                    .get_multiple(collection.as_ref(), &call.keys)?;
                let values = values.into_iter().map(Option::unwrap_or_default).collect();
                Ok(encode(&protos::GetStateMultipleResult { values }))
            }
            Type::GetStateMetadata => {
                let call: protos::GetStateMetadata = decode(payload)?;
                let collection = collection(&call.collection);
                let found = self
                    .simulation
                    .get_metadata(collection.as_ref(), &call.key)?;
                let entries = found.into_iter();
                let entries =
                    entries.map(|(metakey, value)| protos::StateMetadata { metakey, value });
                let entries = entries.collect();
                Ok(encode(&protos::StateMetadataResult { entries }))
            }
            Type::GetStateByRange => {
                let call: protos::GetStateByRange = decode(payload)?;
                let query = Query::Range(KeyRange {
                    start: call.start_key,
                    end: call.end_key,
                });
                self.open(&call.collection, &query, &call.metadata)
            }
            Type::GetQueryResult => {
                let call: protos::GetQueryResult = decode(payload)?;
                self.open(&call.collection, &Query::Rich(call.query), &call.metadata)
            }
            Type::GetHistoryForKey => {
                let call: protos::GetHistoryForKey = decode(payload)?;
                let batch = self.simulation.open_history(&call.key)?;
                Ok(modifications(batch))
            }
            Type::QueryStateNext => {
                let call: protos::QueryStateNext = decode(payload)?;
                let id = QueryId(call.id);
                if self.simulation.is_history(&id) {
                    let batch = self.simulation.next_modifications(&id)?;
                    return Ok(modifications(batch));
                }
                let batch = self.simulation.next_entries(&id)?;
                Ok(self.entries(batch))
            }
            Type::QueryStateClose => {
                let call: protos::QueryStateClose = decode(payload)?;
                let id = QueryId(call.id);
                self.simulation.close_query(&id);
                Ok(encode(&protos::QueryResponse {
                    id: id.0,
                    ..protos::QueryResponse::default()
                }))
            }
            Type::PutState => {
                let call: protos::PutState = decode(payload)?;
                self.write(&call.collection, call.key, Write::Put(call.value))
            }
            Type::DelState => {
                let call: protos::DelState = decode(payload)?;
                self.write(&call.collection, call.key, Write::Delete)
            }
            Type::PurgePrivateData => {
                let call: protos::PurgePrivateState = decode(payload)?;
                self.write(&call.collection, call.key, Write::Purge)
            }
            Type::PutStateMetadata => {
                let call: protos::PutStateMetadata = decode(payload)?;
                self.write_metadata(&call.collection, call.key, call.metadata)
            }
            Type::WriteBatchState => self.write_batch(decode(payload)?),
            Type::InvokeChaincode => self.invoke(decode(payload)?),
            _ => Err(format!("{name} is not served by a development peer")),
        }
    }

    /// What the transaction did.
    pub(in crate::devnet) fn finish(self) -> ReadWriteSet {
        self.simulation.set
    }

    fn open(&mut self, named: &str, query: &Query, metadata: &Bytes) -> Result<Bytes, String> {
        let page: protos::QueryMetadata = decode(metadata)?;
        let collection = collection(named);
        // Fabric: core/chaincode/handler.go, isMetadataSetForPagination; collections have no pages
        if collection.is_some() || (page.page_size == 0 && page.bookmark.is_empty()) {
            let batch = self.simulation.open_query(collection.as_ref(), query)?;
            return Ok(self.entries(batch));
        }
        let size = usize::try_from(page.page_size)
            .ok()
            .filter(|size| *size > 0)
            .ok_or("the page size is not positive")?;
        let page = self
            .simulation
            .get_query_page(query, size, &page.bookmark)?;
        let metadata = protos::QueryResponseMetadata {
            fetched_records_count: i32::try_from(page.entries.len()).unwrap_or(i32::MAX),
            bookmark: page.bookmark,
        };
        Ok(encode(&protos::QueryResponse {
            results: self.results(page.entries),
            metadata: encode(&metadata),
            ..protos::QueryResponse::default()
        }))
    }

    fn entries(&self, batch: Batch<Entry>) -> Bytes {
        response(self.results(batch.results), batch.next)
    }

    fn results(&self, entries: Vec<Entry>) -> Vec<protos::QueryResultBytes> {
        let results = entries.into_iter().map(|entry| {
            let entry = queryresult::Kv {
                namespace: self.namespace.clone(),
                key: entry.key,
                value: entry.value,
            };
            protos::QueryResultBytes {
                result_bytes: encode(&entry),
            }
        });
        results.collect()
    }

    fn write(&mut self, named: &str, key: String, write: Write) -> Result<Bytes, String> {
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let collection = collection(named);
        self.simulation.write(collection.as_ref(), key, write)?;
        Ok(Bytes::new())
    }

    fn write_metadata(
        &mut self,
        named: &str,
        key: String,
        entry: Option<protos::StateMetadata>,
    ) -> Result<Bytes, String> {
        let entry = entry.unwrap_or_default();
        let metadata = Metadata::from([(entry.metakey, entry.value)]);
        let collection = collection(named);
        self.simulation
            .write_metadata(collection.as_ref(), key, metadata)?;
        Ok(Bytes::new())
    }

    fn write_batch(&mut self, batch: protos::WriteBatchState) -> Result<Bytes, String> {
        for record in batch.rec {
            let kind = record.r#type();
            let (named, key) = (&record.collection, record.key);
            match kind {
                Record::PutState => self.write(named, key, Write::Put(record.value))?,
                Record::DelState => self.write(named, key, Write::Delete)?,
                Record::PurgePrivateData => self.write(named, key, Write::Purge)?,
                Record::PutStateMetadata => self.write_metadata(named, key, record.metadata)?,
                Record::Undefined => return Err("unknown operation type".to_owned()),
            };
        }
        Ok(Bytes::new())
    }

    /// What another chaincode answers, in the message with which it ends.
    // Fabric: core/chaincode/handler.go, HandleInvokeChaincode
    fn invoke(&mut self, spec: protos::ChaincodeSpec) -> Result<Bytes, String> {
        let called = spec.chaincode_id.unwrap_or_default().name;
        let input = spec.input.unwrap_or_default();
        self.simulation
            .set
            .calls
            .push(ChaincodeName::from(called.as_str()));
        let response = others::call(&self.namespace, &self.definition, &called, &input)?;
        let response = protos::Response {
            status: response.status,
            message: response.message,
            payload: response.payload,
        };
        Ok(encode(&protos::ChaincodeMessage {
            r#type: Type::Completed.into(),
            payload: encode(&response),
            ..protos::ChaincodeMessage::default()
        }))
    }
}

/// A collection as messages name it.
fn collection(named: &str) -> Option<CollectionName> {
    (!named.is_empty()).then(|| named.into())
}

fn modifications(batch: Batch<Modification>) -> Bytes {
    let results = batch.results.into_iter().map(|found| {
        let found = queryresult::KeyModification {
            tx_id: found.tx_id.to_string(),
            value: found.value,
            timestamp: Some(prost_types::Timestamp {
                seconds: found.timestamp.seconds,
                nanos: i32::try_from(found.timestamp.nanos).unwrap_or_default(),
            }),
            is_delete: found.is_delete,
        };
        protos::QueryResultBytes {
            result_bytes: encode(&found),
        }
    });
    response(results.collect(), batch.next)
}

/// Some results of a query. Of the last ones the peer does not tell the id.
fn response(results: Vec<protos::QueryResultBytes>, next: Option<QueryId>) -> Bytes {
    encode(&protos::QueryResponse {
        results,
        has_more: next.is_some(),
        id: next.map(|id| id.0).unwrap_or_default(),
        ..protos::QueryResponse::default()
    })
}

fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, String> {
    M::decode(payload).map_err(|e| e.to_string())
}

fn encode<M: Message>(message: &M) -> Bytes {
    message.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::BlockNumber, proto, stub::memory::Version};

    fn ledger(keys: usize) -> Ledger {
        let writes = (0..keys)
            .map(|i| (format!("k{i:04}"), Some(Bytes::from_static(b"v"))))
            .collect();
        let mut ledger = Ledger::new();
        let version = Version {
            block: BlockNumber(1),
            tx: 0,
        };
        ledger.commit(
            version,
            &ReadWriteSet {
                writes,
                ..ReadWriteSet::default()
            },
        );
        ledger
    }

    fn range(simulator: &mut Simulator, metadata: &protos::QueryMetadata) -> protos::QueryResponse {
        let call = protos::GetStateByRange {
            start_key: "k".to_owned(),
            end_key: "l".to_owned(),
            metadata: encode(metadata),
            ..protos::GetStateByRange::default()
        };
        let bytes = simulator
            .answer(Type::GetStateByRange, &call.encode_to_vec())
            .unwrap();
        decode(&bytes).unwrap()
    }

    #[test]
    fn batches_run_one_entry_ahead() {
        for (keys, first, more, passed, exhausted) in [
            (0, 0, false, 0, true),
            (99, 99, false, 99, true),
            (100, 100, false, 100, true),
            (101, 100, true, 101, false),
            (250, 100, true, 101, false),
        ] {
            let mut simulator = Simulator::new("cmscc", ledger(keys), PeerManner::default());
            let response = range(&mut simulator, &protos::QueryMetadata::default());
            assert_eq!(response.results.len(), first, "{keys}");
            assert_eq!(response.has_more, more, "{keys}");
            let read = &simulator.finish().ranges[0];
            assert_eq!(read.reads.len(), passed, "{keys}");
            assert_eq!(read.exhausted, exhausted, "{keys}");
        }
    }

    #[test]
    fn all_batches_together_are_the_range() {
        let mut simulator = Simulator::new("cmscc", ledger(250), PeerManner::default());
        let mut response = range(&mut simulator, &protos::QueryMetadata::default());
        let mut sizes = vec![response.results.len()];
        while response.has_more {
            let next = protos::QueryStateNext {
                id: response.id.clone(),
            };
            let bytes = simulator
                .answer(Type::QueryStateNext, &next.encode_to_vec())
                .unwrap();
            response = decode(&bytes).unwrap();
            sizes.push(response.results.len());
        }
        assert_eq!(sizes, [100, 100, 50]);
        let read = &simulator.finish().ranges[0];
        assert!(read.exhausted);
        assert_eq!(read.reads.len(), 250);
    }

    #[test]
    fn pages_carry_a_bookmark_and_forbid_writes() {
        let mut simulator = Simulator::new("cmscc", ledger(3), PeerManner::default());
        let mut page = protos::QueryMetadata {
            page_size: 2,
            bookmark: String::new(),
        };
        let first = range(&mut simulator, &page);
        let facts: protos::QueryResponseMetadata = decode(&first.metadata).unwrap();
        assert_eq!(first.results.len(), 2);
        assert_eq!(facts.bookmark, "k0002");
        page.bookmark = facts.bookmark;
        let last = range(&mut simulator, &page);
        let facts: protos::QueryResponseMetadata = decode(&last.metadata).unwrap();
        assert_eq!((last.results.len(), facts.bookmark.as_str()), (1, ""));
        let put = protos::PutState {
            key: "a".to_owned(),
            ..protos::PutState::default()
        };
        assert!(
            simulator
                .answer(Type::PutState, &put.encode_to_vec())
                .is_err()
        );
    }

    #[test]
    fn only_the_lifecycle_answers_another_chaincode() {
        let call = |chaincode: &str, args: &[&[u8]]| {
            let spec = protos::ChaincodeSpec {
                chaincode_id: Some(protos::ChaincodeId {
                    name: chaincode.to_owned(),
                    ..protos::ChaincodeId::default()
                }),
                input: Some(protos::ChaincodeInput {
                    args: args.iter().map(|a| Bytes::copy_from_slice(a)).collect(),
                    ..protos::ChaincodeInput::default()
                }),
                ..protos::ChaincodeSpec::default()
            };
            let mut simulator = Simulator::new("cmscc", ledger(0), PeerManner::default());
            let payload = simulator.answer(Type::InvokeChaincode, &spec.encode_to_vec())?;
            assert_eq!(simulator.finish().calls, [chaincode.into()]);
            let last: protos::ChaincodeMessage = decode(&payload)?;
            assert_eq!(last.r#type(), Type::Completed);
            decode::<protos::Response>(&last.payload)
        };
        let query: &[u8] = b"QueryChaincodeDefinition";
        let own = call("_lifecycle", &[query, b"\x0a\x05cmscc"]).unwrap();
        assert_eq!(own.status, 200);
        let own: proto::lifecycle::QueryChaincodeDefinitionResult = decode(&own.payload).unwrap();
        assert_eq!((own.sequence, own.version.as_str()), (1, "1.0"));
        for (chaincode, args, status) in [
            ("_lifecycle", &[query, b"\x0a\x05other"][..], 404),
            ("_lifecycle", &[query], 500),
            ("_lifecycle", &[b"Other", b""], 500),
            ("cscc", &[b"GetConfigBlock", b"mychannel"], 500),
            ("qscc", &[b"GetChainInfo", b"mychannel"], 500),
        ] {
            let answer = call(chaincode, args).unwrap();
            assert_eq!(answer.status, status, "{chaincode}: {}", answer.message);
        }
        let rejecting = call("cscc", &[b"GetConfigBlock", b"mychannel"]).unwrap();
        assert_eq!(
            rejecting.message,
            "Rejecting invoke of CSCC from another chaincode, original invocation for 'cmscc'"
        );
        assert!(
            call("other", &[b"f"])
                .unwrap_err()
                .contains("chaincode other not found")
        );
    }

    #[test]
    fn a_read_does_not_see_the_transactions_own_writes() {
        let mut simulator = Simulator::new("cmscc", ledger(0), PeerManner::default());
        let put = protos::PutState {
            key: "a".to_owned(),
            value: Bytes::from_static(b"1"),
            ..protos::PutState::default()
        };
        simulator
            .answer(Type::PutState, &put.encode_to_vec())
            .unwrap();
        let get = protos::GetState {
            key: "a".to_owned(),
            ..protos::GetState::default()
        };
        let found = simulator
            .answer(Type::GetState, &get.encode_to_vec())
            .unwrap();
        assert!(found.is_empty());
        assert_eq!(simulator.finish().reads["a"], None);
    }
}
