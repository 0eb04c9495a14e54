//! Trips of proposals from their first call to their archive, on copies of a walk's ledger.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::stub::Response;
use prost::Message;
use serde_json::json;

use super::{
    super::{
        calls::{
            Call, add_organization, add_orgnization, add_signature, apply_settings, cmcc,
            combine_proposals, delete_proposal, export_proposal, get_capabilities, get_config,
            get_config_chain, get_history, get_proposal, get_settings, list_proposals,
            propose_config_update, propose_settings, reconfig_organization_msp,
            reconfig_orgnization_msp, reject_proposal, sync_config, update_proposals,
            withdraw_proposal,
        },
        captures::CAPTURES,
        people::{Person, base64, person},
        world::World,
    },
    intents::{MSP_CHANGES, PATCHES},
    questions::{Questions, Recorded, member, to_sign},
    recorder::Recorder,
};

impl Questions<'_> {
    /// One proposal from its first call to its archive, on a copy of the ledger.
    pub(super) async fn trip<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let config = copy.channel_group().await;
        let groups = &config["groups"]["Application"]["groups"];
        let org = CAPTURES[0].file("add-orgy/org.json");
        let call = match self.dice.roll(8) {
            0 => {
                let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
                self.dice.one(MSP_CHANGES)(&mut value, groups);
                reconfig_organization_msp("trip", &value)
            }
            1 => add_organization("trip", "New", &org),
            _ => {
                let intent = self.dice.roll(PATCHES.len());
                propose_config_update("trip", &PATCHES[intent].patch(&config))
            }
        };
        if self.submit(&mut copy, &org1, call).await.is_success() {
            self.travel(&mut copy).await;
        }
    }

    async fn submit<W: Write>(
        &self,
        copy: &mut World<&Recorder<W>>,
        who: &Person,
        call: impl Into<Call>,
    ) -> Response {
        let call = copy.invocation(who, call);
        copy.submit(&call).await.0
    }

    async fn travel<W: Write>(&mut self, copy: &mut World<&Recorder<W>>) {
        let org1 = person("Org1MSP");
        let show = get_proposal("trip");
        let shown = self.submit(copy, &org1, &show).await;
        let update = to_sign(&shown).unwrap();
        for signer in 0..5 {
            let signature = self.people[signer].config_signature(&update);
            let signature = base64(&signature.encode_to_vec());
            self.submit(copy, &org1, add_signature("trip", &signature))
                .await;
            if signer == 1 {
                self.submit(copy, &org1, &show).await;
            }
        }
        if self.dice.roll(3) == 0 {
            let org2 = person("Org2MSP");
            self.submit(copy, &org2, reject_proposal("trip", "not this one"))
                .await;
        }
        let shown = self.submit(copy, &org1, &show).await;
        let (one, other) = (self.id(copy, "proposal"), self.id(copy, "proposal"));
        for call in [
            export_proposal("trip"),
            cmcc::get_proposal("trip"),
            list_proposals().options(r#"{"conflicts":true}"#),
            combine_proposals("both", &["trip", &one]),
            combine_proposals("all", &[&other, "trip", &one]),
        ] {
            self.submit(copy, &org1, call).await;
        }
        let Some(envelope) = member(&shown, "config_update_envelope_to_submit") else {
            return;
        };
        let block = copy.ordered(&STANDARD.decode(envelope).unwrap().into());
        for call in [
            sync_config(&block),
            get_proposal("trip"),
            list_proposals().options(r#"{"conflicts":true}"#),
            get_capabilities(),
            get_settings(),
            update_proposals().mode(15),
            sync_config(&block),
            get_proposal("trip"),
            export_proposal("trip"),
            list_proposals(),
            get_history(),
            get_config(),
            get_config_chain(),
        ] {
            self.submit(copy, &org1, call).await;
        }
    }

    /// The older interface, combinations and one's own MSP, on a copy of the ledger.
    pub(super) async fn older_names<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let config = copy.channel_group().await;
        let groups = &config["groups"]["Application"]["groups"];
        let mut value = groups["Org1MSP"]["values"]["MSP"].clone();
        MSP_CHANGES[0](&mut value, groups);
        let msp = value.clone();
        value["mod_policy"] = json!("Readers");
        let (one, other) = (PATCHES[0].patch(&config), PATCHES[8].patch(&config));
        for call in [
            propose_config_update("trip-1", &one),
            propose_config_update("trip-2", &other),
            combine_proposals("trip-3", &["trip-2", "trip-1"]),
            reconfig_organization_msp("trip-4", &msp),
            reconfig_orgnization_msp("trip-5", &value),
        ] {
            self.submit(&mut copy, &org1, call).await;
        }
        let show = get_proposal("trip-1");
        let update = to_sign(&self.submit(&mut copy, &org1, &show).await).unwrap();
        let given = base64(&update);
        let orderer = person("OrdererMSP");
        let signature = orderer.signed(&update);
        self.submit(&mut copy, &org1, withdraw_proposal("trip-1"))
            .await;
        let org = CAPTURES[0].file("add-orgy/org.json");
        for call in [
            add_orgnization("trip-7", "New", &org),
            cmcc::propose_config_update("trip-6", &given),
            cmcc::get_proposal("trip-6"),
            cmcc::add_signature("trip-6", &signature),
            cmcc::add_signature("trip-6", &signature),
            cmcc::get_proposals(),
            list_proposals().options(r#"{"conflicts":true}"#),
            get_proposal("trip-3"),
            cmcc::delete_proposal("trip-6"),
            cmcc::get_proposal("trip-6"),
            withdraw_proposal("trip-2"),
            delete_proposal("trip-4"),
            update_proposals().mode(15),
            list_proposals(),
            get_history(),
        ] {
            self.submit(&mut copy, &org1, call).await;
        }
    }

    /// Settings from their proposal to their effect, on a copy of the ledger.
    pub(super) async fn settings_trip<W: Write>(&mut self, world: &Recorded<W>) {
        let mut copy = world.with(&world.server);
        let org1 = person("Org1MSP");
        let settings = self.dice.one(&[
            r#"{"gate":"enforced","endorsement_policy":"/Channel/Application/Endorsement"}"#,
            r#"{"endorsement_policy":"AND('Org1MSP.peer', 'Org2MSP.peer')"}"#,
            r#"{"endorsement_policy":"/Channel/Application/LifecycleEndorsement","gate":"advisory"}"#,
        ]);
        if !self
            .submit(&mut copy, &org1, propose_settings("trip", settings))
            .await
            .is_success()
        {
            return;
        }
        let show = get_proposal("trip");
        let update = to_sign(&self.submit(&mut copy, &org1, &show).await).unwrap();
        for signer in 0..5 {
            let signature = self.people[signer].config_signature(&update);
            let signature = base64(&signature.encode_to_vec());
            self.submit(&mut copy, &org1, add_signature("trip", &signature))
                .await;
        }
        for call in [
            show.clone(),
            apply_settings("trip"),
            show,
            get_settings(),
            update_proposals().mode(15),
            export_proposal("trip"),
            get_history(),
        ] {
            self.submit(&mut copy, &org1, call).await;
        }
    }
}
