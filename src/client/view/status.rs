//! One screen about a channel.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ending::EndingView, list::RowView};
use crate::{
    block::ConfigBlock,
    client::answers::LinkAnswer,
    config::{Bundle, Section},
    identity::{Role, serialized_identity},
    ids::MspId,
    json::time_text,
};

/// A config, by its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct HeadView {
    /// The hash of its block.
    pub block_hash: String,
    /// The number of its block.
    pub block_number: u64,
    /// The digest of the config.
    pub config_sha256: String,
    /// Its sequence.
    pub sequence: u64,
}

impl HeadView {
    /// The config of a block.
    #[must_use]
    pub fn of_block(block: &ConfigBlock) -> Self {
        Self {
            block_hash: block.block().header_hash().to_string(),
            block_number: block.block().number().0,
            config_sha256: block.config_digest().to_string(),
            sequence: block.sequence().0,
        }
    }

    /// The config of a link of the contract's chain.
    #[must_use]
    pub fn of_link(link: &LinkAnswer) -> Self {
        Self {
            block_hash: link.block_hash.clone(),
            block_number: link.block_number,
            config_sha256: link.config_sha256.clone(),
            sequence: link.sequence,
        }
    }
}

/// How the contract's chain stands to what one's own peer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The peer is behind the contract: another peer answered for it, or it is catching up.
    Ahead,
    /// The contract does not know the newest configs yet.
    Behind,
    /// Both have another config of the same sequence: somebody's chain is false.
    Fork,
    /// The contract has no config yet.
    NotInitialized,
    /// Both have the same config.
    Synced,
}

impl Relation {
    /// Compares the contract's head with the peer's newest config.
    #[must_use]
    pub fn of(contract: Option<&HeadView>, peer: &HeadView) -> Self {
        let Some(contract) = contract else {
            return Self::NotInitialized;
        };
        match contract.sequence.cmp(&peer.sequence) {
            std::cmp::Ordering::Less => Self::Behind,
            std::cmp::Ordering::Greater => Self::Ahead,
            std::cmp::Ordering::Equal if contract.config_sha256 == peer.config_sha256 => {
                Self::Synced
            }
            std::cmp::Ordering::Equal => Self::Fork,
        }
    }
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct IdentityView {
    /// Whether the organisation is a member of the channel's Application group.
    pub is_member: bool,
    /// The organisation.
    pub msp_id: String,
    /// When the certificate ends.
    pub not_after: Option<String>,
    /// What is wrong with the identity by the channel's config; null where nothing is.
    pub problem: Option<String>,
    /// What it is by the channel's config: `admin`, `client`, `member`, ..
    pub role: String,
    /// The subject of the certificate.
    pub subject: String,
}

impl IdentityView {
    /// Somebody by what the config of a block says. `end`: of the certificate, in seconds since 1970.
    #[must_use]
    pub fn new(
        msp_id: &MspId,
        subject: &str,
        end: i64,
        certificate_pem: &[u8],
        block: &ConfigBlock,
    ) -> Self {
        let mut view = Self {
            is_member: false,
            msp_id: msp_id.to_string(),
            not_after: time_text(end),
            problem: None,
            role: "unknown".to_owned(),
            subject: subject.to_owned(),
        };
        let bundle = match Bundle::new(block.channel_id(), block.tree().clone()) {
            Ok(bundle) => bundle,
            Err(error) => {
                view.problem = Some(format!("the config cannot be understood: {error}"));
                return view;
            }
        };
        view.is_member = bundle.msp_ids(Section::Application).contains(msp_id);
        let serialized = serialized_identity(msp_id, certificate_pem);
        match bundle.msps().deserialize(&serialized) {
            Ok(identity) => {
                view.problem = identity.validate().err().map(|error| error.to_string());
                let role = identity.roles().first().copied();
                view.role = role.unwrap_or(Role::Member).to_string();
            }
            Err(error) => view.problem = Some(error.to_string()),
        }
        view
    }
}

/// One screen about a channel.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct StatusView {
    /// What awaits my organisation.
    pub awaiting_me: Vec<RowView>,
    /// The chaincode by which the contract is called.
    pub chaincode: String,
    /// The channel.
    pub channel: String,
    /// The contract's head; null where it has no config yet.
    pub contract: Option<HeadView>,
    /// Certificates of the config that end soon, or have ended; the next one first.
    pub ends_soon: Vec<EndingView>,
    /// Who looks.
    pub identity: IdentityView,
    /// What else is not over.
    pub in_flight: Vec<RowView>,
    /// Whether there are more proposals than were looked at.
    pub more: bool,
    /// The command that comes next; null where nothing is to be done.
    pub next: Option<String>,
    /// What is wrong with the server of one's own organisation, where others answer in its place; null where
    /// nothing is known to be.
    pub own_server: Option<String>,
    /// The newest config of one's own peer.
    pub peer: HeadView,
    /// How both stand to each other.
    pub relation: Relation,
    /// Levels that the channel requires and the contract's build does not know.
    pub unsupported: Vec<String>,
}

impl StatusView {
    /// The command that comes next.
    #[must_use]
    pub fn next_command(&self) -> Option<String> {
        match self.relation {
            Relation::Behind => return Some("cmscc sync".to_owned()),
            Relation::Fork => return Some("cmscc config history".to_owned()),
            Relation::NotInitialized => return Some("cmscc init-consortium".to_owned()),
            Relation::Ahead | Relation::Synced => {}
        }
        let mut rows = self.awaiting_me.iter().chain(&self.in_flight);
        rows.find_map(|row| row.next.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_compared_with_a_peer() {
        let head = |sequence, digest: &str| HeadView {
            block_hash: String::new(),
            block_number: 7,
            config_sha256: digest.to_owned(),
            sequence,
        };
        let peer = head(3, "a");
        let cases = [
            (None, Relation::NotInitialized),
            (Some(head(2, "a")), Relation::Behind),
            (Some(head(3, "a")), Relation::Synced),
            (Some(head(3, "b")), Relation::Fork),
            (Some(head(4, "b")), Relation::Ahead),
        ];
        for (contract, expected) in cases {
            assert_eq!(Relation::of(contract.as_ref(), &peer), expected);
        }
    }
}
