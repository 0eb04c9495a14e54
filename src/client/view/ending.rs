//! Certificates of a config that end soon.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::{
        ConfigTree, GroupRef, RAFT, RaftMetadata,
        values::{ConsensusType, Consenter},
    },
    identity::{Certificate, CertificateUse, ListedCertificate, MspDefinition},
    json::time_text,
};

/// Certificates that end within this time are shown. Unit: seconds.
pub const WITHIN: i64 = 90 * 86_400;

/// A certificate that ends soon, or has ended.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct EndingView {
    /// What it does to whom.
    pub effect: String,
    /// SHA-256 of its DER form.
    pub fingerprint: String,
    /// When it ends.
    pub not_after: String,
    /// The path of the value that lists it; the first one where several do.
    pub path: String,
    /// The subject.
    pub subject: String,
    /// What it is for, such as `root ca of Org1MSP` or `consenter orderer1:7050 server tls`.
    #[serde(rename = "use")]
    pub purpose: String,
}

/// The certificates of a config that end before a time, the next one first; each once, whatever lists
/// it.
#[must_use]
pub fn ending(config: &ConfigTree, before: i64) -> Vec<EndingView> {
    found(config, before, None)
}

/// The same of one organisation, by its MSP id, and of consenters.
// SECURITY: another one may list the same certificates, and have a name that ends like this one's
#[must_use]
pub fn ending_of(config: &ConfigTree, before: i64, msp_id: &str) -> Vec<EndingView> {
    found(config, before, Some(msp_id))
}

fn found(config: &ConfigTree, before: i64, msp_id: Option<&str>) -> Vec<EndingView> {
    let mut found = Endings {
        before,
        msp_id,
        ends: BTreeMap::new(),
    };
    for section in ["Application", "Orderer"] {
        let Some(group) = config.group(&[section]) else {
            continue;
        };
        for org in group.groups() {
            found.organization(org);
        }
        found.consenters(group);
    }
    let mut ends: Vec<_> = found.ends.into_values().collect();
    ends.sort_by(|(end, one), (other_end, other)| {
        (end, &one.path, &one.fingerprint).cmp(&(other_end, &other.path, &other.fingerprint))
    });
    ends.into_iter().map(|(_, one)| one).collect()
}

/// When a certificate of one's own ends; the time is in seconds since 1970.
#[must_use]
pub fn own_ending(purpose: &str, effect: &str, pem: &[u8]) -> Option<(i64, EndingView)> {
    let listed = ListedCertificate::read(CertificateUse::TlsRoot, pem);
    let certificate = listed.certificate.as_ref().ok()?;
    let end = certificate.not_after();
    let view = EndingView {
        effect: effect.to_owned(),
        fingerprint: listed.fingerprint.to_string(),
        not_after: time_text(end).unwrap_or_default(),
        path: String::new(),
        subject: certificate.subject().to_owned(),
        purpose: purpose.to_owned(),
    };
    Some((end, view))
}

/// What was found so far, by fingerprint.
struct Endings<'a> {
    before: i64,
    /// Of which organisation alone.
    msp_id: Option<&'a str>,
    ends: BTreeMap<String, (i64, EndingView)>,
}

impl Endings<'_> {
    fn organization(&mut self, org: GroupRef<'_>) {
        let Some(value) = org.value("MSP") else {
            return;
        };
        let Ok(definition) = MspDefinition::read(value.bytes()) else {
            return;
        };
        if (self.msp_id).is_some_and(|msp_id| definition.id.as_str() != msp_id) {
            return;
        }
        for listed in &definition.certificates {
            let effect = match listed.purpose {
                CertificateUse::Root | CertificateUse::Intermediate => {
                    "nobody whom it certified is valid then".to_owned()
                }
                CertificateUse::Admin => "it cannot sign as an admin then".to_owned(),
                CertificateUse::TlsRoot | CertificateUse::TlsIntermediate => {
                    "nodes whom it certified are not reached".to_owned()
                }
            };
            if let Ok(certificate) = &listed.certificate {
                let purpose = format!("{} of {}", listed.purpose.name(), definition.id);
                self.note(certificate, listed, purpose, value.path(), effect);
            }
        }
    }

    fn consenters(&mut self, group: GroupRef<'_>) {
        let orderers = group.value("Orderers");
        let listed = orderers.map(|value| Consenter::parse_all(value.bytes()).unwrap_or_default());
        let path = orderers.map(|value| value.path());
        for node in listed.into_iter().flatten() {
            let path = path.clone().unwrap_or_default();
            let certificates = [
                ("identity", &node.identity),
                ("client tls", &node.client_tls_cert),
                ("server tls", &node.server_tls_cert),
            ];
            self.consenter(&node.host, node.port, &path, certificates);
        }
        let consensus = group.value("ConsensusType");
        let Some((value, consensus)) = consensus
            .and_then(|value| Some((value, ConsensusType::parse(value.bytes()).ok()?)))
            .filter(|(_, consensus)| consensus.name == RAFT)
        else {
            return;
        };
        let raft = RaftMetadata::parse(&consensus.metadata).ok();
        for node in raft.into_iter().flat_map(|raft| raft.consenters) {
            let certificates = [
                ("client tls", &node.client_tls_cert),
                ("server tls", &node.server_tls_cert),
            ];
            self.consenter(&node.host, node.port, &value.path(), certificates);
        }
    }

    fn consenter<'a>(
        &mut self,
        host: &str,
        port: u32,
        path: &str,
        certificates: impl IntoIterator<Item = (&'a str, &'a bytes::Bytes)>,
    ) {
        for (what, pem) in certificates {
            let listed = ListedCertificate::read(CertificateUse::TlsRoot, pem);
            if let Ok(certificate) = &listed.certificate {
                let purpose = format!("consenter {host}:{port} {what}");
                let effect = "it stops replicating".to_owned();
                self.note(certificate, &listed, purpose, path.to_owned(), effect);
            }
        }
    }

    fn note(
        &mut self,
        certificate: &Certificate,
        listed: &ListedCertificate,
        purpose: String,
        path: String,
        effect: String,
    ) {
        let end = certificate.not_after();
        let fingerprint = listed.fingerprint.to_string();
        if end >= self.before || self.ends.contains_key(&fingerprint) {
            return;
        }
        let view = EndingView {
            effect,
            fingerprint: fingerprint.clone(),
            not_after: time_text(end).unwrap_or_default(),
            path,
            subject: certificate.subject().to_owned(),
            purpose,
        };
        self.ends.insert(fingerprint, (end, view));
    }
}
