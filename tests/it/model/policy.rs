//! Fabric's policy manager and policy evaluation, the slow way: nested managers with a table of
//! names each, recursion, and a fresh copy of the flags for every rule.

use std::{collections::BTreeMap, rc::Rc};

/// A config group with its policies.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub policies: BTreeMap<String, Policy>,
    pub groups: BTreeMap<String, Self>,
}

/// A policy as a config has it.
#[derive(Clone, Debug)]
pub enum Policy {
    ImplicitMeta { rule: i32, sub_policy: String },
    Signature(Rule),
}

/// A rule of a signature policy; principals are numbers.
#[derive(Clone, Debug)]
pub enum Rule {
    OutOf(i32, Vec<Self>),
    SignedBy(usize),
}

/// A compiled group.
pub struct Manager {
    pub path: String,
    pub table: BTreeMap<String, Rc<Compiled>>,
    pub managers: BTreeMap<String, Manager>,
}

/// A compiled policy.
pub enum Compiled {
    ImplicitMeta(i32, Vec<Option<Rc<Compiled>>>),
    Signature(Rule),
}

/// Where Fabric crashes: a name that is the bare path of a group.
#[derive(Debug, PartialEq, Eq)]
pub struct Crash;

impl Manager {
    pub fn new(path: &str, group: &Group) -> Result<Self, Crash> {
        let mut managers = BTreeMap::new();
        for (name, sub) in &group.groups {
            managers.insert(name.clone(), Self::new(&format!("{path}/{name}"), sub)?);
        }
        let mut table = BTreeMap::new();
        for (name, policy) in &group.policies {
            let compiled = match policy {
                Policy::Signature(rule) => Compiled::Signature(rule.clone()),
                Policy::ImplicitMeta { rule, sub_policy } => {
                    let subs = managers
                        .values()
                        .map(|manager: &Self| manager.get(sub_policy));
                    Compiled::ImplicitMeta(*rule, subs.collect::<Result<_, _>>()?)
                }
            };
            table.insert(name.clone(), Rc::new(compiled));
        }
        for (name, manager) in &managers {
            for (below, policy) in &manager.table {
                table.insert(format!("{name}/{below}"), Rc::clone(policy));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            table,
            managers,
        })
    }

    pub fn get(&self, name: &str) -> Result<Option<Rc<Compiled>>, Crash> {
        let relative = if name.starts_with('/') {
            if !name[1..].starts_with(&self.path) {
                return Ok(None);
            }
            name.as_bytes()
                .get(1 + self.path.len() + 1..)
                .ok_or(Crash)?
        } else {
            name.as_bytes()
        };
        let relative = String::from_utf8_lossy(relative);
        Ok(self.table.get(&*relative).cloned())
    }
}

impl Compiled {
    /// Whether `signers` signers are enough; `satisfies` says which of them satisfies which principal.
    pub fn accepts(&self, signers: usize, satisfies: &dyn Fn(usize, usize) -> bool) -> bool {
        match self {
            Self::Signature(rule) => holds(rule, &mut vec![false; signers], satisfies),
            Self::ImplicitMeta(rule, subs) => {
                let accepts = |sub: &&Option<Rc<Self>>| {
                    sub.as_ref()
                        .is_some_and(|sub| sub.accepts(signers, satisfies))
                };
                let have = subs.iter().filter(accepts).count();
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
}

fn holds(rule: &Rule, used: &mut Vec<bool>, satisfies: &dyn Fn(usize, usize) -> bool) -> bool {
    match rule {
        Rule::SignedBy(principal) => {
            for signer in 0..used.len() {
                if !used[signer] && satisfies(signer, *principal) {
                    used[signer] = true;
                    return true;
                }
            }
            false
        }
        Rule::OutOf(n, rules) => {
            let mut have = 0;
            for rule in rules {
                let mut copy = used.clone();
                if holds(rule, &mut copy, satisfies) {
                    have += 1;
                    *used = copy;
                }
            }
            have >= *n
        }
    }
}
