//! Orders of made-up proposals, and of real ones on a real config.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use super::{
    game::{NotPlanned, PlanGame, PlannedFate, PlannedMove},
    make_plan,
    search::{FoundOrder, best_order, played},
    sides,
    world::PlannedProposal,
};
use crate::{
    block::ConfigBlock,
    client::{
        ClaimedKind, ProposalClaim,
        answers::{ChangeAnswer, DiffAnswer, ExclusionAnswer, ProposalAnswer, RelationsAnswer},
        view::{PlanLeftView, PlanView},
    },
    config::{Bundle, Patch, PatchLimits, compute_update},
    identity::KeySigner,
    ids::{Digest, MspId, ProposalId, Revision, UnixTime},
    json::{decode, encode},
    transaction::{Stamp, sign_config_update},
};

/// Proposals of which pairs are known: what the submission of one does to another.
#[derive(Clone, Debug)]
struct MadeUp {
    signatures: Vec<usize>,
    /// `(a, b)`: once a is in, b is computed again.
    stale: BTreeSet<(usize, usize)>,
    excludes: BTreeSet<(usize, usize)>,
    /// `(a, b)`: once a is in, this many signatures of b do not count.
    loses: BTreeMap<(usize, usize), usize>,
}

impl MadeUp {
    fn of(signatures: &[usize]) -> Self {
        Self {
            signatures: signatures.to_vec(),
            stale: BTreeSet::new(),
            excludes: BTreeSet::new(),
            loses: BTreeMap::new(),
        }
    }
}

impl PlanGame for MadeUp {
    type State = Vec<usize>;

    fn count(&self) -> usize {
        self.signatures.len()
    }

    fn worth(&self, place: usize) -> usize {
        self.signatures[place]
    }

    fn start(&self) -> Vec<usize> {
        Vec::new()
    }

    fn submit(
        &self,
        done: &Vec<usize>,
        place: usize,
    ) -> Result<(PlannedMove, Vec<usize>), NotPlanned> {
        let before = |pairs: &BTreeSet<(usize, usize)>| {
            let mut done = done.iter();
            done.find(|one| pairs.contains(&(**one, place))).copied()
        };
        if let Some(by) = before(&self.excludes) {
            let element = String::new();
            return Err(NotPlanned::Excluded { by, element });
        }
        let lost = done.iter().filter_map(|one| self.loses.get(&(*one, place)));
        let lost = lost.sum::<usize>();
        let step = match before(&self.stale) {
            Some(by) => PlannedMove {
                fate: PlannedFate::Again(by.to_string()),
                kept: 0,
            },
            None => PlannedMove {
                fate: PlannedFate::Stays,
                kept: self.signatures[place].saturating_sub(lost),
            },
        };
        let mut next = [&done[..], &[place]].concat();
        next.sort_unstable();
        Ok((step, next))
    }

    fn key(&self, state: &Vec<usize>) -> Digest {
        Digest::of(format!("{state:?}").as_bytes())
    }
}

fn order(found: &FoundOrder) -> Vec<usize> {
    found.moves.iter().map(|(place, _)| *place).collect()
}

/// Kept, in, unchanged.
fn merit(moves: &[(usize, PlannedMove)]) -> (usize, usize, usize) {
    let stays = moves
        .iter()
        .filter(|(_, step)| step.fate == PlannedFate::Stays);
    let kept = moves.iter().map(|(_, step)| step.kept).sum();
    (kept, moves.len(), stays.count())
}

#[test]
fn what_stands_in_no_way_keeps_its_order() {
    let found = best_order(&MadeUp::of(&[1, 2, 0]));
    assert_eq!((order(&found), found.exact), (vec![0, 1, 2], true));
    assert_eq!(merit(&found.moves), (3, 3, 3));
    let nothing = best_order(&MadeUp::of(&[]));
    assert!(nothing.moves.is_empty() && nothing.left.is_empty() && nothing.exact);
}

#[test]
fn who_makes_others_sign_again_goes_last() {
    let mut game = MadeUp::of(&[1, 2, 3]);
    game.stale.extend([(0, 1), (0, 2), (2, 1)]);
    let found = best_order(&game);
    assert_eq!(order(&found), [1, 2, 0]);
    // in a circle the fewest signatures go
    game.stale.insert((1, 0));
    assert_eq!(order(&best_order(&game)), [1, 2, 0]);
    game.signatures = vec![9, 2, 3];
    assert_eq!(merit(&best_order(&game).moves).0, 12);
}

#[test]
fn who_is_excluded_has_fewer_signatures() {
    let mut game = MadeUp::of(&[1, 2]);
    game.excludes.extend([(0, 1), (1, 0)]);
    let found = best_order(&game);
    assert_eq!(order(&found), [1]);
    let element = String::new();
    assert_eq!(found.left, [(0, NotPlanned::Excluded { by: 1, element })]);
}

/// The best of all orders, by trying each.
fn slowly(game: &MadeUp) -> (usize, usize, usize) {
    fn all(left: &[usize]) -> Vec<Vec<usize>> {
        match left {
            [] => vec![Vec::new()],
            _ => left
                .iter()
                .flat_map(|first| {
                    let others: Vec<_> = left.iter().copied().filter(|one| one != first).collect();
                    all(&others)
                        .into_iter()
                        .map(|rest| [vec![*first], rest].concat())
                })
                .collect(),
        }
    }
    let places: Vec<_> = (0..game.count()).collect();
    let orders = all(&places)
        .into_iter()
        .map(|order| merit(&played(game, &order).moves));
    orders.max().unwrap()
}

fn pairs() -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    prop::collection::btree_set((0..5_usize, 0..5_usize), 0..8)
}

proptest! {
    #![proptest_config(crate::cases::cases(128))]

    #[test]
    fn no_order_of_few_is_better(
        signatures in prop::collection::vec(0..4_usize, 0..6),
        stale in pairs(),
        excludes in pairs(),
        loses in prop::collection::btree_map((0..5_usize, 0..5_usize), 0..3_usize, 0..6),
    ) {
        let both = excludes.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let game = MadeUp { signatures, stale, excludes: both.collect(), loses };
        let found = best_order(&game);
        prop_assert!(found.exact);
        prop_assert_eq!(merit(&found.moves), slowly(&game));
        prop_assert_eq!(found.moves.len() + found.left.len(), game.count());
    }

    /// Of many: each is there once, and what it says becomes of it is what becomes of it.
    #[test]
    fn an_order_of_many_is_what_it_says(
        signatures in prop::collection::vec(0..4_usize, 9..14),
        stale in prop::collection::btree_set((0..14_usize, 0..14_usize), 0..20),
    ) {
        let game = MadeUp { stale, ..MadeUp::of(&signatures) };
        let found = best_order(&game);
        prop_assert!(!found.exact);
        let mut places = order(&found);
        prop_assert_eq!(&played(&game, &places).moves, &found.moves);
        places.sort_unstable();
        prop_assert_eq!(places, (0..game.count()).collect::<Vec<_>>());
    }
}

#[test]
fn many_are_not_all_tried_and_still_in_a_good_order() {
    // the first makes all others sign again
    let mut game = MadeUp::of(&[1; 12]);
    game.stale.extend((1..12).map(|other| (0, other)));
    let found = best_order(&game);
    assert_eq!((order(&found).last(), found.exact), (Some(&0), false));
    assert_eq!(merit(&found.moves).0, 12);
}

const FOLDER: &str = "tests/fabric-data/fabric-3.1.5-caps-v3";

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn genesis() -> Bundle {
    let block = ConfigBlock::parse(file(&format!("{FOLDER}/genesis.block")).into()).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

/// The admin of an organisation of the captured network.
fn admin(org: &str, msp_id: &str) -> KeySigner {
    let msp = format!(
        "tests/fabric-data/crypto/peerOrganizations/{org}.example.com/users/Admin@{org}.example.com/msp"
    );
    let certificate = file(&format!("{msp}/signcerts/Admin@{org}.example.com-cert.pem"));
    let key = file(&format!("{msp}/keystore/priv_sk"));
    KeySigner::unchecked(
        &MspId::from(msp_id),
        &certificate,
        &key,
        Arc::new(SystemRandom::new()),
    )
    .unwrap()
}

/// A proposal of this partial config, signed by the admins of these.
fn proposal(bundle: &Bundle, id: &str, application: &Value, orgs: &[&str]) -> PlannedProposal {
    let patch = json!({"channel_group": {"groups": {"Application": application}}}).to_string();
    let limits = PatchLimits {
        patch_bytes: 1 << 20,
        patch_levels: 100,
    };
    let bytes = decode("common.Config", patch.as_bytes()).unwrap();
    let intent = Patch::parse(bytes.into(), &limits).unwrap();
    let intended = intent.apply(bundle.tree()).unwrap();
    let update = compute_update(bundle.channel(), bundle.tree(), &intended).unwrap();
    let config_update = Bytes::from(update);
    let stamp = Stamp {
        nonce: [7; 24],
        timestamp: UnixTime::default(),
    };
    let signatures = orgs.iter().map(|org| {
        let msp_id = format!("{}MSP", org.replacen('o', "O", 1));
        sign_config_update(&config_update, &admin(org, &msp_id), &stamp).unwrap()
    });
    let claim = ProposalClaim {
        proposal_id: ProposalId::new(id),
        revision: Revision(1),
        kind: ClaimedKind::ConfigUpdate,
        patch: Some(patch.into_bytes()),
        signatures: signatures.collect(),
        config_update,
        created_at: UnixTime::default(),
    };
    PlannedProposal::new(bundle, &claim, BTreeSet::new()).unwrap()
}

fn rule(rule: &str) -> Value {
    let policy = json!({"type": 3, "value": {"rule": rule, "sub_policy": "Endorsement"}});
    json!({"policies": {"Endorsement": {"policy": policy}}})
}

/// Org2 with the CAs of OrgX: who was certified before is nobody then.
fn rotated() -> Value {
    let block = file(&format!("{FOLDER}/add-orgx/envelope_signed.pb"));
    let envelope = crate::config::envelope::read_update_envelope(&block.into()).unwrap();
    let update = crate::config::Update::parse(envelope.config_update).unwrap();
    let patch = Patch::from_update(genesis().tree(), &update).unwrap();
    let patch: Value =
        serde_json::from_str(&encode("common.Config", patch.bytes()).unwrap()).unwrap();
    let orgx = &patch["channel_group"]["groups"]["Application"]["groups"]["OrgXMSP"];
    let mut msp = orgx["values"]["MSP"].clone();
    msp.as_object_mut()
        .unwrap()
        .retain(|name, _| name == "value");
    msp["value"]["config"]["name"] = json!("Org2MSP");
    json!({"groups": {"Org2MSP": {"values": {"MSP": msp}}}})
}

fn steps(plan: &PlanView) -> Vec<(&str, usize, usize, bool)> {
    let steps = plan.steps.iter();
    let shown = steps.map(|one| {
        (
            one.proposal_id.as_str(),
            one.signatures_kept,
            one.signatures,
            one.computed_again.is_some(),
        )
    });
    shown.collect()
}

#[test]
fn a_new_ca_takes_signatures_away_and_so_goes_last() {
    let bundle = genesis();
    let rotate = proposal(&bundle, "rotate", &rotated(), &["org2"]);
    let any = proposal(&bundle, "any", &rule("ANY"), &["org1", "org2"]);
    let plan = make_plan(&bundle, &[rotate.clone(), any.clone()]).unwrap();
    assert_eq!(
        steps(&plan),
        [("any", 2, 2, false), ("rotate", 1, 1, false)]
    );
    assert!(plan.exact && plan.left.is_empty() && plan.combine.is_none());
    assert!(
        plan.steps
            .iter()
            .all(|step| step.ready && step.signers.is_empty())
    );

    // a signature more is lost the other way round, and it says whose and why
    let alone = make_plan(&bundle, &[rotate]).unwrap();
    assert_eq!(steps(&alone), [("rotate", 1, 1, false)]);
    let held = proposal(&bundle, "held", &rotated(), &[]);
    let excluding = proposal(&bundle, "all", &rule("ALL"), &["org1"]);
    let plan = make_plan(&bundle, &[held, any, excluding]).unwrap();
    let left: Vec<&PlanLeftView> = plan.left.iter().collect();
    let [left] = left[..] else { panic!("{plan:?}") };
    assert_eq!(
        (&*left.proposal_id, left.by.as_deref()),
        ("all", Some("any"))
    );
    assert_eq!(
        left.element.as_deref(),
        Some("[Policy] /Channel/Application/Endorsement")
    );
    assert_eq!((left.signatures, &*left.reason), (1, "excluded"));
}

#[test]
fn a_signature_that_counts_no_more_is_told_with_its_reason() {
    use super::world::PlanWorld;
    let bundle = genesis();
    let proposals = [
        proposal(&bundle, "rotate", &rotated(), &["org2"]),
        proposal(&bundle, "any", &rule("ANY"), &["org1", "org2"]),
    ];
    let world = PlanWorld::new(Arc::new(genesis()), &proposals);
    let (step, rotated) = world.submit(&world.start(), 0).unwrap();
    assert_eq!((step.fate, step.kept), (PlannedFate::Stays, 1));
    let (step, _) = world.submit(&rotated, 1).unwrap();
    assert_eq!((step.fate, step.kept), (PlannedFate::Stays, 1));
    // the same with the proposal that has to come first, since the other's bytes need it
    let plan = super::made::planned(&world, &[0, 1]);
    let step = &plan[1].1;
    let lost = &step.lost;
    assert_eq!(lost.len(), 1, "{plan:?}");
    assert_eq!(lost[0].msp_id, "Org2MSP");
    assert!(!lost[0].why.is_empty());
    assert_eq!(
        (step.ready, &step.signers),
        (false, &vec!["Org2MSP.admin".to_owned()])
    );
}

#[test]
fn what_changes_a_group_makes_the_others_sign_again_and_is_better_combined() {
    let bundle = genesis();
    let group = |policy: &str| {
        let rule = json!({"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}});
        json!({"policies": {policy: {"mod_policy": "Admins", "policy": rule}}})
    };
    let one = proposal(&bundle, "one", &group("One"), &["org1"]);
    let two = proposal(&bundle, "two", &group("Two"), &["org2"]);
    let signed = proposal(&bundle, "signed", &rule("ANY"), &["org1", "org2"]);
    let plan = make_plan(&bundle, &[one, two, signed]).unwrap();
    // new members change the group that all three read
    let again = plan
        .steps
        .iter()
        .filter(|step| step.computed_again.is_some());
    assert_eq!(again.count(), 2, "{plan:?}");
    assert_eq!(steps(&plan)[0], ("signed", 2, 2, false));
    let combine = plan.combine.unwrap();
    assert_eq!(combine.proposals, ["one", "two"]);
    assert_eq!(
        (combine.signatures_alone, combine.signatures_combined),
        (4, 2)
    );
    assert_eq!(combine.signers, ["Org1MSP.admin", "Org2MSP.admin"]);
}

#[test]
fn what_is_wanted_twice_is_in_effect_once() {
    let bundle = genesis();
    let first = proposal(&bundle, "first", &rule("ANY"), &["org1"]);
    let second = proposal(&bundle, "second", &rule("ANY"), &["org1", "org2"]);
    let plan = make_plan(&bundle, &[first, second]).unwrap();
    assert_eq!(steps(&plan), [("second", 2, 2, false)]);
    assert_eq!(
        (&*plan.left[0].proposal_id, &*plan.left[0].reason),
        ("first", "in_effect")
    );
}

/// Either organisation would do: who rejected is not asked where the other could sign.
#[test]
fn nobody_asks_first_who_rejected() {
    let bundle = genesis();
    let either = json!({"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}});
    let open = json!({"policies": {"Open": {"mod_policy": "Open", "policy": either}}});
    let opened = proposal(&bundle, "opened", &open, &[]);
    let update = opened.intent.apply(bundle.tree()).unwrap();
    let next = Bundle::new(bundle.channel(), update).unwrap();
    let all = json!({"type": 3, "value": {"rule": "ALL", "sub_policy": "Admins"}});
    let closes = json!({"policies": {"Open": {"policy": all}}});
    let asked = |unasked: &[&str]| {
        let plain = proposal(&next, "closes", &closes, &[]);
        let unasked = unasked.iter().map(|id| MspId::from(*id)).collect();
        let closes = PlannedProposal::new(&next, &plain.claim, unasked).unwrap();
        let plan = make_plan(&next, &[closes]).unwrap();
        plan.steps[0].signers.clone()
    };
    assert_eq!(asked(&[]), ["Org1MSP.admin"]);
    assert_eq!(asked(&["Org1MSP"]), ["Org2MSP.admin"]);
    assert_eq!(asked(&["Org1MSP", "Org2MSP"]), ["Org1MSP.admin"]);
}

/// A proposal with these changes: `(path, item, name, before, after)`.
fn changing(id: &str, changes: &[(&str, &str, Option<&str>, Value, Value)]) -> ProposalAnswer {
    let changes = changes
        .iter()
        .map(|(path, item, name, before, after)| ChangeAnswer {
            after: after.clone(),
            before: before.clone(),
            change: match (before, after) {
                (_, Value::Null) => "removed",
                (Value::Null, _) => "added",
                _ => "changed",
            }
            .to_owned(),
            item: (*item).to_owned(),
            name: name.map(str::to_owned),
            path: (*path).to_owned(),
            text: String::new(),
            unit: None,
        });
    ProposalAnswer {
        diff: Some(DiffAnswer {
            changes: changes.collect(),
            truncated: 0,
        }),
        proposal_id: id.to_owned(),
        ..ProposalAnswer::default()
    }
}

#[test]
fn what_both_touch_stands_side_by_side() {
    let size = (
        "/Channel/Orderer/BatchSize",
        "setting",
        Some("max_message_count"),
    );
    let org = "/Channel/Application/Org2MSP";
    let ca = |name: &str| {
        (
            "/Channel/Application/Org2MSP/MSP",
            "certificate",
            None::<&str>,
            Value::Null,
            json!(name),
        )
    };
    let mut a = changing(
        "a",
        &[
            (size.0, size.1, size.2, json!(100), json!(10)),
            (
                org,
                "organization",
                None,
                json!({"msp_id": "Org2MSP"}),
                Value::Null,
            ),
            ca("one"),
            (
                "/Channel/Orderer/BatchTimeout",
                "setting",
                Some("timeout"),
                json!("2s"),
                json!("1s"),
            ),
        ],
    );
    let b = changing(
        "b",
        &[
            (size.0, size.1, size.2, json!(100), json!(500)),
            (
                "/Channel/Application/Org2MSP/AnchorPeers",
                "anchor_peer",
                Some("h:1"),
                Value::Null,
                json!("h:1"),
            ),
            ca("two"),
            (
                "/Channel/Orderer/BatchTimeout",
                "setting",
                Some("timeout"),
                json!("2s"),
                json!("1s"),
            ),
            (
                "/Channel/Application/Org2MSPs/X",
                "policy",
                None,
                json!("x"),
                json!("y"),
            ),
        ],
    );
    a.conflicts = Some(RelationsAnswer {
        excludes: vec![ExclusionAnswer {
            contrast: None,
            element: "here".to_owned(),
            proposal_id: "b".to_owned(),
        }],
        ..RelationsAnswer::default()
    });
    let view = sides(&a, &b).unwrap();
    let places = view.both.iter().map(|one| {
        (
            one.path.rsplit('/').next().unwrap(),
            one.same,
            &one.first,
            &one.second,
        )
    });
    let null = Value::Null;
    let (ten, many, second, anchor, two) = (
        json!(10),
        json!(500),
        json!("1s"),
        json!("h:1"),
        json!("two"),
    );
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            ("AnchorPeers", false, &null, &anchor),
            ("MSP", false, &null, &two),
            ("BatchSize", false, &ten, &many),
            ("BatchTimeout", true, &second, &second),
        ]
    );
    assert_eq!(view.excludes.as_deref(), Some("here"));
    assert_eq!((view.first_only, view.second_only), (1, 1), "{view:?}");
    // both ways round
    assert_eq!(sides(&b, &a).unwrap().excludes.as_deref(), Some("here"));
    assert!(sides(&a, &ProposalAnswer::default()).is_none());
}
