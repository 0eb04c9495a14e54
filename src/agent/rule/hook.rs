//! Whom to tell, of what.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use http::Uri;

use super::network::AddressRange;
use crate::agent::notice::NoticeKind;

/// Somebody to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it is called in logs, metrics and files.
    pub name: String,
    /// Of what; empty: of everything.
    pub on: BTreeSet<NoticeKind>,
    /// Of which channels; empty: of all.
    pub channels: BTreeSet<String>,
    /// How.
    pub target: HookTarget,
    /// How long telling may take.
    pub timeout: Duration,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookTarget {
    /// A program and its arguments, started without a shell; the document is its standard input.
    Exec(Vec<String>),
    /// A request to a web server.
    Webhook(Webhook),
}

/// A web server that takes notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where it is.
    pub url: Uri,
    /// The file with the secret by which it knows the sender; read for each request.
    pub secret_file: Option<PathBuf>,
    /// A PEM file with CAs that may have issued its certificate, in place of those of the system.
    pub ca_file: Option<PathBuf>,
    /// Private addresses that it may have.
    pub(in crate::agent) addresses: Vec<AddressRange>,
}

impl Hook {
    /// Whether it is told of this.
    #[must_use]
    pub fn wants(&self, kind: NoticeKind, channel: &str) -> bool {
        let by_kind = self.on.is_empty() || self.on.contains(&kind) || kind == NoticeKind::Test;
        by_kind && (self.channels.is_empty() || self.channels.contains(channel))
    }
}

impl Webhook {
    /// Whether it is asked by TLS.
    pub(in crate::agent) fn is_tls(&self) -> bool {
        self.url.scheme_str() == Some("https")
    }

    /// Its host, as the URL has it.
    pub(in crate::agent) fn host(&self) -> &str {
        let host = self.url.host().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Its port.
    pub(in crate::agent) fn port(&self) -> u16 {
        let by_scheme = if self.is_tls() { 443 } else { 80 };
        self.url.port_u16().unwrap_or(by_scheme)
    }
}

/// A URL that requests may go to.
///
/// # Errors
/// What is wrong with it, in words. That one without TLS may only be of one's own machine is found out
/// when it is asked, by its address.
pub(super) fn url(text: &str) -> Result<Uri, String> {
    let url: Uri = text
        .parse()
        .map_err(|error| format!("`{text}` is no URL: {error}"))?;
    let authority = url.authority().map_or("", |authority| authority.as_str());
    match url.scheme_str() {
        Some("https" | "http") if authority.contains('@') => {
            Err("a URL holds no password: `secret_file` names a file with a secret".to_owned())
        }
        Some("https" | "http") if url.host().is_some_and(|host| !host.is_empty()) => Ok(url),
        _ => Err(format!("`{text}` is no URL: one is `https://host/path`")),
    }
}
