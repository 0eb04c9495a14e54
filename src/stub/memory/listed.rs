//! Results that are known when their query is opened, handed out as a peer does.

use std::{collections::VecDeque, mem};

use super::peer::{PeerManner, RANGE_BATCH};

/// Results of a private range, a rich query, or a history.
#[derive(Debug)]
pub(super) struct Listed<T> {
    rest: VecDeque<T>,
    /// The most of all batches together.
    limit: usize,
    passed: usize,
    /// What was passed and not sent.
    pending: Vec<T>,
}

impl<T> Listed<T> {
    pub(super) fn new(results: impl IntoIterator<Item = T>, manner: &PeerManner) -> Self {
        Self {
            rest: results.into_iter().collect(),
            limit: manner.total_query_limit,
            passed: 0,
            pending: Vec::new(),
        }
    }

    /// The next results, and whether there are more. The peer runs one result ahead of what it sends:
    /// `pass` is told of each one that it passes.
    // Fabric: core/chaincode/query_response_generator.go, BuildQueryResponse.
    pub(super) fn next_batch(&mut self, mut pass: impl FnMut(&T)) -> (Vec<T>, bool) {
        while self.passed < self.limit {
            let Some(result) = self.rest.pop_front() else {
                break;
            };
            pass(&result);
            self.passed = self.passed.saturating_add(1);
            if self.pending.len() == RANGE_BATCH {
                return (mem::replace(&mut self.pending, vec![result]), true);
            }
            self.pending.push(result);
        }
        (mem::take(&mut self.pending), false)
    }
}
