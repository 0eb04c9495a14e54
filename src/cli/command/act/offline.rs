//! Signing a sign request: on a machine without a network, or by somebody who cannot ask the contract.
//! Everything is judged from this machine's own pin, never from what the file brings along.

use std::process::ExitCode;

use super::{
    consent::{Consent, TypedWord, head, review, settings_lines, tail},
    files::write,
    open::ended,
};
use crate::{
    cli::{args::SignArgs, command::see::joined, screen::ask_pin, talk::Talk},
    client::{
        ClientError, ClientSettings, Exit, NetworkFlags, OfflineSession, OwnIdentity, OwnSignature,
        SignRequest, SignedUpdate, Verdicts, answers::ProposalAnswer, on_this_machine,
        resolve_offline, shown_request, sign_claim, view::WrittenView,
    },
};

pub(super) fn run(talk: &Talk, args: &SignArgs, content: &[u8]) -> ExitCode {
    ended(talk, sign(talk, args, content))
}

fn sign(talk: &Talk, args: &SignArgs, content: &[u8]) -> Result<Exit, ClientError> {
    let request = SignRequest::parse(content)?;
    let Some(out) = &args.out else {
        let text = "a sign request is signed into a file: name it with --out";
        return Err(ClientError::new(Exit::Usage, "NO_FILE", text));
    };
    let settings = settings(args.client.network.flags(), &request)?;
    let ask = |question: &str| ask_pin(&args.client.shown, question);
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &ask)?;
    let mut session = OfflineSession::open(&settings)?;
    session.take(&request)?;
    let verdicts = session.judge(&request)?;
    let digest = verdicts.digest().to_string();
    let subject = show(talk, &session, &request, &verdicts, &identity)?;
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

/// The settings of this machine; the channel is the request's, which the pin must know.
fn settings(mut flags: NetworkFlags, request: &SignRequest) -> Result<ClientSettings, ClientError> {
    flags
        .channel
        .get_or_insert_with(|| request.channel.to_string());
    let (settings, _) = on_this_machine(&flags, resolve_offline).map_err(joined)?;
    if settings.channel != request.channel {
        let text = format!(
            "the request is of channel `{}`, you are on `{}`",
            request.channel, settings.channel
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
