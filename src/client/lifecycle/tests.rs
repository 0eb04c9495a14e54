//! Definitions compared, answers read, writes checked, refusals known.

use bytes::Bytes;
use prost::Message;

use super::*;
use crate::{
    client::Exit,
    ids::{Digest, MspId},
    proto::{
        kvrwset::{HashedRwSet, KvWrite, KvWriteHash, KvrwSet},
        lifecycle::{
            CheckCommitReadinessResult, StateData, check_commit_readiness_result::Mismatches,
            state_data::Type,
        },
        protos::{ChaincodeAction, ProposalResponsePayload},
        rwset::{CollectionHashedReadWriteSet, NsReadWriteSet, TxReadWriteSet},
    },
};

const RULE: &str = "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')";

fn ruled() -> DefinitionTerms {
    DefinitionTerms {
        policy: DefinitionPolicy::rule(RULE).unwrap(),
        ..DefinitionTerms::first("cmscc").next()
    }
}

#[test]
fn a_policy_is_a_path_or_a_rule_and_is_written_as_it_was_read() {
    for text in [
        RULE,
        "/Channel/Application/Endorsement",
        "/Channel/Application/Writers",
    ] {
        let policy = DefinitionPolicy::parse(text).unwrap();
        assert_eq!(policy.text().as_deref(), Some(text));
        assert!(policy.says(&DefinitionPolicy::of_parameter(policy.parameter().clone())));
    }
    let spaced =
        DefinitionPolicy::parse("OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')").unwrap();
    assert!(spaced.says(&DefinitionPolicy::rule(RULE).unwrap()));
    assert!(!spaced.says(&DefinitionPolicy::default()));
    assert_eq!(
        DefinitionPolicy::of_parameter(Bytes::new()),
        DefinitionPolicy::parse("/Channel/Application/Endorsement").unwrap()
    );
    let error = DefinitionPolicy::parse("OutOf(2").unwrap_err();
    assert_eq!(
        (error.exit, error.symbol.as_str()),
        (Exit::Usage, "BAD_POLICY")
    );
    assert_eq!(
        DefinitionPolicy::of_parameter(Bytes::from_static(b"\xff")).text(),
        None
    );
}

#[test]
fn definitions_differ_by_their_parts() {
    let first = DefinitionTerms::first("cmscc");
    assert_eq!(first.differences(&first), []);
    // what is left out is what Fabric fills in
    let filled = DefinitionTerms {
        endorsement_plugin: "escc".to_owned(),
        validation_plugin: "vscc".to_owned(),
        ..first.clone()
    };
    assert_eq!(first.differences(&filled), []);
    assert_eq!(
        first.differences(&ruled()),
        [DefinitionPart::Sequence, DefinitionPart::Policy]
    );
    assert_eq!(
        ruled().words(DefinitionPart::Policy),
        format!("policy {RULE}")
    );
    assert_eq!(first.check(), Ok(()));
    for (name, version) in [
        ("a--b", "1"),
        ("-a", "1"),
        ("", "1"),
        ("a", ""),
        ("a", "1 0"),
    ] {
        let bad = DefinitionTerms {
            name: name.to_owned(),
            version: version.to_owned(),
            ..first.clone()
        };
        assert_eq!(
            bad.check().unwrap_err().symbol,
            "BAD_DEFINITION",
            "{name} {version}"
        );
    }
}

#[test]
fn who_approved_nothing_is_told_from_who_approved_something_else() {
    let result = CheckCommitReadinessResult {
        approvals: [("Org1MSP", true), ("Org2MSP", false), ("Org3MSP", false)]
            .map(|(id, yes)| (id.to_owned(), yes))
            .into(),
        mismatches: [
            ("Org2MSP", "ValidationInfo"),
            ("Org3MSP", "ChaincodeParameters"),
        ]
        .map(|(id, item)| {
            let items = vec![item.to_owned()];
            (id.to_owned(), Mismatches { items })
        })
        .into(),
    };
    let read = read_readiness(result.encode_to_vec().into()).unwrap();
    assert_eq!(read.silent, [MspId::from("Org3MSP")]);
    assert_eq!(read.mismatches.len(), 1);
    assert_eq!(read.approvals.get("Org1MSP"), Some(&true));
    assert!(read_readiness(Bytes::from_static(b"\xff")).is_err());
}

/// What endorsers would sign of these sets.
fn endorsed(sets: Vec<NsReadWriteSet>) -> Bytes {
    let results = TxReadWriteSet {
        data_model: 0,
        ns_rwset: sets,
    };
    let action = ChaincodeAction {
        results: results.encode_to_vec().into(),
        ..ChaincodeAction::default()
    };
    let payload = ProposalResponsePayload {
        proposal_hash: Bytes::new(),
        extension: action.encode_to_vec().into(),
    };
    payload.encode_to_vec().into()
}

fn public(namespace: &str, writes: &[(&str, Type)]) -> NsReadWriteSet {
    let writes = writes.iter().map(|(key, value)| KvWrite {
        key: (*key).to_owned(),
        value: data(value),
        ..KvWrite::default()
    });
    let set = KvrwSet {
        writes: writes.collect(),
        ..KvrwSet::default()
    };
    NsReadWriteSet {
        namespace: namespace.to_owned(),
        rwset: set.encode_to_vec().into(),
        collection_hashed_rwset: Vec::new(),
    }
}

fn private(collection: &str, writes: &[(&str, Type)]) -> NsReadWriteSet {
    let writes = writes.iter().map(|(key, value)| KvWriteHash {
        key_hash: Bytes::copy_from_slice(Digest::of(key.as_bytes()).as_bytes()),
        value_hash: Bytes::copy_from_slice(Digest::of(&data(value)).as_bytes()),
        ..KvWriteHash::default()
    });
    let set = HashedRwSet {
        hashed_writes: writes.collect(),
        ..HashedRwSet::default()
    };
    NsReadWriteSet {
        namespace: LIFECYCLE.to_owned(),
        rwset: Bytes::new(),
        collection_hashed_rwset: vec![CollectionHashedReadWriteSet {
            collection_name: collection.to_owned(),
            hashed_rwset: set.encode_to_vec().into(),
            pvt_rwset_hash: Bytes::new(),
        }],
    }
}

fn data(value: &Type) -> Bytes {
    let data = StateData {
        r#type: Some(value.clone()),
    };
    data.encode_to_vec().into()
}

const SEQUENCE: &str = "namespaces/fields/cmscc/Sequence";

#[test]
fn a_commit_writes_what_was_asked_for_and_nothing_else() {
    let expected = ExpectedWrites::of_commit(&ruled());
    let two = || Type::Int64(2);
    let cases = [
        ("as asked", public(LIFECYCLE, &[(SEQUENCE, two())]), true),
        ("nothing", public(LIFECYCLE, &[]), false),
        (
            "another sequence",
            public(LIFECYCLE, &[(SEQUENCE, Type::Int64(3))]),
            false,
        ),
        (
            "another chaincode",
            public(
                LIFECYCLE,
                &[
                    (SEQUENCE, two()),
                    ("namespaces/fields/other/Sequence", two()),
                ],
            ),
            false,
        ),
        (
            "another policy",
            public(
                LIFECYCLE,
                &[
                    (SEQUENCE, two()),
                    (
                        "namespaces/fields/cmscc/ValidationInfo",
                        Type::Bytes(Bytes::new()),
                    ),
                ],
            ),
            false,
        ),
        (
            "another namespace",
            public("cmscc", &[(SEQUENCE, two())]),
            false,
        ),
        (
            "a private write",
            private("_implicit_org_Org1MSP", &[(SEQUENCE, two())]),
            false,
        ),
    ];
    for (name, set, good) in cases {
        let checked = expected.check(&endorsed(vec![set]));
        assert_eq!(checked.is_ok(), good, "{name}: {checked:?}");
    }
    assert!(expected.check(&Bytes::from_static(b"\xff")).is_err());
}

#[test]
fn an_approval_writes_to_ones_own_collection_what_was_asked_for() {
    let source = PackageSource::Installed("cmscc:ab".to_owned());
    let expected = ExpectedWrites::of_approval(&"Org1MSP".into(), &ruled(), &source);
    const KEY: &str = "chaincode-sources/fields/cmscc#2/PackageID";
    const OWN: &str = "_implicit_org_Org1MSP";
    let id = |id: &str| Type::String(id.to_owned());
    let cases = [
        ("as asked", private(OWN, &[(KEY, id("cmscc:ab"))]), true),
        ("nothing", private(OWN, &[]), false),
        (
            "another package",
            private(OWN, &[(KEY, id("cmscc:cd"))]),
            false,
        ),
        (
            "another organisation's",
            private("_implicit_org_Org2MSP", &[(KEY, id("cmscc:ab"))]),
            false,
        ),
        (
            "a public write",
            public(LIFECYCLE, &[(KEY, id("cmscc:ab"))]),
            false,
        ),
    ];
    for (name, set, good) in cases {
        let checked = expected.check(&endorsed(vec![set]));
        assert_eq!(checked.is_ok(), good, "{name}: {checked:?}");
    }
}

#[test]
fn refusals_are_known_by_their_words() {
    let said = |words: &str| {
        let error = lifecycle_refusal("X", "peer:7051", words);
        assert_eq!(error.details, [("peer:7051".to_owned(), words.to_owned())]);
        (error.exit, error.symbol)
    };
    for (words, exit, symbol) in [
        (
            "Failed to authorize invocation due to failed ACL check: Failed verifying that proposal's \
             creator satisfies local MSP principal during channelless check policy with policy [Admins]: \
             [The identity is not an admin under this MSP [Org1MSP]: ..]",
            Exit::Denied,
            "NOT_LOCAL_ADMIN",
        ),
        (
            "failed to invoke backing implementation of 'InstallChaincode': chaincode already \
             successfully installed (package ID 'a:b')",
            Exit::Done,
            "ALREADY_INSTALLED",
        ),
        (
            "failed to invoke backing implementation of 'InstallChaincode': could not build chaincode: \
             docker build failed: ..",
            Exit::Failed,
            "NO_BUILDER",
        ),
        (
            "failed to invoke backing implementation of 'ApproveChaincodeDefinitionForMyOrg': attempted \
             to redefine uncommitted sequence (1) for namespace cmscc with unchanged content",
            Exit::Done,
            "ALREADY_APPROVED",
        ),
        (
            "failed to invoke backing implementation of 'ApproveChaincodeDefinitionForMyOrg': attempted \
             to redefine the current committed sequence (1) for namespace cmscc with different \
             parameters: expected Version '1' does not match passed Version '2'",
            Exit::Stale,
            "SEQUENCE_TAKEN",
        ),
        (
            "failed to invoke backing implementation of 'CheckCommitReadiness': requested sequence is \
             1, but new definition must be sequence 2",
            Exit::Stale,
            "SEQUENCE_TAKEN",
        ),
        (
            "failed to invoke backing implementation of 'CommitChaincodeDefinition': chaincode \
             definition not agreed to by this org (Org2MSP)",
            Exit::No,
            "NOT_AGREED",
        ),
        ("anything", Exit::Failed, "LIFECYCLE_REFUSED"),
    ] {
        assert_eq!(said(words), (exit, symbol.to_owned()), "{words}");
    }
}
