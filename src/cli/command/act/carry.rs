//! Sign requests and signature files: for keys on machines without a network, and for people who cannot
//! ask the contract.

use std::{path::Path, process::ExitCode};

use super::{
    consent::taken,
    files::{read, write},
    offline,
    open::{demand_level, fresh, open},
};
use crate::{
    cli::{
        args::SignArgs,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, JudgedStatement, SignRequest, SignedUpdate,
        view::WrittenView,
    },
    ids::Sequence,
};

/// The most bytes of config blocks that go into one request.
const BLOCKS: usize = 64 << 20;

/// `sign --in`: a sign request is signed here, and what an orderer organisation attests; everything else is
/// handed in.
pub(super) fn run(args: &SignArgs) -> ExitCode {
    let talk = Talk::of(&args.client.shown);
    let Some(input) = &args.input else {
        return talk.failed(&ClientError::new(
            Exit::Usage,
            "NO_FILE",
            "there is no file",
        ));
    };
    let content = match read(input) {
        Ok(content) => content,
        Err(error) => return talk.failed(&error),
    };
    if SignRequest::is_one(&content) {
        return offline::run(&talk, args, &content);
    }
    let statement = SignedUpdate::parse(&content)
        .ok()
        .and_then(|signed| Some((JudgedStatement::read(&signed.config_update)?, signed)));
    if let Some((statement, signed)) = statement {
        return match statement {
            Ok(statement) => offline::attest(&talk, args, signed, &statement),
            Err(error) => talk.failed(&error),
        };
    }
    if args.dry_run {
        let text = "--dry-run shows what would be signed, and this file is to be handed in";
        let error = ClientError::new(Exit::Usage, "NOTHING_TO_SIGN", text);
        let shows = format!(
            "cmscc update inspect {} shows who signed it",
            input.display()
        );
        return talk.failed(&error.hint(shows));
    }
    open(&args.client, async |talk, settings, identity| {
        let signed = SignedUpdate::parse(&content)?;
        if signed.signatures.is_empty() {
            let text = format!("nobody has signed `{}`", input.display());
            return Err(ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text));
        }
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let ids = match args.ids.is_empty() {
            false => args.ids.clone(),
            true => session.matching(&signed).await?,
        };
        hand_in(talk, &session, &ids, &signed, &content).await
    })
}

async fn hand_in(
    talk: &Talk,
    session: &ChannelSession,
    ids: &[String],
    signed: &SignedUpdate,
    content: &[u8],
) -> Result<Exit, ClientError> {
    let mut documents = Vec::new();
    for id in ids {
        let handed_in = session.hand_in_signatures(id, signed, content).await;
        let (answer, committed) = handed_in?;
        taken(&answer)?;
        for one in &answer.added {
            talk.done(&format!(
                "{}: signature of {} ({}) recorded in block {}",
                id, one.subject, one.msp_id, committed.block
            ));
        }
        for one in &answer.already {
            talk.say(&Line::of(
                Tone::Dim,
                format!("{id}: {} has signed before", one.subject),
            ));
        }
        for one in &answer.refused {
            let who = one
                .subject
                .as_deref()
                .or(one.msp_id.as_deref())
                .unwrap_or("somebody");
            talk.say(&Line::of(
                Tone::Bad,
                format!("{id}: {who} does not count: {}", one.reason),
            ));
        }
        documents.push(answer);
    }
    talk.document(&documents)?;
    Ok(Exit::Done)
}

/// `sign ID --out FILE`: examined here, too, so that nobody carries what is not as it is said.
pub(super) async fn request(
    talk: &Talk,
    session: &ChannelSession,
    args: &SignArgs,
    out: &Path,
) -> Result<Exit, ClientError> {
    let [id] = args.ids.as_slice() else {
        let text = "--out is for one proposal: name it";
        return Err(ClientError::new(Exit::Usage, "ONE_ID", text));
    };
    let examined = session.examine(id).await?;
    let digest = examined.verdicts.digest();
    let bare = out.extension().is_some_and(|extension| extension == "pb");
    let content = match bare {
        true => SignedUpdate {
            channel: session.chain().channel().clone(),
            config_update: examined.claim.config_update.clone(),
            signatures: Vec::new(),
        }
        .write(),
        false => {
            let blocks = blocks(session, args.since.map(Sequence)).await?;
            let request = SignRequest {
                channel: session.chain().channel().clone(),
                proposer_msp_id: examined.proposal.proposer_msp_id.clone(),
                description: examined.proposal.description.clone(),
                claim: examined.claim,
                blocks,
            };
            request.write()?
        }
    };
    write(out, &content)?;
    talk.done(&format!("wrote {}, {} bytes", out.display(), content.len()));
    talk.line(&Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, digest.to_string()));
    match bare {
        true => talk.next(&format!("peer channel signconfigtx -f {}", out.display())),
        false => talk.next(&format!("cmscc sign --in {} --out {id}.sig", out.display())),
    }
    talk.document(&WrittenView {
        config_update_sha256: digest.to_string(),
        file: out.display().to_string(),
        proposal_id: Some(id.to_owned()),
    })?;
    Ok(Exit::Done)
}

/// The config blocks of one's own chain from a sequence on, or from the pin.
async fn blocks(
    session: &ChannelSession,
    since: Option<Sequence>,
) -> Result<Vec<bytes::Bytes>, ClientError> {
    let (mut blocks, mut bytes) = (Vec::new(), 0_usize);
    let from = since.unwrap_or_default();
    for (_, link) in session.chain().links().filter(|(at, _)| *at >= from) {
        let block = session.known_block(link).await?;
        bytes = bytes.saturating_add(block.len());
        if bytes > BLOCKS {
            let text = format!("the config blocks have more than {BLOCKS} bytes");
            return Err(ClientError::new(Exit::Failed, "REQUEST_TOO_LARGE", text)
                .hint("--since SEQUENCE leaves out those that the other machine has verified"));
        }
        blocks.push(block);
    }
    Ok(blocks)
}
