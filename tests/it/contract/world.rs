//! A ledger with the contract on it, and the people of the captures who call it.

use std::{
    fs, mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    contract::{Anchors, Contract, ContractSettings, Disown, NoObserver},
    identity::{P256Signer, Signer},
    ids::{BlockNumber, ChannelId, MspId, TxId, UnixTime},
    proto::common,
    stub::{
        Chaincode, Invocation, Response,
        memory::{Ledger, MemoryStub, ReadWriteSet, Version},
    },
};
use prost::Message;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair,
};
use ring::rand::SystemRandom;
use serde_json::Value;

/// Runs one transaction over a ledger snapshot: the contract itself, or something that reaches it
/// over a stream.
pub(crate) trait Server {
    /// The response, and what the transaction read and wrote.
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet);
}

impl Server for Contract {
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let mut stub = MemoryStub::new(ledger);
        let response = self.invoke(invocation, &mut stub).await;
        (response, stub.finish().expect("no write after a page"))
    }
}

/// Puts a contract where calls reach it.
pub(crate) trait Host {
    /// What calls go to.
    type Server: Server;

    /// Starts serving.
    async fn serve(&self, contract: Contract) -> Self::Server;
}

/// Calls the contract directly.
pub(crate) struct InProcess;

impl Host for InProcess {
    type Server = Contract;

    async fn serve(&self, contract: Contract) -> Contract {
        contract
    }
}

/// Anchors that a test sets.
#[derive(Debug, Default)]
pub(crate) struct TestAnchors {
    anchor: Mutex<Option<Bytes>>,
    disown: Mutex<Option<Disown>>,
}

impl TestAnchors {
    pub(crate) fn none() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn of(block: &[u8]) -> Arc<Self> {
        let anchors = Self::default();
        anchors.set(block);
        Arc::new(anchors)
    }

    pub(crate) fn set(&self, block: &[u8]) {
        *self.anchor.lock().unwrap() = Some(Bytes::copy_from_slice(block));
    }

    /// Sets both, and says what was set before.
    pub(crate) fn swap(
        &self,
        (anchor, disown): (Option<Bytes>, Option<Disown>),
    ) -> (Option<Bytes>, Option<Disown>) {
        (
            mem::replace(&mut *self.anchor.lock().unwrap(), anchor),
            mem::replace(&mut *self.disown.lock().unwrap(), disown),
        )
    }

    pub(crate) fn permit(&self, disown: Disown) {
        *self.disown.lock().unwrap() = Some(disown);
    }
}

impl Anchors for TestAnchors {
    fn anchor(&self, _channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        let anchor = self.anchor.lock().unwrap().clone();
        anchor
            .map(|block| ConfigBlock::parse(block).map_err(|error| error.to_string()))
            .transpose()
    }

    fn disown(&self, _channel: &ChannelId) -> Result<Option<Disown>, String> {
        Ok(*self.disown.lock().unwrap())
    }
}

/// A contract in this process.
pub(crate) fn contract(anchors: &Arc<TestAnchors>) -> Contract {
    Contract::new(
        ContractSettings::default(),
        Arc::<TestAnchors>::clone(anchors),
        Arc::new(NoObserver),
    )
}

/// A contract in this process that endorses any bootstrap.
pub(crate) fn trusting() -> Contract {
    let settings = ContractSettings {
        allow_unanchored: true,
        ..ContractSettings::default()
    };
    Contract::new(settings, TestAnchors::none(), Arc::new(NoObserver))
}

/// A channel's ledger and the server that simulates on it.
pub(crate) struct World<S> {
    pub(crate) server: S,
    pub(crate) ledger: Ledger,
    pub(crate) channel: ChannelId,
    blocks: u64,
}

impl<S: Server> World<S> {
    pub(crate) fn new(server: S) -> Self {
        Self {
            server,
            ledger: Ledger::new(),
            channel: ChannelId::new("mychannel"),
            blocks: 0,
        }
    }

    /// The same world with another server.
    pub(crate) fn with<T: Server>(&self, server: T) -> World<T> {
        World {
            server,
            ledger: self.ledger.clone(),
            channel: self.channel.clone(),
            blocks: self.blocks,
        }
    }

    /// A transaction by its submitter. Ids and times follow from the state of the world.
    pub(crate) fn invocation(&self, who: &Person, args: &[&[u8]]) -> Invocation {
        Invocation {
            channel: self.channel.clone(),
            tx_id: TxId::new(format!("{:064x}", self.blocks)),
            chaincode: "cmscc".into(),
            is_init: false,
            args: args.iter().map(|a| Bytes::copy_from_slice(a)).collect(),
            creator: Bytes::copy_from_slice(who.serialized()),
            timestamp: UnixTime {
                seconds: 1_795_000_000 + i64::try_from(self.blocks).unwrap(),
                nanos: 0,
            },
            transient: Default::default(),
        }
    }

    /// Simulates and, as an orderer and a peer would, commits what succeeded and wrote.
    pub(crate) async fn submit(&mut self, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let (response, set) = self.server.simulate(&self.ledger, invocation).await;
        assert!(
            response.is_success() || (set.writes.is_empty() && set.event.is_none()),
            "a refused call has written: {}",
            response.message
        );
        assert!(
            set.calls.is_empty() || set.writes.is_empty(),
            "only calls that read may ask other chaincodes"
        );
        assert_eq!(
            set.event.is_some(),
            !set.writes.is_empty(),
            "one event for a transaction that wrote, none for others"
        );
        self.blocks += 1;
        let version = Version {
            block: BlockNumber(self.blocks),
            tx: 0,
        };
        self.ledger.validate(&set).expect("nothing came in between");
        self.ledger.commit(version, &set);
        (response, set)
    }

    /// Submits a call that must succeed; its result.
    pub(crate) async fn ok(&mut self, who: &Person, args: &[&[u8]]) -> Value {
        let invocation = self.invocation(who, args);
        let (response, _) = self.submit(&invocation).await;
        assert!(
            response.is_success(),
            "{}: {}",
            String::from_utf8_lossy(args[0]),
            response.message
        );
        let answer: Value = serde_json::from_slice(&response.payload).expect("answers are json");
        // a generic tree writes sorted keys and no white space
        assert!(
            response.payload == answer.to_string(),
            "{}: keys are not sorted",
            String::from_utf8_lossy(args[0])
        );
        super::metadata::check_answer(std::str::from_utf8(args[0]).unwrap(), &answer).await;
        answer
    }

    /// Submits a call that must be refused with this symbol and write nothing; its message.
    pub(crate) async fn refused(&mut self, who: &Person, args: &[&[u8]], symbol: &str) -> String {
        let invocation = self.invocation(who, args);
        self.refused_call(&invocation, symbol).await
    }

    /// The same for a whole invocation.
    pub(crate) async fn refused_call(&mut self, call: &Invocation, symbol: &str) -> String {
        let before = self.ledger.clone();
        let (response, _) = self.submit(call).await;
        let function = call.args.first().cloned().unwrap_or_default();
        assert_eq!(
            symbol_of(&response),
            symbol,
            "{}: status {} {}",
            String::from_utf8_lossy(&function),
            response.status,
            response.message
        );
        assert!(response.payload.is_empty());
        assert!(
            before.iter().eq(self.ledger.iter()),
            "a refused call changed state"
        );
        response.message
    }

    /// Writes a key, as no function of the contract would.
    pub(crate) fn put(&mut self, key: String, value: Vec<u8>) {
        let mut set = ReadWriteSet::default();
        set.writes.insert(key, Some(value.into()));
        self.blocks += 1;
        let version = Version {
            block: BlockNumber(self.blocks),
            tx: 0,
        };
        self.ledger.commit(version, &set);
    }

    /// A proposal as `GetProposal` shows it.
    pub(crate) async fn proposal(&mut self, id: &str) -> Value {
        let anyone = person("Org1MSP");
        self.ok(&anyone, &[b"GetProposal", id.as_bytes()]).await
    }

    /// The status of a proposal.
    pub(crate) async fn status(&mut self, id: &str) -> String {
        self.proposal(id).await["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Signs a proposal's current revision and adds the signature.
    pub(crate) async fn sign(&mut self, who: &Person, id: &str) -> Value {
        let update = self.update_to_sign(id).await;
        let signature = STANDARD.encode(who.config_signature(&update).encode_to_vec());
        self.ok(who, &[b"AddSignature", id.as_bytes(), signature.as_bytes()])
            .await
    }

    /// The bytes of the config update that are to be signed.
    pub(crate) async fn update_to_sign(&mut self, id: &str) -> Bytes {
        let anyone = person("Org1MSP");
        let args: [&[u8]; 2] = [b"GetProposal", id.as_bytes()];
        // by hand: a generic JSON tree cannot hold documents nested as deep as Fabric's may be
        let shown = self.text(&anyone, &args).await;
        let (_, rest) = shown.split_once(r#""config_update_to_sign":""#).unwrap();
        let (envelope, _) = rest.split_once('"').unwrap();
        update_envelope(&STANDARD.decode(envelope).unwrap()).config_update
    }

    /// Submits a call that must succeed; its result as text.
    pub(crate) async fn text(&mut self, who: &Person, args: &[&[u8]]) -> String {
        let invocation = self.invocation(who, args);
        let (response, _) = self.submit(&invocation).await;
        assert!(response.is_success(), "{}", response.message);
        String::from_utf8(response.payload.to_vec()).unwrap()
    }
}

/// The symbol of a refusal; the message where it does not have the documented form.
pub(crate) fn symbol_of(response: &Response) -> &str {
    response
        .message
        .strip_prefix(&format!("Code {}: ", response.status))
        .and_then(|rest| rest.split_once(": "))
        .map_or(&response.message, |(symbol, _)| symbol)
}

/// What an envelope of type CONFIG_UPDATE carries.
pub(crate) fn update_envelope(envelope: &[u8]) -> common::ConfigUpdateEnvelope {
    let envelope = common::Envelope::decode(envelope).unwrap();
    let payload = common::Payload::decode(envelope.payload).unwrap();
    let header = common::ChannelHeader::decode(payload.header.unwrap().channel_header).unwrap();
    assert_eq!(
        (header.r#type, header.channel_id.as_str()),
        (2, "mychannel")
    );
    common::ConfigUpdateEnvelope::decode(payload.data).unwrap()
}

/// Somebody with a certificate and a key.
pub(crate) struct Person(P256Signer);

impl Person {
    pub(crate) fn serialized(&self) -> &[u8] {
        self.0.serialized_identity()
    }

    /// A signature on anything.
    pub(crate) fn sign(&self, message: &[u8]) -> Bytes {
        self.0.sign(message).unwrap().into()
    }

    /// A signature on a config update, as `peer channel signconfigtx` makes it.
    pub(crate) fn config_signature(&self, update: &[u8]) -> common::ConfigSignature {
        let header = common::SignatureHeader {
            creator: Bytes::copy_from_slice(self.serialized()),
            nonce: Bytes::from_static(b"nonce"),
        };
        let header = header.encode_to_vec();
        common::ConfigSignature {
            signature: self.sign(&[&header, update].concat()),
            signature_header: header.into(),
        }
    }
}

/// The admin of an organisation of the captures.
pub(crate) fn person(msp_id: &str) -> Person {
    user(msp_id, "Admin")
}

/// A user of an organisation of the captures.
pub(crate) fn user(msp_id: &str, name: &str) -> Person {
    let (kind, domain) = match msp_id {
        "OrdererMSP" => ("ordererOrganizations", "example.com".to_owned()),
        _ => {
            let org = msp_id.strip_suffix("MSP").unwrap().to_lowercase();
            ("peerOrganizations", format!("{org}.example.com"))
        }
    };
    let msp = data()
        .join("crypto")
        .join(kind)
        .join(&domain)
        .join("users")
        .join(format!("{name}@{domain}"))
        .join("msp");
    let certificate = fs::read(msp.join(format!("signcerts/{name}@{domain}-cert.pem"))).unwrap();
    let key = fs::read(msp.join("keystore/priv_sk")).unwrap();
    let random = Arc::new(SystemRandom::new());
    Person(P256Signer::new(&MspId::new(msp_id), &certificate, &key, random).unwrap())
}

/// A new admin of a peer organisation, whose certificate its own CA signs.
pub(crate) fn new_admin(msp_id: &str, name: &str) -> Person {
    new_user(msp_id, name, Some("admin"))
}

/// The same of somebody of this organisational unit, or of none.
pub(crate) fn new_user(msp_id: &str, name: &str, unit: Option<&str>) -> Person {
    let domain = format!(
        "{}.example.com",
        msp_id.strip_suffix("MSP").unwrap().to_lowercase()
    );
    let key = data().join(format!("crypto/peerOrganizations/{domain}/ca/priv_sk"));
    let key = KeyPair::from_pem(&fs::read_to_string(key).unwrap()).unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name = names(&[
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "California"),
        (DnType::LocalityName, "San Francisco"),
        (DnType::OrganizationName, &domain),
        (DnType::CommonName, &format!("ca.{domain}")),
    ]);
    let mut leaf = CertificateParams::default();
    leaf.not_before = rcgen::date_time_ymd(2027, 1, 1);
    leaf.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let unit = unit.map(|unit| (DnType::OrganizationalUnitName, unit));
    let parts: Vec<_> = unit
        .into_iter()
        .chain([(DnType::CommonName, name)])
        .collect();
    leaf.distinguished_name = names(&parts);
    let own = KeyPair::generate().unwrap();
    let certificate = leaf.signed_by(&own, &Issuer::new(ca, key)).unwrap();
    let signer = P256Signer::new(
        &MspId::new(msp_id),
        certificate.pem().as_bytes(),
        own.serialize_pem().as_bytes(),
        Arc::new(SystemRandom::new()),
    );
    Person(signer.unwrap())
}

/// Names in the string type that cryptogen uses: issuers are compared by their bytes.
fn names(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    for (kind, text) in parts {
        let text = rcgen::string::PrintableString::try_from(*text).unwrap();
        names.push(kind.clone(), DnValue::PrintableString(text));
    }
    names
}

/// One of the captures from real networks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture(&'static str);

/// All captures.
pub(crate) const CAPTURES: [Capture; 3] = [
    Capture("fabric-3.1.5-caps-v2"),
    Capture("fabric-3.1.5-caps-v3"),
    Capture("fabric-2.5.16-caps-v2"),
];

impl Capture {
    pub(crate) fn file(self, name: &str) -> Vec<u8> {
        let path = data().join(self.0).join(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn genesis(self) -> Vec<u8> {
        self.file("genesis.block")
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data")
}

/// A world on the first capture's genesis block, and the anchors of its server.
pub(crate) async fn founded() -> (World<Contract>, Arc<TestAnchors>) {
    let genesis = CAPTURES[0].genesis();
    let anchors = TestAnchors::of(&genesis);
    let mut world = World::new(contract(&anchors));
    let org1 = person("Org1MSP");
    world.ok(&org1, &[b"InitConsortium", &genesis]).await;
    (world, anchors)
}

impl World<Contract> {
    /// Proposes to add OrgX (`add-orgx`) or OrgY (`add-orgy`) of the captures.
    pub(crate) async fn propose_org(&mut self, who: &Person, id: &str, capture: &str) {
        let org = CAPTURES[0].file(&format!("{capture}/org.json"));
        let name = match capture {
            "add-orgx" => "OrgXMSP",
            _ => "OrgYMSP",
        };
        let args: [&[u8]; 5] = [
            b"AddOrganization",
            id.as_bytes(),
            name.as_bytes(),
            &org,
            b"d",
        ];
        self.ok(who, &args).await;
    }

    /// Proposes a patch of the channel group.
    pub(crate) async fn propose(&mut self, who: &Person, id: &str, channel_group: &Value) {
        let patch = serde_json::json!({ "channel_group": channel_group }).to_string();
        let args: [&[u8]; 4] = [
            b"ProposeConfigUpdate",
            id.as_bytes(),
            patch.as_bytes(),
            b"d",
        ];
        self.ok(who, &args).await;
    }
}

/// Base64 as arguments carry it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
