//! Peers and orderers: addresses, and how to speak TLS with them.

use std::path::Path;

use super::{
    endpoint::{ClientTlsFiles, PeerEndpoint},
    file::ProfilePeer,
    layers::{Layer, PlacedValue},
    origin::Origin,
    resolver::Resolver,
    setting::Setting,
};
use crate::{
    client::{ClientError, Exit, keys::plain},
    crypto::pem,
    identity::Certificate,
};

/// What is said of TLS with one server.
struct TlsWords {
    is_on: bool,
    root_certs: Option<PlacedValue>,
    /// Which setting names the root certificates.
    root_setting: Setting,
}

impl Resolver<'_> {
    /// One's own peers: all of the nearest place that names some.
    pub(super) fn peers(&mut self) -> Vec<PeerEndpoint> {
        let client = self.client_pair();
        let found = self.layers.find(Setting::PeerAddress);
        let of_profile = self.peers_of_profile(found.as_ref().map(|found| found.layer));
        if let Some((layer, name, peers)) = of_profile {
            self.peers_at = Some(layer);
            let made = peers.iter().filter_map(|peer| {
                let found = PlacedValue {
                    values: vec![peer.address.clone()],
                    origin: Origin::Profile(name.clone(), "peers"),
                    layer,
                };
                self.note(Setting::PeerAddress, &found);
                self.peer(&peer.address, &found, peer, client.as_ref())
            });
            return made.collect();
        }
        let Some(found) = found else {
            self.missing(Setting::PeerAddress);
            return Vec::new();
        };
        self.peers_at = Some(found.layer);
        self.note(Setting::PeerAddress, &found);
        let none = ProfilePeer::default();
        let addresses = found.values.iter();
        let made =
            addresses.filter_map(|address| self.peer(address, &found, &none, client.as_ref()));
        made.collect()
    }

    /// The profile's peers, if no nearer place than the profile names others.
    fn peers_of_profile(
        &self,
        nearest: Option<Layer>,
    ) -> Option<(Layer, String, Vec<ProfilePeer>)> {
        let profile = self.layers.profile()?;
        let layer = match profile.is_named {
            true => Layer::Named,
            false => Layer::Current,
        };
        let counts = nearest.is_none_or(|nearest| layer < nearest);
        let peers = profile.profile.peers.clone();
        (counts && !peers.is_empty()).then(|| (layer, profile.name.clone(), peers))
    }

    /// A peer; `own` is what its profile says of it alone.
    fn peer(
        &mut self,
        address: &str,
        found: &PlacedValue,
        own: &ProfilePeer,
        client: Option<&(Vec<u8>, Vec<u8>)>,
    ) -> Option<PeerEndpoint> {
        if !self.check_address(Setting::PeerAddress, address, found) {
            return None;
        }
        let server_name = self.own_or(
            Setting::ServerName,
            own.server_name.clone(),
            found,
            |layer| {
                // the name belongs to the address: one from a farther place is another server's
                layer <= found.layer
            },
        );
        let root_certs = own.tls_root_cert.as_ref().and_then(|path| {
            let profile = self.layers.profile()?;
            Some(profile.path(self.layers.surroundings(), path))
        });
        let root_certs = self.own_or(Setting::TlsRootCert, root_certs, found, |_| true);
        let tls = own.tls.map(|tls| tls.to_string());
        let tls = self.own_or(Setting::Tls, tls, found, |_| true);
        let words = self.words(tls.as_ref(), root_certs, Setting::TlsRootCert)?;
        let tls = match words.is_on {
            true => Some(self.tls(address, &words, client)?),
            false => None,
        };
        let server_name = server_name.map(|found| {
            self.note(Setting::ServerName, &found);
            found.value().to_owned()
        });
        Some(PeerEndpoint {
            address: address.to_owned(),
            tls,
            server_name,
        })
    }

    /// An orderer.
    pub(super) fn endpoint_of_orderer(&mut self, found: &PlacedValue) -> Option<PeerEndpoint> {
        let address = found.value().to_owned();
        if !self.check_address(Setting::Orderer, &address, found) {
            return None;
        }
        let server_name = self
            .layers
            .find_where(Setting::OrdererServerName, |layer| layer <= found.layer);
        let own = self
            .layers
            .profile()
            .and_then(|profile| profile.profile.orderer.as_ref());
        let tls = own
            .and_then(|orderer| orderer.tls)
            .map(|tls| tls.to_string());
        let tls = match (found.layer, tls) {
            (Layer::Named | Layer::Current, Some(tls)) => Some(PlacedValue {
                values: vec![tls],
                origin: found.origin.clone(),
                layer: found.layer,
            }),
            _ => self.layers.find(Setting::Tls),
        };
        let root_certs = self.layers.find(Setting::OrdererCa);
        let words = self.words(tls.as_ref(), root_certs, Setting::OrdererCa)?;
        let client = self.client_pair();
        let tls = match words.is_on {
            true => Some(self.tls(&address, &words, client.as_ref())?),
            false => None,
        };
        let server_name = server_name.map(|found| {
            self.note(Setting::OrdererServerName, &found);
            found.value().to_owned()
        });
        Some(PeerEndpoint {
            address,
            tls,
            server_name,
        })
    }

    /// What a profile says of one peer, unless a nearer place says it for all.
    fn own_or(
        &self,
        setting: Setting,
        own: Option<String>,
        peer: &PlacedValue,
        counts: impl Fn(Layer) -> bool,
    ) -> Option<PlacedValue> {
        let Some(own) = own else {
            return self.layers.find_where(setting, counts);
        };
        let nearer = self
            .layers
            .find_where(setting, |layer| layer < peer.layer && counts(layer));
        nearer.or_else(|| {
            let origin = match &peer.origin {
                Origin::Profile(name, _) => Origin::Profile(name.clone(), setting.key()),
                other => other.clone(),
            };
            Some(PlacedValue {
                values: vec![own],
                origin,
                layer: peer.layer,
            })
        })
    }

    /// Whether TLS is spoken: the nearest place that says anything of it decides, and a CA there means
    /// yes.
    fn words(
        &mut self,
        tls: Option<&PlacedValue>,
        root_certs: Option<PlacedValue>,
        root_setting: Setting,
    ) -> Option<TlsWords> {
        let is_on = match (tls, &root_certs) {
            (Some(tls), Some(root)) if root.layer < tls.layer => true,
            (Some(found), _) => {
                self.note_once(Setting::Tls, found);
                match found.value().to_ascii_lowercase().as_str() {
                    "true" | "t" | "1" => true,
                    "false" | "f" | "0" => false,
                    _ => {
                        self.wrong(Setting::Tls, found, "neither `true` nor `false`");
                        return None;
                    }
                }
            }
            (None, root) => root.is_some(),
        };
        if let Some(root) = root_certs.as_ref().filter(|_| is_on) {
            self.note_once(root_setting, root);
        }
        Some(TlsWords {
            is_on,
            root_certs,
            root_setting,
        })
    }

    fn tls(
        &mut self,
        address: &str,
        words: &TlsWords,
        client: Option<&(Vec<u8>, Vec<u8>)>,
    ) -> Option<ClientTlsFiles> {
        let Some(found) = &words.root_certs else {
            let what = words.root_setting.names().what;
            let message = format!("TLS is on for `{address}`, and no {what} is given");
            let error = ClientError::new(Exit::Usage, "SETTING_MISSING", message);
            self.errors.push(error.hint(words.root_setting.how()));
            return None;
        };
        let mut root_certs = Vec::new();
        for path in &found.values {
            root_certs.extend(self.certificates(words.root_setting, path, &found.origin)?);
        }
        Some(ClientTlsFiles {
            root_certs,
            client: client.cloned(),
        })
    }

    /// Certificate and key of mutual TLS, where both are given.
    fn client_pair(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let is_required = self.layers.must_show_client_certificate();
        let pair = [Setting::TlsClientCert, Setting::TlsClientKey].map(|setting| {
            let layers = &self.layers;
            layers.find_where(setting, |layer| layers.shows_client_certificate(layer))
        });
        match pair {
            [Some(certificate), Some(key)] => {
                self.note_once(Setting::TlsClientCert, &certificate);
                self.note_once(Setting::TlsClientKey, &key);
                let chain = self.certificates(
                    Setting::TlsClientCert,
                    certificate.value(),
                    &certificate.origin,
                )?;
                let key = self.content(Setting::TlsClientKey, key.value(), &key.origin)?;
                Some((chain, key))
            }
            [None, None] if !is_required => None,
            [None, None] => {
                self.missing_once(Setting::TlsClientCert);
                self.missing_once(Setting::TlsClientKey);
                None
            }
            [None, Some(_)] => {
                self.missing_once(Setting::TlsClientCert);
                None
            }
            [Some(_), None] => {
                self.missing_once(Setting::TlsClientKey);
                None
            }
        }
    }

    /// A file that holds at least one certificate.
    fn certificates(&mut self, setting: Setting, path: &str, origin: &Origin) -> Option<Vec<u8>> {
        let content = self.content(setting, path, origin)?;
        let mut all = pem::blocks(&content).map(|block| Certificate::from_der(block.content));
        let is_good = all.next().is_some_and(|first| first.is_ok()) && all.all(|one| one.is_ok());
        drop(all);
        if !is_good {
            self.unreadable(setting, path, origin, "it is no file of PEM certificates");
            return None;
        }
        Some(content)
    }

    fn content(&mut self, setting: Setting, path: &str, origin: &Origin) -> Option<Vec<u8>> {
        match (self.layers.surroundings().read)(Path::new(path)) {
            Ok(content) => Some(content),
            Err(error) => {
                self.unreadable(setting, path, origin, &plain(&error));
                None
            }
        }
    }

    fn unreadable(&mut self, setting: Setting, path: &str, origin: &Origin, why: &str) {
        let what = setting.names().what;
        let message = format!("the {what} `{path}` of {origin} cannot be read: {why}");
        let error = ClientError::new(Exit::Usage, "SETTING_FILE_UNREADABLE", message);
        self.add_once(error.hint(setting.how()));
    }

    fn check_address(&mut self, setting: Setting, address: &str, found: &PlacedValue) -> bool {
        let is_good = address.rsplit_once(':').is_some_and(|(host, port)| {
            let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
            is_port && !host.is_empty() && !host.contains(['/', ' ', '@'])
        });
        if !is_good {
            let found = PlacedValue {
                values: vec![address.to_owned()],
                ..found.clone()
            };
            self.wrong(setting, &found, "not HOST:PORT");
        }
        is_good
    }
}
