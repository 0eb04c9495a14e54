//! The first use of a channel, and `cmscc pin`.

use std::process::ExitCode;

use serde_json::json;

use super::open::open;
use crate::{
    cli::{
        args::PinArgs,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChainStore, ClientError, ClientSettings, Exit, OpenedSession, OwnIdentity, Session,
        Unpinned, VerifiedChain,
    },
};

/// Lets the person at the terminal decide what the chain of this machine starts with.
// SECURITY: from here on the pin decides what is shown and signed; it is never taken over unseen
pub(super) fn first_use(talk: Talk, unpinned: Unpinned) -> Result<Session, ClientError> {
    let channel = unpinned.channel().clone();
    let refused = || {
        let text = format!("nothing of channel `{channel}` is pinned on this machine yet");
        ClientError::new(Exit::Unsafe, "NOT_PINNED", text).hint(
            "--anchor FILE names a config block that you trust, such as the genesis block; or run \
             `cmscc pin` in a terminal",
        )
    };
    if !talk.may_ask() {
        return Err(refused());
    }
    let Some((sequence, link)) = unpinned.shown() else {
        return Err(refused());
    };
    let digest = link.config_sha256.to_string();
    for line in [
        Line::of(
            Tone::Strong,
            format!("First use of channel {channel} on this machine"),
        ),
        Line::plain(format!(
            "Your peer shows config {sequence}, of block {}, with this digest:",
            link.block_number
        )),
        Line::of(Tone::Strong, format!("  {digest}")),
        Line::plain(
            "Compare all of it with what another member sees (`cmscc pin`), not by the way that it came here.",
        ),
    ] {
        talk.say(&line);
    }
    let typed = talk.ask(&Line::plain("Type the digest to pin it:"));
    match typed {
        Some(typed) if typed.eq_ignore_ascii_case(&digest) => unpinned.pin(),
        Some(typed) if !typed.is_empty() => {
            let text = "that is not the digest; nothing is pinned";
            Err(ClientError::new(Exit::Interrupted, "NOT_PINNED", text))
        }
        _ => Err(ClientError::new(
            Exit::Interrupted,
            "NOT_PINNED",
            "nothing is pinned",
        )),
    }
}

/// `cmscc pin`: what is trusted, and a new start.
pub(in crate::cli) fn pin(args: &PinArgs) -> ExitCode {
    open(
        &args.network,
        &args.shown,
        async |talk, settings, identity| {
            let chain = match args.reset {
                true => again(talk, &settings, identity).await?,
                false => {
                    let store = store(&settings);
                    match store.load()? {
                        Some(chain) => chain,
                        None => again(talk, &settings, identity).await?,
                    }
                }
            };
            tell(talk, &chain);
            Ok(Exit::Done)
        },
    )
}

fn store(settings: &ClientSettings) -> ChainStore {
    ChainStore::new(
        &settings.state_dir,
        settings.profile.as_deref(),
        &settings.channel,
    )
}

/// Starts again: what was kept is put aside, and comes back where nothing else is pinned.
async fn again(
    talk: Talk,
    settings: &ClientSettings,
    identity: OwnIdentity,
) -> Result<VerifiedChain, ClientError> {
    let store = store(settings);
    let aside = store.put_aside()?;
    let opened = async {
        match Session::open(settings, identity).await? {
            OpenedSession::Ready(session) => Ok(*session),
            OpenedSession::Unpinned(unpinned) => first_use(talk, *unpinned),
        }
    };
    match opened.await {
        Ok(_) => store
            .load()?
            .ok_or_else(|| ClientError::new(Exit::Failed, "NOT_PINNED", "nothing is pinned")),
        Err(error) => {
            store.put_back(aside)?;
            Err(error)
        }
    }
}

fn tell(talk: Talk, chain: &VerifiedChain) {
    let (Some((first, pin)), Some((head, link))) = (chain.pin(), chain.head()) else {
        return;
    };
    let line =
        |name: &str, text: String| Line::of(Tone::Dim, format!("{name:<9}")).and(Tone::Plain, text);
    talk.lines(&[
        line("Channel", chain.channel().to_string()),
        line(
            "Pinned",
            format!("config {first}, block {}", pin.block_number),
        ),
        line("", format!("config digest {}", pin.config_sha256)),
        line(
            "Verified",
            format!("config {head}, block {}", link.block_number),
        ),
        line("", format!("config digest {}", link.config_sha256)),
    ]);
    let document = |at: crate::ids::Sequence, link: &crate::client::VerifiedLink| {
        json!({
            "sequence": at.0,
            "block_number": link.block_number.0,
            "block_hash": link.block_hash.to_string(),
            "config_sha256": link.config_sha256.to_string(),
        })
    };
    talk.document(&json!({
        "channel_id": chain.channel().to_string(),
        "pinned": document(first, pin),
        "verified": document(head, link),
    }));
}
