//! Connection profiles of Fabric's clients.
// Fabric: internal/peer/common/networkconfig.go

use std::{collections::BTreeMap, io, path::Path};

use serde::Deserialize;
use serde_yaml_ng::Value;

use super::made::{ImportedAuthority, ImportedFile, ImportedProfile, failed};
use crate::{
    client::{
        ClientError,
        keys::plain,
        profile::file::{Profile, ProfilePeer},
    },
    crypto::pem,
    identity::Certificate,
    ids::Digest,
};

/// The parts of a connection profile that are looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConnectionProfile {
    client: ConnectionClient,
    channels: BTreeMap<String, ConnectionChannel>,
    organizations: BTreeMap<String, ConnectionOrganization>,
    peers: BTreeMap<String, ConnectionServer>,
    orderers: BTreeMap<String, ConnectionServer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConnectionClient {
    organization: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConnectionChannel {
    orderers: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConnectionOrganization {
    mspid: Option<String>,
    peers: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConnectionServer {
    url: String,
    #[serde(rename = "tlsCACerts")]
    tls_ca_certs: Option<ConnectionCerts>,
    grpc_options: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConnectionCerts {
    pem: Option<OneOrMore>,
    path: Option<String>,
}

/// CAs may have a list where others have one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

type ReadPath<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

impl ConnectionProfile {
    pub(super) fn parse(text: &[u8]) -> Result<Self, ClientError> {
        // JSON is YAML, too; its own reader says better what is wrong with it
        let is_json = text.trim_ascii_start().starts_with(b"{");
        let read: Result<Self, String> = match is_json {
            true => serde_json::from_slice(text).map_err(|error| error.to_string()),
            false => serde_yaml_ng::from_slice(text).map_err(|error| error.to_string()),
        };
        read.map_err(|error| failed(format!("it is no connection profile: {error}")))
    }

    /// The profile of an organisation in it, under this name.
    pub(super) fn profile(
        &self,
        name: String,
        organization: &str,
        read: ReadPath<'_>,
    ) -> Result<ImportedProfile, ClientError> {
        let (_, found) = self.organization(Some(organization))?;
        let mut made = ImportedProfile {
            name,
            profile: Profile {
                msp_id: found.mspid.clone(),
                ..Profile::default()
            },
            files: Vec::new(),
            authorities: Vec::new(),
            certificate: None,
            notes: Vec::new(),
        };
        let mut channels = self.channels.iter().filter(|(name, _)| *name != "_default");
        let channel = match (channels.next(), channels.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        made.profile.channel = channel.map(|(name, _)| name.clone());

        let names = found.peers.clone().unwrap_or_default();
        let mut servers = Vec::new();
        for name in &names {
            match self.peers.get(name) {
                Some(peer) => servers.push((name, peer)),
                None => made.notes.push(format!(
                    "peer `{name}` of `{organization}` is not described"
                )),
            }
        }
        if servers.is_empty() {
            let message = format!("`{organization}` has no peers in it");
            return Err(failed(message));
        }
        let mut roots = Vec::new();
        for (name, server) in servers {
            made.profile
                .peers
                .push(server.endpoint("peer", name, &mut roots, read)?);
        }
        add_roots("peers", "peers-ca.pem", &roots, &mut made);
        if !roots.is_empty() {
            made.profile.tls_root_cert = Some(made.path("peers-ca.pem"));
        }

        let of_channel = channel.and_then(|(_, channel)| channel.orderers.as_ref()?.first());
        let orderer = match of_channel {
            Some(name) => self.orderers.get_key_value(name),
            None => self.orderers.first_key_value(),
        };
        if let Some((orderer, server)) = orderer {
            let mut roots = Vec::new();
            let mut endpoint = server.endpoint("orderer", orderer, &mut roots, read)?;
            add_roots("orderer", "orderer-ca.pem", &roots, &mut made);
            endpoint.tls_root_cert = (!roots.is_empty()).then(|| made.path("orderer-ca.pem"));
            made.profile.orderer = Some(endpoint);
        }
        Ok(made)
    }

    /// The organisation of this name or MSP id, or the one that is the client's.
    pub(super) fn organization(
        &self,
        named: Option<&str>,
    ) -> Result<(&str, &ConnectionOrganization), ClientError> {
        let all = || {
            let names: Vec<&str> = self.organizations.keys().map(String::as_str).collect();
            format!("it has: {}", names.join(", "))
        };
        let own = named.or(self.client.organization.as_deref());
        if let Some(name) = own {
            let by_msp_id =
                |(_, org): &(&String, &ConnectionOrganization)| org.mspid.as_deref() == Some(name);
            let found = self.organizations.get_key_value(name);
            let found = found.or_else(|| self.organizations.iter().find(by_msp_id));
            return found
                .map(|(name, org)| (name.as_str(), org))
                .ok_or_else(|| {
                    failed(format!("there is no organization `{name}` in it")).hint(all())
                });
        }
        let mut organizations = self.organizations.iter();
        match (organizations.next(), organizations.next()) {
            (Some((name, org)), None) => Ok((name, org)),
            (None, _) => Err(failed(
                "it is no connection profile: it has no organizations",
            )),
            _ => Err(failed("it has several organizations: name yours by --org").hint(all())),
        }
    }
}

impl ConnectionServer {
    /// The server in the form of profiles; the CAs of its certificate are added to `roots`.
    fn endpoint(
        &self,
        kind: &str,
        name: &str,
        roots: &mut Vec<Certificate>,
        read: ReadPath<'_>,
    ) -> Result<ProfilePeer, ClientError> {
        let certs = self.tls_ca_certs.as_ref();
        let (tls, address) = match self.url.split_once("://") {
            Some(("grpcs", address)) => (true, address),
            Some(("grpc", address)) => (false, address),
            None => (certs.is_some(), self.url.as_str()),
            Some((scheme, _)) => {
                let message =
                    format!("{kind} `{name}` has an address of kind `{scheme}`, not grpc or grpcs");
                return Err(failed(message));
            }
        };
        let address = address.trim_end_matches('/');
        let Some((host, _)) = address.rsplit_once(':') else {
            let message = format!(
                "{kind} `{name}` has the address `{}`, which names no port",
                self.url
            );
            return Err(failed(message));
        };
        if tls {
            let texts = certs.map(|certs| certs.texts(read)).transpose();
            let texts = texts.map_err(|why| failed(format!("the CA of {kind} `{name}`: {why}")))?;
            for text in texts.unwrap_or_default() {
                for block in pem::blocks(&text) {
                    let certificate = Certificate::from_der(block.content)
                        .map_err(|error| failed(format!("the CA of {kind} `{name}`: {error}")))?;
                    if !roots.contains(&certificate) {
                        roots.push(certificate);
                    }
                }
            }
            if roots.is_empty() {
                let message = format!("{kind} `{name}` speaks TLS, and no CA of it is given");
                return Err(failed(message));
            }
        }
        Ok(ProfilePeer {
            address: address.to_owned(),
            tls: Some(tls),
            tls_root_cert: None,
            server_name: self.server_name().filter(|name| name != host),
        })
    }

    fn server_name(&self) -> Option<String> {
        let options = self.grpc_options.as_ref()?;
        let names = ["ssl-target-name-override", "hostnameOverride"];
        let found = names.iter().find_map(|name| options.get(*name)?.as_str());
        found.filter(|name| !name.is_empty()).map(str::to_owned)
    }
}

impl ConnectionCerts {
    fn texts(&self, read: ReadPath<'_>) -> Result<Vec<Vec<u8>>, String> {
        let pem = match &self.pem {
            Some(OneOrMore::One(text)) if !text.is_empty() => vec![text.as_bytes().to_vec()],
            Some(OneOrMore::More(texts)) => {
                texts.iter().map(|text| text.as_bytes().to_vec()).collect()
            }
            _ => Vec::new(),
        };
        if !pem.is_empty() {
            return Ok(pem);
        }
        let paths = self.path.iter().flat_map(|paths| paths.split(','));
        let paths = paths.map(str::trim).filter(|path| !path.is_empty());
        let texts = paths.map(|path| {
            let text = read(Path::new(path));
            text.map_err(|error| format!("`{path}` cannot be read: {}", plain(&error)))
        });
        texts.collect()
    }
}

/// Adds CAs as a file, in a form of our own: nothing but certificates gets in.
fn add_roots(
    of: &'static str,
    file: &'static str,
    roots: &[Certificate],
    made: &mut ImportedProfile,
) {
    if roots.is_empty() {
        return;
    }
    let text: String = roots.iter().map(Certificate::pem).collect();
    made.files.push(ImportedFile {
        name: file,
        content: text.into_bytes(),
    });
    made.authorities
        .extend(roots.iter().map(|root| ImportedAuthority {
            of,
            subject: root.subject(),
            fingerprint: Digest::of(root.der()),
        }));
}
