//! `GetSettings`: what was agreed, and whether the chaincode's committed definition is that.

use bytes::Bytes;
use cmscc::{
    contract::Contract,
    ids::ChaincodeName,
    policy::parse_policy,
    proto::{lifecycle::QueryChaincodeDefinitionResult, write},
    stub::{
        Chaincode, Invocation, Response,
        memory::{Ledger, MemoryStub, Others, ReadWriteSet},
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    calls::get_settings,
    people::person,
    world::{Server, World, contract, founded, state_key},
};

const REFERENCE: &str = "/Channel/Application/Endorsement";

/// A contract whose peer has this definition of it.
struct Defined {
    contract: Contract,
    answer: Response,
}

impl Server for Defined {
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let args = vec![
            Bytes::from_static(b"QueryChaincodeDefinition"),
            Bytes::from_static(b"\x0a\x05cmscc"),
        ];
        let lifecycle = (ChaincodeName::new("_lifecycle"), args);
        let others = Others::from([(lifecycle, self.answer.clone())]);
        let mut stub = MemoryStub::new(ledger).beside(others);
        let response = self.contract.invoke(invocation, &mut stub).await;
        (response, stub.finish().unwrap())
    }
}

pub(crate) fn answer(status: i32, message: &str, payload: Vec<u8>) -> Response {
    Response {
        status,
        message: message.to_owned(),
        payload: payload.into(),
    }
}

/// The definition with this validation parameter.
pub(crate) fn definition(parameter: Vec<u8>) -> Response {
    let definition = QueryChaincodeDefinitionResult {
        sequence: 7,
        version: "1.2".to_owned(),
        endorsement_plugin: "escc".to_owned(),
        validation_plugin: "vscc".to_owned(),
        validation_parameter: parameter.into(),
        approvals: [("Org1MSP".to_owned(), true)].into(),
        ..QueryChaincodeDefinitionResult::default()
    };
    answer(200, "", definition.encode_to_vec())
}

pub(crate) fn reference(name: &str) -> Vec<u8> {
    let mut parameter = Vec::new();
    write::bytes(&mut parameter, 2, name.as_bytes());
    parameter
}

pub(crate) fn signature(policy: &str) -> Vec<u8> {
    let mut parameter = Vec::new();
    write::message(&mut parameter, 1, &parse_policy(policy).unwrap());
    parameter
}

/// What `GetSettings` says where the peer's lifecycle answers this.
async fn asked(world: &World<Contract>, answer: Response) -> Value {
    let server = Defined {
        contract: contract(&Default::default()),
        answer,
    };
    let org1 = person("Org1MSP");
    world.with(server).ok(&org1, get_settings()).await
}

#[tokio::test]
async fn settings_and_definition_are_shown_and_compared() {
    let (mut world, _) = founded().await;
    let instance = format!("{:064x}", 0);
    let shown = asked(&world, definition(reference(REFERENCE))).await;
    assert_eq!(
        shown["settings"],
        json!({"capabilities": ["V1_0"], "endorsement_policy": null, "gate": "advisory"})
    );
    assert_eq!(
        (&shown["version"], &shown["instance"]),
        (&json!(0), &json!(instance))
    );
    let supported = shown["supported_capabilities"].as_array().unwrap();
    assert_eq!(
        supported.len(),
        if cfg!(feature = "test-capability") {
            2
        } else {
            1
        }
    );
    assert_eq!(
        shown["definition"],
        json!({"chaincode": "cmscc", "endorsement_policy": REFERENCE, "error": null,
            "matches": null, "sequence": 7, "version": "1.2"})
    );

    const AND: &str = "AND('Org1MSP.peer', 'Org2MSP.peer')";
    for (agreed, cases) in [
        (
            REFERENCE,
            [
                (reference(REFERENCE), json!(REFERENCE), true),
                (
                    reference("/Channel/Application/Admins"),
                    json!("/Channel/Application/Admins"),
                    false,
                ),
                (signature(AND), json!(AND), false),
                (Vec::new(), Value::Null, false),
            ],
        ),
        (
            "AND('Org1MSP.peer','Org2MSP.peer')",
            [
                (signature(AND), json!(AND), true),
                (
                    signature("AND('Org2MSP.peer', 'Org1MSP.peer')"),
                    json!("AND('Org2MSP.peer', 'Org1MSP.peer')"),
                    false,
                ),
                (reference(REFERENCE), json!(REFERENCE), false),
                (Vec::new(), Value::Null, false),
            ],
        ),
    ] {
        let id = format!("policy{}", agreed.len());
        let settings = json!({ "endorsement_policy": agreed }).to_string();
        world.agree(&id, &settings).await;
        for (parameter, text, matches) in cases {
            let shown = asked(&world, definition(parameter)).await;
            assert_eq!(shown["settings"]["endorsement_policy"], agreed);
            let definition = &shown["definition"];
            assert_eq!(definition["endorsement_policy"], text, "{agreed}");
            assert_eq!(definition["matches"], matches, "{agreed} and {text}");
        }
    }
    let shown = asked(&world, definition(reference(REFERENCE))).await;
    assert_eq!(shown["version"], 2);
    let stored = state_key(&["settings"]);
    let stored = &world.ledger.get(&stored).unwrap().value;
    let digest = cmscc::ids::Digest::of(stored).to_string();
    assert_eq!(shown["settings_sha256"], digest);
}

#[tokio::test]
async fn a_definition_that_is_not_known_is_no_error() {
    let (mut world, _) = founded().await;
    let settings = json!({ "endorsement_policy": REFERENCE }).to_string();
    world.agree("policy", &settings).await;
    for (given, why) in [
        (
            answer(404, "namespace cmscc is not defined", Vec::new()),
            "status 404: namespace cmscc",
        ),
        (answer(500, "no access", Vec::new()), "no access"),
        (answer(200, "", vec![0xff]), "does not decode"),
        (definition(vec![0xff]), "validation parameter"),
    ] {
        let shown = asked(&world, given).await;
        let definition = &shown["definition"];
        let error = definition["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
        for unknown in ["endorsement_policy", "matches", "sequence", "version"] {
            assert_eq!(definition[unknown], Value::Null, "{unknown}");
        }
        assert_eq!(shown["settings"]["endorsement_policy"], REFERENCE);
    }
    // a peer without such a chaincode, and a proposal that names none
    let org1 = person("Org1MSP");
    let shown = world.ok(&org1, get_settings()).await;
    let error = shown["definition"]["error"].as_str().unwrap();
    assert!(error.contains("_lifecycle not found"), "{error}");
    let mut call = world.invocation(&org1, get_settings());
    call.chaincode = ChaincodeName::default();
    let (shown, set) = world.outcome_of(&call).await;
    assert!(set.calls.is_empty());
    assert_eq!(shown["definition"]["chaincode"], Value::Null);
    world
        .refused(&org1, get_settings().and("x"), "ARGUMENT_COUNT")
        .await;
}

#[tokio::test]
async fn a_policy_nested_as_deep_as_fabric_takes_it_is_compared() {
    let (mut world, _) = founded().await;
    let deep = format!(
        "{}'Org1MSP.peer'{}",
        "AND(".repeat(4_000),
        ")".repeat(4_000)
    );
    let settings = json!({ "endorsement_policy": deep }).to_string();
    world.agree("deep", &settings).await;
    let shown = asked(&world, definition(signature(&deep))).await;
    assert_eq!(shown["definition"]["matches"], true);
    let other = deep.replace("Org1", "Org2");
    let shown = asked(&world, definition(signature(&other))).await;
    assert_eq!(shown["definition"]["matches"], false);
}
