//! `cmscc serve`

use std::{
    env,
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use tokio::{net::TcpListener, runtime, sync::Notify};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::version;
#[cfg(feature = "otel")]
use crate::ops::{SpanResource, Spans, since_1970};
use crate::{
    cli::{
        args::ServeArgs,
        descriptors,
        observer::Telemetry,
        output,
        reload::{self, TlsReload},
        settings::{self, Settings},
    },
    contract::Contract,
    ops::{Clock, Endpoints, Health, Metrics, Operations, Probed, Throttle, Wishes, logs::Logs},
    shim::{ConnectionRefusal, ShimSettings, TlsSwitch, server},
};

/// How long the last log lines may take, where nobody reads them.
const FLUSH: Duration = Duration::from_secs(1);

/// A setting of glibc's allocator: what is larger has pages of its own and goes back to the system at
/// once. By itself glibc raises the bound to the largest message seen, and keeps hundreds of MB.
const GIVES_BACK: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "1048576");

pub(in crate::cli) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    give_back();
    let mut settings = match Settings::read(args) {
        Ok(settings) => settings,
        Err(errors) => return Ok(output::misconfigured(&errors)),
    };
    let fitted = descriptors::fit(&mut settings.shim_limits);
    settings.notices.extend(fitted);
    let metrics = Arc::new(Metrics::new(version::VERSION));
    let format = settings.log_format;
    let logs = Logs::start(&settings.log, format, colours(), metrics.log_counters())
        .context("cannot start logging")?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let done = runtime.block_on(serve(settings, metrics, &logs));
    // a call that outlived its grace is not waited for
    runtime.shutdown_timeout(Duration::from_secs(1));
    match (logs.finish(FLUSH), done) {
        // standard error is stuck: nobody would see the error, and saying it would not end
        (false, Err(_)) => Ok(ExitCode::FAILURE),
        (_, done) => done,
    }
}

/// Starts this program anew, in the same process, where the allocator lacks its setting: it reads it
/// from the environment, before anything else runs. Where that is not possible nothing is lost but
/// memory.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the allocator, not of ours"
)]
fn give_back() {
    let (name, value) = GIVES_BACK;
    if env::var_os(name).is_some() {
        return;
    }
    if let Ok(program) = env::current_exe() {
        let mut args = env::args_os();
        let mut again = Command::new(program);
        if let Some(called) = args.next() {
            again.arg0(called);
        }
        // comes back only where it failed
        let _ = again.args(args).env(name, value).exec();
    }
}

async fn serve(settings: Settings, metrics: Arc<Metrics>, logs: &Logs) -> anyhow::Result<ExitCode> {
    let (chaincode, operations) = tokio::join!(
        bind(&settings.address, "CHAINCODE_SERVER_ADDRESS"),
        bind(&settings.ops_address, "CMSCC_OPS_ADDRESS")
    );
    let (chaincode, operations) = match (chaincode, operations) {
        (Ok(chaincode), Ok(operations)) => (chaincode, operations),
        (Err(first), Err(second)) => anyhow::bail!("{first:#}; {second:#}"),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let addresses = (chaincode.local_addr()?, operations.local_addr()?);

    let clock = Clock::start();
    let health = Arc::new(Health::starting(clock, Arc::clone(&metrics)));
    let throttle = Arc::new(Throttle::default());
    let wishes = Wishes {
        shutdown: CancellationToken::new(),
        reload: Arc::new(Notify::new()),
    };
    let shutdown = wishes.shutdown.clone();
    metrics.refusals(&ConnectionRefusal::REASONS);
    let tls = settings.tls.as_ref();
    let switch = tls.map(|(_, material)| TlsSwitch::new(&material.tls));
    let switch = switch.transpose()?;
    let reloading = match (tls, &switch) {
        (Some((files, material)), Some(switch)) => {
            metrics.tls_not_after(material.ends.certificate);
            metrics.tls_client_ca_not_after(material.ends.client_ca.unwrap_or_default());
            let reload = TlsReload {
                files: files.clone(),
                switch: switch.clone(),
                metrics: Arc::clone(&metrics),
                current: material.clone(),
            };
            reload.watch(Arc::clone(&wishes.reload))
        }
        _ => reload::nothing(Arc::clone(&wishes.reload)),
    };
    let unsupported = CancellationToken::new();
    #[cfg_attr(
        not(feature = "otel"),
        expect(unused_mut, reason = "another chore with the feature")
    )]
    let mut chores = vec![reloading];
    #[cfg(feature = "otel")]
    let spans = settings.otlp.clone().map(|(endpoint, service)| {
        let resource = SpanResource {
            service,
            instance: format!("{}-{}", std::process::id(), since_1970().as_nanos()),
            version: version::VERSION,
        };
        let (spans, chore) = Spans::start(endpoint, resource, Arc::clone(&metrics));
        chores.push(chore);
        spans
    });
    let telemetry = Arc::new(Telemetry {
        metrics: Arc::clone(&metrics),
        health: Arc::clone(&health),
        throttle: Arc::clone(&throttle),
        clock,
        on_unsupported: settings.exit_on_unsupported.then(|| unsupported.clone()),
        #[cfg(feature = "otel")]
        spans,
    });
    let contract = Contract::new(
        settings.contract.clone(),
        Arc::clone(&settings.anchors),
        Arc::clone(&telemetry) as _,
    );
    let operations = Operations {
        listener: Some(operations.into_std()?),
        endpoints: Arc::new(Endpoints {
            probed: Arc::clone(&health) as _,
            filter: logs.filter(),
            version: version::document(),
        }),
        chores,
        wishes,
        logs: logs.clone(),
        throttle,
        clock,
    };
    operations.start().context("cannot start the operations")?;
    tokio::spawn(stop(
        shutdown.clone(),
        unsupported.clone(),
        Arc::clone(&health),
    ));
    health.set_ready();
    tokio::spawn(moving(Arc::clone(&health)));
    announce(&settings, addresses);
    let mut shim = ShimSettings::new(settings.chaincode_id);
    shim.tls = switch;
    shim.limits = settings.shim_limits;
    shim.timeouts = settings.shim_timeouts;
    server::serve(chaincode, Arc::new(contract), shim, telemetry, shutdown).await?;
    info!("stopped");
    Ok(if unsupported.is_cancelled() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Waits for the end of serving, or brings it about when a channel requires what we do not know.
async fn stop(shutdown: CancellationToken, unsupported: CancellationToken, health: Arc<Health>) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = unsupported.cancelled() => {
            error!("stopping, as CMSCC_ON_UNSUPPORTED demands");
            shutdown.cancel();
        }
    }
    Probed::set_stopping(&*health);
}

/// Says that this thread moves, for whoever watches that from another one.
async fn moving(health: Arc<Health>) {
    loop {
        health.moved();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

async fn bind(address: &str, name: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at `{address}` ({name})"))
}

fn announce(settings: &Settings, (address, operations): (SocketAddr, SocketAddr)) {
    let anchored: Vec<&str> = settings.anchored.iter().map(|c| c.as_str()).collect();
    info!(
        version = version::VERSION,
        %address,
        chaincode_id = settings.chaincode_id,
        tls = settings.tls.is_some(),
        mutual_tls = settings.tls.as_ref().is_some_and(|(_, m)| m.tls.client_ca.is_some()),
        %operations,
        ?anchored,
        "serving"
    );
    settings::tell(&settings.notices);
    if settings.contract.allow_unanchored {
        warn!("a bootstrap without trust anchor is endorsed; this is for development");
    }
}

/// Whether colours are wanted at all.
pub(super) fn colours() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "NO_COLOR is a convention of terminals, not a setting of ours"
    )]
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused
}
