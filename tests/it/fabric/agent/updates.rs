//! Many updates while peers, the orderer and agents are killed: nothing is lost, nothing else is sent, and each
//! config costs one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use cmscc::ids::Digest;
use serde_json::Value;

use super::{
    super::{net::Net, until},
    fleet::Fleet,
    recorded::Recorded,
};

/// Updates on releases that know channel capability V3_0, and on older ones.
const UPDATES: [usize; 2] = [50, 20];

#[test]
fn agents_that_are_killed_lose_nothing_and_send_nothing_else() {
    let Some(net) = Net::up(0) else { return };
    let mut run = Run::new(&net);
    let count = UPDATES[usize::from(!net.knows("V3_0"))] / 2;
    for at in 0..count {
        run.update(at);
    }
    for (org, msp_id) in [("orgx", "OrgXMSP"), ("orgy", "OrgYMSP")] {
        run.adds(org, msp_id);
    }
    for at in count..2 * count {
        run.update(at);
    }
    run.is_accounted_for();
    run.tells_times();
}

/// What happens to processes, at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Nothing,
    /// The agent that submits, as soon as its journal says that it does.
    AtJournal,
    /// The agent that submits.
    Proposer,
    /// An agent that does not.
    Other,
    /// A peer.
    Peer,
    Orderer,
}

const FAULTS: [Fault; 6] = [
    Fault::Nothing,
    Fault::AtJournal,
    Fault::Proposer,
    Fault::Other,
    Fault::Peer,
    Fault::Orderer,
];

struct Run<'a> {
    fleet: Fleet<'a>,
    dice: Dice,
    /// What is still to happen before all of it has.
    faults: Vec<Fault>,
    /// The digest of each update that was proposed, by its id.
    proposed: BTreeMap<String, Digest>,
    /// From signed enough to recorded, by what happened meanwhile.
    times: BTreeMap<Fault, Vec<Duration>>,
    /// How often an agent ended between its journal and the effect.
    interrupted: usize,
}

impl<'a> Run<'a> {
    fn new(net: &'a Net) -> Self {
        let fleet = Fleet::new(net);
        for org in &fleet.orgs {
            fleet.is_well(org);
        }
        Self {
            fleet,
            dice: Dice(20_261_130),
            faults: Vec::new(),
            proposed: BTreeMap::new(),
            times: BTreeMap::new(),
            interrupted: 0,
        }
    }

    /// One update, from the proposal to its record.
    #[expect(clippy::disallowed_methods, reason = "what is measured is told")]
    fn update(&mut self, at: usize) {
        let id = format!("update{at}");
        let orgs = self.fleet.orgs.clone();
        let proposer = orgs[at % orgs.len()];
        self.fleet.proposes(proposer, &id);
        let digest = self.fleet.digest(proposer, &id);
        self.proposed
            .insert(id.clone(), Digest::from_hex(&digest).unwrap());
        // a majority, beginning with somebody else each time
        for next in 0..=orgs.len() / 2 {
            self.fleet
                .signs(orgs[(at + next) % orgs.len()], &id, &digest);
        }
        let start = Instant::now();
        let fault = self.next_fault();
        self.brings(fault, proposer, &id);
        self.is_recorded(proposer, &id, start);
        self.times.entry(fault).or_default().push(start.elapsed());
        println!(
            "{id} by {proposer}, {fault:?}: {:.1} s",
            start.elapsed().as_secs_f64()
        );
        if start.elapsed() > Duration::from_secs(10) {
            for (org, agent) in &self.fleet.agents {
                println!("{org}'s agent, since it was started:\n{}", agent.log());
            }
        }
    }

    /// Each as often as the others, in an order of the dice.
    fn next_fault(&mut self) -> Fault {
        if self.faults.is_empty() {
            self.faults = FAULTS.to_vec();
        }
        let at = self.dice.below(self.faults.len());
        self.faults.swap_remove(at)
    }

    fn brings(&mut self, fault: Fault, proposer: &'static str, id: &str) {
        let orgs = self.fleet.orgs.clone();
        let any = orgs[self.dice.below(orgs.len())];
        let others: Vec<_> = orgs
            .iter()
            .copied()
            .filter(|org| *org != proposer)
            .collect();
        let other = others[self.dice.below(others.len())];
        if fault == Fault::AtJournal {
            self.kills_at_journal(proposer, id);
            return;
        }
        // somewhere on the way
        thread::sleep(Duration::from_millis(self.dice.below(2_000) as u64));
        match fault {
            Fault::Nothing | Fault::AtJournal => {}
            Fault::Proposer => self.fleet.start(proposer),
            Fault::Other => self.fleet.start(other),
            Fault::Peer => self.fleet.kills_peer(any),
            Fault::Orderer => self.fleet.kills_orderer(),
        }
    }

    /// Ends the agent at once when its journal says that it sends.
    fn kills_at_journal(&mut self, org: &'static str, id: &str) {
        let file = self.fleet.journal_file(org);
        let line = format!("\"proposal_id\":\"{id}\"");
        until("the journal has a line", || {
            // as quick as can be: what is to be met is the moment before the send
            for _ in 0..500 {
                let content = std::fs::read_to_string(&file).unwrap_or_default();
                if content.contains(&line) {
                    return Some(());
                }
                thread::yield_now();
            }
            None
        });
        self.fleet.agents.get_mut(org).unwrap().kill();
        let states: Vec<Value> = self.fleet.journal(org);
        let last = states.iter().rfind(|one| one["proposal_id"] == id).unwrap();
        self.interrupted += usize::from(last["state"] == "sending");
        self.fleet.start(org);
    }

    fn is_recorded(&self, org: &str, id: &str, start: Instant) {
        loop {
            let asked = self.fleet.net.try_query(org, "GetProposal", &[id]);
            if asked.is_ok_and(|proposal| proposal["status"] == "Submitted") {
                return;
            }
            if start.elapsed() > Duration::from_secs(180) {
                let status = self.fleet.status(org);
                panic!(
                    "{id}: gave up: {status:?}\n{}",
                    self.fleet.agents[org].log()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A new member, by the agents of the others.
    #[expect(clippy::disallowed_methods, reason = "a deadline for other processes")]
    fn adds(&mut self, org: &'static str, msp_id: &str) {
        let file = self.fleet.net.work(&format!("{org}.json"));
        std::fs::write(&file, self.fleet.net.org_json(msp_id)).unwrap();
        let orgs = self.fleet.orgs.clone();
        let file = file.to_str().unwrap();
        self.fleet.admin(
            "org1",
            &["propose", "add-org", file, "--id", org],
            "ID_USED",
        );
        let digest = self.fleet.digest("org1", org);
        self.proposed
            .insert(org.to_owned(), Digest::from_hex(&digest).unwrap());
        for signer in orgs.iter().take(orgs.len() / 2 + 1) {
            self.fleet.signs(signer, org, &digest);
        }
        self.is_recorded("org1", org, Instant::now());
        self.fleet.follows(org);
        self.fleet.is_well(org);
    }

    /// What blocks, journals and hooks say.
    fn is_accounted_for(&self) {
        for org in &self.fleet.orgs {
            self.fleet.is_well(org);
        }
        // nothing lost, and no other bytes
        let recorded = Recorded::of(self.fleet.net);
        let proposed: BTreeSet<Digest> = self.proposed.values().copied().collect();
        let updates: BTreeSet<Digest> = recorded.updates.iter().copied().collect();
        assert_eq!(updates, proposed);
        assert_eq!(recorded.updates.len(), proposed.len(), "one block each");
        println!("{} updates, {recorded:?}", recorded.updates.len());
        // one transaction a config
        assert_eq!(recorded.synced, recorded.updates.len());
        assert_eq!(recorded.syncs, recorded.updates.len());
        assert_eq!(recorded.refused, []);
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for org in &self.fleet.orgs {
            let mut newest = BTreeMap::new();
            for line in self.fleet.journal(org) {
                let id = line["proposal_id"].as_str().unwrap().to_owned();
                let digest = self.proposed[&id].to_string();
                assert_eq!(line["config_update_sha256"], digest.as_str(), "{line}");
                if line["state"] == "sending" {
                    *sent.entry(id.clone()).or_default() += 1;
                }
                newest.insert(id, line["state"].clone());
            }
            let is_done = newest.values().all(|state| state == "done");
            assert!(is_done, "{org}: {newest:?}");
        }
        let again = sent.values().filter(|times| **times > 1).count();
        println!("sent again with the same bytes: {again}");
        for org in &self.fleet.orgs {
            self.was_told(org);
        }
    }

    /// Each change at least once, and once where equal ids are dropped.
    fn was_told(&self, org: &str) {
        let is_last = || {
            let told = self.fleet.told(org);
            let last = self.proposed.keys().max_by_key(|id| {
                let number = id
                    .strip_prefix("update")
                    .and_then(|number| number.parse().ok());
                number.unwrap_or(0_usize)
            })?;
            let is_it = |one: &Value| {
                one["kind"] == "in-effect" && one["proposal"]["proposal_id"] == **last
            };
            told.iter().any(is_it).then_some(told)
        };
        let told = until("the last one was told", is_last);
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for one in &told {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let of = (text(&one["proposal"]["proposal_id"]), text(&one["kind"]));
            *counts.entry(of).or_default() += 1;
        }
        let twice: Vec<_> = counts
            .iter()
            .filter(|((id, _), count)| !id.is_empty() && **count > 1)
            .collect();
        assert!(twice.is_empty(), "{org}: {twice:?}");
        // those that came before it was there are not told
        let first = told
            .iter()
            .position(|one| one["kind"] == "in-effect")
            .unwrap();
        let since = usize::try_from(told[first]["sequence"].as_u64().unwrap()).unwrap();
        let missing: Vec<&String> = self
            .proposed
            .keys()
            .filter(|id| !counts.contains_key(&((*id).clone(), "in-effect".to_owned())))
            .collect();
        let before = since - 1;
        assert_eq!(missing.len(), before, "{org} was not told of {missing:?}");
        let lines = std::fs::read_to_string(self.fleet.told_file(org))
            .unwrap()
            .lines()
            .count();
        let kinds: BTreeMap<&str, usize> = told.iter().fold(BTreeMap::new(), |mut kinds, one| {
            *kinds.entry(one["kind"].as_str().unwrap()).or_default() += 1;
            kinds
        });
        println!(
            "{org}: told {lines} times of {} changes: {kinds:?}",
            told.len()
        );
        for one in told.iter().filter(|one| one["kind"] == "degraded") {
            println!("{org}, at {}: {}", one["at"], one["text"]);
        }
    }

    /// The time from signed enough to in effect and recorded.
    fn tells_times(&self) {
        let all: Vec<Duration> = self.times.values().flatten().copied().collect();
        println!(
            "agents ended between journal and effect: {}",
            self.interrupted
        );
        println!("signed enough to recorded, all: {}", spread(all));
        for (fault, times) in &self.times {
            println!("  {fault:?}: {}", spread(times.clone()));
        }
    }
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at =
        |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64();
    format!(
        "{} updates, p50 {:.1} s, p95 {:.1} s, max {:.1} s",
        times.len(),
        at(50),
        at(95),
        at(100)
    )
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    /// splitmix64.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % bound
    }
}
