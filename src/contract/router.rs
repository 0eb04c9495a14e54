//! From an invocation to a function of the contract.

use std::{fmt, sync::Arc};

use super::{
    Limits,
    anchors::{Anchors, HeadFacts, Observer},
    args::Arguments,
    attest,
    cache::{BundleCache, Compiled},
    cmcc, combine, definition,
    error::{Code, ContractError},
    export, finish, functions, history, inspect, list, metadata, propose, recompute, recover,
    reject, settings, show, sign,
    state::{Trusted, digest},
    sync,
};
use crate::{
    block::ConfigBlock,
    config::Bundle,
    ids::{ChaincodeName, ChannelId, Sequence, UnixTime},
    proto::cmscc::Head,
    stub::{Chaincode, Invocation, Response, Stub},
};

/// The server's own settings. They can make a call fail; they never change an answer.
#[derive(Clone, Debug, Default)]
pub struct ContractSettings {
    /// Endorse a bootstrap without a trust anchor. For development.
    pub allow_unanchored: bool,
    /// How much one call may carry.
    pub limits: Limits,
}

/// The contract: serves every channel that its peers call it on.
pub struct Contract {
    settings: ContractSettings,
    anchors: Arc<dyn Anchors>,
    observer: Arc<dyn Observer>,
    cache: BundleCache,
}

impl Contract {
    /// A contract with nothing cached.
    pub fn new(
        settings: ContractSettings,
        anchors: Arc<dyn Anchors>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            settings,
            anchors,
            observer,
            cache: BundleCache::default(),
        }
    }

    async fn answer<S: Stub>(
        &self,
        invocation: &Invocation,
        stub: &mut S,
    ) -> Result<Vec<u8>, ContractError> {
        let call = Call {
            invocation,
            args: Arguments::new(invocation, &self.settings.limits)?,
            contract: self,
        };
        // message type INIT means `Init`, whatever the function is called
        let served = match invocation.is_init {
            true => &functions::INIT,
            false => functions::named(call.args.function())?,
        };
        call.args.expect(served)?;
        match served.function {
            Function::Init => sync::init(&call, stub).await,
            Function::InitConsortium => sync::init_consortium(&call, stub).await,
            Function::SyncConfig => sync::sync_config(&call, stub).await,
            Function::RecoverConfig => recover::recover_config(&call, stub).await,
            Function::ProposeConfigUpdate => propose::propose_config_update(&call, stub).await,
            Function::AddOrganization => propose::add_organization(&call, stub).await,
            Function::ReconfigOrganizationMsp => propose::reconfig_msp(&call, stub).await,
            Function::CombineProposals => combine::combine_proposals(&call, stub).await,
            Function::ProposeSettings => settings::propose_settings(&call, stub).await,
            Function::ApplySettings => settings::apply_settings(&call, stub).await,
            Function::GetSettings => definition::get_settings(&call, stub).await,
            Function::AddSignature => sign::add_signature(&call, stub).await,
            Function::RejectProposal => reject::reject_proposal(&call, stub).await,
            Function::WithdrawProposal => finish::withdraw_proposal(&call, stub).await,
            Function::DeleteProposal => finish::delete_proposal(&call, stub).await,
            Function::UpdateProposals => recompute::update_proposals(&call, stub).await,
            Function::AttestCapabilities => attest::attest_capabilities(&call, stub).await,
            Function::GetCapabilities => attest::get_capabilities(&call, stub).await,
            Function::GetProposal => show::get_proposal(&call, stub).await,
            Function::ListProposals => list::list_proposals(&call, stub).await,
            Function::ExportProposal => export::export_proposal(&call, stub).await,
            Function::GetHistory => history::get_history(&call, stub).await,
            Function::GetConfig => inspect::get_config(&call, stub).await,
            Function::CmccAddSignature => cmcc::add_signature(&call, stub).await,
            Function::CmccDeleteProposal => cmcc::delete_proposal(&call, stub).await,
            Function::CmccGetProposal => cmcc::get_proposal(&call, stub).await,
            Function::CmccGetProposals => cmcc::get_proposals(&call, stub).await,
            Function::CmccProposeConfigUpdate => cmcc::propose_config_update(&call, stub).await,
            Function::GetConfigChain => inspect::get_config_chain(&call, stub).await,
            Function::GetMetadata => metadata::get_metadata(),
        }
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Chaincode for Contract {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        match self.answer(invocation, stub).await {
            Ok(payload) => Response {
                status: 200,
                message: String::new(),
                payload: payload.into(),
            },
            Err(error) => error.response(),
        }
    }
}

/// What the contract can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    AddOrganization,
    AddSignature,
    ApplySettings,
    AttestCapabilities,
    CmccAddSignature,
    CmccDeleteProposal,
    CmccGetProposal,
    CmccGetProposals,
    CmccProposeConfigUpdate,
    CombineProposals,
    DeleteProposal,
    ExportProposal,
    GetCapabilities,
    GetConfig,
    GetConfigChain,
    GetHistory,
    GetMetadata,
    GetProposal,
    GetSettings,
    Init,
    InitConsortium,
    ListProposals,
    ProposeConfigUpdate,
    ProposeSettings,
    ReconfigOrganizationMsp,
    RecoverConfig,
    RejectProposal,
    SyncConfig,
    UpdateProposals,
    WithdrawProposal,
}

/// One call, and what the server brings along for it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    invocation: &'a Invocation,
    /// The call's arguments.
    pub(super) args: Arguments<'a>,
    contract: &'a Contract,
}

impl<'a> Call<'a> {
    /// The channel that the call is on.
    pub(super) const fn channel(&self) -> &'a ChannelId {
        &self.invocation.channel
    }

    /// The chaincode that the submitter called.
    pub(super) const fn chaincode(&self) -> &'a ChaincodeName {
        &self.invocation.chaincode
    }

    /// The transaction's id.
    pub(super) fn tx_id(&self) -> &'a str {
        self.invocation.tx_id.as_str()
    }

    /// The serialized identity of the submitter.
    pub(super) fn creator(&self) -> &'a [u8] {
        &self.invocation.creator
    }

    /// The submitter's clock.
    pub(super) const fn now(&self) -> UnixTime {
        self.invocation.timestamp
    }

    /// Whether a bootstrap without anchor is endorsed.
    pub(super) const fn allow_unanchored(&self) -> bool {
        self.contract.settings.allow_unanchored
    }

    /// Compiled configs.
    pub(super) const fn cache(&self) -> &'a BundleCache {
        &self.contract.cache
    }

    /// Who wants to know facts.
    pub(super) fn observer(&self) -> &'a dyn Observer {
        self.contract.observer.as_ref()
    }

    /// The anchor of this server's operator.
    pub(super) fn anchor(&self) -> Result<Option<ConfigBlock>, ContractError> {
        let unreadable = |why: &dyn fmt::Display| {
            Code::AnchorUnreadable.because(format_args!(
                "this server's trust anchor for channel `{}` cannot be read: {why}",
                self.channel()
            ))
        };
        let bytes = self
            .contract
            .anchors
            .anchor(self.channel())
            .map_err(|why| unreadable(&why))?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let block = ConfigBlock::parse(bytes).map_err(|why| unreadable(&why))?;
        block
            .block()
            .check_data_hash()
            .map_err(|why| unreadable(&why))?;
        Ok(Some(block))
    }

    /// The permission of this server's operator to drop a false branch.
    pub(super) fn disown(&self) -> Result<Option<super::Disown>, ContractError> {
        self.contract.anchors.disown(self.channel()).map_err(|why| {
            Code::AnchorUnreadable.because(format_args!(
                "this server's permission to disown on channel `{}` cannot be read: {why}",
                self.channel()
            ))
        })
    }

    /// Reads what every call reads first, and compiles the head's config.
    pub(super) async fn trusted<S: Stub>(
        &self,
        stub: &mut S,
    ) -> Result<(Trusted, Compiled), ContractError> {
        let trusted = Trusted::demand(stub).await?;
        let bundle = trusted.bundle(self.channel(), self.cache())?;
        self.tell_head(&trusted.head)?;
        // also where there is none: a recovery may have set another config
        self.observer()
            .unsupported(self.channel(), &unsupported(&bundle));
        Ok((trusted, bundle))
    }

    /// The same for calls that write: refused where the channel needs more than this build knows.
    pub(super) async fn trusted_to_write<S: Stub>(
        &self,
        stub: &mut S,
    ) -> Result<(Trusted, Compiled), ContractError> {
        let (trusted, bundle) = self.trusted(stub).await?;
        demand_supported(&bundle)?;
        Ok((trusted, bundle))
    }

    /// Tells the observer which head was seen or endorsed.
    pub(super) fn tell_head(&self, head: &Head) -> Result<(), ContractError> {
        let facts = HeadFacts {
            epoch: head.epoch,
            sequence: Sequence(head.sequence),
            config_sha256: digest(&head.config_sha256)?,
        };
        self.observer().head(self.channel(), &facts);
        Ok(())
    }
}

/// The levels of a config that this build does not know and that concern peers.
pub(super) fn unsupported(bundle: &Bundle) -> Vec<String> {
    let channel = bundle.channel_capabilities().unsupported();
    let application = bundle
        .application_capabilities()
        .map(|c| c.unsupported())
        .unwrap_or_default();
    channel
        .into_iter()
        .map(|level| format!("Channel/{level}"))
        .chain(
            application
                .into_iter()
                .map(|level| format!("Application/{level}")),
        )
        .collect()
}

/// Refuses a config that requires levels which this build does not know.
pub(super) fn demand_supported(bundle: &Bundle) -> Result<(), ContractError> {
    let levels = unsupported(bundle);
    if levels.is_empty() {
        return Ok(());
    }
    Err(Code::CapabilityUnsupported.because(format_args!(
        "the config of sequence {} requires the capability levels `{}`, which this server \
         (version {}) does not know; install a version that does",
        bundle.sequence(),
        levels.join("`, `"),
        env!("CARGO_PKG_VERSION")
    )))
}
