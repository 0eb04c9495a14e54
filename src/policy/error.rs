//! What can be wrong with a policy.

use crate::proto::scan::ScanError;

/// Why a policy of a config does not compile, or a policy text is not in Fabric's language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A policy's content cannot be used.
    #[error("policy `{path}` does not compile: {problem}")]
    Rule {
        /// The policy's path, such as `/Channel/Application/Admins`.
        path: String,
        /// What is wrong with it.
        problem: RuleProblem,
    },
    /// An implicit meta policy whose sub policy is the bare path of a group. Fabric crashes on it.
    #[error("policy `{path}` refers to `{sub_policy}`, which is the path of a group")]
    SubPolicyIsGroup {
        /// The implicit meta policy's path.
        path: String,
        /// The sub policy that it names.
        sub_policy: String,
    },
    /// A text that is not in Fabric's policy language.
    #[error("policy text is wrong at byte {offset}: {expected}")]
    Syntax {
        /// Where, in bytes from the start.
        offset: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// A threshold that no gate of its size may have.
    #[error("policy text asks for {threshold} of {rules} rules")]
    Threshold {
        /// The threshold as written.
        threshold: i64,
        /// How many rules the gate has.
        rules: usize,
    },
    /// A policy type that Fabric does not know.
    #[error("policy `{path}` has unknown type {kind}")]
    UnknownKind {
        /// The policy's path.
        path: String,
        /// The number of the type.
        kind: i32,
    },
}

/// What is wrong with the content of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// A rule without a type, or no rule at all.
    #[error("a rule is empty")]
    Empty,
    /// A rule that names a principal that the policy does not list.
    #[error("a rule names principal {index} of {count}")]
    PrincipalIndex {
        /// The number that the rule names, from 0.
        index: i32,
        /// How many principals the policy lists.
        count: usize,
    },
    /// Deeper than Fabric's own decoder goes.
    #[error("rules are nested too deep")]
    TooDeep,
    /// The bytes do not decode.
    #[error("undecodable: {0}")]
    Undecodable(#[from] ScanError),
    /// Another version of the policy format.
    #[error("version is {0}, not 0")]
    Version(i32),
}

impl PolicyError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rule { .. } => "POLICY_INVALID",
            Self::SubPolicyIsGroup { .. } => "POLICY_SUB_POLICY_IS_GROUP",
            Self::Syntax { .. } | Self::Threshold { .. } => "POLICY_SYNTAX",
            Self::UnknownKind { .. } => "POLICY_UNKNOWN_TYPE",
        }
    }

    /// The reason class that the conformance vectors use for this error.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownKind { .. } => "unknown_policy_type",
            _ => "bad_policy",
        }
    }
}
