//! Rotating a CA.

use super::*;

const OLD_CA: &str = "peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem";
const OLD_TLS_CA: &str = "peerOrganizations/org1.example.com/tlsca/tlsca.org1.example.com-cert.pem";
/// CAs that the channel does not know yet.
const NEW_CA: &str = "peerOrganizations/orgx.example.com/ca/ca.orgx.example.com-cert.pem";
const NEW_TLS_CA: &str = "peerOrganizations/orgx.example.com/tlsca/tlsca.orgx.example.com-cert.pem";

fn rotation() -> RotationStart {
    RotationStart {
        add: vec![crypto(NEW_CA)],
        add_tls: vec![crypto(NEW_TLS_CA)],
        remove: vec![
            NamedCa::Certificate(crypto(OLD_CA)),
            NamedCa::Certificate(crypto(OLD_TLS_CA)),
        ],
        org: None,
    }
}

fn seen(of: &str, name: &str) -> SeenIdentity {
    let path = format!("peerOrganizations/{of}/users/{name}/msp/signcerts/{name}-cert.pem");
    SeenIdentity {
        serialized: serialized_identity(&OWN.into(), &crypto(&path)).into(),
        place: "your own certificate".to_owned(),
    }
}

#[test]
fn a_ca_is_rotated_in_two_steps() {
    let bundle = raft();
    let first = planned(&bundle, &[AskedIntent::RotateStart(rotation())]).unwrap();
    let own = MspId::new(OWN);
    let base = first.usual_id(&own, 0).unwrap();
    let id = first.id(&base);
    assert_eq!(
        (&*base, &*id),
        ("Org1MSP.rotate-ca", "Org1MSP.rotate-ca.add")
    );
    assert_eq!(first.id("mine.add"), "mine.add");
    let description = first.description(&id).unwrap();
    assert!(description.contains("step 1 of 2"), "{description}");
    assert!(
        description.ends_with("cmscc propose rotate-ca --finish Org1MSP.rotate-ca"),
        "{description}"
    );
    let both = applied(&bundle, &first);
    let msp = |bundle: &Bundle| {
        form(bundle.tree())["channel_group"]["groups"]["Application"]["groups"]["Org1MSP"]["values"]
            ["MSP"]["value"]["config"]
            .clone()
    };
    assert_eq!(msp(&both)["root_certs"].as_array().unwrap().len(), 2);
    assert_eq!(msp(&both)["tls_root_certs"].as_array().unwrap().len(), 2);
    // certificates of both have roles: the NodeOUs name no CA any more
    for (of, name) in [
        ("org1.example.com", "Admin@org1.example.com"),
        ("orgx.example.com", "Admin@orgx.example.com"),
    ] {
        let identity = both.msps().deserialize(&seen(of, name).serialized).unwrap();
        identity.validate().unwrap();
        assert!(
            identity.roles().contains(&crate::identity::Role::Admin),
            "{name}"
        );
    }

    let end = |seen: Vec<SeenIdentity>| RotationEnd {
        id: base.clone(),
        description: description.clone(),
        patch: text_of(&first.change),
        seen,
        ..RotationEnd::default()
    };
    // before the first step is in effect
    let early = AskedIntent::RotateEnd(end(Vec::new()));
    refuses(
        &bundle,
        early,
        "NOT_IN_EFFECT",
        "cmscc show Org1MSP.rotate-ca.add",
    );
    // while somebody has a certificate of the old CA alone
    let old_admin = || seen("org1.example.com", "Admin@org1.example.com");
    let error = refuses(
        &both,
        AskedIntent::RotateEnd(end(vec![old_admin()])),
        "STILL_OLD_CA",
        "--anyway",
    );
    assert!(
        error.details[0].0.contains("your own certificate"),
        "{error:?}"
    );
    let new_admin = || seen("orgx.example.com", "Admin@orgx.example.com");
    let second = planned(&both, &[AskedIntent::RotateEnd(end(vec![new_admin()]))]).unwrap();
    assert!(second.keeps_identities());
    assert_eq!(second.usual_id(&own, 0).unwrap(), base);
    assert_eq!(second.id(&base), "Org1MSP.rotate-ca.remove");
    let description = second.description(&base).unwrap();
    assert!(
        description.contains("step 2 of 2, after Org1MSP.rotate-ca.add"),
        "{description}"
    );
    let last = applied(&both, &second);
    assert_eq!(
        msp(&last)["root_certs"],
        json!([STANDARD.encode(crypto(NEW_CA))])
    );
    assert_eq!(
        msp(&last)["tls_root_certs"],
        json!([STANDARD.encode(crypto(NEW_TLS_CA))])
    );
    let anyway = RotationEnd {
        anyway: true,
        ..end(vec![old_admin()])
    };
    let anyway = planned(&both, &[AskedIntent::RotateEnd(anyway)]).unwrap();
    assert!(anyway.notes("x").concat().contains("loses its membership"));
    assert!(!anyway.keeps_identities());
    // and when it is done
    refuses(
        &last,
        AskedIntent::RotateEnd(end(vec![new_admin()])),
        "NOTHING_TO_CHANGE",
        "",
    );
}

#[test]
fn rotations_that_cannot_be_say_what_could() {
    let bundle = raft();
    let refuses = |start: RotationStart, symbol: &str, possible: &str| {
        refuses(&bundle, AskedIntent::RotateStart(start), symbol, possible);
    };
    let with = |change: fn(&mut RotationStart)| {
        let mut start = rotation();
        change(&mut start);
        start
    };
    refuses(RotationStart::default(), "NO_CERTIFICATE", "--add");
    refuses(
        with(|start| start.remove.clear()),
        "NO_CERTIFICATE",
        "--remove",
    );
    refuses(
        with(|start| start.add_tls.clear()),
        "NO_CERTIFICATE",
        "--add-tls",
    );
    refuses(
        with(|start| start.add = vec![crypto(OLD_CA)]),
        "SAME_CA",
        "--remove",
    );
    refuses(
        with(|start| start.add = vec![crypto(OTHER_TLS)]),
        "NOT_A_CA",
        "",
    );
    refuses(
        with(|start| start.add = vec![Bytes::from_static(b"x")]),
        "BAD_CERTIFICATE",
        "PEM",
    );
    let unknown = with(|start| start.remove = vec![NamedCa::Fingerprint("0123456789".to_owned())]);
    refuses(unknown, "UNKNOWN_CA", "CN=ca.org1.example.com");
    refuses(
        with(|start| start.org = Some("Org9MSP".to_owned())),
        "UNKNOWN_ORGANIZATION",
        "Org2MSP",
    );

    // the TLS certificates of consenters are of the old CA
    let tls_ca = |of: &str| {
        crypto(&format!(
            "{of}/tlsca/tlsca.{}-cert.pem",
            of.rsplit('/').next().unwrap()
        ))
    };
    let start = RotationStart {
        add: Vec::new(),
        add_tls: vec![crypto(NEW_TLS_CA)],
        remove: vec![NamedCa::Certificate(tls_ca(EXAMPLE))],
        org: Some("OrdererMSP".to_owned()),
    };
    let first = planned(&bundle, &[AskedIntent::RotateStart(start)]).unwrap();
    let both = applied(&bundle, &first);
    let end = RotationEnd {
        id: "x".to_owned(),
        description: first.description("x").unwrap(),
        patch: text_of(&first.change),
        org: Some("OrdererMSP".to_owned()),
        ..RotationEnd::default()
    };
    let error = planned(&both, &[AskedIntent::RotateEnd(end)]).unwrap_err();
    assert!(matches!(&*error.symbol, "STILL_OLD_CA"), "{error}");
    assert!(
        error.details[0].0.starts_with("the consenter "),
        "{error:?}"
    );
}

#[test]
fn orderers_that_sign_blocks_are_seen() {
    let bundle = raft();
    let block = data("fabric-3.1.5-caps-v2/add-orgx/config_block_after.pb").into();
    let seen = SeenIdentity::of_block(&block);
    assert_eq!(seen.len(), 1);
    let number = ConfigBlock::parse(Bytes::clone(&block)).unwrap();
    let number = number.block().number();
    assert_eq!(
        seen[0].place,
        format!("an orderer that signed block {number}")
    );
    let orderer = bundle.msps().deserialize(&seen[0].serialized).unwrap();
    assert_eq!(orderer.msp_id().as_str(), "OrdererMSP");
    // their CA must not go
    let start = RotationStart {
        add: vec![crypto(NEW_CA)],
        remove: vec![NamedCa::Certificate(crypto(&format!(
            "{EXAMPLE}/ca/ca.example.com-cert.pem"
        )))],
        org: Some("OrdererMSP".to_owned()),
        ..RotationStart::default()
    };
    let first = planned(&bundle, &[AskedIntent::RotateStart(start)]).unwrap();
    let both = applied(&bundle, &first);
    let end = RotationEnd {
        id: "x".to_owned(),
        description: first.description("x").unwrap(),
        patch: text_of(&first.change),
        org: Some("OrdererMSP".to_owned()),
        seen: seen.clone(),
        ..RotationEnd::default()
    };
    let error = planned(&both, &[AskedIntent::RotateEnd(end)]).unwrap_err();
    assert_eq!(error.symbol, "STILL_OLD_CA");
    assert!(
        error.details[0].0.contains("an orderer that signed"),
        "{error:?}"
    );
    // nothing odd makes it fail
    for odd in [&b""[..], b"\x0a", b"\x12\x02\x0a\x00"] {
        assert!(SeenIdentity::of_block(&Bytes::copy_from_slice(odd)).is_empty());
    }
}
