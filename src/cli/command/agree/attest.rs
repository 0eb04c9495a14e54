//! `cmscc attest`.

use std::{path::Path, process::ExitCode};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    cli::{
        args::AttestArgs,
        command::act::{demand_level, fresh, open, read, write},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, CommittedCall, Exit, WantedAttestation, answers,
        view::{AttestedView, WrittenView},
    },
    ids::Digest,
    transaction::ChaincodeCall,
};

pub(in crate::cli) fn run(args: &AttestArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let wanted = wanted(args)?;
        if wanted.is_empty() && args.input.is_none() {
            let text = "what does your organisation attest?";
            return Err(ClientError::new(Exit::Usage, "NOTHING_SAID", text)
                .hint("--release 3.1, --channel-level LEVEL, .., --server"));
        }
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        if let Some(input) = &args.input {
            let statement = STANDARD.encode(read(input)?);
            let done = send(&session, &["AddAttestation", &statement]).await?;
            return recorded(talk, &session, &done);
        }
        match (&args.of, &args.out) {
            (Some(msp_id), Some(out)) => prepare(talk, &session, msp_id, &wanted.json(), out).await,
            _ => {
                let done = send(&session, &["AttestCapabilities", &wanted.json()]).await?;
                recorded(talk, &session, &done)
            }
        }
    })
}

fn wanted(args: &AttestArgs) -> Result<WantedAttestation, ClientError> {
    let mut wanted = match &args.release {
        Some(release) => WantedAttestation::of_release(release, args.of.is_none())?,
        None => WantedAttestation::default(),
    };
    let named = |levels: &[String], before: Option<Vec<String>>| match levels {
        [] => before,
        [only] if only == "none" => Some(Vec::new()),
        levels => Some(levels.to_vec()),
    };
    wanted.channel = named(&args.channel_level, wanted.channel);
    wanted.orderer = named(&args.orderer_level, wanted.orderer);
    wanted.application = named(&args.application_level, wanted.application);
    wanted.server = args.server;
    Ok(wanted)
}

/// Writes the statement of an orderer organisation, for its admin to sign.
async fn prepare(
    talk: &Talk,
    session: &ChannelSession,
    msp_id: &str,
    levels: &str,
    out: &Path,
) -> Result<Exit, ClientError> {
    let answer = session.ask(&["PrepareAttestation", msp_id, levels]).await?;
    let odd = |why: &str| {
        let text = format!("the answer of `PrepareAttestation` cannot be read: {why}");
        ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", text)
    };
    let answer: Value = answers::read("PrepareAttestation", &answer)?;
    let to_sign = answer.get("config_update_to_sign").and_then(Value::as_str);
    let to_sign = to_sign.ok_or_else(|| odd("nothing is to be signed"))?;
    let content = STANDARD
        .decode(to_sign)
        .map_err(|error| odd(&error.to_string()))?;
    write(out, &content)?;
    talk.done(&format!("wrote {}, {} bytes", out.display(), content.len()));
    talk.next(&format!(
        "cmscc sign --in {file} --out SIGNED, as an admin of {msp_id}; then cmscc attest --in SIGNED",
        file = out.display()
    ));
    talk.document(&WrittenView {
        config_update_sha256: Digest::of(&content).to_string(),
        file: out.display().to_string(),
        proposal_id: None,
    })?;
    Ok(Exit::Done)
}

async fn send(session: &ChannelSession, words: &[&str]) -> Result<CommittedCall, ClientError> {
    let call = ChaincodeCall::new(session.chain().channel(), words.iter().copied());
    session.submit_call(call).await
}

fn recorded(
    talk: &Talk,
    session: &ChannelSession,
    done: &CommittedCall,
) -> Result<Exit, ClientError> {
    let answer: Value = answers::read("AttestCapabilities", &done.answer)?;
    let own = session.connection().identity().msp_id.as_str();
    let msp_id = answer.get("msp_id").and_then(Value::as_str).unwrap_or(own);
    talk.done(&format!(
        "{msp_id} attests; recorded in block {}",
        done.block
    ));
    talk.document(&AttestedView {
        block_number: done.block.0,
        msp_id: msp_id.to_owned(),
    })?;
    Ok(Exit::Done)
}
