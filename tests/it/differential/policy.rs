//! Policies against the slow model, with real certificates and every kind of principal.

use std::sync::LazyLock;

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigTree},
    identity::{Identity, Msps, Principal, serialized_identity},
    policy::{Changeable, GroupId, PolicyManager, PolicyManagerBuilder, SignerSet},
    proto::write,
};
use proptest::prelude::*;

use crate::{
    cases::cases,
    conformance::{shared, shared_json},
    model::policy::{Crash, Group, Manager, Policy, Rule},
};

/// Who signs and whom policies ask for.
struct World {
    bundle: Bundle,
    identities: Vec<Identity>,
    /// Serialized principals.
    principals: Vec<Vec<u8>>,
    /// Which identity satisfies which principal.
    satisfied: Vec<Vec<bool>>,
}

impl World {
    fn msps(&self) -> &Msps {
        self.bundle.msps()
    }
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = Bytes::from(shared("configs", "e-policies", ".pb"));
    let config = ConfigTree::parse(config).unwrap();
    let bundle = Bundle::new(&"vec-channel".into(), config).unwrap();
    let pool = shared_json("identities.json");
    let mut identities = Vec::new();
    let mut serialized = Vec::new();
    for org in ["Org1", "Org2", "OrdererOrg1"] {
        for name in [
            "admin1",
            "admin2",
            "client1",
            "peer1",
            "noou1",
            "admin-multi",
            "ica-admin1",
        ] {
            let identity = &pool[format!("{org}/{name}")];
            let msp_id = identity["mspid"].as_str().unwrap().into();
            let pem = identity["cert_pem"].as_str().unwrap();
            let bytes = serialized_identity(&msp_id, pem.as_bytes());
            // an MSP cannot read what an issuer that it does not know has issued
            if let Ok(identity) = bundle.msps().deserialize(&bytes) {
                identities.push(identity);
                serialized.push(bytes);
            }
        }
    }
    let mut principals = Vec::new();
    for msp_id in ["Org1MSP", "Org2MSP", "OrdererOrg1MSP", "NoMSP"] {
        for role in 0..6 {
            let mut body = Vec::new();
            write::bytes(&mut body, 1, msp_id.as_bytes());
            write::uint(&mut body, 2, role);
            principals.push(principal(0, &body));
        }
    }
    principals.extend(
        serialized
            .iter()
            .take(3)
            .map(|identity| principal(2, identity)),
    );
    principals.extend([
        principal(3, &[]),
        principal(3, &[8, 1]),
        principal(9, &[]),
        principal(0, &[0xff]),
    ]);
    let combined = |parts: &[usize]| {
        let mut body = Vec::new();
        for part in parts {
            write::message(&mut body, 1, &principals[*part]);
        }
        principal(4, &body)
    };
    let more = [
        combined(&[0, 1]),
        combined(&[0, 6]),
        combined(&[]),
        combined(&[1, 27]),
    ];
    principals.extend(more);
    let satisfied = identities.iter().map(|identity| {
        let parsed = principals.iter().map(|bytes| Principal::parse(bytes));
        parsed
            .map(|p| bundle.msps().satisfies(identity, &p).is_ok())
            .collect()
    });
    let satisfied: Vec<Vec<bool>> = satisfied.collect();
    assert!(
        satisfied.iter().flatten().any(|s| *s),
        "somebody satisfies something"
    );
    World {
        bundle,
        identities,
        principals,
        satisfied,
    }
});

/// A serialized `MSPPrincipal`.
fn principal(class: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::uint(&mut out, 1, class);
    write::bytes(&mut out, 2, body);
    out
}

fn encode(policy: &Policy) -> (i32, Vec<u8>) {
    let mut out = Vec::new();
    match policy {
        Policy::ImplicitMeta { rule, sub_policy } => {
            write::bytes(&mut out, 1, sub_policy.as_bytes());
            write::uint(&mut out, 2, u64::try_from(*rule).unwrap());
            (3, out)
        }
        Policy::Signature(rule) => {
            write::message(&mut out, 2, &encode_rule(rule));
            for principal in &WORLD.principals {
                write::message(&mut out, 3, principal);
            }
            (1, out)
        }
    }
}

fn encode_rule(rule: &Rule) -> Vec<u8> {
    let mut out = Vec::new();
    match rule {
        Rule::SignedBy(index) => {
            out.push(8);
            write::varint(&mut out, *index as u64);
        }
        Rule::OutOf(n, rules) => {
            let mut gate = Vec::new();
            write::uint(&mut gate, 1, i64::from(*n).cast_unsigned());
            for rule in rules {
                write::message(&mut gate, 2, &encode_rule(rule));
            }
            write::message(&mut out, 2, &gate);
        }
    }
    out
}

fn build(
    builder: &mut PolicyManagerBuilder<'_>,
    parent: Option<GroupId>,
    name: &str,
    group: &Group,
) {
    let id = builder.group(parent, name);
    for (name, policy) in &group.policies {
        let (kind, value) = encode(policy);
        builder.policy(id, name, kind, &value).unwrap();
    }
    for (name, sub) in &group.groups {
        build(builder, Some(id), name, sub);
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let principals = WORLD.principals.len();
    let leaf = (0..principals).prop_map(Rule::SignedBy);
    // half of them ask for what many identities are
    let leaf = prop_oneof![
        leaf,
        (0..2usize).prop_map(Rule::SignedBy),
        (6..8usize).prop_map(Rule::SignedBy)
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        (-1..5i32, prop::collection::vec(inner, 0..5)).prop_map(|(n, rules)| Rule::OutOf(n, rules))
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let names = prop::sample::select(vec![
        "Admins",
        "Admins",
        "Admins",
        "Readers",
        "G0/Admins",
        "G1/Admins",
        "/Channel/G0/Admins",
        "/Channel/G0.Admins",
        "/Channel/G1/G0/Admins",
        "/Channel/G0",
        "",
        "/",
        "Admins/",
    ]);
    let meta = (0..5i32, names).prop_map(|(rule, sub_policy)| Policy::ImplicitMeta {
        rule,
        sub_policy: sub_policy.to_owned(),
    });
    prop_oneof![rule().prop_map(Policy::Signature), meta]
}

fn group() -> impl Strategy<Value = Group> {
    let policies = || {
        let name =
            prop::sample::select(vec!["Admins", "Admins", "Readers"]).prop_map(str::to_owned);
        prop::collection::btree_map(name, policy(), 0..3)
    };
    let leaf = policies().prop_map(|policies| Group {
        policies,
        ..Group::default()
    });
    leaf.prop_recursive(3, 12, 4, move |inner| {
        let name = (0..4u8).prop_map(|i| format!("G{i}"));
        let groups = prop::collection::btree_map(name, inner, 0..4);
        (policies(), groups).prop_map(|(policies, groups)| Group { policies, groups })
    })
}

/// Compares a group and everything below it.
fn compare(
    manager: &PolicyManager,
    at: GroupId,
    path: &mut Vec<String>,
    model: &Manager,
    signers: &[usize],
) -> Result<(), TestCaseError> {
    let world = &*WORLD;
    let set = SignerSet::from_identities(
        signers
            .iter()
            .map(|i| world.identities[*i].clone())
            .collect(),
    );
    let satisfies = |signer: usize, principal: usize| world.satisfied[signers[signer]][principal];
    let absolute = format!("/{}", model.path);
    let names = [
        "",
        "/",
        "Admins",
        "Readers",
        "G0/Admins",
        "G1/G0/Admins",
        "G0",
        "/Channel/G0/Admins",
        "/Channel/G0XAdmins",
    ];
    let names = names.iter().map(|name| (*name).to_owned());
    let own = model.table.keys().flat_map(|name| {
        [
            name.clone(),
            format!("{absolute}/{name}"),
            format!("{absolute}.{name}"),
            format!("{absolute}{name}"),
        ]
    });
    for name in names.chain(own).chain([absolute.clone()]) {
        let found = manager.lookup(at, &name);
        match (found, model.get(&name)) {
            (None, Ok(None) | Err(Crash)) => {}
            (Some(id), Ok(Some(compiled))) => {
                let want = compiled.accepts(signers.len(), &satisfies);
                prop_assert_eq!(manager.evaluate(world.msps(), id, &set), want, "{}", name);
                // whoever comes: nobody does what is said to be impossible
                let someone = |who: usize| {
                    compiled.accepts(1, &|_, principal: usize| world.satisfied[who][principal])
                };
                let alone = (0..world.identities.len()).any(someone);
                prop_assert!(
                    !alone || manager.could_pass_alone(world.msps(), id),
                    "{}",
                    name
                );
                let open = manager.could_become_satisfiable(world.msps(), &Changeable::default());
                prop_assert!(!want || open.contains(&id), "{}", name);
                let is_possible = manager.efforts(world.msps()).of(id).is_some();
                prop_assert_eq!(is_possible, open.contains(&id), "{}", name);
                let explanation = manager.explain(world.msps(), id, &set);
                prop_assert_eq!(explanation.satisfied(), want);
                prop_assert_eq!(&explanation.to_json()["satisfied"], want);
                let mut evaluation = manager.evaluation(world.msps(), &set);
                let outlook = evaluation.outlook(id, &std::collections::BTreeSet::new());
                prop_assert_eq!(outlook.satisfied, want);
                prop_assert_eq!(&outlook.missing, explanation.missing());
                prop_assert_eq!(&outlook.needs, &explanation.needs());
                let completable = want || !explanation.smallest_sets().is_empty();
                prop_assert_eq!(outlook.completable, completable);
                prop_assert_eq!(explanation.completable(), completable);
                let everybody = world.msps().iter().map(|msp| msp.id().clone()).collect();
                prop_assert!(!completable || evaluation.could_pass(&[id], &everybody));
                let order = evaluation.choose(&[id]);
                prop_assert_eq!(&order, &manager.choose(world.msps(), &[id], &set));
                prop_assert!(order.is_some() || !want);
                let picked = order.map(|order| set.pick(&order));
                prop_assert!(picked.is_none_or(|set| manager.evaluate(world.msps(), id, &set)));
            }
            (found, _) => prop_assert!(false, "{} from {}: {:?}", name, absolute, found),
        }
    }
    for (name, sub) in &model.managers {
        path.push(name.clone());
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let at = manager.group(&names).unwrap();
        compare(manager, at, path, sub, signers)?;
        path.pop();
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn managers_find_and_decide_as_the_model(
        group in group(),
        signers in prop::sample::subsequence((0..WORLD.identities.len()).collect::<Vec<_>>(), 0..8).prop_shuffle(),
    ) {
        let mut builder = PolicyManagerBuilder::new();
        build(&mut builder, None, "Channel", &group);
        match (builder.finish(), Manager::new("Channel", &group)) {
            (Err(_), Err(Crash)) => {}
            (Ok(manager), Ok(model)) => {
                let root = manager.group(&[]).unwrap();
                compare(&manager, root, &mut Vec::new(), &model, &signers)?;
            }
            (ours, theirs) => {
                prop_assert!(false, "built: {}, the model: {}", ours.is_ok(), theirs.is_ok());
            }
        }
    }
}

/// A gate that needs nobody may still use a signer up. A signer who is not whom it asks for passes.
#[test]
fn a_signer_need_not_be_whom_a_gate_without_need_asks_for() {
    let named = |at: usize| Rule::SignedBy(24 + at);
    let rule = Rule::OutOf(2, vec![Rule::OutOf(0, vec![named(0)]), named(1)]);
    let mut group = Group::default();
    group
        .policies
        .insert("Admins".to_owned(), Policy::Signature(rule));
    let mut builder = PolicyManagerBuilder::new();
    build(&mut builder, None, "Channel", &group);
    let (manager, model) = (
        builder.finish().unwrap(),
        Manager::new("Channel", &group).unwrap(),
    );
    let root = manager.group(&[]).unwrap();
    let id = manager.lookup(root, "Admins").unwrap();
    for (signer, passes) in [(0, false), (1, true)] {
        let set = SignerSet::from_identities(vec![WORLD.identities[signer].clone()]);
        let accepted = manager.evaluate(WORLD.msps(), id, &set);
        assert_eq!(accepted, passes, "{signer}");
    }
    assert!(manager.could_pass_alone(WORLD.msps(), id));
    for signer in 0..2 {
        compare(&manager, root, &mut Vec::new(), &model, &[signer]).unwrap();
    }
}
