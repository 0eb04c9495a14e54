//! The verified config and its chain: `GetConfig`, `GetConfigChain`.

use serde::Deserialize;
use serde_json::value::to_raw_value;

use crate::{
    contract::{
        answer::{self, ChainLink, ConfigChain, ConfigReport},
        chain::levels,
        error::ContractError,
        function::Context,
        interface::metadata,
        ledger::{self, keys},
    },
    ids::Sequence,
    proto::cmscc::ChainEntry,
    stub::Stub,
};

/// The most links of an answer, some 330 bytes each.
const LINKS: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigOptions {
    format: Option<ConfigFormat>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ConfigFormat {
    #[default]
    Json,
    Base64,
}

/// `GetConfig`: the verified config.
pub(crate) async fn get_config<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: ConfigOptions = call.args.options(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let config = match options.format.unwrap_or_default() {
        // one organisation's odd policy must not hide the head from everybody
        ConfigFormat::Json => answer::document("common.Config", &trusted.body),
        ConfigFormat::Base64 => to_raw_value(&answer::base64(&trusted.body)).ok(),
    };
    let head = &trusted.head;
    answer::write(&ConfigReport {
        block_hash: ledger::digest(&head.block_hash)?.to_string(),
        block_number: head.block_number,
        config,
        config_sha256: trusted.config_digest()?.to_string(),
        epoch: head.epoch,
        sequence: head.sequence,
        unsupported: levels::unsupported(&bundle),
    })
}

/// Where a page of the chain starts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChainOptions {
    from: u64,
}

/// `GetConfigChain`: verified links, ascending, at most [`LINKS`] from a sequence on.
pub(crate) async fn get_config_chain<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: ChainOptions = call.args.options(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let range = keys::chain_from(Sequence(options.from));
    let (entries, more): (Vec<(String, ChainEntry)>, bool) =
        ledger::first(stub, range, LINKS).await?;
    let chain: Vec<ChainLink> = entries
        .iter()
        .map(|(key, entry)| {
            let sequence = keys::chain_sequence(key).ok_or_else(|| ledger::corrupt(key))?;
            ChainLink::new(sequence, entry)
        })
        .collect::<Result<_, _>>()?;
    let head = trusted.head.sequence;
    let last = chain.last().map(|link| link.sequence);
    let next = last.filter(|_| more);
    answer::write(&ConfigChain {
        as_of_sequence: head,
        chain,
        next: next.map(|last| last.saturating_add(1)),
        unsupported: levels::unsupported(&bundle),
    })
}

/// `org.hyperledger.fabric:GetMetadata`. Reads nothing, so it answers before the bootstrap, too.
pub(crate) fn get_metadata() -> Result<Vec<u8>, ContractError> {
    answer::write(&metadata::document())
}
