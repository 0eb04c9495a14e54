//! The calls of single nodes: blocks, proposals, envelopes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::{
    config::envelope,
    ids::ChannelId,
    proto::{
        common::{self, HeaderType},
        orderer::{SeekOldest, seek_position::Type as Position},
    },
    transaction::{sign_config_update, submission},
};
use prost::Message;
use serde_json::Value;

use super::{
    super::wire::{self, Somebody},
    calls::{self, CHAINCODE, CHANNEL, Seek, at, newest},
    script::Play,
};

impl Play<'_> {
    pub(super) async fn blocks(&mut self) {
        let seeks = || {
            let beyond = Seek::new(at(9999), at(9999));
            let backwards = Seek::new(at(1), at(0));
            let mut elsewhere = Seek::new(at(0), at(0));
            elsewhere.channel = "nochannel";
            let mut late = Seek::new(at(0), at(0));
            late.stamp = wire::stamp_off_by(-3600);
            let mut waits = Seek::new(at(9999), at(9999));
            waits.fail_if_not_ready = false;
            let oldest = || Some(Position::Oldest(SeekOldest {}));
            [
                ("the first", Seek::new(at(0), at(0))),
                ("the oldest", Seek::new(oldest(), oldest())),
                ("beyond", beyond),
                ("waiting far beyond", waits),
                ("backwards", backwards),
                ("no start", Seek::new(None, at(0))),
                ("no end", Seek::new(at(0), None)),
                ("another channel", elsewhere),
                ("a clock an hour behind", late),
            ]
        };
        let place = self.place;
        for (step, seek) in seeks() {
            let answer = calls::delivered(place, "org1", seek.signed(&self.user)).await;
            self.tell(&format!("deliver: {step}"), &answer);
        }
        for (step, seek) in seeks() {
            let answer = calls::ordered(place, seek.signed(&self.user)).await;
            self.tell(&format!("orderer's deliver: {step}"), &answer);
        }
        let first = Seek::new(at(0), at(0));
        let answer = calls::observed(place, "org1", first.signed(&self.user)).await;
        self.tell("deliver: the first, filtered", &answer);
        let answer = calls::delivered(place, "org1", first.signed(&self.orderer)).await;
        self.tell("deliver: an orderer", &answer);
        let answer = calls::ordered(place, first.signed(&self.orderer)).await;
        self.tell("orderer's deliver: an orderer", &answer);
        let mut high = first.signed(&self.user);
        high.signature = wire::high_s(&high.signature);
        let answer = calls::delivered(place, "org1", high).await;
        self.tell("deliver: high S", &answer);
        let kind = HeaderType::DeliverSeekInfo;
        let timeless = calls::envelope(&self.user, kind, CHANNEL, None, Vec::new());
        let answer = calls::delivered(place, "org1", timeless).await;
        self.tell("deliver: no time", &answer);
        let answer = calls::delivered(place, "org1", common::Envelope::default()).await;
        self.tell("deliver: an empty envelope", &answer);
        let newest = Seek::new(newest(), newest());
        let answer = calls::observed(place, "org1", newest.signed(&self.user)).await;
        self.tell("deliver: the newest, filtered", &answer);
        let mut headers = newest;
        headers.headers_only = true;
        let answer = calls::delivered(place, "org1", headers.signed(&self.user)).await;
        self.tell("deliver: the newest, header alone", &answer);
    }

    pub(super) async fn single_peers(&mut self) {
        let place = self.place;
        let proposals = [
            (
                "a function",
                self.user.proposal(CHANNEL, CHAINCODE, &["GetConfig"]),
            ),
            (
                "refused",
                self.user
                    .proposal(CHANNEL, CHAINCODE, &["GetProposal", "x"]),
            ),
            (
                "another chaincode",
                self.user.proposal(CHANNEL, "nosuch", &["f"]),
            ),
            (
                "another channel",
                self.user.proposal("nochannel", CHAINCODE, &["f"]),
            ),
            (
                "no channel",
                self.user.proposal("", CHAINCODE, &["GetConfig"]),
            ),
            ("channels", self.user.proposal("", "cscc", &["GetChannels"])),
            (
                "channels, by others",
                self.other.proposal("", "cscc", &["GetChannels"]),
            ),
            (
                "config block, without channel",
                self.user.proposal("", "cscc", &["GetConfigBlock", CHANNEL]),
            ),
            (
                "an own chaincode's refusal",
                self.user.proposal(CHANNEL, "cscc", &["Nothing", "x"]),
            ),
            (
                "an orderer",
                self.orderer.proposal(CHANNEL, CHAINCODE, &["GetConfig"]),
            ),
        ];
        for (step, proposal) in proposals {
            let answer = calls::processed(place, "org1", proposal.signed).await;
            self.tell(&format!("proposal: {step}"), &answer);
        }
        let mut bad = self
            .user
            .proposal(CHANNEL, CHAINCODE, &["GetConfig"])
            .signed;
        bad.signature = wire::high_s(&bad.signature);
        let answer = calls::processed(place, "org1", bad).await;
        self.tell("proposal: high S", &answer);
        let answer = calls::processed(place, "org1", Default::default()).await;
        self.tell("proposal: empty", &answer);
    }

    pub(super) async fn updates(&mut self) {
        let proposal = self
            .user
            .proposal(CHANNEL, CHAINCODE, &["GetProposal", "addx"]);
        let shown = calls::answered(&mut self.gateway, wire::evaluate(&proposal)).await;
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        let unsigned = STANDARD.decode(shown["config_update_to_sign"].as_str().unwrap());
        let unsigned = envelope::read_update_envelope(&unsigned.unwrap().into()).unwrap();
        let update = unsigned.config_update;
        let channel = ChannelId::new(CHANNEL);
        let signed = |by: &Somebody, signers: &[&Somebody]| {
            let signatures = signers.iter().map(|signer| {
                sign_config_update(&update, signer.signer(), &wire::stamp()).unwrap()
            });
            let signatures = signatures.collect();
            let stamp = wire::stamp();
            submission(&channel, update.clone(), signatures, by.signer(), &stamp).unwrap()
        };
        let place = self.place;
        let few = signed(&self.user, &[&self.admin]);
        let answer = calls::broadcast(place, few.clone()).await;
        self.tell("broadcast: too few signatures", &answer);
        let answer = calls::submit(&mut self.gateway, wire::submit(CHANNEL, "", Some(few))).await;
        self.tell("update: too few signatures", &answer);
        let none = signed(&self.user, &[]);
        let answer = calls::submit(&mut self.gateway, wire::submit(CHANNEL, "", Some(none))).await;
        self.tell("update: no signature", &answer);
        let user = signed(&self.user, &[&self.user, &self.other]);
        let answer = calls::submit(&mut self.gateway, wire::submit(CHANNEL, "", Some(user))).await;
        self.tell("update: a user's signature", &answer);
        let mut high = signed(&self.user, &[&self.admin, &self.other]);
        high.signature = wire::high_s(&high.signature);
        let answer = calls::submit(&mut self.gateway, wire::submit(CHANNEL, "", Some(high))).await;
        self.tell("update: high S of the submitter", &answer);
        for (step, kind, to) in [
            ("a config", HeaderType::Config, CHANNEL),
            (
                "an orderer transaction",
                HeaderType::OrdererTransaction,
                CHANNEL,
            ),
            ("an update that is none", HeaderType::ConfigUpdate, CHANNEL),
            ("another channel", HeaderType::ConfigUpdate, "nochannel"),
        ] {
            let envelope = calls::envelope(&self.user, kind, to, None, b"\x0a\x00".to_vec());
            let answer = calls::broadcast(place, envelope).await;
            self.tell(&format!("broadcast: {step}"), &answer);
        }
        let answer = calls::broadcast(place, common::Envelope::default()).await;
        self.tell("broadcast: an empty envelope", &answer);

        // accepted twice, and one block
        let height = self.height().await;
        let good = signed(&self.user, &[&self.admin, &self.other]);
        let send = || wire::submit(CHANNEL, "", Some(good.clone()));
        let mut second = self.place.gateway("org2").await;
        let (a, b) = tokio::join!(
            calls::submit(&mut self.gateway, send()),
            calls::submit(&mut second, send())
        );
        wire::drain_silence().await;
        self.tell("update: enough signatures, twice", &format!("{a}, {b}"));
        let more = self.height().await - height;
        self.tell("update: how many blocks", &more.to_string());
        let answer = calls::submit(&mut self.gateway, send()).await;
        self.tell("update: once more", &answer);
        let newest = || Seek::new(newest(), newest());
        let answer = calls::observed(place, "org1", newest().signed(&self.user)).await;
        self.tell("deliver: a config block, filtered", &answer);
        let mut headers = newest();
        headers.headers_only = true;
        let answer = calls::delivered(place, "org1", headers.signed(&self.user)).await;
        self.tell("deliver: a config block, header alone", &answer);
        let answer = calls::ordered(place, newest().signed(&self.user)).await;
        self.tell("orderer's deliver: a config block", &answer);
        // the third member has no peer
        let args = ["WithdrawProposal", "addx"];
        let request = wire::endorse(&self.admin.proposal(CHANNEL, CHAINCODE, &args));
        self.endorse("with a member more", request).await;
        let args = ["ProposeConfig", "nothing", "{}", "x"];
        let request = wire::endorse(&self.user.proposal(CHANNEL, CHAINCODE, &args));
        self.endorse("refused, with a member more", request).await;
    }

    async fn height(&mut self) -> u64 {
        let proposal = self
            .user
            .proposal(CHANNEL, "qscc", &["GetChainInfo", CHANNEL]);
        let info = calls::answered(&mut self.gateway, wire::evaluate(&proposal)).await;
        common::BlockchainInfo::decode(info).unwrap().height
    }
}
