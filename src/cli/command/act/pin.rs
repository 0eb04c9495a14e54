//! `cmscc pin`.

use std::process::ExitCode;

use super::{
    first_use::first_use,
    open::{ended, open},
};
use crate::{
    cli::{
        args::PinArgs,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChainStore, ChannelSession, ClientError, ClientSettings, Exit, OpenedSession, OwnIdentity,
        VerifiedChain, on_this_machine, pinned, survey,
        view::{TrustView, TrustedLinkView},
    },
};

/// `cmscc pin`: what is trusted, and a new start.
pub(in crate::cli) fn pin(args: &PinArgs) -> ExitCode {
    let talk = Talk::of(&args.client.shown);
    match without_peer(args) {
        Ok(None) => {}
        Ok(Some(chain)) => return ended(&talk, tell(&talk, &chain).map(|()| Exit::Done)),
        Err(error) => return talk.failed(&error),
    }
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

/// What is kept on this machine; where nothing is and no peer is named, what the anchor says.
fn without_peer(args: &PinArgs) -> Result<Option<VerifiedChain>, ClientError> {
    let known = on_this_machine(&args.client.network.flags(), survey).known;
    let (Some(channel), Some(folder)) = (&known.channel, &known.state_dir) else {
        return Ok(None);
    };
    let store = ChainStore::new(folder, known.profile.as_deref(), channel);
    if !args.reset
        && let Some(kept) = store.load()?
    {
        return Ok(Some(kept));
    }
    if !known.peers.is_empty() || known.anchor.is_none() {
        return Ok(None);
    }
    let aside = args.reset && store.put_aside()?;
    let begun = pinned(&store, known.anchor.as_deref(), channel);
    if !matches!(begun, Ok(Some(_))) {
        store.put_back(aside)?;
    }
    begun
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
        Err(error) if error.exit == Exit::Unreachable && settings.anchor.is_some() => {
            // the file says what is pinned; what came since is asked for later
            let Some(chain) = store.load()? else {
                store.put_back(aside)?;
                return Err(error);
            };
            talk.warn(&format!(
                "pinned, and not followed any further: {}",
                error.message
            ));
            Ok(chain)
        }
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
