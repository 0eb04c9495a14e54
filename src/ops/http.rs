//! The operations listener.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;

use super::{Health, Metrics};

/// Serves `/metrics`, `/livez`, `/readyz`, `/healthz` and `/version` until `shutdown` is cancelled.
///
/// # Errors
/// Where the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    version: String,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let shared = Arc::new(OperationsState {
        metrics,
        health,
        version,
    });
    let router = Router::new()
        .route("/metrics", get(metrics_text))
        .route("/livez", get(alive))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/version", get(version_json))
        .with_state(shared)
        .layer(GlobalConcurrencyLimitLayer::new(REQUESTS));
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

struct OperationsState {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    /// The body of `/version`, built once.
    version: String,
}

/// How many requests are answered at once; others wait.
const REQUESTS: usize = 32;

const JSON: &str = "application/json";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn metrics_text(State(shared): State<Arc<OperationsState>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, OPEN_METRICS)], shared.metrics.text())
}

/// That this is answered is the answer.
async fn alive() -> impl IntoResponse {
    ([(CONTENT_TYPE, JSON)], "{\"status\":\"OK\"}")
}

async fn ready(State(shared): State<Arc<OperationsState>>) -> impl IntoResponse {
    let (ready, report) = shared.health.report();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(CONTENT_TYPE, JSON)], report)
}

async fn version_json(State(shared): State<Arc<OperationsState>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, JSON)], shared.version.clone())
}
