//! One transaction's view of a peer's ledger: answers the state calls of a chaincode and records
//! what was read and written.
//!
//! Ranges are answered as Fabric's peers do, whichever state database they have: the queries are those
//! of the ledger in memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::lifecycle;
use crate::{
    ids::ChaincodeName,
    proto::{protos, protos::chaincode_message::Type, queryresult},
    stub::{
        Entry, KeyRange,
        memory::{Ledger, PeerManner, PeerRelease, QueryBatch, RangeQuery, ReadWriteSet},
    },
};

/// Runs over a snapshot; [`Simulator::answer`] for each state call, then [`Simulator::finish`].
#[derive(Debug)]
pub(in crate::devnet) struct Simulator {
    namespace: String,
    ledger: Ledger,
    manner: PeerManner,
    set: ReadWriteSet,
    iterators: BTreeMap<String, Iteration>,
    opened: u64,
    paged: bool,
}

/// A range that is being read.
#[derive(Debug)]
struct Iteration {
    /// Where in the set's ranges its reads are recorded.
    recorded: usize,
    query: RangeQuery,
}

impl Simulator {
    /// A simulation of one transaction of a chaincode on the ledger as it is now, by a peer of this
    /// manner.
    pub(in crate::devnet) fn new(namespace: &str, ledger: Ledger, manner: PeerManner) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ledger,
            manner,
            set: ReadWriteSet::default(),
            iterators: BTreeMap::new(),
            opened: 0,
            paged: false,
        }
    }

    /// The payload of the RESPONSE to a state call, or the text of the ERROR.
    pub(in crate::devnet) fn answer(
        &mut self,
        kind: Type,
        payload: &[u8],
    ) -> Result<Bytes, String> {
        match kind {
            Type::GetStateMultiple | Type::WriteBatchState
                if self.manner.release == PeerRelease::V2_5 =>
            {
                Err(format!(
                    "{} is not known to a peer of 2.5",
                    kind.as_str_name()
                ))
            }
            Type::GetState => {
                let call: protos::GetState = decode(payload)?;
                no_collection(&call.collection)?;
                Ok(self.read(&call.key).unwrap_or_default())
            }
            Type::GetStateMultiple => {
                let call: protos::GetStateMultiple = decode(payload)?;
                no_collection(&call.collection)?;
                let values = call.keys.iter().map(|key| self.read(key));
                let values = values.map(Option::unwrap_or_default).collect();
                Ok(encode(&protos::GetStateMultipleResult { values }))
            }
            Type::GetStateByRange => self.open_range(decode(payload)?),
            Type::QueryStateNext => {
                let call: protos::QueryStateNext = decode(payload)?;
                self.next_batch(&call.id)
            }
            Type::QueryStateClose => {
                let call: protos::QueryStateClose = decode(payload)?;
                self.iterators
                    .remove(&call.id)
                    .ok_or("query iterator not found")?;
                Ok(encode(&protos::QueryResponse {
                    id: call.id,
                    ..protos::QueryResponse::default()
                }))
            }
            Type::PutState => {
                let call: protos::PutState = decode(payload)?;
                no_collection(&call.collection)?;
                self.write(call.key, Some(call.value))
            }
            Type::DelState => {
                let call: protos::DelState = decode(payload)?;
                no_collection(&call.collection)?;
                self.write(call.key, None)
            }
            Type::WriteBatchState => self.write_batch(decode(payload)?),
            Type::InvokeChaincode => self.invoke(decode(payload)?),
            other => Err(format!(
                "{} is not served by a development peer",
                other.as_str_name()
            )),
        }
    }

    /// What the transaction did.
    pub(in crate::devnet) fn finish(self) -> ReadWriteSet {
        self.set
    }

    fn read(&mut self, key: &str) -> Option<Bytes> {
        let found = self.ledger.get(key);
        let version = found.map(|entry| entry.version);
        let value = found.map(|entry| entry.value.clone());
        self.set.reads.insert(key.to_owned(), version);
        value
    }

    fn write(&mut self, key: String, value: Option<Bytes>) -> Result<Bytes, String> {
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        if self.paged {
            return Err("a transaction that made a paged query cannot write".to_owned());
        }
        self.set.writes.insert(key, value);
        Ok(Bytes::new())
    }

    fn write_batch(&mut self, batch: protos::WriteBatchState) -> Result<Bytes, String> {
        use protos::write_record::Type as Record;
        for record in batch.rec {
            no_collection(&record.collection)?;
            let value = match record.r#type() {
                Record::PutState => Some(record.value),
                Record::DelState => None,
                other => {
                    return Err(format!(
                        "{} is not served by a development peer",
                        other.as_str_name()
                    ));
                }
            };
            self.write(record.key, value)?;
        }
        Ok(Bytes::new())
    }

    /// What another chaincode answers, in the message with which it ends.
    // Fabric: core/chaincode/handler.go, HandleInvokeChaincode
    fn invoke(&mut self, spec: protos::ChaincodeSpec) -> Result<Bytes, String> {
        let called = spec.chaincode_id.unwrap_or_default().name;
        let input = spec.input.unwrap_or_default();
        self.set.calls.push(ChaincodeName::from(called.as_str()));
        let response = lifecycle::call(&self.namespace, &called, &input)?;
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

    fn open_range(&mut self, call: protos::GetStateByRange) -> Result<Bytes, String> {
        no_collection(&call.collection)?;
        let range = KeyRange {
            start: call.start_key,
            end: call.end_key,
        };
        if call.metadata.is_empty() {
            self.opened = self.opened.saturating_add(1);
            let id = self.opened.to_string();
            let iteration = self.open(range, None);
            self.iterators.insert(id.clone(), iteration);
            return self.next_batch(&id);
        }
        let page: protos::QueryMetadata = decode(&call.metadata)?;
        self.page(range, &page)
    }

    fn next_batch(&mut self, id: &str) -> Result<Bytes, String> {
        let mut iteration = self
            .iterators
            .remove(id)
            .ok_or("query iterator not found")?;
        let batch = self.advance(&mut iteration)?;
        let has_more = batch.more;
        if has_more {
            self.iterators.insert(id.to_owned(), iteration);
        }
        Ok(encode(&protos::QueryResponse {
            results: self.results(batch.entries),
            has_more,
            id: id.to_owned(),
            ..protos::QueryResponse::default()
        }))
    }

    fn page(&mut self, range: KeyRange, page: &protos::QueryMetadata) -> Result<Bytes, String> {
        if !self.set.writes.is_empty() {
            return Err("a transaction that wrote cannot make a paged query".to_owned());
        }
        let size = usize::try_from(page.page_size)
            .ok()
            .filter(|size| *size > 0)
            .ok_or("the page size is not positive")?;
        self.paged = true;
        let mut iteration = self.open(range, Some((size, &page.bookmark)));
        let batch = self.advance(&mut iteration)?;
        let metadata = protos::QueryResponseMetadata {
            fetched_records_count: i32::try_from(batch.entries.len()).unwrap_or(i32::MAX),
            bookmark: batch.bookmark.unwrap_or_default(),
        };
        Ok(encode(&protos::QueryResponse {
            results: self.results(batch.entries),
            metadata: encode(&metadata),
            ..protos::QueryResponse::default()
        }))
    }

    fn open(&mut self, range: KeyRange, page: Option<(usize, &str)>) -> Iteration {
        let recorded = self.set.ranges.len();
        let (query, read) = RangeQuery::open(&self.ledger, range, page, &self.manner);
        self.set.ranges.push(read);
        Iteration { recorded, query }
    }

    fn advance(&mut self, iteration: &mut Iteration) -> Result<QueryBatch, String> {
        let read = self.set.ranges.get_mut(iteration.recorded);
        let read = read.ok_or("query iterator not found")?;
        Ok(iteration.query.next_batch(read))
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
}

fn no_collection(collection: &str) -> Result<(), String> {
    if collection.is_empty() {
        Ok(())
    } else {
        Err("private data is not served by a development peer".to_owned())
    }
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
