//! Why a policy accepts or not, and what would complete it.

use crate::{
    identity::Msps,
    ids::MspId,
    policy::{PolicyId, PolicyManager, SignerSet},
};

/// The tree of policies that decided, in pre-order in one list.
#[derive(Clone, Debug)]
pub struct Explanation {
    nodes: Vec<Node>,
}

/// One policy, gate or principal of an [`Explanation`].
#[derive(Clone, Debug)]
pub struct Node {
    /// The policy's path; `None` for a rule inside a signature policy.
    pub path: Option<String>,
    /// The rule as text.
    pub rule: String,
    /// How many of what stands below must accept.
    pub needed: i64,
    /// How many do.
    pub have: usize,
    /// Whether it accepts.
    pub satisfied: bool,
    /// The numbers of the signatures that were used, see [`Signer::index`](super::Signer::index).
    pub satisfied_by: Vec<usize>,
    /// Of a policy that does not accept: the MSPs that could complete it, ascending.
    pub missing: Vec<MspId>,
}

impl Explanation {
    /// Whether the policy accepts.
    #[must_use]
    pub fn satisfied(&self) -> bool {
        todo!()
    }

    /// The MSPs that take part in some smallest completing set, ascending.
    #[must_use]
    pub fn missing(&self) -> &[MspId] {
        todo!()
    }

    /// The smallest sets of signers that would complete the policy, as principals such as
    /// `Org2MSP.admin`; the first few where there are many.
    #[must_use]
    pub fn smallest_sets(&self) -> &[Vec<String>] {
        todo!()
    }

    /// All nodes in pre-order; the first is the policy asked for.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The explanation as JSON; bounded in depth and size.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        todo!()
    }
}

impl PolicyManager {
    /// Decides a policy and says why.
    #[must_use]
    pub fn explain(&self, _msps: &Msps, _id: PolicyId, _signers: &SignerSet) -> Explanation {
        todo!()
    }
}
