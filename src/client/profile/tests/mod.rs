//! Settings from all places, in memory.

mod places;
mod token;

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use super::*;
use crate::client::{ClientError, Exit, keys::IdentitySource};

/// A machine: variables and files.
#[derive(Clone, Default)]
struct Machine {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    flags: NetworkFlags,
}

const CA: &str = include_str!("../../../../tests/keys/p256.crt");
const OTHER_CA: &str = include_str!("../../../../tests/keys/p384.crt");

impl Machine {
    fn new() -> Self {
        Self::default().set("HOME", "/home/ada").file("/ca.pem", CA)
    }

    /// The environment of Fabric's test network.
    fn test_network() -> Self {
        Self::new()
            .set("CORE_PEER_TLS_ENABLED", "true")
            .set("CORE_PEER_LOCALMSPID", "Org1MSP")
            .set("CORE_PEER_TLS_ROOTCERT_FILE", "/ca.pem")
            .set("CORE_PEER_MSPCONFIGPATH", "/org1/msp")
            .set("CORE_PEER_ADDRESS", "localhost:7051")
            .set("CMSCC_CHANNEL", "mychannel")
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    fn profiles(self, text: &str) -> Self {
        self.file("/home/ada/.config/cmscc/config.toml", text)
    }

    fn flags(mut self, change: impl FnOnce(&mut NetworkFlags)) -> Self {
        change(&mut self.flags);
        self
    }

    fn with<T>(&self, of: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        of(&Surroundings {
            flags: &self.flags,
            variable: &|name| self.variables.get(name).cloned(),
            read: &|path: &Path| {
                let found = self.files.get(path).cloned();
                found.ok_or_else(|| io::Error::from(ErrorKind::NotFound))
            },
        })
    }

    fn resolve(&self) -> Result<(ClientSettings, Origins), Vec<ClientError>> {
        self.with(resolve)
    }

    fn settings(&self) -> ClientSettings {
        self.resolve().unwrap().0
    }

    /// What is wrong, a line each.
    fn errors(&self) -> Vec<String> {
        let errors = self.resolve().unwrap_err();
        assert!(errors.iter().all(|error| error.exit == Exit::Usage));
        errors.into_iter().map(|error| error.message).collect()
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn the_environment_of_peer_is_enough() {
    let (settings, origins) = Machine::test_network().resolve().unwrap();
    assert_eq!(
        settings,
        ClientSettings {
            profile: None,
            channel: "mychannel".into(),
            chaincode: "cmscc".to_owned(),
            msp_id: "Org1MSP".into(),
            identity: IdentitySource::MspFolder("/org1/msp".into()),
            peers: vec![PeerEndpoint {
                address: "localhost:7051".to_owned(),
                tls: Some(ClientTlsFiles {
                    root_certs: CA.into(),
                    client: None,
                }),
                server_name: None,
            }],
            orderer: None,
            state_dir: "/home/ada/.local/state/cmscc".into(),
            anchor: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(3),
        }
    );
    let origin = |setting| origins.of(setting).map(ToString::to_string);
    assert_eq!(origin(Setting::Channel), text("CMSCC_CHANNEL"));
    assert_eq!(origin(Setting::PeerAddress), text("CORE_PEER_ADDRESS"));
    assert_eq!(origin(Setting::MspFolder), text("CORE_PEER_MSPCONFIGPATH"));
    assert_eq!(origin(Setting::Chaincode), text("default"));
    assert_eq!(origin(Setting::Orderer), None);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let errors = Machine::default().resolve().unwrap_err();
    let told: Vec<_> = (errors.iter())
        .map(|error| (error.message.as_str(), error.hint.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "a channel is not given",
                "set --channel, CMSCC_CHANNEL, CHANNEL_NAME, or `channel` of a profile: such as mychannel; \
                 `peer channel list` shows those of your peer"
            ),
            (
                "an MSP id is not given",
                "set --msp-id, CMSCC_MSP_ID, CORE_PEER_LOCALMSPID, or `msp_id` of a profile: such as Org1MSP, \
                 as the channel's config calls your organisation"
            ),
            (
                "an MSP folder is not given",
                "set --msp-folder, CMSCC_MSP_FOLDER, CORE_PEER_MSPCONFIGPATH, or `msp_folder` of a profile: \
                 the folder `msp` of your admin, with `signcerts` and `keystore` in it, as `peer` takes it"
            ),
            (
                "a peer is not given",
                "set --peer-address, CMSCC_PEER_ADDRESS, CORE_PEER_ADDRESS, or `peers` of a profile: such as \
                 peer0.org1.example.com:7051"
            ),
            (
                "a state folder is not given",
                "set --state-dir, CMSCC_STATE_DIR, or `state_dir` of a profile: a folder that only you can write into"
            ),
        ]
    );
}

#[test]
fn what_is_wrong_names_where_it_stands() {
    let good = Machine::test_network;
    let cases: &[(&str, Machine, &[&str])] = &[
        (
            "address",
            good().set("CORE_PEER_ADDRESS", "grpcs://h:1"),
            &["the peer of CORE_PEER_ADDRESS is `grpcs://h:1`: not HOST:PORT"],
        ),
        (
            "port",
            good().set("CORE_PEER_ADDRESS", "h:99999"),
            &["the peer of CORE_PEER_ADDRESS is `h:99999`: not HOST:PORT"],
        ),
        (
            "tls and timeout",
            good()
                .set("CORE_PEER_TLS_ENABLED", "yes")
                .flags(|flags| flags.timeout = text("30")),
            &[
                "the time of a call of --timeout is `30`: no time such as `30s`, `500ms` or `2m`",
                "the use of TLS of CORE_PEER_TLS_ENABLED is `yes`: neither `true` nor `false`",
            ],
        ),
        (
            "no ca",
            good().set("CORE_PEER_TLS_ROOTCERT_FILE", ""),
            &["TLS is on for `localhost:7051`, and no CA of the peer's TLS certificate is given"],
        ),
        (
            "ca is not there",
            good().set("CORE_PEER_TLS_ROOTCERT_FILE", "/no.pem"),
            &[
                "the CA of the peer's TLS certificate `/no.pem` of CORE_PEER_TLS_ROOTCERT_FILE \
                 cannot be read: it does not exist",
            ],
        ),
        (
            "ca is none",
            good().file("/ca.pem", "x"),
            &[
                "the CA of the peer's TLS certificate `/ca.pem` of CORE_PEER_TLS_ROOTCERT_FILE \
                 cannot be read: it is no file of PEM certificates",
            ],
        ),
        (
            "mutual",
            good().set("CORE_PEER_TLS_CLIENTAUTHREQUIRED", "true"),
            &[
                "a client certificate of TLS is not given",
                "a client key of TLS is not given",
            ],
        ),
        (
            "half of mutual",
            good().flags(|flags| flags.tls_client_cert = text("/ca.pem")),
            &["a client key of TLS is not given"],
        ),
        (
            "token",
            good().set("CORE_PEER_BCCSP_DEFAULT", "PKCS11"),
            &[
                "a PKCS#11 library is not given",
                "a label of the token is not given",
            ],
        ),
        (
            "idemix",
            good().set("CORE_PEER_LOCALMSPTYPE", "idemix"),
            &["CORE_PEER_LOCALMSPTYPE asks for idemix identities, which are not supported"],
        ),
        (
            "profile",
            good().set("CMSCC_PROFILE", "x"),
            &["there is no profile `x`"],
        ),
        (
            "file of profiles",
            good().profiles("\n[profiles.x]\nhooks = 1"),
            &[
                "`/home/ada/.config/cmscc/config.toml` cannot be read: line 3: unknown field `hooks`",
            ],
        ),
        (
            "core.yaml",
            good()
                .set("FABRIC_CFG_PATH", "/cfg")
                .file("/cfg/core.yaml", "a: ["),
            &["`/cfg/core.yaml` cannot be read"],
        ),
    ];
    for (name, machine, expected) in cases {
        let errors = machine.errors();
        assert_eq!(errors.len(), expected.len(), "{name}: {errors:?}");
        for (error, expected) in errors.iter().zip(*expected) {
            assert!(error.starts_with(expected), "{name}: {error}");
        }
    }
}

/// Flag, own variable, named profile, variable of peer, of samples, current profile, core.yaml.
#[test]
fn the_nearest_place_counts() {
    let profile = "[profiles.p]\nmsp_id = \"ProfileMSP\"\n";
    let all = Machine::test_network()
        .flags(|flags| flags.msp_id = text("FlagMSP"))
        .set("CMSCC_MSP_ID", "OwnMSP")
        .set("CMSCC_PROFILE", "p")
        .set("MSP_ID", "SampleMSP")
        .set("FABRIC_CFG_PATH", "/cfg")
        .file("/cfg/core.yaml", "peer:\n  localMspId: YamlMSP\n")
        .profiles(profile);
    let drop = |machine: &Machine, name: &str| {
        let mut machine = machine.clone();
        machine.variables.remove(name);
        machine
    };
    let no_flag = all.clone().flags(|flags| flags.msp_id = None);
    let no_own = drop(&no_flag, "CMSCC_MSP_ID");
    let current = drop(&no_own, "CMSCC_PROFILE").profiles(&format!("current = \"p\"\n{profile}"));
    let no_peer = drop(&current, "CORE_PEER_LOCALMSPID");
    let no_sample = drop(&no_peer, "MSP_ID");
    let no_profile = no_sample.clone().profiles("");
    for (machine, msp_id, origin) in [
        (&all, "FlagMSP", "--msp-id"),
        (&no_flag, "OwnMSP", "CMSCC_MSP_ID"),
        (&no_own, "ProfileMSP", "profile p (msp_id)"),
        (&current, "Org1MSP", "CORE_PEER_LOCALMSPID"),
        (&no_peer, "SampleMSP", "MSP_ID"),
        (&no_sample, "ProfileMSP", "profile p (msp_id)"),
        (&no_profile, "YamlMSP", "/cfg/core.yaml (peer.localMspId)"),
    ] {
        let (settings, origins) = machine.resolve().unwrap();
        assert_eq!(settings.msp_id.as_str(), msp_id);
        assert_eq!(origins.of(Setting::MspId).unwrap().to_string(), origin);
    }
    // what is kept of a network belongs to the profile that names its peers, or was asked for
    assert_eq!(no_own.settings().profile, text("p"));
    assert_eq!(current.settings().profile, None);
}

#[test]
fn a_profile_has_several_peers() {
    let profiles = r#"
current = "org1"
[profiles.org1]
channel = "mychannel"
msp_id = "Org1MSP"
certificate = "cert.pem"
key = "~/key.pem"
tls_root_cert = "/ca.pem"
state_dir = "state"
trust_anchor = "/0.block"
timeout = "1m30s"
[[profiles.org1.peers]]
address = "peer0:7051"
[[profiles.org1.peers]]
address = "10.0.0.1:7051"
server_name = "peer1"
tls_root_cert = "other.pem"
[[profiles.org1.peers]]
address = "plain:7051"
tls = false
[profiles.org1.orderer]
address = "orderer:7050"
tls_root_cert = "/ca.pem"
server_name = "orderer0"
"#;
    let machine = Machine::new()
        .profiles(profiles)
        .file("/home/ada/.config/cmscc/other.pem", OTHER_CA);
    let (settings, origins) = machine.resolve().unwrap();
    let tls = |root: &str| {
        Some(ClientTlsFiles {
            root_certs: root.into(),
            client: None,
        })
    };
    let endpoint = |address: &str, tls, server_name| PeerEndpoint {
        address: address.to_owned(),
        tls,
        server_name,
    };
    let peers = [
        endpoint("peer0:7051", tls(CA), None),
        endpoint("10.0.0.1:7051", tls(OTHER_CA), text("peer1")),
        endpoint("plain:7051", None, None),
    ];
    assert_eq!(settings.peers, peers);
    assert_eq!(
        settings.orderer,
        Some(endpoint("orderer:7050", tls(CA), text("orderer0")))
    );
    assert_eq!(settings.profile, text("org1"));
    assert_eq!(
        settings.identity,
        IdentitySource::Files {
            certificate: "/home/ada/.config/cmscc/cert.pem".into(),
            key: "/home/ada/key.pem".into()
        }
    );
    assert_eq!(
        settings.state_dir,
        Path::new("/home/ada/.config/cmscc/state")
    );
    assert_eq!(settings.anchor, Some("/0.block".into()));
    assert_eq!(settings.timeout, Duration::from_secs(90));
    let values: Vec<_> = origins
        .iter()
        .map(|(setting, value, _)| (setting.key(), value))
        .collect();
    assert!(values.contains(&("tls_root_cert", "/ca.pem")), "{values:?}");
    assert!(
        values.contains(&("tls_root_cert", "/home/ada/.config/cmscc/other.pem")),
        "{values:?}"
    );

    // a flag is for all of them
    let flagged = machine
        .clone()
        .flags(|flags| flags.tls_root_certs = vec!["/ca.pem".to_owned()]);
    assert!(
        flagged.settings().peers[..2]
            .iter()
            .all(|peer| peer.tls == tls(CA))
    );
    // other peers of the same organisation keep what the profile says for all
    let other = machine.flags(|flags| {
        flags.peer_addresses = vec!["peer2:7051".to_owned(), "peer3:7051".to_owned()];
    });
    let peers = [
        endpoint("peer2:7051", tls(CA), None),
        endpoint("peer3:7051", tls(CA), None),
    ];
    assert_eq!(other.settings().peers, peers);
}
