//! Whether a transaction is committed: the peer's word, and the block.

use bytes::Bytes;
use prost::Message;
use tonic::Request;

use super::{connection::PeerConnection, peers::Reached};
use crate::{
    block::Block,
    client::{ClientError, Exit, refusal::Errand},
    identity::Signer,
    ids::{BlockNumber, TxId},
    proto::{
        gateway::{
            CommitStatusRequest, CommitStatusResponse, SignedCommitStatusRequest,
            gateway_client::GatewayClient,
        },
        protos::TxValidationCode,
    },
    transaction::MessageError,
};

/// What a peer says of a transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CommitWord {
    /// Whether it took effect, and why not.
    pub(super) code: TxValidationCode,
    /// The block that it is in.
    pub(super) block: BlockNumber,
}

impl PeerConnection {
    /// Waits until the peer says what became of a transaction; `doubt` is why it may not have been
    /// sent.
    ///
    /// # Errors
    /// `COMMIT_UNKNOWN`, whatever the reason: it may be committed or not.
    // Fabric: internal/pkg/gateway/commitstatus.go: of an unknown id it waits for ever
    pub(super) async fn commit_word(
        &self,
        tx_id: &TxId,
        doubt: Option<ClientError>,
    ) -> Result<CommitWord, ClientError> {
        let request = CommitStatusRequest {
            transaction_id: tx_id.to_string(),
            channel_id: self.channel().to_string(),
            identity: Bytes::copy_from_slice(self.identity().serialized_identity()),
        };
        let request: Bytes = request.encode_to_vec().into();
        let signature = self.identity().sign(&request);
        let signature = signature.map_err(|e| ClientError::not_signed(&MessageError::Sign(e)))?;
        let request = SignedCommitStatusRequest {
            request,
            signature: signature.into(),
        };
        let send = |reached: Reached, left| {
            let mut request = Request::new(request.clone());
            request.set_timeout(left);
            async move {
                GatewayClient::new(reached.channel)
                    .commit_status(request)
                    .await
            }
        };
        let until = self.deadline();
        let mut word = CommitWord::default();
        // a peer that heard of the same bytes twice may speak of the second time first
        for _ in 0..2 {
            let asked = self.peers.ask(Errand::CommitStatus, None, until, send);
            let said = asked.await;
            let said = said.map_err(|meaning| unknown(tx_id, meaning.error, doubt.clone()))?;
            word = CommitWord::from(said.into_inner());
            if word.code != TxValidationCode::DuplicateTxid {
                break;
            }
        }
        Ok(word)
    }
}

impl From<CommitStatusResponse> for CommitWord {
    fn from(said: CommitStatusResponse) -> Self {
        let code = TxValidationCode::try_from(said.result);
        Self {
            code: code.unwrap_or(TxValidationCode::InvalidOtherReason),
            block: BlockNumber(said.block_number),
        }
    }
}

/// It was sent, or may have been, and nobody says what became of it.
fn unknown(tx_id: &TxId, cause: ClientError, doubt: Option<ClientError>) -> ClientError {
    let message = format!(
        "transaction {tx_id} may or may not be committed: {}",
        cause.message
    );
    let mut error = ClientError::new(Exit::Unreachable, "COMMIT_UNKNOWN", message).hint(
        "look whether it took effect: `cmscc status`, `cmscc show ID`; the same command again does nothing \
         twice",
    );
    error.details = cause.details;
    if let Some(doubt) = doubt {
        error.details.push((doubt.symbol, doubt.message));
        error.details.extend(doubt.details);
    }
    error
}

/// Whether a block holds this transaction, byte for byte, with this code.
///
/// # Errors
/// `COMMIT_NOT_IN_BLOCK`, `COMMIT_STATUS_DIFFERS`.
// SECURITY: a peer that lies about a commit must at least make up the block, too; its signatures are
// the caller's business
pub(super) fn in_block(
    tx_id: &TxId,
    envelope: &[u8],
    number: BlockNumber,
    code: TxValidationCode,
    block: &Bytes,
) -> Result<(), ClientError> {
    let says = code.as_str_name();
    let wrong = |symbol: &str, why: String| {
        let message = format!(
            "the peer says {says} of transaction {tx_id} in block {number}, and that block says \
             otherwise: {why}"
        );
        ClientError::new(Exit::Unsafe, symbol, message)
            .hint("do not use this peer until its operator knows why")
    };
    let absent = |why: String| wrong("COMMIT_NOT_IN_BLOCK", why);
    let block = Block::parse(block.clone()).map_err(|e| absent(e.to_string()))?;
    block.check_data_hash().map_err(|e| absent(e.to_string()))?;
    if block.number() != number {
        return Err(absent(format!("it is block {}", block.number())));
    }
    let filter = block.metadata().get(TRANSACTIONS_FILTER);
    let mut codes = (block.data().iter().enumerate())
        .filter(|(_, entry)| entry[..] == *envelope)
        .map(|(at, _)| filter.and_then(|filter| filter.get(at)).copied())
        .peekable();
    if codes.peek().is_none() {
        return Err(absent("the transaction is not in it".to_owned()));
    }
    let expected = u8::try_from(i32::from(code)).ok();
    if codes.any(|code| code.is_some() && code == expected) {
        return Ok(());
    }
    let why = "it marks the transaction differently".to_owned();
    Err(wrong("COMMIT_STATUS_DIFFERS", why))
}

/// Where in a block's metadata the peer marks transactions: a byte for each.
// Fabric: common.BlockMetadataIndex_TRANSACTIONS_FILTER
const TRANSACTIONS_FILTER: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{block::data_hash, proto::common};

    const OURS: &[u8] = b"our envelope";

    fn block(number: u64, data: &[&[u8]], filter: &[u8]) -> Bytes {
        let data: Vec<Bytes> = data.iter().map(|d| Bytes::copy_from_slice(d)).collect();
        let block = common::Block {
            header: Some(common::BlockHeader {
                number,
                data_hash: Bytes::copy_from_slice(data_hash(&data).as_bytes()),
                ..common::BlockHeader::default()
            }),
            data: Some(common::BlockData { data }),
            metadata: Some(common::BlockMetadata {
                metadata: vec![
                    Bytes::new(),
                    Bytes::new(),
                    Bytes::copy_from_slice(filter),
                    Bytes::new(),
                ],
            }),
        };
        block.encode_to_vec().into()
    }

    #[test]
    fn the_block_must_say_what_the_peer_says() {
        use TxValidationCode::{MvccReadConflict, Valid};
        let with = |data: &[&[u8]], filter: &[u8]| block(7, data, filter);
        let forged = {
            let mut forged = common::Block::decode(with(&[b"x"], &[0])).unwrap();
            forged.data.as_mut().unwrap().data = vec![Bytes::from_static(OURS)];
            Bytes::from(forged.encode_to_vec())
        };
        let cases = [
            ("alone", with(&[OURS], &[0]), Valid, None),
            ("second", with(&[b"x", OURS], &[11, 0]), Valid, None),
            ("a conflict", with(&[OURS], &[11]), MvccReadConflict, None),
            (
                "sent twice, valid once",
                with(&[OURS, OURS], &[0, 9]),
                Valid,
                None,
            ),
            (
                "not there",
                with(&[b"x"], &[0]),
                Valid,
                Some("COMMIT_NOT_IN_BLOCK"),
            ),
            (
                "one byte more",
                with(&[b"our envelope."], &[0]),
                Valid,
                Some("COMMIT_NOT_IN_BLOCK"),
            ),
            (
                "invalid, said to be valid",
                with(&[OURS], &[11]),
                Valid,
                Some("COMMIT_STATUS_DIFFERS"),
            ),
            (
                "valid, said to be in conflict",
                with(&[OURS], &[0]),
                MvccReadConflict,
                Some("COMMIT_STATUS_DIFFERS"),
            ),
            (
                "not marked",
                with(&[OURS], &[]),
                Valid,
                Some("COMMIT_STATUS_DIFFERS"),
            ),
            (
                "another block",
                block(8, &[OURS], &[0]),
                Valid,
                Some("COMMIT_NOT_IN_BLOCK"),
            ),
            (
                "data that the header does not name",
                forged,
                Valid,
                Some("COMMIT_NOT_IN_BLOCK"),
            ),
            (
                "no block",
                Bytes::from_static(b"\xff"),
                Valid,
                Some("COMMIT_NOT_IN_BLOCK"),
            ),
        ];
        for (name, block, code, expected) in cases {
            let meaning = in_block(&TxId::new("ab"), OURS, BlockNumber(7), code, &block);
            let symbol = meaning.as_ref().err().map(|e| (e.symbol.as_str(), e.exit));
            assert_eq!(symbol, expected.map(|e| (e, Exit::Unsafe)), "{name}");
        }
    }
}
