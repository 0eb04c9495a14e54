//! Signing a sign request: on a machine without a network, or by somebody who cannot ask the contract.
//! Everything is judged from this machine's own pin, never from what the file brings along.

use std::{path::Path, process::ExitCode};

use super::{
    consent::{Consent, TypedWord, head, review, settings_lines, tail},
    files::write,
    open::ended,
};
use crate::{
    cli::{
        args::SignArgs,
        command::see::joined,
        screen::ask_pin,
        show::{self, Line, Tone},
        talk::Talk,
    },
    client::{
        ClientError, ClientSettings, Exit, JudgedStatement, NetworkFlags, OfflineSession,
        OwnIdentity, OwnSignature, SignRequest, SignedUpdate, Verdicts, answers::ProposalAnswer,
        on_this_machine, resolve_offline, shown_request, sign_claim, update::statement_view,
        view::WrittenView,
    },
    ids::ChannelId,
};

pub(super) fn run(talk: &Talk, args: &SignArgs, content: &[u8]) -> ExitCode {
    ended(talk, sign(talk, args, content))
}

fn sign(talk: &Talk, args: &SignArgs, content: &[u8]) -> Result<Exit, ClientError> {
    let request = SignRequest::parse(content)?;
    let out = out(args, "a sign request")?;
    let settings = settings(args.client.network.flags(), &request.channel)?;
    let ask = |question: &str| ask_pin(&args.client.shown, question);
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &ask)?;
    let mut session = OfflineSession::open(&settings)?;
    session.take(&request)?;
    let verdicts = session.judge(&request)?;
    let digest = verdicts.digest().to_string();
    let subject = show(talk, &session, &request, &verdicts, &identity)?;
    let Some(out) = out else {
        return dry(talk);
    };
    let id = request.claim.proposal_id.as_str();
    let consent = Consent::of(args.yes, args.digest.as_deref());
    let agreed = consent.obtain(talk, TypedWord::id(id), &subject, &digest)?;
    let signature = sign_claim(
        session.chain().bundle(),
        &request.claim,
        &verdicts,
        &identity,
        &agreed,
    )?;
    let signed = SignedUpdate {
        channel: request.channel.clone(),
        config_update: request.claim.config_update.clone(),
        signatures: vec![signature],
    };
    write(out, &signed.write())?;
    talk.done(&format!("signed; wrote {}", out.display()));
    talk.next(&format!(
        "cmscc sign --in {}   (any member hands it in)",
        out.display()
    ));
    talk.document(&WrittenView {
        config_update_sha256: digest,
        file: out.display().to_string(),
        proposal_id: Some(id.to_owned()),
    })?;
    Ok(Exit::Done)
}

/// Signs what an orderer organisation attests of its nodes, where one is its admin.
pub(super) fn attest(
    talk: &Talk,
    args: &SignArgs,
    signed: SignedUpdate,
    statement: &JudgedStatement,
) -> ExitCode {
    ended(talk, sign_statement(talk, args, signed, statement))
}

fn sign_statement(
    talk: &Talk,
    args: &SignArgs,
    mut signed: SignedUpdate,
    statement: &JudgedStatement,
) -> Result<Exit, ClientError> {
    let out = out(args, "what an organisation attests")?;
    let settings = settings(args.client.network.flags(), &statement.channel)?;
    let ask = |question: &str| ask_pin(&args.client.shown, question);
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &ask)?;
    let session = OfflineSession::open(&settings)?;
    let subject = session.may_attest(statement, &identity)?;
    let digest = statement.digest.to_string();
    let view = statement_view(statement.clone());
    talk.lines(&show::statement(&view, talk.look()));
    tail(talk, None, &digest);
    let Some(out) = out else {
        return dry(talk);
    };
    let typed = TypedWord {
        what: "the MSP id of your organisation",
        word: &statement.msp_id,
        signed: &statement.msp_id,
    };
    let consent = Consent::of(args.yes, args.digest.as_deref());
    let agreed = consent.obtain(talk, typed, &subject, &digest)?;
    let signature = session.sign_statement(&signed, statement, &identity, &agreed)?;
    signed.signatures.push(signature);
    write(out, &signed.write())?;
    talk.done(&format!("signed; wrote {}", out.display()));
    talk.next(&format!(
        "cmscc attest --in {}   (any member hands it in)",
        out.display()
    ));
    talk.document(&WrittenView {
        config_update_sha256: digest,
        file: out.display().to_string(),
        proposal_id: None,
    })?;
    Ok(Exit::Done)
}

/// The file that is written; none of a look.
fn out<'a>(args: &'a SignArgs, what: &str) -> Result<Option<&'a Path>, ClientError> {
    match &args.out {
        _ if args.dry_run => Ok(None),
        Some(out) => Ok(Some(out)),
        None => {
            let text = format!("{what} is signed into a file: name it with --out");
            Err(ClientError::new(Exit::Usage, "NO_FILE", text)
                .hint("--dry-run shows what would be signed"))
        }
    }
}

/// The end of a look.
fn dry(talk: &Talk) -> Result<Exit, ClientError> {
    talk.say(&Line::of(Tone::Dim, "nothing was signed"));
    Ok(Exit::Done)
}

/// The settings of this machine; the channel is that of the file, which the pin must know.
fn settings(mut flags: NetworkFlags, channel: &ChannelId) -> Result<ClientSettings, ClientError> {
    flags.channel.get_or_insert_with(|| channel.to_string());
    let (settings, _) = on_this_machine(&flags, resolve_offline).map_err(joined)?;
    if settings.channel != *channel {
        let text = format!(
            "the file is of channel `{channel}`, you are on `{}`",
            settings.channel
        );
        return Err(ClientError::new(Exit::Usage, "WRONG_CHANNEL", text));
    }
    Ok(settings)
}

/// Shows what the request asks; gives who would sign.
fn show(
    talk: &Talk,
    session: &OfflineSession,
    request: &SignRequest,
    verdicts: &Verdicts,
    identity: &OwnIdentity,
) -> Result<String, ClientError> {
    let digest = verdicts.digest().to_string();
    match verdicts {
        Verdicts::Settings(settings) => {
            let mut lines = head(
                &ProposalAnswer {
                    proposal_id: request.claim.proposal_id.to_string(),
                    proposer_msp_id: request.proposer_msp_id.clone(),
                    description: request.description.clone(),
                    revision: request.claim.revision.0,
                    ..ProposalAnswer::default()
                },
                talk.look(),
            );
            lines.extend(settings_lines(settings));
            talk.lines(&lines);
            tail(talk, None, &digest);
            Ok(identity.msp_id.to_string())
        }
        Verdicts::Update(judged) => {
            let chain = session.chain();
            let own = OwnSignature::foresee(chain.bundle(), judged, identity)?;
            let shown = shown_request(request, judged, chain.sequence());
            talk.lines(&head(&shown, talk.look()));
            review(talk, chain, judged, shown, &judged.policies)?;
            tail(talk, Some(&own.decision.needs), &digest);
            Ok(own.subject)
        }
    }
}
