//! Policies: signature policies, implicit meta policies, their evaluation and its explanation.
//!
//! * [`PolicyManagerBuilder`] compiles every policy of a config into one flat [`PolicyManager`],
//!   which finds policies by name as Fabric does and evaluates them;
//! * [`SignerSet`] turns signatures into the identities that count, and says why others do not;
//! * [`Explanation`] is the tree of policies behind a decision, with what would complete it;
//! * [`parse_policy`] and [`print_policy`] speak Fabric's policy language.
//!
//! Policies may be nested as deep as Fabric accepts; nothing here recurses over that depth.

mod cast;
mod choose;
mod complete;
mod effort;
mod error;
mod evaluate;
mod explain;
mod ids;
mod implicit_meta;
mod manager;
mod model;
mod parse;
mod print;
mod same;
mod search;
mod signers;
#[cfg(test)]
mod tests;
mod walk;
mod ways;
mod wire;

pub use choose::Spoiler;
pub use effort::{Effort, Efforts};
pub use error::{PolicyError, RuleProblem};
pub use evaluate::{Concerned, Evaluation, Irrelevant};
pub use explain::{Explanation, Node, Outlook};
pub use ids::{GroupId, PolicyId};
pub use manager::{PolicyManager, PolicyManagerBuilder};
pub use parse::parse_policy;
pub use print::{RULE_TEXT, print_implicit_meta, print_policy, print_rule};
pub use same::same_policy;
pub use signers::{Rejected, SignatureProblem, SignedData, Signer, SignerSet};
