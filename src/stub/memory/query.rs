//! One range query at a peer: what its database gives, and how the peer cuts it.

use std::{collections::VecDeque, fmt::Write, mem};

use super::{
    ledger::{Ledger, RangeRead, Version},
    peer::{PeerManner, RANGE_BATCH, StateDatabase},
};
use crate::stub::{Entry, KeyRange};

/// A range query that is open, over a snapshot.
///
/// What the peer's iterator passes is written into a [`RangeRead`] that the caller keeps beside it.
#[derive(Debug)]
pub(super) struct RangeQuery {
    ledger: Ledger,
    scan: DatabaseScan,
    /// Where what comes next begins, and the end of the range.
    rest: KeyRange,
    /// What was read from the database and not passed yet.
    fetched: VecDeque<(Entry, Version)>,
    /// The size of the page where one was asked for.
    page: Option<usize>,
    /// The most entries of all batches together.
    limit: usize,
    passed: usize,
    /// What was passed and not sent.
    pending: Vec<Entry>,
}

/// One answer to a query.
#[derive(Debug)]
pub(super) struct QueryBatch {
    pub(super) entries: Vec<Entry>,
    /// Whether the peer says that there are more; then it keeps the query open.
    pub(super) more: bool,
    /// What the peer says where a next page would start; `None` where no page was asked for.
    pub(super) bookmark: Option<String>,
}

/// How a database goes on.
#[derive(Debug)]
enum DatabaseScan {
    /// Reads on until the range ends.
    Level,
    /// Reads results of at most `limit` documents, one request for each.
    Couch {
        limit: usize,
        /// How many of the present result were passed, and how many it held.
        at: usize,
        held: usize,
        /// Whether the database said that nothing is behind the present result.
        exhausted: bool,
    },
}

impl RangeQuery {
    /// Opens a query. A page has a size and starts at its bookmark, where that is not empty.
    // Fabric: core/chaincode/handler.go, HandleGetStateByRange and calculateTotalReturnLimit.
    pub(super) fn open(
        ledger: &Ledger,
        mut range: KeyRange,
        page: Option<(usize, &str)>,
        manner: &PeerManner,
    ) -> (Self, RangeRead) {
        let limit = page.map_or(manner.total_query_limit, |(size, _)| {
            size.min(manner.total_query_limit)
        });
        if let Some((_, bookmark)) = page.filter(|(_, bookmark)| !bookmark.is_empty()) {
            bookmark.clone_into(&mut range.start);
        }
        let read = RangeRead {
            range: range.clone(),
            reads: Vec::new(),
            exhausted: false,
        };
        let mut query = Self {
            ledger: ledger.clone(),
            scan: DatabaseScan::Level,
            rest: range,
            fetched: VecDeque::new(),
            page: page.map(|(size, _)| size),
            limit,
            passed: 0,
            pending: Vec::new(),
        };
        if let StateDatabase::CouchDb {
            internal_query_limit,
        } = manner.database
        {
            query.request_documents(internal_query_limit);
        }
        (query, read)
    }

    /// The next answer; the last one has no `more`.
    // Fabric: core/chaincode/query_response_generator.go, BuildQueryResponse.
    pub(super) fn next_batch(&mut self, read: &mut RangeRead) -> QueryBatch {
        // a limit that is reached leaves the iterator where it is: whether the range ends there is
        // neither looked at nor recorded
        while self.passed < self.limit {
            let Some(entry) = self.pass(read) else { break };
            self.passed = self.passed.saturating_add(1);
            if self.page.is_none() && self.pending.len() == RANGE_BATCH {
                return QueryBatch {
                    entries: mem::replace(&mut self.pending, vec![entry]),
                    more: true,
                    bookmark: None,
                };
            }
            self.pending.push(entry);
        }
        QueryBatch {
            entries: mem::take(&mut self.pending),
            more: false,
            bookmark: self.page.map(|_| self.bookmark()),
        }
    }

    /// The next entry, recorded; `None`, recorded as well, where the database gives no more.
    fn pass(&mut self, read: &mut RangeRead) -> Option<Entry> {
        let Some((entry, version)) = self.next() else {
            read.exhausted = true;
            return None;
        };
        read.reads.push((entry.key.clone(), version));
        Some(entry)
    }

    // Fabric: statedb/stateleveldb, kvScanner.Next; statedb/statecouchdb, queryScanner.next.
    fn next(&mut self) -> Option<(Entry, Version)> {
        match &mut self.scan {
            DatabaseScan::Level => {
                if self.fetched.is_empty() {
                    self.read_on();
                }
            }
            DatabaseScan::Couch { held: 0, .. } => return None,
            DatabaseScan::Couch {
                limit,
                at,
                exhausted,
                ..
            } => {
                if at == limit {
                    let limit = *limit;
                    if *exhausted {
                        return None;
                    }
                    self.request_documents(limit);
                }
            }
        }
        let next = self.fetched.pop_front()?;
        if let DatabaseScan::Couch { at, .. } = &mut self.scan {
            *at = at.saturating_add(1);
        }
        Some(next)
    }

    /// Reads ahead from the database inside of the peer, which nobody sees.
    fn read_on(&mut self) {
        let wanted = self.limit.saturating_sub(self.passed).max(1);
        self.fetch(wanted.min(RANGE_BATCH.saturating_add(1)));
        if let Some((last, _)) = self.fetched.back() {
            self.rest.start = format!("{}\0", last.key);
        }
    }

    /// Asks CouchDB for a result and the document behind it, where the next one starts. Where none
    /// is, the peer takes the range's end, which it has escaped for the request meanwhile: it
    /// knows that this is the end only where there was nothing to escape.
    // Fabric: statedb/statecouchdb, getNextStateRangeScanResults and readDocRange.
    fn request_documents(&mut self, limit: usize) {
        let wanted = self
            .page
            .map_or(limit, |size| limit.min(size.saturating_sub(self.passed)));
        self.fetch(wanted.saturating_add(1));
        let next = match self.fetched.len() > wanted {
            true => self.fetched.pop_back().map(|(entry, _)| entry.key),
            false => None,
        };
        let next = next.unwrap_or_else(|| escaped(&self.rest.end));
        self.scan = DatabaseScan::Couch {
            limit,
            at: 0,
            held: self.fetched.len(),
            exhausted: next == self.rest.end,
        };
        self.rest.start = next;
    }

    fn fetch(&mut self, most: usize) {
        let found = self.ledger.range(&self.rest).take(most);
        self.fetched.extend(found.map(|(key, found)| {
            let entry = Entry {
                key: key.to_owned(),
                value: found.value.clone(),
            };
            (entry, found.version)
        }));
    }

    // Fabric: GetBookmarkAndClose of both scanners.
    fn bookmark(&mut self) -> String {
        if matches!(self.scan, DatabaseScan::Couch { .. }) {
            return mem::take(&mut self.rest.start);
        }
        let next = self.next();
        next.map(|(entry, _)| entry.key).unwrap_or_default()
    }
}

/// A text as Go's JSON encoder writes it, without the quotes.
// Fabric: statedb/statecouchdb, encodeForJSON.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // writing to a string does not fail
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}
