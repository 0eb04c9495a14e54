//! Policies of keys, as Go's shim makes and reads them.

use crate::{
    chaincode::{ChaincodeError, EndorserRole, StateEndorsementPolicy},
    policy::{parse_policy, print_policy},
};

fn made(of: impl FnOnce(&mut StateEndorsementPolicy)) -> StateEndorsementPolicy {
    let mut policy = StateEndorsementPolicy::default();
    of(&mut policy);
    policy
}

// the bytes are what statebased.NewStateEP(..).Policy() of fabric-chaincode-go v2 gives
#[test]
fn bytes_are_those_of_gos_shim() {
    let three = made(|policy| {
        let all = ["Org2MSP", "Org1MSP", "Org10MSP"];
        policy.add_organizations(EndorserRole::Member, all);
        policy.add_organizations(EndorserRole::Peer, ["Org2MSP"]);
        policy.remove_organizations(["Org3MSP"]);
    });
    let mut two = StateEndorsementPolicy::from_bytes(&three.to_bytes()).unwrap();
    assert_eq!(two, three);
    two.remove_organizations(["Org1MSP"]);
    for (policy, expected) in [
        (StateEndorsementPolicy::default(), "12021200"),
        (
            made(|policy| {
                policy.add_organizations(EndorserRole::Peer, ["Org2MSP", "Org1MSP"]);
            }),
            "120c120a080212020800120208011a0d120b0a074f7267314d535010031a0d120b0a074f7267324d53501003",
        ),
        (
            three,
            "1210120e08031202080012020801120208021a0c120a0a084f726731304d53501a0b12090a074f7267314d\
             53501a0d120b0a074f7267324d53501003",
        ),
        (
            two,
            "120c120a080212020800120208011a0c120a0a084f726731304d53501a0d120b0a074f7267324d53501003",
        ),
    ] {
        assert_eq!(hex::encode(policy.to_bytes()), expected);
        let names: Vec<_> = policy.organizations().collect();
        assert!(names.is_sorted(), "{names:?}");
    }
    // a policy that Fabric's own language can say, too
    let both = made(|p| p.add_organizations(EndorserRole::Peer, ["Org1MSP", "Org2MSP"]));
    let text = "AND('Org1MSP.peer', 'Org2MSP.peer')";
    assert_eq!(
        StateEndorsementPolicy::bytes_of_text(text).unwrap(),
        both.to_bytes()
    );
    assert_eq!(print_policy(&both.to_bytes(), 1_000).unwrap(), text);
}

#[test]
fn of_other_policies_the_roles_are_taken_over() {
    let or = parse_policy("OR('B.admin', 'A.member')").unwrap();
    let policy = StateEndorsementPolicy::from_bytes(&or).unwrap();
    let names: Vec<_> = policy.organizations().map(|id| id.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    let text = print_policy(&policy.to_bytes(), 1_000).unwrap();
    assert_eq!(text, "AND('A.member', 'B.admin')");
    // an identity in place of a role
    let identity = [0x1a, 0x06, 0x08, 0x02, 0x12, 0x02, 0x0a, 0x00];
    let policy = StateEndorsementPolicy::from_bytes(&identity).unwrap();
    assert_eq!(policy, StateEndorsementPolicy::default());
    let refused = StateEndorsementPolicy::bytes_of_text("OR('A')").unwrap_err();
    assert_eq!(ChaincodeError::from(refused).code(), "BAD_POLICY");
}

#[test]
fn damaged_bytes_never_panic() {
    let policy = made(|p| p.add_organizations(EndorserRole::Peer, ["Org1MSP", "Org2MSP"]));
    let good = policy.to_bytes();
    for at in 0..good.len() {
        let _ = StateEndorsementPolicy::from_bytes(&good[..at]);
        for bit in 0..8 {
            let mut bad = good.to_vec();
            bad[at] ^= 1 << bit;
            let _ = StateEndorsementPolicy::from_bytes(&bad).map(|policy| policy.to_bytes());
        }
    }
    assert!(StateEndorsementPolicy::from_bytes(&[0x1a, 0x7f]).is_err());
    assert!(StateEndorsementPolicy::from_bytes(&[0x1a, 5, 0x12, 3, 0x0a, 1, 0xff]).is_err());
}
