//! `cmscc update sign`: what is signed is shown first, judged where a config is named.

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use super::files;
use crate::{
    cli::{
        args::UpdateSignArgs,
        command::{
            act::{Consent, TypedWord, ended, write},
            see::joined,
        },
        screen::ask_pin,
        show::{self, Line, Tone},
        talk::Talk,
    },
    client::{
        ClientError, ClientSettings, Exit, OwnIdentity, OwnSignature, compare_with_chain, now,
        on_this_machine, resolve_offline, sign_update, signed_envelope,
        update::{
            CheckOutcome, CheckedUpdate, FileUpdate, against_view, channel_creation, checked_view,
            file_view, update_view,
        },
        view::{InspectedFileView, InspectedView, WrittenView, needs_words},
    },
    config::Bundle,
    ids::ChannelId,
};

/// So many digits of the digest are typed to agree.
const TYPED: usize = 8;

pub(super) fn run(args: &UpdateSignArgs) -> ExitCode {
    let talk = Talk::new(&args.shown, args.full);
    ended(&talk, sign(&talk, args))
}

fn sign(talk: &Talk, args: &UpdateSignArgs) -> Result<Exit, ClientError> {
    let file = files::given(args.file.path())?;
    let view = file_view(&file);
    let given = file.into_update()?;
    let channel = ChannelId::from(given.update.channel_id());
    let (settings, _) =
        on_this_machine(&args.signer.flags(channel.as_str()), resolve_offline).map_err(joined)?;
    let ask = |question: &str| ask_pin(&args.shown, question);
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &ask)?;
    let bundle = match &args.against {
        Some(path) => Some(judged(talk, args, path, &given, &settings, &identity)?),
        None => {
            unjudged(talk, &given, view)?;
            None
        }
    };
    let (bundle, subject) = match bundle {
        Some((bundle, subject)) => (Some(bundle), subject),
        None => (None, identity.certificate().subject()),
    };
    let digest = given.update.digest().to_string();
    talk.line(&Line::of(Tone::Strong, "Digest     ").and(Tone::Plain, &digest));
    let consent = Consent::of(args.yes, args.digest.as_deref());
    let typed = TypedWord {
        what: "the first 8 digits of the digest",
        word: digest.get(..TYPED).unwrap_or(&digest),
        signed: &given.name,
    };
    let agreed = consent.obtain(talk, typed, &subject, &digest)?;
    let signature = sign_update(bundle.as_ref(), &given.update, &identity, &agreed)?;
    let mut signatures = given.signatures;
    signatures.push(signature);
    let count = signatures.len();
    let envelope = signed_envelope(&channel, &given.update, signatures, &identity)?;
    write(&args.out, &envelope)?;
    let out = args.out.display();
    talk.done(&match count {
        1 => format!("signed; wrote {out} with 1 signature"),
        _ => format!("signed; wrote {out} with {count} signatures"),
    });
    talk.document(&WrittenView {
        config_update_sha256: digest,
        file: out.to_string(),
        proposal_id: None,
    })?;
    Ok(Exit::Done)
}

/// Shows what was judged by a config, and refuses what is not worth a signature. Gives the config, and who
/// would sign.
fn judged(
    talk: &Talk,
    args: &UpdateSignArgs,
    path: &Path,
    given: &FileUpdate,
    settings: &ClientSettings,
    identity: &OwnIdentity,
) -> Result<(Bundle, String), ClientError> {
    let against = files::config(path)?;
    let known = compare_with_chain(settings, &against)?;
    let bundle = files::bundle(None, &against, &given.update)?;
    let accepted: BTreeSet<String> = args.accepted.iter().cloned().collect();
    let checked = CheckedUpdate::new(&bundle, &given.update, &given.signatures, &accepted, now());
    let view = checked_view(&bundle, against_view(&against), &checked)?;
    let is_worth = matches!(
        checked.outcome,
        CheckOutcome::Accepted | CheckOutcome::NotSigned | CheckOutcome::CannotSay
    );
    match is_worth {
        true => talk.lines(&show::reviewed(&view, talk.look())),
        false => talk.lines(&show::checked(&view, talk.look())),
    }
    talk.line(&Line::new());
    match checked.outcome {
        _ if is_worth => {}
        outcome => {
            let why = checked.why.clone();
            let why = why.unwrap_or_else(|| checked.blocking().join(", "));
            let text = format!("`{}` is not signed: {why}", given.name);
            let error = ClientError::new(outcome.exit(), &symbol(outcome), text);
            return Err(match (outcome, checked.blocking().first()) {
                (CheckOutcome::Blocked, Some(name)) => error.hint(format!(
                    "whoever wants it all the same: --accept-finding {name}"
                )),
                _ => error,
            });
        }
    }
    let subject = match &checked.judged {
        Some(judged) => {
            let own = OwnSignature::foresee(&bundle, judged, identity)?;
            if own.already {
                let text = format!("`{}` is signed already, as {}", given.name, own.subject);
                return Err(ClientError::new(Exit::Done, "ALREADY_SIGNED", text));
            }
            let needs = needs_words(&own.decision.needs.join("; "));
            let after = match needs.is_empty() {
                true => Line::of(Tone::Good, "it is signed enough"),
                false => Line::of(Tone::Waiting, "still needed: ").and(Tone::Plain, needs),
            };
            talk.line(&Line::of(Tone::Strong, "After you  ").join(after));
            own.subject
        }
        None => identity.certificate().subject(),
    };
    let by = format!(
        "{}, {} of channel {}",
        view.against.file, view.against.what, view.channel_id
    );
    talk.line(&Line::of(Tone::Strong, "Judged by  ").and(Tone::Plain, by));
    if known.is_none() {
        talk.warn("that this is the channel's config is your word: nothing is pinned here");
    }
    Ok((bundle, subject))
}

fn symbol(outcome: CheckOutcome) -> String {
    match outcome {
        CheckOutcome::Blocked => "BLOCKING_FINDING".to_owned(),
        CheckOutcome::Stale => "STALE_UPDATE".to_owned(),
        CheckOutcome::InEffect => "ALREADY_IN_EFFECT".to_owned(),
        _ => "UPDATE_REFUSED".to_owned(),
    }
}

/// Shows what an update writes, and that nothing of it could be judged.
fn unjudged(
    talk: &Talk,
    given: &FileUpdate,
    file: crate::client::view::FileView,
) -> Result<(), ClientError> {
    let view = InspectedView {
        files: vec![InspectedFileView {
            config: None,
            file,
            request: None,
            update: Some(update_view(given, None)?),
        }],
    };
    talk.lines(&show::inspected(&view, talk.look()));
    talk.line(&Line::new());
    // settings of the contract are agreed on by signatures on such an update, which no orderer takes
    if given.update.has_isolated_data() {
        let text = format!(
            "`{}` is no update that an orderer takes: it carries isolated data, such as settings of the contract",
            given.name
        );
        return Err(ClientError::new(Exit::Unsafe, "ISOLATED_DATA", text)
            .hint("`cmscc sign` and `cmscc sign --in` sign those, and what organisations attest"));
    }
    if channel_creation(&given.update).is_none() {
        talk.warn(
            "without --against nothing is judged: what it changes and removes, who must sign, whether your \
             signature counts, whether an orderer would take it",
        );
    }
    Ok(())
}
