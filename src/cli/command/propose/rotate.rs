//! The second step of a CA rotation: what it needs to know of the first, and of who is seen.

use super::gather::named_cas;
use crate::{
    cli::{args::ProposeRotateCaArgs, show::status_words},
    client::{
        AskedIntent, ChannelSession, ClientError, Exit, PlannedIntent, RotationEnd, SeenIdentity,
        answers::ProposalAnswer,
    },
    identity::serialized_identity,
};

/// What a first step is called.
const FIRST: &str = ".add";
/// In so many of the newest blocks, it is looked which orderers sign and which peers endorse.
const RECENT: u64 = 20;

/// The second step, of what the first one says.
pub(super) async fn end(
    session: &ChannelSession,
    args: &ProposeRotateCaArgs,
) -> Result<AskedIntent, ClientError> {
    let named = args.finish.as_deref().unwrap_or_default();
    let id = named.strip_suffix(FIRST).unwrap_or(named);
    let first = session.fetch(&format!("{id}{FIRST}")).await?;
    session.check_effect(&first)?;
    if first.status != "Submitted" {
        let text = format!(
            "`{id}{FIRST}` is not in effect: it is {}, and the old CA goes when the new one is there",
            status_words(&first.status).0
        );
        return Err(ClientError::new(Exit::No, "NOT_IN_EFFECT", text)
            .hint(format!("cmscc show {id}{FIRST}")));
    }
    let identity = session.connection().identity();
    let own = SeenIdentity {
        serialized: serialized_identity(&identity.msp_id, &identity.certificate_pem).into(),
        place: "your own certificate".to_owned(),
    };
    let mut seen = vec![own];
    seen.extend(SeenIdentity::signers(session.chain().head_block()));
    let blocks = session.recent_blocks(RECENT).await?;
    // the newest first: of who is seen several times, the first is told
    seen.extend(blocks.iter().rev().flat_map(SeenIdentity::of_block));
    Ok(AskedIntent::RotateEnd(RotationEnd {
        id: id.to_owned(),
        description: first.description,
        patch: first
            .patch
            .map(|patch| patch.get().to_owned())
            .unwrap_or_default(),
        remove: named_cas(&args.remove)?,
        seen,
        anyway: args.anyway,
        org: args.org.clone(),
    }))
}

/// Refuses a removal by which somebody whom the contract knows would lose membership or a role.
// the contract is believed here, since it can only keep something from being done
pub(super) fn demand_nobody_lost(
    planned: &PlannedIntent,
    checked: &ProposalAnswer,
) -> Result<(), ClientError> {
    if !planned.keeps_identities() {
        return Ok(());
    }
    let findings = checked.lint.iter().flat_map(|lint| &lint.findings);
    let lost = findings.filter(|one| matches!(one.id.as_str(), "IDENTITY_LOST" | "ROLE_LOST"));
    let details: Vec<_> = lost
        .map(|one| (one.path.clone(), one.text.clone()))
        .collect();
    if details.is_empty() {
        return Ok(());
    }
    let text = "people whom the contract knows would not be what they are without the old CA";
    let mut error = ClientError::new(Exit::Unsafe, "STILL_OLD_CA", text)
        .hint("give them new certificates; --anyway removes it all the same");
    error.details = details;
    Err(error)
}
