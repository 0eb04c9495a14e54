//! A development network that runs the contract, and what its organisations do on it.

use std::sync::{Arc, OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    config::envelope,
    contract::{Anchors, Contract, ContractSettings, Disown, NoObserver},
    devnet::{DevnetError, EndorsedTransaction, Network, NetworkOptions, Organization},
    ids::ChannelId,
    proto::common,
    stub::Chaincode,
    transaction::ChaincodeCall,
};
use prost::Message as _;
use serde_json::Value;

/// A network with one channel, every member of which has a server anchored to its genesis block.
pub(crate) struct Consortium<C = Contract> {
    pub(crate) network: Network<C>,
    pub(crate) channel: ChannelId,
    pub(crate) genesis: Bytes,
}

impl Consortium {
    /// The contract is initialised with the genesis block.
    pub(crate) async fn new(members: &[&str], options: NetworkOptions) -> Self {
        Self::with(members, options, |_, contract| contract).await
    }

    /// The contract knows nothing yet.
    pub(crate) async fn without_contract(members: &[&str], options: NetworkOptions) -> Self {
        Self::uninitialised(members, options, |_, contract| contract).await
    }
}

impl<C: Chaincode> Consortium<C> {
    /// As [`Consortium::new`], with servers of which each has something around its contract.
    pub(crate) async fn with(
        members: &[&str],
        options: NetworkOptions,
        around: impl Fn(&Organization, Contract) -> C + Send + Sync + 'static,
    ) -> Self {
        let consortium = Self::uninitialised(members, options, around).await;
        let block = STANDARD.encode(&consortium.genesis);
        consortium
            .invoke(members[0], &["InitConsortium", &block])
            .await
            .unwrap();
        consortium
    }

    async fn uninitialised(
        members: &[&str],
        options: NetworkOptions,
        around: impl Fn(&Organization, Contract) -> C + Send + Sync + 'static,
    ) -> Self {
        let anchor = Arc::new(OnceLock::new());
        let anchors = Arc::new(Genesis(Arc::clone(&anchor)));
        let mut network = Network::new(options, move |organization| {
            let contract = Contract::new(
                ContractSettings::default(),
                Arc::clone(&anchors) as Arc<dyn Anchors>,
                Arc::new(NoObserver),
            );
            Arc::new(around(organization, contract))
        })
        .unwrap();
        for name in members {
            network.add_organization(name).unwrap();
        }
        let channel = ChannelId::new("mychannel");
        let genesis = network.create_channel(&channel, members).unwrap();
        anchor.set(genesis.clone()).unwrap();
        for name in members {
            network.start_server(name).await.unwrap();
        }
        Self {
            network,
            channel,
            genesis,
        }
    }

    /// Proposes to add an organisation, which is made for it.
    pub(crate) async fn propose_to_add(&mut self, proposer: &str, id: &str, newcomer: &str) {
        self.network.add_organization(newcomer).unwrap();
        let json = self.network.organization_json(newcomer).unwrap();
        let name = format!("{newcomer}MSP");
        let args = ["AddOrganization", id, &name, &json, "a new member"];
        self.invoke(proposer, &args).await.unwrap();
    }

    /// The base64 of an organisation's admin's signature on a proposal.
    pub(crate) async fn signature(&self, organization: &str, id: &str) -> String {
        let proposal = self
            .query(organization, &["GetProposal", id])
            .await
            .unwrap();
        let unsigned = base64_field(&proposal, "config_update_to_sign");
        let update = envelope::read_update_envelope(&unsigned).unwrap();
        let admin = self.network.organization(organization).unwrap().admin();
        let signature = admin.sign_config_update(&update.config_update).unwrap();
        let signature = common::ConfigSignature {
            signature_header: signature.signature_header,
            signature: signature.signature,
        };
        STANDARD.encode(signature.encode_to_vec())
    }

    /// Signs a proposal and adds the signature.
    pub(crate) async fn sign(&self, organization: &str, id: &str) {
        let signature = self.signature(organization, id).await;
        let args = ["AddSignature", id, &signature];
        self.invoke(organization, &args).await.unwrap();
    }

    /// Submits a proposal that is ready, without syncing; gives the config block.
    pub(crate) async fn submit(&self, organization: &str, id: &str) -> Bytes {
        let proposal = self
            .query(organization, &["GetProposal", id])
            .await
            .unwrap();
        let envelope = base64_field(&proposal, "config_update_envelope_to_submit");
        let submitter = self.network.organization(organization).unwrap().admin();
        self.network
            .submit_update(&self.channel, submitter, &envelope)
            .unwrap()
    }

    /// Hands a config block to the contract.
    pub(crate) async fn sync(
        &self,
        organization: &str,
        block: &Bytes,
    ) -> Result<Value, DevnetError> {
        let block = STANDARD.encode(block);
        self.invoke(organization, &["SyncConfig", &block]).await
    }

    /// Signs, submits and syncs a proposal; the first of the signers submits.
    pub(crate) async fn bring_in(&self, id: &str, signers: &[&str]) -> Result<Value, DevnetError> {
        for name in signers {
            self.sign(name, id).await;
        }
        let block = self.submit(signers[0], id).await;
        self.sync(signers[0], &block).await
    }

    /// The status that the contract derives for a proposal.
    pub(crate) async fn status(&self, organization: &str, id: &str) -> String {
        let proposal = self
            .query(organization, &["GetProposal", id])
            .await
            .unwrap();
        proposal["status"].as_str().unwrap().to_owned()
    }

    /// Invokes as the organisation's admin.
    pub(crate) async fn invoke(
        &self,
        organization: &str,
        args: &[&str],
    ) -> Result<Value, DevnetError> {
        let client = self.network.organization(organization).unwrap().admin();
        let response = self.network.invoke(client, &self.call(args)).await?;
        Ok(serde_json::from_slice(&response.payload).unwrap())
    }

    /// Has a call of the organisation's admin endorsed, without ordering it.
    pub(crate) async fn endorse(&self, organization: &str, args: &[&str]) -> EndorsedTransaction {
        let client = self.network.organization(organization).unwrap().admin();
        self.network
            .endorse(client, &self.call(args))
            .await
            .unwrap()
    }

    /// Queries the organisation's own peer as its admin.
    pub(crate) async fn query(
        &self,
        organization: &str,
        args: &[&str],
    ) -> Result<Value, DevnetError> {
        let client = self.network.organization(organization).unwrap().admin();
        let call = self.call(args);
        let response = self.network.query(organization, client, &call).await?;
        Ok(serde_json::from_slice(&response.payload).unwrap())
    }

    pub(crate) fn call(&self, args: &[&str]) -> ChaincodeCall {
        ChaincodeCall::new(&self.channel, args.iter().copied())
    }
}

pub(crate) fn base64_field(document: &Value, field: &str) -> Bytes {
    let text = document[field].as_str().unwrap();
    STANDARD.decode(text).unwrap().into()
}

#[derive(Debug)]
struct Genesis(Arc<OnceLock<Bytes>>);

impl Anchors for Genesis {
    fn anchor(&self, _channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        self.0
            .get()
            .cloned()
            .map(|block| ConfigBlock::parse(block).map_err(|error| error.to_string()))
            .transpose()
    }

    fn disown(&self, _channel: &ChannelId) -> Result<Option<Disown>, String> {
        Ok(None)
    }
}
