//! The chain, its pin, and the connection.

use std::{fs, path::Path};

use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::{
    client::{
        ChainStore, ClientError, ClientSettings, Exit, OwnIdentity, PeerConnection, VerifiedChain,
        VerifiedLink,
    },
    ids::{BlockNumber, ChannelId, Sequence},
};

/// Something that takes its time, for people who wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many config blocks of so many are verified.
    Verified(u64, u64),
    /// So many config blocks of so many are handed in to the contract.
    HandedIn(u64, u64),
    /// The update was sent; its block is waited for.
    Waiting,
    /// It is in this block.
    InBlock(u64),
    /// The update is sent once more: the same bytes.
    Again,
}

/// Hears of progress.
pub type Hears<'a> = &'a (dyn Fn(Progress) + Sync);

/// A command's way to the channel: its connection, and the chain that this machine verified.
#[derive(Debug)]
pub struct ChannelSession {
    pub(super) connection: PeerConnection,
    pub(super) store: ChainStore,
    pub(super) chain: VerifiedChain,
}

/// What opening a session comes to.
#[derive(Debug)]
pub enum OpenedSession {
    /// There is a pin.
    Ready(Box<ChannelSession>),
    /// Nothing is pinned yet: a person decides.
    Unpinned(Box<Unpinned>),
}

/// A channel of which nothing is pinned, and what one's own peer shows.
#[derive(Debug)]
pub struct Unpinned {
    connection: PeerConnection,
    store: ChainStore,
    chain: VerifiedChain,
}

impl Unpinned {
    /// What the peer shows: the config's sequence, and its digests.
    #[must_use]
    pub fn shown(&self) -> Option<(Sequence, &VerifiedLink)> {
        self.chain.head()
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        self.chain.channel()
    }

    /// Pins what the peer shows, since a person compared its digest.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub fn pin(self) -> Result<ChannelSession, ClientError> {
        self.store.save(&self.chain)?;
        Ok(ChannelSession {
            connection: self.connection,
            store: self.store,
            chain: self.chain,
        })
    }
}

impl ChannelSession {
    /// Opens the chain of the channel: the one that was kept, or a new one from the anchor.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `ANCHOR_UNREADABLE`; `FORK` (unsafe) where anchor and chain do not agree; what
    /// the connection refuses.
    pub async fn open(
        settings: &ClientSettings,
        identity: OwnIdentity,
    ) -> Result<OpenedSession, ClientError> {
        Self::open_by(PeerConnection::new(settings, identity)?).await
    }

    /// The same over a connection that is there already.
    ///
    /// # Errors
    /// As of [`Self::open`].
    pub async fn open_by(connection: PeerConnection) -> Result<OpenedSession, ClientError> {
        let settings = connection.settings();
        let channel = &settings.channel;
        let store = ChainStore::new(&settings.state_dir, settings.profile.as_deref(), channel);
        if let Some(chain) = pinned(&store, settings.anchor.as_deref(), channel)? {
            return Ok(OpenedSession::Ready(Box::new(Self {
                connection,
                store,
                chain,
            })));
        }
        let newest = connection.config_block().await?;
        let chain = VerifiedChain::start(connection.channel(), newest)?;
        Ok(OpenedSession::Unpinned(Box::new(Unpinned {
            connection,
            store,
            chain,
        })))
    }

    /// A session of these parts.
    pub(super) const fn of(
        connection: PeerConnection,
        store: ChainStore,
        chain: VerifiedChain,
    ) -> Self {
        Self {
            connection,
            store,
            chain,
        }
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &PeerConnection {
        &self.connection
    }

    /// The chain that this machine verified.
    #[must_use]
    pub const fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// The newest blocks that the peer has, at most so many. Nothing of them is verified.
    ///
    /// # Errors
    /// What the connection refuses.
    pub async fn recent_blocks(&self, count: u64) -> Result<Vec<Bytes>, ClientError> {
        let height = self.connection.height().await?;
        let first = height.saturating_sub(count);
        let mut stream = self.connection.blocks_from(BlockNumber(first)).await?;
        let mut blocks = Vec::new();
        for _ in first..height {
            let Some(block) = stream.next().await else {
                break;
            };
            blocks.push(block?);
        }
        Ok(blocks)
    }
}

/// The chain that was kept, or one from the anchor, which is kept from now on; `None` where there is
/// neither. Nobody is asked.
///
/// # Errors
/// `STATE_UNREADABLE`, `ANCHOR_UNREADABLE`; `FORK` (unsafe) where anchor and chain do not agree.
pub fn pinned(
    store: &ChainStore,
    anchor: Option<&Path>,
    channel: &ChannelId,
) -> Result<Option<VerifiedChain>, ClientError> {
    let anchor = anchor.map(|path| anchor_block(path, channel));
    let anchor = match anchor.transpose()?.flatten() {
        Some(block) => Some(VerifiedChain::start(channel, block)?),
        None => None,
    };
    match (store.load()?, anchor) {
        (Some(kept), anchor) => {
            if let Some((sequence, link)) = anchor.as_ref().and_then(VerifiedChain::head) {
                kept.agrees(sequence, link, "the anchor")?;
            }
            Ok(Some(kept))
        }
        (None, Some(anchor)) => {
            store.save(&anchor)?;
            Ok(Some(anchor))
        }
        (None, None) => Ok(None),
    }
}

/// The block that an anchor names: a file, or in a folder the one named after the channel; `None` where
/// the folder has none.
///
/// # Errors
/// `ANCHOR_UNREADABLE`.
pub fn anchor_block(path: &Path, channel: &ChannelId) -> Result<Option<Bytes>, ClientError> {
    let file = match path.is_dir() {
        true => path.join(format!("{channel}.block")),
        false => path.to_owned(),
    };
    match fs::read(&file) {
        Ok(content) => Ok(Some(content.into())),
        Err(error) if path.is_dir() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let text = format!("cannot read the anchor `{}`: {error}", file.display());
            Err(ClientError::new(Exit::Usage, "ANCHOR_UNREADABLE", text))
        }
    }
}
