//! Measures a chaincode server: plays peers that keep calls in flight, with the state in memory.
//!
//! It plays them against any server, of whatever shim: `play` needs an address. Two servers with
//! the same contract are measured alternately and compared:
//!
//! ```sh
//! cargo build --release --example shim-load
//! cd target/release/examples
//! ./shim-load serve 127.0.0.1:9001 load:1 & OURS=$!
//! their-server 127.0.0.1:9002 load:1 & THEIRS=$!
//! ./shim-load play 127.0.0.1:9001 --pid $OURS --against 127.0.0.1:9002 --pid2 $THEIRS
//! ```
//!
//! The contract that is compared has six functions (`contract.rs`); what a call of each does stands
//! in `--help`. Everything of a server's is counted from outside of it, in `/proc`.

mod contract;
mod measure;
mod messages;
mod peer;
mod process;
mod report;
mod serve;
mod state;

use std::{fs, io::Write, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::{Args, Parser, Subcommand};
use cmscc::stub::memory::Ledger;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use contract::Scenario;
use measure::{Figures, Measured, Server, megabytes};
use messages::{Call, Caller};
use peer::{Dialling, Peer};
use process::Process;
use report::Row;
use state::State;

/// Plays peers against chaincode servers, and measures these.
#[derive(Debug, Parser)]
#[command(name = "shim-load", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  shim-load serve 127.0.0.1:9001 load:1
  shim-load play 127.0.0.1:9001 --pid 4711
  shim-load play 127.0.0.1:9001 --pid 4711 --against 127.0.0.1:9002 --pid2 4712 --rounds 7
  shim-load play 127.0.0.1:9001 --pid 4711 --scenarios Get --in-flight 16 --rate 60 --seconds 600
  shim-load tls certs
  shim-load serve 127.0.0.1:9001 load:1 --tls-cert certs/server.pem --tls-key certs/server.key
  shim-load play 127.0.0.1:9001 --tls-ca certs/ca.pem";

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays peers and prints a table.
    Play(PlayArguments),
    /// Serves the contract that is compared.
    Serve(serve::ServeArguments),
    /// Writes a CA, and certificates of a server and a client, into a folder.
    Tls {
        /// Where to write `ca.pem`, `server.pem`, `server.key`, `client.pem` and `client.key`.
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
struct PlayArguments {
    /// HOST:PORT of the server.
    address: String,
    /// Its process: counts CPU time, context switches and memory.
    #[arg(long)]
    pid: Option<u32>,
    /// HOST:PORT of another server, measured alternately with the first.
    #[arg(long, value_name = "ADDRESS")]
    against: Option<String>,
    /// The process of the other server.
    #[arg(long, requires = "against")]
    pid2: Option<u32>,
    /// What is called. Nothing: answers at once. Get: one value of 100 B. Get10: ten of these, one
    /// after another. Range: 100 entries of 100 B. Put10: ten writes of 100 B. Large: one value of
    /// 100 KB, answered.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "Nothing,Get,Get10,Range,Put10,Large"
    )]
    scenarios: Vec<Scenario>,
    /// Call this function of whatever contract in place of the scenarios.
    #[arg(long)]
    function: Option<String>,
    /// Its arguments.
    #[arg(long, num_args = 1.., requires = "function", allow_hyphen_values = true)]
    args: Vec<String>,
    /// Calls in flight of each peer, several numbers one after another.
    #[arg(long, value_delimiter = ',', default_value = "1,16,256")]
    in_flight: Vec<usize>,
    /// How many peers dial each server.
    #[arg(long, default_value_t = 1)]
    peers: usize,
    /// Begin so many calls a second at each peer whether or not others have ended, and print the
    /// server's memory each minute.
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds that are measured in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Seconds before them that do not count.
    #[arg(long, default_value_t = 0.3)]
    warm_up: f64,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many writes the peers take in one message; 0: one, as before Fabric 3.0.
    #[arg(long, default_value_t = 1_000)]
    write_batch: u32,
    /// How many keys the peers answer in one message; 0: one, as before Fabric 3.0.
    #[arg(long, default_value_t = 1_000)]
    get_multiple: u32,
    /// The CA of the servers' certificates, PEM; with it, TLS is spoken.
    #[arg(long)]
    tls_ca: Option<PathBuf>,
    /// The peers' certificate for mutual TLS, PEM.
    #[arg(long, requires_all = ["tls_ca", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long)]
    tls_key: Option<PathBuf>,
    /// The name in the servers' certificates.
    #[arg(long, default_value = "localhost")]
    tls_name: String,
    /// Print all figures of all rounds as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match Arguments::parse().command {
        Command::Play(arguments) => runtime.block_on(play(&arguments)),
        Command::Serve(arguments) => runtime.block_on(serve::serve(&arguments)),
        Command::Tls { folder } => serve::write_tls(&folder),
    }
}

async fn play(arguments: &PlayArguments) -> Result<()> {
    let workloads = workloads(arguments);
    let ledger = contract::ledger();
    let dialling = dialling(arguments)?;
    let mut ours = dial(
        arguments,
        &arguments.address,
        arguments.pid,
        &dialling,
        &ledger,
    )
    .await?;
    let mut theirs = match &arguments.against {
        Some(address) => Some(dial(arguments, address, arguments.pid2, &dialling, &ledger).await?),
        None => None,
    };
    let mut rows = Vec::new();
    for workload in &workloads {
        for in_flight in &arguments.in_flight {
            rows.push(Row {
                function: workload.name.clone(),
                in_flight: *in_flight,
                ..Row::default()
            });
        }
    }
    for round in 0..arguments.rounds {
        let mut rows = rows.iter_mut();
        for workload in &workloads {
            for in_flight in &arguments.in_flight {
                let row = rows.next().context("a row for each measurement")?;
                let measured = Measured {
                    calls: std::slice::from_ref(&workload.call),
                    in_flight: *in_flight,
                    rate: arguments.rate,
                    answer_bytes: workload.answer_bytes,
                    warm_up: Duration::from_secs_f64(arguments.warm_up),
                    length: Duration::from_secs_f64(arguments.seconds),
                };
                // each goes first in every other round
                let theirs_first = round % 2 == 1;
                if let Some(theirs) = theirs.as_mut().filter(|_| theirs_first) {
                    row.theirs.push(theirs.measure(&measured).await?);
                }
                row.ours.push(watched(&mut ours, &measured).await?);
                if let Some(theirs) = theirs.as_mut().filter(|_| !theirs_first) {
                    row.theirs.push(theirs.measure(&measured).await?);
                }
            }
        }
    }
    if arguments.json {
        return say(&report::json(&rows)?);
    }
    say(&report::head(theirs.is_some()))?;
    rows.iter().try_for_each(|row| say(&report::line(row)))
}

/// Measures; calls at a rate may go on for long, so that the memory is told meanwhile.
async fn watched(server: &mut Server, measured: &Measured<'_>) -> Result<Figures> {
    let process = server.process.filter(|_| measured.rate.is_some());
    let telling = async {
        let Some(process) = process else {
            return std::future::pending::<Result<()>>().await;
        };
        let mut minute = tokio::time::interval(Duration::from_secs(60));
        for minutes in 0_u64.. {
            minute.tick().await;
            let usage = process.usage()?;
            say(&format!(
                "minute {minutes}: {:.1} MB, {:.1} MB at most, {} threads",
                megabytes(usage.resident),
                megabytes(usage.peak),
                usage.threads
            ))?;
        }
        Ok(())
    };
    tokio::select! {
        figures = server.measure(measured) => figures,
        told = telling => bail!("the server's process was lost: {told:?}"),
    }
}

/// One function with its arguments.
#[derive(Debug)]
struct Workload {
    name: String,
    call: Call,
    answer_bytes: Option<usize>,
}

fn workloads(arguments: &PlayArguments) -> Vec<Workload> {
    let caller = Caller::default();
    let call = |name: &str, args: &[String]| {
        let texts = [name].into_iter().chain(args.iter().map(String::as_str));
        let texts = texts.map(|text| Bytes::copy_from_slice(text.as_bytes()));
        Call::new(&caller, &texts.collect::<Vec<_>>())
    };
    if let Some(function) = &arguments.function {
        return vec![Workload {
            name: function.clone(),
            call: call(function, &arguments.args),
            answer_bytes: None,
        }];
    }
    let scenarios = arguments.scenarios.iter().map(|scenario| Workload {
        name: scenario.name().to_owned(),
        call: call(scenario.name(), &[]),
        answer_bytes: Some(scenario.answer_bytes()),
    });
    scenarios.collect()
}

fn dialling(arguments: &PlayArguments) -> Result<Dialling> {
    let read = |path: &PathBuf| {
        fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    let tls = match &arguments.tls_ca {
        None => None,
        Some(ca) => {
            let ca = Certificate::from_pem(read(ca)?);
            let tls = ClientTlsConfig::new()
                .ca_certificate(ca)
                .domain_name(&arguments.tls_name);
            Some(match (&arguments.tls_cert, &arguments.tls_key) {
                (Some(cert), Some(key)) => {
                    tls.identity(Identity::from_pem(read(cert)?, read(key)?))
                }
                _ => tls,
            })
        }
    };
    Ok(Dialling {
        tls,
        write_batch: arguments.write_batch,
        get_multiple: arguments.get_multiple,
    })
}

async fn dial(
    arguments: &PlayArguments,
    address: &str,
    pid: Option<u32>,
    dialling: &Dialling,
    ledger: &Ledger,
) -> Result<Server> {
    let mut peers = Vec::new();
    for number in (1..).take(arguments.peers) {
        let state = State::new(ledger.clone());
        peers.push(Peer::dial(address, dialling, state, number).await?);
    }
    let process = pid.map(Process);
    Ok(Server { peers, process })
}

/// Writes a line at once, also into a pipe.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
