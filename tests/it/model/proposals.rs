//! The proposal machine, the slow and obvious way: everything is kept, every answer is worked out
//! anew from the config, the chain and what people did.

use std::collections::{BTreeMap, BTreeSet};

use cmscc::proto::common::{
    Config, ConfigGroup, ConfigPolicy, ConfigUpdate, ImplicitMetaPolicy, Policy,
};
use prost::Message;

use super::{
    settings::{Agreed, LEVELS, Wish},
    update,
};

/// Somebody who calls or signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    pub(crate) msp: &'static str,
    pub(crate) name: &'static str,
}

impl Who {
    fn is_admin(self) -> bool {
        self.name.starts_with("Admin")
    }
}

/// An element of the config that proposals change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// The application's capability levels; the choice is whether the newest is one of them.
    Level,
    /// The orderer's batch timeout; the choice is its seconds.
    Timeout,
    /// A policy in the Application group; the choice is its rule, as in the two below.
    Shared(&'static str),
    /// A policy in an organisation's own group.
    Own(&'static str),
    /// The group of a new organisation; there is no choice.
    OrgY,
}

/// What a proposal wants: a choice for each of its elements.
pub(crate) type Intent = BTreeMap<Element, u8>;

/// Whose signatures an element takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Decider {
    Majority,
    Orderer,
    Org(&'static str),
}

impl Element {
    const fn decider(self) -> Decider {
        match self {
            Self::Timeout => Decider::Orderer,
            Self::Level | Self::Shared(_) | Self::OrgY => Decider::Majority,
            Self::Own(org) => Decider::Org(org),
        }
    }
}

/// A proposal that is not archived.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) owner: &'static str,
    proposed: u64,
    /// Of a config update.
    pub(crate) intent: Intent,
    /// Of a settings proposal.
    pub(crate) wish: Option<Wish>,
    /// Number and serialized update.
    pub(crate) revisions: Vec<(u64, Vec<u8>)>,
    /// What its elements contained when the last revision was made.
    touched: BTreeMap<Element, Option<Vec<u8>>>,
    pub(crate) deadline: Option<i64>,
    pub(crate) withdrawn: bool,
    sources: BTreeSet<String>,
    pub(crate) signatures: BTreeSet<(u64, Who)>,
    /// Revision and organisation; the head's sequence then, and the reason.
    pub(crate) votes: BTreeMap<(u64, &'static str), (u64, String)>,
}

impl Open {
    /// A proposal with its first revision, and without an intent.
    pub(crate) fn new(who: Who, sequence: u64, bytes: Vec<u8>, deadline: Option<i64>) -> Self {
        Self {
            owner: who.msp,
            proposed: sequence,
            intent: Intent::new(),
            wish: None,
            revisions: vec![(1, bytes)],
            touched: BTreeMap::new(),
            deadline,
            withdrawn: false,
            sources: BTreeSet::new(),
            signatures: BTreeSet::new(),
            votes: BTreeMap::new(),
        }
    }

    pub(crate) fn current(&self) -> &(u64, Vec<u8>) {
        self.revisions.last().unwrap()
    }
}

/// An archived proposal.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: &'static str,
    pub(crate) open: Open,
}

/// What is known of a proposal without signatures, votes and deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Submitted,
    AlreadyInEffect,
    Withdrawn,
    Broken,
    Outofdate { conflicts: bool },
    Open,
}

/// Why a call is refused.
pub(crate) type Refusal = &'static str;

/// Everything that the contract should know.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) config: Config,
    /// The update that led to each known sequence; `None` where none did.
    pub(crate) chain: BTreeMap<u64, Option<Vec<u8>>>,
    pub(crate) members: BTreeMap<String, u64>,
    pub(crate) agreed: Agreed,
    pub(crate) open: BTreeMap<String, Open>,
    pub(crate) archive: BTreeMap<String, Finished>,
    /// Into which proposal of an organisation a source was combined last.
    combined: BTreeMap<(String, &'static str), String>,
    orgy: ConfigGroup,
}

pub(crate) fn application(config: &Config) -> &ConfigGroup {
    &config.channel_group.as_ref().unwrap().groups["Application"]
}

/// Changes one element; versions are left alone.
pub(crate) fn set(config: &mut Config, element: Element, choice: u8, orgy: &ConfigGroup) {
    let root = config.channel_group.as_mut().unwrap();
    if element == Element::Timeout {
        let orderer = root.groups.get_mut("Orderer").unwrap();
        let value = orderer.values.get_mut("BatchTimeout").unwrap();
        value.value = timeout(choice).into();
        return;
    }
    let application = root.groups.get_mut("Application").unwrap();
    if element == Element::Level {
        let value = application.values.get_mut("Capabilities").unwrap();
        value.value = levels(choice).into();
        return;
    }
    let (group, name) = match element {
        Element::Shared(name) => (application, name),
        Element::Own(org) => (application.groups.get_mut(org).unwrap(), "Extra"),
        Element::OrgY | Element::Level | Element::Timeout => {
            let group = update::without_versions(orgy);
            application.groups.insert("OrgYMSP".to_owned(), group);
            return;
        }
    };
    let rule = ImplicitMetaPolicy {
        sub_policy: "Admins".to_owned(),
        rule: choice.into(),
    };
    let version = group.policies.get(name).map_or(0, |old| old.version);
    let policy = ConfigPolicy {
        version,
        mod_policy: "Admins".to_owned(),
        policy: Some(Policy {
            r#type: 3,
            value: rule.encode_to_vec().into(),
        }),
    };
    group.policies.insert(name.to_owned(), policy);
}

fn levels(newest: u8) -> Vec<u8> {
    let names = &LEVELS[..=usize::from(newest)];
    let mut bytes = Vec::new();
    for name in names {
        // as Go writes a map: an empty value is there
        let length = u8::try_from(name.len()).unwrap();
        bytes.extend([10, length + 4, 10, length]);
        bytes.extend(name.bytes());
        bytes.extend([18, 0]);
    }
    bytes
}

fn timeout(seconds: u8) -> Vec<u8> {
    let text = format!("{seconds}s");
    let mut bytes = vec![10, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.bytes());
    bytes
}

/// What an element contains, versions aside.
fn content(config: &Config, element: Element) -> Option<Vec<u8>> {
    let root = update::without_versions(config.channel_group.as_ref().unwrap());
    let application = &root.groups["Application"];
    match element {
        Element::Timeout => Some(root.groups["Orderer"].values["BatchTimeout"].encode_to_vec()),
        Element::Level => Some(application.values["Capabilities"].encode_to_vec()),
        Element::Shared(name) => application.policies.get(name).map(Message::encode_to_vec),
        Element::Own(org) => {
            let policies = &application.groups[org].policies;
            policies.get("Extra").map(Message::encode_to_vec)
        }
        Element::OrgY => application
            .groups
            .get("OrgYMSP")
            .map(Message::encode_to_vec),
    }
}

impl Model {
    /// Begins with the config of sequence 0.
    pub(crate) fn new(config: Config, orgy: ConfigGroup) -> Self {
        let members = application(&config).groups.keys();
        Self {
            members: members.map(|org| (org.clone(), 0)).collect(),
            chain: BTreeMap::from([(0, None)]),
            config,
            open: BTreeMap::new(),
            archive: BTreeMap::new(),
            agreed: Agreed::new(),
            combined: BTreeMap::new(),
            orgy,
        }
    }

    pub(crate) fn is_member(&self, msp: &str) -> bool {
        self.members.contains_key(msp)
    }

    /// The serialized update from the config to another; `None` where nothing differs.
    pub(crate) fn update_to(&self, next: &Config) -> Option<Vec<u8>> {
        let group = |config: &Config| config.channel_group.clone().unwrap();
        let update = update::compute(&group(&self.config), &group(next))?;
        let update = ConfigUpdate {
            channel_id: "mychannel".to_owned(),
            ..update
        };
        Some(update.encode_to_vec())
    }

    pub(crate) fn intended(&self, intent: &Intent) -> Config {
        let mut config = self.config.clone();
        for (element, choice) in intent {
            set(&mut config, *element, *choice, &self.orgy);
        }
        config
    }

    fn result(&self, bytes: &[u8]) -> Option<ConfigGroup> {
        let update = ConfigUpdate::decode(bytes).unwrap();
        Some(update::apply(&self.config, &update).ok()?.1)
    }

    /// Whether an orderer could take these bytes, given all signatures.
    pub(crate) fn applies(&self, bytes: &[u8]) -> bool {
        self.result(bytes).is_some()
    }

    /// A config update takes effect.
    pub(crate) fn take_effect(&mut self, bytes: &[u8]) {
        self.config.channel_group = Some(self.result(bytes).unwrap());
        self.config.sequence += 1;
        self.chain
            .insert(self.config.sequence, Some(bytes.to_vec()));
        self.count_members();
    }

    /// Operators set a config and say that the sequences from one on were false.
    pub(crate) fn recover(&mut self, config: Config, from: u64) {
        self.chain.retain(|sequence, _| *sequence < from);
        self.chain.insert(config.sequence, None);
        self.config = config;
        self.count_members();
    }

    fn count_members(&mut self) {
        let groups = &application(&self.config).groups;
        self.members.retain(|org, _| groups.contains_key(org));
        let members = &self.members;
        self.agreed
            .attested
            .retain(|org, _| members.contains_key(*org));
        for org in groups.keys() {
            let since = self.members.entry(org.clone());
            since.or_insert(self.config.sequence);
        }
    }

    pub(crate) fn was_member_since(&self, org: &str, sequence: u64) -> bool {
        self.members
            .get(org)
            .is_some_and(|since| *since <= sequence)
    }

    fn in_chain(&self, bytes: &[u8]) -> bool {
        self.chain.values().flatten().any(|led| led == bytes)
    }

    fn any_in_chain(&self, open: &Open) -> bool {
        open.revisions.iter().any(|(_, bytes)| self.in_chain(bytes))
    }

    fn through_another(&self, id: &str) -> bool {
        let mut into = self.combined.iter().filter(|((source, _), _)| source == id);
        into.any(|(_, other)| {
            let open = self.open.get(other);
            let open = open.or_else(|| self.archive.get(other).map(|one| &one.open));
            self.any_in_chain(open.unwrap())
        })
    }

    fn standing(&self, id: &str, count_combined: bool) -> Standing {
        let open = &self.open[id];
        if let Some(wish) = &open.wish {
            return self.settings_standing(id, open, wish);
        }
        let standing = self.unproven(open);
        let proven =
            || self.in_chain(&open.current().1) || (count_combined && self.through_another(id));
        match standing {
            Standing::Open => Standing::Open,
            _ if proven() => Standing::Submitted,
            standing => standing,
        }
    }

    /// What can be said without looking at the chain.
    fn unproven(&self, open: &Open) -> Standing {
        if open.withdrawn {
            return Standing::Withdrawn;
        }
        let plain = |group: &ConfigGroup| update::without_versions(group);
        let intended = self.intended(&open.intent).channel_group.unwrap();
        if plain(&intended) == plain(self.config.channel_group.as_ref().unwrap()) {
            return Standing::AlreadyInEffect;
        }
        match self.result(&open.current().1) {
            Some(result) if plain(&result) == plain(&intended) => Standing::Open,
            _ => Standing::Outofdate {
                conflicts: open.touched != self.touched(&open.intent),
            },
        }
    }

    fn touched(&self, intent: &Intent) -> BTreeMap<Element, Option<Vec<u8>>> {
        let elements = intent.keys();
        elements
            .map(|element| (*element, content(&self.config, *element)))
            .collect()
    }

    /// What decides about a proposal: who decides about the elements that it really changes.
    fn deciders(&self, open: &Open) -> BTreeSet<Decider> {
        if open.wish.is_some() {
            return BTreeSet::from([Decider::Majority]);
        }
        let changing = self.changing(&open.intent);
        changing.keys().map(|element| element.decider()).collect()
    }

    /// The part of an intent that the config is not like already.
    pub(crate) fn changing(&self, intent: &Intent) -> Intent {
        let intended = self.intended(intent);
        let elements = intent.iter().filter(|(element, _)| {
            content(&self.config, **element) != content(&intended, **element)
        });
        elements
            .map(|(element, choice)| (*element, *choice))
            .collect()
    }

    /// Whether organisations, each with an admin, satisfy what decides about a proposal.
    fn satisfies(&self, open: &Open, orgs: &BTreeSet<&str>) -> bool {
        self.deciders(open)
            .into_iter()
            .all(|decider| match decider {
                Decider::Orderer => orgs.contains("OrdererMSP"),
                Decider::Org(org) => orgs.contains(org),
                Decider::Majority => {
                    let groups = &application(&self.config).groups;
                    let signed = groups.keys().filter(|org| orgs.contains(org.as_str()));
                    signed.count() > groups.len() / 2
                }
            })
    }

    /// The status of a proposal that is not archived.
    pub(crate) fn status(&self, id: &str, now: i64) -> &'static str {
        match self.standing(id, true) {
            Standing::Submitted | Standing::AlreadyInEffect => return "Submitted",
            Standing::Withdrawn => return "Withdrawn",
            Standing::Broken => return "Broken",
            Standing::Outofdate { .. } => return "Outofdate",
            Standing::Open => {}
        }
        let open = &self.open[id];
        let signed = self.signed_by(id);
        if self.satisfies(open, &signed) {
            return match open.deadline.is_some_and(|deadline| deadline < now) {
                true => "Expired",
                false if self.is_held(&open.intent) => "WaitingForCapabilities",
                false => "ReadyToSubmit",
            };
        }
        let rejects = |org: &str| {
            let vote = open.votes.get(&(open.current().0, Self::named(org)));
            vote.is_some_and(|(at, _)| self.was_member_since(org, *at))
        };
        let mut possible = signed;
        possible.extend(
            ["OrdererMSP", "Org1MSP", "Org2MSP", "OrgXMSP", "OrgYMSP"]
                .into_iter()
                .filter(|org| !rejects(org)),
        );
        if !self.satisfies(open, &possible) {
            "Rejected"
        } else if open.deadline.is_some_and(|deadline| deadline < now) {
            "Expired"
        } else {
            "WaitingForSignatures"
        }
    }

    /// Whether the older interface lists a proposal.
    pub(crate) fn is_active(&self, id: &str, now: i64) -> bool {
        let open = &self.open[id];
        let over = [Standing::Submitted, Standing::Withdrawn];
        open.wish.is_none()
            && open.deadline.is_none_or(|deadline| deadline >= now)
            && !over.contains(&self.standing(id, true))
    }

    /// The ids of proposals as lists have them: by owner, then by id.
    pub(crate) fn listed<'a>(all: impl Iterator<Item = (&'a String, &'a Open)>) -> Vec<String> {
        let mut ids: Vec<(&str, String)> = all.map(|(id, one)| (one.owner, id.clone())).collect();
        ids.sort();
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// How an archived proposal ended, as it looks now.
    pub(crate) fn outcome(&self, id: &str) -> &'static str {
        let finished = &self.archive[id];
        if finished.open.wish.is_some() {
            finished.outcome
        } else if self.any_in_chain(&finished.open) || self.through_another(id) {
            "Submitted"
        } else if finished.outcome == "Submitted" {
            "Disowned"
        } else {
            finished.outcome
        }
    }

    fn named(org: &str) -> &'static str {
        ["OrdererMSP", "Org1MSP", "Org2MSP", "OrgXMSP", "OrgYMSP"]
            .into_iter()
            .find(|known| *known == org)
            .unwrap()
    }

    /// The organisations whose admins signed the current revision and are known.
    pub(crate) fn signed_by(&self, id: &str) -> BTreeSet<&'static str> {
        let open = &self.open[id];
        let current = open
            .signatures
            .iter()
            .filter(|(n, _)| *n == open.current().0);
        current
            .map(|(_, who)| who.msp)
            .filter(|msp| self.is_known(msp))
            .collect()
    }

    fn is_known(&self, msp: &str) -> bool {
        msp == "OrdererMSP" || self.is_member(msp)
    }

    pub(crate) fn admin(&self, who: Who) -> Result<(), Refusal> {
        match who {
            _ if !self.is_known(who.msp) => Err("UNKNOWN_ORGANIZATION"),
            _ if !self.is_member(who.msp) => Err("NOT_MEMBER"),
            _ if !who.is_admin() => Err("NOT_ADMIN"),
            _ => Ok(()),
        }
    }

    pub(crate) fn demand_open(&self, id: &str) -> Result<(), Refusal> {
        match () {
            () if self.open.contains_key(id) => Ok(()),
            () if self.archive.contains_key(id) => Err("WRONG_STATUS"),
            () => Err("UNKNOWN_PROPOSAL"),
        }
    }

    /// Whether another proposal of the organisation has these bytes.
    fn is_taken(&self, owner: &str, bytes: &[u8], id: &str) -> bool {
        let mut others = self.others_of(owner, id);
        others.any(|(_, open)| open.current().1 == bytes)
    }

    /// What else an organisation has open, withdrawn ones left out.
    fn others_of<'a>(
        &'a self,
        owner: &'a str,
        id: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Open)> {
        let open = self.open.iter();
        open.filter(move |(other, open)| *other != id && open.owner == owner && !open.withdrawn)
    }

    pub(crate) fn unused(&self, who: Who, id: &str) -> Result<(), Refusal> {
        self.admin(who)?;
        match self.open.contains_key(id) || self.archive.contains_key(id) {
            true => Err("ID_USED"),
            false => Ok(()),
        }
    }

    pub(crate) fn propose(
        &mut self,
        who: Who,
        id: &str,
        intent: &Intent,
        deadline: Option<i64>,
    ) -> Result<(), Refusal> {
        self.unused(who, id)?;
        if intent.contains_key(&Element::OrgY) && self.is_member("OrgYMSP") {
            return Err("ORGANIZATION_EXISTS");
        }
        self.store(who, id, intent, deadline, BTreeSet::new())
    }

    fn store(
        &mut self,
        who: Who,
        id: &str,
        intent: &Intent,
        deadline: Option<i64>,
        sources: BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let Some(bytes) = self.update_to(&self.intended(intent)) else {
            return Err("NOTHING_TO_CHANGE");
        };
        if self.is_taken(who.msp, &bytes, id) {
            return Err("UPDATE_TAKEN");
        }
        let holds_one = |(other, open): (&String, &Open)| {
            !sources.contains(other) && !open.sources.is_disjoint(&sources)
        };
        if self.others_of(who.msp, id).any(holds_one) {
            return Err("ALREADY_COMBINED");
        }
        for source in &sources {
            let place = (source.clone(), who.msp);
            self.combined.insert(place, id.to_owned());
        }
        let open = Open {
            intent: intent.clone(),
            touched: self.touched(intent),
            sources,
            ..Open::new(who, self.config.sequence, bytes, deadline)
        };
        self.open.insert(id.to_owned(), open);
        Ok(())
    }

    pub(crate) fn combine(&mut self, who: Who, id: &str, ids: &[String]) -> Result<(), Refusal> {
        let different: BTreeSet<&String> = ids.iter().collect();
        if different.len() < 2 {
            return Err("TOO_FEW");
        }
        self.unused(who, id)?;
        let mut union = Intent::new();
        let mut sources = BTreeSet::new();
        for source in ids {
            self.demand_open(source)?;
            if self.open[source].wish.is_some() {
                return Err("WRONG_KIND");
            }
            if self.standing(source, true) != Standing::Open {
                return Err("WRONG_STATUS");
            }
            for (element, choice) in &self.open[source].intent {
                if union
                    .insert(*element, *choice)
                    .is_some_and(|other| other != *choice)
                {
                    return Err("INTENTS_CONFLICT");
                }
            }
            sources.extend(self.open[source].sources.iter().cloned());
            sources.insert(source.clone());
        }
        self.store(who, id, &union, None, sources)
    }

    /// Adds a signature on a revision that is the current one or not. Whether it is new.
    pub(crate) fn sign(&mut self, signer: Who, id: &str, revision: u64) -> Result<bool, Refusal> {
        self.demand_open(id)?;
        if self.standing(id, false) != Standing::Open {
            return Err("WRONG_STATUS");
        }
        if !self.is_known(signer.msp) {
            return Err("SIGNER_UNKNOWN");
        }
        let open = &self.open[id];
        let current = open.current().0;
        let bytes = |n: u64| open.revisions.iter().find(|(number, _)| *number == n);
        if bytes(revision).map(|(_, b)| b) != bytes(current).map(|(_, b)| b) {
            return Err("SIGNATURE_INVALID");
        }
        let concerned = self
            .deciders(open)
            .into_iter()
            .any(|decider| match decider {
                Decider::Majority => self.is_member(signer.msp),
                Decider::Orderer => signer.msp == "OrdererMSP",
                Decider::Org(org) => signer.msp == org,
            });
        if !concerned || !signer.is_admin() {
            return Err("SIGNER_NOT_CONCERNED");
        }
        let open = self.open.get_mut(id).unwrap();
        Ok(open.signatures.insert((current, signer)))
    }

    pub(crate) fn reject(&mut self, who: Who, id: &str, reason: &str) -> Result<(), Refusal> {
        self.admin(who)?;
        self.demand_open(id)?;
        match self.standing(id, true) {
            Standing::Open | Standing::Outofdate { .. } => {}
            _ => return Err("WRONG_STATUS"),
        }
        let vote = (self.config.sequence, reason.to_owned());
        let open = self.open.get_mut(id).unwrap();
        open.votes.insert((open.current().0, who.msp), vote);
        Ok(())
    }

    fn remains(&self, open: &Open) -> bool {
        self.was_member_since(open.owner, open.proposed)
    }

    fn owns(&self, who: Who, open: &Open) -> bool {
        open.owner == who.msp && self.remains(open)
    }

    pub(crate) fn withdraw(&mut self, who: Who, id: &str) -> Result<(), Refusal> {
        self.admin(who)?;
        self.demand_open(id)?;
        if !self.owns(who, &self.open[id]) {
            return Err("NOT_OWNER");
        }
        if self.open[id].withdrawn || self.standing(id, true) == Standing::Submitted {
            return Err("WRONG_STATUS");
        }
        self.open.get_mut(id).unwrap().withdrawn = true;
        Ok(())
    }

    pub(crate) fn delete(&mut self, who: Who, id: &str) -> Result<(), Refusal> {
        self.admin(who)?;
        match self.demand_open(id) {
            Err("WRONG_STATUS") => return Err("ID_USED"),
            other => other?,
        }
        let open = &self.open[id];
        if self.remains(open) && !self.owns(who, open) {
            return Err("NOT_OWNER");
        }
        let outcome = match self.any_in_chain(open) || self.through_another(id) {
            true => "Submitted",
            false => "Withdrawn",
        };
        self.finish(id, outcome);
        Ok(())
    }

    pub(crate) fn finish(&mut self, id: &str, outcome: &'static str) {
        let open = self.open.remove(id).unwrap();
        self.archive
            .insert(id.to_owned(), Finished { outcome, open });
    }

    pub(crate) fn update(&mut self, who: Who, mode: u8, ids: &[String]) -> Result<(), Refusal> {
        self.admin(who)?;
        for id in ids {
            self.demand_open(id)?;
        }
        let named = !ids.is_empty();
        let ids = match ids {
            [] => self.open.keys().cloned().collect(),
            ids => ids.to_vec(),
        };
        // one transaction does not see what it writes
        let before = self.clone();
        let mut given = BTreeSet::new();
        for id in &ids {
            let open = &before.open[id];
            let mine = before.owns(who, open);
            let mine_or_nobodys = mine || !before.remains(open);
            // of others only what is named is asked what it was combined into
            match before.standing(id, named || mine_or_nobodys) {
                Standing::Submitted if mode & 2 != 0 => self.finish(id, "Submitted"),
                Standing::AlreadyInEffect if mode & 2 != 0 && mine_or_nobodys => {
                    self.finish(id, "AlreadyInEffect");
                }
                Standing::Broken if mode & 1 != 0 && mine_or_nobodys => self.finish(id, "Broken"),
                Standing::Outofdate { conflicts } if mine => {
                    let flag = if conflicts { 8 } else { 4 };
                    let bytes = before.fresh(id);
                    let taken = before.is_taken(who.msp, &bytes, id) || given.contains(&bytes);
                    if mode & flag != 0 && !taken {
                        given.insert(bytes.clone());
                        let nested = before
                            .others_of(who.msp, id)
                            .any(|(_, other)| other.sources.contains(id));
                        for source in open.sources.iter().filter(|_| !nested) {
                            let place = (source.clone(), who.msp);
                            self.combined.insert(place, id.clone());
                        }
                        let touched = before.touched(&open.intent);
                        let open = self.open.get_mut(id).unwrap();
                        let next = open.current().0 + 1;
                        let signatures = &open.signatures;
                        open.revisions
                            .retain(|(n, _)| signatures.iter().any(|(on, _)| on == n));
                        let mut kept: BTreeSet<u64> =
                            open.revisions.iter().map(|(n, _)| *n).collect();
                        kept.insert(next - 1);
                        open.votes.retain(|(on, _), _| kept.contains(on));
                        open.revisions.push((next, bytes));
                        open.touched = touched;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
