//! What is said of a change: differences, findings, effects, and who must sign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that a proposal changes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ChangeAnswer {
    /// What is there afterwards; null where it is removed.
    pub after: Value,
    /// What was there before; null where it is added.
    pub before: Value,
    /// `added`, `changed` or `removed`.
    pub change: String,
    /// What kind of thing it is, such as `policy`; by it the form of `before` and `after`.
    pub item: String,
    /// Its name among its kind; null where the path says all.
    pub name: Option<String>,
    /// The path of the group, value or policy that holds it.
    pub path: String,
    /// The change in one line of words.
    pub text: String,
    /// The unit of numbers; null where there is none.
    pub unit: Option<String>,
}

/// What a proposal changes, in the order of the config tree.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct DiffAnswer {
    /// The changes that are listed.
    pub changes: Vec<ChangeAnswer>,
    /// How many elements differ and are not listed.
    pub truncated: u64,
}

/// Something that people should know before they sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct FindingAnswer {
    /// Its name in the catalogue, such as `NO_ADMIN`.
    pub id: String,
    /// The path of what it is about.
    pub path: String,
    /// `blocking`, `warning` or `info`.
    pub severity: String,
    /// What is the matter and what to do.
    pub text: String,
}

/// The findings on a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct LintAnswer {
    /// Those that are listed.
    pub findings: Vec<FindingAnswer>,
    /// How many more there are.
    pub truncated: u64,
}

/// What a proposal does to the endorsements that chaincodes ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct EffectAnswer {
    /// Whether the organisations that run a server are enough afterwards; null where it is not known.
    pub enough_servers: Option<bool>,
    /// Endorsements needed afterwards; null where nobody could satisfy the policy.
    pub needed_after: Option<u64>,
    /// Endorsements needed before; null likewise.
    pub needed_before: Option<u64>,
    /// Organisations of the Application group afterwards.
    pub organizations_after: u64,
    /// Organisations of the Application group before.
    pub organizations_before: u64,
    /// The policy that is asked: a path, or a rule.
    pub policy: String,
    /// Its rule afterwards; null where there is no such policy.
    pub rule_after: Option<String>,
    /// Its rule before; null likewise.
    pub rule_before: Option<String>,
    /// Members afterwards that are known to run a server; null where it is not known.
    pub servers: Option<Vec<String>>,
    /// The numbers in words.
    pub text: String,
}

/// A policy that decides about a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct DecidingAnswer {
    /// What it decides about: paths.
    pub elements: Vec<String>,
    /// How many more there are.
    pub elements_omitted: u64,
    /// Why it accepts or not.
    pub explanation: ExplanationAnswer,
    /// Its path.
    pub policy: String,
    /// Whether it accepts.
    pub satisfied: bool,
}

/// Why a policy accepts or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ExplanationAnswer {
    /// The organisations that could complete it.
    pub missing: Vec<String>,
    /// Whether something was left out.
    pub omitted: bool,
    /// The tree of rules.
    pub policy: RuleAnswer,
    /// Whether it accepts.
    pub satisfied: bool,
    /// Whose signatures count.
    pub signers: Vec<CountedAnswer>,
    /// The smallest sets of new signers that would complete it, such as `["Org2MSP.admin"]`.
    pub smallest_sets: Vec<Vec<String>>,
}

/// A node of the tree of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct RuleAnswer {
    /// How many of what stands below accept.
    pub have: u64,
    /// The organisations that could complete it; null for a rule inside a policy.
    pub missing: Option<Vec<String>>,
    /// How many must; 1 for a principal.
    pub needed: i64,
    /// The policy's path; null for a rule inside a policy.
    pub path: Option<String>,
    /// What stands below.
    pub policies: Vec<Self>,
    /// The rule as text; empty where there is no such policy.
    pub rule: String,
    /// Whether it accepts.
    pub satisfied: bool,
    /// The signers that were used, by `index`.
    pub satisfied_by: Vec<u64>,
}

/// A signer whose signature counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct CountedAnswer {
    /// The identity, in hex.
    pub fingerprint: String,
    /// Its number in the tree.
    pub index: u64,
    /// Its organisation.
    pub msp_id: String,
    /// The subject of its certificate; of one that is only supposed what was supposed.
    pub subject: String,
    /// Whether it is only supposed that somebody signs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supposed: bool,
}
