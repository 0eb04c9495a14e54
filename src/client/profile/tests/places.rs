//! The places where a setting may stand, and what each means there.

use super::*;

#[test]
fn names_of_samples_are_fallbacks() {
    let samples = Machine::new()
        .set("CRYPTO_PATH", "/orgs/org1.example.com")
        .set("MSP_ID", "Org1MSP")
        .set("PEER_ENDPOINT", "dns:///localhost:7051")
        .set("PEER_HOST_ALIAS", "peer0.org1.example.com")
        .set("CHANNEL_NAME", "mychannel")
        .set("ORDERER_CA", "/ca.pem")
        .file(
            "/orgs/org1.example.com/peers/peer0.org1.example.com/tls/ca.crt",
            CA,
        );
    let settings = samples.settings();
    assert_eq!(settings.channel.as_str(), "mychannel");
    let msp = "/orgs/org1.example.com/users/User1@org1.example.com/msp";
    assert_eq!(settings.identity, IdentitySource::MspFolder(msp.into()));
    assert_eq!(settings.peers[0].address, "localhost:7051");
    assert_eq!(
        settings.peers[0].server_name,
        text("peer0.org1.example.com")
    );
    assert!(settings.peers[0].tls.is_some());
    assert_eq!(settings.orderer, None);
    let orderer = samples
        .clone()
        .flags(|flags| flags.orderer = text("localhost:7050"));
    assert!(orderer.settings().orderer.unwrap().tls.is_some());

    let folders = samples
        .set("KEY_DIRECTORY_PATH", "/keys")
        .set("CERT_DIRECTORY_PATH", "/certs")
        .set("TLS_CERT_PATH", "/ca.pem");
    assert_eq!(
        folders.settings().identity,
        IdentitySource::Files {
            certificate: "/certs".into(),
            key: "/keys".into()
        }
    );
    // an alias is of its own endpoint only
    let other = folders.flags(|flags| flags.peer_addresses = vec!["other:1".to_owned()]);
    assert_eq!(other.settings().peers[0].server_name, None);
}

#[test]
fn core_yaml_says_what_the_environment_does_not() {
    let yaml = "
peer:
  address: yaml:7051
  localMspId: YamlMSP
  mspConfigPath: msp
  client: {connTimeout: 5s}
  tls:
    enabled: true
    clientAuthRequired: true
    rootcert: {file: tls/ca.crt}
    clientCert: {file: tls/client.crt}
    clientKey: {file: tls/client.key}
";
    let machine = Machine::new()
        .set("FABRIC_CFG_PATH", "/cfg")
        .set("CMSCC_CHANNEL", "c")
        .file("/cfg/core.yaml", yaml)
        .file("/cfg/tls/ca.crt", CA)
        .file("/cfg/tls/client.crt", OTHER_CA)
        .file("/cfg/tls/client.key", "k");
    let settings = machine.settings();
    assert_eq!(
        settings.identity,
        IdentitySource::MspFolder("/cfg/msp".into())
    );
    let tls = settings.peers[0].tls.clone().unwrap();
    assert_eq!(tls.client, Some((OTHER_CA.into(), b"k".to_vec())));
    assert!(
        !format!("{settings:?}").contains("[107]"),
        "the key is shown"
    );
    assert_eq!(settings.connect_timeout, Duration::from_secs(5));
    // as peer does, relative paths of its variables are in the folder of core.yaml
    let relative = machine.clone().set("CORE_PEER_MSPCONFIGPATH", "mine/msp");
    assert_eq!(
        relative.settings().identity,
        IdentitySource::MspFolder("/cfg/mine/msp".into())
    );
    // TLS off where peer is told so, though a CA is named
    let off = machine.clone().set("CORE_PEER_TLS_ENABLED", "false");
    assert_eq!(off.settings().peers[0].tls, None);
    // a CA that is named nearer than that means TLS
    let on = off.flags(|flags| flags.tls_root_certs = vec!["/ca.pem".to_owned()]);
    assert_eq!(
        on.settings().peers[0].tls.as_ref().unwrap().root_certs,
        CA.as_bytes()
    );
    // none is no error
    assert!(
        Machine::test_network()
            .set("FABRIC_CFG_PATH", "/none")
            .resolve()
            .is_ok()
    );
}

#[test]
fn certificate_and_key_may_come_from_different_places() {
    let source = |certificate: &str, key: &str| IdentitySource::Files {
        certificate: certificate.into(),
        key: key.into(),
    };
    let machine = Machine::test_network;
    let keystore = "CORE_PEER_BCCSP_SW_FILEKEYSTORE_KEYSTORE";
    for (name, machine, expected) in [
        (
            "keystore of its own",
            machine().set(keystore, "/keys"),
            source("/org1/msp/signcerts", "/keys"),
        ),
        (
            "both by flags",
            machine().flags(|flags| {
                flags.certificate = text("c");
                flags.key = text("k");
            }),
            source("c", "k"),
        ),
        (
            "certificate by flag",
            machine().flags(|flags| flags.certificate = text("c")),
            source("c", "/org1/msp/keystore"),
        ),
        (
            "a folder that is nearer",
            machine()
                .set(keystore, "/keys")
                .set("CMSCC_MSP_FOLDER", "/m"),
            IdentitySource::MspFolder("/m".into()),
        ),
    ] {
        assert_eq!(machine.settings().identity, expected, "{name}");
    }
    let mut alone = Machine::test_network().flags(|flags| flags.key = text("k"));
    alone.variables.remove("CORE_PEER_MSPCONFIGPATH");
    assert_eq!(alone.errors(), ["a certificate is not given"]);
}

#[test]
fn folders_of_the_user_are_those_of_xdg() {
    for (variables, file, state) in [
        (
            &[("HOME", "/h")][..],
            "/h/.config/cmscc/config.toml",
            "/h/.local/state/cmscc",
        ),
        (
            &[
                ("HOME", "/h"),
                ("XDG_CONFIG_HOME", "/c"),
                ("XDG_STATE_HOME", "/s"),
            ],
            "/c/cmscc/config.toml",
            "/s/cmscc",
        ),
        (
            &[
                ("HOME", "/h"),
                ("XDG_CONFIG_HOME", "c"),
                ("CMSCC_CONFIG", ""),
            ],
            "/h/.config/cmscc/config.toml",
            "/h/.local/state/cmscc",
        ),
        (
            &[("HOME", "/h"), ("CMSCC_CONFIG", "x.toml")],
            "x.toml",
            "/h/.local/state/cmscc",
        ),
    ] {
        let machine = variables
            .iter()
            .fold(Machine::default(), |machine, (name, value)| {
                machine.set(name, value)
            });
        let survey = machine.with(survey);
        assert_eq!(survey.file.as_deref(), Some(Path::new(file)));
        let values: Vec<_> = survey
            .origins
            .iter()
            .map(|(setting, value, _)| (setting, value))
            .collect();
        assert!(values.contains(&(Setting::StateDir, state)), "{values:?}");
    }
}

#[test]
fn durations_have_units() {
    for (given, expected) in [
        ("30s", Some(30_000)),
        ("1m30s", Some(90_000)),
        ("500ms", Some(500)),
        ("24h", Some(86_400_000)),
        ("25h", None),
        ("0s", None),
        ("30", None),
        ("", None),
        ("s", None),
        ("-1s", None),
        ("1.5s", None),
        ("99999999999999999999s", None),
    ] {
        let machine = Machine::test_network().flags(|flags| flags.timeout = text(given));
        let found = machine.resolve().ok();
        let found = found.map(|(settings, _)| settings.timeout.as_millis());
        // an empty flag is none
        let expected = if given.is_empty() {
            Some(30_000)
        } else {
            expected
        };
        assert_eq!(found, expected, "{given}");
    }
}
