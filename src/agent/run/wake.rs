//! What wakes a round before its time: a config block, or an event of the contract.
//!
//! Nothing follows from what wakes: the round looks by itself. So there is no checkpoint: following begins
//! with the next block, whenever it begins.

use std::future::pending;

use futures_util::StreamExt as _;

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
    /// Why there was none, and how often in a row; what lives from one round to the next ends the row.
    failed: Option<(ClientError, u32)>,
}

/// So often in a row following may fail before that is trouble.
const FAILURES: u32 = 3;

impl Wakes {
    /// Follows the channel, where it is not followed yet.
    pub(super) async fn follow(&mut self, connection: &PeerConnection) {
        if self.stream.is_some() {
            self.failed = None;
            return;
        }
        let opened = async {
            let height = connection.height().await?;
            connection.filtered_blocks_from(BlockNumber(height)).await
        };
        match opened.await {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => self.fail(error),
        }
    }

    /// Comes back when there is a reason for a round: also that the channel is not followed any more, so
    /// that it is again soon. Where that did not help, or it was not followed, never.
    pub(super) async fn next(&mut self, chaincode: &str) {
        loop {
            let Some(stream) = &mut self.stream else {
                return pending().await;
            };
            let error = match stream.next().await {
                Some(Ok(block)) => {
                    self.failed = None;
                    if wakes(&block, chaincode) {
                        return;
                    }
                    continue;
                }
                Some(Err(error)) => error,
                None => {
                    let text = "the peer ended the stream of blocks";
                    ClientError::new(Exit::Unreachable, "CONNECTION_ENDED", text)
                }
            };
            self.stream = None;
            self.fail(error);
            if self.trouble().is_none() {
                return;
            }
        }
    }

    /// Why the channel is not followed, where that lasts: rounds come by the clock alone then.
    pub(super) fn trouble(&self) -> Option<&ClientError> {
        let (error, times) = self.failed.as_ref()?;
        (*times >= FAILURES).then_some(error)
    }

    fn fail(&mut self, error: ClientError) {
        let times = self.failed.as_ref().map_or(0, |(_, times)| *times);
        self.failed = Some((error, times.saturating_add(1)));
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
