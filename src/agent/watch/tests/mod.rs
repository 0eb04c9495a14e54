//! Rounds of one channel, without a network: what people are told, once, and what is due.

mod hostile;

use std::{collections::BTreeSet, time::Duration};

use super::*;
use crate::{
    agent::{
        keep::{Hold, Holds},
        notice::{Notice, NoticeKind, Noticing},
        rule::{AgentRules, Hook, SubmitRules, SubmitWindow},
    },
    client::{answers::SummaryAnswer, view::EndingView},
    ids::{ChannelId, MspId, Sequence},
    json::time_text,
};

/// Monday 2026-11-30, 00:00 UTC.
const MONDAY: i64 = 1_795_996_800;
const HOUR: i64 = 3_600;

/// A channel that is looked at round by round.
struct Rounds {
    submits: bool,
    memory: ChannelMemory,
    channel: ChannelId,
    own: MspId,
    sight: ChannelSight,
    now: i64,
}

impl Rounds {
    fn new() -> Self {
        Self {
            submits: false,
            memory: ChannelMemory::new("mychannel"),
            channel: ChannelId::from("mychannel"),
            own: MspId::from("Org2MSP"),
            sight: ChannelSight {
                sequence: Sequence(7),
                contract: Some(Sequence(7)),
                ..ChannelSight::default()
            },
            now: MONDAY,
        }
    }

    /// A first round that finds nothing.
    fn begun() -> Self {
        let mut rounds = Self::new();
        assert_eq!(rounds.round(vec![]), []);
        rounds
    }

    fn look(&mut self) -> Vec<Notice> {
        let with = Noticing {
            channel: &self.channel,
            msp_id: &self.own,
            sequence: self.sight.sequence.0,
            now: self.now,
            submits: self.submits,
        };
        self.memory.take(&self.sight, with)
    }

    fn round(&mut self, proposals: Vec<SummaryAnswer>) -> Vec<NoticeKind> {
        self.sight.proposals = proposals;
        self.look().into_iter().map(|notice| notice.kind).collect()
    }

    fn ended(&mut self, status: &str, effect: Option<(u64, u64)>) -> Vec<Notice> {
        self.all_ended(vec![EndedSight {
            proposal_id: "p".to_owned(),
            status: status.to_owned(),
            effect,
            ..EndedSight::default()
        }])
    }

    /// A round in which these are gone.
    fn all_ended(&mut self, ended: Vec<EndedSight>) -> Vec<Notice> {
        self.sight.proposals = Vec::new();
        self.sight.asked = ended.iter().map(|one| one.proposal_id.clone()).collect();
        self.sight.ended = ended;
        let notices = self.look();
        (self.sight.asked, self.sight.ended) = (Vec::new(), Vec::new());
        notices
    }

    /// What is asked for, where nothing is listed up to a place.
    fn gone(&self, listed_to: Option<(&str, &str)>, most: usize) -> Vec<String> {
        let listed_to = listed_to.map(|(proposer, id)| (proposer.to_owned(), id.to_owned()));
        let list = ListReach {
            proposals: &[],
            listed_to: listed_to.as_ref(),
            own: self.own.as_str(),
        };
        let contract = self.sight.contract.unwrap();
        self.memory.gone(list, contract, most)
    }
}

fn proposal(status: &str) -> SummaryAnswer {
    SummaryAnswer {
        config_update_sha256: "ab".to_owned(),
        description: "bring in\u{1b}[2J OrgX".to_owned(),
        kind: "config_update".to_owned(),
        missing: vec!["Org2MSP".to_owned()],
        proposal_id: "p".to_owned(),
        proposer_msp_id: "Org1MSP".to_owned(),
        revision: 1,
        status: status.to_owned(),
        ..SummaryAnswer::default()
    }
}

use NoticeKind::*;

#[test]
fn every_change_is_told_once() {
    let mut rounds = Rounds::begun();
    let waiting = proposal("WaitingForSignatures");
    assert_eq!(rounds.round(vec![waiting.clone()]), [Proposed, AwaitsYou]);
    assert_eq!(rounds.round(vec![waiting.clone()]), []);
    let signed = SummaryAnswer {
        signed_by: vec!["Org2MSP".to_owned()],
        missing: vec!["Org3MSP".to_owned()],
        ..waiting.clone()
    };
    assert_eq!(rounds.round(vec![signed]), []);
    assert_eq!(
        rounds.round(vec![proposal("ReadyToSubmit")]),
        [ReadyToSubmit]
    );
    assert_eq!(rounds.round(vec![proposal("ReadyToSubmit")]), []);
    assert_eq!(rounds.round(vec![proposal("Outofdate")]), [OutOfDate]);
    let again = SummaryAnswer {
        revision: 2,
        ..waiting
    };
    assert_eq!(rounds.round(vec![again]), [AwaitsYou]);
    assert_eq!(
        rounds.round(vec![proposal("WaitingForCapabilities")]),
        [ToBeAttested]
    );
    let told = rounds.ended("Submitted", Some((8, 41)));
    assert_eq!(told[0].kind, InEffect);
    assert_eq!(told[0].text, "`p` is in effect: config 8, block 41");
    assert_eq!(
        rounds.ended("Submitted", Some((8, 41))),
        [],
        "it is forgotten"
    );
}

#[test]
fn the_first_round_ever_tells_what_awaits_and_nothing_else() {
    let mut rounds = Rounds::new();
    let ready = SummaryAnswer {
        proposal_id: "r".to_owned(),
        ..proposal("ReadyToSubmit")
    };
    assert_eq!(
        rounds.round(vec![proposal("WaitingForSignatures"), ready]),
        [AwaitsYou]
    );
    // as after a restart: what is on the disk is enough
    let content = rounds.memory.content();
    rounds.memory = ChannelMemory::parse("mychannel", &content).unwrap();
    assert_eq!(rounds.memory.content(), content);
    assert_eq!(rounds.ended("Withdrawn", None)[0].kind, Ended);
    assert!(
        ChannelMemory::parse("other", &content)
            .unwrap_err()
            .contains("`mychannel`")
    );
    assert!(ChannelMemory::parse("mychannel", b"{}").is_err());
}

#[test]
fn a_rejected_one_may_come_back() {
    let mut rounds = Rounds::begun();
    rounds.round(vec![proposal("WaitingForSignatures")]);
    assert_eq!(rounds.gone(None, 9), ["p"]);
    assert_eq!(rounds.ended("Rejected", None)[0].kind, Rejected);
    assert_eq!(rounds.gone(None, 9), [""; 0], "it is not asked for again");
    assert_eq!(
        rounds.round(vec![proposal("WaitingForSignatures")]),
        [AwaitsYou]
    );
}

#[test]
fn what_is_not_listed_is_only_gone_where_the_list_reaches() {
    let mut rounds = Rounds::begun();
    let own = SummaryAnswer {
        proposal_id: "mine".to_owned(),
        proposer_msp_id: "Org2MSP".to_owned(),
        ..proposal("WaitingForSignatures")
    };
    rounds.round(vec![proposal("WaitingForSignatures"), own]);
    assert_eq!(rounds.gone(Some(("Org1MSP", "o")), 9), ["mine"]);
    assert_eq!(rounds.gone(Some(("Org1MSP", "p")), 9), ["mine", "p"]);
    assert_eq!(rounds.gone(Some(("Org0MSP", "z")), 9), ["mine"]);
    assert_eq!(rounds.gone(None, 9), ["mine", "p"]);
    assert_eq!(rounds.gone(None, 1).len(), 1);
}

#[test]
fn a_deadline_is_told_at_each_level_once() {
    let mut rounds = Rounds::begun();
    let end = MONDAY + 100 * HOUR;
    let open = SummaryAnswer {
        deadline: time_text(end),
        missing: Vec::new(),
        ..proposal("WaitingForSignatures")
    };
    rounds.round(vec![open.clone()]);
    let mut told = Vec::new();
    while rounds.now < end + HOUR {
        rounds.now += 600;
        if rounds.round(vec![open.clone()]) == [ExpiresSoon] {
            told.push((end - rounds.now) / HOUR);
        }
    }
    assert_eq!(told, [48, 24, 2]);
}

#[test]
fn a_contract_that_stays_behind_and_a_new_config_are_told() {
    let mut rounds = Rounds::begun();
    rounds.sight.sequence = Sequence(8);
    assert_eq!(rounds.round(vec![]), [ConfigChanged]);
    rounds.now += 299;
    assert_eq!(rounds.round(vec![]), []);
    rounds.now += 1;
    assert_eq!(rounds.round(vec![]), [ContractBehind]);
    rounds.now += 4_000;
    assert_eq!(rounds.round(vec![]), []);
    rounds.sight.contract = Some(Sequence(8));
    assert_eq!(rounds.round(vec![]), []);
}

#[test]
fn certificates_are_told_of_at_each_level_once() {
    let mut rounds = Rounds::begun();
    let end = MONDAY + 100 * 24 * HOUR;
    let view = EndingView {
        effect: "nobody is valid then".to_owned(),
        fingerprint: "ab".to_owned(),
        not_after: time_text(end).unwrap(),
        path: String::new(),
        subject: String::new(),
        purpose: "root ca of Org2MSP".to_owned(),
    };
    rounds.sight.ends = vec![(end, view)];
    let mut told = Vec::new();
    while rounds.now < end + 24 * HOUR {
        if rounds.round(vec![]) == [CertificateEnds] {
            told.push((end - rounds.now) / (24 * HOUR));
        }
        rounds.now += 6 * HOUR;
    }
    assert_eq!(told, [100, 90, 30, 7, 0]);
}

#[test]
fn trouble_is_told_when_it_lasts_and_its_end_only_then() {
    let mut rounds = Rounds::begun();
    let stumble = |rounds: &mut Rounds, symbol: &str| {
        let with = Noticing {
            channel: &rounds.channel,
            msp_id: &rounds.own,
            sequence: 7,
            now: rounds.now,
            submits: false,
        };
        let told = match symbol {
            "" => rounds.memory.recovered(with),
            _ => rounds
                .memory
                .stumbled(symbol, "nobody there", None, 180, with),
        };
        rounds.now += 60;
        told.into_iter()
            .map(|notice| notice.kind)
            .collect::<Vec<_>>()
    };
    let said: Vec<_> = ["A", "A", "", "A", "B", "A", "A", "A", "", ""]
        .map(|symbol| stumble(&mut rounds, symbol))
        .to_vec();
    let expected: [&[NoticeKind]; 10] = [
        &[],
        &[],
        &[],
        &[],
        &[],
        &[],
        &[Degraded],
        &[],
        &[Recovered],
        &[],
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_the_agent_submits_itself_is_nobodys_next_step() {
    let next = |own: &str, submits, kind: &str| {
        let mut rounds = Rounds::begun();
        (rounds.own, rounds.submits) = (MspId::from(own), submits);
        rounds.sight.proposals = vec![proposal("WaitingForSignatures")];
        rounds.look();
        rounds.sight.proposals = vec![SummaryAnswer {
            kind: kind.to_owned(),
            ..proposal("ReadyToSubmit")
        }];
        let told = rounds.look();
        let ready = told.into_iter().find(|one| one.kind == ReadyToSubmit);
        let ready = ready.unwrap();
        assert_eq!(
            ready.next.is_none(),
            ready.text.contains("the agent submits it")
        );
        ready.next
    };
    let (update, settings) = ("config_update", "settings");
    assert_eq!(next("Org1MSP", true, update), None);
    let submit = Some("cmscc submit p".to_owned());
    assert_eq!(next("Org1MSP", false, update), submit);
    assert_eq!(next("Org2MSP", true, update), submit, "the proposer's does");
    let apply = Some("cmscc settings apply p".to_owned());
    assert_eq!(next("Org1MSP", true, settings), apply);
}

#[test]
fn only_own_ready_updates_are_due_after_grace_in_a_window_and_not_held() {
    let mut rounds = Rounds::begun();
    rounds.own = MspId::from("Org1MSP");
    let rules = |grace, windows: &[&str]| SubmitRules {
        grace: Duration::from_secs(grace),
        windows: windows
            .iter()
            .map(|text| SubmitWindow::parse(text).unwrap())
            .collect(),
    };
    let ready = proposal("ReadyToSubmit");
    rounds.round(vec![ready.clone()]);
    let waits =
        |rounds: &Rounds, rules: &SubmitRules, holds: &Holds, one: &SummaryAnswer, after| {
            let now = MONDAY + after;
            let own = rounds.own.as_str();
            due(
                &rounds.memory,
                std::slice::from_ref(one),
                own,
                rules,
                holds,
                now,
            )
            .into_iter()
            .map(|one| one.waits)
            .collect::<Vec<_>>()
        };
    let none = Holds::default();
    let grace = rules(600, &[]);
    assert_eq!(
        waits(&rounds, &grace, &none, &ready, 599),
        [Some(NotDue::Grace(MONDAY + 600))]
    );
    assert_eq!(waits(&rounds, &grace, &none, &ready, 600), [None]);
    let window = rules(0, &["tue 08:00-09:00"]);
    assert_eq!(
        waits(&rounds, &window, &none, &ready, 0),
        [Some(NotDue::Window)]
    );
    assert_eq!(waits(&rounds, &window, &none, &ready, 32 * HOUR), [None]);
    let mut held = Holds::default();
    let hold = Hold {
        at: String::new(),
        by_agent: false,
        reason: String::new(),
    };
    assert!(held.hold(Some("p"), hold));
    assert_eq!(
        waits(&rounds, &grace, &held, &ready, 600),
        [Some(NotDue::Held)]
    );
    for other in [
        SummaryAnswer {
            proposer_msp_id: "Org2MSP".to_owned(),
            ..ready.clone()
        },
        SummaryAnswer {
            kind: "settings".to_owned(),
            ..ready.clone()
        },
        proposal("WaitingForSignatures"),
    ] {
        assert_eq!(waits(&rounds, &grace, &none, &other, 600), [], "{other:?}");
    }
    // it was not ready in between: people may have objected
    rounds.now += 500;
    rounds.round(vec![proposal("WaitingForSignatures")]);
    rounds.now += 100;
    rounds.round(vec![ready.clone()]);
    assert_eq!(
        waits(&rounds, &grace, &none, &ready, 700),
        [Some(NotDue::Grace(MONDAY + 1_200))]
    );
}

#[test]
fn hooks_are_told_what_they_want_and_what_finds_no_room_is_given_back() {
    let file = "[[hooks]]\nname = \"a\"\non = [\"proposed\"]\nexec = [\"x\"]\n\
                [[hooks]]\nname = \"b\"\nchannels = [\"other\"]\nexec = [\"x\"]\n";
    let hooks: Vec<Hook> = AgentRules::parse(file, std::path::Path::new("/"))
        .unwrap()
        .hooks;
    let mut rounds = Rounds::begun();
    rounds.sight.proposals = vec![proposal("WaitingForSignatures")];
    let notices = rounds.look();
    assert_eq!(rounds.memory.tell(&hooks, &notices), []);
    let queues: BTreeSet<(&str, usize)> = rounds
        .memory
        .queues
        .iter()
        .map(|(name, queue)| (name.as_str(), queue.len()))
        .collect();
    assert_eq!(queues, BTreeSet::from([("a", 1)]));
    // the hook was taken out of the file: a person finds what it was not told
    let lost = rounds.memory.retain(&hooks[1..]);
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].0.as_str(), lost[0].1.kind), ("a", Proposed));
    assert!(rounds.memory.queues.is_empty());
}
