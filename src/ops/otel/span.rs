//! What is sent: OTLP's `ExportTraceServiceRequest`, as JSON.
//!
//! The id of a trace follows from the transaction's: the servers of all organisations that endorse a
//! transaction write into one trace, and nobody has to hand an id around.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// A call that is over.
#[derive(Clone, Debug)]
pub(crate) struct CallSpan {
    pub(crate) channel: String,
    pub(crate) tx_id: String,
    pub(crate) function: &'static str,
    /// `OK`, or the symbol of the error.
    pub(crate) code: String,
    /// Whether it failed through no fault of its caller.
    pub(crate) is_failed: bool,
    /// When it was over, since 1970.
    pub(crate) ended: Duration,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// Who sends.
#[derive(Clone, Debug)]
pub(crate) struct SpanResource {
    /// `service.name`.
    pub(crate) service: String,
    /// Another one for each process.
    pub(crate) instance: String,
    pub(crate) version: &'static str,
}

/// The document with these spans; `first`: how many were sent before.
pub(super) fn document(resource: &SpanResource, spans: &[CallSpan], first: u64) -> String {
    let spans: Vec<Value> = (first..)
        .zip(spans)
        .map(|(number, span)| span_document(&resource.instance, number, span))
        .collect();
    let document = json!({"resourceSpans": [{
        "resource": {"attributes": [
            text("service.name", &resource.service),
            text("service.instance.id", &resource.instance),
            text("service.version", resource.version),
        ]},
        "scopeSpans": [{
            "scope": {"name": "cmscc", "version": resource.version},
            "spans": spans,
        }],
    }]});
    document.to_string()
}

fn span_document(instance: &str, number: u64, span: &CallSpan) -> Value {
    let begun = span.ended.saturating_sub(span.elapsed);
    let status = match span.is_failed {
        true => json!({"code": 2, "message": span.code}),
        false => json!({}),
    };
    json!({
        "traceId": trace_id(&span.tx_id),
        "spanId": hashed(&format!("{instance} {number}"), 8),
        "name": span.function,
        // a server's
        "kind": 2,
        // 64 bits are text in JSON
        "startTimeUnixNano": begun.as_nanos().to_string(),
        "endTimeUnixNano": span.ended.as_nanos().to_string(),
        "attributes": [
            text("fabric.channel", &span.channel),
            text("fabric.tx_id", &span.tx_id),
            text("cmscc.code", &span.code),
        ],
        "status": status,
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// The first half of a transaction id; of what is none its hash.
fn trace_id(tx_id: &str) -> String {
    let is_hex = tx_id.len() == 64 && tx_id.bytes().all(|b| b.is_ascii_hexdigit());
    match tx_id.get(..32).filter(|_| is_hex) {
        // the id that stands for none
        Some(half) if half.bytes().any(|b| b != b'0') => half.to_ascii_lowercase(),
        _ => hashed(tx_id, 16),
    }
}

fn hashed(text: &str, bytes: usize) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    hex::encode(digest.as_ref().get(..bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(tx_id: &str, is_failed: bool) -> CallSpan {
        CallSpan {
            channel: "mychannel".to_owned(),
            tx_id: tx_id.to_owned(),
            function: "GetConfig",
            code: if is_failed { "TIMED_OUT" } else { "OK" }.to_owned(),
            is_failed,
            ended: Duration::new(1_800_000_000, 5),
            elapsed: Duration::from_millis(2),
        }
    }

    #[test]
    fn servers_of_one_transaction_write_into_one_trace() {
        let id = "0123456789abcdefABCDEF0123456789".repeat(2);
        assert_eq!(trace_id(&id), "0123456789abcdefabcdef0123456789");
        for other in ["", "t1", &"0".repeat(64)] {
            let hashed = trace_id(other);
            assert_eq!(hashed.len(), 32, "{other}");
            assert_ne!(hashed, "0".repeat(32));
        }
    }

    #[test]
    fn a_document_is_what_a_collector_reads() {
        let resource = SpanResource {
            service: "cmscc-org1".to_owned(),
            instance: "a".to_owned(),
            version: "0.0.0",
        };
        let spans = [span("t1", false), span("t1", true)];
        let document: Value = serde_json::from_str(&document(&resource, &spans, 7)).unwrap();
        let resource = &document["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0],
            json!({"key": "service.name", "value": {"stringValue": "cmscc-org1"}})
        );
        let spans = &resource["scopeSpans"][0]["spans"];
        assert_eq!(spans[0]["name"], "GetConfig");
        assert_eq!(spans[0]["startTimeUnixNano"], "1799999999998000005");
        assert_eq!(spans[0]["endTimeUnixNano"], "1800000000000000005");
        assert_eq!(spans[0]["status"], json!({}));
        assert_eq!(
            spans[1]["status"],
            json!({"code": 2, "message": "TIMED_OUT"})
        );
        assert_eq!(spans[0]["traceId"], spans[1]["traceId"]);
        assert_ne!(spans[0]["spanId"], spans[1]["spanId"]);
        assert_eq!(spans[0]["spanId"].as_str().unwrap().len(), 16);
    }
}
