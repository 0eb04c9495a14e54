//! Addresses of orderers and anchor peers.

use std::collections::BTreeSet;

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{ConfigTree, GroupRef, values},
    review::diff::each_anchor_peer,
};

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let known = addresses(subject.current.tree());
    for address in addresses(subject.result).difference(&known) {
        let Address {
            path,
            host,
            port,
            text,
        } = address;
        let fault = match port.parse::<u16>() {
            Ok(0) | Err(_) => "its port is not 1 to 65535",
            Ok(_) if !is_host(host) => "its host is neither a name nor an address",
            Ok(_) => continue,
        };
        let text = format!("nobody can connect to `{text}`: {fault}; write `host:port`");
        lint.add(
            FindingId::MalformedEndpoint,
            Severity::Warning,
            path.clone(),
            text,
        );
    }
}

/// An address of the config.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    path: String,
    /// The whole address, as it stands in the value.
    text: String,
    /// What stands before the last `:`, without brackets; empty for an IPv6 address without them.
    host: String,
    port: String,
}

fn addresses(tree: &ConfigTree) -> BTreeSet<Address> {
    let mut out = BTreeSet::new();
    let Some(root) = tree.root() else {
        return out;
    };
    orderers(root, "OrdererAddresses", &mut out);
    let orgs = |section| root.group(section).into_iter().flat_map(|s| s.groups());
    for org in orgs("Orderer") {
        orderers(org, "Endpoints", &mut out);
    }
    for org in orgs("Application") {
        let Some(value) = org.value("AnchorPeers") else {
            continue;
        };
        let path = value.path();
        // what does not decode is refused
        let _ = each_anchor_peer(value.bytes(), |host, port| {
            out.insert(Address {
                path: path.clone(),
                text: format!("{host}:{port}"),
                host: host.to_owned(),
                port: port.to_string(),
            });
        });
    }
    out
}

fn orderers(group: GroupRef<'_>, key: &str, out: &mut BTreeSet<Address>) {
    let Some(value) = group.value(key) else {
        return;
    };
    let path = value.path();
    for address in values::addresses(value.bytes()).unwrap_or_default() {
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        // an IPv6 address stands in brackets before a port
        let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = match inner {
            Some(inner) => inner,
            None if host.contains(':') => "",
            None => host,
        };
        out.insert(Address {
            path: path.clone(),
            text: address.clone(),
            host: host.to_owned(),
            port: port.to_owned(),
        });
    }
}

/// A host name or an address, as far as its characters tell.
fn is_host(host: &str) -> bool {
    let version_6 = host.matches(':').count() >= 2;
    let legal = |b: u8| match version_6 {
        true => b.is_ascii_hexdigit() || matches!(b, b':' | b'.'),
        false => b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'),
    };
    // a name may end with the root's dot
    let labels = host.strip_suffix('.').unwrap_or(host);
    let whole = version_6 || labels.split('.').all(|label| !label.is_empty());
    (1..=253).contains(&host.len()) && host.bytes().all(legal) && whole
}
