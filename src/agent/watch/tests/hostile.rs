//! Members and peers that do what they like: what people are told all the same, and how much is remembered.

use std::collections::BTreeSet;

use super::*;

/// One that took effect.
fn effective(id: &str, sequence: u64, via: Option<&str>) -> EndedSight {
    EndedSight {
        proposal_id: id.to_owned(),
        status: "Submitted".to_owned(),
        effect: Some((sequence, 41)),
        via: via.map(str::to_owned),
        why: None,
    }
}

/// A proposal of somebody.
fn of(proposer: &str, id: &str, status: &str) -> SummaryAnswer {
    SummaryAnswer {
        proposal_id: id.to_owned(),
        proposer_msp_id: proposer.to_owned(),
        ..proposal(status)
    }
}

#[test]
fn what_others_leave_behind_silences_nobody() {
    let mut rounds = Rounds::begun();
    // fifty that stay in between for ever, of one organisation, with ids before all others
    let mut listed: Vec<_> = (0..50)
        .map(|n| of("Org1MSP", &format!("a{n:02}"), "Outofdate"))
        .collect();
    listed.push(of("Org2MSP", "mine", "WaitingForSignatures"));
    listed.push(of("Org3MSP", "ready", "ReadyToSubmit"));
    listed.push(of("Org3MSP", "zz", "WaitingForSignatures"));
    rounds.round(listed);
    assert_eq!(rounds.gone(None, 2), ["mine", "ready"], "these first");
    let mut asked = BTreeSet::new();
    for _ in 0..6 {
        // nothing becomes of any of them
        let gone = rounds.gone(None, 10);
        asked.extend(gone.clone());
        rounds.sight.proposals = Vec::new();
        rounds.sight.asked = gone;
        assert_eq!(rounds.look(), []);
        rounds.now += 60;
    }
    assert!(asked.contains("zz") && asked.len() >= 48, "{asked:?}");
}

#[test]
fn ones_own_effect_is_told_whoever_copied_it() {
    let mut rounds = Rounds::begun();
    let status = "WaitingForSignatures";
    let all = [
        of("Org1MSP", "aa-copy", status),
        of("Org3MSP", "bb-inside", status),
        of("Org2MSP", "yy-inside", status),
        of("Org2MSP", "zz-ours", status),
    ];
    rounds.round(all.to_vec());
    let told = rounds.all_ended(vec![
        effective("aa-copy", 8, None),
        effective("bb-inside", 8, Some("zz-ours")),
        effective("yy-inside", 8, Some("zz-ours")),
        effective("zz-ours", 8, None),
    ]);
    let texts: Vec<_> = told.iter().map(|notice| notice.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "`zz-ours` is in effect: config 8, block 41",
            "`yy-inside` is in effect: config 8, block 41, inside `zz-ours`",
            "`aa-copy` is in effect: config 8, block 41",
            "`bb-inside` is in effect: config 8, block 41, inside `zz-ours`",
        ]
    );
    assert!(rounds.memory.proposals.is_empty());
    // nothing of it is told again, as long as the contract lacks that config
    rounds.round(all.to_vec());
    assert_eq!(rounds.all_ended(vec![effective("zz-ours", 8, None)]), []);
}

#[test]
fn copies_of_what_took_effect_are_told_of_for_a_while() {
    let mut rounds = Rounds::begun();
    let mut told = Vec::new();
    for n in 0..4 {
        let ids: Vec<String> = (0..40).map(|at| format!("p{n}-{at}")).collect();
        for id in &ids {
            // known from a round before
            rounds.memory.meet(&of("Org1MSP", id, "ReadyToSubmit"));
        }
        let ended = ids.iter().map(|id| effective(id, 8 + n, None)).collect();
        told.push(rounds.all_ended(ended).len());
    }
    assert_eq!(told[0], 40);
    // one of each config, and that more of it is not told
    assert!(told.iter().sum::<usize>() <= 60 + 1 + 4, "{told:?}");
    assert!(told[3] >= 1, "{told:?}");
}

#[test]
fn one_that_was_rejected_and_took_effect_all_the_same_is_told() {
    let mut rounds = Rounds::begun();
    rounds.round(vec![of("Org1MSP", "p", "WaitingForSignatures")]);
    assert_eq!(rounds.ended("Rejected", None)[0].kind, Rejected);
    assert_eq!(rounds.gone(None, 9), [""; 0]);
    (rounds.sight.sequence, rounds.sight.contract) = (Sequence(8), Some(Sequence(8)));
    assert_eq!(rounds.gone(None, 9), ["p"], "another config may be its");
    let told = rounds.ended("Submitted", Some((8, 41)));
    let kinds: Vec<_> = told.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [ConfigChanged, InEffect]);
    // and one that stays rejected is told of once
    rounds.round(vec![of("Org1MSP", "p", "WaitingForSignatures")]);
    assert_eq!(rounds.ended("Rejected", None)[0].kind, Rejected);
    rounds.sight.contract = Some(Sequence(9));
    rounds.sight.sequence = Sequence(9);
    rounds.look();
    assert_eq!(rounds.gone(None, 9), ["p"]);
    assert_eq!(rounds.ended("Rejected", None), []);
    assert_eq!(rounds.gone(None, 9), [""; 0]);
    assert_eq!(rounds.ended("Withdrawn", None), []);
    assert!(rounds.memory.proposals.is_empty());
}

#[test]
fn what_is_written_can_be_read_again_whatever_a_peer_lists() {
    let mut rounds = Rounds::begun();
    for round in 0..12 {
        // others each time, and all of them as one's own
        let listed = (0..1_200).map(|n| of("Org2MSP", &format!("p{round}-{n}"), "Outofdate"));
        rounds.round(listed.collect());
    }
    assert!(rounds.memory.proposals.len() <= 5_000);
    assert!(rounds.memory.proposals.contains_key("p11-7"), "the newest");
    let file = "[[hooks]]\nname = \"a\"\nexec = [\"x\"]\n";
    let hooks = AgentRules::parse(file, std::path::Path::new("/"));
    rounds.sight.proposals = (0..40)
        .map(|n| of("Org1MSP", &format!("q{n}"), "WaitingForSignatures"))
        .collect();
    let notices = rounds.look();
    assert_eq!(rounds.memory.tell(&hooks.unwrap().hooks, &notices), []);
    let waiting = rounds.memory.queues["a"].len();
    let (content, lost) = rounds.memory.fitted(100_000);
    assert!(content.len() <= 100_000, "{}", content.len());
    let left = rounds.memory.queues.get("a").map_or(0, HookQueue::len);
    assert_eq!(waiting, left + lost.len(), "what is not told is given back");
    assert_eq!(
        ChannelMemory::parse("mychannel", &content),
        Ok(rounds.memory)
    );
}

#[test]
fn one_organisation_that_changes_all_the_time_is_told_of_for_a_while() {
    let mut rounds = Rounds::begun();
    let mut told = Vec::new();
    for n in 0..200 {
        let one = SummaryAnswer {
            proposal_id: format!("p{n}"),
            missing: Vec::new(),
            ..proposal("WaitingForSignatures")
        };
        told.extend(rounds.round(vec![one]));
        rounds.memory.proposals.clear();
    }
    assert_eq!(told.iter().filter(|kind| **kind == Proposed).count(), 60);
    assert_eq!(told.iter().filter(|kind| **kind == Crowded).count(), 1);
    let other = SummaryAnswer {
        proposer_msp_id: "Org3MSP".to_owned(),
        ..proposal("WaitingForSignatures")
    };
    assert_eq!(rounds.round(vec![other]), [Proposed, AwaitsYou]);
}

#[test]
fn what_members_write_cannot_act_on_who_is_told() {
    let mut rounds = Rounds::begun();
    rounds.sight.proposals = vec![SummaryAnswer {
        proposer_msp_id: "Org1\u{202e}MSP".to_owned(),
        description: "x".repeat(4_096),
        ..proposal("WaitingForSignatures")
    }];
    for notice in rounds.look() {
        let document = notice.document();
        assert!(document.is_ascii() && document.len() < 3_000, "{document}");
        assert!(document.contains("\\\\u{202e}"), "{document}");
    }
}

#[test]
fn what_is_remembered_is_bounded_and_ones_own_always() {
    let mut rounds = Rounds::begun();
    let own = SummaryAnswer {
        proposal_id: "mine".to_owned(),
        proposer_msp_id: "Org2MSP".to_owned(),
        ..proposal("WaitingForSignatures")
    };
    for page in 0..7 {
        let of = |n: usize| SummaryAnswer {
            proposal_id: format!("p{page}-{n}"),
            ..proposal("WaitingForSignatures")
        };
        let mut listed: Vec<_> = (0..1_000).map(of).collect();
        listed.extend((page == 0).then(|| own.clone()));
        rounds.round(listed);
    }
    assert!(
        rounds.memory.proposals.len() <= 5_001,
        "{}",
        rounds.memory.proposals.len()
    );
    assert!(rounds.memory.proposals.contains_key("mine"));
}
