//! What state calls cost.

use crate::stub::{Entry, StubError};

/// What the type, transaction id and channel of a message take, in bytes, with a channel of a usual
/// name.
const HEADER: usize = 100;

/// What an identifier of a query takes, in bytes.
const QUERY_ID: usize = 38;

/// What entries say of the chaincode, in bytes: the name of this one.
const NAMESPACE: usize = "cmscc".len();

/// What the state calls of one transaction cost at its peer. Writes are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCost {
    /// Messages that a chaincode's server would send and wait for: each further batch of a range and
    /// leaving a range early are calls, too.
    pub calls: usize,
    /// Keys that were asked for by name or came with a range.
    pub keys: usize,
    /// The payloads of the peer's answers together, in bytes.
    pub bytes: usize,
    /// The longest answer, whole, in bytes.
    pub largest_message: usize,
}

impl StateCost {
    /// Counts an answer to `call`.
    ///
    /// # Errors
    /// [`StubError::Ended`] where the answer is longer than a message may be.
    pub(super) fn count(
        &mut self,
        call: &'static str,
        answer: StateAnswerSize,
        limit: usize,
    ) -> Result<(), StubError> {
        let message = field(answer.bytes).saturating_add(HEADER);
        self.calls = self.calls.saturating_add(1);
        self.keys = self.keys.saturating_add(answer.keys);
        self.bytes = self.bytes.saturating_add(answer.bytes);
        self.largest_message = self.largest_message.max(message);
        match message > limit {
            true => Err(StubError::Ended { call }),
            false => Ok(()),
        }
    }
}

/// The size of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateAnswerSize {
    keys: usize,
    /// The payload, in bytes.
    bytes: usize,
}

impl StateAnswerSize {
    /// Of an answer that is a payload alone.
    pub(super) const fn payload(keys: usize, bytes: usize) -> Self {
        Self { keys, bytes }
    }

    /// Of the values of several keys.
    pub(super) fn values(lengths: impl ExactSizeIterator<Item = usize>) -> Self {
        Self {
            keys: lengths.len(),
            bytes: lengths.map(field).fold(0, usize::saturating_add),
        }
    }

    /// Of entries of a range; a bookmark comes with pages.
    pub(super) fn entries(entries: &[Entry], bookmark: Option<&str>) -> Self {
        let results = entries.iter().map(|entry| {
            let kv = [NAMESPACE, entry.key.len(), entry.value.len()];
            field(field(kv.map(field).iter().sum()))
        });
        let results = results.fold(QUERY_ID, usize::saturating_add);
        let metadata =
            bookmark.map_or(2, |bookmark| field(field(bookmark.len()).saturating_add(3)));
        Self {
            keys: entries.len(),
            bytes: results.saturating_add(metadata),
        }
    }
}

/// What a field of so many bytes takes in a protobuf message.
fn field(bytes: usize) -> usize {
    let bits = usize::BITS.saturating_sub(bytes.leading_zeros()).max(1);
    let length = usize::try_from(bits.div_ceil(7)).unwrap_or(usize::MAX);
    bytes.saturating_add(length).saturating_add(1)
}
