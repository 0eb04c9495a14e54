//! Fabric's policy manager and policy evaluation, the slow way: nested managers with a table of
//! names each, recursion, and a fresh copy of the flags for every rule.

use std::{collections::BTreeMap, rc::Rc};

/// A config group with its policies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) groups: BTreeMap<String, Self>,
}

/// A policy as a config has it.
#[derive(Clone, Debug)]
pub(crate) enum Policy {
    ImplicitMeta { rule: i32, sub_policy: String },
    Signature(Rule),
}

/// A rule of a signature policy; principals are numbers.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    OutOf(i32, Vec<Self>),
    SignedBy(usize),
}

/// A compiled group.
pub(crate) struct Manager {
    pub(crate) path: String,
    pub(crate) table: BTreeMap<String, Rc<Compiled>>,
    pub(crate) managers: BTreeMap<String, Self>,
}

/// A compiled policy.
pub(crate) enum Compiled {
    ImplicitMeta(i32, Vec<Option<Rc<Self>>>),
    Signature(Rule),
}

/// Where Fabric crashes: a name that is the bare path of a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crash;

impl Manager {
    pub(crate) fn new(path: &str, group: &Group) -> Result<Self, Crash> {
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

    pub(crate) fn get(&self, name: &str) -> Result<Option<Rc<Compiled>>, Crash> {
        let relative = match name.strip_prefix('/') {
            Some(absolute) if !absolute.starts_with(&self.path) => return Ok(None),
            Some(absolute) => absolute
                .as_bytes()
                .get(self.path.len() + 1..)
                .ok_or(Crash)?,
            None => name.as_bytes(),
        };
        let relative = String::from_utf8_lossy(relative);
        Ok(self.table.get(&*relative).cloned())
    }
}

impl Compiled {
    /// Whether `signers` signers are enough; `satisfies` says which of them satisfies which principal.
    pub(crate) fn accepts(&self, signers: usize, satisfies: &dyn Fn(usize, usize) -> bool) -> bool {
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
            let free = |signer: &usize| !used[*signer] && satisfies(*signer, *principal);
            let found = (0..used.len()).find(free);
            if let Some(signer) = found {
                used[signer] = true;
            }
            found.is_some()
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
