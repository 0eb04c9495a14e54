//! OpenTelemetry: each call as a span, by OTLP over HTTP in its JSON form, to a collector beside the
//! server.
//!
//! `span` says what is sent, `endpoint` where to; `exporter` is the shell that sends it. There is no
//! library of OpenTelemetry in it: what is sent is one document.

mod endpoint;
mod exporter;
mod span;

pub(crate) use endpoint::OtlpEndpoint;
pub(crate) use exporter::Spans;
pub(crate) use span::{CallSpan, SpanResource};
