//! What wakes a round before its time: a config block, or an event of the contract.
//!
//! Nothing follows from what wakes: the round looks by itself. So there is no checkpoint: following begins
//! with the next block, whenever it begins.

use std::{future::pending, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use crate::{
    client::{ClientError, Exit, FilteredBlockStream, PeerConnection},
    ids::BlockNumber,
    proto::{
        common::HeaderType,
        protos::{FilteredBlock, TxValidationCode, filtered_transaction::Data},
    },
};

/// The blocks of a channel, as far as they wake.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    stream: Option<FilteredBlockStream>,
    /// When the stream was first listened to; a peer answers no sooner.
    listened_at: Option<Instant>,
    failures: FollowFailures,
}

/// Why a channel was not followed, and how often in a row.
#[derive(Debug, Default)]
struct FollowFailures(Option<(ClientError, u32)>);

/// So often in a row following may fail before that is trouble.
const FAILURES: u32 = 3;

/// A stream that has lasted for so long was not refused: a peer that refuses it says so before.
const LASTED: Duration = Duration::from_secs(5);

impl Wakes {
    /// Follows the channel, where it is not followed yet.
    pub(super) async fn follow(&mut self, connection: &PeerConnection) {
        self.hear();
        if self.stream.is_some() {
            let lasted = self.listened_at.map(|at| at.elapsed());
            self.failures.lasted(lasted.unwrap_or_default());
            return;
        }
        let opened = async {
            let height = connection.height().await?;
            connection.filtered_blocks_from(BlockNumber(height)).await
        };
        self.listened_at = None;
        match opened.await {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => self.failures.fail(error),
        }
    }

    /// Comes back when there is a reason for a round: also that the channel is not followed any more, so
    /// that it is again soon. Where that did not help, or it was not followed, never.
    pub(super) async fn next(&mut self, chaincode: &str) {
        loop {
            let Some(stream) = &mut self.stream else {
                return pending().await;
            };
            self.listened_at.get_or_insert_with(Instant::now);
            match stream.next().await {
                Some(Ok(block)) => {
                    self.failures.heard();
                    if wakes(&block, chaincode) {
                        return;
                    }
                }
                ended => {
                    self.end(ended.and_then(Result::err));
                    if self.failures.is_news() {
                        return;
                    }
                }
            }
        }
    }

    /// Why the channel is not followed, where that lasts: rounds come by the clock alone then.
    pub(super) fn trouble(&self) -> Option<&ClientError> {
        self.failures.trouble()
    }

    /// What came while nobody listened, an end above all. The round looks anyway.
    fn hear(&mut self) {
        while let Some(stream) = &mut self.stream
            && self.listened_at.is_some()
        {
            match stream.next().now_or_never() {
                None => return,
                Some(Some(Ok(_))) => self.failures.heard(),
                Some(ended) => self.end(ended.and_then(Result::err)),
            }
        }
    }

    fn end(&mut self, why: Option<ClientError>) {
        self.stream = None;
        self.failures.fail(why.unwrap_or_else(|| {
            let text = "the peer ended the stream of blocks";
            ClientError::new(Exit::Unreachable, "CONNECTION_ENDED", text)
        }));
    }
}

impl FollowFailures {
    fn fail(&mut self, error: ClientError) {
        let times = self.0.as_ref().map_or(0, |(_, times)| *times);
        self.0 = Some((error, times.saturating_add(1)));
    }

    /// A block came.
    fn heard(&mut self) {
        self.0 = None;
    }

    /// A stream has been listened to for so long, and is there.
    fn lasted(&mut self, long: Duration) {
        if long >= LASTED {
            self.0 = None;
        }
    }

    /// Whether a round follows from the last one: a new try, or the word that it is trouble now.
    fn is_news(&self) -> bool {
        self.0.as_ref().is_some_and(|(_, times)| *times <= FAILURES)
    }

    fn trouble(&self) -> Option<&ClientError> {
        let (error, times) = self.0.as_ref()?;
        (*times >= FAILURES).then_some(error)
    }
}

fn wakes(block: &FilteredBlock, chaincode: &str) -> bool {
    block.filtered_transactions.iter().any(|transaction| {
        if transaction.tx_validation_code() != TxValidationCode::Valid {
            return false;
        }
        if transaction.r#type() == HeaderType::Config {
            return true;
        }
        let Some(Data::TransactionActions(actions)) = &transaction.data else {
            return false;
        };
        let mut events = actions
            .chaincode_actions
            .iter()
            .filter_map(|action| action.chaincode_event.as_ref());
        events.any(|event| event.chaincode_id == chaincode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::protos::{
        ChaincodeEvent, FilteredChaincodeAction, FilteredTransaction, FilteredTransactionActions,
    };

    #[test]
    fn a_stream_that_is_refused_slowly_is_trouble_all_the_same() {
        let refused = || ClientError::new(Exit::Denied, "BAD_REQUEST", "clocks");
        let mut failures = FollowFailures::default();
        for _ in 0..FAILURES {
            assert_eq!(failures.trouble(), None);
            // a round came before the peer had answered
            failures.lasted(Duration::ZERO);
            failures.lasted(LASTED - Duration::from_millis(1));
            failures.fail(refused());
            assert!(failures.is_news(), "also that it is trouble now");
        }
        assert_eq!(failures.trouble(), Some(&refused()));
        failures.lasted(Duration::from_secs(1));
        assert_eq!(failures.trouble(), Some(&refused()), "not yet");
        failures.fail(refused());
        assert!(!failures.is_news(), "then the clock decides");
        failures.lasted(LASTED);
        assert_eq!(failures.trouble(), None);
        failures.fail(refused());
        assert_eq!(failures.trouble(), None, "a new row");
        failures.heard();
        failures.fail(refused());
        failures.fail(refused());
        assert_eq!(failures.trouble(), None);
    }

    #[test]
    fn config_blocks_and_events_of_the_contract_wake() {
        let transaction = |kind: HeaderType, code: TxValidationCode, chaincode: Option<&str>| {
            let event = chaincode.map(|id| ChaincodeEvent {
                chaincode_id: id.to_owned(),
                ..ChaincodeEvent::default()
            });
            FilteredTransaction {
                r#type: kind.into(),
                tx_validation_code: code.into(),
                data: Some(Data::TransactionActions(FilteredTransactionActions {
                    chaincode_actions: vec![FilteredChaincodeAction {
                        chaincode_event: event,
                    }],
                })),
                ..FilteredTransaction::default()
            }
        };
        use HeaderType::{Config, EndorserTransaction};
        use TxValidationCode::{MvccReadConflict, Valid};
        for (one, expected) in [
            (transaction(Config, Valid, None), true),
            (transaction(EndorserTransaction, Valid, Some("cmscc")), true),
            (
                transaction(EndorserTransaction, MvccReadConflict, Some("cmscc")),
                false,
            ),
            (
                transaction(EndorserTransaction, Valid, Some("basic")),
                false,
            ),
            (transaction(EndorserTransaction, Valid, None), false),
        ] {
            let block = FilteredBlock {
                filtered_transactions: vec![FilteredTransaction::default(), one.clone()],
                ..FilteredBlock::default()
            };
            assert_eq!(wakes(&block, "cmscc"), expected, "{one:?}");
        }
    }
}
