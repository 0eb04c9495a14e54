//! What to attack, and how hard.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Parser, Subcommand, value_parser};
use tokio::time::Duration;

/// Attacks a chaincode server on this machine, and says what happened.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Where the server listens for peers
    #[arg(long, global = true, default_value = "127.0.0.1:9999")]
    pub(crate) address: SocketAddr,
    /// Its operations listener
    #[arg(long, global = true, default_value = "127.0.0.1:9443")]
    pub(crate) ops: SocketAddr,
    /// Its process, for memory, descriptors and threads
    #[arg(long, global = true)]
    pub(crate) pid: Option<u32>,
    /// The file that its log goes to, to see how it grows
    #[arg(long, global = true)]
    pub(crate) log: Option<PathBuf>,
    /// Print the row as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The server speaks TLS: PEM file of its CA; it must be named `localhost`
    #[arg(long, global = true)]
    pub(crate) ca: Option<PathBuf>,
    /// PEM file of the certificate of well-behaved peers
    #[arg(long, global = true, requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// PEM file of its key
    #[arg(long, global = true)]
    pub(crate) key: Option<PathBuf>,
    /// Where the attack comes from; well-behaved peers come from 127.0.0.1
    #[arg(long, global = true, default_value = "127.0.0.2")]
    pub(crate) from: IpAddr,
    /// Seconds that the attack is held up, where it does not end by itself
    #[arg(long, global = true, default_value_t = 30, value_parser = value_parser!(u64).range(1..=600))]
    lasting: u64,
    /// Seconds to wait behind it, before the last look at the server
    #[arg(long, global = true, default_value_t = 5, value_parser = value_parser!(u64).range(1..=300))]
    settling: u64,
    /// Seconds that a call of a well-behaved peer may take
    #[arg(long, global = true, default_value_t = 5, value_parser = value_parser!(u64).range(1..=60))]
    deadline: u64,
    /// What random input is made from
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(subcommand)]
    pub(crate) attack: Attack,
}

impl Args {
    pub(crate) const fn lasting(&self) -> Duration {
        Duration::from_secs(self.lasting)
    }

    pub(crate) const fn settling(&self) -> Duration {
        Duration::from_secs(self.settling)
    }

    pub(crate) const fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline)
    }
}

macro_rules! attacks {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $default:literal to $most:literal;)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Attack {
            $($(#[doc = $doc])*
            #[command(name = $name)]
            $variant {
                /// How many
                #[arg(long, default_value_t = $default, value_parser = value_parser!(u32).range(1..=$most))]
                count: u32,
            },)*
            /// No attack: what the well-behaved peers see otherwise
            Nothing,
            /// Write a CA, and certificates of a server and of a peer, for servers with TLS
            Certificates {
                /// The folder to write to
                folder: PathBuf,
            },
        }

        impl Attack {
            pub(crate) const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)*
                    Self::Nothing => "nothing",
                    Self::Certificates { .. } => "certificates",
                }
            }
        }
    };
}

attacks! {
    /// Connections that say nothing
    Silent "silent" 300 to 10_000;
    /// Connections that say half of HTTP/2's preface
    HalfPreface "half-preface" 300 to 10_000;
    /// Connections that say half a ClientHello
    HalfTls "half-tls" 300 to 10_000;
    /// Connections with a request whose headers never end
    HalfRequest "half-request" 50 to 10_000;
    /// Connections to the operations listener with half a request
    HalfHttp "half-http" 50 to 10_000;
    /// Connections that are closed at once
    Connects "connects" 10_000 to 20_000;
    /// Streams that work, each on a connection of its own
    Streams "streams" 300 to 2_000;
    /// Streams whose peer accepts the registration and is never ready
    Unready "unready" 256 to 2_000;
    /// Streams whose peer never answers the registration, as with a wrong package id
    WrongId "wrong-id" 1 to 2_000;
    /// Requests that are reset at once
    RapidReset "rapid-reset" 100_000 to 1_000_000;
    /// Streams whose peer takes no byte of the server's messages
    NoWindow "no-window" 256 to 2_000;
    /// Connections that ping and read no answer
    Pings "pings" 50 to 1_000;
    /// Calls of 100 and of 62 MiB, from two peers, and one that is larger than allowed
    Large "large" 8 to 100;
    /// Calls of one peer that leaves what they ask unanswered
    Waiting "waiting" 1024 to 4_096;
    /// Messages that nobody waits for: a transaction id of 20 MiB, then many with control characters
    Stray "stray" 1_000 to 100_000;
    /// Short calls with transaction ids of 8 MiB, behind one that waits
    Names "names" 100 to 1_000;
    /// Calls on channels that do not exist, of a peer that invents their state
    Channels "channels" 20_000 to 50_000;
    /// Random and mutated messages
    Fuzz "fuzz" 160_000 to 10_000_000;
    /// Peers without TLS, at a port with TLS
    PlainAtTls "plain-at-tls" 20 to 1_000;
    /// Peers with TLS, at a port without
    TlsAtPlain "tls-at-plain" 20 to 1_000;
    /// Peers that show no certificate, at a port that demands one
    NoClientCert "no-client-cert" 20 to 1_000;
}
