//! Headers, data hashes and signatures of blocks.

use cmscc::{
    block::{self, Block, BlockError, BlockHeader},
    config::{Bundle, ConfigTree},
    ids::{BlockNumber, ChannelId, Digest},
};
use serde_json::Value;

use super::{Case, Outcome, base64, judge, run_suite, shared};

#[test]
fn block_verification() {
    run_suite("block_verification", |file, case| match file {
        "data_hash" => data_hash(case),
        "header_hash" => header_hash(case),
        _ => verify(case),
    });
}

fn data_hash(case: &Case) -> Outcome {
    let mut bytes = Vec::new();
    cmscc::proto::write::message(&mut bytes, 2, &case.bytes("block_data"));
    let block = Block::parse(bytes.into()).unwrap();
    same(
        "data_hash",
        &case.bytes("data_hash"),
        block.computed_data_hash().as_bytes(),
    )
}

fn header_hash(case: &Case) -> Outcome {
    let header = BlockHeader::parse(&case.bytes("header").into()).unwrap();
    all([
        same("header_bytes", &case.bytes("header_bytes"), &header.der()),
        same(
            "header_hash",
            &case.bytes("header_hash"),
            header.hash().as_bytes(),
        ),
    ])
}

fn verify(case: &Case) -> Outcome {
    let channel = ChannelId::from(case.text("channel_id"));
    let config = shared("configs", case.text("config_ref"), ".pb");
    let bundle = Bundle::new(&channel, ConfigTree::parse(config.into()).unwrap()).unwrap();
    let block = Block::parse(case.bytes("block").into()).unwrap();
    let last = BlockNumber(case.number("last_block_number"));
    // a hash of another length is never equal
    let last_hash = Digest::from_bytes(&case.bytes("last_block_header_hash")).unwrap();
    let ours = block::verify(&block, &channel, last, &last_hash, &bundle);
    let mut outcomes = vec![case.judge(&reason(ours))];
    let signatures = reason(block::verify_signatures(&block, &bundle));
    let check = case
        .get("signature_check")
        .or_else(|| case.get("verifier_error"));
    outcomes.push(judge(check.unwrap(), &signatures, false));
    if case.get("header_bytes").is_some() {
        outcomes.push(same(
            "header_bytes",
            &case.bytes("header_bytes"),
            &block.header_bytes(),
        ));
    }
    if case.get("header_hash").is_some() {
        let hash = block.header_hash();
        outcomes.push(same(
            "header_hash",
            &case.bytes("header_hash"),
            hash.as_bytes(),
        ));
    }
    if let Some(want) = case.get("computed_data_hash").and_then(Value::as_str) {
        let hash = block.computed_data_hash();
        outcomes.push(same("computed_data_hash", &base64(want), hash.as_bytes()));
    }
    if let Some(want) = case.get("is_config_block").and_then(Value::as_bool) {
        outcomes.push(equal("is_config_block", want, block.is_config()));
    }
    let index = block.last_config_index();
    if case.get("last_config_index_error").is_some() {
        outcomes.push(equal("last_config_index is an error", true, index.is_err()));
    } else {
        // absent means 0
        let want = Some(BlockNumber(case.number("last_config_index")));
        outcomes.push(equal("last_config_index", want, index.ok()));
    }
    all(outcomes)
}

fn reason(result: Result<(), BlockError>) -> Result<(), String> {
    result.map_err(|e| e.reason().to_owned())
}

fn same(what: &str, want: &[u8], got: &[u8]) -> Outcome {
    equal(what, hex::encode(want), hex::encode(got))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, want: T, got: T) -> Outcome {
    if want == got {
        Outcome::Pass
    } else {
        Outcome::Fail(format!("{what}: {got:?}, the reference says {want:?}"))
    }
}

/// The first that did not pass.
fn all(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    outcomes
        .into_iter()
        .find(|outcome| !matches!(outcome, Outcome::Pass))
        .unwrap_or(Outcome::Pass)
}
