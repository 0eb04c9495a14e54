//! Tests of the room on made-up signers, without certificates.

mod complete;
mod evaluate;
mod language;
mod names;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::{
    identity::{Msps, Principal, Role},
    ids::MspId,
    policy::{
        completion::{
            cast::{Budget, Cast, Pick},
            choose,
            complete::solve,
            needs::needs,
            outlook::{STEPS, outlook},
            search::{helpful, smallest_sets, some_sets},
            ways::MAX_WAYS,
        },
        error::{PolicyError, RuleProblem},
        evaluation::{
            PolicyManager, PolicyManagerBuilder, SignerSet,
            evaluate::{Decider, Holders, Outcome},
        },
        language::{
            PolicyId,
            model::{PolicyKind, PrincipalId, Rule, rules_below},
            parse_policy, print_implicit_meta, print_policy,
        },
    },
    proto::write,
};

/// What a made-up signer is: an identity of an MSP that carries some roles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    msp_id: &'static str,
    role: Role,
}

impl Person {
    fn satisfies(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Role { msp_id, role } => {
                msp_id.as_str() == self.msp_id && (*role == Role::Member || *role == self.role)
            }
            _ => false,
        }
    }
}

/// Made-up signers, asked by principal.
struct People<'a> {
    manager: &'a PolicyManager,
    people: &'a [Person],
    lists: BTreeMap<PrincipalId, Vec<usize>>,
}

impl<'a> People<'a> {
    fn new(manager: &'a PolicyManager, people: &'a [Person]) -> Self {
        let lists = BTreeMap::new();
        Self {
            manager,
            people,
            lists,
        }
    }
}

impl Holders for People<'_> {
    fn signers(&self) -> usize {
        self.people.len()
    }

    fn of(&mut self, id: PrincipalId) -> &[usize] {
        let principal = self.manager.principals_table().get(id).unwrap();
        let people = self.people.iter().enumerate();
        self.lists.entry(id).or_insert_with(|| {
            people
                .filter(|(_, p)| p.satisfies(principal))
                .map(|(i, _)| i)
                .collect()
        })
    }
}

/// A policy as a tree, for the slow model.
#[derive(Clone, Debug)]
enum Tree {
    Gate(i32, Vec<Self>),
    Principal(&'static str, Role),
}

/// The policies of a config: a signature policy, or an implicit meta one over sub groups.
#[derive(Clone, Debug)]
enum Model {
    Meta(i32, Vec<Self>),
    Signature(Tree),
}

impl Tree {
    /// Fabric's evaluation, as its own code has it: copies of flags.
    fn holds(&self, people: &[Person], used: &mut Vec<bool>) -> bool {
        match self {
            Self::Principal(msp_id, role) => {
                let principal = principal(msp_id, *role);
                let free =
                    (0..people.len()).find(|i| !used[*i] && people[*i].satisfies(&principal));
                free.inspect(|i| used[*i] = true).is_some()
            }
            Self::Gate(n, rules) => {
                let mut have = 0;
                for rule in rules {
                    let mut copy = used.clone();
                    if rule.holds(people, &mut copy) {
                        have += 1;
                        *used = copy;
                    }
                }
                have >= *n
            }
        }
    }

    fn encode(&self, principals: &mut Vec<Principal>) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Principal(msp_id, role) => {
                let principal = principal(msp_id, *role);
                let index = principals
                    .iter()
                    .position(|p| *p == principal)
                    .unwrap_or_else(|| {
                        principals.push(principal);
                        principals.len() - 1
                    });
                out.push(8);
                write::varint(&mut out, index as u64);
            }
            Self::Gate(n, rules) => {
                let mut gate = Vec::new();
                write::uint(&mut gate, 1, i64::from(*n).cast_unsigned());
                for rule in rules {
                    write::message(&mut gate, 2, &rule.encode(principals));
                }
                write::message(&mut out, 2, &gate);
            }
        }
        out
    }

    fn envelope(&self) -> Vec<u8> {
        let mut principals = Vec::new();
        let rule = self.encode(&mut principals);
        let mut out = Vec::new();
        write::message(&mut out, 2, &rule);
        for principal in principals {
            write::message(&mut out, 3, &principal_bytes(&principal));
        }
        out
    }
}

impl Model {
    fn holds(&self, people: &[Person]) -> bool {
        match self {
            Self::Signature(tree) => tree.holds(people, &mut vec![false; people.len()]),
            Self::Meta(rule, subs) => {
                let have = subs.iter().filter(|sub| sub.holds(people)).count();
                match rule {
                    _ if subs.is_empty() => true,
                    0 => have >= 1,
                    1 => have == subs.len(),
                    2 => have > subs.len() / 2,
                    _ => have == 0,
                }
            }
        }
    }

    fn manager(&self) -> (PolicyManager, PolicyId) {
        let mut builder = PolicyManagerBuilder::new();
        self.build(&mut builder, None, "Channel");
        let manager = builder.finish().unwrap();
        let id = manager.absolute("/Channel/P").unwrap();
        (manager, id)
    }

    fn build(
        &self,
        builder: &mut PolicyManagerBuilder<'_>,
        parent: Option<super::GroupId>,
        name: &str,
    ) {
        let group = builder.group(parent, name);
        match self {
            Self::Signature(tree) => builder.policy(group, "P", 1, &tree.envelope()).unwrap(),
            Self::Meta(rule, subs) => {
                for (i, sub) in subs.iter().enumerate() {
                    sub.build(builder, Some(group), &format!("G{i}"));
                }
                builder.policy(group, "P", 3, &meta("P", *rule)).unwrap();
            }
        }
    }
}

fn principal(msp_id: &str, role: Role) -> Principal {
    Principal::Role {
        msp_id: msp_id.into(),
        role,
    }
}

fn principal_bytes(principal: &Principal) -> Vec<u8> {
    let Principal::Role { msp_id, role } = principal else {
        panic!("only roles are made up");
    };
    let number = [
        Role::Member,
        Role::Admin,
        Role::Client,
        Role::Peer,
        Role::Orderer,
    ];
    let mut body = Vec::new();
    write::bytes(&mut body, 1, msp_id.as_str().as_bytes());
    write::uint(
        &mut body,
        2,
        number.iter().position(|r| r == role).unwrap() as u64,
    );
    let mut out = Vec::new();
    write::bytes(&mut out, 2, &body);
    out
}

fn meta(sub_policy: &str, rule: i32) -> Vec<u8> {
    let mut out = Vec::new();
    write::bytes(&mut out, 1, sub_policy.as_bytes());
    write::uint(&mut out, 2, i64::from(rule).cast_unsigned());
    out
}

/// A manager with one signature policy `/Channel/P`.
fn one(envelope: &[u8]) -> (PolicyManager, PolicyId) {
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    builder.policy(root, "P", 1, envelope).unwrap();
    let manager = builder.finish().unwrap();
    let id = manager.absolute("/Channel/P").unwrap();
    (manager, id)
}

fn person(text: &'static str) -> Person {
    let (msp_id, role) = text.split_once('.').unwrap();
    let role = match role {
        "admin" => Role::Admin,
        "peer" => Role::Peer,
        _ => Role::Client,
    };
    Person { msp_id, role }
}

fn people(texts: &[&'static str]) -> Vec<Person> {
    texts.iter().map(|text| person(text)).collect()
}

fn accepts(manager: &PolicyManager, id: PolicyId, people: &[Person]) -> bool {
    Decider::new(manager, People::new(manager, people)).accepts(id)
}

fn set_names(manager: &PolicyManager, sets: &BTreeSet<Vec<PrincipalId>>) -> Vec<Vec<String>> {
    let name = |id: &PrincipalId| manager.principals_table().get(*id).unwrap().to_string();
    let names = |set: &Vec<PrincipalId>| {
        let mut names: Vec<String> = set.iter().map(name).collect();
        names.sort();
        names
    };
    let mut out: Vec<_> = sets.iter().map(names).collect();
    out.sort();
    out
}

/// The smallest completing sets, everybody may come.
fn smallest(manager: &PolicyManager, id: PolicyId, people: &[Person]) -> Vec<Vec<String>> {
    let cast = Cast::new(manager, &[id], &mut People::new(manager, people), |_| true);
    let mut budget = Budget::new(10_000_000);
    let solved = solve(&cast, &[id], &mut budget);
    let sets = smallest_sets(&cast, &[id], &solved[&id], &mut budget);
    set_names(manager, &sets)
}

fn chosen(manager: &PolicyManager, ids: &[PolicyId], people: &[Person]) -> Option<Vec<usize>> {
    let cast = Cast::new(manager, ids, &mut People::new(manager, people), |_| false);
    choose::choose(&cast, ids).map(|picks| cast.positions(&picks))
}

const MSPS: [&str; 3] = ["A", "B", "C"];

fn leaf() -> impl Strategy<Value = Tree> {
    (
        0..3usize,
        prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Peer)],
    )
        .prop_map(|(msp, role)| Tree::Principal(MSPS[msp], role))
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(2, 8, 3, |inner| {
        (prop::collection::vec(inner, 0..4), -1..4i32).prop_map(|(rules, n)| {
            // mostly thresholds that can be reached
            let most = i32::try_from(rules.len()).unwrap() + 1;
            Tree::Gate(n.min(most), rules)
        })
    })
}

fn model() -> impl Strategy<Value = Model> {
    let signature = tree().prop_map(Model::Signature);
    let sub = tree().prop_map(Model::Signature);
    let meta = (0..4i32, prop::collection::vec(sub, 0..4))
        .prop_map(|(rule, subs)| Model::Meta(rule, subs));
    prop_oneof![2 => signature, 1 => meta]
}

fn persons(most: usize) -> impl Strategy<Value = Vec<Person>> {
    let role = prop_oneof![Just(Role::Client), Just(Role::Admin), Just(Role::Peer)];
    let person = (0..3usize, role).prop_map(|(msp, role)| Person {
        msp_id: MSPS[msp],
        role,
    });
    prop::collection::vec(person, 0..=most)
}
