//! A ledger with the contract on it, and the people of the captures who call it.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    contract::{Anchors, Contract, ContractSettings, Disown, NoObserver},
    ids::{BlockNumber, ChannelId, Sequence, TxId, UnixTime},
    proto::common,
    stub::{
        Invocation, Response,
        keys::composite,
        memory::{Ledger, ReadWriteSet, Version},
    },
};
use prost::Message;
use serde_json::Value;

use super::{
    calls::{
        Call, add_organization, add_signature, get_config, get_proposal, init_consortium,
        propose_patch, recover_config,
    },
    captures::CAPTURES,
    manners::{default_manner, simulate_at},
    people::{Person, person},
};

/// Runs one transaction over a ledger snapshot: the contract itself, or something that reaches it
/// over a stream.
pub(crate) trait Server {
    /// The response, and what the transaction read and wrote.
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet);
}

impl Server for Contract {
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let (response, set, _) = simulate_at(default_manner(), self, ledger, invocation).await;
        (response, set)
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

    /// What is set now, whether it can be read or not.
    pub(crate) fn both(&self) -> (Option<Bytes>, Option<Disown>) {
        let anchor = self.anchor.lock().unwrap().clone();
        (anchor, *self.disown.lock().unwrap())
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
    pub(crate) fn invocation(&self, who: &Person, call: impl Into<Call>) -> Invocation {
        Invocation {
            channel: self.channel.clone(),
            tx_id: TxId::new(format!("{:064x}", self.blocks)),
            chaincode: "cmscc".into(),
            is_init: false,
            args: call.into().into_args(),
            creator: Bytes::copy_from_slice(who.serialized()),
            timestamp: UnixTime {
                seconds: 1_795_000_000 + i64::try_from(self.blocks).unwrap(),
                nanos: 0,
            },
            ..Invocation::default()
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

    /// Submits a call that must succeed; its answer.
    pub(crate) async fn ok(&mut self, who: &Person, call: impl Into<Call>) -> Value {
        self.outcome(who, call).await.0
    }

    /// Submits a call that must succeed; its answer, and what it read and wrote.
    pub(crate) async fn outcome(
        &mut self,
        who: &Person,
        call: impl Into<Call>,
    ) -> (Value, ReadWriteSet) {
        let invocation = self.invocation(who, call);
        self.outcome_of(&invocation).await
    }

    /// The same for a whole invocation.
    pub(crate) async fn outcome_of(&mut self, call: &Invocation) -> (Value, ReadWriteSet) {
        let function = String::from_utf8_lossy(&call.args[0]);
        let (response, set) = self.submit(call).await;
        assert!(response.is_success(), "{function}: {}", response.message);
        let answer: Value = serde_json::from_slice(&response.payload).expect("answers are json");
        // a generic tree writes sorted keys and no white space
        assert!(
            response.payload == answer.to_string(),
            "{function}: keys are not sorted"
        );
        super::metadata::check_answer(&function, &answer).await;
        (answer, set)
    }

    /// Submits a call that must be refused with this symbol and write nothing; its message.
    pub(crate) async fn refused(
        &mut self,
        who: &Person,
        call: impl Into<Call>,
        symbol: &str,
    ) -> String {
        let invocation = self.invocation(who, call);
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

    /// Has Org1 found the consortium on a block.
    pub(crate) async fn found(&mut self, block: &[u8]) {
        self.ok(&person("Org1MSP"), init_consortium(block)).await;
    }

    /// Has operators set a checkpoint, and Org1 recover with it.
    pub(crate) async fn recover(&mut self, anchors: &TestAnchors, block: &[u8]) {
        anchors.set(block);
        self.ok(&person("Org1MSP"), recover_config(block)).await;
    }

    /// The same with their permission to end an epoch's branch from this sequence on.
    pub(crate) async fn disown(
        &mut self,
        anchors: &TestAnchors,
        block: &[u8],
        (epoch, from): (u64, u64),
    ) {
        anchors.set(block);
        let from = Sequence(from);
        anchors.permit(Disown { epoch, from });
        let recover = recover_config(block).disowning(from.0);
        self.ok(&person("Org1MSP"), recover).await;
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
        self.ok(&anyone, get_proposal(id)).await
    }

    /// The group of the channel in effect, as `GetConfig` shows it.
    pub(crate) async fn channel_group(&mut self) -> Value {
        let anyone = person("Org1MSP");
        self.ok(&anyone, get_config()).await["config"]["channel_group"].take()
    }

    /// The status of a proposal.
    pub(crate) async fn status(&mut self, id: &str) -> String {
        self.proposal(id).await["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The status of a proposal, by a clock that is so many seconds ahead.
    pub(crate) async fn status_in(&mut self, seconds: i64, id: &str) -> String {
        let mut late = self.invocation(&person("Org1MSP"), get_proposal(id));
        late.timestamp.seconds += seconds;
        let (shown, _) = self.outcome_of(&late).await;
        shown["status"].as_str().unwrap().to_owned()
    }

    /// Signs a proposal's current revision and adds the signature.
    pub(crate) async fn sign(&mut self, who: &Person, id: &str) -> Value {
        let update = self.update_to_sign(id).await;
        self.ok(who, add_signature(id, &who.signed(&update))).await
    }

    /// The bytes of the config update that are to be signed.
    pub(crate) async fn update_to_sign(&mut self, id: &str) -> Bytes {
        let anyone = person("Org1MSP");
        // by hand: a generic JSON tree cannot hold documents nested as deep as Fabric's may be
        let shown = self.text(&anyone, get_proposal(id)).await;
        let (_, rest) = shown.split_once(r#""config_update_to_sign":""#).unwrap();
        let (envelope, _) = rest.split_once('"').unwrap();
        update_envelope(&STANDARD.decode(envelope).unwrap()).config_update
    }

    /// Submits a call that must succeed; its result as text.
    pub(crate) async fn text(&mut self, who: &Person, call: impl Into<Call>) -> String {
        let invocation = self.invocation(who, call);
        let (response, _) = self.submit(&invocation).await;
        assert!(response.is_success(), "{}", response.message);
        String::from_utf8(response.payload.to_vec()).unwrap()
    }
}

/// A key of the ledger by its parts, the first of which is its kind.
pub(crate) fn state_key(parts: &[&str]) -> String {
    composite(parts[0], &parts[1..])
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

/// A world on the first capture's genesis block, and the anchors of its server.
pub(crate) async fn founded() -> (World<Contract>, Arc<TestAnchors>) {
    founded_on(&CAPTURES[0].genesis()).await
}

/// The same on another block, which its server has as anchor.
pub(crate) async fn founded_on(block: &[u8]) -> (World<Contract>, Arc<TestAnchors>) {
    let anchors = TestAnchors::of(block);
    let mut world = World::new(contract(&anchors));
    world.found(block).await;
    (world, anchors)
}

/// The same with the proposal `add_orgx` of Org1.
pub(crate) async fn with_orgx() -> World<Contract> {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world
}

impl World<Contract> {
    /// Proposes to add OrgX (`add-orgx`) or OrgY (`add-orgy`) of the captures.
    pub(crate) async fn propose_org(&mut self, who: &Person, id: &str, capture: &str) {
        let org = CAPTURES[0].file(&format!("{capture}/org.json"));
        let name = match capture {
            "add-orgx" => "OrgXMSP",
            _ => "OrgYMSP",
        };
        self.ok(who, add_organization(id, name, &org)).await;
    }

    /// Proposes a patch of the channel group.
    pub(crate) async fn propose(&mut self, who: &Person, id: &str, channel_group: &Value) {
        self.ok(who, propose_patch(id, channel_group)).await;
    }
}
