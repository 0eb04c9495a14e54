//! What would be: suppositions, plans, two proposals side by side.

use serde_json::json;

use super::{hostile::HOSTILE, hostile::harmless, *};
use crate::client::view::{
    IfSignedView, LostSignatureView, PassedOverView, PlanLeftView, PlanStepView, PlanTogetherView,
    PlanView, SideView, SidesView, SupposedView, SuppositionView,
};

fn supposed() -> IfSignedView {
    let mut proposal = view("waiting");
    for policy in proposal.proposal.explanation.iter_mut().flatten() {
        for signer in &mut policy.explanation.signers {
            signer.supposed = true;
        }
    }
    let signer = |who: &str, why_not: Option<&str>| SupposedView {
        counts: why_not.is_none(),
        who: who.to_owned(),
        why_not: why_not.map(str::to_owned),
    };
    let not_asked =
        "no deciding policy asks for it; asked for are `Org1MSP.admin`, `Org2MSP.admin`";
    IfSignedView {
        proposal,
        if_signed: SuppositionView {
            missing: vec!["Org2MSP".to_owned()],
            needs: vec!["`/Channel/Application/Admins`: 1 of 2: `Org2MSP`".to_owned()],
            refused: None,
            signers: vec![
                signer("Org1MSP.admin", None),
                signer(
                    "CN=Peer0@org2.example.com,OU=peer (Org2MSP)",
                    Some(not_asked),
                ),
            ],
            suffices: false,
            would_count: vec!["Org2MSP.admin".to_owned()],
        },
    }
}

fn step(id: &str, signatures: usize, kept: usize, signers: &[&str]) -> PlanStepView {
    PlanStepView {
        proposal_id: id.to_owned(),
        ready: signers.is_empty(),
        signatures,
        signatures_kept: kept,
        signers: signers.iter().map(|&one| one.to_owned()).collect(),
        ..PlanStepView::default()
    }
}

fn whole_plan() -> PlanView {
    let lost = (1..=6).map(|number| LostSignatureView {
        msp_id: "Org2MSP".to_owned(),
        subject: format!("CN=Admin{number}@org2.example.com,OU=admin"),
        why: "certificate is not signed by a known authority".to_owned(),
    });
    let admins = ["Org1MSP.admin", "Org2MSP.admin"];
    PlanView {
        as_of_sequence: 7,
        combine: Some(PlanTogetherView {
            proposals: vec!["add_orgx".to_owned(), "add_orgy".to_owned()],
            signatures_alone: 4,
            signatures_combined: 2,
            signers: admins.map(str::to_owned).to_vec(),
        }),
        exact: true,
        left: vec![PlanLeftView {
            by: Some("bigger_blocks".to_owned()),
            element: Some("[Value] /Channel/Orderer/BatchSize".to_owned()),
            proposal_id: "smaller_blocks".to_owned(),
            reason: "excluded".to_owned(),
            signatures: 1,
            text: "`bigger_blocks` wants something else of /Channel/Orderer/BatchSize".to_owned(),
        }],
        not_looked_at: 3,
        passed_over: vec![PassedOverView {
            proposal_id: "old".to_owned(),
            why: "is out of date: the config has changed since: cmscc rebase old".to_owned(),
        }],
        steps: vec![
            step("bigger_blocks", 1, 1, &[]),
            PlanStepView {
                lost: lost.collect(),
                ..step("any", 8, 2, &["Org2MSP.admin"])
            },
            PlanStepView {
                computed_again: Some(
                    "the update of `add_orgx` was made for another config".to_owned(),
                ),
                ..step("add_orgx", 1, 0, &admins)
            },
            PlanStepView {
                computed_again: Some(
                    "the update of `add_orgy` was made for another config".to_owned(),
                ),
                ..step("add_orgy", 0, 0, &admins)
            },
            PlanStepView {
                ready: false,
                ..step("nobody", 0, 0, &[])
            },
        ],
    }
}

fn two() -> SidesView {
    let side = |path: &str, item: &str, name: Option<&str>, [before, first, second]: [Value; 3]| {
        SideView {
            same: first == second,
            before,
            first,
            item: item.to_owned(),
            name: name.map(str::to_owned),
            path: path.to_owned(),
            second,
            unit: (item == "setting").then(|| "messages".to_owned()),
        }
    };
    let many =
        "OR('Org1MSP.admin', 'Org2MSP.admin', 'Org3MSP.admin', 'Org4MSP.admin', 'Org5MSP.admin')";
    SidesView {
        both: vec![
            side(
                "/Channel/Application/Admins",
                "policy",
                None,
                [json!("MAJORITY Admins"), json!(many), json!("ANY Admins")],
            ),
            side(
                "/Channel/Orderer/BatchSize",
                "setting",
                Some("max_message_count"),
                [json!(100), json!(10), json!(500)],
            ),
            side(
                "/Channel/Orderer/BatchSize",
                "setting",
                Some("preferred_max_bytes"),
                [json!(1), json!(2), json!(2)],
            ),
            side(
                "/Channel/Application/Org2MSP/AnchorPeers",
                "anchor_peer",
                Some("h:1"),
                [Value::Null, Value::Null, json!("h:1")],
            ),
        ],
        excludes: Some("[Value] /Channel/Orderer/BatchSize".to_owned()),
        first: "smaller_blocks".to_owned(),
        first_only: 2,
        not_compared: 1,
        second: "bigger".to_owned(),
        second_only: 0,
    }
}

#[test]
fn what_would_be() {
    snapshots("if-signed", |look| if_signed(&supposed(), look));
    let mut enough = supposed();
    enough.if_signed.suffices = true;
    enough.if_signed.would_count.clear();
    let drawn = text(&if_signed(&enough, look(80)));
    assert!(drawn.contains("Then  enough: ready to submit"), "{drawn}");
    enough.if_signed.refused = Some("too large".to_owned());
    let drawn = text(&if_signed(&enough, look(80)));
    assert!(drawn.contains("refused all the same: too large"), "{drawn}");
}

#[test]
fn orders() {
    snapshots("plan", |look| plan(&whole_plan(), look));
    let full = |look| Look { full: true, ..look };
    snapshots("plan-full", |look| plan(&whole_plan(), full(look)));
    let nothing = PlanView {
        combine: None,
        exact: false,
        left: Vec::new(),
        not_looked_at: 0,
        passed_over: Vec::new(),
        steps: Vec::new(),
        ..whole_plan()
    };
    assert!(plan(&nothing, look(80)).is_empty());
}

#[test]
fn two_side_by_side() {
    snapshots("diff-two", |look| side_by_side(&two(), look));
}

#[test]
fn no_terminal_obeys_them() {
    let hostile = |text: &mut String| text.push_str(HOSTILE);
    let mut one = supposed();
    one.if_signed.signers.iter_mut().for_each(|signer| {
        hostile(&mut signer.who);
        signer.why_not = Some(HOSTILE.to_owned());
    });
    one.if_signed.needs.push(HOSTILE.to_owned());
    one.if_signed.would_count.push(HOSTILE.to_owned());
    harmless("supposed", |look| if_signed(&one, look));
    let mut view = whole_plan();
    for step in &mut view.steps {
        hostile(&mut step.proposal_id);
        step.signers.iter_mut().for_each(hostile);
        step.computed_again.iter_mut().for_each(hostile);
        for lost in &mut step.lost {
            hostile(&mut lost.subject);
            hostile(&mut lost.msp_id);
            hostile(&mut lost.why);
        }
    }
    let left = &mut view.left[0];
    hostile(&mut left.proposal_id);
    hostile(&mut left.text);
    left.by.iter_mut().for_each(hostile);
    view.passed_over
        .iter_mut()
        .for_each(|one| hostile(&mut one.why));
    view.combine
        .as_mut()
        .unwrap()
        .proposals
        .iter_mut()
        .for_each(hostile);
    harmless("plan", |look| plan(&view, look));
    let mut view = two();
    hostile(&mut view.first);
    hostile(&mut view.second);
    for side in &mut view.both {
        hostile(&mut side.path);
        side.before = json!(HOSTILE);
        side.first = json!({"subject": HOSTILE, "msp_id": HOSTILE});
        side.name = Some(HOSTILE.to_owned());
    }
    harmless("two", |look| side_by_side(&view, look));
}
