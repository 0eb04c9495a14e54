//! Orderer nodes: whether enough of them remain, and their certificates.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{
    expiry::expiry,
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{BFT, Bundle, RAFT, RaftMetadata, quorum, values::Consenter},
    identity::Certificate,
};

/// Where raft's consenters are listed.
const RAFT_PATH: &str = "/Channel/Orderer/ConsensusType";

/// Names of a certificate that one line names.
const NAMED: usize = 10;

/// The nodes that agree on blocks.
struct Cluster {
    /// How many of the nodes must run for blocks to be ordered.
    quorum: usize,
    /// How many may fail, in the worst way that the protocol is made for.
    failures: usize,
    nodes: Vec<OrdererNode>,
    /// The path of the value that lists the nodes; it differs between raft and BFT.
    path: &'static str,
}

struct OrdererNode {
    /// `host:port`, for the text of a finding.
    place: String,
    host: String,
    /// Its TLS certificates, PEM: as a server, and as a client.
    tls: [Bytes; 2],
    /// The certificate by which the others know it, PEM: raft has the TLS client certificate, BFT
    /// the signing one.
    key: Bytes,
    /// All its certificates, PEM, that one included.
    certificates: Vec<Bytes>,
}

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let (Some(before), Some(after)) = (cluster(subject.current), cluster(next)) else {
        return;
    };
    if before.path == after.path {
        running(&before, &after, lint);
    }
    tolerance(&before, &after, lint);
    for node in &after.nodes {
        let is_known = |old: &OrdererNode| old.host == node.host && old.tls == node.tls;
        if !before.nodes.iter().any(is_known) {
            fitting(node, after.path, lint);
        }
    }
    let known: BTreeSet<&Bytes> = before.nodes.iter().flat_map(|n| &n.certificates).collect();
    for node in &after.nodes {
        let new: BTreeSet<&Bytes> = (node.certificates.iter())
            .filter(|certificate| !known.contains(certificate))
            .collect();
        for pem in new {
            if let Ok(certificate) = Certificate::from_pem(pem) {
                let what = format!("consenter `{}`'s", node.place);
                let severity = Severity::Warning;
                expiry(subject.now, after.path, &what, &certificate, severity, lint);
            }
        }
    }
}

fn cluster(bundle: &Bundle) -> Option<Cluster> {
    let consensus = bundle.consensus()?;
    match &*consensus.name {
        RAFT => {
            let raft = RaftMetadata::parse(&consensus.metadata).ok()?;
            let nodes = raft.consenters.into_iter().map(|node| OrdererNode {
                place: format!("{}:{}", node.host, node.port),
                host: node.host,
                tls: [node.server_tls_cert.clone(), node.client_tls_cert.clone()],
                key: node.client_tls_cert.clone(),
                certificates: vec![node.client_tls_cert, node.server_tls_cert],
            });
            let nodes: Vec<OrdererNode> = nodes.collect();
            Some(Cluster {
                quorum: (nodes.len() / 2).saturating_add(1),
                failures: nodes.len().saturating_sub(1) / 2,
                nodes,
                path: RAFT_PATH,
            })
        }
        BFT => {
            let node = |node: &Consenter| OrdererNode {
                place: format!("{}:{}", node.host, node.port),
                host: node.host.clone(),
                tls: [node.server_tls_cert.clone(), node.client_tls_cert.clone()],
                key: node.identity.clone(),
                certificates: vec![
                    node.identity.clone(),
                    node.client_tls_cert.clone(),
                    node.server_tls_cert.clone(),
                ],
            };
            let nodes: Vec<OrdererNode> = bundle.consenters().iter().map(node).collect();
            Some(Cluster {
                quorum: quorum(nodes.len()),
                failures: nodes.len().saturating_sub(1) / 3,
                nodes,
                path: "/Channel/Orderer/Orderers",
            })
        }
        _ => None,
    }
}

/// New nodes do not run yet when the update takes effect: those that stay must be enough.
fn running(before: &Cluster, after: &Cluster, lint: &mut Findings) {
    let known: BTreeSet<&Bytes> = before.nodes.iter().map(|node| &node.key).collect();
    let (kept, new): (Vec<&OrdererNode>, Vec<&OrdererNode>) =
        (after.nodes.iter()).partition(|node| known.contains(&node.key));
    if !new.is_empty() && kept.len() < after.quorum {
        let names: Vec<&str> = new.iter().map(|node| node.place.as_str()).collect();
        // it was measured: the orderer takes the update, and no block comes
        let is_alone = before.path == RAFT_PATH && before.nodes.len() == 1 && kept.is_empty();
        let text = match is_alone {
            true => format!(
                "the only consenter gets other certificates: the orderer takes the update, and makes no block of it, \
                 nor of anything behind it; add a second consenter first, then `{}`",
                names.join("`, `")
            ),
            false => format!(
                "{} of {} consenters must run and only {} were there before: ordering stops until `{}` \
             runs with its new certificate; have it ready, or change one consenter at a time",
                after.quorum,
                after.nodes.len(),
                kept.len(),
                names.join("`, `")
            ),
        };
        lint.add(
            FindingId::ConsenterQuorum,
            Severity::Warning,
            after.path.to_owned(),
            text,
        );
    }
}

/// Whether the other nodes could speak TLS with it: consenters dial each other by host.
// Fabric: orderer/common/cluster, PredicateDialer and the server; crypto/tls of Go verifies names and usages
fn fitting(node: &OrdererNode, path: &str, lint: &mut Findings) {
    let [server, client] = node
        .tls
        .each_ref()
        .map(|pem| Certificate::from_pem(pem).ok());
    let mut faults = Vec::new();
    if let Some(server) = &server {
        let mut names = server.server_names();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if !server.is_for_server(&node.host) {
            let names = match names.as_slice() {
                [] => "it has no alternative name".to_owned(),
                names if more == 0 => format!("it is for `{}`", names.join("`, `")),
                names => format!("it is for `{}` and {more} more", names.join("`, `")),
            };
            faults.push(format!(
                "server tls certificate is not for `{}`: {names}",
                node.host
            ));
        }
        if !server.tls_uses().0 {
            faults.push(
                "server tls certificate is not for servers, by its extended key usage".to_owned(),
            );
        }
    }
    if client.is_some_and(|client| !client.tls_uses().1) {
        faults.push(
            "client tls certificate is not for clients, by its extended key usage".to_owned(),
        );
    }
    for fault in faults {
        let text = format!(
            "consenter `{}`'s {fault}; the others do not connect to it",
            node.place
        );
        let id = FindingId::ConsenterCertificate;
        lint.add(id, Severity::Warning, path.to_owned(), text);
    }
}

fn tolerance(before: &Cluster, after: &Cluster, lint: &mut Findings) {
    let (old, new) = (before.failures, after.failures);
    if new < old {
        let text = format!(
            "ordering would survive the failure of {new} instead of {old} consenters: add one, or \
             make sure that this is wanted"
        );
        lint.add(
            FindingId::ConsenterQuorum,
            Severity::Warning,
            after.path.to_owned(),
            text,
        );
    }
}
