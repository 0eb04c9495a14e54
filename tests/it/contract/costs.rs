//! What the state calls of each function cost, with few and with many open proposals.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    contract::{Contract, function_names},
    ids::ChaincodeName,
    proto::{cmscc::Proposal, common::ConfigPolicy},
    stub::{
        Chaincode, Invocation,
        keys::number,
        memory::{MemoryStub, Others, PeerManner, StateCost},
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        Call, add_attestation, add_organization, add_signature, apply_settings,
        attest_capabilities, check_proposal, cmcc, combine_proposals, delete_proposal,
        export_proposal, get_capabilities, get_config, get_config_chain, get_history, get_proposal,
        get_settings, init, init_consortium, list_proposals, prepare_attestation, propose_config,
        propose_patch, propose_settings, raw, reconfig_organization_msp, recover_config,
        reject_proposal, sync_config, update_proposals, withdraw_proposal,
    },
    captures::CAPTURES,
    definition::{definition, reference},
    manners::named,
    patches::{of_admins, policy},
    people::{Person, base64, person},
    sizes::many,
    world::{TestAnchors, World, contract, state_key},
};

/// How many proposals the caller's organisation has open.
const OWN: usize = 10;
/// How many there are with those of others, at most 50 of each.
const ALL: usize = 1_000;
/// Organisations beside the two of the capture; what they have open is forged.
const OTHERS: usize = 20;
/// How many the bounds let one organisation have open.
const OPEN: usize = 50;
/// How many a page has.
const PAGE: usize = 50;

/// Peers, by the columns of the table.
const PEERS: [(&str, &str); 2] = [("3.1", "leveldb"), ("2.5", "leveldb-2.5")];

/// A channel of many organisations, any admin of which decides, with [`OWN`] open proposals.
struct Costs {
    few: World<Contract>,
    /// The same with [`ALL`].
    many: World<Contract>,
    anchors: Arc<TestAnchors>,
    genesis: Vec<u8>,
    /// A later block, to recover with.
    later: Vec<u8>,
    /// A line of the table, who calls, and what.
    calls: Vec<(&'static str, Person, Call)>,
}

/// A policy that excludes another one of this name unless it has the same number.
fn shared(number: usize) -> Value {
    let rule = json!({"rule": "ANY", "sub_policy": format!("Policy{number}")});
    let shared = json!({"mod_policy": "Admins", "policy": {"type": 3, "value": rule}});
    policy("Application", "Shared", &shared)
}

fn own(number: usize) -> Value {
    policy("Application", &format!("Own{number}"), &of_admins("ANY"))
}

fn id(number: usize) -> String {
    format!("own-{number}")
}

/// The genesis block of many organisations, whose admins can decide alone.
fn genesis() -> Vec<u8> {
    let config = CAPTURES[0].genesis();
    let config = ConfigBlock::parse(config.into()).unwrap();
    checkpoint(config.config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        many(application, OTHERS);
        let admins: &mut ConfigPolicy = application.policies.get_mut("Admins").unwrap();
        // common.ImplicitMetaPolicy: ANY of the policies `Admins`
        admins.policy.as_mut().unwrap().value = Bytes::from_static(b"\x0a\x06Admins");
    })
}

/// A signature whose length does not depend on chance.
fn signed(who: &Person, update: &[u8]) -> String {
    loop {
        let signature = who.config_signature(update);
        if signature.signature.len() == 70 {
            return base64(&signature.encode_to_vec());
        }
    }
}

impl Costs {
    async fn new() -> Self {
        let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
        let genesis = genesis();
        let anchors = TestAnchors::of(&genesis);
        let mut world = World::new(contract(&anchors));
        world.found(&genesis).await;
        // what took effect, and a computed update that nobody has open
        world.propose(&org1, "gone", &own(OWN)).await;
        let update = world.first_update("gone");
        let signature = add_signature("gone", &signed(&org1, &update));
        world.ok(&org1, signature).await;
        world.take_effect("gone").await;
        world.propose(&org1, "back", &own(OWN + 1)).await;
        let computed = world.first_update("back");
        for ended in ["gone", "back"] {
            world.ok(&org1, delete_proposal(ended)).await;
        }
        for number in 0..OWN {
            let id = id(number);
            match number {
                9 => {
                    let gate = propose_settings(&id, r#"{"gate":"enforced"}"#);
                    world.ok(&org1, gate).await;
                }
                7 | 8 => world.propose(&org1, &id, &own(number)).await,
                _ => world.propose(&org1, &id, &shared(number)).await,
            }
        }
        for (number, who) in [(0, &org1), (0, &org2), (8, &org1), (9, &org1)] {
            let id = id(number);
            let update = world.first_update(&id);
            let signature = add_signature(&id, &signed(who, &update));
            world.ok(who, signature).await;
        }
        let later = checkpoint(&world.config(), |config| config.sequence += 5);
        let calls = calls(&mut world, &computed, &genesis, &later).await;
        let mut many = world.with(contract(&anchors));
        crowd(&mut many);
        Self {
            few: world,
            many,
            anchors,
            genesis,
            later,
            calls,
        }
    }

    /// What every call costs at a peer, by the lines of the table; with few and with many open.
    async fn at(&self, manner: PeerManner) -> BTreeMap<&'static str, [StateCost; 2]> {
        let mut costs = BTreeMap::new();
        for (line, who, call) in &self.calls {
            // a recovery needs the operator's anchor
            self.anchors.set(match call.function().as_str() {
                "RecoverConfig" => &self.later,
                _ => &self.genesis,
            });
            let mut both = [StateCost::default(); 2];
            for (cost, world) in both.iter_mut().zip([&self.few, &self.many]) {
                *cost = cost_of(manner, world, &world.invocation(who, call)).await;
            }
            costs.insert(*line, both);
        }
        costs
    }
}

/// What others have open: copies of the caller's proposals and of what is said of them.
fn crowd(world: &mut World<Contract>) {
    let stored = |world: &World<Contract>, key: &str| world.ledger.get(key).unwrap().value.clone();
    let revision = number(1);
    for other in 0..ALL - OWN {
        let proposer = format!("M{:06}", other / OPEN);
        let copied = id(other % 9);
        let id = format!("other-{other:04}");
        let body = stored(world, &state_key(&["proposal", &copied]));
        let body = Proposal {
            id: id.clone(),
            proposer_msp_id: proposer.clone(),
            ..Proposal::decode(body).unwrap()
        };
        let record = stored(world, &state_key(&["open", "Org1MSP", &copied]));
        world.put(state_key(&["proposal", &id]), body.encode_to_vec());
        world.put(state_key(&["open", &proposer, &id]), record.to_vec());
        for msp_id in ["Org1MSP", "Org2MSP"] {
            let position = ["Org1MSP", &copied, &revision, "signatures", msp_id];
            let theirs = [&proposer, &id, &revision, "signatures", msp_id];
            let stance = ["Org1MSP", &copied, msp_id];
            let copies: [(&str, &[&str], &[&str]); 2] = [
                ("position", &position, &theirs),
                ("stance", &stance, &[&proposer, &id, msp_id]),
            ];
            for (kind, from, to) in copies {
                let key = |place: &[&str]| state_key(&[&[kind], place].concat());
                let said = world.ledger.get(&key(from));
                if let Some(said) = said.map(|said| said.value.to_vec()) {
                    world.put(key(to), said);
                }
            }
        }
    }
}

/// What one call costs, which must succeed.
async fn cost_of(manner: PeerManner, world: &World<Contract>, call: &Invocation) -> StateCost {
    let asked = vec![
        Bytes::from_static(b"QueryChaincodeDefinition"),
        Bytes::from_static(b"\x0a\x05cmscc"),
    ];
    let committed = definition(reference("/Channel/Application/Endorsement"));
    let lifecycle = Others::from([((ChaincodeName::new("_lifecycle"), asked), committed)]);
    let mut stub = MemoryStub::new(&world.ledger).at(manner).beside(lifecycle);
    let response = world.server.invoke(call, &mut stub).await;
    let function = String::from_utf8_lossy(&call.args[0]);
    assert!(response.is_success(), "{function}: {}", response.message);
    stub.cost()
}

/// A call of every function by Org1, or by Org2 where Org1 has its say already.
async fn calls(
    world: &mut World<Contract>,
    computed: &[u8],
    genesis: &[u8],
    later: &[u8],
) -> Vec<(&'static str, Person, Call)> {
    let (org1, org2) = (|| person("Org1MSP"), || person("Org2MSP"));
    let shown = world.proposal(&id(8)).await;
    let ready = shown["config_update_envelope_to_submit"].as_str().unwrap();
    let next = world.ordered(&STANDARD.decode(ready).unwrap().into());
    let update = world.first_update(&id(1));
    let signature = signed(&org2(), &update);
    let levels = r#"{"channel":["V3_0"]}"#;
    let statement = world.statement(levels).await;
    let org = CAPTURES[0].file("add-orgx/org.json");
    let mut msp =
        world.channel_group().await["groups"]["Application"]["groups"]["Org1MSP"]["values"]["MSP"]
            .take();
    msp["value"]["config"]["tls_root_certs"] = json!([]);
    let mut edited = world.ok(&org1(), get_config()).await["config"].take();
    let own_policy = own(OWN + 2)["groups"]["Application"]["policies"].take();
    for (name, policy) in own_policy.as_object().unwrap() {
        edited["channel_group"]["groups"]["Application"]["policies"][name] = policy.clone();
    }
    // one that excludes others, so that their wishes are shown
    let checked = check_proposal(propose_patch("new", &shared(OWN + 2)));
    let conflicts = list_proposals().options(r#"{"conflicts":true}"#);
    vec![
        ("AddAttestation", org1(), add_attestation(&statement)),
        (
            "AddOrganization",
            org1(),
            add_organization("new", "OrgXMSP", &org),
        ),
        ("AddSignature", org2(), add_signature(&id(1), &signature)),
        ("ApplySettings", org1(), apply_settings(&id(9))),
        ("AttestCapabilities", org1(), attest_capabilities(levels)),
        ("CheckProposal", org1(), checked),
        (
            "CombineProposals",
            org1(),
            combine_proposals("new", &[id(0), id(7)]),
        ),
        ("DeleteProposal", org1(), delete_proposal(&id(0))),
        ("ExportProposal", org1(), export_proposal("gone")),
        ("GetCapabilities", org1(), get_capabilities()),
        ("GetConfig", org1(), get_config()),
        ("GetConfigChain", org1(), get_config_chain()),
        ("GetHistory", org1(), get_history()),
        ("GetProposal", org1(), get_proposal(&id(0))),
        ("GetProposal, archived", org1(), get_proposal("gone")),
        ("GetSettings", org1(), get_settings()),
        ("Init", org1(), init(genesis)),
        ("InitConsortium", org1(), init_consortium(genesis)),
        ("ListProposals", org1(), list_proposals()),
        ("ListProposals, `conflicts`", org1(), conflicts),
        (
            "PrepareAttestation",
            org1(),
            prepare_attestation("OrdererMSP", levels),
        ),
        (
            "ProposeConfig",
            org1(),
            propose_config("new", &edited.to_string()),
        ),
        (
            "ProposeConfigUpdate",
            org1(),
            propose_patch("new", &own(OWN + 2)),
        ),
        (
            "ProposeSettings",
            org1(),
            propose_settings("new", r#"{"gate":"enforced"}"#),
        ),
        (
            "ReconfigOrganizationMSP",
            org1(),
            reconfig_organization_msp("new", &msp),
        ),
        ("RecoverConfig", org1(), recover_config(later)),
        ("RejectProposal", org2(), reject_proposal(&id(0), "why")),
        ("SyncConfig", org1(), sync_config(&next)),
        ("UpdateProposals", org1(), update_proposals()),
        (
            "UpdateProposals, one",
            org1(),
            update_proposals().mode(15).only(&[id(0)]),
        ),
        ("WithdrawProposal", org1(), withdraw_proposal(&id(0))),
        (
            "addSignature",
            org2(),
            cmcc::add_signature(&id(1), &signature),
        ),
        ("deleteProposal", org1(), cmcc::delete_proposal(&id(0))),
        ("getProposal", org1(), cmcc::get_proposal(&id(0))),
        ("getProposals", org1(), cmcc::get_proposals()),
        (
            "org.hyperledger.fabric:GetMetadata",
            org1(),
            raw(["org.hyperledger.fabric:GetMetadata"]),
        ),
        (
            "proposeConfigUpdate",
            org1(),
            cmcc::propose_config_update("new", &base64(computed)).and("d"),
        ),
    ]
}

/// Calls whose costs grow with what is open, as far as pages and bounds let them.
const GROWING: [&str; 7] = [
    "CheckProposal",
    "GetCapabilities",
    "GetProposal",
    "ListProposals",
    "ListProposals, `conflicts`",
    "UpdateProposals",
    "getProposals",
];

/// State calls beyond which one is made for each 100 further records, and one for each body where a
/// peer gives one value a call.
const CALLS: usize = 12;
/// How many bodies `GetProposal` reads to show what others want.
const CONTRASTS: usize = 10;

/// Another spelling of a function that has a line.
const SPELLINGS: [&str; 2] = ["AddOrgnization", "ReconfigOrgnizationMSP"];

#[tokio::test]
async fn costs_stay_within_bounds_and_stand_in_the_docs() {
    let costs = Costs::new().await;
    let mut called: Vec<String> = costs
        .calls
        .iter()
        .map(|(_, _, call)| call.function())
        .collect();
    called.extend(SPELLINGS.map(str::to_owned));
    called.sort();
    called.dedup();
    assert_eq!(called, function_names().collect::<Vec<_>>());

    let (mut tables, mut wrong) = (Vec::new(), Vec::new());
    for (release, peer) in PEERS {
        let measured = costs.at(named(peer)).await;
        for (line, [few, many]) in &measured {
            if !GROWING.contains(line) && few != many {
                wrong.push(format!("{release}: {line}: {few:?} and {many:?}"));
            }
        }
        let one_by_one = release == "2.5";
        for (line, bodies) in [
            ("CheckProposal", [CONTRASTS; 2]),
            ("GetProposal", [CONTRASTS; 2]),
            ("ListProposals", [OWN, PAGE]),
            ("ListProposals, `conflicts`", [OWN, PAGE]),
        ] {
            for ((cost, bodies), open) in measured[line].iter().zip(bodies).zip([OWN, ALL]) {
                let most = CALLS + open / 100 + if one_by_one { bodies } else { 0 };
                if cost.calls > most {
                    wrong.push(format!("{release}: {line}: {cost:?}, at most {most}"));
                }
            }
        }
        tables.push(measured);
    }
    let table = table(&tables[0], &tables[1]);
    assert!(wrong.is_empty(), "{wrong:#?}\n\n{table}");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, kept) = page.split_once(MARK).expect("the page has the table");
    let (kept, _) = kept.split_once("<!-- end -->").unwrap();
    assert!(
        kept.trim() == table,
        "docs/performance.md, anew:\n\n{table}\n"
    );
}

/// What stands before the table.
const MARK: &str = "<!-- tests/it/contract/costs.rs -->";

fn table(new: &BTreeMap<&str, [StateCost; 2]>, old: &BTreeMap<&str, [StateCost; 2]>) -> String {
    let mut lines = vec![
        "| call | calls, 3.1 | with 1,000 | calls, 2.5 | with 1,000 | keys | with 1,000 | bytes | \
         with 1,000 |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for (line, [few, many]) in new {
        let [old_few, old_many] = &old[line];
        let name = line.split_once(',').map_or(*line, |(name, _)| name);
        let rest = line.strip_prefix(name).unwrap();
        let cells = [
            few.calls,
            many.calls,
            old_few.calls,
            old_many.calls,
            few.keys,
            many.keys,
            few.bytes,
            many.bytes,
        ];
        let cells = cells.map(grouped).join(" | ");
        lines.push(format!("| `{name}`{rest} | {cells} |"));
    }
    lines.join("\n")
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    let mut text = first.to_owned();
    for group in rest.as_bytes().chunks(3) {
        text.push(',');
        text.push_str(std::str::from_utf8(group).unwrap());
    }
    text
}
