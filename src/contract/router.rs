//! From an invocation to a function of the contract.

use std::{fmt, sync::Arc};

use crate::{
    contract::{
        anchors::{Anchors, ContractObserver},
        error::ContractError,
        function::{
            Context, attest, cmcc, finish,
            query::{check, definition, export, history, inspect, list, show},
            recompute, recover, reject, settings, sign, sync,
        },
        interface::{
            Arguments, CallLimits,
            functions::{self, Function},
        },
        judge::cache::BundleCache,
    },
    stub::{Chaincode, Invocation, Response, Stub},
};

/// The server's own settings. They can make a call fail; they never change an answer.
#[derive(Clone, Debug, Default)]
pub struct ContractSettings {
    /// Endorse a bootstrap without a trust anchor. For development.
    pub allow_unanchored: bool,
    /// How much one call may carry.
    pub limits: CallLimits,
}

/// The contract: serves every channel that its peers call it on.
pub struct Contract {
    settings: ContractSettings,
    anchors: Arc<dyn Anchors>,
    observer: Arc<dyn ContractObserver>,
    cache: BundleCache,
}

impl Contract {
    /// A contract with nothing cached.
    pub fn new(
        settings: ContractSettings,
        anchors: Arc<dyn Anchors>,
        observer: Arc<dyn ContractObserver>,
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
        let call = Context {
            invocation,
            args: Arguments::new(invocation, &self.settings.limits)?,
            allow_unanchored: self.settings.allow_unanchored,
            cache: &self.cache,
            observer: self.observer.as_ref(),
            anchors: self.anchors.as_ref(),
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
            Function::AddOrganization
            | Function::CombineProposals
            | Function::ProposeConfig
            | Function::ProposeConfigUpdate
            | Function::ProposeSettings
            | Function::ReconfigOrganizationMsp => {
                let new = check::proposal_of(served, &call, stub).await?;
                new.put(&call, stub).await
            }
            Function::ApplySettings => settings::apply_settings(&call, stub).await,
            Function::GetSettings => definition::get_settings(&call, stub).await,
            Function::AddSignature => sign::add_signature(&call, stub).await,
            Function::RejectProposal => reject::reject_proposal(&call, stub).await,
            Function::WithdrawProposal => finish::withdraw_proposal(&call, stub).await,
            Function::DeleteProposal => finish::delete_proposal(&call, stub).await,
            Function::UpdateProposals => recompute::update_proposals(&call, stub).await,
            Function::AttestCapabilities => attest::attest_capabilities(&call, stub).await,
            Function::PrepareAttestation => attest::prepare_attestation(&call, stub).await,
            Function::AddAttestation => attest::add_attestation(&call, stub).await,
            Function::GetCapabilities => attest::get_capabilities(&call, stub).await,
            Function::CheckProposal => check::check_proposal(&call, stub).await,
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
            Function::GetMetadata => inspect::get_metadata(),
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

    /// Every function that reads state may have to check hundreds of signatures, or to read the config
    /// of 1,000 organisations.
    fn computes(&self, invocation: &Invocation) -> bool {
        let name = invocation.args.first().map(|name| str::from_utf8(name));
        let served = name.and_then(|name| functions::named(name.ok()?).ok());
        invocation.is_init || served.is_some_and(|s| s.function != Function::GetMetadata)
    }
}
