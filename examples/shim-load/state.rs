//! How the played peer answers state calls.

use std::collections::BTreeMap;

use bytes::Bytes;
use cmscc::{
    proto::{
        protos::{
            GetState, GetStateByRange, GetStateMultiple, GetStateMultipleResult, QueryMetadata,
            QueryResponse, QueryResponseMetadata, QueryResultBytes, QueryStateClose,
            QueryStateNext, chaincode_message::Type,
        },
        queryresult::Kv,
    },
    stub::{KeyRange, memory::Ledger},
};
use prost::Message;

/// The state behind a stream. Writes are taken and forgotten, so that each call finds the same; so
/// an answer follows from the question alone, and the ones given before are kept: the peer costs
/// little beside the server.
#[derive(Debug)]
pub(crate) struct State {
    ledger: Ledger,
    // INVARIANT: at most `KEPT`
    answers: BTreeMap<(i32, Bytes), Bytes>,
}

/// How many answers are kept.
const KEPT: usize = 4_096;

/// How many entries of a range go into one answer.
// Fabric: core/chaincode/chaincode_support.go, maxResultLimit
const RANGE_BATCH: usize = 100;

impl State {
    pub(crate) const fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            answers: BTreeMap::new(),
        }
    }

    /// The payload of the RESPONSE, or what an ERROR says.
    pub(crate) fn answer(&mut self, kind: i32, question: Bytes) -> Result<Bytes, String> {
        let asked = (kind, question);
        if let Some(answer) = self.answers.get(&asked) {
            return Ok(answer.clone());
        }
        let answer = self.find(kind, asked.1.clone())?;
        if self.answers.len() < KEPT {
            self.answers.insert(asked, answer.clone());
        }
        Ok(answer)
    }

    fn find(&self, kind: i32, question: Bytes) -> Result<Bytes, String> {
        let kind = Type::try_from(kind).map_err(|error| error.to_string())?;
        match kind {
            Type::GetState => {
                let get: GetState = decode(question)?;
                Ok(self.value(&get.key))
            }
            Type::GetStateMultiple => {
                let get: GetStateMultiple = decode(question)?;
                let values = get.keys.iter().map(|key| self.value(key)).collect();
                Ok(GetStateMultipleResult { values }.encode_to_vec().into())
            }
            Type::PutState | Type::DelState | Type::WriteBatchState => Ok(Bytes::new()),
            Type::GetStateByRange => self.range(decode(question)?),
            Type::QueryStateNext => {
                let next: QueryStateNext = decode(question)?;
                let rest = rest(&next.id).ok_or("there is no such query")?;
                Ok(self.batch(&rest))
            }
            Type::QueryStateClose => {
                let close: QueryStateClose = decode(question)?;
                let closed = QueryResponse {
                    id: close.id,
                    ..QueryResponse::default()
                };
                Ok(closed.encode_to_vec().into())
            }
            other => Err(format!("{} is not played", other.as_str_name())),
        }
    }

    fn value(&self, key: &str) -> Bytes {
        self.ledger
            .get(key)
            .map(|v| v.value.clone())
            .unwrap_or_default()
    }

    fn range(&self, get: GetStateByRange) -> Result<Bytes, String> {
        let mut range = KeyRange {
            start: get.start_key,
            end: get.end_key,
        };
        let metadata: QueryMetadata = decode(get.metadata)?;
        let Some(size) = usize::try_from(metadata.page_size).ok().filter(|n| *n > 0) else {
            return Ok(self.batch(&range));
        };
        if !metadata.bookmark.is_empty() {
            range.start = metadata.bookmark;
        }
        let (results, next) = self.results(&range, size);
        let metadata = QueryResponseMetadata {
            fetched_records_count: i32::try_from(results.len()).unwrap_or(i32::MAX),
            bookmark: next.unwrap_or_default(),
        };
        let page = QueryResponse {
            results,
            has_more: false,
            id: "page".to_owned(),
            metadata: metadata.encode_to_vec().into(),
        };
        Ok(page.encode_to_vec().into())
    }

    /// The first entries of a range. What is left of it is the query's id.
    fn batch(&self, range: &KeyRange) -> Bytes {
        let (results, next) = self.results(range, RANGE_BATCH);
        let has_more = next.is_some();
        let start = next.unwrap_or_default();
        let response = QueryResponse {
            results,
            has_more,
            id: format!("{}:{start}{}", start.len(), range.end),
            ..QueryResponse::default()
        };
        response.encode_to_vec().into()
    }

    /// The first entries of a range, and the first key behind them.
    fn results(&self, range: &KeyRange, most: usize) -> (Vec<QueryResultBytes>, Option<String>) {
        let mut found = self.ledger.range(range);
        let results = found.by_ref().take(most).map(|(key, entry)| {
            let kv = Kv {
                namespace: "load".to_owned(),
                key: key.to_owned(),
                value: entry.value.clone(),
            };
            QueryResultBytes {
                result_bytes: kv.encode_to_vec().into(),
            }
        });
        let results = results.collect();
        (results, found.next().map(|(key, _)| key.to_owned()))
    }
}

/// What is left of the range of a query.
fn rest(id: &str) -> Option<KeyRange> {
    let (length, keys) = id.split_once(':')?;
    let (start, end) = keys.split_at_checked(length.parse().ok()?)?;
    Some(KeyRange {
        start: start.to_owned(),
        end: end.to_owned(),
    })
}

fn decode<M: Message + Default>(bytes: Bytes) -> Result<M, String> {
    M::decode(bytes).map_err(|error| error.to_string())
}
