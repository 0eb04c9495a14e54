//! `cmscc serve`

use std::{env, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{net::TcpListener, runtime};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::version;
use crate::{
    cli::{args::ServeArgs, observer::Telemetry, output, settings::Settings},
    contract::Contract,
    ops::{self, Health, Metrics, logs},
    shim::{ShimSettings, TlsSwitch, server},
};

pub(in crate::cli) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let settings = match Settings::read(args) {
        Ok(settings) => settings,
        Err(errors) => return Ok(output::misconfigured(&errors)),
    };
    let filter = logs::filter(&settings.log)?;
    logs::start(filter, settings.log_format, colours())
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let done = runtime.block_on(serve(settings));
    // a call that outlived its grace is not waited for
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let shutdown = CancellationToken::new();
    ops::on_signals(shutdown.clone()).context("cannot listen to signals")?;
    let (chaincode, operations) = tokio::join!(
        bind(&settings.address, "CHAINCODE_SERVER_ADDRESS"),
        bind(&settings.ops_address, "CMSCC_OPS_ADDRESS")
    );
    let (chaincode, operations) = match (chaincode, operations) {
        (Ok(chaincode), Ok(operations)) => (chaincode, operations),
        (Err(first), Err(second)) => anyhow::bail!("{first:#}; {second:#}"),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };

    let metrics = Arc::new(Metrics::new(version::VERSION));
    if let Some(end) = settings.tls_not_after {
        metrics.tls_not_after(end);
    }
    let health = Arc::new(Health::starting());
    let unsupported = CancellationToken::new();
    let telemetry = Arc::new(Telemetry {
        metrics: Arc::clone(&metrics),
        health: Arc::clone(&health),
        on_unsupported: settings.exit_on_unsupported.then(|| unsupported.clone()),
    });
    let contract = Contract::new(
        settings.contract.clone(),
        Arc::clone(&settings.anchors),
        Arc::clone(&telemetry) as _,
    );
    announce(&settings, chaincode.local_addr()?, operations.local_addr()?);

    let stopped_operations = CancellationToken::new();
    let operations = tokio::spawn(ops::serve(
        operations,
        metrics,
        Arc::clone(&health),
        version::document(),
        stopped_operations.clone(),
    ));
    tokio::spawn(stop(
        shutdown.clone(),
        unsupported.clone(),
        Arc::clone(&health),
    ));
    health.set_ready();
    let mut shim = ShimSettings::new(settings.chaincode_id);
    shim.tls = settings.tls.as_ref().map(TlsSwitch::new).transpose()?;
    shim.limits = settings.shim_limits;
    shim.timeouts.shutdown_grace = settings.shutdown_grace;
    let served = server::serve(chaincode, Arc::new(contract), shim, telemetry, shutdown).await;
    stopped_operations.cancel();
    operations
        .await
        .context("the operations listener panicked")??;
    served?;
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
    health.set_stopping();
}

async fn bind(address: &str, name: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at `{address}` ({name})"))
}

fn announce(settings: &Settings, address: SocketAddr, operations: SocketAddr) {
    let anchored: Vec<&str> = settings.anchored.iter().map(|c| c.as_str()).collect();
    info!(
        version = version::VERSION,
        %address,
        chaincode_id = settings.chaincode_id,
        tls = settings.tls.is_some(),
        mutual_tls = settings.tls.as_ref().is_some_and(|t| t.client_ca.is_some()),
        %operations,
        ?anchored,
        "serving"
    );
    if settings.contract.allow_unanchored {
        warn!("a bootstrap without trust anchor is endorsed; this is for development");
    }
}

/// Whether colours are wanted at all.
fn colours() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "NO_COLOR is a convention of terminals, not a setting of ours"
    )]
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused
}
