//! The calls, in their order.

use bytes::Bytes;
use cmscc::{
    ids::ChannelId,
    proto::{
        common::{self, HeaderType},
        gateway::SignedCommitStatusRequest,
        gateway::{EndorseRequest, EvaluateRequest, SignedChaincodeEventsRequest},
        lifecycle::{
            ApproveChaincodeDefinitionForMyOrgArgs, CheckCommitReadinessArgs,
            CommitChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionArgs,
            QueryChaincodeDefinitionArgs,
        },
        orderer::{SeekNextCommit, SeekOldest, seek_position::Type as Position},
    },
    transaction::{ChaincodeCall, Proposal},
};
use prost::Message;
use tonic::transport::Channel;

use super::{
    super::wire::{self, Place, Somebody, org_json},
    calls::{self, CHAINCODE, CHANNEL, Seek, at, newest},
};
use cmscc::proto::gateway::gateway_client::GatewayClient;

/// Who plays.
pub(super) struct Play<'a> {
    pub(super) place: &'a Place,
    pub(super) gateway: GatewayClient<Channel>,
    pub(super) admin: Somebody,
    pub(super) user: Somebody,
    /// The admin of the other organisation.
    pub(super) other: Somebody,
    /// Of an organisation that orders.
    pub(super) orderer: Somebody,
    told: String,
}

/// Makes all calls; gives the answers, without what differs from run to run.
pub(crate) async fn play(place: &Place) -> String {
    let mut play = Play {
        gateway: place.gateway("org1").await,
        admin: place.somebody("org1", "Admin"),
        user: place.somebody("org1", "User1"),
        other: place.somebody("org2", "Admin"),
        orderer: place.somebody("orderer", "Admin"),
        place,
        told: String::new(),
    };
    play.evaluations().await;
    play.unusual_evaluations().await;
    play.own_chaincodes().await;
    play.lifecycle().await;
    play.ledgers().await;
    play.endorsements().await;
    let tx_id = play.transactions().await;
    play.statuses(&tx_id).await;
    play.events(&tx_id).await;
    play.blocks().await;
    play.single_peers().await;
    play.updates().await;
    normalised(&play.told, place)
}

impl Play<'_> {
    pub(super) fn tell(&mut self, step: &str, answer: &str) {
        self.told += &format!("== {step}\n{answer}\n");
    }

    async fn evaluate(&mut self, step: &str, request: EvaluateRequest) {
        let answer = calls::evaluate(&mut self.gateway, request).await;
        self.tell(&format!("evaluate: {step}"), &answer);
    }

    async fn ask(&mut self, step: &str, chaincode: &str, args: &[&str]) {
        let proposal = self.user.proposal(CHANNEL, chaincode, args);
        self.evaluate(step, wire::evaluate(&proposal)).await;
    }

    pub(super) async fn endorse(&mut self, step: &str, request: EndorseRequest) {
        let answer = calls::endorse(&mut self.gateway, request).await;
        self.tell(&format!("endorse: {step}"), &answer);
    }

    async fn evaluations(&mut self) {
        self.ask("a function", CHAINCODE, &["GetConfig"]).await;
        self.ask("refused", CHAINCODE, &["GetProposal", "nope"])
            .await;
        self.ask("another chaincode", "nosuch", &["GetConfig"])
            .await;
        let of = |by: &Somebody| by.proposal(CHANNEL, CHAINCODE, &["GetConfig"]);
        let request = wire::evaluate(&of(&self.orderer));
        self.evaluate("an orderer", request).await;
        let request = wire::evaluate(&of(&self.other));
        self.evaluate("an admin of another organisation", request)
            .await;
        let proposal = self.user.proposal("nochannel", CHAINCODE, &["GetConfig"]);
        self.evaluate("another channel", wire::evaluate(&proposal))
            .await;
        let proposal = self.user.proposal("", CHAINCODE, &["GetConfig"]);
        self.evaluate("no channel", wire::evaluate(&proposal)).await;
        let proposal = self.user.proposal(CHANNEL, "", &["GetConfig"]);
        self.evaluate("no chaincode", wire::evaluate(&proposal))
            .await;
        self.evaluate("no proposal", EvaluateRequest::default())
            .await;
        for (step, targets) in [
            ("the other organisation", vec!["Org2MSP"]),
            ("an organisation that there is not", vec!["OrgXMSP"]),
        ] {
            let mut request = wire::evaluate(&of(&self.user));
            request.target_organizations = targets.into_iter().map(str::to_owned).collect();
            self.evaluate(step, request).await;
        }
        let mut call = ChaincodeCall::new(&ChannelId::new(CHANNEL), ["GetConfig"]);
        call.transient
            .insert("a".to_owned(), Bytes::from_static(b"b"));
        let proposal = Proposal::new(&call, CHAINCODE, self.user.signer(), &wire::stamp());
        self.evaluate("transient data", wire::evaluate(&proposal.unwrap()))
            .await;
    }

    async fn unusual_evaluations(&mut self) {
        let fresh = |play: &Self| play.user.proposal(CHANNEL, CHAINCODE, &["GetConfig"]);
        let mut high = fresh(self);
        high.signed.signature = wire::high_s(&high.signed.signature);
        self.evaluate("high S", wire::evaluate(&high)).await;
        let mut none = fresh(self);
        none.signed.signature = Bytes::new();
        self.evaluate("no signature", wire::evaluate(&none)).await;
        let mut foreign = fresh(self);
        foreign.signed.signature = self.other.sign(&foreign.signed.proposal_bytes);
        self.evaluate("the signature of somebody else", wire::evaluate(&foreign))
            .await;
        for (step, seconds) in [
            ("a clock an hour behind", -3600),
            ("a clock an hour ahead", 3600),
            ("a clock ten minutes behind", -600),
        ] {
            let stamp = wire::stamp_off_by(seconds);
            let proposal = self
                .user
                .proposal_at(CHANNEL, CHAINCODE, &["GetConfig"], stamp);
            self.evaluate(step, wire::evaluate(&proposal)).await;
        }
        let edited = |edit: fn(&mut common::ChannelHeader)| {
            let proposal = fresh(self);
            self.edited(proposal, edit)
        };
        let wrong_id = edited(|header| header.tx_id = "ab".to_owned());
        let epoch = edited(|header| header.epoch = 1);
        let kind = edited(|header| header.r#type = HeaderType::Message.into());
        self.evaluate("another transaction id", wire::evaluate(&wrong_id))
            .await;
        self.evaluate("an epoch", wire::evaluate(&epoch)).await;
        self.evaluate("another type", wire::evaluate(&kind)).await;
    }

    fn edited(&self, mut proposal: Proposal, edit: fn(&mut common::ChannelHeader)) -> Proposal {
        use cmscc::proto::protos;
        let bytes = proposal.signed.proposal_bytes.clone();
        let mut whole = protos::Proposal::decode(bytes).unwrap();
        let mut header = common::Header::decode(whole.header.clone()).unwrap();
        let mut channel = common::ChannelHeader::decode(header.channel_header.clone()).unwrap();
        edit(&mut channel);
        header.channel_header = channel.encode_to_vec().into();
        whole.header = header.encode_to_vec().into();
        proposal.signed.proposal_bytes = whole.encode_to_vec().into();
        proposal.signed.signature = self.user.sign(&proposal.signed.proposal_bytes);
        proposal
    }

    async fn own_chaincodes(&mut self) {
        self.ask("cscc: config block", "cscc", &["GetConfigBlock", CHANNEL])
            .await;
        self.ask(
            "cscc: of another channel",
            "cscc",
            &["GetConfigBlock", "other"],
        )
        .await;
        self.ask("cscc: config", "cscc", &["GetChannelConfig", CHANNEL])
            .await;
        self.ask(
            "cscc: config of no channel",
            "cscc",
            &["GetChannelConfig", ""],
        )
        .await;
        self.ask("cscc: channels", "cscc", &["GetChannels"]).await;
        self.ask("cscc: too little", "cscc", &["GetConfigBlock"])
            .await;
        self.ask("cscc: nothing", "cscc", &[]).await;
        self.ask("cscc: another function", "cscc", &["Nothing", "x"])
            .await;
        let proposal = self.other.proposal(CHANNEL, "cscc", &["GetChannels"]);
        self.evaluate("cscc: channels, by others", wire::evaluate(&proposal))
            .await;
        let proposal = self
            .orderer
            .proposal(CHANNEL, "cscc", &["GetConfigBlock", CHANNEL]);
        self.evaluate(
            "cscc: config block, by an orderer",
            wire::evaluate(&proposal),
        )
        .await;
        for name in [CHAINCODE, "other"] {
            let args = QueryChaincodeDefinitionArgs {
                name: name.to_owned(),
            };
            let args = String::from_utf8(args.encode_to_vec()).unwrap();
            let args = ["QueryChaincodeDefinition", &args];
            self.ask(&format!("_lifecycle: {name}"), "_lifecycle", &args)
                .await;
        }
    }

    /// Calls of the lifecycle that change nothing.
    async fn lifecycle(&mut self) {
        let readiness = |sequence| CheckCommitReadinessArgs {
            sequence,
            name: CHAINCODE.to_owned(),
            version: "9".to_owned(),
            ..CheckCommitReadinessArgs::default()
        };
        let approval = |sequence, version: &str| ApproveChaincodeDefinitionForMyOrgArgs {
            sequence,
            name: CHAINCODE.to_owned(),
            version: version.to_owned(),
            ..ApproveChaincodeDefinitionForMyOrgArgs::default()
        };
        let commit = |sequence| CommitChaincodeDefinitionArgs {
            sequence,
            name: CHAINCODE.to_owned(),
            version: "9".to_owned(),
            ..CommitChaincodeDefinitionArgs::default()
        };
        let approved = |name: &str, sequence| QueryApprovedChaincodeDefinitionArgs {
            name: name.to_owned(),
            sequence,
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (ready, approve) = ("CheckCommitReadiness", "ApproveChaincodeDefinitionForMyOrg");
        let (put, asked) = (
            "CommitChaincodeDefinition",
            "QueryApprovedChaincodeDefinition",
        );
        let installed = "QueryInstalledChaincodes";
        let calls = [
            (
                "readiness of 1",
                true,
                ready,
                text(readiness(1).encode_to_vec()),
            ),
            (
                "readiness of 2",
                true,
                ready,
                text(readiness(2).encode_to_vec()),
            ),
            (
                "readiness, by a client",
                false,
                ready,
                text(readiness(2).encode_to_vec()),
            ),
            (
                "approve",
                true,
                approve,
                text(approval(2, "9").encode_to_vec()),
            ),
            (
                "approve, by a client",
                false,
                approve,
                text(approval(2, "9").encode_to_vec()),
            ),
            (
                "approve no version",
                true,
                approve,
                text(approval(2, "a b").encode_to_vec()),
            ),
            (
                "approve sequence 0",
                true,
                approve,
                text(approval(0, "9").encode_to_vec()),
            ),
            (
                "approve sequence 9",
                true,
                approve,
                text(approval(9, "9").encode_to_vec()),
            ),
            (
                "commit what nobody approved",
                true,
                put,
                text(commit(2).encode_to_vec()),
            ),
            (
                "commit sequence 1",
                true,
                put,
                text(commit(1).encode_to_vec()),
            ),
            (
                "approved",
                true,
                asked,
                text(approved(CHAINCODE, 1).encode_to_vec()),
            ),
            (
                "approved of 2",
                true,
                asked,
                text(approved(CHAINCODE, 2).encode_to_vec()),
            ),
            (
                "approved of another",
                true,
                asked,
                text(approved("other", 1).encode_to_vec()),
            ),
            (
                "approved, by a client",
                false,
                asked,
                text(approved(CHAINCODE, 1).encode_to_vec()),
            ),
            ("installed", true, installed, String::new()),
            ("installed, by a client", false, installed, String::new()),
            ("another function", true, "Nothing", String::new()),
        ];
        for (step, by_admin, function, argument) in calls {
            let by = match by_admin {
                true => &self.admin,
                false => &self.user,
            };
            let proposal = by.proposal(CHANNEL, "_lifecycle", &[function, &argument]);
            let step = format!("_lifecycle: {step}");
            self.evaluate(&step, wire::evaluate(&proposal)).await;
        }
    }

    async fn ledgers(&mut self) {
        self.ask("qscc: chain", "qscc", &["GetChainInfo", CHANNEL])
            .await;
        self.ask("qscc: another chain", "qscc", &["GetChainInfo", "other"])
            .await;
        for number in ["0", "99999", "x", "18446744073709551615"] {
            let args = ["GetBlockByNumber", CHANNEL, number];
            self.ask(&format!("qscc: block {number}"), "qscc", &args)
                .await;
        }
        self.ask("qscc: too little", "qscc", &["GetBlockByNumber", CHANNEL])
            .await;
        self.ask("qscc: nothing", "qscc", &["GetBlockByNumber"])
            .await;
        self.ask("qscc: another function", "qscc", &["Nothing", CHANNEL, "1"])
            .await;
        self.ask(
            "qscc: no transaction",
            "qscc",
            &["GetTransactionByID", CHANNEL, "ab"],
        )
        .await;
        self.ask(
            "qscc: block of no transaction",
            "qscc",
            &["GetBlockByTxID", CHANNEL, "ab"],
        )
        .await;
        let proposal = self
            .orderer
            .proposal(CHANNEL, "qscc", &["GetChainInfo", CHANNEL]);
        self.evaluate("qscc: chain, by an orderer", wire::evaluate(&proposal))
            .await;

        // a block is the same by all ways
        let gateway = &mut self.gateway;
        let by_number = self
            .user
            .proposal(CHANNEL, "qscc", &["GetBlockByNumber", CHANNEL, "0"]);
        let by_number = calls::answered(gateway, wire::evaluate(&by_number)).await;
        let config = self
            .user
            .proposal(CHANNEL, "cscc", &["GetConfigBlock", CHANNEL]);
        let config = calls::answered(gateway, wire::evaluate(&config)).await;
        let seek = Seek::new(at(0), at(0)).signed(&self.user);
        let mut deliver = self.place.deliver("org1").await;
        let stream = deliver.deliver(wire::one(seek)).await.unwrap().into_inner();
        let (mut answers, _) = wire::drain(stream).await;
        let delivered = match answers.remove(0).r#type {
            Some(cmscc::proto::protos::deliver_response::Type::Block(block)) => {
                Bytes::from(block.encode_to_vec())
            }
            other => panic!("{other:?}"),
        };
        let same = format!("{} {}", by_number == config, by_number == delivered);
        self.tell("one block by three ways", &same);
    }

    async fn endorsements(&mut self) {
        let add = |id: &str, by: &Somebody| {
            let args = ["AddOrganization", id, "OrgXMSP", &org_json(), "a member"];
            by.proposal(CHANNEL, CHAINCODE, &args)
        };
        let request = wire::endorse(&add("one", &self.admin));
        self.endorse("a function", request).await;
        let request = wire::endorse(&add("one", &self.user));
        self.endorse("refused", request).await;
        let request = wire::endorse(&self.admin.proposal(CHANNEL, "nosuch", &["f"]));
        self.endorse("another chaincode", request).await;
        let request = wire::endorse(&self.admin.proposal("nochannel", CHAINCODE, &["f"]));
        self.endorse("another channel", request).await;
        self.endorse("no proposal", EndorseRequest::default()).await;
        for (step, targets) in [
            ("both organisations", vec!["Org1MSP", "Org2MSP"]),
            ("one organisation", vec!["Org2MSP"]),
            (
                "organisations that there are not",
                vec!["OrgXMSP", "OrgYMSP"],
            ),
        ] {
            let mut request = wire::endorse(&add("one", &self.admin));
            request.endorsing_organizations = targets.into_iter().map(str::to_owned).collect();
            self.endorse(step, request).await;
        }
        let mut request = wire::endorse(&add("one", &self.user));
        request.endorsing_organizations = vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()];
        self.endorse("refused by both", request).await;
        let mut bad = add("one", &self.admin);
        bad.signed.signature = wire::high_s(&bad.signed.signature);
        self.endorse("high S", wire::endorse(&bad)).await;
        let stamp = wire::stamp_off_by(-3600);
        let late = self
            .admin
            .proposal_at(CHANNEL, CHAINCODE, &["GetConfig"], stamp);
        self.endorse("a clock an hour behind", wire::endorse(&late))
            .await;
        let own = self
            .user
            .proposal(CHANNEL, "qscc", &["GetChainInfo", CHANNEL]);
        self.endorse("a chaincode of the peer's own", wire::endorse(&own))
            .await;
        let request = wire::endorse(&add("one", &self.orderer));
        self.endorse("an orderer", request).await;
    }

    /// Submits; gives the id of the transaction that is committed.
    async fn transactions(&mut self) -> String {
        let args = [
            "AddOrganization",
            "addx",
            "OrgXMSP",
            &org_json(),
            "a member",
        ];
        let proposal = self.admin.proposal(CHANNEL, CHAINCODE, &args);
        let endorsed = self.gateway.endorse(wire::endorse(&proposal)).await;
        let mut envelope = endorsed.unwrap().into_inner().prepared_transaction.unwrap();
        let tx_id = proposal.tx_id.to_string();
        let send =
            |envelope: &common::Envelope| wire::submit(CHANNEL, &tx_id, Some(envelope.clone()));
        let gateway = &mut self.gateway;
        let unsigned = calls::submit(gateway, send(&envelope)).await;
        let nothing = calls::submit(gateway, wire::submit(CHANNEL, &tx_id, None)).await;
        envelope.signature = self.other.sign(&envelope.payload);
        let foreign = calls::submit(gateway, send(&envelope)).await;
        envelope.signature = self.admin.sign(&envelope.payload);
        let elsewhere = wire::submit("nochannel", &tx_id, Some(envelope.clone()));
        let elsewhere = calls::submit(gateway, elsewhere).await;
        let first = calls::submit(gateway, send(&envelope)).await;
        let second = calls::submit(gateway, send(&envelope)).await;
        let status = wire::commit_status(&self.user, CHANNEL, &tx_id);
        let committed = calls::commit_status(gateway, status).await;
        let again = calls::evaluate(gateway, wire::evaluate(&proposal)).await;
        for (step, answer) in [
            ("unsigned", unsigned),
            ("nothing", nothing),
            ("signed by somebody else", foreign),
            ("another channel", elsewhere),
            ("a transaction", first),
            ("the same once more", second),
            ("committed", committed),
            ("its proposal once more", again),
        ] {
            self.tell(&format!("submit: {step}"), &answer);
        }
        let args = ["GetTransactionByID", CHANNEL, &tx_id];
        self.ask("qscc: a transaction", "qscc", &args).await;
        let args = ["GetBlockByTxID", CHANNEL, &tx_id];
        self.ask("qscc: the block of a transaction", "qscc", &args)
            .await;
        tx_id
    }

    async fn status(&mut self, step: &str, request: SignedCommitStatusRequest) {
        let answer = calls::commit_status(&mut self.gateway, request).await;
        self.tell(&format!("commit status: {step}"), &answer);
    }

    async fn statuses(&mut self, tx_id: &str) {
        let of = |by: &Somebody, channel: &str, id: &str| wire::commit_status(by, channel, id);
        let request = of(&self.other, CHANNEL, tx_id);
        self.status("of others", request).await;
        let request = of(&self.user, CHANNEL, &"ab".repeat(32));
        self.status("unknown", request).await;
        let request = of(&self.user, CHANNEL, "");
        self.status("no id", request).await;
        let request = of(&self.user, "", tx_id);
        self.status("no channel", request).await;
        let request = of(&self.user, "nochannel", tx_id);
        self.status("another channel", request).await;
        let request = of(&self.orderer, CHANNEL, tx_id);
        self.status("an orderer", request).await;
        self.status("nothing", SignedCommitStatusRequest::default())
            .await;
        let mut request = of(&self.user, CHANNEL, tx_id);
        request.signature = wire::high_s(&request.signature);
        self.status("high S", request).await;
    }

    async fn stream(&mut self, step: &str, request: SignedChaincodeEventsRequest) {
        let answer = calls::events(&mut self.gateway, request).await;
        self.tell(&format!("events: {step}"), &answer);
    }

    async fn events(&mut self, tx_id: &str) {
        let unknown = "ab".repeat(32);
        let cases = [
            ("from the first block", at(0), ""),
            ("from now on", None, ""),
            (
                "from the next commit on",
                Some(Position::NextCommit(SeekNextCommit {})),
                "",
            ),
            ("from a block to come", at(9999), ""),
            ("after a transaction", at(9999), tx_id),
            (
                "after an unknown transaction, from a block",
                at(0),
                &unknown,
            ),
            ("after an unknown transaction", None, &unknown),
            ("from the oldest", Some(Position::Oldest(SeekOldest {})), ""),
            ("from the newest", newest(), ""),
        ];
        for (step, start, after) in cases {
            let request = wire::events(&self.user, (CHANNEL, CHAINCODE), start, after);
            self.stream(step, request).await;
        }
        let request = wire::events(&self.user, (CHANNEL, "other"), at(0), "");
        self.stream("another chaincode", request).await;
        let request = wire::events(&self.user, ("nochannel", CHAINCODE), at(0), "");
        self.stream("another channel", request).await;
        let request = wire::events(&self.orderer, (CHANNEL, CHAINCODE), at(0), "");
        self.stream("an orderer", request).await;
        self.stream("nothing", SignedChaincodeEventsRequest::default())
            .await;
    }
}

/// Leaves out what differs from run to run: addresses, digests, times, numbers of blocks.
fn normalised(told: &str, place: &Place) -> String {
    let mut text = told.to_owned();
    for (org, address) in &place.peers {
        text = text.replace(address.as_str(), &format!("<{org}>"));
        // peers that listen at other ports than their config says
        text = text.replace(
            &format!("peer0.{org}.example.com:7051"),
            &format!("<{org}>"),
        );
    }
    text = text.replace(&place.orderer, "<orderer>");
    let mut out = String::new();
    for line in text.lines() {
        let mut words = Vec::new();
        for word in line.split(' ') {
            words.push(plain(word));
        }
        out += &words.join(" ");
        out.push('\n');
    }
    out
}

/// A word without digests and times.
fn plain(word: &str) -> String {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_hex = bare.len() >= 32 && bare.bytes().all(|b| b.is_ascii_hexdigit());
    let is_time = bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes()[10] == b'T';
    match (is_hex, is_time) {
        (true, _) => word.replace(bare, "<hex>"),
        (_, true) => word.replace(bare, "<time>"),
        _ => word.to_owned(),
    }
}
