//! Attacks a running chaincode server on this machine, and says what happened: a row an attack.
//!
//! While an attack runs, two well-behaved peers play beside it: one that keeps its connection, and a
//! newcomer that dials for every call. Each call of theirs has a deadline. What is said of the server's
//! memory, descriptors and threads is read from `/proc/PID`.
//!
//! ```sh
//! cmscc serve --address 127.0.0.1:9999 --chaincode-id x --allow-unanchored true 2> server.log &
//! cargo run --release --example shim-attack -- --pid $! --log server.log silent --count 2000
//! ```
//!
//! It refuses addresses off this machine. Attacks of many connections need as many descriptors here
//! (`ulimit -n`). `examples/shim-attack/all.sh` starts a fresh server for every attack.

mod args;
mod certificates;
mod connections;
mod fuzz;
mod http2;
mod measure;
mod messages;
mod peer;
mod probe;
mod report;
mod tls;

use std::{
    io::{self, Write},
    net::Ipv4Addr,
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Parser;
use tokio::time::{Duration, Instant, sleep, timeout};

use args::{Args, Attack};
use measure::Sampler;
use peer::Target;
use probe::Probes;
use report::{Row, Told};

/// How long an attack may take beyond the time that it is to last.
const OVERTIME: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let Attack::Certificates { folder } = &args.attack {
        certificates::write(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    for address in [args.address.ip(), args.ops.ip(), args.from] {
        if !address.is_loopback() {
            bail!("{address} is not on this machine; this program attacks nothing else");
        }
    }
    let row = run(&args).await?;
    let text = if args.json {
        serde_json::to_string(&row)?
    } else {
        row.to_string()
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(if row.alive {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(args: &Args) -> anyhow::Result<Row> {
    let good = Target::new(args, Ipv4Addr::LOCALHOST.into())?;
    let target = Target::new(args, args.from)?;
    let probes = Probes::start(&good, args.deadline());
    let started = probes.answered(Duration::from_secs(10)).await;
    started.context("the server answers no well-behaved peer, even before the attack")?;
    let sampler = Sampler::start(args)?;
    // what the peers' own first calls take is no part of the attack
    sleep(Duration::from_secs(1)).await;
    let before = sampler.now();
    let log = measure::length(args.log.as_deref());

    let began = Instant::now();
    let attack = timeout(args.lasting() + OVERTIME, attack(args, &target));
    let told = match attack.await {
        Ok(told) => told?,
        Err(_) => Told::new("did not end in time", String::new()),
    };
    let ended = Instant::now();
    sleep(args.settling()).await;

    let after = sampler.now();
    let grown = measure::length(args.log.as_deref()).saturating_sub(log);
    let operations = sampler.operations();
    Ok(Row {
        attack: args.attack.name(),
        did: told.did,
        server: told.server,
        seconds: (ended - began).as_secs_f64(),
        alive: sampler.is_alive(),
        memory: sampler.peaked(&before, &after),
        before,
        after,
        peer: probes.keeping.summary(began, ended),
        newcomer: probes.dialling.summary(began, ended),
        operations,
        log_bytes: args.log.is_some().then_some(grown),
        log_control: measure::has_control(args.log.as_deref(), log),
    })
}

async fn attack(args: &Args, target: &Target) -> anyhow::Result<Told> {
    let lasting = args.lasting();
    match args.attack {
        Attack::Silent { count } => connections::hold(target, "silent", count, b"", lasting).await,
        Attack::HalfPreface { count } => {
            connections::hold(
                target,
                "half a preface",
                count,
                http2::HALF_PREFACE,
                lasting,
            )
            .await
        }
        Attack::HalfTls { count } => {
            connections::hold(
                target,
                "half a ClientHello",
                count,
                tls::HALF_HELLO,
                lasting,
            )
            .await
        }
        Attack::HalfRequest { count } => {
            let bytes = http2::half_request(target.address);
            connections::hold(target, "half a request", count, &bytes, lasting).await
        }
        Attack::NoWindow { count } => {
            let bytes = http2::without_window(target.address);
            connections::hold(
                target,
                "a stream that takes nothing",
                count,
                &bytes,
                lasting,
            )
            .await
        }
        Attack::Pings { count } => http2::pings(target, count, lasting).await,
        Attack::HalfHttp { count } => {
            let operations = Target {
                address: args.ops,
                ..target.clone()
            };
            connections::half_http(&operations, count, lasting).await
        }
        Attack::Connects { count } => connections::connects(target, count).await,
        Attack::RapidReset { count } => http2::rapid_reset(target, count, lasting).await,
        Attack::Streams { count } => connections::streams(target, count, lasting).await,
        Attack::Unready { count } => connections::unready(target, count, true, lasting).await,
        Attack::WrongId { count } => connections::unready(target, count, false, lasting).await,
        Attack::Large { count } => messages::large(target, count).await,
        Attack::Waiting { count } => messages::waiting(target, count, lasting).await,
        Attack::Stray { count } => messages::stray(target, count).await,
        Attack::Names { count } => messages::names(target, count).await,
        Attack::Channels { count } => messages::channels(target, args.ops, count).await,
        Attack::Fuzz { count } => fuzz::fuzz(target, count, args.seed, lasting).await,
        Attack::PlainAtTls { count } => tls::dials(target, tls::Client::Plain, count).await,
        Attack::TlsAtPlain { count } => tls::dials(target, tls::Client::Tls, count).await,
        Attack::NoClientCert { count } => tls::dials(target, tls::Client::Nameless, count).await,
        Attack::Nothing => {
            sleep(lasting).await;
            Ok(Told::new("nothing", String::new()))
        }
        Attack::Certificates { .. } => bail!("this is no attack"),
    }
}
