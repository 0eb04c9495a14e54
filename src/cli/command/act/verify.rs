//! `cmscc config verify`.

use std::process::ExitCode;

use super::open::{demand_level, fresh, open};
use crate::{
    cli::args::ConfigVerifyArgs,
    client::{
        Exit,
        view::{TrustView, TrustedLinkView},
    },
};

pub(in crate::cli) fn verify(args: &ConfigVerifyArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        let chain = session.chain();
        if let (Some((first, pin)), Some((head, link))) = (chain.pin(), chain.head()) {
            talk.done(&format!(
                "config {head} of block {} is verified from your pin, config {first} of block {}",
                link.block_number, pin.block_number
            ));
            talk.document(&TrustView {
                channel_id: chain.channel().to_string(),
                pinned: TrustedLinkView::of(first, pin),
                verified: TrustedLinkView::of(head, link),
            })?;
        }
        demand_level(session.compare_contract().await?)?;
        talk.done("the contract has the same, link by link");
        Ok(Exit::Done)
    })
}
