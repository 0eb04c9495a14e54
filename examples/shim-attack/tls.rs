//! Peers that speak TLS where none is spoken, or the other way round, or show no certificate.

use anyhow::{Context, bail};
use tokio::time::{Duration, Instant, timeout};
use tonic::transport::ClientTlsConfig;

use crate::{
    peer::{Peer, Target},
    report::{Tally, Told},
};

/// The beginning of a ClientHello: a record of 512 bytes, of which these are the first.
pub(crate) const HALF_HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];

/// How long a peer tries, in Fabric by default.
const DIALLING: Duration = Duration::from_secs(3);

/// How a peer is wrong.
#[derive(Clone, Copy)]
pub(crate) enum Client {
    /// It speaks no TLS.
    Plain,
    /// It speaks TLS.
    Tls,
    /// It shows no certificate.
    Nameless,
}

/// Dials one after another, and says what peers learn from it.
pub(crate) async fn dials(target: &Target, client: Client, count: u32) -> anyhow::Result<Told> {
    let (what, tls) = match (client, &target.nameless) {
        (Client::Plain, Some(_)) => ("without TLS", None),
        (Client::Plain, None) => bail!("give --ca: this is for a server with TLS"),
        (Client::Tls, None) => ("with TLS", Some(ClientTlsConfig::new())),
        (Client::Tls, Some(_)) => bail!("without --ca: this is for a server without TLS"),
        (Client::Nameless, nameless) => {
            let tls = nameless.clone();
            (
                "without certificate",
                Some(tls.context("give --ca: this is for a server with TLS")?),
            )
        }
    };
    let mut tally = Tally::default();
    let mut longest = Duration::ZERO;
    for _ in 0..count {
        let began = Instant::now();
        let dialled = async {
            let channel = target.connect(tls.as_ref()).await?;
            let mut peer = Peer::open(channel).await?;
            peer.accept().await
        };
        match timeout(DIALLING, dialled).await {
            Ok(Ok(())) => tally.failed("LET IN"),
            Ok(Err(error)) => tally.failed(format_args!("{error:#}")),
            Err(_) => tally.failed("nothing in 3 s"),
        }
        longest = longest.max(began.elapsed());
    }
    let did = format!(
        "{count} peers {what}, each at most {:.1} s",
        longest.as_secs_f64()
    );
    Ok(Told::new(did, tally.to_string()))
}
