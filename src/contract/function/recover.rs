//! `RecoverConfig`: operators set a checkpoint, whatever the reason.

use std::{collections::BTreeSet, sync::Arc};

use super::{Context, sync};
use crate::{
    block::ConfigBlock,
    config::{Bundle, Section},
    contract::{
        answer::{self, ChainLink, Synced, events},
        chain::{
            growth::{self, member_ids},
            levels::demand_supported,
        },
        error::{Code, ContractError},
        ledger::{self, TrustedHead, keys, members},
    },
    ids::{MspId, Sequence},
    proto::cmscc::{ChainEntry, Head, Member},
    stub::Stub,
};

/// `RecoverConfig`: makes this server's own anchor the head. Replays nothing.
pub(crate) async fn recover_config<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let block = sync::read_block(call, &call.args.block(0)?)?;
    let disowned = call.args.number(1, "disowned_from")?.map(Sequence);
    let trusted = TrustedHead::demand(stub).await?;
    let first_gone = disowned.map_or_else(|| block.sequence(), |from| from.min(block.sequence()));
    let gone: Vec<(String, ChainEntry)> = ledger::all(stub, keys::chain_from(first_gone)).await?;
    let known: Vec<(String, Member)> = ledger::all(stub, keys::members_since()).await?;

    demand_permission(call, &block, disowned, trusted.head.epoch)?;
    if trusted.config_digest()? == block.config_digest() {
        return answer(call, &trusted.head, Vec::new());
    }
    if block.sequence() <= trusted.sequence() {
        return Err(Code::NotNewer.because(format_args!(
            "the checkpoint carries sequence {}, the head is at {}; a recovery goes forward",
            block.sequence(),
            trusted.sequence()
        )));
    }
    let bundle = Bundle::new(call.channel(), block.tree().clone())
        .map_err(|e| Code::BadBlock.because(format_args!("its config is not valid: {e}")))?;
    demand_supported(&bundle)?;

    for (key, _) in gone {
        if let Some(sequence) = keys::chain_sequence(&key) {
            stub.del_state(keys::evaluated(sequence));
        }
        stub.del_state(key);
    }
    write_members(stub, &known, &member_ids(&bundle), block.sequence());
    let entry = growth::entry(&block);
    ledger::put(stub, keys::chain_entry(block.sequence()), &entry);
    // saturating: 2^64 recoveries do not happen
    let epoch = trusted.head.epoch.saturating_add(1);
    let head = growth::head(block.sequence(), &entry, epoch, call.tx_id());
    ledger::put(stub, keys::head(), &head);
    stub.put_state(keys::body(), block.config().clone());
    let added = vec![ChainLink::new(block.sequence(), &entry)?];
    stub.set_event(events::synced(&added, &[]));
    call.cache
        .put(call.channel(), &block.config_digest(), &Arc::new(bundle));
    call.tell_head(&head)?;
    answer(call, &head, added)
}

/// Only this server's own operator can say that a block is to be trusted without proof, and only
/// explicitly that known sequences were false.
fn demand_permission(
    call: &Context<'_>,
    block: &ConfigBlock,
    disowned: Option<Sequence>,
    epoch: u64,
) -> Result<(), ContractError> {
    let Some(anchor) = call.anchor()? else {
        return Err(Code::AnchorRequired.because(format_args!(
            "a recovery needs the same block as this server's trust anchor; mount it as \
             `{}.block`",
            call.channel()
        )));
    };
    if !block.is_same(&anchor) {
        return Err(Code::AnchorMismatch.because(format_args!(
            "the block (sequence {}, config `{}`) is not this server's trust anchor (sequence {}, \
             config `{}`)",
            block.sequence(),
            block.config_digest(),
            anchor.sequence(),
            anchor.config_digest()
        )));
    }
    match (call.disown()?, disowned) {
        (None, None) => Ok(()),
        (Some(permitted), Some(from)) if permitted.from == from && permitted.epoch == epoch => {
            Ok(())
        }
        (permitted, _) => Err(Code::NotDisowned.because(format_args!(
            "the call disowns {}, this server's operator {}; the head is in epoch {epoch}",
            disowned.map_or_else(
                || "nothing".to_owned(),
                |from| format!("from sequence {from}")
            ),
            permitted.map_or_else(
                || "has not permitted to".to_owned(),
                |p| format!("has permitted epoch {} from sequence {}", p.epoch, p.from)
            ),
        ))),
    }
}

fn write_members<S: Stub>(
    stub: &mut S,
    before: &[(String, Member)],
    after: &BTreeSet<(Section, MspId)>,
    sequence: Sequence,
) {
    let known: BTreeSet<(Section, MspId)> = before
        .iter()
        .filter_map(|(key, _)| keys::member_facts(key))
        .map(|(section, msp_id, _)| (section, msp_id))
        .collect();
    for (section, left) in known.difference(after) {
        members::leave(stub, *section, left);
    }
    for (section, msp_id) in after.difference(&known) {
        members::join(stub, *section, msp_id, sequence);
    }
}

fn answer(
    call: &Context<'_>,
    head: &Head,
    added: Vec<ChainLink>,
) -> Result<Vec<u8>, ContractError> {
    answer::write(&Synced {
        added,
        ..Synced::at(call.channel(), Some(head))?
    })
}
