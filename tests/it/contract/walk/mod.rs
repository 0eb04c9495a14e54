//! Random sequences of calls by several organisations against the slow model of
//! `model::proposals`, with config updates and recoveries in between.

mod checks;
mod dice;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use cmscc::{
    config::{ConfigSignature, ConfigTree, compute_update, envelope::update_envelope},
    contract::{Contract, Disown},
    ids::Sequence,
    proto::common::{Block, Config, ConfigEnvelope, ConfigUpdate, Envelope, Payload},
    stub::memory::PeerManner,
};
use prost::Message;
use serde_json::{Value, json};

pub(crate) use self::dice::Dice;
use self::dice::{ADMINS, OTHERS};
use super::{
    blocks::checkpoint,
    calls::{
        Call, add_organization, apply_settings, attest_capabilities, cmcc, combine_proposals,
        get_settings, propose_config_update, propose_settings, recover_config, reject_proposal,
        sync_config, update_proposals, withdraw_proposal,
    },
    captures::{CAPTURES, after},
    manners::{Played, default_manner, manner_of},
    patches::of_admins,
    people::{Person, base64, new_admin, person, user},
    world::{Server, TestAnchors, World, contract, symbol_of},
};
use crate::model::{
    proposals::{Element, Intent, Model, Refusal, Who, set},
    settings::LEVELS,
    update::without_versions,
};

/// The contract, the model, and what happens to both.
pub(crate) struct Game<S> {
    world: World<S>,
    /// The kind of peer that the world's server is at.
    manner: PeerManner,
    anchors: Arc<TestAnchors>,
    people: BTreeMap<Who, Person>,
    model: Model,
    dice: Dice,
    /// The updates as they are signed, by how the model has them.
    encoded: BTreeMap<Vec<u8>, Bytes>,
    /// Configs that were in effect.
    past: Vec<Config>,
    epoch: u64,
    /// Archive entries as they were first written.
    archived: BTreeMap<String, Bytes>,
    statuses: BTreeSet<&'static str>,
    succeeded: BTreeSet<String>,
}

fn config_of(block: &[u8]) -> Config {
    let block = Block::decode(block).unwrap();
    let envelope = Envelope::decode(block.data.unwrap().data[0].clone()).unwrap();
    let payload = Payload::decode(envelope.payload).unwrap();
    ConfigEnvelope::decode(payload.data)
        .unwrap()
        .config
        .unwrap()
}

/// An update as the model has it: encoders write empty members of maps in two ways.
fn plain(update: &Bytes) -> Vec<u8> {
    ConfigUpdate::decode(update.clone())
        .unwrap()
        .encode_to_vec()
}

fn patch(intent: &Intent) -> String {
    let mut shared = json!({});
    let mut values = json!({});
    let mut groups = json!({});
    let mut patch = json!({});
    for (element, choice) in intent {
        let rule = ["ANY", "ALL"].get(usize::from(*choice));
        let policy = of_admins(rule.copied().unwrap_or_default());
        match element {
            Element::Timeout => {
                patch["Orderer"] = json!({"values": {"BatchTimeout": {
                    "value": {"timeout": format!("{choice}s")}}}});
            }
            Element::Level => {
                let mut levels = json!({});
                for level in &LEVELS[..=usize::from(*choice)] {
                    levels[*level] = json!({});
                }
                values["Capabilities"] = json!({"value": {"capabilities": levels}});
            }
            Element::Shared(name) => shared[*name] = policy,
            Element::Own(org) => groups[*org] = json!({"policies": {"Extra": policy}}),
            Element::OrgY => unreachable!("added by a function of its own"),
        }
    }
    if intent.keys().any(|element| *element != Element::Timeout) {
        patch["Application"] = json!({"policies": shared, "groups": groups, "values": values});
    }
    json!({"channel_group": {"groups": patch}}).to_string()
}

impl<S: Server> Game<S> {
    /// Founds a consortium in an empty world, and starts.
    pub(crate) async fn start(seed: u64, world: World<S>, anchors: &Arc<TestAnchors>) -> Self {
        Self::start_at(default_manner(), seed, world, anchors).await
    }

    /// The same where the world's server is at this kind of peer.
    async fn start_at(
        manner: PeerManner,
        seed: u64,
        mut world: World<S>,
        anchors: &Arc<TestAnchors>,
    ) -> Self {
        world.found(&CAPTURES[0].genesis()).await;
        let anchors = Arc::clone(anchors);
        let orgy = config_of(&after("add-orgy")).channel_group.unwrap().groups["Application"]
            .groups["OrgYMSP"]
            .clone();
        let mut people: BTreeMap<Who, Person> = ADMINS
            .into_iter()
            .map(|who| (who, person(who.msp)))
            .collect();
        people.insert(OTHERS[0], new_admin("Org1MSP", "second"));
        people.insert(OTHERS[1], user("Org2MSP", "User1"));
        let model = Model::new(config_of(&CAPTURES[0].genesis()), orgy);
        let mut game = Self {
            world,
            manner,
            anchors,
            people,
            model,
            dice: Dice(seed),
            encoded: BTreeMap::new(),
            past: Vec::new(),
            epoch: 1,
            archived: BTreeMap::new(),
            statuses: BTreeSet::new(),
            succeeded: BTreeSet::new(),
        };
        game.change(|config| {
            let root = config.channel_group.as_mut().unwrap();
            let application = root.groups.get_mut("Application").unwrap();
            let joined = config_of(&after("add-orgx")).channel_group.unwrap();
            let orgx = joined.groups["Application"].groups["OrgXMSP"].clone();
            application.groups.insert("OrgXMSP".to_owned(), orgx);
        })
        .await;
        game
    }

    pub(crate) fn world(&self) -> &World<S> {
        &self.world
    }

    pub(crate) fn into_world(self) -> World<S> {
        self.world
    }

    /// A server that has seen nothing, at a peer of the default kind, but that it cuts ranges as the
    /// other one does: read sets are to be equal.
    fn cold(&self) -> Played<Contract> {
        let manner = PeerManner::default().cutting_at(self.manner.total_query_limit);
        Played(contract(&self.anchors), manner)
    }

    /// Has two endorsers simulate a call, one of which has seen nothing before, and commits it.
    /// The result is compared with what the model expects.
    async fn call(
        &mut self,
        who: Who,
        call: impl Into<Call>,
        expected: Result<(), Refusal>,
    ) -> Value {
        let call = call.into();
        let name = call.function();
        eprintln!("{name} by {who:?}: {expected:?}");
        let call = self.world.invocation(&self.people[&who], call);
        let before = self.world.ledger.clone();
        let (cold, cold_set) = self.cold().simulate(&before, &call).await;
        let (warm, set) = self.world.submit(&call).await;
        assert_eq!(cold, warm, "{name}: two endorsers answer differently");
        assert!(
            cold_set == set,
            "{name}: two endorsers differ in reads, writes or event"
        );
        match expected {
            Ok(()) => assert!(warm.is_success(), "{name}: {}", warm.message),
            Err(symbol) => {
                assert_eq!(symbol_of(&warm), symbol, "{name}: {}", warm.message);
                assert!(before.iter().eq(self.world.ledger.iter()));
                return Value::Null;
            }
        }
        // some answers of the older interface are an id and nothing else
        let plain = ["addSignature", "proposeConfigUpdate"].contains(&name.as_str());
        self.succeeded.insert(name);
        match plain {
            true => Value::Null,
            false => serde_json::from_slice(&warm.payload).unwrap(),
        }
    }

    /// Has an orderer take an update that all admins signed.
    async fn order(&mut self, update: &[u8]) {
        let encoded = self.encoded[update].clone();
        let signatures: Vec<ConfigSignature> = ADMINS
            .iter()
            .map(|who| self.people[who].config_signature(&encoded))
            .map(|one| ConfigSignature {
                signature_header: one.signature_header,
                signature: one.signature,
            })
            .collect();
        let envelope = update_envelope(&self.world.channel, &encoded, &signatures);
        let block = self.world.ordered(&envelope.into());
        self.past.push(self.model.config.clone());
        self.model.take_effect(update);
        let who = self.dice.caller();
        self.call(who, sync_config(&block), Ok(())).await;
    }

    /// Somebody changes the config without a proposal.
    async fn change(&mut self, change: impl FnOnce(&mut Config)) {
        let mut next = self.model.config.clone();
        change(&mut next);
        if let Some(encoded) = self.computed(&next) {
            let update = plain(&encoded);
            self.encoded.insert(update.clone(), encoded);
            self.order(&update).await;
        }
    }

    /// The update from the config to another, as it is encoded; `None` where nothing differs.
    fn computed(&self, next: &Config) -> Option<Bytes> {
        let update = self.model.update_to(next)?;
        let tree = |config: &Config| ConfigTree::parse(config.encode_to_vec().into()).unwrap();
        let (now, then) = (tree(&self.model.config), tree(next));
        let encoded = compute_update(&self.world.channel, &now, &then).unwrap();
        let encoded = encoded.into();
        assert!(plain(&encoded) == update);
        Some(encoded)
    }

    async fn change_something(&mut self) {
        let element = self.dice.one(&[
            Element::Timeout,
            Element::Level,
            Element::Shared("A"),
            Element::Shared("C"),
            Element::Own("Org1MSP"),
        ]);
        let choice = self.dice.choice(element);
        self.change(|config| set(config, element, choice, &Default::default()))
            .await;
    }

    async fn change_members(&mut self) {
        let org = self.dice.one(&["OrgXMSP", "OrgYMSP"]);
        let known = self.past.iter().rev().find_map(|config| {
            let root = config.channel_group.as_ref().unwrap();
            root.groups["Application"].groups.get(org).cloned()
        });
        self.change(|config| {
            let root = config.channel_group.as_mut().unwrap();
            let groups = &mut root.groups.get_mut("Application").unwrap().groups;
            if groups.remove(org).is_none()
                && let Some(known) = known
            {
                groups.insert(org.to_owned(), without_versions(&known));
            }
        })
        .await;
    }

    /// An orderer takes any stored revision of an open or archived proposal, if it applies.
    async fn submit_any(&mut self) {
        let open = self.model.open.values();
        let archived = self.model.archive.values().map(|one| &one.open);
        let all: Vec<Vec<u8>> = open
            .chain(archived)
            .filter(|one| one.wish.is_none())
            .flat_map(|one| one.revisions.iter().map(|(_, bytes)| bytes.clone()))
            .filter(|bytes| self.model.applies(bytes))
            .collect();
        if !all.is_empty() {
            let update = self.dice.one(&all);
            self.order(&update).await;
        }
    }

    /// Operators set an earlier config, and may disown the newest sequence.
    async fn recover(&mut self) {
        let earlier = self.dice.one(&self.past);
        let sequence = self.model.config.sequence + 1;
        let from = sequence - u64::try_from(self.dice.roll(3)).unwrap();
        let block = checkpoint(&earlier.encode_to_vec(), |config| {
            config.sequence = sequence
        });
        self.anchors.set(&block);
        self.anchors.permit(Disown {
            epoch: self.epoch,
            from: Sequence(from),
        });
        self.epoch += 1;
        self.past.push(self.model.config.clone());
        self.model.recover(config_of(&block), from);
        self.call(ADMINS[1], recover_config(&block).disowning(from), Ok(()))
            .await;
    }

    async fn propose(&mut self) {
        let (who, id) = (self.dice.caller(), self.dice.id());
        let (deadline, options) = self.deadline(who);
        if self.dice.roll(5) == 0 {
            let intent = Intent::from([(Element::OrgY, 0)]);
            let org = CAPTURES[0].file("add-orgy/org.json");
            let expected = self.model.propose(who, &id, &intent, deadline);
            self.call(
                who,
                add_organization(&id, "OrgYMSP", &org).options(&options),
                expected,
            )
            .await;
            return;
        }
        let mut intent = Intent::new();
        for _ in 0..=self.dice.roll(2) {
            let element = self.dice.one(&[
                Element::Timeout,
                Element::Level,
                Element::Level,
                Element::Shared("A"),
                Element::Shared("B"),
                Element::Own("Org1MSP"),
                Element::Own("Org2MSP"),
            ]);
            intent.insert(element, self.dice.choice(element));
        }
        // now and then as bytes, as `configtxlator` would compute them: of what really changes
        let computed = self.computed(&self.model.intended(&intent));
        let given = match computed.filter(|_| self.dice.roll(4) == 0) {
            Some(bytes) => {
                intent = self.model.changing(&intent);
                base64(&bytes)
            }
            None => patch(&intent),
        };
        let expected = self.model.propose(who, &id, &intent, deadline);
        if deadline.is_none() && !given.starts_with('{') {
            self.call(
                who,
                cmcc::propose_config_update(&id, &given).and("d"),
                expected,
            )
            .await;
            return;
        }
        self.call(
            who,
            propose_config_update(&id, &given).options(&options),
            expected,
        )
        .await;
    }

    fn now(&self, who: Who) -> i64 {
        let call = self.world.invocation(&self.people[&who], get_settings());
        call.timestamp.seconds
    }

    /// Now and then a deadline, with the options that set it.
    fn deadline(&mut self, who: Who) -> (Option<i64>, String) {
        let now = self.now(who);
        match self.dice.roll(5) {
            0 => {
                let at = now + 20;
                let time = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
                let format = &time::format_description::well_known::Rfc3339;
                let text = time.format(format).unwrap();
                (Some(at), json!({"deadline": text}).to_string())
            }
            _ => (None, String::new()),
        }
    }

    async fn propose_settings(&mut self) {
        let (who, id) = (self.dice.caller(), self.dice.id());
        let (deadline, options) = self.deadline(who);
        let mut wish = self.model.agreed.wish.clone();
        let mut given = json!({});
        if self.dice.roll(2) == 0 {
            wish.enforced = !wish.enforced;
            given["gate"] = json!(if wish.enforced {
                "enforced"
            } else {
                "advisory"
            });
        }
        if self.dice.roll(2) == 0 {
            let policy = self.dice.one(&[
                "",
                "/Channel/Application/Endorsement",
                // there or not, as config updates and recoveries want it
                "/Channel/Application/A",
                "OR('Org1MSP.peer')",
                "nonsense",
            ]);
            policy.clone_into(&mut wish.policy);
            given["endorsement_policy"] = json!(policy);
        }
        if self.dice.roll(8) == 0 {
            wish.capabilities = self.dice.one(&[
                BTreeSet::from(["V1_0"]),
                BTreeSet::from(["V1_0", "V1_1"]),
                BTreeSet::new(),
            ]);
            given["capabilities"] = json!(wish.capabilities);
        }
        let expected = self.model.propose_settings(who, &id, &wish, deadline);
        let given = given.to_string();
        self.call(
            who,
            propose_settings(&id, &given).options(&options),
            expected,
        )
        .await;
    }

    /// Mostly settings that may be applied, or wait for signatures.
    async fn apply_settings(&mut self) {
        let who = self.dice.caller();
        let now = self.now(who);
        let ids = self.standing_so(now, &["ReadyToSubmit", "WaitingForSignatures"]);
        let settings: Vec<String> = ids
            .into_iter()
            .filter(|id| self.model.open[id].wish.is_some())
            .collect();
        let id = match settings.is_empty() || self.dice.roll(6) == 0 {
            true => self.target(),
            false => self.dice.one(&settings),
        };
        let expected = self.model.apply_settings(who, &id, now);
        let answer = self.call(who, apply_settings(&id), expected).await;
        if expected.is_ok() {
            assert_eq!(answer["version"], self.model.agreed.version);
        }
    }

    /// The open proposals that have one of these statuses.
    fn standing_so(&self, now: i64, statuses: &[&str]) -> Vec<String> {
        let open = self.model.open.keys();
        open.filter(|id| statuses.contains(&self.model.status(id, now)))
            .cloned()
            .collect()
    }

    async fn attest(&mut self) {
        let who = self.dice.caller();
        let levels = match self.dice.roll(4) {
            0 => &LEVELS[..1],
            1 => &LEVELS[1..],
            _ => &LEVELS[..],
        };
        let given = json!({ "application": levels }).to_string();
        let expected = self.model.attest(who, levels);
        self.call(who, attest_capabilities(&given), expected).await;
    }

    async fn sign(&mut self) {
        let carrier = self.dice.caller();
        let waiting = self.standing_so(self.now(carrier), &["WaitingForSignatures"]);
        let id = match waiting.is_empty() || self.dice.roll(3) == 0 {
            true => self.target(),
            false => self.dice.one(&waiting),
        };
        // now and then all of them at once
        let signers = match self.dice.roll(5) {
            0 => ADMINS.to_vec(),
            _ => vec![self.dice.signer()],
        };
        for signer in signers {
            self.add_signature(carrier, signer, &id).await;
        }
    }

    async fn add_signature(&mut self, carrier: Who, signer: Who, id: &str) {
        let revisions = match self.model.open.get(id) {
            Some(open) => open.revisions.clone(),
            None => vec![(1, Vec::new())],
        };
        let (revision, bytes) = match self.dice.roll(5) {
            0 => self.dice.one(&revisions),
            _ => revisions.last().unwrap().clone(),
        };
        let bytes = self
            .encoded
            .get(&bytes)
            .map_or(b"nothing".as_slice(), |it| it);
        let signature = self.people[&signer].config_signature(bytes);
        let signature = base64(&signature.encode_to_vec());
        let expected = self.model.sign(signer, id, revision);
        let function = self.either("AddSignature", "addSignature", id);
        let call = Call::of(function).and(id).and(signature);
        let answer = self.call(carrier, call, expected.map(|_| ())).await;
        if let (Ok(new), "AddSignature") = (expected, function) {
            let count = |name: &str| answer[name].as_array().unwrap().len();
            assert_eq!((count("added") == 1, count("already") == 1), (new, !new));
        }
    }

    /// Now and then the older interface's function for a proposal that it has.
    fn either(&mut self, own: &'static str, older: &'static str, id: &str) -> &'static str {
        let open = self.model.open.get(id);
        match open.is_some_and(|open| open.wish.is_none()) && self.dice.roll(3) == 0 {
            true => older,
            false => own,
        }
    }

    async fn combine(&mut self) {
        let (who, id) = (self.dice.caller(), self.dice.id());
        let mut ids = Vec::new();
        for _ in 0..2 + self.dice.roll(2) {
            let one = self.target();
            if !ids.contains(&one) {
                ids.push(one);
            }
        }
        let expected = self.model.combine(who, &id, &ids);
        self.call(who, combine_proposals(&id, &ids), expected).await;
    }

    async fn update(&mut self) {
        let who = self.dice.caller();
        let mode = u8::try_from(1 + self.dice.roll(15)).unwrap();
        let ids = match self.dice.roll(3) {
            0 => vec![self.target()],
            _ => Vec::new(),
        };
        let expected = self.model.update(who, mode, &ids);
        let call = update_proposals().mode(mode);
        let call = match ids.is_empty() {
            true => call.and(""),
            false => call.only(&ids),
        };
        self.call(who, call, expected).await;
    }

    /// Mostly an open proposal.
    fn target(&mut self) -> String {
        let open: Vec<String> = self.model.open.keys().cloned().collect();
        match self.dice.roll(12) {
            0 => self.dice.id(),
            _ if open.is_empty() => self.dice.id(),
            _ => self.dice.one(&open),
        }
    }

    pub(crate) async fn step(&mut self) {
        let roll = self.dice.roll(100);
        let (who, id) = (self.dice.caller(), self.target());
        match roll {
            0..15 => self.propose().await,
            15..23 => self.propose_settings().await,
            23..51 => self.sign().await,
            51..55 => self.attest().await,
            55..60 => self.apply_settings().await,
            60..64 => {
                let reason = self.dice.one(&["no", "later"]);
                let expected = self.model.reject(who, &id, reason);
                self.call(who, reject_proposal(&id, reason), expected).await;
            }
            64..66 => {
                let expected = self.model.withdraw(who, &id);
                self.call(who, withdraw_proposal(&id), expected).await;
            }
            66..68 => {
                let function = self.either("DeleteProposal", "deleteProposal", &id);
                let expected = self.model.delete(who, &id);
                self.call(who, Call::of(function).and(id), expected).await;
            }
            68..78 => self.update().await,
            78..85 => self.combine().await,
            85..89 => self.change_something().await,
            89..92 => self.change_members().await,
            92..97 => self.submit_any().await,
            _ => self.recover().await,
        }
        self.check_ledger();
        self.check_answers().await;
    }
}

/// More cases by `CMSCC_TEST_CASES`.
#[expect(clippy::disallowed_methods, reason = "longer runs by hand")]
pub(crate) fn cases() -> u64 {
    std::env::var("CMSCC_TEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(6)
}

#[tokio::test]
async fn the_proposal_machine_does_what_the_model_does() {
    let mut statuses = BTreeSet::new();
    let mut succeeded = BTreeSet::new();
    for seed in 0..cases() {
        eprintln!("seed {seed}");
        let anchors = TestAnchors::of(&CAPTURES[0].genesis());
        let manner = manner_of(seed);
        eprintln!("{manner:?}");
        let world = World::new(Played(contract(&anchors), manner));
        let mut game = Game::start_at(manner, seed, world, &anchors).await;
        for _ in 0..80 {
            game.step().await;
        }
        statuses.append(&mut game.statuses);
        succeeded.append(&mut game.succeeded);
    }
    // the sequences reach what they are to test
    for status in [
        "Outofdate",
        "ReadyToSubmit",
        "Submitted",
        "WaitingForSignatures",
    ] {
        assert!(statuses.contains(status), "{statuses:?}");
    }
    for function in [
        "AddSignature",
        "ApplySettings",
        "AttestCapabilities",
        "CombineProposals",
        "SyncConfig",
        "UpdateProposals",
    ] {
        assert!(succeeded.contains(function), "{succeeded:?}");
    }
}
