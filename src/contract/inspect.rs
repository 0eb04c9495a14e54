//! The verified config and its chain: `GetConfig`, `GetConfigChain`.

use serde::Deserialize;
use serde_json::value::to_raw_value;

use super::{
    error::ContractError,
    keys,
    reports::{self, Chain, ChainLink, ConfigReport},
    router::{self, Call},
    state,
};
use crate::{ids::Sequence, proto::cmscc::ChainEntry, stub::Stub};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Base64,
}

/// `GetConfig`: the verified config.
pub(super) async fn get_config<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: Options = call.args.options(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let config = match options.format.unwrap_or_default() {
        // one organisation's odd policy must not hide the head from everybody
        Format::Json => reports::document("common.Config", &trusted.body),
        Format::Base64 => to_raw_value(&reports::base64(&trusted.body)).ok(),
    };
    let head = &trusted.head;
    reports::write(&ConfigReport {
        block_hash: state::digest(&head.block_hash)?.to_string(),
        block_number: head.block_number,
        config,
        config_sha256: trusted.config_digest()?.to_string(),
        epoch: head.epoch,
        sequence: head.sequence,
        unsupported: router::unsupported(&bundle),
    })
}

/// `GetConfigChain`: every verified link, ascending.
pub(super) async fn get_config_chain<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let (trusted, bundle) = call.trusted(stub).await?;
    let entries: Vec<(String, ChainEntry)> =
        state::all(stub, keys::chain_from(Sequence(0))).await?;
    let chain = entries
        .iter()
        .map(|(key, entry)| {
            let sequence = keys::chain_sequence(key).ok_or_else(|| state::corrupt(key))?;
            ChainLink::new(sequence, entry)
        })
        .collect::<Result<_, _>>()?;
    reports::write(&Chain {
        as_of_sequence: trusted.head.sequence,
        chain,
        unsupported: router::unsupported(&bundle),
    })
}
