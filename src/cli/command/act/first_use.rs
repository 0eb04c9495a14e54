//! The first use of a channel on a machine.

use crate::{
    cli::{
        show::{Line, Tone},
        talk::Talk,
    },
    client::{ChannelSession, ClientError, Exit, Unpinned},
};

/// Lets the person at the terminal decide what the chain of this machine starts with.
// SECURITY: from here on the pin decides what is shown and signed; it is never taken over unseen
pub(super) fn first_use(talk: &Talk, unpinned: Unpinned) -> Result<ChannelSession, ClientError> {
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
