//! Signatures that somebody else made, handed in.

use bytes::Bytes;

use super::{listing::ListWish, session::ChannelSession};
use crate::{
    client::{ClientError, CommittedCall, Exit, SignedUpdate, answers::SignedAnswer},
    config::envelope::read_update_envelope,
};

/// So many proposals with the same bytes are enough.
const MATCHING: usize = 1_000;

impl ChannelSession {
    /// The open proposals with the bytes that were signed.
    ///
    /// # Errors
    /// `UNKNOWN_UPDATE`: there is none.
    pub async fn matching(&self, signed: &SignedUpdate) -> Result<Vec<String>, ClientError> {
        let digest = signed.digest().to_string();
        let wish = ListWish {
            update: Some(&digest),
            ..ListWish::default()
        };
        // one of each organisation at most has these bytes
        let listed = self.list(wish, MATCHING).await?;
        if listed.proposals.is_empty() {
            let (text, hint) = match listed.is_whole {
                true => (
                    format!("no open proposal has the update that was signed ({digest})"),
                    "was it computed again since? `cmscc list` shows what is open",
                ),
                false => (
                    format!(
                        "of the proposals that were looked at none has the update that was signed ({digest}); \
                         there are more"
                    ),
                    "`cmscc sign ID --in FILE` names the proposal",
                ),
            };
            return Err(ClientError::new(Exit::Failed, "UNKNOWN_UPDATE", text).hint(hint));
        }
        let ids = listed.proposals.into_iter().map(|one| one.proposal_id);
        Ok(ids.collect())
    }

    /// Hands signatures in for a proposal. `content` is the file that they came in: where it is an
    /// envelope, it goes as it came, since what people signed is not made again.
    ///
    /// # Errors
    /// `WRONG_BYTES` (stale) where the proposal has other bytes; what the contract refuses.
    pub async fn hand_in_signatures(
        &self,
        id: &str,
        signed: &SignedUpdate,
        content: &[u8],
    ) -> Result<(SignedAnswer, CommittedCall), ClientError> {
        let proposal = self.fetch(id).await?;
        if proposal.config_update_sha256 != signed.digest().to_string() {
            let text = format!("`{id}` has other bytes than those that were signed");
            return Err(
                ClientError::new(Exit::Stale, "WRONG_BYTES", text).hint(format!(
                    "cmscc sign {id} --out FILE writes what is to be signed now"
                )),
            );
        }
        match read_update_envelope(&Bytes::copy_from_slice(content)) {
            Ok(_) => self.add_signatures(id, content).await,
            Err(_) => self.add_signatures(id, &signed.write()).await,
        }
    }
}
