//! Runs calls on the network.

use std::net::SocketAddr;

use anyhow::{Context, anyhow, bail};
use tokio::net::lookup_host;

use super::{
    line::{Call, CallWay, Caller},
    setup::Plan,
};
use crate::{
    devnet::{DevnetError, Elsewhere, IssuedIdentity, Network},
    ids::{BlockNumber, ChannelId, MspId, TxId},
    proto::protos::TxValidationCode,
    stub::{Event, Response},
    transaction::ChaincodeCall,
};

/// The channel's name, as that of Fabric's samples.
pub(super) const CHANNEL: &str = "mychannel";

/// A network with one channel of all its organisations.
#[derive(Debug)]
pub(super) struct Trial {
    network: Network<Elsewhere>,
    channel: ChannelId,
    first: String,
    registered: String,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct CallOutcome {
    /// `submit` or `evaluate`.
    pub(super) command: &'static str,
    /// Who called, as behind `--as`.
    pub(super) caller: String,
    /// What the chaincode answered; `None` where there is no answer, or several.
    pub(super) response: Option<Response>,
    /// Whose chaincode refused.
    pub(super) refused_by: Option<MspId>,
    pub(super) transaction: Option<CommittedTransaction>,
    /// Why there is no answer.
    pub(super) error: Option<String>,
}

/// A transaction in a block.
#[derive(Debug)]
pub(super) struct CommittedTransaction {
    pub(super) tx_id: TxId,
    pub(super) block: BlockNumber,
    pub(super) code: TxValidationCode,
    pub(super) event: Option<Event>,
}

impl CallOutcome {
    /// Whether the call did what it was to do.
    pub(super) fn ok(&self) -> bool {
        let valid = |done: &CommittedTransaction| done.code == TxValidationCode::Valid;
        self.error.is_none()
            && self.response.as_ref().is_some_and(Response::is_success)
            && self.transaction.as_ref().is_none_or(valid)
    }
}

impl Trial {
    /// Makes the network and dials the chaincode server.
    pub(super) async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let address = resolve(&plan.address).await?;
        let mut network = Network::without_servers(plan.options.clone())?;
        let mut registered = String::new();
        for name in &plan.organizations {
            network.add_organization(name)?;
            let connected = network.connect_server(name, address).await;
            registered = connected.map_err(|error| match error {
                DevnetError::Server { reason, .. } => {
                    anyhow!("{reason} (it must run already, and listen there without TLS)")
                }
                other => other.into(),
            })?;
        }
        if let Some(expected) = plan.chaincode_id.as_ref().filter(|id| **id != registered) {
            bail!(
                "the chaincode server at {} registered as `{registered}`, not as `{expected}`",
                plan.address
            );
        }
        let channel = ChannelId::from(CHANNEL);
        let members: Vec<&str> = plan.organizations.iter().map(String::as_str).collect();
        network.create_channel(&channel, &members)?;
        Ok(Self {
            network,
            channel,
            first: plan.organizations.first().cloned().unwrap_or_default(),
            registered,
        })
    }

    /// The id that the chaincode registered with.
    pub(super) fn registered(&self) -> &str {
        &self.registered
    }

    /// Runs a call.
    pub(super) async fn run(&self, call: &Call) -> CallOutcome {
        let caller = call.caller.clone().unwrap_or_else(|| Caller {
            organization: self.first.clone(),
            is_admin: false,
        });
        let mut outcome = CallOutcome {
            command: match call.way {
                CallWay::Evaluate { .. } => "evaluate",
                CallWay::Submit { .. } => "submit",
            },
            caller: caller.name(),
            response: None,
            refused_by: None,
            transaction: None,
            error: None,
        };
        match self.try_run(call, &caller, &mut outcome).await {
            Ok(()) => {}
            Err(DevnetError::Refused { msp_id, response }) => {
                outcome.refused_by = Some(msp_id);
                outcome.response = Some(response);
            }
            Err(DevnetError::Execute { reason, .. }) => outcome.error = Some(reason.to_string()),
            Err(error) => outcome.error = Some(format!("{:#}", anyhow!(error))),
        }
        outcome
    }

    async fn try_run(
        &self,
        call: &Call,
        caller: &Caller,
        outcome: &mut CallOutcome,
    ) -> Result<(), DevnetError> {
        let network = &self.network;
        let organization = network.organization(&caller.organization)?;
        let client: &IssuedIdentity = match caller.is_admin {
            true => organization.admin(),
            false => organization.client(),
        };
        let args = call.args.iter().map(String::as_str);
        let proposal = ChaincodeCall {
            transient: call.transient.clone(),
            is_init: call.is_init,
            ..ChaincodeCall::new(&self.channel, args)
        };
        let endorsed = match &call.way {
            CallWay::Evaluate { at } => {
                let at = at.as_deref().unwrap_or_else(|| organization.name());
                let response = network.query(at, client, &proposal).await?;
                outcome.response = Some(response);
                return Ok(());
            }
            CallWay::Submit { endorsers: None } => network.endorse(client, &proposal).await?,
            CallWay::Submit {
                endorsers: Some(names),
            } => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                network.endorse_with(&names, client, &proposal).await?
            }
        };
        outcome.response = Some(endorsed.response.clone());
        let (block, codes) = network.order_block(&self.channel, std::slice::from_ref(&endorsed))?;
        outcome.transaction = codes.first().map(|code| CommittedTransaction {
            tx_id: endorsed.tx_id,
            block,
            code: *code,
            // of others peers tell nobody
            event: endorsed.event.filter(|_| *code == TxValidationCode::Valid),
        });
        Ok(())
    }
}

async fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let mut found = lookup_host(address)
        .await
        .with_context(|| format!("`{address}` is no address: HOST:PORT"))?;
    found
        .next()
        .with_context(|| format!("`{address}` has no address"))
}
