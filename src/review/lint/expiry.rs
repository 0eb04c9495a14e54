//! Certificates that have expired, or soon will have.

use super::finding::{FindingId, Findings, Severity};
use crate::{identity::Certificate, ids::UnixTime, json::time_text};

/// Certificates that expire within this time are worth a word. Unit: seconds.
const SOON: i64 = 90 * 86_400;

/// Says when a certificate has expired, or soon will have.
pub(super) fn expiry(
    now: UnixTime,
    path: &str,
    what: &str,
    certificate: &Certificate,
    severity: Severity,
    lint: &mut Findings,
) {
    let end = certificate.not_after();
    let (id, verb) = if end < now.seconds {
        (FindingId::CertificateExpired, "expired")
    } else if end < now.seconds.saturating_add(SOON) {
        (FindingId::CertificateExpiresSoon, "expires")
    } else {
        return;
    };
    let text = format!(
        "the {what} certificate `{}` {verb} at {}: renew it",
        certificate.subject(),
        time_text(end).unwrap_or_default()
    );
    lint.add(id, severity, path.to_owned(), text);
}
