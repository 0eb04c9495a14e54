//! What organisations approved, as blocks show it: the approval itself lies in a private collection, but
//! the call that made it is in the transaction, with the package id.

use bytes::Bytes;
use prost::Message;

use super::{DefinitionPolicy, DefinitionTerms, LIFECYCLE, PackageSource, answer};
use crate::{
    block::Block,
    identity::identity_parts,
    ids::{BlockNumber, MspId},
    proto::{common, lifecycle::ApproveChaincodeDefinitionForMyOrgArgs, protos},
    transaction::OrderedTransaction,
};

/// An approval, as a block shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedApproval {
    /// Whose certificate asked for it.
    pub msp_id: MspId,
    /// What was approved.
    pub terms: DefinitionTerms,
    /// Where its peers find the chaincode.
    pub source: PackageSource,
    /// The block.
    pub block: BlockNumber,
}

/// Where in a block's metadata the peer marks transactions: a byte for each.
// Fabric: common.BlockMetadataIndex_TRANSACTIONS_FILTER
const TRANSACTIONS_FILTER: usize = 2;

/// The approvals of a chaincode in a block that took effect, in the order of the block; what cannot be
/// read is passed over.
// SECURITY: whoever gives the block chooses what is in it; callers have its signatures verified
#[must_use]
pub fn recorded_approvals(block: &Block, name: &str) -> Vec<RecordedApproval> {
    let filter = block.metadata().get(TRANSACTIONS_FILTER);
    let is_valid = |at: usize| filter.and_then(|filter| filter.get(at)) == Some(&0);
    let entries = block.data().iter().enumerate();
    entries
        .filter(|(at, _)| is_valid(*at))
        .filter_map(|(_, entry)| approval(entry, block.number()))
        .filter(|approval| approval.terms.name == name)
        .collect()
}

fn approval(entry: &Bytes, block: BlockNumber) -> Option<RecordedApproval> {
    let envelope = common::Envelope::decode(entry.clone()).ok()?;
    let payload = common::Payload::decode(envelope.payload).ok()?;
    let header = payload.header?;
    let channel = common::ChannelHeader::decode(header.channel_header.clone()).ok()?;
    if channel.r#type != i32::from(common::HeaderType::EndorserTransaction) {
        return None;
    }
    let transaction = OrderedTransaction::parse(&header, channel, payload.data).ok()?;
    if transaction.chaincode != LIFECYCLE {
        return None;
    }
    let proposal = protos::ChaincodeProposalPayload::decode(transaction.proposal_payload).ok()?;
    let spec = protos::ChaincodeInvocationSpec::decode(proposal.input).ok()?;
    let args = spec.chaincode_spec?.input?.args;
    let [function, argument] = args.as_slice() else {
        return None;
    };
    if function != "ApproveChaincodeDefinitionForMyOrg" {
        return None;
    }
    let args = ApproveChaincodeDefinitionForMyOrgArgs::decode(argument.clone()).ok()?;
    Some(RecordedApproval {
        msp_id: identity_parts(&transaction.creator).ok()?.0,
        block,
        source: answer::source(args.source),
        terms: DefinitionTerms {
            name: args.name,
            sequence: args.sequence,
            version: args.version,
            policy: DefinitionPolicy::of_parameter(args.validation_parameter),
            collections: args.collections,
            init_required: args.init_required,
            endorsement_plugin: args.endorsement_plugin,
            validation_plugin: args.validation_plugin,
        },
    })
}
