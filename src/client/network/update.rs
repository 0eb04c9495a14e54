//! Config updates, through the gateway or to an orderer.

use futures_util::stream;
use tokio::time::Instant;
use tonic::{Request, Status};

use super::{
    backoff::Backoff,
    connection::PeerConnection,
    peers::{Peers, Reached, wait},
};
use crate::{
    client::{
        ClientError, Exit,
        refusal::{Errand, Meaning, Whom, broadcast_refusal},
    },
    ids::TxId,
    proto::{
        common::{self, Envelope},
        orderer::{BroadcastResponse, atomic_broadcast_client::AtomicBroadcastClient},
    },
};

/// Which way a config update goes to the ordering service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// By one's own peer, which knows the orderers.
    Gateway,
    /// To the orderer of the settings.
    Orderer,
}

impl PeerConnection {
    /// Hands a signed config update to the ordering service. That it is taken proves nothing: the block
    /// does. What is repeated here are the same bytes, which take effect once.
    ///
    /// # Errors
    /// The orderer's refusal: `UPDATE_OVERTAKEN`, `UPDATE_OTHER_BASE`, `UPDATE_IN_EFFECT`,
    /// `UPDATE_NOT_SATISFIED`, `NOT_WRITER`, `ORDERER_REFUSED`, ..; `UPDATE_UNKNOWN`: it may have been
    /// taken or not; nobody was reached.
    pub async fn submit_update(&self, envelope: Envelope, via: Via) -> Result<(), ClientError> {
        let until = self.deadline();
        let sent = match via {
            // the gateway does not look at the type, and config updates have no transaction id
            Via::Gateway => {
                let id = TxId::default();
                self.order(Errand::SubmitUpdate, &id, envelope, until).await
            }
            Via::Orderer => self.broadcast(envelope, until).await,
        };
        sent.map_err(|meaning| match meaning.remedy.is_open {
            true => unknown(meaning.error),
            false => meaning.error,
        })
    }

    async fn broadcast(&self, envelope: Envelope, until: Instant) -> Result<(), Meaning> {
        let Some(node) = &self.orderer else {
            let error = ClientError::new(Exit::Usage, "NO_ORDERER", "no orderer is named")
                .hint("`--orderer HOST:PORT` with `--orderer-ca FILE`");
            return Err(error.into());
        };
        let orderers = Peers::new(std::slice::from_ref(node), &self.settings)?;
        let whom = Whom {
            address: &node.address,
            channel: self.channel().as_str(),
            chaincode: self.chaincode(),
            is_tls: node.tls.is_some(),
        };
        let mut backoff = Backoff::PASSING;
        loop {
            let send = |reached: Reached, left| {
                let mut request = Request::new(stream::iter([envelope.clone()]));
                request.set_timeout(left);
                async move { broadcast(reached, request).await }
            };
            let asked = orderers.ask(Errand::SubmitUpdate, None, until, send);
            let answer = asked.await?;
            if answer.status == i32::from(common::Status::Success) {
                return Ok(());
            }
            let errand = Errand::SubmitUpdate;
            let meaning = broadcast_refusal(errand, whom, answer.status, &answer.info);
            if !meaning.remedy.again || !wait(&mut backoff, until).await {
                return Err(meaning);
            }
        }
    }
}

async fn broadcast(
    reached: Reached,
    request: Request<stream::Iter<std::array::IntoIter<Envelope, 1>>>,
) -> Result<BroadcastResponse, Status> {
    let mut client =
        AtomicBroadcastClient::new(reached.channel).max_encoding_message_size(super::wire::LARGEST);
    let mut answers = client.broadcast(request).await?.into_inner();
    let answer = answers.message().await?;
    answer.ok_or_else(|| Status::unavailable("the orderer ended the stream without an answer"))
}

fn unknown(cause: ClientError) -> ClientError {
    let message = format!(
        "the ordering service may or may not have taken the update: {}",
        cause.message
    );
    let error = ClientError::new(Exit::Unreachable, "UPDATE_UNKNOWN", message);
    ClientError {
        details: cause.details,
        ..error
            .hint("`cmscc sync` shows whether it is in effect; to send it once more does no harm")
    }
}
