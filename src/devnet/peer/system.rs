//! The peer's own chaincodes, as clients call them.

use bytes::Bytes;
use prost::Message;

use super::{
    acl::{Resource, SignedBytes},
    blocks::BlockStore,
    ledger::ChannelLedger,
    lifecycle::{self, KeptDefinition, LifecycleCaller},
    process::Peer,
};
use crate::{
    config::Section,
    identity::Role,
    ids::{ChannelId, TxId},
    proto::{common, msp, protos},
    stub::{Response, memory::ReadWriteSet},
    transaction::ReceivedProposal,
};

/// The chaincodes that every peer runs itself.
const SYSTEM: [&str; 3] = ["_lifecycle", "cscc", "qscc"];

/// Whether a chaincode is one of the peer's own.
pub(in crate::devnet) fn is_system(chaincode: &str) -> bool {
    SYSTEM.contains(&chaincode)
}

/// What the admin of the peer's own organisation asks.
// Fabric: core/aclmgmt/defaultaclprovider.go, pResourcePolicyMap
const LOCAL: [&str; 7] = [
    "ApproveChaincodeDefinitionForMyOrg",
    "GetInstalledChaincodePackage",
    "InstallChaincode",
    "QueryApprovedChaincodeDefinition",
    "QueryApprovedChaincodeDefinitions",
    "QueryInstalledChaincode",
    "QueryInstalledChaincodes",
];

/// What is asked of a caller by the peer's own MSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LocalPolicy {
    Admins,
    Members,
}

impl LocalPolicy {
    const fn name(self) -> &'static str {
        match self {
            Self::Admins => "Admins",
            Self::Members => "Members",
        }
    }
}

/// Answers a proposal that calls one of them.
pub(super) fn answer(
    peer: &Peer,
    proposal: &ReceivedProposal,
    signed: &protos::SignedProposal,
) -> (Response, ReadWriteSet) {
    let call = SystemCall {
        peer,
        channel: &proposal.channel,
        args: &proposal.input.args,
        signed: SignedBytes::of(proposal, signed),
    };
    let answered = match proposal.chaincode.as_str() {
        "cscc" => call.config(),
        "qscc" => call.ledger(),
        _ => return call.lifecycle(),
    };
    let response = match answered {
        Ok(payload) => Response {
            status: 200,
            message: String::new(),
            payload,
        },
        Err(message) => refused(message),
    };
    (response, ReadWriteSet::default())
}

fn refused(message: String) -> Response {
    Response {
        status: 500,
        message,
        payload: Bytes::new(),
    }
}

/// A call of a client.
struct SystemCall<'a> {
    peer: &'a Peer,
    /// The channel of the proposal; the arguments may name another one.
    channel: &'a ChannelId,
    args: &'a [Bytes],
    signed: SignedBytes,
}

impl SystemCall<'_> {
    // Fabric: core/scc/cscc/configure.go, Invoke and InvokeNoShim
    fn config(&self) -> Result<Bytes, String> {
        let function = self.text(0);
        if self.args.is_empty() || (function != "GetChannels" && self.args.len() < 2) {
            let count = self.args.len();
            return Err(format!("Incorrect number of arguments, {count}"));
        }
        let name = self.text(1);
        let channel = ChannelId::new(name.clone());
        match function.as_str() {
            "GetConfigBlock" => {
                self.check(Resource::GetConfigBlock, &channel)
                    .map_err(|e| format!("access denied for [{function}][{name}]: {e}"))?;
                let block = self
                    .peer
                    .at(&channel, |ledger| ledger.blocks().config_block());
                let block = block.flatten();
                let block = block.ok_or_else(|| format!("Unknown channel ID, {name}"))?;
                Ok(block.encode_to_vec().into())
            }
            "GetChannelConfig" => {
                if name.is_empty() {
                    return Err("empty channel name provided".to_owned());
                }
                self.check(Resource::GetChannelConfig, &channel)
                    .map_err(|e| format!("access denied for [{function}][{name}]: {e}"))?;
                let bundle = self.peer.bundle(&channel);
                let bundle = bundle.ok_or_else(|| format!("unknown channel ID, {name}"))?;
                Ok(bundle.tree().encode().into())
            }
            "GetChannels" => {
                self.is_local(LocalPolicy::Members)
                    .map_err(|e| format!("access denied for [{function}]: {e}"))?;
                let channels = self.peer.channels().into_iter();
                let channels = channels.map(|channel| protos::ChannelInfo {
                    channel_id: channel.to_string(),
                });
                let answer = protos::ChannelQueryResponse {
                    channels: channels.collect(),
                };
                Ok(answer.encode_to_vec().into())
            }
            other => Err(format!("Requested function {other} not found.")),
        }
    }

    // Fabric: core/scc/qscc/query.go, Invoke
    fn ledger(&self) -> Result<Bytes, String> {
        if self.args.len() < 2 {
            let count = self.args.len();
            return Err(format!("Incorrect number of arguments, {count}"));
        }
        let (function, name) = (self.text(0), self.text(1));
        if function != "GetChainInfo" && self.args.len() < 3 {
            return Err(format!("missing 3rd argument for {function}"));
        }
        let channel = ChannelId::new(name.clone());
        if self.peer.height(&channel).is_none() {
            return Err(format!("Invalid chain ID, {name}"));
        }
        const FUNCTIONS: [&str; 5] = [
            "GetBlockByHash",
            "GetBlockByNumber",
            "GetBlockByTxID",
            "GetChainInfo",
            "GetTransactionByID",
        ];
        let known = FUNCTIONS.into_iter().find(|known| *known == function);
        let checked = match known {
            Some(known) => self.check(Resource::QueryLedger(known), &channel),
            None => Err(format!("Unmapped policy for qscc/{function}")),
        };
        checked.map_err(|e| format!("access denied for [{function}][{name}]: [{e}]"))?;
        let what = self.args.get(2).cloned().unwrap_or_default();
        let asked = self
            .peer
            .at(&channel, |ledger| found(ledger.blocks(), &function, &what));
        asked.unwrap_or_else(|| Err(format!("Invalid chain ID, {name}")))
    }

    // Fabric: core/chaincode/lifecycle/scc.go, Invoke
    fn lifecycle(&self) -> (Response, ReadWriteSet) {
        let function = self.text(0);
        let checked = match Resource::lifecycle(&function) {
            Some(resource) => self.check(resource, self.channel).map_err(|words| {
                let channel = self.channel;
                format!(
                    "Failed verifying that proposal's creator satisfies the policy of channel \
                     {channel}: {words}"
                )
            }),
            None if LOCAL.contains(&function.as_str()) => self.is_local(LocalPolicy::Admins),
            None => Err(format!("Unmapped policy for _lifecycle/{function}")),
        };
        if let Err(words) = checked {
            let message =
                format!("Failed to authorize invocation due to failed ACL check: {words}");
            return (refused(message), ReadWriteSet::default());
        }
        let (peer, options) = (self.peer, self.peer.options());
        let bundle = peer.bundle(self.channel);
        let members = bundle.map(|bundle| bundle.msp_ids(Section::Application));
        let caller = LifecycleCaller {
            own: peer.msp_id(),
            channel: self.channel.as_str(),
            members: members.unwrap_or_default(),
            chaincode: &options.chaincode,
            first: KeptDefinition::first(&options.endorsement),
            package_id: peer.package_id(),
            manner: options.manner,
        };
        let snapshot = peer.at(self.channel, ChannelLedger::lifecycle);
        lifecycle::answer(&caller, snapshot.unwrap_or_default(), self.args)
    }

    fn check(&self, resource: Resource, channel: &ChannelId) -> Result<(), String> {
        self.peer.check_access(resource, channel, &self.signed)
    }

    /// Whether the caller belongs to the peer's own organisation, and is what the policy asks for.
    // Fabric: core/policy/policy.go, CheckPolicyNoChannel
    fn is_local(&self, policy: LocalPolicy) -> Result<(), String> {
        let name = policy.name();
        let failing = |words: &str, why: &dyn std::fmt::Display| {
            format!("{words} during channelless check policy with policy [{name}]: [{why}]")
        };
        let msps = self.peer.own_msps().ok_or("the peer has no MSP")?;
        let (own, named) = (self.peer.msp_id(), self.named_msp());
        if named.as_deref().is_some_and(|named| named != own.as_str()) {
            let named = named.unwrap_or_default();
            let why = format!("expected MSP ID {own}, received {named}");
            return Err(failing("Failed deserializing proposal creator", &why));
        }
        let caller = msps
            .deserialize(&self.signed.identity)
            .map_err(|e| failing("Failed deserializing proposal creator", &e))?;
        let words = "Failed verifying that proposal's creator satisfies local MSP principal";
        caller.validate().map_err(|e| failing(words, &e))?;
        if policy == LocalPolicy::Admins && !caller.roles().contains(&Role::Admin) {
            let why = format!(
                "The identity is not an admin under this MSP [{own}]: The identity does not contain \
                 OU [ADMIN], MSP: [{own}]"
            );
            return Err(failing(words, &why));
        }
        caller
            .verify(&[&self.signed.message], &self.signed.signature)
            .map_err(|e| e.to_string())
    }

    /// The MSP that the caller names.
    fn named_msp(&self) -> Option<String> {
        let identity = msp::SerializedIdentity::decode(self.signed.identity.clone());
        Some(identity.ok()?.mspid)
    }

    fn text(&self, index: usize) -> String {
        let arg = self.args.get(index).map_or(&[][..], |arg| &arg[..]);
        String::from_utf8_lossy(arg).into_owned()
    }
}

/// What `qscc` finds in a channel's blocks.
// Fabric: core/scc/qscc/query.go; common/ledger/blkstorage/blockindex.go
fn found(blocks: &BlockStore, function: &str, what: &Bytes) -> Result<Bytes, String> {
    let text = String::from_utf8_lossy(what);
    let block = |number: u64| {
        let block = blocks.block(number);
        block.ok_or_else(|| format!("no such block number [{number}] in index"))
    };
    let place = || {
        let place = blocks.place(&TxId::new(&*text));
        place.ok_or_else(|| format!("no such transaction ID [{text}] in index"))
    };
    match function {
        "GetChainInfo" => Ok(blocks.info().encode_to_vec().into()),
        "GetBlockByNumber" => {
            let number: u64 = text.parse().map_err(|_| {
                format!(
                    "Failed to parse block number with error strconv.ParseUint: parsing {text:?}: \
                     invalid syntax"
                )
            })?;
            // the largest number stands for the newest block
            let last = blocks.height().saturating_sub(1);
            let asked = if number == u64::MAX { last } else { number };
            let block = block(asked)
                .map_err(|e| format!("Failed to get block number {number}, error {e}"))?;
            Ok(block.encode_to_vec().into())
        }
        "GetBlockByHash" => {
            let block = blocks.by_hash(what).ok_or_else(|| {
                let hash = hex::encode(what);
                format!(
                    "Failed to get block hash {text}, error no such block hash [{hash}] in index"
                )
            })?;
            Ok(block.encode_to_vec().into())
        }
        "GetBlockByTxID" => {
            let block = place()
                .and_then(|place| block(place.block.0))
                .map_err(|e| format!("Failed to get block for txID {text}, error {e}"))?;
            Ok(block.encode_to_vec().into())
        }
        "GetTransactionByID" => {
            let transaction = place()
                .and_then(|place| {
                    let block = block(place.block.0)?;
                    let data = block.data.unwrap_or_default().data;
                    let envelope = data.get(place.index).cloned().unwrap_or_default();
                    let envelope = common::Envelope::decode(envelope).map_err(|e| e.to_string())?;
                    Ok(protos::ProcessedTransaction {
                        transaction_envelope: Some(envelope),
                        validation_code: place.code.into(),
                    })
                })
                .map_err(|e| format!("Failed to get transaction with id {text}, error {e}"))?;
            Ok(transaction.encode_to_vec().into())
        }
        other => Err(format!("Requested function {other} not found.")),
    }
}
