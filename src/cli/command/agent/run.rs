//! The process.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    runtime,
    sync::{Notify, watch},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    settings::{channels, renewed, rules},
    telemetry::{AgentTelemetry, name},
};
use crate::{
    agent::{AgentChannel, AgentRules, AgentWish, check_hook},
    cli::{
        args::{AgentArgs, AgentRunArgs},
        command::{serve, version},
        screen::{Screen, code},
        settings::odd_variables,
    },
    client::{ClientError, Exit},
    ops::{
        AgentHealth, AgentMetrics, Clock, Endpoints, Operations, Throttle, Wishes,
        logs::{Format, Logs},
    },
    text::visible,
};

/// How long the last log lines may take, where nobody reads them.
const FLUSH: Duration = Duration::from_secs(1);

/// Threads of rounds: one that computes must not hold up all others.
const THREADS: usize = 2;

pub(super) fn run(args: &AgentArgs, of: &AgentRunArgs) -> anyhow::Result<ExitCode> {
    let screen = Screen::new(args.shown(), false);
    let prepared = rules(args).and_then(|rules| {
        let channels = channels(args, &rules)?;
        for hook in &rules.hooks {
            check_hook(hook).map_err(|why| {
                let text = format!("hook `{}` cannot be used: {why}", hook.name);
                ClientError::new(Exit::Usage, "HOOK_UNUSABLE", text)
            })?;
        }
        let format = format(of.log_format.as_deref())?;
        Ok((rules, channels, format))
    });
    let (rules, channels, format) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Ok(screen.failed(&error)),
    };
    let metrics = Arc::new(AgentMetrics::new(version::VERSION));
    let logs = Logs::start(&of.log, format, serve::colours(), metrics.log_counters())
        .context("cannot start logging")?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let address = of.ops_address.clone().or_else(|| rules.ops_address.clone());
    let done = work(
        &runtime,
        rules,
        channels,
        args,
        metrics,
        &logs,
        address.as_deref(),
    );
    // a call that outlived its grace is not waited for
    runtime.shutdown_timeout(Duration::from_secs(1));
    let _ = logs.finish(FLUSH);
    match done? {
        Ok(()) => Ok(code(Exit::Done)),
        Err(error) => Ok(screen.failed(&error)),
    }
}

fn work(
    runtime: &runtime::Runtime,
    rules: AgentRules,
    channels: Vec<AgentChannel>,
    args: &AgentArgs,
    metrics: Arc<AgentMetrics>,
    logs: &Logs,
    address: Option<&str>,
) -> anyhow::Result<Result<(), ClientError>> {
    let clock = Clock::start();
    let names = channels.iter().map(|channel| {
        let profile = channel.settings.profile.as_deref().unwrap_or("default");
        metrics.channel(profile, channel.settings.channel.as_str());
        name(profile, channel.settings.channel.as_str())
    });
    let patience = rules.every * 2 + rules.degraded_after;
    let names: Vec<String> = names.collect();
    let health = AgentHealth::starting(clock, Arc::clone(&metrics), patience, names.clone());
    let health = Arc::new(health);
    for hook in &rules.hooks {
        metrics.hook(&hook.name);
    }
    let wishes = Wishes {
        shutdown: CancellationToken::new(),
        reload: Arc::new(Notify::new()),
    };
    let (wish, wished) = watch::channel(AgentWish::default());
    let listener = address.map(bind).transpose()?;
    let operations = listener
        .as_ref()
        .and_then(|listener| listener.local_addr().ok());
    let operations: Option<SocketAddr> = operations;
    Operations {
        listener,
        endpoints: Arc::new(Endpoints {
            probed: Arc::clone(&health) as _,
            filter: logs.filter(),
            version: version::document(),
        }),
        wishes: wishes.clone(),
        logs: logs.clone(),
        throttle: Arc::new(Throttle::default()),
        clock,
        chores: Vec::new(),
    }
    .start()
    .context("cannot start the operations")?;
    for odd in odd_variables() {
        warn!("{odd}");
    }
    let hooks = rules.hooks.len();
    let operations = operations.map(|address| address.to_string());
    info!(
        version = version::VERSION,
        channels = names.join(", "),
        hooks,
        operations,
        "at work"
    );
    for channel in &channels {
        let (of, identity) = (&channel.settings, &channel.identity);
        let subject = visible(&identity.certificate().subject());
        info!(channel = %of.channel, msp_id = %identity.msp_id, subject, sync = channel.rules.sync, submit = channel.rules.submit.is_some(), "on this channel");
    }
    let telemetry = Arc::new(AgentTelemetry {
        metrics,
        health,
        wrong: Mutex::new(BTreeMap::new()),
    });
    let (args, allow_admin_identity) = (args.clone(), rules.allow_admin_identity);
    let renewal = move |channel: &AgentChannel| renewed(&args, channel, allow_admin_identity);
    let done = runtime.block_on(async {
        tokio::spawn(pass_on(wishes, wish));
        crate::agent::run(rules, channels, telemetry, Arc::new(renewal), wished).await
    });
    info!("stopped");
    Ok(done)
}

/// From signals to wishes.
async fn pass_on(wishes: Wishes, wish: watch::Sender<AgentWish>) {
    loop {
        tokio::select! {
            () = wishes.shutdown.cancelled() => {
                wish.send_modify(|wish| wish.ends = true);
                return;
            }
            () = wishes.reload.notified() => {
                wish.send_modify(|wish| wish.rounds = wish.rounds.saturating_add(1));
            }
        }
    }
}

fn bind(address: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("cannot listen at `{address}` (ops_address)"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn format(given: Option<&str>) -> Result<Format, ClientError> {
    let given = given.filter(|text| !text.is_empty());
    match given.unwrap_or("text") {
        "json" => Ok(Format::Json),
        "text" => Ok(Format::Text),
        given => {
            let text = format!("`{given}` is no form of log lines: json or text");
            Err(ClientError::new(Exit::Usage, "LOG_FORMAT", text))
        }
    }
}
