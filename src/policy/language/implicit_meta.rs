//! Implicit meta policies: a count over the same-named policies of the sub groups.

use std::{fmt, sync::Arc};

use super::ids::PolicyId;

/// An implicit meta policy with its sub policies found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct ImplicitMeta {
    /// The name that every sub group is asked for.
    pub(in crate::policy) sub_policy: Arc<str>,
    /// How the number needed follows from the number of sub groups.
    pub(in crate::policy) rule: MetaRule,
    /// One entry for each direct sub group, ascending by name; `None` where the group has no such
    /// policy, which then never accepts.
    pub(in crate::policy) subs: Vec<Option<PolicyId>>,
}

/// The rule of an implicit meta policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum MetaRule {
    /// Every sub group.
    All,
    /// One sub group.
    Any,
    /// More than half of the sub groups.
    Majority,
    /// A number that Fabric's enum does not list: threshold 0, and unlike elsewhere exactly 0.
    Unknown(i32),
}

impl MetaRule {
    /// The rule with this number in `ImplicitMetaPolicy.Rule`.
    pub(in crate::policy) const fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Any,
            1 => Self::All,
            2 => Self::Majority,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for MetaRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::Any => f.write_str("ANY"),
            Self::Majority => f.write_str("MAJORITY"),
            Self::Unknown(number) => write!(f, "RULE-{number}"),
        }
    }
}

impl ImplicitMeta {
    /// How many sub policies must accept.
    // Fabric: common/policies/implicitmeta.go, NewImplicitMetaPolicy
    pub(in crate::policy) fn threshold(&self) -> usize {
        let groups = self.subs.len();
        match self.rule {
            _ if groups == 0 => 0,
            MetaRule::All => groups,
            MetaRule::Any => 1,
            MetaRule::Majority => (groups / 2).saturating_add(1),
            MetaRule::Unknown(_) => 0,
        }
    }

    /// Whether the policy accepts when `have` sub policies do.
    // Fabric: common/policies/implicitmeta.go, EvaluateSignedData: it counts down and stops at
    // exactly 0, so that a threshold of 0 is missed as soon as one sub policy accepts.
    pub(in crate::policy) fn holds(&self, have: usize) -> bool {
        match self.rule {
            MetaRule::Unknown(_) => have == 0,
            _ => have >= self.threshold(),
        }
    }

    /// `MAJORITY Admins`: Fabric's own text form.
    pub(in crate::policy) fn text(&self) -> String {
        format!("{} {}", self.rule, self.sub_policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(rule: i32, groups: usize) -> ImplicitMeta {
        ImplicitMeta {
            sub_policy: "Admins".into(),
            rule: MetaRule::from_number(rule),
            subs: vec![None; groups],
        }
    }

    #[test]
    fn thresholds_follow_the_number_of_groups() {
        let cases: &[(&str, i32, usize, usize)] = &[
            ("any of none", 0, 0, 0),
            ("any of three", 0, 3, 1),
            ("all of none", 1, 0, 0),
            ("all of three", 1, 3, 3),
            ("majority of none", 2, 0, 0),
            ("majority of one", 2, 1, 1),
            ("majority of two", 2, 2, 2),
            ("majority of three", 2, 3, 2),
            ("majority of four", 2, 4, 3),
            ("unlisted rule", 7, 4, 0),
        ];
        for (name, rule, groups, want) in cases {
            assert_eq!(meta(*rule, *groups).threshold(), *want, "{name}");
        }
    }

    #[test]
    fn an_unlisted_rule_holds_only_while_nobody_accepts() {
        for rule in [-1, 3, 7] {
            assert!(meta(rule, 4).holds(0), "{rule}");
            assert!(!meta(rule, 4).holds(1), "{rule}");
        }
        assert!(meta(0, 4).holds(2));
        assert_eq!(meta(2, 1).text(), "MAJORITY Admins");
        assert_eq!(meta(7, 1).text(), "RULE-7 Admins");
    }
}
