//! The settings, and every name that each has.

use Setting::{
    Anchor, Bccsp, Certificate, Chaincode, Channel, ConnectTimeout, Key, MspFolder, MspId, Orderer,
    OrdererCa, OrdererServerName, PeerAddress, ServerName, StateDir, Timeout, Tls, TlsClientCert,
    TlsClientKey, TlsRootCert, TokenAltId, TokenHash, TokenImmutable, TokenKeyIds, TokenLabel,
    TokenLibrary, TokenSecret, TokenSecurity, TokenSoftwareVerify,
};

/// Something that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// A config block that is trusted.
    Anchor,
    /// Where keys are: `SW`, in files, or `PKCS11`, in a token.
    Bccsp,
    /// One's own certificate.
    Certificate,
    /// The contract's name.
    Chaincode,
    /// The channel.
    Channel,
    /// How long connecting may take.
    ConnectTimeout,
    /// One's own private key.
    Key,
    /// One's own MSP folder.
    MspFolder,
    /// One's own MSP id.
    MspId,
    /// An orderer.
    Orderer,
    /// The CA of its certificate.
    OrdererCa,
    /// The name in its certificate.
    OrdererServerName,
    /// One's own peers.
    PeerAddress,
    /// The name in the peer's certificate.
    ServerName,
    /// Where the client keeps what it verified.
    StateDir,
    /// How long a call may take.
    Timeout,
    /// Whether to speak TLS.
    Tls,
    /// The certificate of mutual TLS.
    TlsClientCert,
    /// Its private key.
    TlsClientKey,
    /// The CA of the peer's certificate.
    TlsRootCert,
    /// The id of the key in the token.
    TokenAltId,
    /// The hash of a token's keys. It decides nothing here, nor in what `peer` signs.
    TokenHash,
    /// Whether keys that a token makes may be changed. Likewise.
    TokenImmutable,
    /// The ids of keys in the token.
    TokenKeyIds,
    /// The label of a PKCS#11 token.
    TokenLabel,
    /// Its library.
    TokenLibrary,
    /// Its PIN; never shown.
    TokenSecret,
    /// The curve of keys that a token makes. Likewise.
    TokenSecurity,
    /// Who verifies. Likewise: this client verifies itself what a token signs.
    TokenSoftwareVerify,
}

/// The names of a setting; empty where it has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct SettingNames {
    /// In a profile.
    pub(super) key: &'static str,
    /// On the command line.
    pub(super) flag: &'static str,
    /// The variable of this program.
    pub(super) own: &'static str,
    /// The variable of Fabric's `peer`.
    pub(super) peer: &'static str,
    /// The variable of Fabric's samples.
    pub(super) sample: &'static str,
    /// In core.yaml.
    pub(super) core_yaml: &'static str,
    /// What it is, in messages.
    pub(super) what: &'static str,
}

impl Setting {
    /// All of them, as they are shown.
    pub const ALL: [Self; 29] = [
        Channel,
        Chaincode,
        MspId,
        MspFolder,
        Certificate,
        Key,
        Bccsp,
        TokenLibrary,
        TokenLabel,
        TokenSecret,
        TokenAltId,
        TokenKeyIds,
        TokenHash,
        TokenSecurity,
        TokenSoftwareVerify,
        TokenImmutable,
        PeerAddress,
        Tls,
        TlsRootCert,
        ServerName,
        TlsClientCert,
        TlsClientKey,
        Orderer,
        OrdererCa,
        OrdererServerName,
        Anchor,
        StateDir,
        Timeout,
        ConnectTimeout,
    ];

    /// Its name in a profile, and in what is shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.names().key
    }

    /// All of its names.
    #[rustfmt::skip]
    pub(super) const fn names(self) -> SettingNames {
        match self {
            Anchor => names("trust_anchor", "--anchor", "CMSCC_ANCHOR", "", "", "", "trust anchor"),
            Bccsp => names("bccsp", "", "CMSCC_BCCSP", "CORE_PEER_BCCSP_DEFAULT", "", "peer.BCCSP.Default", "place of keys"),
            Certificate => names("certificate", "--cert", "CMSCC_CERT", "", "CERT_DIRECTORY_PATH", "", "certificate"),
            Chaincode => names("chaincode", "--chaincode", "CMSCC_CHAINCODE", "", "", "", "chaincode name"),
            Channel => names("channel", "--channel", "CMSCC_CHANNEL", "", "CHANNEL_NAME", "", "channel"),
            ConnectTimeout => names("connect_timeout", "--connect-timeout", "CMSCC_CONNECT_TIMEOUT", "CORE_PEER_CLIENT_CONNTIMEOUT", "", "peer.client.connTimeout", "time to connect"),
            Key => names("key", "--key", "CMSCC_KEY", "CORE_PEER_BCCSP_SW_FILEKEYSTORE_KEYSTORE", "KEY_DIRECTORY_PATH", "peer.BCCSP.SW.FileKeyStore.KeyStore", "private key"),
            MspFolder => names("msp_folder", "--msp-folder", "CMSCC_MSP_FOLDER", "CORE_PEER_MSPCONFIGPATH", "CRYPTO_PATH", "peer.mspConfigPath", "MSP folder"),
            MspId => names("msp_id", "--msp-id", "CMSCC_MSP_ID", "CORE_PEER_LOCALMSPID", "MSP_ID", "peer.localMspId", "MSP id"),
            Orderer => names("orderer", "--orderer", "CMSCC_ORDERER", "", "", "", "orderer"),
            OrdererCa => names("orderer_ca", "--orderer-ca", "CMSCC_ORDERER_CA", "", "ORDERER_CA", "", "CA of the orderer"),
            OrdererServerName => names("orderer_server_name", "--orderer-server-name", "CMSCC_ORDERER_SERVER_NAME", "", "", "", "server name of the orderer"),
            PeerAddress => names("peers", "--peer-address", "CMSCC_PEER_ADDRESS", "CORE_PEER_ADDRESS", "PEER_ENDPOINT", "peer.address", "peer"),
            ServerName => names("server_name", "--server-name", "CMSCC_SERVER_NAME", "CORE_PEER_TLS_SERVERHOSTOVERRIDE", "PEER_HOST_ALIAS", "peer.tls.serverhostoverride", "server name"),
            StateDir => names("state_dir", "--state-dir", "CMSCC_STATE_DIR", "", "", "", "state folder"),
            Timeout => names("timeout", "--timeout", "CMSCC_TIMEOUT", "", "", "", "time of a call"),
            Tls => names("tls", "--tls", "CMSCC_TLS", "CORE_PEER_TLS_ENABLED", "", "peer.tls.enabled", "use of TLS"),
            TlsClientCert => names("tls_client_cert", "--tls-client-cert", "CMSCC_TLS_CLIENT_CERT", "CORE_PEER_TLS_CLIENTCERT_FILE", "", "peer.tls.clientCert.file", "client certificate of TLS"),
            TlsClientKey => names("tls_client_key", "--tls-client-key", "CMSCC_TLS_CLIENT_KEY", "CORE_PEER_TLS_CLIENTKEY_FILE", "", "peer.tls.clientKey.file", "client key of TLS"),
            TlsRootCert => names("tls_root_cert", "--tls-root-cert", "CMSCC_TLS_ROOT_CERT", "CORE_PEER_TLS_ROOTCERT_FILE", "TLS_CERT_PATH", "peer.tls.rootcert.file", "CA of the peer's TLS certificate"),
            TokenAltId => names("pkcs11.alt_id", "", "CMSCC_PKCS11_ALTID", "CORE_PEER_BCCSP_PKCS11_ALTID", "", "peer.BCCSP.PKCS11.AltID", "id of the token's key"),
            TokenHash => names("pkcs11.hash", "", "", "CORE_PEER_BCCSP_PKCS11_HASH", "", "peer.BCCSP.PKCS11.Hash", "hash of the token"),
            TokenImmutable => names("pkcs11.immutable", "", "", "CORE_PEER_BCCSP_PKCS11_IMMUTABLE", "", "peer.BCCSP.PKCS11.Immutable", "protection of the token's keys"),
            TokenKeyIds => names("pkcs11.key_ids", "", "CMSCC_PKCS11_KEYIDS", "CORE_PEER_BCCSP_PKCS11_KEYIDS", "", "peer.BCCSP.PKCS11.KeyIds", "list of ids of the token's keys"),
            TokenLabel => names("pkcs11.label", "", "CMSCC_PKCS11_LABEL", "CORE_PEER_BCCSP_PKCS11_LABEL", "", "peer.BCCSP.PKCS11.Label", "label of the token"),
            TokenLibrary => names("pkcs11.library", "", "CMSCC_PKCS11_LIBRARY", "CORE_PEER_BCCSP_PKCS11_LIBRARY", "", "peer.BCCSP.PKCS11.Library", "PKCS#11 library"),
            TokenSecret => names("pkcs11.pin", "", "CMSCC_PKCS11_PIN", "CORE_PEER_BCCSP_PKCS11_PIN", "", "peer.BCCSP.PKCS11.Pin", "PIN of the token"),
            TokenSecurity => names("pkcs11.security", "", "", "CORE_PEER_BCCSP_PKCS11_SECURITY", "", "peer.BCCSP.PKCS11.Security", "security level of the token"),
            TokenSoftwareVerify => names("pkcs11.software_verify", "", "", "CORE_PEER_BCCSP_PKCS11_SOFTWAREVERIFY", "", "peer.BCCSP.PKCS11.SoftwareVerify", "way to verify of the token"),
        }
    }

    /// Whether its value is a path.
    pub(super) const fn is_path(self) -> bool {
        matches!(
            self,
            Anchor
                | Certificate
                | Key
                | MspFolder
                | OrdererCa
                | StateDir
                | TlsClientCert
                | TlsClientKey
                | TlsRootCert
        )
    }

    /// Its own variable of the environment.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        self.names().own
    }

    /// How to set it, for people.
    pub(in crate::client) fn how(self) -> String {
        let names = self.names();
        // the samples' name is told where `peer` has none
        let theirs = match names.peer {
            "" => names.sample,
            peer => peer,
        };
        let mut ways = vec![names.flag, names.own, theirs];
        ways.retain(|way| !way.is_empty());
        let ways = format!("set {}, or `{}` of a profile", ways.join(", "), names.key);
        match self.example() {
            Some(example) => format!("{ways}: {example}"),
            None => ways,
        }
    }

    /// What it looks like, or who knows it.
    const fn example(self) -> Option<&'static str> {
        Some(match self {
            Certificate => "a PEM file; an MSP folder has it in `signcerts`",
            Channel => "such as mychannel; `peer channel list` shows those of your peer",
            Key => "a PEM file; an MSP folder has it in `keystore`",
            MspFolder => {
                "the folder `msp` of your admin, with `signcerts` and `keystore` in it, as `peer` takes it"
            }
            MspId => "such as Org1MSP, as the channel's config calls your organisation",
            PeerAddress => "such as peer0.org1.example.com:7051",
            StateDir => "a folder that only you can write into",
            _ => return None,
        })
    }
}

const fn names(
    key: &'static str,
    flag: &'static str,
    own: &'static str,
    peer: &'static str,
    sample: &'static str,
    core_yaml: &'static str,
    what: &'static str,
) -> SettingNames {
    SettingNames {
        key,
        flag,
        own,
        peer,
        sample,
        core_yaml,
        what,
    }
}
