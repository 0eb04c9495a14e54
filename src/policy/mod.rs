//! Policies: signature policies, implicit meta policies, their evaluation and its explanation.
//!
//! * [`PolicyManagerBuilder`] compiles every policy of a config into one flat [`PolicyManager`],
//!   which finds policies by name as Fabric does and evaluates them;
//! * [`SignerSet`] turns signatures into the identities that count, and says why others do not;
//! * [`Explanation`] is the tree of policies behind a decision, with what would complete it;
//! * [`parse_policy`] and [`print_policy`] speak Fabric's policy language.
//!
//! | sub-room | knows | builds on |
//! |---|---|---|
//! | `language` | one policy: its rules, as bytes and as text | |
//! | `evaluation` | the policies of a config, and whether signatures satisfy one | `language` |
//! | `completion` | why or why not, and who could complete a policy | both |
//!
//! Policies may be nested as deep as Fabric accepts; nothing here recurses over that depth.

mod completion;
mod error;
mod evaluation;
mod language;
#[cfg(test)]
mod tests;

pub use completion::{Changeable, Effort, Efforts, Explanation, ExplanationNode, Outlook, Spoiler};
pub use error::{PolicyError, RuleProblem};
pub use evaluation::{
    Concerned, CountedSigner, Evaluation, Irrelevant, PolicyManager, PolicyManagerBuilder,
    Rejected, SignatureProblem, SignedData, SignerSet,
};
pub use language::{
    GroupId, PolicyId, RULE_TEXT, parse_policy, print_implicit_meta, print_policy, print_rule,
    same_policy,
};
