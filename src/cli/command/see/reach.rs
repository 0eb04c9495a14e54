//! The connection, and calls of the contract.

use std::process::ExitCode;

use bytes::Bytes;
use tokio::runtime;

use crate::{
    block::ConfigBlock,
    cli::{
        args::{ClientArgs, ShownArgs},
        screen::{Screen, ask_pin},
    },
    client::{
        ClientError, ClientSettings, Exit, OwnIdentity, PeerConnection,
        answers::{self},
    },
    config::Bundle,
    transaction::ChaincodeCall,
};

/// One's own peer, and what it is asked about.
#[derive(Debug)]
pub(in crate::cli::command) struct Reach {
    pub(super) connection: PeerConnection,
}

impl Reach {
    /// Reads settings and identity; the peer is dialled when it is first asked.
    pub(super) fn new(client: &ClientArgs) -> Result<Self, ClientError> {
        let connection = connected(client)?;
        Ok(Self { connection })
    }

    /// A connection that is there already.
    pub(in crate::cli::command) fn of(connection: &PeerConnection) -> Self {
        Self {
            connection: connection.clone(),
        }
    }

    /// The id of one's own organisation.
    pub(super) fn msp_id(&self) -> &str {
        self.connection.identity().msp_id.as_str()
    }

    /// Asks the contract.
    pub(in crate::cli::command) async fn ask(&self, args: &[&str]) -> Result<Bytes, ClientError> {
        let channel = self.connection.channel();
        let call = ChaincodeCall::new(channel, args.iter().copied());
        let chaincode = self.connection.chaincode();
        self.connection.evaluate(chaincode, call).await
    }

    /// The same, and reads the answer.
    pub(in crate::cli::command) async fn read<T: serde::de::DeserializeOwned>(
        &self,
        args: &[&str],
    ) -> Result<T, ClientError> {
        let answer = self.ask(args).await?;
        answers::read(args.first().copied().unwrap_or_default(), &answer)
    }
}

/// The connection to one's own peer.
pub(in crate::cli::command) fn connected(
    client: &ClientArgs,
) -> Result<PeerConnection, ClientError> {
    let (settings, identity) = settings(client)?;
    PeerConnection::new(&settings, identity)
}

/// The newest config of one's own peer; it is what the peer says.
pub(in crate::cli::command) async fn config_of_peer(
    connection: &PeerConnection,
) -> Result<Bundle, ClientError> {
    let bad = |error: &dyn std::fmt::Display| {
        let text = format!("the peer's config block cannot be read: {error}");
        ClientError::new(Exit::Failed, "BAD_BLOCK", text)
    };
    let block = ConfigBlock::parse(connection.config_block().await?).map_err(|e| bad(&e))?;
    Bundle::new(block.channel_id(), block.tree().clone()).map_err(|e| bad(&e))
}

/// Which network, and who one is there.
pub(in crate::cli::command) fn settings(
    client: &ClientArgs,
) -> Result<(ClientSettings, OwnIdentity), ClientError> {
    let (settings, _) = ClientSettings::load(&client.network.flags()).map_err(joined)?;
    let ask = |question: &str| ask_pin(&client.shown, question);
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &ask)?;
    Ok((settings, identity))
}

/// All that is wrong with the settings, as one error.
pub(in crate::cli::command) fn joined(errors: Vec<ClientError>) -> ClientError {
    let mut errors = errors.into_iter();
    let Some(mut first) = errors.next() else {
        return ClientError::new(Exit::Usage, "SETTINGS", "the settings are not complete");
    };
    for other in errors {
        let words = match other.hint {
            Some(hint) => format!("{}: {hint}", other.message),
            None => other.message,
        };
        first.details.push((other.symbol, words));
    }
    first
}

/// Runs a command on a screen.
pub(in crate::cli::command) fn on_screen(
    shown: &ShownArgs,
    full: bool,
    command: impl AsyncFnOnce(&Screen) -> Result<Exit, ClientError>,
) -> ExitCode {
    let screen = Screen::new(shown, full);
    let done = in_runtime().and_then(|runtime| runtime.block_on(command(&screen)));
    screen.ended(done)
}

/// The runtime of one command.
pub(in crate::cli::command) fn in_runtime() -> Result<runtime::Runtime, ClientError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| {
        let text = format!("cannot start the runtime: {error}");
        ClientError::new(Exit::Failed, "INTERNAL", text)
    })
}
