//! Settings by agreement, attestations and the gate, the slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};

use cmscc::{
    ids::Digest,
    proto::{
        cmscc::{Settings, SettingsChange},
        common::{Capabilities, Config, ConfigUpdate},
    },
};
use prost::Message;

use super::proposals::{Intent, Model, Open, Refusal, Standing, Who, application};

/// The levels of the application that proposals raise here.
pub(crate) const LEVELS: [&str; 2] = ["V2_0", "V2_5"];

/// What a settings proposal wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) capabilities: BTreeSet<&'static str>,
    pub(crate) enforced: bool,
    /// Empty: none.
    pub(crate) policy: String,
}

impl Wish {
    /// What the first bootstrap writes.
    fn first() -> Self {
        Self {
            capabilities: BTreeSet::from(["V1_0"]),
            enforced: false,
            policy: String::new(),
        }
    }
}

/// What is agreed, and what members said of their nodes.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) wish: Wish,
    pub(crate) version: u64,
    instance: String,
    /// The levels that an organisation attested, and at which sequence.
    pub(crate) attested: BTreeMap<&'static str, (BTreeSet<String>, u64)>,
}

impl Agreed {
    pub(crate) fn new() -> Self {
        Self {
            wish: Wish::first(),
            version: 0,
            instance: "0".repeat(64),
            attested: BTreeMap::new(),
        }
    }

    fn settings(&self, wish: &Wish, version: u64) -> Settings {
        Settings {
            instance: self.instance.clone(),
            version: Some(version),
            capabilities: wish.capabilities.iter().map(|c| (*c).to_owned()).collect(),
            gate: if wish.enforced { 2 } else { 1 },
            endorsement_policy: wish.policy.clone(),
        }
    }

    /// The settings as they lie on the ledger.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.settings(&self.wish, self.version).encode_to_vec()
    }

    /// What would be signed now for a wish.
    fn to_sign(&self, id: &str, wish: &Wish) -> Vec<u8> {
        let change = SettingsChange {
            instance: self.instance.clone(),
            version: self.version + 1,
            current_sha256: Digest::of(&self.stored()).as_bytes().to_vec().into(),
            proposal_id: id.to_owned(),
            settings: Some(self.settings(wish, self.version + 1)),
        };
        let update = ConfigUpdate {
            channel_id: "mychannel".to_owned(),
            isolated_data: [("cmscc.settings".to_owned(), change.encode_to_vec().into())].into(),
            ..ConfigUpdate::default()
        };
        update.encode_to_vec()
    }
}

impl Model {
    fn check_wish(&self, wish: &Wish) -> Result<(), Refusal> {
        if !self.agreed.wish.capabilities.is_subset(&wish.capabilities) {
            return Err("CAPABILITY_DROPPED");
        }
        let known = match wish.policy.strip_prefix("/Channel/Application/") {
            Some(name) => application(&self.config).policies.contains_key(name),
            None => wish.policy.is_empty() || wish.policy.starts_with("OR('"),
        };
        match known {
            true => Ok(()),
            false => Err("BAD_POLICY"),
        }
    }

    pub(crate) fn propose_settings(
        &mut self,
        who: Who,
        id: &str,
        wish: &Wish,
        deadline: Option<i64>,
    ) -> Result<(), Refusal> {
        self.unused(who, id)?;
        if *wish == self.agreed.wish {
            return Err("NOTHING_TO_CHANGE");
        }
        if wish.capabilities.contains("V1_1") && !cfg!(feature = "test-capability") {
            return Err("CONTRACT_CAPABILITY");
        }
        self.check_wish(wish)?;
        let bytes = self.agreed.to_sign(id, wish);
        let mut open = Open::new(who, self.config.sequence, bytes, deadline);
        open.wish = Some(wish.clone());
        self.open.insert(id.to_owned(), open);
        Ok(())
    }

    pub(crate) fn settings_standing(&self, id: &str, open: &Open, wish: &Wish) -> Standing {
        if open.withdrawn {
            Standing::Withdrawn
        } else if *wish == self.agreed.wish {
            Standing::AlreadyInEffect
        } else if self.check_wish(wish).is_err() {
            Standing::Broken
        } else if open.current().1 != self.agreed.to_sign(id, wish) {
            Standing::Outofdate { conflicts: false }
        } else {
            Standing::Open
        }
    }

    /// The update that a proposal would have if it were made now.
    pub(crate) fn fresh(&self, id: &str) -> Vec<u8> {
        let open = &self.open[id];
        match &open.wish {
            Some(wish) => self.agreed.to_sign(id, wish),
            None => self.update_to(&self.intended(&open.intent)).unwrap(),
        }
    }

    pub(crate) fn apply_settings(&mut self, who: Who, id: &str, now: i64) -> Result<(), Refusal> {
        self.admin(who)?;
        self.demand_open(id)?;
        let Some(wish) = self.open[id].wish.clone() else {
            return Err("WRONG_KIND");
        };
        if self.status(id, now) != "ReadyToSubmit" {
            return Err("WRONG_STATUS");
        }
        self.agreed.wish = wish;
        self.agreed.version += 1;
        self.finish(id, "Submitted");
        Ok(())
    }

    pub(crate) fn attest(&mut self, who: Who, levels: &[&str]) -> Result<(), Refusal> {
        self.admin(who)?;
        let levels = levels.iter().map(|level| (*level).to_owned()).collect();
        let said = (levels, self.config.sequence);
        self.agreed.attested.insert(who.msp, said);
        Ok(())
    }

    /// Whether the gate holds back what this intent raises.
    pub(crate) fn is_held(&self, intent: &Intent) -> bool {
        let now = levels(&self.config);
        let raised: BTreeSet<String> = &levels(&self.intended(intent)) - &now;
        let attested = |org: &String| {
            let said = self.agreed.attested.get(org.as_str());
            let counting = said.filter(|(_, at)| self.was_member_since(org, *at));
            counting.is_some_and(|(levels, _)| raised.is_subset(levels))
        };
        let all = raised.is_empty() || self.members.keys().all(attested);
        self.agreed.wish.enforced && !all
    }
}

/// The levels that a config declares for the application.
fn levels(config: &Config) -> BTreeSet<String> {
    let value = &application(config).values["Capabilities"].value;
    let declared = Capabilities::decode(value.clone()).unwrap();
    declared.capabilities.into_keys().collect()
}
