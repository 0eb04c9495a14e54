//! What is told about signatures and policies, with real certificates.

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigTree},
    policy::{Explanation, SignatureProblem, SignedData, SignerSet},
};
use serde_json::{Value, json};

use crate::conformance::{base64, root, shared, shared_json};

fn bundle() -> Bundle {
    let config = Bytes::from(shared("configs", "e-policies", ".pb"));
    Bundle::new(&"vec-channel".into(), ConfigTree::parse(config).unwrap()).unwrap()
}

/// A signature of the vectors that counts, made by this identity: message and signature.
fn signature_by(bundle: &Bundle, name: &str) -> (Vec<u8>, Vec<u8>) {
    let cases = std::fs::read_to_string(root().join("policy_msp/policy.jsonl")).unwrap();
    let cases = cases
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    for case in cases {
        for signed in case["signed_data"].as_array().unwrap() {
            if signed["identity_ref"] == name {
                let bytes = |name: &str| base64(signed[name].as_str().unwrap_or_default());
                let (message, signature) = (bytes("data"), bytes("signature"));
                let creator = creator(name);
                let data = [signed_data(&creator, &message, &signature)];
                if SignerSet::from_signed_data(bundle.msps(), &data)
                    .signers()
                    .len()
                    == 1
                {
                    return (message, signature);
                }
            }
        }
    }
    panic!("{name} signs nothing");
}

fn creator(name: &str) -> Vec<u8> {
    let identities = shared_json("identities.json");
    let msp_id = identities[name]["mspid"].as_str().unwrap().into();
    let pem = identities[name]["cert_pem"].as_str().unwrap();
    cmscc::identity::serialized_identity(&msp_id, pem.as_bytes())
}

fn signed_data<'a>(creator: &'a [u8], message: &'a [u8], signature: &'a [u8]) -> SignedData<'a> {
    SignedData {
        identity: creator,
        message: vec![message],
        signature,
    }
}

/// Signers who are authenticated already.
fn signers(bundle: &Bundle, names: &[&str]) -> SignerSet {
    let identity = |name: &&str| bundle.msps().deserialize(&creator(name)).unwrap();
    SignerSet::from_identities(names.iter().map(identity).collect())
}

fn explain(bundle: &Bundle, policy: &str, names: &[&str]) -> Explanation {
    let id = bundle.policies().absolute(policy).unwrap();
    let signers = signers(bundle, names);
    bundle.policies().explain(bundle.msps(), id, &signers)
}

#[test]
fn every_signature_that_does_not_count_says_why() {
    let bundle = bundle();
    let admin = creator("Org1/admin1");
    let (message, signature) = signature_by(&bundle, "Org1/admin1");
    let (half, rest) = message.split_at(message.len() / 2);
    let stranger = cmscc::identity::serialized_identity(&"NoMSP".into(), b"");
    let unreadable = cmscc::identity::serialized_identity(&"Org1MSP".into(), b"no pem");
    let data = [
        signed_data(&admin, b"other bytes", &signature),
        SignedData {
            identity: &admin,
            message: vec![half, rest],
            signature: &signature,
        },
        signed_data(&admin, &message, &signature),
        signed_data(&stranger, &message, &signature),
        signed_data(&unreadable, &message, &signature),
        signed_data(&[0x0a, 9], &message, &signature),
    ];
    let set = SignerSet::from_signed_data(bundle.msps(), &data);
    let counting: Vec<usize> = set.signers().iter().map(|signer| signer.index).collect();
    assert_eq!(
        counting,
        [1],
        "an invalid one before it does not block a valid one"
    );
    let rejected: Vec<(usize, Option<&str>, &str)> = set
        .rejected()
        .iter()
        .map(|r| {
            (
                r.index,
                r.msp_id.as_ref().map(|id| id.as_str()),
                r.why.code(),
            )
        })
        .collect();
    let unreadable_code = rejected[3].2;
    assert_eq!(
        rejected,
        [
            (0, Some("Org1MSP"), "BAD_SIGNATURE"),
            (2, Some("Org1MSP"), "DUPLICATE_SIGNER"),
            (3, Some("NoMSP"), "UNKNOWN_MSP"),
            (4, Some("Org1MSP"), unreadable_code),
            (5, None, "UNDECODABLE_CREATOR"),
        ]
    );
    assert_eq!(set.rejected()[1].why, SignatureProblem::Duplicate { of: 1 });
    assert_eq!(
        set.rejected()[1].why.to_string(),
        "same identity as signature 1"
    );
    assert!(set.rejected()[0].identity.is_some());
    assert!(set.rejected()[3].identity.is_none());
    for rejected in set.rejected() {
        assert!(!rejected.why.to_string().is_empty());
    }
}

#[test]
fn picks_keep_their_numbers() {
    let bundle = bundle();
    let set = signers(&bundle, &["Org1/admin1", "Org1/client1", "Org2/admin1"]);
    let picked = set.pick(&[2, 0, 2, 9]);
    let numbers: Vec<usize> = picked.signers().iter().map(|signer| signer.index).collect();
    assert_eq!(numbers, [2, 0]);
}

#[test]
fn an_explanation_names_who_counts_and_who_is_missing() {
    let bundle = bundle();
    let path = "/Channel/Application/Org1/Admins";
    let explanation = explain(&bundle, path, &["Org1/client1"]);
    assert!(!explanation.satisfied());
    assert_eq!(explanation.smallest_sets(), [["Org1MSP.admin"]]);
    let missing: Vec<&str> = explanation.missing().iter().map(|id| id.as_str()).collect();
    assert_eq!(missing, ["Org1MSP"]);
    let json = explanation.to_json();
    assert_eq!(json["missing"], json!(["Org1MSP"]));
    assert_eq!(json["policy"]["path"], path);
    assert_eq!(json["policy"]["satisfied"], false);
    assert_eq!(json["signers"][0]["msp_id"], "Org1MSP");
    assert_eq!(json["omitted"], false);

    let explanation = explain(&bundle, path, &["Org1/client1", "Org1/admin1"]);
    assert!(explanation.satisfied());
    assert!(explanation.missing().is_empty() && explanation.smallest_sets().is_empty());
    assert_eq!(explanation.nodes()[0].satisfied_by, [1]);
    assert_eq!(explanation.to_json()["policy"]["satisfied_by"], json!([1]));
}

#[test]
fn an_implicit_meta_policy_is_explained_organisation_by_organisation() {
    let bundle = bundle();
    let explanation = explain(&bundle, "/Channel/Application/Admins", &["Org1/admin1"]);
    let nodes = explanation.nodes();
    let below: Vec<&str> = nodes
        .iter()
        .filter(|node| node.parent == Some(0))
        .map(|node| node.path.as_deref().unwrap())
        .collect();
    let orgs = bundle.orgs(cmscc::config::Section::Application);
    let want: Vec<String> = orgs.map(|org| format!("{}/Admins", org.path())).collect();
    assert_eq!(below, want);
    assert_eq!(nodes[0].rule, "MAJORITY Admins");
    assert_eq!(nodes[0].have, 1);
    assert_eq!(nodes[0].needed, i64::try_from(want.len() / 2 + 1).unwrap());
    assert_eq!(nodes[0].satisfied_by, [0]);
    let short = want.len() / 2;
    assert!(
        explanation
            .smallest_sets()
            .iter()
            .all(|set| set.len() == short)
    );
    assert_eq!(explanation.missing().len(), want.len() - 1);
}

#[test]
fn an_identity_with_the_wrong_role_is_told_so() {
    let bundle = bundle();
    let id = bundle
        .policies()
        .absolute("/Channel/Application/Org1/Admins")
        .unwrap();
    let relevant = |name: &str| {
        let identity = bundle.msps().deserialize(&creator(name)).unwrap();
        bundle.policies().concerned(&[id]).check(&identity)
    };
    assert_eq!(relevant("Org1/admin1"), Ok(()));
    let why = relevant("Org1/client1").unwrap_err().to_string();
    assert!(why.starts_with("it is not `Org1MSP.admin`: "), "{why}");
    let why = relevant("Org2/admin1").unwrap_err().to_string();
    assert_eq!(why, "no deciding policy asks for `Org2MSP`");
}
