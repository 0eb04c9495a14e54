//! A peer's end of one chaincode stream: dials the server, accepts its registration, runs
//! transactions on it and answers their state calls.
//!
//! One stream carries the transactions of all channels at the same time; they are told apart by
//! channel and transaction id. When the stream ends, every transaction on it ends with an error.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use prost::Message;
use tokio::{sync::mpsc, sync::oneshot, task::AbortHandle, time::timeout};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Streaming,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use super::simulator::Simulator;
use crate::{
    devnet::{action::response_of, error::ExecuteError},
    ids::{ChannelId, TxId},
    proto::{
        protos,
        protos::{ChaincodeMessage, chaincode_client::ChaincodeClient, chaincode_message::Type},
    },
    stub::{
        Event, Response,
        memory::{PeerManner, PeerRelease, ReadWriteSet},
    },
};

/// How long connecting and registering may take, together.
const LAUNCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transaction may run.
const EXECUTE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest message that a peer takes, in bytes.
const MESSAGE_BYTES: usize = 100 << 20;

/// Where a peer finds a chaincode server, as `connection.json` of the package says.
#[derive(Clone, Debug)]
pub(in crate::devnet) struct ServerConnection {
    /// What the server registers as; `None`: whatever it likes.
    pub(in crate::devnet) package_id: Option<String>,
    pub(in crate::devnet) address: SocketAddr,
    pub(in crate::devnet) tls: Option<ClientTls>,
}

/// What a peer needs to speak TLS with its chaincode server; all PEM.
#[derive(Clone, Debug)]
pub(in crate::devnet) struct ClientTls {
    pub(in crate::devnet) server_ca: String,
    pub(in crate::devnet) certificate: String,
    pub(in crate::devnet) key: String,
}

/// What a chaincode made of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::devnet) struct Executed {
    pub(in crate::devnet) response: Response,
    pub(in crate::devnet) set: ReadWriteSet,
}

/// An open stream on which the chaincode has registered.
#[derive(Debug)]
pub(in crate::devnet) struct ChaincodeStream {
    registered: String,
    outgoing: mpsc::UnboundedSender<ChaincodeMessage>,
    running: Arc<RunningTransactions>,
    reader: AbortHandle,
}

impl ChaincodeStream {
    /// Dials a server and waits for its registration, as a peer's launch of an external chaincode.
    pub(in crate::devnet) async fn open(
        connection: &ServerConnection,
        manner: PeerManner,
    ) -> Result<Self, ExecuteError> {
        let failed = |reason: String| ExecuteError::Launch {
            package_id: connection.package_id.clone(),
            address: connection.address,
            reason,
        };
        match timeout(LAUNCH_TIMEOUT, Self::launch(connection, manner)).await {
            Ok(launched) => launched.map_err(failed),
            Err(_) => Err(failed("no registration in time".to_owned())),
        }
    }

    async fn launch(connection: &ServerConnection, manner: PeerManner) -> Result<Self, String> {
        let channel = dial(connection).await?;
        let (outgoing, outbound) = mpsc::unbounded_channel();
        let mut incoming = ChaincodeClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(manner.message_bytes)
            .connect(UnboundedReceiverStream::new(outbound))
            .await
            .map_err(|status| status.message().to_owned())?
            .into_inner();
        let register = incoming.message().await.map_err(|s| s.to_string())?;
        let registered = check_registration(register, connection.package_id.as_deref())?;
        for message in accept(manner.release) {
            outgoing
                .send(message)
                .map_err(|_| "the stream ended".to_owned())?;
        }
        let running = Arc::new(RunningTransactions::default());
        let reader = {
            let running = Arc::clone(&running);
            tokio::spawn(read(
                incoming,
                outgoing.clone(),
                running,
                manner.message_bytes,
            ))
        };
        Ok(Self {
            registered,
            outgoing,
            running,
            reader: reader.abort_handle(),
        })
    }

    /// The id that the chaincode registered with.
    pub(in crate::devnet) fn registered(&self) -> &str {
        &self.registered
    }

    /// Whether transactions can still be run on it.
    pub(in crate::devnet) fn is_open(&self) -> bool {
        self.running.is_open()
    }

    /// Waits until it has ended.
    pub(in crate::devnet) async fn ended(&self) {
        self.running.closed.cancelled().await;
    }

    /// Runs a transaction and gives its answer with what it read and wrote.
    pub(in crate::devnet) async fn execute(
        &self,
        message: ChaincodeMessage,
        simulator: Simulator,
    ) -> Result<Executed, ExecuteError> {
        let key = key(&message);
        let (done, outcome) = oneshot::channel();
        self.running.start(key.clone(), Run { simulator, done })?;
        if self.outgoing.send(message).is_err() {
            self.running.take(&key);
            return Err(ExecuteError::StreamEnded);
        }
        match timeout(EXECUTE_TIMEOUT, outcome).await {
            Ok(outcome) => outcome.unwrap_or(Err(ExecuteError::StreamEnded)),
            Err(_) => {
                self.running.take(&key);
                Err(ExecuteError::Timeout(EXECUTE_TIMEOUT))
            }
        }
    }
}

impl Drop for ChaincodeStream {
    fn drop(&mut self) {
        self.reader.abort();
        self.running.close();
    }
}

async fn dial(connection: &ServerConnection) -> Result<Channel, String> {
    let scheme = if connection.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}", connection.address))
        .map_err(|e| e.to_string())?;
    if let Some(tls) = &connection.tls {
        let config = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&tls.server_ca))
            .identity(Identity::from_pem(&tls.certificate, &tls.key))
            .domain_name("localhost");
        endpoint = endpoint.tls_config(config).map_err(|e| e.to_string())?;
    }
    endpoint.connect().await.map_err(|e| cause(&e))
}

/// The innermost reason of an error; the transport's own text says little.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn check_registration(
    message: Option<ChaincodeMessage>,
    package_id: Option<&str>,
) -> Result<String, String> {
    let message = message.ok_or("the server closed the stream before it registered")?;
    if message.r#type() != Type::Register {
        let got = message.r#type().as_str_name();
        return Err(format!("the first message is {got}, not REGISTER"));
    }
    let id = protos::ChaincodeId::decode(message.payload).map_err(|e| e.to_string())?;
    match package_id {
        Some(expected) if expected != id.name => Err(format!("it registered as `{}`", id.name)),
        _ => Ok(id.name),
    }
}

/// REGISTERED, and READY right behind it.
fn accept(release: PeerRelease) -> [ChaincodeMessage; 2] {
    let params = release
        .batch()
        .map(|most| protos::ChaincodeAdditionalParams {
            use_write_batch: true,
            max_size_write_batch: most,
            use_get_multiple_keys: true,
            max_size_get_multiple_keys: most,
        });
    let payload = params.map(|params| params.encode_to_vec().into());
    let payload = payload.unwrap_or_default();
    let message = |kind: Type, payload: Bytes| ChaincodeMessage {
        r#type: kind.into(),
        payload,
        ..ChaincodeMessage::default()
    };
    [
        message(Type::Registered, Bytes::new()),
        message(Type::Ready, payload),
    ]
}

/// Answers state calls and collects results until the stream ends; a message longer than `longest`
/// bytes ends it.
async fn read(
    mut incoming: Streaming<ChaincodeMessage>,
    outgoing: mpsc::UnboundedSender<ChaincodeMessage>,
    running: Arc<RunningTransactions>,
    longest: usize,
) {
    while let Ok(Some(message)) = incoming.message().await {
        let Some(answer) = running.handle(message) else {
            continue;
        };
        // as gRPC refuses to send it: the stream ends, and all that runs on it
        if answer.encoded_len() > longest || outgoing.send(answer).is_err() {
            break;
        }
    }
    running.close();
}

/// The transactions that run on a stream.
#[derive(Debug)]
struct RunningTransactions {
    /// `None` once it has ended.
    runs: Mutex<Option<BTreeMap<TransactionKey, Run>>>,
    /// Cancelled when it has ended.
    closed: CancellationToken,
}

type TransactionKey = (ChannelId, TxId);

#[derive(Debug)]
struct Run {
    simulator: Simulator,
    done: oneshot::Sender<Result<Executed, ExecuteError>>,
}

impl Default for RunningTransactions {
    fn default() -> Self {
        Self {
            runs: Mutex::new(Some(BTreeMap::new())),
            closed: CancellationToken::new(),
        }
    }
}

impl RunningTransactions {
    fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    fn start(&self, key: TransactionKey, run: Run) -> Result<(), ExecuteError> {
        let mut runs = self.lock();
        let runs = runs.as_mut().ok_or(ExecuteError::StreamEnded)?;
        if runs.contains_key(&key) {
            return Err(ExecuteError::Running);
        }
        runs.insert(key, run);
        Ok(())
    }

    fn take(&self, key: &TransactionKey) -> Option<Run> {
        self.lock().as_mut()?.remove(key)
    }

    fn close(&self) {
        let runs = self.lock().take();
        for run in runs.into_iter().flat_map(BTreeMap::into_values) {
            // nobody may be waiting any more
            let _ = run.done.send(Err(ExecuteError::StreamEnded));
        }
        self.closed.cancel();
    }

    /// Takes a message of the chaincode; gives what it is to be answered, if anything. What
    /// belongs to no running transaction is ignored, as a late COMPLETED is.
    fn handle(&self, message: ChaincodeMessage) -> Option<ChaincodeMessage> {
        let key = key(&message);
        let outcome = match message.r#type() {
            Type::Keepalive => return None,
            Type::Completed => protos::Response::decode(message.payload.clone())
                .map_err(|e| ExecuteError::Chaincode(e.to_string())),
            Type::Error => Err(ExecuteError::Chaincode(
                String::from_utf8_lossy(&message.payload).into_owned(),
            )),
            _ => return self.answer(&key, &message),
        };
        let run = self.take(&key)?;
        let executed = outcome.map(|response| {
            let mut set = run.simulator.finish();
            set.event = message.chaincode_event.map(|event| Event {
                name: event.event_name,
                payload: event.payload,
            });
            Executed {
                response: response_of(response),
                set,
            }
        });
        // nobody may be waiting any more
        let _ = run.done.send(executed);
        None
    }

    fn answer(&self, key: &TransactionKey, message: &ChaincodeMessage) -> Option<ChaincodeMessage> {
        let mut runs = self.lock();
        let run = runs.as_mut()?.get_mut(key)?;
        let answer = run.simulator.answer(message.r#type(), &message.payload);
        let (kind, payload) = match answer {
            Ok(payload) => (Type::Response, payload),
            Err(reason) => {
                let call = message.r#type().as_str_name();
                let text = format!("{call} failed: transaction ID: {}: {reason}", key.1);
                (Type::Error, text.into())
            }
        };
        Some(ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: message.txid.clone(),
            channel_id: message.channel_id.clone(),
            ..ChaincodeMessage::default()
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<BTreeMap<TransactionKey, Run>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(message: &ChaincodeMessage) -> TransactionKey {
    (
        ChannelId::new(message.channel_id.clone()),
        TxId::new(message.txid.clone()),
    )
}
