//! Bootstrap and advance: `InitConsortium`, `Init`, `SyncConfig`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;

use super::{Context, files};
use crate::{
    block::{self, ConfigBlock},
    config::Bundle,
    contract::{
        answer::{self, ChainLink, Synced, events},
        chain::{Growth, growth},
        error::{Code, ContractError},
        interface::functions::{self, Function},
        ledger::{self, TrustedHead, keys, members, proofs},
    },
    ids::{Digest, Sequence},
    proto::cmscc::{Applied, ChainEntry, Head},
    stub::Stub,
};

/// Message type INIT, or the function `Init`: a bootstrap where there is no head, nothing otherwise.
pub(crate) async fn init<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    if let Some(trusted) = TrustedHead::read(stub).await? {
        call.tell_head(&trusted.head)?;
        return answer::write(&Synced::at(call.channel(), Some(&trusted.head))?);
    }
    if call.args.is_empty() {
        return answer::write(&Synced::at(call.channel(), None)?);
    }
    match call.args.function() {
        "" => {}
        name => match functions::named(name)?.function {
            Function::Init | Function::InitConsortium => {}
            _ => {
                return Err(Code::NotInitialized.because(
                    "this channel has no trusted config yet; an init call takes config blocks",
                ));
            }
        },
    }
    bootstrap(call, stub).await
}

/// `InitConsortium`: makes a block, or a chain of blocks, the trusted start.
pub(crate) async fn init_consortium<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let Some(trusted) = TrustedHead::read(stub).await? else {
        return bootstrap(call, stub).await;
    };
    let blocks = read_blocks(call)?;
    let bundle = call.cache.compile(call.channel(), &trusted)?;
    let entries = known_entries(stub, trusted.sequence(), &blocks).await?;
    let head = bundle.bundle();
    let mut growth = Growth::from_head(Arc::clone(&head), entries);
    for block in &blocks {
        if block.sequence() > trusted.sequence() {
            return Err(Code::AlreadyInitialized.because(format_args!(
                "the head is at sequence {} already; bring the block of sequence {} with \
                 `SyncConfig`",
                trusted.sequence(),
                block.sequence()
            )));
        }
        take(call, Some(&head), &mut growth, block)?;
    }
    answer(call, &trusted.head, &growth, Vec::new())
}

async fn bootstrap<S: Stub>(call: &Context<'_>, stub: &mut S) -> Result<Vec<u8>, ContractError> {
    let blocks = read_blocks(call)?;
    let Some((first, rest)) = blocks.split_first() else {
        return Err(Code::ArgumentCount.because("no block"));
    };
    let mut growth = Growth::start(call.channel(), first)?;
    demand_trust(call, growth.bundle(), &blocks)?;
    for block in rest {
        take(call, None, &mut growth, block)?;
    }
    // the first block is trusted, not proven: only what follows is recorded as applied
    let after = Some(first.sequence());
    let records = records(stub, after, &growth, Sequence(0)).await?;
    ledger::put(
        stub,
        keys::settings(),
        &ledger::first_settings(call.tx_id()),
    );
    let head = write(call, stub, &growth, &records, 1)?;
    answer(call, &head, &growth, records.digests)
}

/// `SyncConfig`: the next config blocks, in order.
pub(crate) async fn sync_config<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let blocks = read_blocks(call)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let entries = known_entries(stub, trusted.sequence(), &blocks).await?;
    let head = bundle.bundle();
    let mut growth = Growth::from_head(Arc::clone(&head), entries);
    for block in &blocks {
        take(call, Some(&head), &mut growth, block)?;
    }
    demand_no_other_than_anchor(call, &blocks)?;
    if growth.newest().is_none() {
        return answer(call, &trusted.head, &growth, Vec::new());
    }
    let records = records(stub, None, &growth, trusted.sequence()).await?;
    let head = write(call, stub, &growth, &records, trusted.head.epoch)?;
    answer(call, &head, &growth, records.digests)
}

/// Reads a block of the call's channel; of another file the refusal says what it is.
pub(crate) fn read_block(call: &Context<'_>, bytes: &Bytes) -> Result<ConfigBlock, ContractError> {
    growth::read_block(bytes.clone(), call.channel()).map_err(|e| match e.code() {
        Code::BadBlock => {
            let remark = files::remark(bytes, "");
            Code::BadBlock.because(format_args!("{}{remark}", e.text()))
        }
        _ => e,
    })
}

fn read_blocks(call: &Context<'_>) -> Result<Vec<ConfigBlock>, ContractError> {
    let blocks = call.args.blocks()?;
    let count = blocks.len();
    let numbered = blocks.into_iter().zip(1usize..);
    numbered
        .map(|(bytes, number)| {
            let block = read_block(call, &bytes);
            block.map_err(|error| match count {
                1 => error,
                _ => (error.code())
                    .because(format_args!("block {number} of {count}: {}", error.text())),
            })
        })
        .collect()
}

/// The ledger's entries for the blocks that are not ahead of the head.
async fn known_entries<S: Stub>(
    stub: &mut S,
    head: Sequence,
    blocks: &[ConfigBlock],
) -> Result<BTreeMap<Sequence, ChainEntry>, ContractError> {
    let sequences: BTreeSet<Sequence> = blocks
        .iter()
        .map(ConfigBlock::sequence)
        .filter(|sequence| *sequence <= head)
        .collect();
    let mut entries = BTreeMap::new();
    for sequence in sequences {
        if let Some(entry) = ledger::get(stub, &keys::chain_entry(sequence)).await? {
            entries.insert(sequence, entry);
        }
    }
    Ok(entries)
}

/// Takes a block, and tells of one that brings another config. `chain`: the config that the ledger
/// holds, where it holds one.
fn take(
    call: &Context<'_>,
    chain: Option<&Bundle>,
    growth: &mut Growth,
    block: &ConfigBlock,
) -> Result<(), ContractError> {
    growth.take(block).inspect_err(|error| {
        if error.code() != Code::ConfigFork {
            return;
        }
        if is_vouched_for(call, chain, block) {
            call.observer.fork(call.channel());
        } else {
            call.observer.unverified_block(call.channel());
        }
    })
}

/// Whether somebody stands for a block: the orderers of the config that the ledger holds, or this
/// server's operator, by its anchor. Without a ledger and an anchor the blocks of the call stand for
/// themselves only. It decides what is told, never an answer.
// SECURITY: anybody can bring altered blocks, in a query too. The signatures are looked at as a sync
// looks at them; a second time only where they are few.
fn is_vouched_for(call: &Context<'_>, chain: Option<&Bundle>, block: &ConfigBlock) -> bool {
    let signed = |config: &Bundle| block::verify_signatures(block.block(), config).is_ok();
    if chain.is_some_and(signed) {
        return true;
    }
    let Ok(Some(anchor)) = call.anchor() else {
        return false;
    };
    if block.is_same(&anchor) {
        return true;
    }
    let metadata = block.block().metadata().iter().map(Bytes::len);
    metadata.sum::<usize>() <= TWICE
        && Bundle::new(call.channel(), anchor.tree().clone()).is_ok_and(|anchor| signed(&anchor))
}

/// How much metadata may have a block whose signatures are looked at a second time. Unit: bytes; one
/// signature of an orderer takes about 1,000.
const TWICE: usize = 64 << 10;

/// Whether this server endorses a bootstrap with these blocks: its operator's anchor decides, or
/// its operator allowed to go without.
fn demand_trust(
    call: &Context<'_>,
    first: &Bundle,
    blocks: &[ConfigBlock],
) -> Result<(), ContractError> {
    let Some(start) = blocks.first() else {
        return Ok(());
    };
    let Some(anchor) = call.anchor()? else {
        if !call.allow_unanchored {
            return Err(Code::Unanchored.because(format_args!(
                "this server has no trust anchor for channel `{}`; mount a config block that its \
                 operator trusts as `{}.block` (config of this block: `{}`)",
                call.channel(),
                call.channel(),
                start.config_digest()
            )));
        }
        return block::verify_own_signatures(start, first)
            .map_err(|e| growth::refusal(&e, Code::BlockSignatures));
    };
    if blocks.iter().any(|block| block.is_same(&anchor)) {
        return Ok(());
    }
    let descends = anchor.channel_id() == call.channel()
        && Bundle::new(call.channel(), anchor.tree().clone())
            .is_ok_and(|bundle| block::advance(&bundle, start).is_ok());
    if descends {
        return Ok(());
    }
    Err(Code::AnchorMismatch.because(format_args!(
        "none of the blocks is this server's trust anchor (sequence {}, config `{}`), and the \
         first (sequence {}, config `{}`) does not follow it; give the anchor's block first",
        anchor.sequence(),
        anchor.config_digest(),
        start.sequence(),
        start.config_digest()
    )))
}

/// Refuses a block that has the anchor's sequence and another config.
fn demand_no_other_than_anchor(
    call: &Context<'_>,
    blocks: &[ConfigBlock],
) -> Result<(), ContractError> {
    let Some(anchor) = call.anchor()? else {
        return Ok(());
    };
    let other = blocks.iter().find(|block| {
        block.sequence() == anchor.sequence() && block.config_digest() != anchor.config_digest()
    });
    other.map_or(Ok(()), |block| {
        Err(Code::AnchorMismatch.because(format_args!(
            "sequence {} of this server's trust anchor has config `{}`, the block carries `{}`",
            anchor.sequence(),
            anchor.config_digest(),
            block.config_digest()
        )))
    })
}

/// The updates that took effect.
#[derive(Debug, Default)]
struct AppliedUpdates {
    /// Those that no earlier link shows, with the lowest sequence that does.
    new: Vec<(Digest, Sequence)>,
    /// All, in the order of the blocks.
    digests: Vec<String>,
}

/// Reads what the ledger knows of the updates in the added blocks behind `after`.
async fn records<S: Stub>(
    stub: &mut S,
    after: Option<Sequence>,
    growth: &Growth,
    head: Sequence,
) -> Result<AppliedUpdates, ContractError> {
    let mut updates: Vec<(Digest, Sequence)> = Vec::new();
    let mut seen = BTreeSet::new();
    for (sequence, entry) in growth.added() {
        if after.is_some_and(|after| sequence <= after) || entry.config_update_sha256.is_empty() {
            continue;
        }
        let update = ledger::digest(&entry.config_update_sha256)?;
        // an update that changes nothing reachable can take effect again; the lowest counts
        if seen.insert(update) {
            updates.push((update, sequence));
        }
    }
    let known = proofs::in_effect(stub, head, updates.iter().map(|(update, _)| *update)).await?;
    let digests = updates.iter().map(|(update, _)| update.to_string());
    let digests = digests.collect();
    updates.retain(|(update, _)| !known.contains_key(update));
    Ok(AppliedUpdates {
        new: updates,
        digests,
    })
}

fn write<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    growth: &Growth,
    records: &AppliedUpdates,
    epoch: u64,
) -> Result<Head, ContractError> {
    let (Some(newest), Some((sequence, entry))) = (growth.newest(), growth.added().last()) else {
        return Err(Code::Internal.because("nothing to write"));
    };
    for (sequence, entry) in growth.added() {
        ledger::put(stub, keys::chain_entry(sequence), entry);
    }
    for (sequence, policies) in growth.evaluated() {
        ledger::put(stub, keys::evaluated(*sequence), policies);
    }
    for (update, sequence) in &records.new {
        let value = Applied {
            sequence: Some(sequence.0),
        };
        ledger::put(stub, keys::applied(update), &value);
    }
    for ((section, msp_id), since) in growth.members() {
        match since {
            Some(since) => members::join(stub, *section, msp_id, *since),
            None => members::leave(stub, *section, msp_id),
        }
    }
    let head = growth::head(sequence, entry, epoch, call.tx_id());
    ledger::put(stub, keys::head(), &head);
    stub.put_state(keys::body(), newest.config().clone());
    stub.set_event(events::synced(&links(growth.added())?, &records.digests));
    call.cache.put(
        call.channel(),
        &newest.config_digest(),
        &Arc::clone(growth.bundle()),
    );
    call.tell_head(&head)?;
    Ok(head)
}

fn answer(
    call: &Context<'_>,
    head: &Head,
    growth: &Growth,
    applied: Vec<String>,
) -> Result<Vec<u8>, ContractError> {
    answer::write(&Synced {
        added: links(growth.added())?,
        applied,
        known: links(growth.known())?,
        ..Synced::at(call.channel(), Some(head))?
    })
}

/// Entries of the chain for answers, in their order.
fn links<'e>(
    entries: impl Iterator<Item = (Sequence, &'e ChainEntry)>,
) -> Result<Vec<ChainLink>, ContractError> {
    entries
        .map(|(sequence, entry)| ChainLink::new(sequence, entry))
        .collect()
}
