//! What the operations listener answers.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue},
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::ops::{
    exposition::{classic, wants_open_metrics},
    logs::LogFilter,
    probed::Probed,
};

/// What the answers follow from.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// Shown at `/metrics`, `/readyz` and `/startupz`.
    pub(crate) probed: Arc<dyn Probed>,
    /// Shown, and changed, at `/logspec`.
    pub(crate) filter: Arc<LogFilter>,
    /// The body of `/version`, JSON.
    pub(crate) version: String,
}

/// The most bytes of a request's body.
const BODY: usize = 16 << 10;

/// How long a client may take to send it.
const BODY_TIME: Duration = Duration::from_secs(5);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const CLASSIC: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What `/logspec` shows and takes, as Fabric's nodes do.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogSpec {
    spec: String,
}

/// Why a request is refused.
#[derive(Serialize)]
struct RefusedRequest {
    error: String,
}

type Answer = Response<Full<Bytes>>;

impl Endpoints {
    /// The answer to a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match (request.uri().path(), is_read) {
            ("/metrics", true) => self.metrics(&request),
            ("/livez" | "/healthz", true) => json(StatusCode::OK, "{\"status\":\"OK\"}"),
            ("/readyz", true) => probe(self.probed.ready()),
            ("/startupz", true) => probe(self.probed.started()),
            ("/version", true) => json(StatusCode::OK, self.version.clone()),
            ("/logspec", true) => {
                let spec = self.filter.spec();
                json(StatusCode::OK, document(&LogSpec { spec }))
            }
            ("/logspec", false) if request.method() == Method::PUT => {
                self.set_filter(request).await
            }
            ("/logspec", false) => refused_method("GET, HEAD, PUT"),
            ("/metrics" | "/livez" | "/healthz" | "/readyz" | "/startupz" | "/version", false) => {
                refused_method("GET, HEAD")
            }
            _ => refused(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    fn metrics(&self, request: &Request<Incoming>) -> Answer {
        let text = self.probed.metrics();
        let accept: Vec<&str> = (request.headers().get_all(ACCEPT).iter())
            .filter_map(|value| value.to_str().ok())
            .collect();
        let (kind, text) = match wants_open_metrics(&accept.join(",")) {
            true => (OPEN_METRICS, text),
            false => (CLASSIC, classic(&text)),
        };
        answer(StatusCode::OK, kind, text)
    }

    async fn set_filter(&self, request: Request<Incoming>) -> Answer {
        let body = Limited::new(request.into_body(), BODY).collect();
        let body = match timeout(BODY_TIME, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
            Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        };
        let set = serde_json::from_slice::<LogSpec>(&body)
            .map_err(|error| format!("the body is not {{\"spec\": \"..\"}}: {error}"))
            .and_then(|given| {
                let set = self.filter.set(&given.spec).map(|()| given.spec);
                set.map_err(|error| error.to_string())
            });
        match set {
            Ok(spec) => {
                tracing::info!(spec, "the log filter was changed");
                answer(StatusCode::NO_CONTENT, JSON, "")
            }
            Err(error) => refused(StatusCode::BAD_REQUEST, &error),
        }
    }
}

fn probe((is_well, document): (bool, String)) -> Answer {
    let status = match is_well {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    json(status, document)
}

fn refused(status: StatusCode, error: &str) -> Answer {
    let error = error.to_owned();
    json(status, document(&RefusedRequest { error }))
}

fn refused_method(allowed: &'static str) -> Answer {
    let mut answer = refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "this method has no meaning here",
    );
    let headers = answer.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, JSON, body)
}

fn answer(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

fn document(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
