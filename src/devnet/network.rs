//! The network: organisations with their peers and chaincode servers, one ordering node, channels.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::future::join_all;
use prost::Message;
use tokio::net::TcpListener;

use super::{
    action::response_of,
    clock,
    endorse::{EndorsedTransaction, collect, majority},
    error::DevnetError,
    genesis::{self, HostPort, MemberDefinition, OrderingNode},
    identities::{self, IssuedIdentity, Organization},
    node::OrganizationNode,
    nodes::Nodes,
    options::NetworkOptions,
    ordering::OrderedChain,
    peer::ServerConnection,
    service::Serving,
};
use crate::{
    config::envelope,
    ids::{BlockNumber, ChannelId, MspId},
    json,
    policy::parse_policy,
    proto::protos::TxValidationCode,
    stub::{Chaincode, Invocation, Response, Stub, memory::Ledger},
    transaction::{ChaincodeCall, Proposal, submission},
};

/// Where nodes listen that listen at all.
const LOOPBACK: &str = "127.0.0.1";

/// A network in this process. Everything is in memory, and gone when it is dropped.
///
/// A transaction is endorsed by the peers of the channel's current members, each of which asks its
/// own organisation's chaincode server over gRPC, then ordered, validated and committed by all
/// peers before the call returns.
pub struct Network<C> {
    /// `None` where the chaincode servers are others'.
    chaincode: Option<MakeChaincode<C>>,
    shared: Arc<Nodes>,
    /// The organisations of `shared`, by name.
    organizations: BTreeMap<String, Arc<OrganizationNode>>,
}

type MakeChaincode<C> = Box<dyn Fn(&Organization) -> Arc<C> + Send + Sync>;

impl<C> fmt::Debug for Network<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("options", &self.shared.options)
            .field("organizations", &self.organizations)
            .field("channels", &self.shared.channels())
            .finish_non_exhaustive()
    }
}

impl<C: Chaincode> Network<C> {
    /// A network without organisations and channels. `chaincode` makes the contract that an
    /// organisation's server serves.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`], [`DevnetError::Randomness`]; [`DevnetError::Build`] where the
    /// endorsement policy is neither a name nor a rule.
    pub fn new(
        options: NetworkOptions,
        chaincode: impl Fn(&Organization) -> Arc<C> + Send + Sync + 'static,
    ) -> Result<Self, DevnetError> {
        Self::empty(options, Some(Box::new(chaincode)))
    }

    fn empty(
        options: NetworkOptions,
        chaincode: Option<MakeChaincode<C>>,
    ) -> Result<Self, DevnetError> {
        if !options.endorsement.starts_with('/') {
            parse_policy(&options.endorsement).map_err(DevnetError::build)?;
        }
        Ok(Self {
            chaincode,
            shared: Arc::new(Nodes::new(options)?),
            organizations: BTreeMap::new(),
        })
    }

    /// Makes an organisation with its certificates and a peer, which has joined no channel and
    /// has no chaincode server yet.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`], [`DevnetError::Randomness`].
    pub fn add_organization(&mut self, name: &str) -> Result<Arc<Organization>, DevnetError> {
        self.add(name, None)
    }

    /// The same; the config says that its peer listens at this port of loopback.
    ///
    /// # Errors
    /// As [`Network::add_organization`].
    pub fn add_organization_at(
        &mut self,
        name: &str,
        port: u16,
    ) -> Result<Arc<Organization>, DevnetError> {
        self.add(name, Some(port))
    }

    fn add(&mut self, name: &str, port: Option<u16>) -> Result<Arc<Organization>, DevnetError> {
        let organization = Arc::new(Organization::generate(name)?);
        let Nodes {
            options, private, ..
        } = &*self.shared;
        let node = OrganizationNode::new(Arc::clone(&organization), port, options, private)?;
        let node = Arc::new(node);
        self.shared.add(Arc::clone(&node));
        self.organizations.insert(name.to_owned(), node);
        Ok(organization)
    }

    /// Starts an organisation's chaincode server, again where it runs already.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Server`].
    pub async fn start_server(&self, organization: &str) -> Result<(), DevnetError> {
        let node = self.node(organization)?;
        let make = self.chaincode.as_ref().ok_or_else(|| DevnetError::Server {
            name: organization.to_owned(),
            reason: "this network starts none".to_owned(),
        })?;
        node.start_server(make(&node.organization), &self.shared.options)
            .await
    }

    /// Lets an organisation's peer use a chaincode server that runs already, without TLS, and dials
    /// it; gives the id that it registered with.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`]; [`DevnetError::Server`] where it does not answer as it must.
    pub async fn connect_server(
        &self,
        organization: &str,
        address: SocketAddr,
    ) -> Result<String, DevnetError> {
        let peer = &self.node(organization)?.peer;
        peer.install(ServerConnection {
            package_id: None,
            address,
            tls: None,
        });
        peer.connect().await.map_err(|error| DevnetError::Server {
            name: organization.to_owned(),
            reason: error.to_string(),
        })
    }

    /// Lets an organisation's chaincode server finish what runs, and ends it.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Server`].
    pub async fn stop_server(&self, organization: &str) -> Result<(), DevnetError> {
        self.node(organization)?.stop_server().await
    }

    /// Ends an organisation's chaincode server at once, whatever it does, as `kill -9` would.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Server`].
    pub async fn kill_server(&self, organization: &str) -> Result<(), DevnetError> {
        self.node(organization)?.kill_server().await
    }

    /// Makes a channel of some organisations, whose peers join it; gives its genesis block.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Build`].
    pub fn create_channel(
        &mut self,
        channel: &ChannelId,
        members: &[&str],
    ) -> Result<Bytes, DevnetError> {
        let nodes = members
            .iter()
            .map(|name| self.node(name))
            .collect::<Result<Vec<_>, DevnetError>>()?;
        let definitions: Vec<_> = nodes.iter().map(|node| definition(node)).collect();
        let Nodes {
            orderer, options, ..
        } = &*self.shared;
        let (host, port) = match options.orderer_port {
            Some(port) => (LOOPBACK, port),
            None => ("orderer.example.com", 7050),
        };
        let consenter = OrderingNode {
            msp: orderer.msp(),
            tls_certificate: &orderer.tls().certificate_pem,
            endpoint: HostPort {
                host: host.to_owned(),
                port,
            },
            batch_timeout: format!("{}ms", options.block_time.as_millis()),
        };
        let group = genesis::channel_group(options.levels, &consenter, &definitions)?;
        let genesis = genesis::genesis_block(channel, group)?;
        let chain = OrderedChain::start(Arc::clone(orderer), channel, genesis.clone())?;
        self.shared.add_chain(channel, chain);
        for name in members {
            self.join(channel, name)?;
        }
        Ok(genesis)
    }

    /// An organisation's peer joins a channel and catches up with it.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Block`].
    pub fn join(&self, channel: &ChannelId, organization: &str) -> Result<(), DevnetError> {
        self.shared.join(channel, self.node(organization)?)
    }

    /// Serves an organisation's peer to clients, with TLS: `gateway.Gateway`, `protos.Endorser` and
    /// `protos.Deliver`.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Server`], [`DevnetError::Build`].
    pub fn serve_peer(
        &self,
        organization: &str,
        listener: TcpListener,
    ) -> Result<Serving, DevnetError> {
        let node = self.organizations.get(organization);
        let node = node.ok_or_else(|| unknown(organization))?;
        Serving::peer(&self.shared, node, listener)
    }

    /// Serves the ordering node to clients, with TLS: `orderer.AtomicBroadcast`.
    ///
    /// # Errors
    /// [`DevnetError::Server`], [`DevnetError::Build`].
    pub fn serve_orderer(&self, listener: TcpListener) -> Result<Serving, DevnetError> {
        Serving::orderer(&self.shared, listener)
    }

    /// An organisation's peer neither endorses nor commits any more.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn pause_peer(&self, organization: &str) -> Result<(), DevnetError> {
        self.node(organization)?.set_running(false);
        Ok(())
    }

    /// An organisation's peer commits what it missed, and takes part again.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Block`].
    pub fn resume_peer(&self, organization: &str) -> Result<(), DevnetError> {
        self.shared.resume(self.node(organization)?)
    }

    /// An organisation of this network.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn organization(&self, name: &str) -> Result<&Arc<Organization>, DevnetError> {
        Ok(&self.node(name)?.organization)
    }

    /// Who signs for the organisation that runs the ordering node.
    #[must_use]
    pub fn orderer_admin(&self) -> &IssuedIdentity {
        self.shared.orderer.admin()
    }

    /// What `configtxgen -printOrg` prints for an organisation.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::Build`].
    pub fn organization_json(&self, name: &str) -> Result<String, DevnetError> {
        let group = genesis::application_org(&definition(self.node(name)?))?;
        json::encode(json::MessageType::Organization, &group.encode_to_vec())
            .map_err(DevnetError::build)
    }

    /// Writes an organisation's certificates and keys below a folder, as `cryptogen` lays them out:
    /// `organizations/peerOrganizations/org1.example.com`.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`], [`DevnetError::File`].
    pub fn write_organization(&self, name: &str, root: &Path) -> Result<(), DevnetError> {
        let organization = self.organization(name)?;
        identities::write_organization(organization, root).map_err(DevnetError::File)
    }

    /// The same of the organisation that runs the ordering node:
    /// `organizations/ordererOrganizations/example.com`.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub fn write_orderer(&self, root: &Path) -> Result<(), DevnetError> {
        identities::write_orderer(&self.shared.orderer, root).map_err(DevnetError::File)
    }

    /// What an organisation's peer and chaincode server do.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn standing(&self, name: &str) -> Result<NodeStanding, DevnetError> {
        let node = self.node(name)?;
        let channels = node.peer.channels().into_iter();
        Ok(NodeStanding {
            peer_runs: node.is_running(),
            server_runs: node.has_server(),
            heights: channels
                .filter_map(|channel| {
                    let height = node.peer.height(&channel)?;
                    Some((channel, height))
                })
                .collect(),
        })
    }

    /// The MSP ids of the channel's members, ascending.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn members(&self, channel: &ChannelId) -> Result<BTreeSet<MspId>, DevnetError> {
        self.shared.members(channel)
    }

    /// The block that carries the channel's config, as `peer channel fetch config` gets it.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn config_block(&self, channel: &ChannelId) -> Result<Bytes, DevnetError> {
        let chain = self.shared.chain(channel)?;
        let chain = chain.lock();
        chain
            .config_block()
            .cloned()
            .ok_or_else(|| DevnetError::Unknown {
                kind: "config block of channel",
                name: channel.to_string(),
            })
    }

    /// An organisation's state of a channel, as of the last block.
    ///
    /// # Errors
    /// [`DevnetError::Unknown`].
    pub fn state(&self, channel: &ChannelId, organization: &str) -> Result<Ledger, DevnetError> {
        self.node(organization)?.peer.snapshot(channel)
    }

    /// Asks one organisation's peer, without endorsing anything.
    ///
    /// # Errors
    /// [`DevnetError::Refused`] where the chaincode refuses, [`DevnetError::Execute`],
    /// [`DevnetError::AccessDenied`], [`DevnetError::Unknown`].
    pub async fn query(
        &self,
        organization: &str,
        client: &IssuedIdentity,
        call: &ChaincodeCall,
    ) -> Result<Response, DevnetError> {
        let node = self.node(organization)?;
        let proposal = Proposal::new(
            call,
            &self.shared.options.chaincode,
            client,
            &clock::stamp()?,
        )?;
        let answer = node.peer.process(&proposal.signed).await?;
        let response = answer
            .response
            .map(response_of)
            .ok_or_else(|| DevnetError::missing("the answer"))?;
        if response.is_success() {
            return Ok(response);
        }
        Err(DevnetError::Refused {
            msp_id: node.organization.msp_id().clone(),
            response,
        })
    }

    /// Has a call endorsed by the peers of all members; a majority of the members must agree.
    ///
    /// # Errors
    /// [`DevnetError::NotEndorsed`] where too few peers answer, [`DevnetError::Refused`] where that
    /// is for a refusal of the chaincode, [`DevnetError::Mismatch`] where the answers differ.
    pub async fn endorse(
        &self,
        client: &IssuedIdentity,
        call: &ChaincodeCall,
    ) -> Result<EndorsedTransaction, DevnetError> {
        let members = self.members(&call.channel)?;
        let needed = majority(members.len());
        let nodes: Vec<_> = (self.organizations.values())
            .filter(|node| members.contains(node.organization.msp_id()))
            .map(AsRef::as_ref)
            .collect();
        self.endorse_by(&nodes, needed, client, call).await
    }

    /// Has a call endorsed by the peers of these organisations, all of them and no others.
    ///
    /// # Errors
    /// As [`Network::endorse`].
    pub async fn endorse_with(
        &self,
        organizations: &[&str],
        client: &IssuedIdentity,
        call: &ChaincodeCall,
    ) -> Result<EndorsedTransaction, DevnetError> {
        let nodes = organizations.iter().map(|name| self.node(name));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        self.endorse_by(&nodes, nodes.len(), client, call).await
    }

    async fn endorse_by(
        &self,
        nodes: &[&OrganizationNode],
        needed: usize,
        client: &IssuedIdentity,
        call: &ChaincodeCall,
    ) -> Result<EndorsedTransaction, DevnetError> {
        let proposal = Proposal::new(
            call,
            &self.shared.options.chaincode,
            client,
            &clock::stamp()?,
        )?;
        let answers = join_all(nodes.iter().map(|node| node.peer.process(&proposal.signed))).await;
        let ids = nodes.iter().map(|node| node.organization.msp_id().clone());
        let (action, payload, endorsements) =
            collect(ids.zip(answers), needed, &self.shared.options.chaincode)?;
        Ok(EndorsedTransaction {
            transaction: proposal.transaction(client, payload, endorsements)?,
            tx_id: proposal.tx_id,
            event: action.event().cloned(),
            response: action.response,
        })
    }

    /// Orders endorsed transactions as one block, in this order, and gives the validation code of
    /// each. All peers have committed the block when it returns.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] where the orderer refuses one, [`DevnetError::Diverged`].
    pub fn order(
        &self,
        channel: &ChannelId,
        transactions: &[EndorsedTransaction],
    ) -> Result<Vec<TxValidationCode>, DevnetError> {
        let (_, codes) = self.order_block(channel, transactions)?;
        Ok(codes)
    }

    /// The same, with the number of the block.
    ///
    /// # Errors
    /// As [`Network::order`].
    pub fn order_block(
        &self,
        channel: &ChannelId,
        transactions: &[EndorsedTransaction],
    ) -> Result<(BlockNumber, Vec<TxValidationCode>), DevnetError> {
        let envelopes = transactions.iter().map(|t| t.transaction.clone()).collect();
        self.shared.order(channel, envelopes)
    }

    /// Endorses, orders and commits a call; gives the chaincode's answer.
    ///
    /// # Errors
    /// As [`Network::endorse`] and [`Network::order`]; [`DevnetError::Invalid`] where the
    /// transaction was not valid.
    pub async fn invoke(
        &self,
        client: &IssuedIdentity,
        call: &ChaincodeCall,
    ) -> Result<Response, DevnetError> {
        let endorsed = self.endorse(client, call).await?;
        let codes = self.order(&call.channel, std::slice::from_ref(&endorsed))?;
        match codes.first() {
            Some(TxValidationCode::Valid) => Ok(endorsed.response),
            Some(code) => Err(DevnetError::Invalid {
                tx_id: endorsed.tx_id,
                code: *code,
            }),
            None => Err(DevnetError::missing("the block")),
        }
    }

    /// Submits a config update as `peer channel update` does: adds the submitter's signature, and
    /// signs the envelope. Gives the config block, which all peers have committed.
    ///
    /// # Errors
    /// [`DevnetError::Rejected`] where the orderer refuses it, [`DevnetError::Malformed`].
    pub fn submit_update(
        &self,
        channel: &ChannelId,
        submitter: &IssuedIdentity,
        envelope: &Bytes,
    ) -> Result<Bytes, DevnetError> {
        let update =
            envelope::read_update_envelope(envelope).map_err(|e| DevnetError::Malformed {
                what: "the update",
                reason: e.to_string(),
            })?;
        let mut signatures = update.signatures;
        signatures.push(submitter.sign_config_update(&update.config_update)?);
        let envelope = submission(
            &update.channel_id,
            update.config_update,
            signatures,
            submitter,
            &clock::stamp()?,
        )?;
        let envelope: Bytes = envelope.encode_to_vec().into();
        self.shared.update(channel, &envelope)
    }

    fn node(&self, name: &str) -> Result<&OrganizationNode, DevnetError> {
        let node = self.organizations.get(name);
        node.map(AsRef::as_ref).ok_or_else(|| unknown(name))
    }
}

/// What an organisation's peer and chaincode server do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStanding {
    /// Whether the peer takes part.
    pub peer_runs: bool,
    /// Whether the chaincode server runs.
    pub server_runs: bool,
    /// The channels that the peer joined, with how many blocks it has of each.
    pub heights: BTreeMap<ChannelId, u64>,
}

/// The chaincode of a network whose chaincode servers are others'. There is none.
#[derive(Clone, Copy, Debug)]
pub enum Elsewhere {}

impl Chaincode for Elsewhere {
    async fn invoke<S: Stub>(&self, _: &Invocation, _: &mut S) -> Response {
        match *self {}
    }
}

impl Network<Elsewhere> {
    /// A network without organisations and channels, which starts no chaincode servers: its peers
    /// use those of [`Network::connect_server`].
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn without_servers(options: NetworkOptions) -> Result<Self, DevnetError> {
        Self::empty(options, None)
    }
}

fn definition(node: &OrganizationNode) -> MemberDefinition<'_> {
    let organization = &node.organization;
    let (host, port) = match node.port {
        Some(port) => (LOOPBACK.to_owned(), port),
        None => (format!("peer0.{}", organization.domain()), 7051),
    };
    MemberDefinition {
        msp: organization.msp(),
        anchor_peer: HostPort { host, port },
    }
}

fn unknown(name: &str) -> DevnetError {
    DevnetError::Unknown {
        kind: "organisation",
        name: name.to_owned(),
    }
}
