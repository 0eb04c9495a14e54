//! `cmscc pin`.

use std::process::ExitCode;

use super::{first_use::first_use, open::open};
use crate::{
    cli::{
        args::PinArgs,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChainStore, ChannelSession, ClientError, ClientSettings, Exit, OpenedSession, OwnIdentity,
        VerifiedChain,
        view::{TrustView, TrustedLinkView},
    },
};

/// `cmscc pin`: what is trusted, and a new start.
pub(in crate::cli) fn pin(args: &PinArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
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
        tell(talk, &chain)?;
        Ok(Exit::Done)
    })
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
    talk: &Talk,
    settings: &ClientSettings,
    identity: OwnIdentity,
) -> Result<VerifiedChain, ClientError> {
    let store = store(settings);
    let aside = store.put_aside()?;
    let opened = async {
        let mut session = match ChannelSession::open(settings, identity).await? {
            OpenedSession::Ready(session) => *session,
            OpenedSession::Unpinned(unpinned) => first_use(talk, *unpinned)?,
        };
        session.catch_up(&|progress| talk.progress(&progress)).await
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

fn tell(talk: &Talk, chain: &VerifiedChain) -> Result<(), ClientError> {
    let (Some((first, pin)), Some((head, link))) = (chain.pin(), chain.head()) else {
        return Ok(());
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
    talk.document(&TrustView {
        channel_id: chain.channel().to_string(),
        pinned: TrustedLinkView::of(first, pin),
        verified: TrustedLinkView::of(head, link),
    })
}
