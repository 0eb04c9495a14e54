//! The network at work: organisations, services, newcomers.

use std::{collections::BTreeMap, fs, process, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::net::TcpListener;

use super::{
    control::{ChannelStatus, NetStatus, OrganizationStatus},
    files,
    folder::{DescribedOrganization, Description, DevnetFolder},
};
use crate::{
    cli::{anchors::AnchorFolder, args::UpArgs},
    contract::{Anchors, Contract, ContractSettings, NoObserver},
    devnet::{Levels, Network, NetworkOptions, NodeMspFiles, Serving},
    ids::ChannelId,
    stub::memory::{PeerManner, PeerRelease},
    transaction::ChaincodeCall,
};

/// Where everything listens.
const HOST: &str = "127.0.0.1";

/// A network that runs, with what of it is in files.
pub(super) struct Town {
    folder: DevnetFolder,
    network: Network<Contract>,
    channels: Vec<ChannelId>,
    description: Description,
    /// The port behind the last one that was given away.
    next_port: u16,
    orderer: Serving,
    /// The peers that listen, by the organisation's name.
    peers: BTreeMap<String, Serving>,
}

impl Town {
    /// Builds the network: the members' contract is initialised on every channel.
    pub(super) async fn build(args: &UpArgs, folder: DevnetFolder) -> anyhow::Result<Self> {
        let members: Vec<_> = (1..=args.orgs).map(|n| format!("Org{n}")).collect();
        let spare = (b'A'..=b'Z').map(char::from);
        // as in the story: OrgX, OrgY, OrgZ, then the others
        let spare = spare.clone().skip(23).chain(spare.take(23));
        let spare: Vec<_> = spare.map(|letter| format!("Org{letter}")).collect();
        let spare = spare.get(..usize::from(args.spare)).unwrap_or_default();

        // nobody is told of an address before somebody listens there
        let listener = bind(args.port_base).await?;
        let orderer_port = listener.local_addr()?.port();
        let options = NetworkOptions {
            chaincode: args.chaincode.clone(),
            manner: PeerManner::default().of_release(match args.peer.as_str() {
                "2.5" => PeerRelease::V2_5,
                _ => PeerRelease::V3_1,
            }),
            levels: Levels {
                application: match args.application_level.as_str() {
                    "V2_0" => "V2_0",
                    _ => "V2_5",
                },
                ..Levels::default()
            },
            block_time: Duration::from_millis(args.block_time.into()),
            orderer_port: Some(orderer_port),
            ..NetworkOptions::default()
        };
        let anchors: Arc<dyn Anchors> = Arc::new(AnchorFolder::new(folder.join("anchors")));
        let network = Network::new(options, move |_| {
            let settings = ContractSettings::default();
            Arc::new(Contract::new(
                settings,
                Arc::clone(&anchors),
                Arc::new(NoObserver),
            ))
        })?;
        let orderer = network.serve_orderer(listener)?;
        let names = (1..=args.channels).map(|n| match n {
            1 => "mychannel".to_owned(),
            n => format!("channel{n}"),
        });
        let channels: Vec<_> = names.map(ChannelId::new).collect();
        let mut town = Self {
            network,
            description: Description {
                channels: channels.iter().map(ToString::to_string).collect(),
                chaincode: args.chaincode.clone(),
                orderer: format!("{HOST}:{orderer_port}"),
                organizations: BTreeMap::new(),
            },
            channels,
            next_port: following(args.port_base),
            orderer,
            peers: BTreeMap::new(),
            folder,
        };
        town.network.write_orderer(&town.folder.path)?;
        town.folder.write("fabric/core.yaml", files::CORE_YAML)?;
        for name in members.iter().chain(spare) {
            town.settle(name).await?;
        }
        town.found(&members).await?;
        town.folder.describe(&town.description)?;
        Ok(town)
    }

    /// Makes an organisation: its files, and a peer that listens and is in no channel.
    async fn settle(&mut self, name: &str) -> anyhow::Result<()> {
        let listener = bind(self.next_port).await?;
        let port = listener.local_addr()?.port();
        self.next_port = following(self.next_port);
        let organization = self.network.add_organization_at(name, port)?;
        let described = DescribedOrganization {
            name: name.to_owned(),
            msp_id: organization.msp_id().to_string(),
            domain: organization.domain().to_owned(),
            peer: format!("{HOST}:{port}"),
        };
        self.network.write_organization(name, &self.folder.path)?;
        let json = self.network.organization_json(name)?;
        self.folder.write(
            &format!("organizations/{}.json", name.to_lowercase()),
            &json,
        )?;
        self.write_profile(&described)?;
        let key = name.to_lowercase();
        self.description.organizations.insert(key, described);
        let serving = self.network.serve_peer(name, listener)?;
        self.peers.insert(name.to_owned(), serving);
        Ok(())
    }

    fn write_profile(&self, organization: &DescribedOrganization) -> anyhow::Result<()> {
        let root = format!("organizations/peerOrganizations/{}", organization.domain);
        let read = |path: &str| {
            let file = self.folder.join(path);
            fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))
        };
        let tls_ca = read(&format!(
            "{root}/tlsca/tlsca.{}-cert.pem",
            organization.domain
        ))?;
        let orderer_ca = read(
            "organizations/ordererOrganizations/example.com/tlsca/tlsca.example.com-cert.pem",
        )?;
        let profile =
            files::connection_profile(&self.description, organization, &tls_ca, &orderer_ca);
        let file = format!("{root}/connection-{}", organization.name.to_lowercase());
        let json = serde_json::to_string_pretty(&profile)?;
        self.folder.write(&format!("{file}.json"), &json)?;
        self.folder
            .write(&format!("{file}.yaml"), &files::yaml(&profile, 0))
    }

    /// Makes the channels, starts the members' servers, and initialises the contract.
    async fn found(&mut self, members: &[String]) -> anyhow::Result<()> {
        let names: Vec<_> = members.iter().map(String::as_str).collect();
        for channel in &self.channels {
            let genesis = self.network.create_channel(channel, &names)?;
            self.folder
                .write_bytes(&format!("anchors/{channel}.block"), &genesis)?;
        }
        for name in &names {
            self.network.start_server(name).await?;
        }
        let first = names.first().context("there is no organisation")?;
        let admin = Arc::clone(self.network.organization(first)?);
        for channel in &self.channels {
            let block = STANDARD.encode(self.network.config_block(channel)?);
            let call = ChaincodeCall::new(channel, ["InitConsortium", block.as_str()]);
            self.network
                .invoke(admin.admin(), &call)
                .await
                .with_context(|| format!("cannot initialise the contract on `{channel}`"))?;
        }
        Ok(())
    }

    /// Lets the peers of organisations that became members join, and starts their servers; says what
    /// happened.
    pub(super) async fn welcome(&mut self) -> anyhow::Result<Vec<String>> {
        let mut news = Vec::new();
        for channel in &self.channels {
            let members = self.network.members(channel)?;
            for organization in self.description.organizations.values() {
                let name = &organization.name;
                let standing = self.network.standing(name)?;
                let is_member = members
                    .iter()
                    .any(|member| member.as_str() == organization.msp_id);
                if !is_member || standing.heights.contains_key(channel) || !standing.peer_runs {
                    continue;
                }
                self.network.join(channel, name)?;
                if !standing.server_runs {
                    self.network.start_server(name).await?;
                }
                news.push(format!(
                    "{name} is a member of {channel} now: its peer has joined, its server runs"
                ));
            }
        }
        Ok(news)
    }

    pub(super) async fn add_org(&mut self, name: &str) -> anyhow::Result<String> {
        let mut letters = name.chars();
        let is_name = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.all(|c| c.is_ascii_alphanumeric());
        if !is_name || name.len() > 40 || name.eq_ignore_ascii_case("orderer") {
            bail!("a name is made of at most 40 letters and digits, such as `OrgX`");
        }
        if self.description.organization(name).is_ok() {
            bail!("there is an organisation `{name}` already");
        }
        self.settle(name).await?;
        self.folder.describe(&self.description)?;
        let file = format!("organizations/{}.json", name.to_lowercase());
        Ok(format!(
            "{name} is no member yet; propose it by {}",
            self.folder.join(file).display()
        ))
    }

    pub(super) async fn stop_peer(&mut self, org: &str) -> anyhow::Result<String> {
        let name = self.name(org)?;
        let Some(serving) = self.peers.remove(&name) else {
            bail!("the peer of {name} is stopped already");
        };
        self.network.pause_peer(&name)?;
        serving.stop().await;
        Ok(format!("the peer of {name} is stopped"))
    }

    pub(super) async fn start_peer(&mut self, org: &str) -> anyhow::Result<String> {
        let organization = self.description.organization(org)?.clone();
        let name = organization.name;
        if self.peers.contains_key(&name) {
            bail!("the peer of {name} runs already");
        }
        let listener = TcpListener::bind(&organization.peer)
            .await
            .with_context(|| format!("cannot listen at {}", organization.peer))?;
        self.renew(&name, &organization.domain)?;
        self.network.resume_peer(&name)?;
        let serving = self.network.serve_peer(&name, listener)?;
        self.peers.insert(name.clone(), serving);
        Ok(format!("the peer of {name} runs"))
    }

    /// A peer reads its MSP folder when it starts, as a real one does.
    fn renew(&self, name: &str, domain: &str) -> anyhow::Result<()> {
        let node = format!("organizations/peerOrganizations/{domain}/peers/peer0.{domain}/msp");
        let folder = self.folder.join(node);
        let read = |file: String| {
            let file = folder.join(file);
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
        };
        let cas = folder.join("cacerts");
        let listed =
            fs::read_dir(&cas).with_context(|| format!("cannot read {}", cas.display()))?;
        let names = listed.filter_map(|one| one.ok()?.file_name().into_string().ok());
        let cas = names.map(|name| Ok((name.clone(), read(format!("cacerts/{name}"))?)));
        let files = NodeMspFiles {
            cas: cas.collect::<anyhow::Result<_>>()?,
            certificate_pem: read(format!("signcerts/peer0.{domain}-cert.pem"))?,
            config_yaml: read("config.yaml".to_owned())?,
            key_pem: read("keystore/priv_sk".to_owned())?,
        };
        self.network
            .organization(name)?
            .renew_peer(&files)
            .with_context(|| format!("the MSP folder of {name}'s peer cannot be used"))
    }

    pub(super) async fn stop_server(&mut self, org: &str) -> anyhow::Result<String> {
        let name = self.name(org)?;
        self.network.stop_server(&name).await?;
        Ok(format!("the chaincode server of {name} is stopped"))
    }

    pub(super) async fn start_server(&mut self, org: &str) -> anyhow::Result<String> {
        let name = self.name(org)?;
        self.network.start_server(&name).await?;
        Ok(format!("the chaincode server of {name} runs"))
    }

    pub(super) fn status(&self) -> anyhow::Result<NetStatus> {
        let mut channels = Vec::new();
        for channel in &self.channels {
            let members = self.network.members(channel)?;
            channels.push(ChannelStatus {
                name: channel.to_string(),
                members: members.iter().map(ToString::to_string).collect(),
            });
        }
        let mut organizations = Vec::new();
        for organization in self.description.organizations.values() {
            let standing = self.network.standing(&organization.name)?;
            let heights = standing.heights.into_iter();
            organizations.push(OrganizationStatus {
                name: organization.name.clone(),
                msp_id: organization.msp_id.clone(),
                peer: organization.peer.clone(),
                peer_runs: standing.peer_runs,
                server_runs: standing.server_runs,
                heights: heights
                    .map(|(channel, height)| (channel.to_string(), height))
                    .collect(),
            });
        }
        Ok(NetStatus {
            folder: self.folder.path.display().to_string(),
            pid: process::id(),
            chaincode: self.description.chaincode.clone(),
            orderer: self.orderer.address().to_string(),
            channels,
            organizations,
        })
    }

    /// Ends all services.
    pub(super) async fn end(self) {
        for (_, serving) in self.peers {
            serving.stop().await;
        }
        self.orderer.stop().await;
    }

    fn name(&self, org: &str) -> anyhow::Result<String> {
        Ok(self.description.organization(org)?.name.clone())
    }
}

/// The port behind a port; 0 stands for any free one.
const fn following(port: u16) -> u16 {
    if port == 0 { 0 } else { port.saturating_add(1) }
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((HOST, port)).await.with_context(|| {
        format!("cannot listen at {HOST}:{port}: name other ports by --port-base PORT")
    })
}
