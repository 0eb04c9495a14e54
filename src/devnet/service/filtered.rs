//! What observers see of a block: ids, types, codes, and the names of events.

use prost::Message;

use crate::proto::{
    common::{self, HeaderType},
    protos::{
        self, FilteredBlock, FilteredChaincodeAction, FilteredTransaction,
        FilteredTransactionActions, TxValidationCode, filtered_transaction::Data,
    },
};

/// Which metadata entry of a block says what is valid.
const TRANSACTIONS_FILTER: usize = 2;

/// A transaction in a block.
pub(super) struct BlockTransaction {
    pub(super) channel: common::ChannelHeader,
    pub(super) code: TxValidationCode,
    /// The event that it set.
    pub(super) event: Option<protos::ChaincodeEvent>,
}

/// What can be read of the transactions of a block, in their order.
pub(super) fn transactions(block: &common::Block) -> Vec<BlockTransaction> {
    let metadata = block.metadata.as_ref();
    let filter = metadata.and_then(|metadata| metadata.metadata.get(TRANSACTIONS_FILTER));
    let data = block.data.iter().flat_map(|data| &data.data);
    let read = data.enumerate().map(|(index, envelope)| {
        let code = filter.and_then(|filter| filter.get(index));
        let code = code.and_then(|code| TxValidationCode::try_from(i32::from(*code)).ok());
        let envelope = common::Envelope::decode(envelope.clone()).ok()?;
        let payload = common::Payload::decode(envelope.payload).ok()?;
        let channel = common::ChannelHeader::decode(payload.header?.channel_header).ok()?;
        let is_endorsed = channel.r#type == i32::from(HeaderType::EndorserTransaction);
        Some(BlockTransaction {
            channel,
            code: code.unwrap_or(TxValidationCode::NotValidated),
            event: is_endorsed.then(|| event_of(payload.data)).flatten(),
        })
    });
    read.flatten().collect()
}

fn event_of(transaction: bytes::Bytes) -> Option<protos::ChaincodeEvent> {
    let transaction = protos::Transaction::decode(transaction).ok()?;
    let action = transaction.actions.into_iter().next()?;
    let action = protos::ChaincodeActionPayload::decode(action.payload).ok()?;
    let payload = action.action?.proposal_response_payload;
    let payload = protos::ProposalResponsePayload::decode(payload).ok()?;
    let action = protos::ChaincodeAction::decode(payload.extension).ok()?;
    let event = protos::ChaincodeEvent::decode(action.events).ok()?;
    (!event.chaincode_id.is_empty()).then_some(event)
}

/// A block as `DeliverFiltered` shows it.
// Fabric: core/peer/deliverevents.go, toFilteredBlock
pub(super) fn filtered(block: &common::Block) -> FilteredBlock {
    let mut out = FilteredBlock {
        number: block.header.as_ref().map_or(0, |header| header.number),
        ..FilteredBlock::default()
    };
    for transaction in transactions(block) {
        let BlockTransaction {
            channel,
            code,
            event,
        } = transaction;
        let is_endorsed = channel.r#type == i32::from(HeaderType::EndorserTransaction);
        let actions = event.map(|event| FilteredChaincodeAction {
            chaincode_event: Some(protos::ChaincodeEvent {
                payload: bytes::Bytes::new(),
                ..event
            }),
        });
        out.channel_id = channel.channel_id;
        out.filtered_transactions.push(FilteredTransaction {
            txid: channel.tx_id,
            r#type: channel.r#type,
            tx_validation_code: code.into(),
            data: is_endorsed.then(|| {
                Data::TransactionActions(FilteredTransactionActions {
                    chaincode_actions: actions.into_iter().collect(),
                })
            }),
        });
    }
    out
}
