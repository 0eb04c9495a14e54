//! Configs, values and servers that are unlike the usual ones.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cmscc::{
    contract::{Contract, ContractObserver, ContractSettings, HeadFacts},
    ids::{ChaincodeName, ChannelId, CollectionName, Digest},
    proto::common,
    stub::{
        Batch, Chaincode, Entry, Event, KeyRange, Metadata, Modification, Page, Query, QueryId,
        Response, Stub, StubError, Write, memory::MemoryStub,
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, get_config, get_proposal, init_consortium, sync_config, update_proposals,
        withdraw_proposal,
    },
    capabilities::declaring,
    captures::{CAPTURES, after},
    determinism::cases,
    patches::nested,
    people::person,
    unknown::outgrown,
    world::{TestAnchors, World, founded, state_key, symbol_of, trusting, with_orgx},
};

#[tokio::test]
async fn a_channel_that_needs_unknown_levels_is_not_taken() {
    let block = altered_genesis(|root| {
        let value = root.values.get_mut("Capabilities").unwrap();
        let mut levels = common::Capabilities::decode(value.value.clone()).unwrap();
        levels
            .capabilities
            .insert("V9_0".to_owned(), common::Capability::default());
        value.value = levels.encode_to_vec().into();
    });
    let message = World::new(trusting())
        .refused(
            &person("Org1MSP"),
            init_consortium(&block),
            "CAPABILITY_UNSUPPORTED",
        )
        .await;
    assert!(message.contains("`Channel/V9_0`"), "{message}");
}

/// The genesis block with another config in it.
fn altered_genesis(alter: impl FnOnce(&mut common::ConfigGroup)) -> Vec<u8> {
    altered_config(|config| alter(config.channel_group.as_mut().unwrap()))
}

fn altered_config(alter: impl FnOnce(&mut common::Config)) -> Vec<u8> {
    let mut block = common::Block::decode(CAPTURES[0].genesis().as_slice()).unwrap();
    let entry = &mut block.data.as_mut().unwrap().data[0];
    let mut envelope = common::Envelope::decode(entry.clone()).unwrap();
    let mut payload = common::Payload::decode(envelope.payload).unwrap();
    let mut content = common::ConfigEnvelope::decode(payload.data).unwrap();
    alter(content.config.as_mut().unwrap());
    payload.data = content.encode_to_vec().into();
    envelope.payload = payload.encode_to_vec().into();
    *entry = envelope.encode_to_vec().into();
    let hash = Digest::of(entry);
    block.header.as_mut().unwrap().data_hash = hash.as_bytes().to_vec().into();
    block.encode_to_vec()
}

#[tokio::test]
async fn a_config_nested_5000_deep_is_taken_and_shown() {
    let block = altered_genesis(|root| {
        let application = root.groups.get_mut("Application").unwrap();
        let admins = application.groups.get_mut("Org1MSP").unwrap();
        let admins = admins.policies.get_mut("Admins").unwrap();
        admins.policy.as_mut().unwrap().value = nested("Org1MSP", 4900).into();
    });
    let org1 = person("Org1MSP");
    let mut world = World::new(trusting());
    world.found(&block).await;
    // its own admins are judged by it
    let org = CAPTURES[0].file("add-orgx/org.json");
    world
        .ok(&org1, add_organization("add_orgx", "OrgXMSP", &org))
        .await;
    world.sign(&org1, "add_orgx").await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status_detail"]["missing"], json!(["Org2MSP"]));
    // Go writes no json that it could not read
    let config = world.ok(&org1, get_config()).await;
    assert_eq!(
        (&config["config"], &config["sequence"]),
        (&Value::Null, &json!(0))
    );
    let config = world
        .ok(&org1, get_config().options(r#"{"format":"base64"}"#))
        .await;
    assert!(config["config"].as_str().unwrap().len() > 30_000);
}

#[tokio::test]
async fn values_that_are_not_ours_are_reported() {
    let org1 = person("Org1MSP");
    let show = get_proposal("add_orgx");
    let withdraw = withdraw_proposal("add_orgx");
    for (parts, call) in [
        (&["proposal", "add_orgx"][..], &show),
        (&["config", "body"], &show),
        (&["config", "head"], &show),
        (&["settings"], &show),
        (&["member", "since", "Application", "Org1MSP"], &withdraw),
    ] {
        let mut world = with_orgx().await;
        world.put(state_key(parts), vec![0xff; 3]);
        world.server = trusting();
        world.refused(&org1, call, "STATE_CORRUPT").await;
    }
}

/// Keeps every fact as a line.
#[derive(Default)]
struct Facts(Mutex<Vec<String>>);

impl ContractObserver for Facts {
    fn head(&self, channel: &ChannelId, head: &HeadFacts) {
        let line = format!("{channel} at {} of epoch {}", head.sequence, head.epoch);
        self.0.lock().unwrap().push(line);
    }

    fn fork(&self, channel: &ChannelId) {
        self.0.lock().unwrap().push(format!("{channel} forked"));
    }

    fn unverified_block(&self, channel: &ChannelId) {
        let line = format!("{channel} met an unverified block");
        self.0.lock().unwrap().push(line);
    }

    fn unsupported(&self, channel: &ChannelId, levels: &[String]) {
        self.0.lock().unwrap().push(format!("{channel} {levels:?}"));
    }
}

#[tokio::test]
async fn only_what_somebody_stands_for_is_a_fork_to_an_observer() {
    let genesis = CAPTURES[0].genesis();
    let other = CAPTURES[1].genesis();
    let anchors = TestAnchors::of(&genesis);
    let facts = Arc::new(Facts::default());
    let settings = ContractSettings::default();
    let server = Contract::new(settings, anchors.clone(), Arc::<Facts>::clone(&facts));
    let mut world = World::new(server);
    let org1 = person("Org1MSP");
    world.found(&genesis).await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    // what a member alters: the orderer's signature is of something else
    let config = world.config();
    let signed = checkpoint(&config, raise_version);
    let mut altered = common::Block::decode(&signed[..]).unwrap();
    altered.metadata = common::Block::decode(after("add-orgx").as_slice())
        .unwrap()
        .metadata;
    let altered = altered.encode_to_vec();
    let unverified = "mychannel met an unverified block";
    let forked = "mychannel forked";
    for (call, told) in [
        (sync_config(&altered_config(raise_version)), unverified),
        (sync_config(&altered), unverified),
        (init_consortium(&altered), unverified),
        // no genesis block is signed
        (sync_config(&other), unverified),
        (sync_config(&signed), forked),
        (init_consortium(&signed), forked),
    ] {
        facts.0.lock().unwrap().clear();
        world.refused(&org1, call, "CONFIG_FORK").await;
        let heard = facts.0.lock().unwrap().clone();
        let (last, heads) = heard.split_last().unwrap();
        assert_eq!(last, told, "{heard:?}");
        assert!(
            !heads
                .iter()
                .any(|line| line == forked || line == unverified)
        );
    }
    // the operator stands for its anchor, and for what its orderers signed
    for (anchor, block, told) in [
        (&other, &other, forked),
        (&other, &altered_config(raise_version), unverified),
        (&genesis, &other, unverified),
    ] {
        anchors.set(anchor);
        let refusal = world.refused(&org1, sync_config(block), "CONFIG_FORK");
        refusal.await;
        assert_eq!(facts.0.lock().unwrap().last().unwrap(), told);
    }
}

/// Another config, of the same sequence.
fn raise_version(config: &mut common::Config) {
    config.channel_group.as_mut().unwrap().version += 7;
}

#[tokio::test]
async fn a_fork_is_told_by_the_anchor_where_the_head_has_other_orderers() {
    let facts = Arc::new(Facts::default());
    let genesis = CAPTURES[0].genesis();
    let anchors = TestAnchors::of(&genesis);
    let settings = ContractSettings::default();
    let server = Contract::new(settings, anchors.clone(), Arc::<Facts>::clone(&facts));
    let mut world = World::new(server);
    let org1 = person("Org1MSP");
    world.found(&genesis).await;
    // a false branch in which nobody can sign blocks
    let config = world.config();
    let deaf = checkpoint(&config, |config| {
        config.sequence = 1;
        let root = config.channel_group.as_mut().unwrap();
        let orderer = root.groups.get_mut("Orderer").unwrap();
        orderer.policies.remove("BlockValidation").unwrap();
        let members = orderer.policies["Admins"].clone();
        orderer
            .policies
            .insert("BlockValidation".to_owned(), members);
    });
    world.recover(&anchors, &deaf).await;
    let real = after("add-orgx");
    for (anchor, told) in [
        (&deaf, "mychannel met an unverified block"),
        (&genesis, "mychannel forked"),
    ] {
        anchors.set(anchor);
        world
            .refused(&org1, sync_config(&real), "CONFIG_FORK")
            .await;
        assert_eq!(facts.0.lock().unwrap().last().unwrap(), told);
    }
}

#[tokio::test]
async fn an_observer_hears_of_heads() {
    let facts = Arc::new(Facts::default());
    let server = Contract::new(
        ContractSettings::default(),
        TestAnchors::of(&CAPTURES[0].genesis()),
        Arc::<Facts>::clone(&facts),
    );
    let mut world = World::new(server);
    let org1 = person("Org1MSP");
    world.found(&CAPTURES[0].genesis()).await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    let mut heard = facts.0.lock().unwrap().clone();
    heard.dedup();
    assert_eq!(
        heard,
        [
            "mychannel at 0 of epoch 1",
            "mychannel []",
            "mychannel at 1 of epoch 1"
        ]
    );
}

#[tokio::test]
async fn an_observer_hears_when_a_channel_outgrows_this_build_and_when_that_is_over() {
    let facts = Arc::new(Facts::default());
    let anchors = TestAnchors::none();
    let settings = ContractSettings::default();
    let server = Contract::new(settings, anchors.clone(), Arc::<Facts>::clone(&facts));
    let mut world = declaring(&["V2_0"], &["V2_5"]).await.with(server);
    let org1 = person("Org1MSP");
    let good = world.config();
    outgrown(&mut world);
    world.ok(&org1, get_config()).await;
    let told = |line: &str| facts.0.lock().unwrap().last().unwrap() == line;
    assert!(told(r#"mychannel ["Application/V9_9"]"#));
    let recovery = checkpoint(&good, |config| config.sequence += 1);
    world.recover(&anchors, &recovery).await;
    world.ok(&org1, get_config()).await;
    assert!(told("mychannel []"));
}

#[tokio::test]
async fn an_update_that_would_remove_somebody_is_out_of_date() {
    let capture = CAPTURES[0];
    let org1 = person("Org1MSP");
    // another config at the same versions: OrgY is there already
    let later = capture.file("add-orgy/config_raw_after.pb");
    let later = common::Config::decode(later.as_slice()).unwrap();
    let orgy = later.channel_group.unwrap().groups["Application"].groups["OrgYMSP"].clone();
    let other = altered_config(|config| {
        config.sequence = 1;
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        application.groups.insert("OrgYMSP".to_owned(), orgy);
    });
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.recover(&anchors, &other).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Outofdate");
    let lost: Vec<&str> = shown["status_detail"]["different_effect"]
        .as_array()
        .unwrap()
        .iter()
        .map(|element| element.as_str().unwrap())
        .collect();
    assert!(
        lost.contains(&"[Group]  /Channel/Application/OrgYMSP"),
        "{lost:?}"
    );
    assert_eq!(shown["status_detail"]["rebases"], true);
    world.ok(&org1, update_proposals()).await;
    assert_eq!(world.status("add_orgx").await, "WaitingForSignatures");
}

/// Answers so many state calls, then the stream is gone.
struct Breaking {
    inner: MemoryStub,
    left: usize,
    /// Whether ranges are answered from where the first one began, again and again.
    repeating: Option<KeyRange>,
}

impl Breaking {
    fn step(&mut self, call: &'static str) -> Result<(), StubError> {
        self.left = self.left.checked_sub(1).ok_or(StubError::Ended { call })?;
        Ok(())
    }

    /// The query that is answered.
    fn asked(&mut self, query: &Query) -> Query {
        let (Some(first), Query::Range(range)) = (&mut self.repeating, query) else {
            return query.clone();
        };
        if first.end != range.end {
            first.clone_from(range);
        }
        Query::Range(first.clone())
    }
}

impl Stub for Breaking {
    async fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        self.step("GET_STATE")?;
        self.inner.get(collection, key).await
    }

    async fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, StubError> {
        self.step("GET_STATE")?;
        self.inner.get_multiple(collection, keys).await
    }

    async fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        self.step("GET_PRIVATE_DATA_HASH")?;
        self.inner.get_hash(collection, key).await
    }

    async fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, StubError> {
        self.step("GET_STATE_METADATA")?;
        self.inner.get_metadata(collection, key).await
    }

    async fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, StubError> {
        self.step("GET_STATE_BY_RANGE")?;
        let query = self.asked(query);
        self.inner.open_query(collection, &query).await
    }

    async fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, StubError> {
        self.step("GET_HISTORY_FOR_KEY")?;
        self.inner.open_history(key).await
    }

    async fn next_entries(&mut self, query: &QueryId) -> Result<Batch<Entry>, StubError> {
        self.step("QUERY_STATE_NEXT")?;
        self.inner.next_entries(query).await
    }

    async fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> Result<Batch<Modification>, StubError> {
        self.step("QUERY_STATE_NEXT")?;
        self.inner.next_modifications(query).await
    }

    async fn close_query(&mut self, query: &QueryId) -> Result<(), StubError> {
        self.step("QUERY_STATE_CLOSE")?;
        self.inner.close_query(query).await
    }

    async fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        self.step("GET_STATE_BY_RANGE")?;
        let query = self.asked(query);
        self.inner.get_query_page(&query, page_size, bookmark).await
    }

    async fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        self.inner.invoke_on_channel(chaincode, channel, args).await
    }

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        self.inner.write(collection, key, write);
    }

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        self.inner.write_metadata(collection, key, name, value);
    }

    fn set_event(&mut self, event: Event) {
        self.inner.set_event(event);
    }
}

#[tokio::test]
async fn whatever_the_peer_does_not_answer_ends_the_call() {
    let server = trusting();
    let mut refused = 0;
    for (ledger, call) in cases(CAPTURES[0]).await {
        let mut stub = MemoryStub::new(&ledger);
        let whole = server.invoke(&call, &mut stub).await;
        for left in 0.. {
            let mut stub = Breaking {
                inner: MemoryStub::new(&ledger),
                left,
                repeating: None,
            };
            let response = server.invoke(&call, &mut stub).await;
            if response == whole {
                break;
            }
            assert_eq!(symbol_of(&response), "STATE_UNAVAILABLE", "{response:?}");
            assert!(
                response.message.contains("the stream ended"),
                "{response:?}"
            );
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn a_peer_that_answers_a_range_again_is_not_asked_for_ever() {
    let server = trusting();
    let mut refused = 0;
    for (ledger, call) in cases(CAPTURES[0]).await {
        let mut whole = MemoryStub::new(&ledger);
        let whole = server.invoke(&call, &mut whole).await;
        let mut stub = Breaking {
            inner: MemoryStub::new(&ledger),
            left: 1_000,
            repeating: Some(KeyRange {
                start: String::new(),
                end: String::new(),
            }),
        };
        let response = server.invoke(&call, &mut stub).await;
        assert!(stub.left > 900, "{} calls", 1_000 - stub.left);
        if response != whole {
            assert_eq!(symbol_of(&response), "STATE_UNAVAILABLE", "{response:?}");
            assert!(response.message.contains("not in order"), "{response:?}");
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
}
