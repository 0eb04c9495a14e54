//! What a walk is asked beside its own calls, none of which changes its ledger: every query with
//! several options, every function with bad arguments, by strangers and at odd times, and trips of
//! proposals from their first call to their archive on a copy of the ledger.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    contract::{Disown, function_names},
    ids::{ChaincodeName, Digest, Sequence},
    stub::{Invocation, Response, memory::Others},
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    super::{
        blocks::checkpoint,
        calls::{
            Call, add_attestation, add_signature, apply_settings, attest_capabilities, cmcc,
            get_config, get_proposal, get_settings, init_consortium, list_proposals,
            prepare_attestation, propose_settings, raw, recover_config, reject_proposal,
            sync_config, withdraw_proposal,
        },
        captures::{CAPTURES, after},
        definition::{answer, definition, reference, signature},
        people::{Person, base64, user},
        statements::envelope_of,
        walk::Dice,
        world::{TestAnchors, World},
    },
    intents::PATCHES,
    recorder::Recorder,
};

pub(super) type Recorded<W> = World<Recorder<W>>;

/// Who calls: admins of all organisations that were ever members, and who is none.
const CALLERS: [(&str, &str); 7] = [
    ("Org1MSP", "Admin"),
    ("Org2MSP", "Admin"),
    ("OrgXMSP", "Admin"),
    ("OrgYMSP", "Admin"),
    ("OrdererMSP", "Admin"),
    ("Org1MSP", "User1"),
    ("Org2MSP", "User1"),
];

pub(super) struct Questions<'a> {
    anchors: &'a TestAnchors,
    pub(super) dice: Dice,
    /// In the order of [`CALLERS`].
    pub(super) people: Vec<Person>,
}

impl<'a> Questions<'a> {
    pub(super) fn new(seed: u64, anchors: &'a TestAnchors) -> Self {
        Self {
            anchors,
            dice: Dice(seed.wrapping_mul(0x5851_f42d_4c95_7f2d)),
            people: CALLERS.map(|(msp, name)| user(msp, name)).into(),
        }
    }

    /// Before there is anything: bootstraps, and all functions.
    pub(super) async fn before<W: Write>(&mut self, world: &Recorded<W>) {
        let genesis = CAPTURES[0].genesis();
        let later = after("add-orgx");
        let anchored = self.anchors.swap((None, None));
        let kept = self.dice.0;
        for name in function_names() {
            self.reseed(kept, name);
            self.call(world, raw([name, "one", "two"])).await;
        }
        self.dice = Dice(kept);
        for block in [&genesis, &later, &b"no block".to_vec(), &Vec::new()] {
            for anchor in [None, Some(&genesis), Some(&later), Some(&b"none".to_vec())] {
                let anchor = anchor.map(|block| Bytes::copy_from_slice(block));
                self.anchors.swap((anchor, None));
                for name in ["Init", "InitConsortium", "SyncConfig", "RecoverConfig"] {
                    let mut call = self.invocation(world, Call::of(name).and(block));
                    self.send(world, &call).await;
                    call.is_init = name != "SyncConfig";
                    self.send(world, &call).await;
                }
            }
            let call = self.invocation(world, init_consortium(block).and(&later));
            world.server.unanchored(&world.ledger, &call).await;
        }
        self.anchors.swap(anchored);
    }

    /// Some of everything.
    pub(super) async fn ask<W: Write>(&mut self, world: &Recorded<W>) {
        self.queries(world).await;
        self.statements(world).await;
        self.definitions(world).await;
        self.blocks(world).await;
        self.proposals(world).await;
        self.bad_arguments(world).await;
        self.strangers(world).await;
        self.times(world).await;
        for _ in 0..3 {
            self.trip(world).await;
        }
        self.settings_trip(world).await;
        self.older_names(world).await;
    }

    /// Dice of a function's own, so that a new function changes nothing for the others.
    fn reseed(&mut self, kept: u64, function: &str) {
        let digest = Digest::of(function.as_bytes());
        let own = digest.as_bytes().first_chunk().copied().unwrap();
        self.dice = Dice(kept ^ u64::from_be_bytes(own));
    }

    fn invocation<W: Write>(&mut self, world: &Recorded<W>, call: impl Into<Call>) -> Invocation {
        let caller = self.dice.roll(self.people.len());
        world.invocation(&self.people[caller], call)
    }

    async fn call<W: Write>(&mut self, world: &Recorded<W>, call: impl Into<Call>) -> Response {
        let call = self.invocation(world, call);
        self.send(world, &call).await
    }

    async fn send<W: Write>(&self, world: &Recorded<W>, call: &Invocation) -> Response {
        let (response, _) = world
            .server
            .beside(Others::new(), &world.ledger, call)
            .await;
        response
    }

    async fn calls<W: Write>(&mut self, world: &Recorded<W>, calls: &[&[&str]]) {
        for args in calls {
            self.call(world, raw(*args)).await;
        }
    }

    /// Mostly the id of something that is stored there.
    pub(super) fn id<S>(&mut self, world: &World<S>, kind: &str) -> String {
        let start = format!("\0{kind}\0");
        let keys = world.ledger.iter();
        let ids: Vec<String> = keys
            .filter_map(|(key, _)| key.strip_prefix(&start)?.strip_suffix('\0'))
            // archives lie below their proposers
            .filter_map(|attributes| attributes.rsplit('\0').next())
            .map(str::to_owned)
            .collect();
        match ids.is_empty() || self.dice.roll(10) == 0 {
            true => "nothing-so-called".to_owned(),
            false => self.dice.one(&ids),
        }
    }

    async fn queries<W: Write>(&mut self, world: &Recorded<W>) {
        let (one, other) = (self.id(world, "proposal"), self.id(world, "proposal"));
        let (over, also) = (self.id(world, "archive"), self.id(world, "archive"));
        for function in ["GetProposal", "getProposal", "ExportProposal"] {
            self.calls(
                world,
                &[
                    &[function, &one],
                    &[function, &other],
                    &[function, &over],
                    &[function, &also],
                    &[function, "none"],
                    &[function, "not an id"],
                    &[function, &one, "more"],
                ],
            )
            .await;
        }
        self.calls(
            world,
            &[
                &["ListProposals"],
                &["ListProposals", r#"{"conflicts":true}"#],
                &["ListProposals", r#"{"status":"WaitingForSignatures"}"#],
                &[
                    "ListProposals",
                    r#"{"status":"Outofdate","conflicts":true}"#,
                ],
                &[
                    "ListProposals",
                    r#"{"status":"ReadyToSubmit","msp_id":"Org1MSP"}"#,
                ],
                &["ListProposals", r#"{"msp_id":"Org2MSP","page_size":200}"#],
                &["ListProposals", r#"{"page_size":201}"#],
                &["ListProposals", r#"{"page_size":0}"#],
                &["ListProposals", r#"{"page_size":-1}"#],
                &["ListProposals", r#"{"status":"Nothing"}"#],
                &["ListProposals", r#"{"bookmark":"x"}"#],
                &["ListProposals", r#"{"unknown":1}"#],
                &["ListProposals", r#"{"status":"#],
                &["ListProposals", "[]"],
                &["GetHistory"],
                &["GetHistory", r#"{"page_size":0}"#],
                &["GetHistory", r#"{"bookmark":"x"}"#],
                &["GetHistory", r#"{"status":"Broken"}"#],
                &["GetConfig"],
                &["GetConfig", r#"{"format":"base64"}"#],
                &["GetConfig", r#"{"format":"json"}"#],
                &["GetConfig", r#"{"format":"xml"}"#],
                &["GetConfigChain"],
                &["GetConfigChain", "more"],
                &["GetCapabilities"],
                &["GetCapabilities", "more"],
                &["PrepareAttestation", "OrdererMSP", "{}"],
                &["PrepareAttestation", "Org1MSP", r#"{"orderer":[]}"#],
                &["GetSettings"],
                &["GetSettings", "more"],
                &["getProposals"],
                &["getProposals", "more"],
                &["org.hyperledger.fabric:GetMetadata"],
                &["org.hyperledger.fabric:GetMetadata", "more"],
                &["org.hyperledger.fabric:getMetadata"],
                &[""],
                &[],
            ],
        )
        .await;
        // pages, to the last
        for function in ["ListProposals", "GetHistory"] {
            let mut bookmark = String::new();
            loop {
                let options = json!({"page_size": 3, "bookmark": bookmark}).to_string();
                let response = self.call(world, Call::of(function).and(options)).await;
                let page: Value = serde_json::from_slice(&response.payload).unwrap();
                page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
                if bookmark.is_empty() {
                    break;
                }
            }
        }
    }

    /// The word of the orderer organisation, by one of its admins and by others.
    async fn statements<W: Write>(&mut self, world: &Recorded<W>) {
        let levels = r#"{"channel":["V3_0"]}"#;
        let call = prepare_attestation("OrdererMSP", levels);
        let Some(update) = to_sign(&self.call(world, call).await) else {
            return;
        };
        let signer = self.dice.roll(5);
        for who in [4, signer] {
            let signed = envelope_of(&update, &[&self.people[who]]);
            self.call(world, add_attestation(&signed)).await;
        }
    }

    /// `GetSettings` beside other chaincodes.
    async fn definitions<W: Write>(&mut self, world: &Recorded<W>) {
        let args = vec![
            Bytes::from_static(b"QueryChaincodeDefinition"),
            Bytes::from_static(b"\x0a\x05cmscc"),
        ];
        for given in [
            definition(reference("/Channel/Application/Endorsement")),
            definition(reference("/Channel/Application/A")),
            definition(signature("OR('Org1MSP.peer')")),
            definition(signature("OutOf(2, 'Org1MSP.peer', 'Org2MSP.member')")),
            definition(Vec::new()),
            definition(vec![0xff]),
            answer(200, "", vec![0xff]),
            answer(404, "namespace cmscc is not defined", Vec::new()),
        ] {
            let lifecycle = (ChaincodeName::new("_lifecycle"), args.clone());
            let others = Others::from([(lifecycle, given)]);
            let call = self.invocation(world, get_settings());
            world.server.beside(others, &world.ledger, &call).await;
        }
        let mut call = self.invocation(world, get_settings());
        call.chaincode = ChaincodeName::default();
        self.send(world, &call).await;
        call.chaincode = ChaincodeName::new("other");
        self.send(world, &call).await;
    }

    /// Blocks that do not fit, and recoveries.
    async fn blocks<W: Write>(&mut self, world: &Recorded<W>) {
        let response = self.call(world, get_config()).await;
        let shown: Value = serde_json::from_slice(&response.payload).unwrap();
        let number = |name: &str| shown[name].as_u64().unwrap();
        let (sequence, epoch) = (number("sequence"), number("epoch"));
        let config = world.config();
        let numbered = |sequence| checkpoint(&config, |config| config.sequence = sequence);
        let blocks = [
            CAPTURES[0].genesis(),
            after("add-orgx"),
            numbered(sequence),
            numbered(sequence + 1),
            numbered(sequence + 2),
            b"no block".to_vec(),
        ];
        let digest = Digest::of(&blocks[0]).to_string();
        for function in ["Init", "InitConsortium", "SyncConfig"] {
            for block in &blocks {
                self.call(world, Call::of(function).and(block)).await;
            }
            let packed = base64(&blocks[0]);
            self.call(world, Call::of(function).and(packed)).await;
            self.call(world, Call::of(function).and(&blocks[0]).and(&blocks[3]))
                .await;
            let mut call = self.invocation(world, Call::of(function).and(&digest));
            self.send(world, &call).await;
            let field = "config_block".to_owned();
            call.transient
                .insert(field.clone(), blocks[0].clone().into());
            self.send(world, &call).await;
            call.transient.insert(field, blocks[1].clone().into());
            self.send(world, &call).await;
        }
        let anchored = self.anchors.swap((None, None));
        for (place, block) in blocks.iter().enumerate() {
            for (anchor, permission, from) in [
                (place, None, sequence + 1),
                (place, Some((epoch, sequence + 1)), sequence + 1),
                (place, Some((epoch, sequence)), sequence),
                (place, Some((epoch, sequence)), sequence + 1),
                (place, Some((epoch + 1, sequence)), sequence),
                (4, Some((epoch, sequence)), sequence),
            ] {
                let anchor = Bytes::copy_from_slice(&blocks[anchor]);
                let disown = permission.map(|(epoch, from)| Disown {
                    epoch,
                    from: Sequence(from),
                });
                self.anchors.swap((Some(anchor), disown));
                self.call(world, recover_config(block).disowning(from))
                    .await;
                self.call(world, recover_config(block)).await;
                self.call(world, sync_config(block)).await;
            }
        }
        self.anchors.swap(anchored);
        self.calls(world, &[&["RecoverConfig", "x", "-1"], &["RecoverConfig"]])
            .await;
    }

    /// Calls that would write, and are not committed.
    async fn proposals<W: Write>(&mut self, world: &Recorded<W>) {
        let (one, other) = (self.id(world, "proposal"), self.id(world, "proposal"));
        let over = self.id(world, "archive");
        let org = String::from_utf8(CAPTURES[0].file("add-orgy/org.json")).unwrap();
        let update = base64(&CAPTURES[0].file("add-orgx/config_update.pb"));
        let mut calls: Vec<Vec<String>> = Vec::new();
        let mut add = |args: &[&str]| calls.push(args.iter().map(|&arg| arg.into()).collect());
        for function in [
            "DeleteProposal",
            "WithdrawProposal",
            "deleteProposal",
            "ApplySettings",
        ] {
            for id in [&one, &other, &over] {
                add(&[function, id]);
            }
        }
        for id in [&one, &other, &over] {
            add(&["RejectProposal", id, "a reason"]);
            add(&["RejectProposal", id, &"long ".repeat(300)]);
        }
        for mode in ["", "1", "2", "4", "8", "15", "0", "16", "x"] {
            add(&["UpdateProposals", mode]);
        }
        let all = |ids: &[&str]| json!(ids).to_string();
        for ids in [&[&*one][..], &[&one, &other], &[&one, &one], &[&over], &[]] {
            add(&["UpdateProposals", "15", &all(ids)]);
            add(&["CombineProposals", "combined", &all(ids), "d"]);
            add(&[
                "CombineProposals",
                &one,
                &all(ids),
                "d",
                r#"{"deadline":"x"}"#,
            ]);
        }
        for name in ["AddOrganization", "AddOrgnization"] {
            for id in ["new-one", &one, &over] {
                add(&[name, id, "OrgYMSP", &org, "d"]);
            }
            for org in ["{}", "[]", r#"{"values":{"MSP":{}}}"#, r#"{"groups":1}"#] {
                add(&[name, "new-one", "OrgY", org, "d", "{}"]);
            }
        }
        for intent in [
            &*update,
            "AAAA",
            "CgFhEgFi",
            "{}",
            r#"{"channel_group":{}}"#,
        ] {
            add(&["ProposeConfigUpdate", "new-one", intent, "d"]);
            add(&["proposeConfigUpdate", "new-one", intent, "d"]);
            add(&["proposeConfigUpdate", &one, intent]);
        }
        for deadline in ["2020-01-01T00:00:00Z", "2030-01-31T12:00:00Z", "soon", ""] {
            let options = json!({ "deadline": deadline }).to_string();
            add(&[
                "ProposeConfigUpdate",
                "new-one",
                &PATCHES[0].patch(&json!({})),
                "d",
                &options,
            ]);
            add(&[
                "ProposeSettings",
                "new-one",
                r#"{"gate":"enforced"}"#,
                "d",
                &options,
            ]);
        }
        for settings in [
            "{}",
            r#"{"gate":"advisory"}"#,
            r#"{"gate":"strict"}"#,
            r#"{"endorsement_policy":"OutOf(1, 'Org1MSP.peer', 'Org2MSP.peer')"}"#,
            r#"{"endorsement_policy":"/Channel/Nowhere"}"#,
            r#"{"endorsement_policy":"OR("}"#,
            r#"{"capabilities":["V1_0","V9_0"]}"#,
            r#"{"capabilities":["V1_0"],"gate":"enforced"}"#,
            r#"{"capabilities":[1]}"#,
            r#"{"unknown":1}"#,
            "null",
        ] {
            add(&["ProposeSettings", "new-one", settings, "d"]);
        }
        for levels in [
            "{}",
            r#"{"channel":["V3_0"]}"#,
            r#"{"application":["V2_0","V2_5"],"orderer":["V2_0"],"channel":["V2_0"]}"#,
            r#"{"application":["x y"]}"#,
            r#"{"other":[]}"#,
            "[",
        ] {
            add(&["AttestCapabilities", levels]);
        }
        for args in &calls {
            self.call(world, raw(args)).await;
        }
        self.intake(world, &one).await;
        self.signatures(world, &one).await;
        self.signatures(world, &other).await;
    }

    /// Edited configs, and what would be proposed; always by the same one, so that dice fall as ever.
    async fn intake<W: Write>(&self, world: &Recorded<W>, one: &str) {
        let by_org1 = |call: Call| world.invocation(&self.people[0], call);
        let shown = self.send(world, &by_org1(get_config())).await;
        let mut config = serde_json::from_slice::<Value>(&shown.payload).unwrap()["config"].take();
        let group = &mut config["channel_group"]["groups"];
        group["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = json!("17s");
        let edited = config.to_string();
        config["sequence"] = json!("99");
        let stale = config.to_string();
        let patch = PATCHES[0].patch(&json!({}));
        for call in [
            attest_capabilities(r#"{"channel":["V2_0"]}"#),
            raw(["ProposeConfig", "new-one", &edited, "d"]),
            raw(["ProposeConfig", one, &edited, "d"]),
            raw(["ProposeConfig", "new-one", &stale, "d"]),
            raw(["ProposeConfig", "new-one", &patch, "d"]),
            raw(["ProposeConfig", "new-one", "{}", "d"]),
            raw(["CheckProposal", "ProposeConfig", "new-one", &edited, "d"]),
            raw([
                "CheckProposal",
                "ProposeConfigUpdate",
                "new-one",
                &patch,
                "d",
            ]),
            raw(["CheckProposal", "ProposeConfigUpdate", one, &patch, "d"]),
            raw([
                "CheckProposal",
                "ProposeConfigUpdate",
                "new-one",
                &stale,
                "d",
            ]),
            raw(["CheckProposal", "ProposeConfigUpdate", "new-one"]),
            raw(["CheckProposal", "GetProposal", one]),
        ] {
            self.send(world, &by_org1(call)).await;
        }
    }

    /// Signatures in their forms.
    async fn signatures<W: Write>(&mut self, world: &Recorded<W>, id: &str) {
        let response = self.call(world, get_proposal(id)).await;
        let Some(update) = to_sign(&response) else {
            return;
        };
        let signer = self.dice.roll(5);
        let signature = self.people[signer].config_signature(&update);
        let packed = signature.encode_to_vec();
        let mut forged = signature.clone();
        let mut bytes = forged.signature.to_vec();
        bytes.truncate(20);
        forged.signature = bytes.into();
        let header = base64(&signature.signature_header);
        let value = base64(&signature.signature);
        for text in [
            base64(&packed),
            base64(&forged.encode_to_vec()),
            self.people[5].signed(&update),
            self.people[signer].signed(b"other"),
            json!({"signature_header": header, "signature": value}).to_string(),
            json!({"signature_header": 1}).to_string(),
            "CgFhEgFi".to_owned(),
            "no base64!".to_owned(),
        ] {
            self.call(world, add_signature(id, &text)).await;
            self.call(world, cmcc::add_signature(id, &text)).await;
        }
    }

    async fn bad_arguments<W: Write>(&mut self, world: &Recorded<W>) {
        let one = self.id(world, "proposal");
        let long = "x".repeat(70_000);
        let kept = self.dice.0;
        for name in function_names() {
            self.reseed(kept, name);
            for _ in 0..3 {
                let args: &[&[u8]] = match self.dice.roll(12) {
                    0 => &[],
                    1 => &[b""],
                    2 => &[b"\xff\xfe"],
                    3 => &[b"{"],
                    4 => &[one.as_bytes()],
                    5 => &[one.as_bytes(), b"{}"],
                    6 => &[one.as_bytes(), b"[]", b"d"],
                    7 => &[b"fresh", b"{\"channel_group\":{\"x\":1}}", b"d", b"{}"],
                    8 => &[b"fresh", b"Org", b"{}", b"\xff", b"{}"],
                    9 => &[b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"],
                    10 => &[long.as_bytes(), long.as_bytes()],
                    _ => &[b"fresh", b"null", b"", b"null"],
                };
                let call = args.iter().fold(Call::of(name), Call::and);
                self.call(world, call).await;
            }
        }
        self.dice = Dice(kept);
        for name in ["Nothing", "getproposal", "\u{202e}", "GetProposal "] {
            self.call(world, Call::of(name)).await;
        }
        self.call(world, raw([b"\xff"])).await;
    }

    /// Callers whom nobody knows.
    async fn strangers<W: Write>(&mut self, world: &Recorded<W>) {
        let one = self.id(world, "proposal");
        for creator in [
            Vec::new(),
            b"nobody".to_vec(),
            b"\x0a\x07Org1MSP\x12\x04none".to_vec(),
            b"\x0a\x07OrgZMSP\x12\x04none".to_vec(),
        ] {
            for call in [
                get_proposal(&one),
                withdraw_proposal(&one),
                reject_proposal(&one, "why"),
                propose_settings("new-one", "{}"),
                attest_capabilities(r#"{"server":true}"#),
                sync_config(b"none"),
            ] {
                let mut call = self.invocation(world, call);
                call.creator = creator.clone().into();
                self.send(world, &call).await;
            }
        }
    }

    /// Clocks that are wrong.
    async fn times<W: Write>(&mut self, world: &Recorded<W>) {
        let one = self.id(world, "proposal");
        for seconds in [0, -1, 1_700_000_000, 1_900_000_000, 4_000_000_000, i64::MAX] {
            for call in [
                get_proposal(&one),
                list_proposals(),
                withdraw_proposal(&one),
                reject_proposal(&one, "why"),
                apply_settings(&one),
            ] {
                let mut call = self.invocation(world, call);
                call.timestamp.seconds = seconds;
                self.send(world, &call).await;
            }
        }
    }
}

/// A member of an answer that is text without escapes, however deep the rest is nested.
pub(super) fn member(response: &Response, name: &str) -> Option<String> {
    let text = std::str::from_utf8(&response.payload).unwrap();
    let (_, rest) = text.split_once(&format!(r#""{name}":""#))?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The bytes that signers of a shown proposal sign.
pub(super) fn to_sign(response: &Response) -> Option<Bytes> {
    let envelope = member(response, "config_update_to_sign")?;
    let envelope = STANDARD.decode(envelope).unwrap();
    Some(super::super::world::update_envelope(&envelope).config_update)
}
