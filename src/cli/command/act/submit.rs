//! `cmscc submit`.

use std::{collections::BTreeSet, process::ExitCode};

use prost::Message as _;
use serde_json::json;

use super::{
    consent::warn_of_servers,
    files::{read, write},
    open::{demand_level, fresh, open},
};
use crate::{
    cli::{
        args::{SubmitArgs, ViaArg},
        show::{Line, Tone, differences, findings, is_empty},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, JudgedUpdate, SignedUpdate, Submission, Verdicts, Via,
        answers::{self, ListAnswer},
        view::{SubmittedView, WrittenView},
    },
};

pub(in crate::cli) fn submit(args: &SubmitArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let mut session = fresh(talk, &settings, identity).await?;
        let head = session.compare_contract().await?;
        let id = args.id.as_deref().unwrap_or("the file");
        let behind = head.lacks.is_some();
        if behind && !args.no_sync {
            // somebody submitted without telling the contract: perhaps this very proposal
            session.sync(&|progress| talk.progress(&progress)).await?;
            demand_level(session.compare_contract().await?)?;
        }
        let accepted: BTreeSet<String> = args.accepted.iter().cloned().collect();
        let (digest, envelope) = match (&args.input, id) {
            (Some(path), _) => {
                session.envelope_of(&SignedUpdate::parse(&read(path)?)?, &accepted)?
            }
            (None, id) => {
                let examined = session.examine(id).await?;
                if let Verdicts::Update(judged) = &examined.verdicts {
                    changes(talk, &session, judged)?;
                }
                let envelope = session.envelope(&examined, &accepted)?;
                (examined.verdicts.digest(), envelope)
            }
        };
        talk.line(&Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, digest.to_string()));
        talk.done(&format!(
            "valid for config {}, signed enough, judged on this machine",
            session.chain().sequence()
        ));
        let via = match (args.via, &args.out) {
            (ViaArg::Gateway, _) => Via::Gateway,
            (ViaArg::Orderer, _) => Via::Orderer,
            (ViaArg::File, Some(out)) => {
                write(out, &envelope.encode_to_vec())?;
                talk.done(&format!("wrote {}", out.display()));
                talk.next(&format!(
                    "peer channel update -f {} -c {} -o ORDERER, then `cmscc sync`",
                    out.display(),
                    session.chain().channel()
                ));
                talk.document(&WrittenView {
                    config_update_sha256: digest.to_string(),
                    file: out.display().to_string(),
                    proposal_id: args.id.clone(),
                })?;
                return Ok(Exit::Done);
            }
            (ViaArg::File, None) => {
                let text = "--via file needs --out FILE";
                return Err(ClientError::new(Exit::Usage, "NO_FILE", text));
            }
        };
        let hears = |progress| talk.progress(&progress);
        let submission = session.submit_update(digest, envelope, via, &hears).await?;
        talk.done(&format!(
            "in effect: config {}, block {}, hash {}",
            submission.sequence, submission.link.block_number, submission.link.block_hash
        ));
        let synced = match args.no_sync {
            true => None,
            false => told(talk, &mut session, id).await,
        };
        let stale = out_of_date(talk, &session).await;
        talk.document(&document(args.id.as_deref(), &submission, synced, stale))?;
        Ok(match args.no_sync || synced.is_some() {
            true => Exit::Done,
            false => Exit::Partly,
        })
    })
}

/// Says what is sent, by one's own engine: the contract alone says whose id it has.
fn changes(
    talk: &Talk,
    session: &ChannelSession,
    judged: &JudgedUpdate,
) -> Result<(), ClientError> {
    let shown = judged.shown(session.chain().bundle(), &[])?;
    if let Some(diff) = shown.diff.as_ref().filter(|diff| !is_empty(diff)) {
        talk.line(&Line::of(Tone::Strong, "Changes"));
        talk.lines(&differences(diff, talk.look()));
    }
    if let Some(lint) = shown.lint.as_ref().filter(|lint| !lint.findings.is_empty()) {
        talk.line(&Line::of(Tone::Strong, "Findings"));
        talk.lines(&findings(lint, talk.look()));
    }
    warn_of_servers(talk, judged);
    Ok(())
}

/// Hands the block in. The update is in effect whatever comes of it: a failure is told, with what to do.
async fn told(talk: &Talk, session: &mut ChannelSession, id: &str) -> Option<u64> {
    match session.sync(&|progress| talk.progress(&progress)).await {
        Ok(synced) => {
            let text = match synced.block {
                Some(block) => format!("the contract has it since block {block}"),
                None => "the contract has it already".to_owned(),
            };
            talk.done(&text);
            Some(synced.after.0)
        }
        Err(error) => {
            let text = format!("`{id}` is in effect, but the contract was not told: {error}");
            talk.warn(&text);
            talk.next("cmscc sync");
            None
        }
    }
}

/// The open proposals that the new config made out of date.
async fn out_of_date(talk: &Talk, session: &ChannelSession) -> Vec<String> {
    let options = json!({"status": "Outofdate"}).to_string();
    let Ok(answer) = session.ask(&["ListProposals", &options]).await else {
        return Vec::new();
    };
    let Ok(page) = answers::read::<ListAnswer>("ListProposals", &answer) else {
        return Vec::new();
    };
    let own = session.connection().identity().msp_id.as_str();
    for one in &page.proposals {
        let mut line = Line::of(Tone::Waiting, "! ").and(
            Tone::Plain,
            format!(
                "`{}` of {} is out of date now",
                one.proposal_id, one.proposer_msp_id
            ),
        );
        if one.proposer_msp_id == own {
            line = line.and(Tone::Accent, format!("  cmscc rebase {}", one.proposal_id));
        }
        talk.say(&line);
    }
    page.proposals
        .into_iter()
        .map(|one| one.proposal_id)
        .collect()
}

fn document(
    id: Option<&str>,
    submission: &Submission,
    synced: Option<u64>,
    stale: Vec<String>,
) -> SubmittedView {
    SubmittedView {
        block_hash: submission.link.block_hash.to_string(),
        block_number: submission.link.block_number.0,
        config_sha256: submission.link.config_sha256.to_string(),
        contract_sequence: synced,
        out_of_date: stale,
        proposal_id: id.map(str::to_owned),
        sequence: submission.sequence.0,
    }
}
