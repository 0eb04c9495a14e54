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
        definition::{answer, definition, reference, signature},
        walk::Dice,
        world::{CAPTURES, Person, TestAnchors, World, base64, person, user},
    },
    intents::{MSP_CHANGES, PATCHES},
    recorder::Recorder,
};

type Recorded<W> = World<Recorder<W>>;

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
    dice: Dice,
    people: Vec<Person>,
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
        for name in function_names() {
            self.call(world, &[name.as_bytes(), b"one", b"two"]).await;
        }
        for block in [&genesis, &later, &b"no block".to_vec(), &Vec::new()] {
            for anchor in [None, Some(&genesis), Some(&later), Some(&b"none".to_vec())] {
                let anchor = anchor.map(|block| Bytes::copy_from_slice(block));
                self.anchors.swap((anchor, None));
                for name in ["Init", "InitConsortium", "SyncConfig", "RecoverConfig"] {
                    let mut call = self.invocation(world, &[name.as_bytes(), block]);
                    self.send(world, &call).await;
                    call.is_init = name != "SyncConfig";
                    self.send(world, &call).await;
                }
            }
            let call = self.invocation(world, &[b"InitConsortium", block, &later]);
            world.server.unanchored(&world.ledger, &call).await;
        }
        self.anchors.swap(anchored);
    }

    /// Some of everything.
    pub(super) async fn ask<W: Write>(&mut self, world: &Recorded<W>) {
        self.queries(world).await;
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

    fn invocation<W: Write>(&mut self, world: &Recorded<W>, args: &[&[u8]]) -> Invocation {
        let caller = self.dice.roll(self.people.len());
        world.invocation(&self.people[caller], args)
    }

    async fn call<W: Write>(&mut self, world: &Recorded<W>, args: &[&[u8]]) -> Response {
        let call = self.invocation(world, args);
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
            let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
            self.call(world, &args).await;
        }
    }

    /// Mostly the id of something that is stored there.
    fn id<S>(&mut self, world: &World<S>, kind: &str) -> String {
        let start = format!("\0{kind}\0");
        let keys = world.ledger.iter();
        let ids: Vec<String> = keys
            .filter_map(|(key, _)| key.strip_prefix(&start)?.strip_suffix('\0'))
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
                let args = [function.as_bytes(), options.as_bytes()];
                let response = self.call(world, &args).await;
                let page: Value = serde_json::from_slice(&response.payload).unwrap();
                page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
                if bookmark.is_empty() {
                    break;
                }
            }
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
            let call = self.invocation(world, &[b"GetSettings"]);
            world.server.beside(others, &world.ledger, &call).await;
        }
        let mut call = self.invocation(world, &[b"GetSettings"]);
        call.chaincode = ChaincodeName::default();
        self.send(world, &call).await;
        call.chaincode = ChaincodeName::new("other");
        self.send(world, &call).await;
    }

    /// Blocks that do not fit, and recoveries.
    async fn blocks<W: Write>(&mut self, world: &Recorded<W>) {
        let response = self.call(world, &[b"GetConfig"]).await;
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
                self.call(world, &[function.as_bytes(), block]).await;
            }
            let packed = base64(&blocks[0]);
            self.call(world, &[function.as_bytes(), packed.as_bytes()])
                .await;
            self.call(world, &[function.as_bytes(), &blocks[0], &blocks[3]])
                .await;
            let mut call = self.invocation(world, &[function.as_bytes(), digest.as_bytes()]);
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
                let from = from.to_string();
                self.call(world, &[b"RecoverConfig", block, from.as_bytes()])
                    .await;
                self.call(world, &[b"RecoverConfig", block]).await;
                self.call(world, &[b"SyncConfig", block]).await;
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
            let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
            self.call(world, &args).await;
        }
        self.signatures(world, &one).await;
        self.signatures(world, &other).await;
    }

    /// Signatures in their forms.
    async fn signatures<W: Write>(&mut self, world: &Recorded<W>, id: &str) {
        let response = self.call(world, &[b"GetProposal", id.as_bytes()]).await;
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
            base64(&self.people[5].config_signature(&update).encode_to_vec()),
            base64(
                &self.people[signer]
                    .config_signature(b"other")
                    .encode_to_vec(),
            ),
            json!({"signature_header": header, "signature": value}).to_string(),
            json!({"signature_header": 1}).to_string(),
            "CgFhEgFi".to_owned(),
            "no base64!".to_owned(),
        ] {
            for function in ["AddSignature", "addSignature"] {
                let args = [function.as_bytes(), id.as_bytes(), text.as_bytes()];
                self.call(world, &args).await;
            }
        }
    }

    async fn bad_arguments<W: Write>(&mut self, world: &Recorded<W>) {
        let one = self.id(world, "proposal");
        let long = "x".repeat(70_000);
        for name in function_names() {
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
                let args: Vec<&[u8]> = [name.as_bytes()].into_iter().chain(args.to_vec()).collect();
                self.call(world, &args).await;
            }
        }
        for name in ["Nothing", "getproposal", "\u{202e}", "GetProposal "] {
            self.call(world, &[name.as_bytes()]).await;
        }
        self.call(world, &[b"\xff"]).await;
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
            for args in [
                [b"GetProposal".as_slice(), one.as_bytes(), b""],
                [b"WithdrawProposal", one.as_bytes(), b""],
                [b"RejectProposal", one.as_bytes(), b"why"],
                [b"ProposeSettings", b"new-one", b"{}"],
                [b"AttestCapabilities", b"{}", b""],
                [b"SyncConfig", b"none", b""],
            ] {
                let mut call = self.invocation(world, &args);
                call.creator = creator.clone().into();
                self.send(world, &call).await;
            }
        }
    }

    /// Clocks that are wrong.
    async fn times<W: Write>(&mut self, world: &Recorded<W>) {
        let one = self.id(world, "proposal");
        for seconds in [0, -1, 1_700_000_000, 1_900_000_000, 4_000_000_000, i64::MAX] {
            for args in [
                [b"GetProposal".as_slice(), one.as_bytes(), b""],
                [b"ListProposals", b"", b""],
                [b"WithdrawProposal", one.as_bytes(), b""],
                [b"RejectProposal", one.as_bytes(), b"why"],
                [b"ApplySettings", one.as_bytes(), b""],
            ] {
                let mut call = self.invocation(world, &args);
                call.timestamp.seconds = seconds;
                self.send(world, &call).await;
            }
        }
    }

    /// One proposal from its first call to its archive, on a copy of the ledger.
    async fn trip<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let config = copy.ok(&org1, &[b"GetConfig"]).await["config"]["channel_group"].clone();
        let groups = &config["groups"]["Application"]["groups"];
        let org = CAPTURES[0].file("add-orgy/org.json");
        let text;
        let args: &[&[u8]] = match self.dice.roll(8) {
            0 => {
                let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
                self.dice.one(MSP_CHANGES)(&mut value, groups);
                text = value.to_string();
                &[b"ReconfigOrganizationMSP", b"trip", text.as_bytes(), b"d"]
            }
            1 => &[b"AddOrganization", b"trip", b"New", &org, b"d"],
            _ => {
                let intent = self.dice.roll(PATCHES.len());
                text = PATCHES[intent].patch(&config);
                &[b"ProposeConfigUpdate", b"trip", text.as_bytes(), b"d"]
            }
        };
        if self.submit(&mut copy, &org1, args).await.is_success() {
            self.travel(&mut copy).await;
        }
    }

    async fn submit<W: Write>(
        &self,
        copy: &mut World<&Recorder<W>>,
        who: &Person,
        args: &[&[u8]],
    ) -> Response {
        let call = copy.invocation(who, args);
        copy.submit(&call).await.0
    }

    async fn travel<W: Write>(&mut self, copy: &mut World<&Recorder<W>>) {
        let org1 = person("Org1MSP");
        let show: [&[u8]; 2] = [b"GetProposal", b"trip"];
        let shown = self.submit(copy, &org1, &show).await;
        let update = to_sign(&shown).unwrap();
        for signer in 0..5 {
            let signature = self.people[signer].config_signature(&update);
            let signature = base64(&signature.encode_to_vec());
            let args: [&[u8]; 3] = [b"AddSignature", b"trip", signature.as_bytes()];
            self.submit(copy, &org1, &args).await;
            if signer == 1 {
                self.submit(copy, &org1, &show).await;
            }
        }
        if self.dice.roll(3) == 0 {
            let org2 = person("Org2MSP");
            let args: [&[u8]; 3] = [b"RejectProposal", b"trip", b"not this one"];
            self.submit(copy, &org2, &args).await;
        }
        let shown = self.submit(copy, &org1, &show).await;
        let (one, other) = (self.id(copy, "proposal"), self.id(copy, "proposal"));
        let both = json!(["trip", one]).to_string();
        let all = json!([other, "trip", one]).to_string();
        for args in [
            &[b"ExportProposal".as_slice(), b"trip"][..],
            &[b"getProposal", b"trip"],
            &[b"ListProposals", br#"{"conflicts":true}"#],
            &[b"CombineProposals", b"both", both.as_bytes(), b"d"],
            &[b"CombineProposals", b"all", all.as_bytes(), b"d"],
        ] {
            self.submit(copy, &org1, args).await;
        }
        let Some(envelope) = member(&shown, "config_update_envelope_to_submit") else {
            return;
        };
        let block = copy.ordered(&STANDARD.decode(envelope).unwrap().into());
        for args in [
            &[b"SyncConfig".as_slice(), &block][..],
            &[b"GetProposal", b"trip"],
            &[b"ListProposals", br#"{"conflicts":true}"#],
            &[b"GetCapabilities"],
            &[b"GetSettings"],
            &[b"UpdateProposals", b"15"],
            &[b"SyncConfig", &block],
            &[b"GetProposal", b"trip"],
            &[b"ExportProposal", b"trip"],
            &[b"ListProposals"],
            &[b"GetHistory"],
            &[b"GetConfig"],
            &[b"GetConfigChain"],
        ] {
            self.submit(copy, &org1, args).await;
        }
    }

    /// The older interface, combinations and one's own MSP, on a copy of the ledger.
    async fn older_names<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let config = copy.ok(&org1, &[b"GetConfig"]).await["config"]["channel_group"].clone();
        let groups = &config["groups"]["Application"]["groups"];
        let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
        MSP_CHANGES[0](&mut value, groups);
        let msp = value.to_string();
        value["mod_policy"] = json!("Readers");
        let other_msp = value.to_string();
        let (one, other) = (PATCHES[0].patch(&config), PATCHES[8].patch(&config));
        for args in [
            [
                b"ProposeConfigUpdate".as_slice(),
                b"trip-1",
                one.as_bytes(),
                b"d",
            ],
            [b"ProposeConfigUpdate", b"trip-2", other.as_bytes(), b"d"],
            [
                b"CombineProposals",
                b"trip-3",
                br#"["trip-2","trip-1"]"#,
                b"d",
            ],
            [b"ReconfigOrganizationMSP", b"trip-4", msp.as_bytes(), b"d"],
            [
                b"ReconfigOrgnizationMSP",
                b"trip-5",
                other_msp.as_bytes(),
                b"d",
            ],
        ] {
            self.submit(&mut copy, &org1, &args).await;
        }
        let show: [&[u8]; 2] = [b"GetProposal", b"trip-1"];
        let update = to_sign(&self.submit(&mut copy, &org1, &show).await).unwrap();
        let given = base64(&update);
        let orderer = person("OrdererMSP");
        let signature = base64(&orderer.config_signature(&update).encode_to_vec());
        self.submit(&mut copy, &org1, &[b"WithdrawProposal", b"trip-1"])
            .await;
        let org = CAPTURES[0].file("add-orgy/org.json");
        for args in [
            &[b"AddOrgnization".as_slice(), b"trip-7", b"New", &org, b"d"][..],
            &[
                b"proposeConfigUpdate".as_slice(),
                b"trip-6",
                given.as_bytes(),
            ][..],
            &[b"getProposal", b"trip-6"],
            &[b"addSignature", b"trip-6", signature.as_bytes()],
            &[b"addSignature", b"trip-6", signature.as_bytes()],
            &[b"getProposals"],
            &[b"ListProposals", br#"{"conflicts":true}"#],
            &[b"GetProposal", b"trip-3"],
            &[b"deleteProposal", b"trip-6"],
            &[b"getProposal", b"trip-6"],
            &[b"WithdrawProposal", b"trip-2"],
            &[b"DeleteProposal", b"trip-4"],
            &[b"UpdateProposals", b"15"],
            &[b"ListProposals"],
            &[b"GetHistory"],
        ] {
            self.submit(&mut copy, &org1, args).await;
        }
    }

    /// Settings from their proposal to their effect, on a copy of the ledger.
    async fn settings_trip<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let settings = self.dice.one(&[
            r#"{"gate":"enforced","endorsement_policy":"/Channel/Application/Endorsement"}"#,
            r#"{"endorsement_policy":"AND('Org1MSP.peer', 'Org2MSP.peer')"}"#,
            r#"{"endorsement_policy":"/Channel/Application/LifecycleEndorsement","gate":"advisory"}"#,
        ]);
        let args: [&[u8]; 4] = [b"ProposeSettings", b"trip", settings.as_bytes(), b"d"];
        if !self.submit(&mut copy, &org1, &args).await.is_success() {
            return;
        }
        let show: [&[u8]; 2] = [b"GetProposal", b"trip"];
        let update = to_sign(&self.submit(&mut copy, &org1, &show).await).unwrap();
        for signer in 0..5 {
            let signature = self.people[signer].config_signature(&update);
            let signature = base64(&signature.encode_to_vec());
            let args: [&[u8]; 3] = [b"AddSignature", b"trip", signature.as_bytes()];
            self.submit(&mut copy, &org1, &args).await;
        }
        for args in [
            &show[..],
            &[b"ApplySettings", b"trip"],
            &show,
            &[b"GetSettings"],
            &[b"UpdateProposals", b"15"],
            &[b"ExportProposal", b"trip"],
            &[b"GetHistory"],
        ] {
            self.submit(&mut copy, &org1, args).await;
        }
    }
}

fn after(capture: &str) -> Vec<u8> {
    CAPTURES[0].file(&format!("{capture}/config_block_after.pb"))
}

/// A member of an answer that is text without escapes, however deep the rest is nested.
fn member(response: &Response, name: &str) -> Option<String> {
    let text = std::str::from_utf8(&response.payload).unwrap();
    let (_, rest) = text.split_once(&format!(r#""{name}":""#))?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The bytes that signers of a shown proposal sign.
fn to_sign(response: &Response) -> Option<Bytes> {
    let envelope = member(response, "config_update_to_sign")?;
    let envelope = STANDARD.decode(envelope).unwrap();
    Some(super::super::world::update_envelope(&envelope).config_update)
}
