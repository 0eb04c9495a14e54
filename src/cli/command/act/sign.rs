//! `cmscc sign`.

use std::process::ExitCode;

use serde_json::json;

use super::{
    carry,
    consent::{Consent, sign_one, signed_document, taken},
    open::{demand_level, fresh, open},
};
use crate::{
    cli::{
        args::SignArgs,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Examined, Exit,
        answers::{self, ListAnswer},
        view::{SignedView, needs_words},
    },
};

/// So many pages of proposals are looked through for those that await one.
const PAGES: usize = 20;

pub(in crate::cli) fn sign(args: &SignArgs) -> ExitCode {
    if args.input.is_some() {
        return carry::run(args);
    }
    open(&args.client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        if let Some(out) = &args.out {
            return carry::request(talk, &session, args, out).await;
        }
        let consent = Consent::of(args.yes, args.digest.as_deref());
        if args.yes && args.ids.len() != 1 {
            let text = "--yes with one digest is for one proposal: name it";
            return Err(ClientError::new(Exit::Usage, "ONE_ID", text));
        }
        let ids = match args.ids.is_empty() {
            false => args.ids.clone(),
            true => awaiting(&session).await?,
        };
        if ids.is_empty() {
            talk.say(&Line::of(Tone::Dim, "nothing awaits your signature"));
            talk.document(&Vec::<SignedView>::new())?;
            return Ok(Exit::Done);
        }
        if let [first, _, ..] = ids.as_slice() {
            // one error, not one for each
            consent.demand_somebody(talk, first)?;
        }
        one_by_one(talk, &session, &ids, consent).await
    })
}

/// The ids of the proposals that one's organisation could complete, and has not signed.
async fn awaiting(session: &ChannelSession) -> Result<Vec<String>, ClientError> {
    let msp_id = session.connection().identity().msp_id.clone();
    let (mut ids, mut bookmark) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let options = json!({"page_size": 200, "bookmark": bookmark}).to_string();
        let answer = session.ask(&["ListProposals", &options]).await?;
        let page: ListAnswer = answers::read("ListProposals", &answer)?;
        let mine = page
            .proposals
            .into_iter()
            .filter(|one| one.awaits(msp_id.as_str()));
        ids.extend(mine.map(|one| one.proposal_id));
        bookmark = page.bookmark;
        if bookmark.is_empty() {
            break;
        }
    }
    Ok(ids)
}

/// Signs several, each by itself; what was declined or refused is told, and the others go on.
async fn one_by_one(
    talk: &Talk,
    session: &ChannelSession,
    ids: &[String],
    consent: Consent<'_>,
) -> Result<Exit, ClientError> {
    let mut documents: Vec<SignedView> = Vec::new();
    let mut exits = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            talk.line(&Line::new());
        }
        match one(talk, session, id, consent).await {
            Ok((examined, block)) => {
                documents.push(signed_document(&examined, block));
                exits.push(Exit::Done);
            }
            Err(error) if ids.len() == 1 => return Err(error),
            Err(error) => {
                // an attack on one is told at once, and nothing else is signed behind it
                if error.exit == Exit::Unsafe {
                    return Err(error);
                }
                let _ = talk.failed(&error);
                exits.push(error.exit);
            }
        }
    }
    talk.document(&documents)?;
    let done = exits.iter().filter(|exit| **exit == Exit::Done).count();
    Ok(match exits.first() {
        _ if done == exits.len() => Exit::Done,
        Some(first) if done == 0 => *first,
        _ => Exit::Partly,
    })
}

async fn one(
    talk: &Talk,
    session: &ChannelSession,
    id: &str,
    consent: Consent<'_>,
) -> Result<(Examined, u64), ClientError> {
    let examined = session.examine(id).await?;
    let signature = sign_one(talk, session, &examined, consent)?;
    let (answer, committed) = session.add_signatures(id, &signature.encode()).await?;
    taken(&answer)?;
    talk.done(&format!("signed; recorded in block {}", committed.block));
    next(talk, session, id).await;
    Ok((examined, committed.block.0))
}

/// Says what comes next; that it cannot be said is no failure.
pub(in crate::cli::command) async fn next(talk: &Talk, session: &ChannelSession, id: &str) {
    let Ok(proposal) = session.fetch(id).await else {
        return;
    };
    match proposal.status.as_str() {
        "ReadyToSubmit" if proposal.kind == "settings" => {
            talk.next(&format!("cmscc settings apply {id}"));
        }
        "ReadyToSubmit" => talk.next(&format!("cmscc submit {id}")),
        _ => {
            let needs = proposal.status_detail.needs.join("; ");
            if !needs.is_empty() {
                talk.say(
                    &Line::of(Tone::Dim, "still needed: ").and(Tone::Plain, needs_words(&needs)),
                );
            }
        }
    }
}
