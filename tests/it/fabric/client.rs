//! The client's connection to its own peer on a real network: each call, accepted and refused.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cmscc::{
    block::{Block, ConfigBlock},
    client::{
        ChaincodeEvents, ClientError, ClientSettings, ClientTlsFiles, EndorserState, Exit,
        IdentitySource, OwnIdentity, PeerConnection, PeerEndpoint, Via, stamp,
    },
    config::ConfigSignature,
    ids::{BlockNumber, ChannelId, Digest, MspId},
    proto::{common, orderer, protos::TxValidationCode},
    transaction::{ChaincodeCall, sign_config_update, submission},
};
use futures_util::{Stream, StreamExt};
use prost::Message;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{CHAINCODE, CHANNEL, net::Net, servers::FIRST};

/// A settings proposal, as arguments behind its id.
const GATE: [&str; 2] = [r#"{"gate":"enforced"}"#, "hold upgrades back"];

#[test]
fn each_call_is_answered_or_refused_as_the_client_says() {
    let Some(net) = Net::up(1000) else { return };
    let client = Client::new(&net);
    let servers = client.deploys();
    client.reads();
    client.writes();
    client.is_denied();
    client.updates();
    client.meets_nobody();
    client.names_the_missing(servers);
}

#[test]
fn each_call_is_answered_or_refused_before_bft_too() {
    let Some(net) = Net::up_with(1050, &[("CAPS", "v3"), ("CONSENSUS", "bft")]) else {
        return;
    };
    let client = Client::new(&net);
    let _servers = client.deploys();
    client.reads();
    client.writes();
    client.is_denied();
    client.updates();
}

#[test]
fn mutual_tls_takes_a_certificate_and_binds_requests_for_blocks_to_it() {
    let Some(net) = Net::up(1100) else { return };
    let client = Client::new(&net);
    let authorities = ["org1", "org2"].map(|org| net.peer_tls(org).join("ca.crt"));
    let [org1, org2] = authorities.map(|path| path.display().to_string());
    let env = net.work("mutual.env");
    let lines = [
        "CORE_PEER_TLS_CLIENTAUTHREQUIRED=true".to_owned(),
        format!("CORE_PEER_TLS_CLIENTROOTCAS_FILES=\"{org1} {org2}\""),
    ];
    fs::write(&env, lines.join("\n")).unwrap();
    net.script(&["stop-peer", "org1"]);
    net.script_with(&[("EXTRA_ENV", env.as_path())], &["start-peer", "org1"]);

    let files = |org: &str| {
        let tls = net.root().join(format!(
            "crypto/peerOrganizations/{org}.example.com/users/Admin@{org}.example.com/tls"
        ));
        let read = |name: &str| fs::read(tls.join(name)).unwrap();
        (read("client.crt"), read("client.key"))
    };
    let with = |own: Option<(Vec<u8>, Vec<u8>)>| {
        client.with("org1", "Admin", |settings| {
            settings.peers[0].tls.as_mut().unwrap().client = own.clone();
        })
    };
    let ours = with(Some(files("org1")));
    assert!(client.run(ours.height()).unwrap() > 0);
    let block = client.first(client.run(ours.blocks_from(BlockNumber(0))).unwrap());
    assert_eq!(
        block.unwrap(),
        client.run(ours.block(BlockNumber(0))).unwrap()
    );

    // the alert of a peer is not always read before its connection ends
    for own in [None, Some(files("orgx"))] {
        let error = client.run(with(own).height()).unwrap_err();
        let symbols = ["TLS_CLIENT_CERTIFICATE", "CONNECTION_ENDED"];
        assert!(symbols.contains(&error.symbol.as_str()), "{error:?}");
        assert!(error.hint.unwrap().contains("--tls-client-cert"));
    }
    // a key of another certificate is no matter of the network
    let (certificate, _) = files("org1");
    let (_, key) = files("orgx");
    let settings = client.settings("org1", "Admin", |settings| {
        settings.peers[0].tls.as_mut().unwrap().client = Some((certificate.clone(), key.clone()));
    });
    let error = PeerConnection::new(&settings, client.identity("org1", "Admin")).unwrap_err();
    refused::<()>(Err(error), "BAD_TLS_FILES", Exit::Usage);
}

/// Clients of one network.
struct Client<'a> {
    net: &'a Net,
    runtime: Runtime,
    channel: ChannelId,
    /// The admin of Org1 at its own peer.
    admin: PeerConnection,
}

/// An error with this symbol and exit.
#[track_caller]
fn refused<T>(answer: Result<T, ClientError>, symbol: &str, exit: Exit) -> ClientError {
    let Err(error) = answer else {
        panic!("not refused with {symbol}");
    };
    assert_eq!(error.symbol, symbol, "{error:?}");
    assert_eq!(error.exit, exit, "{error:?}");
    error
}

impl<'a> Client<'a> {
    fn new(net: &'a Net) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let settings = settings_of(net, "org1", "Admin");
        let identity =
            OwnIdentity::open(&settings.msp_id, &settings.identity, &|_| Ok(None)).unwrap();
        Self {
            net,
            runtime,
            channel: ChannelId::new(CHANNEL),
            admin: PeerConnection::new(&settings, identity).unwrap(),
        }
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The first item of a stream that has one soon.
    fn first<T>(&self, stream: impl Stream<Item = T>) -> T {
        self.some(stream, 1).pop().unwrap()
    }

    /// The first items of a stream that has them soon.
    fn some<T>(&self, stream: impl Stream<Item = T>, count: usize) -> Vec<T> {
        self.run(async {
            let items = stream.take(count).collect::<Vec<_>>();
            tokio::time::timeout(Duration::from_secs(20), items)
                .await
                .expect("the stream goes on")
        })
    }

    fn settings(
        &self,
        org: &str,
        user: &str,
        change: impl Fn(&mut ClientSettings),
    ) -> ClientSettings {
        let mut settings = settings_of(self.net, org, user);
        change(&mut settings);
        settings
    }

    fn identity(&self, org: &str, user: &str) -> OwnIdentity {
        let settings = settings_of(self.net, org, user);
        OwnIdentity::open(&settings.msp_id, &settings.identity, &|_| Ok(None)).unwrap()
    }

    fn with(&self, org: &str, user: &str, change: impl Fn(&mut ClientSettings)) -> PeerConnection {
        let settings = self.settings(org, user, change);
        PeerConnection::new(&settings, self.identity(org, user)).unwrap()
    }

    /// Somebody at the peer of Org1.
    fn as_of(&self, org: &str, user: &str) -> PeerConnection {
        self.with(org, user, |_| ())
    }

    fn call(&self, args: &[&str]) -> ChaincodeCall {
        ChaincodeCall::new(&self.channel, args.iter().copied())
    }

    /// A call whose block goes as a transient field.
    fn block_call(&self, function: &str, block: &Bytes) -> ChaincodeCall {
        let digest = Digest::of(block).to_string();
        let mut call = self.call(&[function, &digest]);
        call.transient
            .insert("config_block".to_owned(), block.clone());
        call
    }

    fn query(&self, args: &[&str]) -> Result<Value, ClientError> {
        let answer = self.run(self.admin.evaluate(CHAINCODE, self.call(args)))?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    /// Servers and definition by the command line, the bootstrap by the client.
    fn deploys(&self) -> [super::servers::Server; 2] {
        let both = ["org1", "org2"];
        refused(self.query(&["GetConfig"]), "NO_CHAINCODE", Exit::Failed);
        let submitted = self.run(self.admin.submit(self.call(&["GetConfig"])));
        refused(submitted, "NO_CHAINCODE", Exit::Failed);
        let servers = both.map(|org| self.net.start_server(org));
        for org in both {
            self.net.install(org);
            self.net.approve(org, FIRST);
        }
        self.net.commit_definition(&both, FIRST);
        let asked = self.query(&["GetConfig"]);
        refused(asked, "NOT_INITIALIZED", Exit::Failed);

        let genesis = Bytes::from(fs::read(self.net.genesis()).unwrap());
        let call = self.block_call("InitConsortium", &genesis);
        let committed = self.run(self.admin.submit(call)).unwrap();
        let answer: Value = serde_json::from_slice(&committed.answer).unwrap();
        assert_eq!(answer["sequence"], 0, "{answer}");
        assert_eq!(self.query(&["GetConfig"]).unwrap()["sequence"], 0);
        let block = Block::parse(committed.committed_block.clone()).unwrap();
        assert_eq!(block.number(), committed.block);
        let found = self.run(self.admin.block(committed.block)).unwrap();
        assert_eq!(found, committed.committed_block);
        let config = ConfigBlock::parse(genesis).unwrap();
        let bundle =
            cmscc::config::Bundle::new(config.channel_id(), config.tree().clone()).unwrap();
        cmscc::block::verify_signatures(&block, &bundle).unwrap();
        servers
    }

    fn reads(&self) {
        let admin = &self.admin;
        let height = self.timed("height", || self.run(admin.height()).unwrap());
        let config = self.timed("config_block", || self.run(admin.config_block()).unwrap());
        let zero = self.timed("block", || self.run(admin.block(BlockNumber(0))).unwrap());
        self.timed("evaluate", || self.query(&["GetConfig"]).unwrap());
        self.timed("another connection, and its first call", || {
            self.run(self.as_of("org1", "Admin").height()).unwrap()
        });
        assert_eq!(config, zero);
        let channels = self.run(admin.channels()).unwrap();
        assert_eq!(channels, std::slice::from_ref(&self.channel));
        let user = self.as_of("org1", "User1");
        assert_eq!(self.run(user.config_block()).unwrap(), config);
        let other = self.as_of("org2", "User1");
        assert_eq!(self.run(other.height()).unwrap(), height);
        let beyond = self.run(admin.block(BlockNumber(9999)));
        refused(beyond, "NO_BLOCK", Exit::Failed);

        // what is delivered is what is answered
        let count = usize::try_from(height).unwrap();
        let stream = self.run(admin.blocks_from(BlockNumber(0))).unwrap();
        for (number, block) in (0..).zip(self.some(stream, count)) {
            let asked = self.run(admin.block(BlockNumber(number))).unwrap();
            assert_eq!(block.unwrap(), asked, "block {number}");
        }
        let stream = self.run(admin.filtered_blocks_from(BlockNumber(0)));
        for (number, block) in (0..).zip(self.some(stream.unwrap(), count)) {
            let block = block.unwrap();
            assert_eq!(block.number, number);
            let kind = match number {
                0 => common::HeaderType::Config,
                _ => common::HeaderType::EndorserTransaction,
            };
            let transaction = &block.filtered_transactions[0];
            assert_eq!(transaction.r#type(), kind);
            assert_eq!(transaction.tx_validation_code(), TxValidationCode::Valid);
        }
        let events = self.run(admin.events(BlockNumber(0))).unwrap();
        let ChaincodeEvents { block, events } = self.first(events).unwrap();
        assert_eq!(block.0 + 1, height);
        assert_eq!(events[0].event_name, "ConfigSyncedEvent");

        let states = self.run(admin.endorsers(CHAINCODE)).unwrap();
        let runs = |org: &str| (MspId::from(org), EndorserState::Runs);
        assert_eq!(states, [runs("Org1MSP"), runs("Org2MSP")]);
    }

    fn writes(&self) {
        let admin = &self.admin;
        self.timed("submit", || {
            let call = self.call(&["ProposeSettings", "gate1", GATE[0], GATE[1]]);
            self.run(admin.submit(call)).unwrap()
        });
        let again = self.call(&["ProposeSettings", "gate1", GATE[0], GATE[1]]);
        refused(self.run(admin.submit(again)), "ID_USED", Exit::Failed);
        let unknown = self.run(admin.submit(self.call(&["DeleteProposal", "nothing"])));
        refused(unknown, "UNKNOWN_PROPOSAL", Exit::Failed);
        refused(
            self.query(&["GetProposal", "nothing"]),
            "UNKNOWN_PROPOSAL",
            Exit::Failed,
        );
        refused(self.query(&["GetConfg"]), "UNKNOWN_FUNCTION", Exit::Usage);

        // proposals of one organisation meet each other, and all come in
        let meet = ["gate2", "gate3", "gate4"]
            .map(|id| admin.submit(self.call(&["ProposeSettings", id, GATE[0], GATE[1]])));
        for answer in self.run(futures_util::future::join_all(meet)) {
            answer.unwrap();
        }

        // as large as the blocks of a thousand organisations
        let large = Bytes::from(vec![0x0a; 5_700_000]);
        let call = self.block_call("SyncConfig", &large);
        refused(
            self.run(admin.evaluate(CHAINCODE, call.clone())),
            "BAD_BLOCK",
            Exit::Usage,
        );
        refused(self.run(admin.submit(call)), "BAD_BLOCK", Exit::Usage);
    }

    fn is_denied(&self) {
        let user = self.as_of("org1", "User1");
        let call = self.call(&["ProposeSettings", "gate9", GATE[0], GATE[1]]);
        refused(self.run(user.submit(call)), "NOT_ADMIN", Exit::Denied);

        // no member of the channel, and one that only orders
        for (org, name) in [("orgx", "Admin"), ("orderer", "Admin")] {
            let stranger = self.as_of(org, name);
            let denied = "ACCESS_DENIED";
            refused(self.run(stranger.height()), denied, Exit::Denied);
            let asked = self.run(stranger.submit(self.call(&["GetConfig"])));
            refused(asked, denied, Exit::Denied);
            let blocks = self.run(stranger.blocks_from(BlockNumber(0))).unwrap();
            let events = self.run(stranger.events(BlockNumber(0))).unwrap();
            refused(self.first(blocks), denied, Exit::Denied);
            refused(self.first(events), denied, Exit::Denied);
        }

        let elsewhere = self.with("org1", "Admin", |settings| {
            settings.channel = "otherchannel".into();
        });
        let unknown = "UNKNOWN_CHANNEL";
        refused(self.run(elsewhere.height()), unknown, Exit::Failed);
        refused(self.run(elsewhere.config_block()), unknown, Exit::Failed);
        let blocks = self.run(elsewhere.blocks_from(BlockNumber(0))).unwrap();
        refused(self.first(blocks), "NO_BLOCK", Exit::Failed);
        let events = self.run(elsewhere.events(BlockNumber(0))).unwrap();
        refused(self.first(events), unknown, Exit::Failed);
    }

    /// An update of the batch timeout, from one version to the next.
    fn timeout_update(&self, version: u64, text: &str) -> Bytes {
        let channel = |values| common::ConfigGroup {
            groups: [(
                "Orderer".to_owned(),
                common::ConfigGroup {
                    values,
                    ..common::ConfigGroup::default()
                },
            )]
            .into(),
            ..common::ConfigGroup::default()
        };
        let timeout = common::ConfigValue {
            version,
            value: orderer::BatchTimeout {
                timeout: text.to_owned(),
            }
            .encode_to_vec()
            .into(),
            mod_policy: "Admins".to_owned(),
        };
        let update = common::ConfigUpdate {
            channel_id: CHANNEL.to_owned(),
            read_set: Some(channel([].into())),
            write_set: Some(channel([("BatchTimeout".to_owned(), timeout)].into())),
            ..common::ConfigUpdate::default()
        };
        update.encode_to_vec().into()
    }

    fn sends(
        &self,
        by: &PeerConnection,
        update: &Bytes,
        signers: &[&OwnIdentity],
        via: Via,
    ) -> Result<(), ClientError> {
        let signatures: Vec<ConfigSignature> = signers
            .iter()
            .map(|signer| sign_config_update(update, *signer, &stamp().unwrap()).unwrap())
            .collect();
        let channel = by.channel();
        let stamp = stamp().unwrap();
        let envelope = submission(channel, update.clone(), signatures, by.identity(), &stamp);
        self.run(by.submit_update(envelope.unwrap(), via))
    }

    /// Updates of the config, which the admins of the orderer organisation decide.
    fn updates(&self) {
        let orderer = self.identity("orderer", "Admin");
        let by_user = self.as_of("org1", "User1");
        let height = self.run(by_user.height()).unwrap();
        let first = self.timeout_update(1, "260ms");
        for via in [Via::Gateway, Via::Orderer] {
            refused(
                self.sends(&by_user, &first, &[], via),
                "UPDATE_NOT_SATISFIED",
                Exit::Failed,
            );
            let stranger = self.as_of("orgx", "Admin");
            refused(
                self.sends(&stranger, &first, &[&orderer], via),
                "NOT_WRITER",
                Exit::Denied,
            );
            let skipping = self.timeout_update(5, "270ms");
            refused(
                self.sends(&by_user, &skipping, &[&orderer], via),
                "UPDATE_OVERTAKEN",
                Exit::Stale,
            );
        }

        // a client's certificate is enough to send what others signed
        for (version, via) in [(1, Via::Gateway), (2, Via::Orderer)] {
            let update = self.timeout_update(version, &format!("26{version}ms"));
            self.sends(&by_user, &update, &[&orderer], via).unwrap();
            let stream = self.run(by_user.blocks_from(BlockNumber(height + version - 1)));
            let block = ConfigBlock::parse(self.first(stream.unwrap()).unwrap()).unwrap();
            assert_eq!(block.update_digest(), Some(Digest::of(&update)));
            assert_eq!(block.sequence().0, version);
            let newest = self.run(by_user.config_block()).unwrap();
            assert_eq!(newest, *block.block().bytes());
            refused(
                self.sends(&by_user, &update, &[&orderer], via),
                "UPDATE_OVERTAKEN",
                Exit::Stale,
            );
        }
        let none = self.with("org1", "User1", |settings| settings.orderer = None);
        refused(
            self.sends(&none, &first, &[], Via::Orderer),
            "NO_ORDERER",
            Exit::Usage,
        );
    }

    /// Addresses where nobody is, or somebody else.
    fn meets_nobody(&self) {
        let height_at = |change: &dyn Fn(&mut PeerEndpoint)| {
            let connection = self.with("org1", "Admin", |settings| {
                change(&mut settings.peers[0]);
            });
            self.run(connection.height())
        };
        let away = |peer: &mut PeerEndpoint| "127.0.0.1:1".clone_into(&mut peer.address);
        let error = refused(height_at(&away), "PEER_UNREACHABLE", Exit::Unreachable);
        assert!(error.message.contains("refused"), "{error}");
        let foreign = fs::read(self.net.peer_tls("org2").join("ca.crt")).unwrap();
        let asked = height_at(&|peer| peer.tls.as_mut().unwrap().root_certs = foreign.clone());
        refused(asked, "TLS_UNTRUSTED", Exit::Denied);
        let asked = height_at(&|peer| peer.server_name = Some("peer9.example.com".to_owned()));
        refused(asked, "TLS_NAME", Exit::Denied);
        let asked = height_at(&|peer| peer.tls = None);
        let error = refused(asked, "CONNECTION_ENDED", Exit::Unreachable);
        assert!(error.hint.unwrap().contains("TLS"), "{}", error.message);
        let operations = self.net.address("org1", 3);
        let asked = height_at(&|peer| operations.clone_into(&mut peer.address));
        refused(asked, "TLS_NOT_SPOKEN", Exit::Usage);
        let orderer = self.with("org1", "Admin", |settings| {
            settings.peers = settings.orderer.clone().into_iter().collect();
        });
        refused(self.run(orderer.height()), "NO_GATEWAY", Exit::Failed);

        // the next one is asked, and kept
        let two = self.with("org1", "Admin", |settings| {
            let real = settings.peers[0].clone();
            away(&mut settings.peers[0]);
            settings.peers.push(real);
        });
        let height = self.run(two.height()).unwrap();
        assert_eq!(self.run(two.height()).unwrap(), height);
        let blocks = self.run(two.blocks_from(BlockNumber(0))).unwrap();
        assert_eq!(self.some(blocks, 2).len(), 2);
        // both say why
        let none = self.with("org1", "Admin", |settings| {
            let other = settings.peers[0].clone();
            away(&mut settings.peers[0]);
            settings.peers.push(PeerEndpoint {
                server_name: Some("peer9.example.com".to_owned()),
                ..other
            });
        });
        let error = refused(self.run(none.height()), "TLS_NAME", Exit::Denied);
        assert_eq!(error.details[0].0, "PEER_UNREACHABLE", "{error:?}");
    }

    /// What is missing has a name: a server, a peer, the ordering service.
    fn names_the_missing(&self, servers: [super::servers::Server; 2]) {
        let [_org1, org2] = servers;
        let patient = self.with("org1", "Admin", |settings| {
            settings.timeout = Duration::from_secs(3);
        });
        let attest = || self.call(&["AttestCapabilities", r#"{"server":true}"#]);
        drop(org2);
        let error = refused(
            self.run(patient.submit(attest())),
            "SERVER_DOWN",
            Exit::Unreachable,
        );
        assert!(error.message.contains("`Org2MSP`"), "{error}");
        let states = self.run(patient.endorsers(CHAINCODE)).unwrap();
        assert_eq!(states[0].1, EndorserState::Runs);
        assert!(
            matches!(states[1].1, EndorserState::NoServer(_)),
            "{states:?}"
        );
        let _org2 = self.net.start_server("org2");
        self.run(patient.submit(attest())).unwrap();

        // a service that takes nothing, and one that takes and does not answer
        self.net.script(&["stop-orderer"]);
        refused(
            self.run(patient.submit(attest())),
            "ORDERER_UNAVAILABLE",
            Exit::Unreachable,
        );
        self.net.script(&["start-orderer"]);
        super::until("the ordering service is back", || {
            self.run(patient.submit(attest())).ok()
        });
        self.net.signal("orderer", "STOP");
        let error = refused(
            self.run(patient.submit(attest())),
            "COMMIT_UNKNOWN",
            Exit::Unreachable,
        );
        assert!(error.message.contains("may or may not"), "{error}");
        self.net.signal("orderer", "CONT");
        super::until("the ordering service goes on", || {
            self.run(patient.submit(attest())).ok()
        });

        // a peer that answered goes away: the next one is asked
        let two = self.with("org1", "Admin", |settings| {
            let other = settings_of(self.net, "org2", "Admin").peers;
            settings.peers.splice(0..0, other);
        });
        let height = self.run(two.height()).unwrap();
        self.net.script(&["stop-peer", "org2"]);
        assert_eq!(self.run(two.height()).unwrap(), height);
        let error = super::until("the peers see that one is gone", || {
            let error = self.run(patient.submit(attest())).unwrap_err();
            (error.symbol == "TOO_FEW_ENDORSERS").then_some(error)
        });
        assert!(error.message.contains("`Org2MSP` not"), "{error}");
        assert!(error.message.contains("`Org1MSP` can"), "{error}");
    }

    #[expect(clippy::disallowed_methods, reason = "what a call takes is measured")]
    fn timed<T>(&self, what: &str, work: impl Fn() -> T) -> T {
        let start = Instant::now();
        let answer = work();
        println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        answer
    }
}

/// The settings of a user of an organisation at the peer of Org1, or of Org2 where it is its own.
fn settings_of(net: &Net, org: &str, user: &str) -> ClientSettings {
    let crypto = net.root().join("crypto");
    let (folder, msp_id) = match org {
        "orderer" => (
            format!("ordererOrganizations/example.com/users/{user}@example.com"),
            "OrdererMSP",
        ),
        _ => (
            format!("peerOrganizations/{org}.example.com/users/{user}@{org}.example.com"),
            match org {
                "org1" => "Org1MSP",
                "org2" => "Org2MSP",
                _ => "OrgXMSP",
            },
        ),
    };
    let own = match org {
        "org2" => "org2",
        _ => "org1",
    };
    let endpoint = |address: String, ca: PathBuf| PeerEndpoint {
        address,
        tls: Some(ClientTlsFiles {
            root_certs: fs::read(ca).unwrap(),
            client: None,
        }),
        server_name: None,
    };
    let orderers = "ordererOrganizations/example.com/tlsca/tlsca.example.com-cert.pem";
    ClientSettings {
        profile: None,
        channel: CHANNEL.into(),
        chaincode: CHAINCODE.to_owned(),
        msp_id: msp_id.into(),
        identity: IdentitySource::MspFolder(crypto.join(folder).join("msp")),
        peers: vec![endpoint(
            net.address(own, 1),
            net.peer_tls(own).join("ca.crt"),
        )],
        orderer: Some(endpoint(net.orderer_address(), crypto.join(orderers))),
        state_dir: net.work("state"),
        anchor: None,
        timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(3),
    }
}
