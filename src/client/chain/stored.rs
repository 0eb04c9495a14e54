//! A chain as a file: a JSON document, so that people can look into it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::verified::{VerifiedChain, VerifiedLink, read};
use crate::{
    client::{ClientError, Exit},
    ids::{BlockNumber, ChannelId, Digest, Sequence},
};

const FORMAT: &str = "cmscc.chain.v1";

#[derive(Debug, Deserialize, Serialize)]
struct StoredChain {
    format: String,
    channel_id: String,
    /// The head's block in base64.
    head: String,
    links: Vec<StoredLink>,
}

#[derive(Debug, Deserialize, Serialize)]
struct StoredLink {
    sequence: u64,
    block_number: u64,
    block_hash: String,
    config_sha256: String,
    config_update_sha256: Option<String>,
}

/// The file's content.
pub(super) fn write(chain: &VerifiedChain) -> Result<Vec<u8>, ClientError> {
    let links = chain.links().map(|(sequence, link)| StoredLink {
        sequence: sequence.0,
        block_number: link.block_number.0,
        block_hash: link.block_hash.to_string(),
        config_sha256: link.config_sha256.to_string(),
        config_update_sha256: link.config_update_sha256.as_ref().map(ToString::to_string),
    });
    let stored = StoredChain {
        format: FORMAT.to_owned(),
        channel_id: chain.channel().to_string(),
        head: STANDARD.encode(chain.head_block()),
        links: links.collect(),
    };
    serde_json::to_vec(&stored).map_err(|error| unreadable(&error.to_string()))
}

/// A chain of a file. The head must be the block that the last link names.
pub(super) fn parse(channel: &ChannelId, content: &[u8]) -> Result<VerifiedChain, ClientError> {
    let stored: StoredChain =
        serde_json::from_slice(content).map_err(|error| unreadable(&error.to_string()))?;
    if stored.format != FORMAT {
        return Err(unreadable(&format!("it is no `{FORMAT}`")));
    }
    if stored.channel_id != channel.as_str() {
        return Err(unreadable(&format!(
            "it is of channel `{}`",
            stored.channel_id
        )));
    }
    let digest = |text: &str| {
        Digest::from_hex(text).ok_or_else(|| unreadable("a digest in it is not 64 hex digits"))
    };
    let mut links = BTreeMap::new();
    for link in &stored.links {
        let update = link.config_update_sha256.as_deref().map(digest);
        let read = VerifiedLink {
            block_number: BlockNumber(link.block_number),
            block_hash: digest(&link.block_hash)?,
            config_sha256: digest(&link.config_sha256)?,
            config_update_sha256: update.transpose()?,
        };
        links.insert(Sequence(link.sequence), read);
    }
    let head = STANDARD.decode(&stored.head);
    let head = bytes::Bytes::from(head.map_err(|error| unreadable(&error.to_string()))?);
    let block = read(channel, head.clone())?;
    let named = links.last_key_value();
    if named != Some((&block.sequence(), &VerifiedLink::of(&block))) {
        return Err(unreadable("its head is not the block of its last link"));
    }
    VerifiedChain::of(channel, links, &block, head)
}

fn unreadable(reason: &str) -> ClientError {
    let text = format!("the chain that was kept cannot be read: {reason}");
    ClientError::new(Exit::Failed, "STATE_UNREADABLE", text)
        .hint("`cmscc pin --reset` starts again with a block that you trust")
}
