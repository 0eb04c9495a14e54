//! Whether two signature policies are one.

use crate::policy::error::RuleProblem;

use super::{
    model::{PrincipalsBuilder, Rule},
    wire,
};

/// Whether two serialized `SignaturePolicyEnvelope`s have the same rules over the same principals,
/// wherever and however often these are listed.
///
/// # Errors
/// [`RuleProblem`] where one of them does not compile.
pub fn same_policy(one: &[u8], other: &[u8]) -> Result<bool, RuleProblem> {
    let mut ours = PrincipalsBuilder::default();
    let mut theirs = PrincipalsBuilder::default();
    let rules = wire::signature_policy(one, &mut ours)?;
    let others = wire::signature_policy(other, &mut theirs)?;
    let (ours, theirs) = (ours.finish(), theirs.finish());
    let same = |pair: (&Rule, &Rule)| match pair {
        (Rule::SignedBy(one), Rule::SignedBy(other)) => ours.get(*one) == theirs.get(*other),
        (one, other) => one == other,
    };
    Ok(rules.len() == others.len() && rules.iter().zip(&others).all(same))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::parse_policy, proto::write};

    #[test]
    fn where_principals_are_listed_does_not_matter() {
        let text = "OutOf(2, 'Org1MSP.peer', AND('Org2MSP.peer', 'Org1MSP.peer'))";
        let policy = parse_policy(text).unwrap();
        // the same with each principal once
        let role = |msp_id: &str| {
            let mut role = Vec::new();
            write::bytes(&mut role, 1, msp_id.as_bytes());
            write::uint(&mut role, 2, 3);
            let mut principal = Vec::new();
            write::bytes(&mut principal, 2, &role);
            principal
        };
        let gate = |n: u8, rules: &[&[u8]]| {
            let mut out_of = vec![8, n];
            for rule in rules {
                write::message(&mut out_of, 2, rule);
            }
            let mut gate = Vec::new();
            write::message(&mut gate, 2, &out_of);
            gate
        };
        let inner = gate(2, &[&[8, 1], &[8, 0]]);
        let mut shared = Vec::new();
        write::message(&mut shared, 2, &gate(2, &[&[8, 0], &inner]));
        for msp_id in ["Org1MSP", "Org2MSP"] {
            write::message(&mut shared, 3, &role(msp_id));
        }
        assert_ne!(policy, shared);
        assert_eq!(same_policy(&policy, &shared), Ok(true));
        for other in [
            "OutOf(1, 'Org1MSP.peer', AND('Org2MSP.peer', 'Org1MSP.peer'))",
            "OutOf(2, 'Org1MSP.peer', AND('Org2MSP.peer', 'Org2MSP.peer'))",
            "OutOf(2, 'Org1MSP.peer', AND('Org2MSP.peer', 'Org1MSP.member'))",
            "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org1MSP.peer')",
            "AND('Org1MSP.peer')",
        ] {
            let other = parse_policy(other).unwrap();
            assert_eq!(same_policy(&policy, &other), Ok(false));
        }
        assert!(same_policy(&policy, b"\xff").is_err());
    }
}
