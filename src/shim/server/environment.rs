//! A server that takes its settings from the environment, by the names of Fabric's samples.

use std::{
    env,
    error::Error,
    fmt, fs,
    io::{self, Write},
    sync::Arc,
};

use tokio::{net::TcpListener, runtime, signal};
use tokio_util::sync::CancellationToken;

use super::{ServeError, ShimSettings, Tls, TlsSwitch, serve};
use crate::{
    shim::{
        error::Closing,
        observer::{Observer, StreamId, TransactionFacts},
        refusal::ConnectionRefusal,
    },
    stub::{Chaincode, words},
};

/// Serves a chaincode until Ctrl-C or SIGTERM: all that the `main` of a chaincode has to do.
///
/// | variable | meaning |
/// |---|---|
/// | `CHAINCODE_SERVER_ADDRESS` | where peers dial in, `HOST:PORT` |
/// | `CHAINCODE_ID` | the package id, as `peer lifecycle chaincode install` printed it |
/// | `CHAINCODE_TLS_DISABLED` | whether peers connect without TLS; `true` where it is not set |
/// | `CHAINCODE_TLS_CERT`, `CHAINCODE_TLS_KEY` | PEM files of the server's certificate and key |
/// | `CHAINCODE_CLIENT_CA_CERT` | PEM file of the CAs whose clients may connect; any client where it is not set |
///
/// Runs on this thread. Tells on standard error where it listens, which streams failed and why, and
/// panics with their transactions. What wants logs, metrics or limits of its own calls [`serve`].
///
/// # Errors
/// [`RunError`]. Returned from `main` it prints what is wrong, all of it at once.
// Fabric: fabric-samples, asset-transfer-basic/chaincode-external
pub fn run<C: Chaincode>(chaincode: C) -> Result<(), RunError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge of a program, which reads its settings once"
    )]
    let variable = |name: &str| env::var(name).ok();
    let (address, settings) = settings(variable)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(RunError::Runtime)?.block_on(async {
        let listener = TcpListener::bind(&address).await;
        let listener = listener.map_err(|source| RunError::Listen {
            address: address.clone(),
            source,
        })?;
        let id = &settings.chaincode_id;
        tell(&format!("`{id}` listens at {address} and waits for peers"));
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            told_to_end().await;
            stop.cancel();
        });
        let chaincode = Arc::new(chaincode);
        Ok(serve(
            listener,
            chaincode,
            settings,
            Arc::new(StandardError),
            shutdown,
        )
        .await?)
    })
}

/// Tells what somebody has to look at.
struct StandardError;

impl Observer for StandardError {
    fn connection_refused(&self, address: &str, refusal: &ConnectionRefusal) {
        tell(&format!(
            "a connection from {address} was refused: {refusal}"
        ));
    }

    fn stream_closed(&self, _: StreamId, reason: &Closing) {
        if !matches!(reason, Closing::PeerEnded | Closing::ShutDown) {
            tell(&format!("a stream ended: {reason}"));
        }
    }

    fn panicked(&self, transaction: &TransactionFacts, message: &str) {
        let (tx_id, channel) = (&transaction.tx_id, &transaction.channel);
        tell(&format!(
            "transaction {tx_id} on {channel} panicked: {message}"
        ));
    }
}

/// One line on standard error. Where nobody takes it, nothing is lost but the line.
// SECURITY: words of peers are among them
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", words::safe(text));
}

/// Why a chaincode does not run.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum RunError {
    /// Nothing can listen there.
    #[error("cannot listen at `{address}`")]
    Listen {
        /// The address as given.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system gives no runtime.
    #[error("cannot start a runtime")]
    Runtime(#[source] io::Error),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Settings are missing, or cannot be used; each names its variable.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
}

/// What `main` prints: the error with its causes.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// What only a server with TLS has a use for.
const TLS_FILES: [&str; 3] = [
    "CHAINCODE_TLS_CERT",
    "CHAINCODE_TLS_KEY",
    "CHAINCODE_CLIENT_CA_CERT",
];

/// Address and settings, or everything that is wrong with them.
fn settings(variable: impl Fn(&str) -> Option<String>) -> Result<(String, ShimSettings), RunError> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut problems = Vec::new();
    let mut required = |name: &str, what| {
        given(name).unwrap_or_else(|| {
            problems.push(format!("{name} is not set: {what}"));
            String::new()
        })
    };
    let address = required("CHAINCODE_SERVER_ADDRESS", "where peers dial in, HOST:PORT");
    let id = required("CHAINCODE_ID", "the package id that the peer printed");
    let mut settings = ShimSettings::new(id);
    match given("CHAINCODE_TLS_DISABLED").as_deref() {
        Some("false" | "0") => {
            let mut file = |name: &str| {
                let path = given(name)?;
                let read = fs::read(&path);
                read.map_err(|e| problems.push(format!("{name} is `{path}`: {e}")))
                    .ok()
            };
            let files = ["CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY"].map(&mut file);
            let client_ca = file("CHAINCODE_CLIENT_CA_CERT");
            match files {
                [Some(certificate), Some(key)] => {
                    let tls = TlsSwitch::new(&Tls {
                        certificate,
                        key,
                        client_ca,
                        allowed_clients: None,
                    });
                    settings.tls = tls.map_err(|e| problems.push(format!("TLS: {e}"))).ok();
                }
                _ => problems.push(
                    "CHAINCODE_TLS_CERT and CHAINCODE_TLS_KEY are needed, since \
                     CHAINCODE_TLS_DISABLED is false"
                        .to_owned(),
                ),
            }
        }
        None if TLS_FILES.iter().any(|name| given(name).is_some()) => problems.push(format!(
            "{} is set, and CHAINCODE_TLS_DISABLED is not: set it to false to use TLS",
            TLS_FILES
                .into_iter()
                .find(|name| given(name).is_some())
                .unwrap_or_default()
        )),
        None | Some("true" | "1") => {}
        Some(other) => problems.push(format!(
            "CHAINCODE_TLS_DISABLED is `{other}`, which is none of `true`, `false`, `1`, `0`"
        )),
    }
    match problems.is_empty() {
        true => Ok((address, settings)),
        false => Err(RunError::Settings(problems)),
    }
}

/// Waits for Ctrl-C or SIGTERM. Where signals cannot be listened to they end the process themselves.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                Ok(()) = signal::ctrl_c() => return,
            }
        }
    }
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[(&str, &str)]) -> Result<(String, ShimSettings), RunError> {
        settings(|name| {
            let found = given.iter().find(|(of, _)| *of == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const PLAIN: [(&str, &str); 2] = [
        ("CHAINCODE_SERVER_ADDRESS", "127.0.0.1:9999"),
        ("CHAINCODE_ID", "asset:1234"),
    ];

    #[test]
    fn settings_of_fabric_samples_are_read() {
        let (address, settings) = of(&PLAIN).unwrap();
        assert_eq!(
            (&*address, &*settings.chaincode_id),
            ("127.0.0.1:9999", "asset:1234")
        );
        assert!(settings.tls.is_none());
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let certificate = file("cert.pem", made.cert.pem());
        let key = file("key.pem", made.signing_key.serialize_pem());
        let mut all = PLAIN.to_vec();
        all.extend([
            ("CHAINCODE_TLS_DISABLED", "false"),
            ("CHAINCODE_TLS_CERT", &certificate),
            ("CHAINCODE_TLS_KEY", &key),
            ("CHAINCODE_CLIENT_CA_CERT", &certificate),
        ]);
        assert!(of(&all).unwrap().1.tls.is_some());
        all.retain(|(name, _)| *name != "CHAINCODE_TLS_DISABLED");
        let text = of(&all).unwrap_err().to_string();
        assert!(text.contains("set it to false to use TLS"), "{text}");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let error = of(&[("CHAINCODE_TLS_DISABLED", "no"), ("CHAINCODE_ID", "")]).unwrap_err();
        let RunError::Settings(problems) = &error else {
            panic!("{error}");
        };
        assert_eq!(problems.len(), 3, "{error}");
        assert_eq!(format!("{error:?}"), problems.join("\n"));
        let mut files = PLAIN.to_vec();
        files.extend([
            ("CHAINCODE_TLS_DISABLED", "0"),
            ("CHAINCODE_TLS_KEY", "/nowhere"),
        ]);
        let text = of(&files).unwrap_err().to_string();
        assert!(
            text.starts_with("CHAINCODE_TLS_KEY is `/nowhere`: "),
            "{text}"
        );
        assert!(text.contains("are needed"), "{text}");
    }
}
