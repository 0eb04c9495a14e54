//! Why policies accept or not, and what would complete them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    identity::Msps,
    ids::MspId,
    policy::{
        evaluation::{
            evaluate::{Decider, Known, Outcome},
            manager::PolicyManager,
            signers::SignerSet,
        },
        language::{
            ids::PolicyId,
            model::{PolicyKind, Rule},
            print::rules_text,
        },
    },
};

use super::{
    cast::{Budget, Cast},
    needs::needs,
    outlook::{Outlook, STEPS, asked, counted, everybody, msps},
    room::{MAX_TEXT, Room, cut, fitting},
    search,
    ways::Solved,
};

/// The most nodes of an explanation; what comes later in pre-order is left out.
const MAX_NODES: usize = 5_000;
/// The most levels of the JSON form.
const MAX_JSON_LEVELS: usize = 32;
/// The most entries of a node's lists, the first node's aside.
const MAX_LISTED: usize = 256;
/// The most names in a node's completing sets together; the first set is always whole.
const MAX_NAMES: usize = 1_000;
/// What a node of the JSON form takes beside its texts and lists, about. Unit: bytes.
const NODE: usize = 130;
/// What the number of a signature takes, about. Unit: bytes.
const INDEX: usize = 6;
/// What a signer of the JSON form takes beside its texts, about. Unit: bytes.
const SIGNER: usize = 60;

/// The tree of policies that decide, in pre-order in one list. At most 5,000 nodes are kept;
/// texts are cut at about 1,000 bytes and lists below the first node at 256 entries.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// INVARIANT: not empty, and every node's parent comes before it.
    nodes: Vec<ExplanationNode>,
    signers: Vec<Value>,
    /// Whether the policy that does not accept has smallest sets, listed or not.
    has_sets: bool,
    /// Who is needed by the policy that does not accept.
    who: Option<String>,
    omitted: bool,
    room: usize,
    size: usize,
}

/// One policy, gate or principal of an [`Explanation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplanationNode {
    /// The number of the node that this one stands below; `None` for the first.
    pub parent: Option<usize>,
    /// How many nodes this one stands below.
    pub level: usize,
    /// The policy's path; `None` for a rule inside a signature policy.
    pub path: Option<String>,
    /// The rule as text; empty where there is no such policy.
    pub rule: String,
    /// How many of what stands below must accept; 1 for a principal. Not positive: always accepts,
    /// but for an implicit meta rule that Fabric does not list.
    pub needed: i64,
    /// How many do.
    pub have: usize,
    /// Whether it accepts.
    pub satisfied: bool,
    /// The numbers of the signatures that were used, ascending; see
    /// [`CountedSigner::index`](crate::policy::CountedSigner::index).
    pub satisfied_by: Vec<usize>,
    /// Of a policy that does not accept: the MSPs with a part in some smallest completing set,
    /// ascending.
    pub missing: Vec<MspId>,
    /// Of a policy that does not accept: the smallest sets of new signers that would complete it,
    /// each as principals such as `Org2MSP.admin`; the first few where there are many. None where
    /// nobody could. An empty set: the signatures there are suffice, in another order or without
    /// some of them.
    pub smallest_sets: Vec<Vec<String>>,
}

impl Explanation {
    /// Whether the policy accepts.
    #[must_use]
    pub fn satisfied(&self) -> bool {
        self.nodes.first().is_some_and(|root| root.satisfied)
    }

    /// Whether it accepts, or has smallest sets: see [`Outlook::completable`].
    #[must_use]
    pub fn completable(&self) -> bool {
        self.satisfied() || self.has_sets
    }

    /// The MSPs with a part in some smallest completing set, ascending. Every such MSP is named, also
    /// where there are too many sets to list.
    #[must_use]
    pub fn missing(&self) -> &[MspId] {
        self.nodes.first().map_or(&[], |root| &root.missing)
    }

    /// What the policy needs that does not accept, in words: how many of what stands below it accept
    /// and how many must, and who is needed. At most a few organisations are named, the others are
    /// counted: ``1 of 3: two more of `Org2MSP`, `Org3MSP`, `Org4MSP` ``.
    #[must_use]
    pub fn needs(&self) -> Option<String> {
        let (root, who) = (self.nodes.first()?, self.who.as_ref()?);
        Some(counted(root.have, root.needed, who))
    }

    /// What it comes to.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        Outlook {
            satisfied: self.satisfied(),
            completable: self.completable(),
            missing: self.missing().to_vec(),
            needs: self.needs(),
        }
    }

    /// What the JSON form takes, about, escapes aside. Unit: bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Whether something was left out: of the tree, or of its JSON form.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let deep = self.nodes.iter().any(|node| node.level >= MAX_JSON_LEVELS);
        self.omitted || deep || self.listed_missing().len() < self.missing().len()
    }

    /// The MSPs that the JSON form names: a quarter of the room is theirs.
    fn listed_missing(&self) -> &[MspId] {
        let fits = fitting(self.missing(), self.room / 8, |id| id.as_str().len());
        self.missing().get(..fits).unwrap_or_default()
    }

    /// The smallest sets of new signers that would complete the policy:
    /// [`ExplanationNode::smallest_sets`] of the first node.
    #[must_use]
    pub fn smallest_sets(&self) -> &[Vec<String>] {
        self.nodes.first().map_or(&[], |root| &root.smallest_sets)
    }

    /// All nodes in pre-order; the first is the policy asked for.
    #[must_use]
    pub fn nodes(&self) -> &[ExplanationNode] {
        &self.nodes
    }

    /// The explanation as JSON: `{"satisfied","missing","smallest_sets","signers","policy",
    /// "omitted"}`, where `policy` is the tree, at most 32 levels of it, and `omitted` says
    /// whether something was left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let missing = self.listed_missing();
        // from the last node to the first: what stands below a node is there before it
        let mut below: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        let mut tree = Value::Null;
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let mut policies = below.remove(&number).unwrap_or_default();
            policies.reverse();
            if node.level >= MAX_JSON_LEVELS {
                continue;
            }
            let own = match node.parent {
                None => node.to_json(missing, policies),
                Some(_) => node.to_json(&node.missing, policies),
            };
            match node.parent {
                Some(parent) => below.entry(parent).or_default().push(own),
                None => tree = own,
            }
        }
        json!({
            "satisfied": self.satisfied(),
            "missing": msp_ids(missing),
            "smallest_sets": self.smallest_sets(),
            "signers": self.signers,
            "policy": tree,
            "omitted": self.is_cut(),
        })
    }
}

impl ExplanationNode {
    fn to_json(&self, missing: &[MspId], policies: Vec<Value>) -> Value {
        let mut out = json!({
            "have": self.have,
            "missing": self.path.as_ref().map(|_| msp_ids(missing)),
            "needed": self.needed,
            "path": self.path,
            "rule": self.rule,
            "satisfied": self.satisfied,
            "satisfied_by": self.satisfied_by,
        });
        // moved, where the macro would copy the whole tree once for each level
        if let Some(object) = out.as_object_mut() {
            object.insert("policies".to_owned(), Value::Array(policies));
        }
        out
    }
}

impl PolicyManager {
    /// Decides a policy and says why.
    #[must_use]
    pub fn explain(&self, msps: &Msps, id: PolicyId, signers: &SignerSet) -> Explanation {
        self.explain_within(msps, id, signers, &BTreeSet::new(), usize::MAX)
    }

    /// The same in about so many bytes of JSON, escapes aside. The policy itself, whether it accepts
    /// and whether it can be completed are always said, and [`Explanation::missing`] is whole; every
    /// policy below it gets an equal share of the room, so that none hides the others. `unasked`: whom
    /// nobody should ask to sign where others could complete the policy.
    #[must_use]
    pub fn explain_within(
        &self,
        msps: &Msps,
        id: PolicyId,
        signers: &SignerSet,
        unasked: &BTreeSet<MspId>,
        room: usize,
    ) -> Explanation {
        let mut decider = Decider::new(self, Known::new(self, msps, signers));
        let accepts = decider.accepts(id);
        let known = &mut decider.holders;
        let (cast, solved) = match accepts {
            true => (everybody(self, msps, id, known), BTreeMap::new()),
            false => asked(self, msps, id, known, unasked),
        };
        let below = self.reachable(&[id]);
        let mut tree = Tree {
            manager: self,
            signers,
            decider,
            cast,
            solved,
            budget: Budget::new(STEPS),
            nodes: Vec::new(),
            used: Vec::new(),
            room: Room {
                // a quarter is for who is missing, a quarter for signers and who was used where
                bytes: room / 2,
                policies: below.len(),
                has_nodes: self.rules_of(&below) <= MAX_NODES,
            },
            has_sets: false,
            who: None,
            omitted: false,
        };
        tree.grow(id);
        let listed = fitting(signers.signers(), room / 8, |signer| {
            let (identity, id) = (&signer.identity, signer.identity.id());
            SIGNER + identity.msp_id().as_str().len() + identity.subject().len() + id.len()
        });
        let mut omitted = tree.omitted || listed < signers.signers().len();
        let nodes = tree.finish(room / 8, &mut omitted);
        let supposed = signers.supposed().iter().enumerate();
        let supposed = supposed.filter_map(|(at, principal)| {
            let index = signers.index_at(signers.signers().len().saturating_add(at))?;
            Some(json!({
                "index": index,
                "msp_id": principal.msp_id().map_or("", MspId::as_str),
                "subject": principal.to_string(),
                "fingerprint": "",
                "supposed": true,
            }))
        });
        let supposed: Vec<Value> = supposed.collect();
        let signers: Vec<Value> = signers
            .signers()
            .iter()
            .take(listed)
            .map(|signer| {
                json!({
                    "index": signer.index,
                    "msp_id": signer.identity.msp_id().as_str(),
                    "subject": signer.identity.subject(),
                    "fingerprint": signer.identity.id(),
                })
            })
            .chain(supposed)
            .collect();
        let size = nodes.iter().map(ExplanationNode::size);
        let texts = |signer: &Value| {
            let members = signer.as_object().into_iter().flat_map(|one| one.values());
            let texts = members.filter_map(Value::as_str).map(str::len);
            texts.fold(SIGNER, usize::saturating_add)
        };
        Explanation {
            size: size
                .chain(signers.iter().map(texts))
                .fold(NODE, usize::saturating_add),
            nodes,
            signers,
            has_sets: tree.has_sets,
            who: tree.who,
            omitted,
            room,
        }
    }

    /// How many rules some policies have together.
    fn rules_of(&self, ids: &[PolicyId]) -> usize {
        let rules = ids
            .iter()
            .map(|id| match self.policy(*id).map(|one| &one.kind) {
                Some(PolicyKind::Signature(rules)) => rules.len(),
                _ => 1,
            });
        rules.fold(0, usize::saturating_add)
    }
}

/// An explanation in the making.
struct Tree<'a> {
    manager: &'a PolicyManager,
    signers: &'a SignerSet,
    decider: Decider<'a, Known<'a>>,
    cast: Cast<'a>,
    solved: BTreeMap<PolicyId, Solved>,
    budget: Budget,
    nodes: Vec<ExplanationNode>,
    /// The signatures that each node itself used.
    used: Vec<Option<usize>>,
    room: Room,
    has_sets: bool,
    who: Option<String>,
    omitted: bool,
}

impl Tree<'_> {
    fn grow(&mut self, root: PolicyId) {
        let mut next: Vec<(Option<usize>, Result<PolicyId, String>)> = vec![(None, Ok(root))];
        while let Some((parent, policy)) = next.pop() {
            let is_full = self.nodes.len() >= MAX_NODES || self.room.bytes == 0;
            if is_full && parent.is_some() {
                self.omitted = true;
                return;
            }
            let id = match policy {
                Ok(id) => id,
                Err(path) => {
                    self.push(ExplanationNode {
                        parent,
                        path: Some(cut(path)),
                        needed: 1,
                        ..ExplanationNode::default()
                    });
                    continue;
                }
            };
            let bytes = self.room.bytes.saturating_sub(self.room.share());
            let nodes = self.room.nodes(MAX_NODES.saturating_sub(self.nodes.len()));
            let nodes = self.nodes.len().saturating_add(nodes);
            let node = self.policy(id, parent);
            self.room.policies = self.room.policies.saturating_sub(1);
            let Some(policy) = self.manager.policy(id) else {
                self.push(node);
                continue;
            };
            match &policy.kind {
                PolicyKind::Signature(rules) => self.signature(node, rules, (nodes, bytes)),
                PolicyKind::ImplicitMeta(meta) => {
                    let have = meta.subs.iter().flatten();
                    let have = have.filter(|sub| self.decider.accepts(**sub)).count();
                    let needed = i64::try_from(meta.threshold()).unwrap_or(i64::MAX);
                    let number = self.push(ExplanationNode {
                        needed,
                        have,
                        ..node
                    });
                    let absent = meta.subs.iter().any(Option::is_none);
                    let paths = match absent {
                        true => self.manager.sub_paths(policy.group, &meta.sub_policy),
                        false => Vec::new(),
                    };
                    for (at, sub) in meta.subs.iter().enumerate().rev() {
                        let path = || paths.get(at).cloned().unwrap_or_default();
                        next.push((Some(number), sub.ok_or_else(path)));
                    }
                }
            }
        }
    }

    /// What a policy's node says whatever decides it.
    fn policy(&mut self, id: PolicyId, parent: Option<usize>) -> ExplanationNode {
        let satisfied = self.decider.accepts(id);
        let mut node = ExplanationNode {
            parent,
            path: Some(cut(self.manager.path(id))),
            rule: self.manager.rule_text(id, MAX_TEXT),
            satisfied,
            ..ExplanationNode::default()
        };
        let Some(solved) = self.solved.get(&id).filter(|_| !satisfied) else {
            return node;
        };
        let sets = search::smallest_sets(&self.cast, &[id], solved, &mut self.budget);
        let missing = msps(&self.cast, search::helpful(&sets, solved));
        if parent.is_none() {
            self.who = Some(needs(&self.cast, solved, &sets, &missing));
        }
        let share = match parent {
            None => self.room.bytes,
            Some(_) => self.room.share(),
        };
        node.missing = match parent {
            None => missing.into_iter().cloned().collect(),
            Some(_) => {
                let missing: Vec<&MspId> = missing.into_iter().take(MAX_LISTED).collect();
                let fits = fitting(&missing, share / 4, |id| id.as_str().len());
                self.omitted |= fits < missing.len();
                missing.into_iter().take(fits).cloned().collect()
            }
        };
        self.has_sets |= parent.is_none() && !sets.is_empty();
        let (mut names, mut bytes) = (0usize, 0usize);
        for set in &sets {
            names = names.saturating_add(set.len());
            if names > MAX_NAMES && !node.smallest_sets.is_empty() {
                continue;
            }
            let principals = set.iter().filter_map(|id| self.cast.principal(*id));
            let mut set: Vec<String> = Vec::with_capacity(set.len());
            for principal in principals {
                let text = cut(principal.to_string());
                bytes = bytes.saturating_add(text.len()).saturating_add(3);
                if bytes > share / 4 {
                    break;
                }
                set.push(text);
            }
            // a part of a set would not complete anything
            if bytes > share / 4 {
                self.omitted = true;
                break;
            }
            set.sort_unstable();
            node.smallest_sets.push(set);
        }
        node.smallest_sets.sort_unstable();
        node
    }

    /// A signature policy's node, with the first rule, and the nodes of all rules below, until the
    /// tree has so many nodes, or no more than so many bytes are left.
    fn signature(
        &mut self,
        policy: ExplanationNode,
        rules: &[Rule],
        (nodes, bytes): (usize, usize),
    ) {
        let mut outcomes = Vec::new();
        self.decider.signature(rules, Some(&mut outcomes));
        let table = self.manager.principals_table();
        // gates whose rules come next: where they end, and their node
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut policy = Some(policy);
        for (at, (rule, outcome)) in rules.iter().zip(&outcomes).enumerate() {
            let is_full = self.nodes.len() >= nodes || self.room.bytes <= bytes;
            if is_full && policy.is_none() {
                self.omitted = true;
                return;
            }
            while open.last().is_some_and(|(end, _)| *end <= at) {
                open.pop();
            }
            let node = policy.take().unwrap_or_else(|| ExplanationNode {
                parent: open.last().map(|(_, node)| *node),
                rule: rules_text(rules, at, table, MAX_TEXT),
                ..ExplanationNode::default()
            });
            let Outcome {
                holds,
                have,
                signer,
            } = *outcome;
            let number = self.push(ExplanationNode {
                needed: match rule {
                    Rule::OutOf { n, .. } => i64::from(*n),
                    Rule::SignedBy(_) => 1,
                },
                have,
                satisfied: holds,
                ..node
            });
            if let Some(used) = self.used.get_mut(number) {
                *used = signer.and_then(|position| self.signers.index_at(position));
            }
            if let Rule::OutOf { end, .. } = rule {
                open.push((*end, number));
            }
        }
    }

    /// Adds a node; its number.
    fn push(&mut self, mut node: ExplanationNode) -> usize {
        let above = node.parent.and_then(|parent| self.nodes.get(parent));
        node.level = above.map_or(0, |parent| parent.level.saturating_add(1));
        self.room.bytes = self.room.bytes.saturating_sub(node.size());
        self.nodes.push(node);
        self.used.push(None);
        self.nodes.len().saturating_sub(1)
    }

    /// Tells every node which signatures were used by what accepts below it; their numbers take
    /// about so many bytes at most, in equal parts.
    fn finish(&mut self, bytes: usize, omitted: &mut bool) -> Vec<ExplanationNode> {
        let mut nodes = std::mem::take(&mut self.nodes);
        let share = bytes / nodes.len().max(1) / INDEX;
        let mut below: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (number, node) in nodes.iter_mut().enumerate().rev() {
            let mut used = below.remove(&number).unwrap_or_default();
            used.extend(self.used.get(number).copied().flatten());
            let most = match number {
                0 => bytes / INDEX,
                _ => share.min(MAX_LISTED),
            };
            *omitted |= most < used.len() && most < MAX_LISTED;
            node.satisfied_by = used.iter().copied().take(most).collect();
            if let Some(parent) = node.parent.filter(|_| node.satisfied) {
                let above = below.entry(parent).or_default();
                if above.len() < used.len() {
                    std::mem::swap(above, &mut used);
                }
                above.append(&mut used);
            }
        }
        nodes
    }
}

impl ExplanationNode {
    /// What its JSON form takes, about, escapes and what stands below aside. Unit: bytes.
    fn size(&self) -> usize {
        let path = self.path.as_ref().map_or(0, String::len);
        let missing = self
            .missing
            .iter()
            .map(|id| id.as_str().len().saturating_add(3));
        let sets = self.smallest_sets.iter().flatten();
        let sets = sets.map(|name| name.len().saturating_add(3));
        let used = self.satisfied_by.len().saturating_mul(INDEX);
        let texts = [NODE, path, self.rule.len(), used].into_iter();
        (texts.chain(missing).chain(sets)).fold(0, usize::saturating_add)
    }
}

fn msp_ids(ids: &[MspId]) -> Vec<&str> {
    ids.iter().map(MspId::as_str).collect()
}
