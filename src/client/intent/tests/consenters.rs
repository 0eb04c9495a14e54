//! Consenters, of raft and of BFT.

use super::*;

/// The config of channel level V3_0 with consensus type BFT: the consenters are four orderers that have
/// one certificate.
fn bft() -> Bundle {
    let before = of_block("fabric-3.1.5-caps-v3/genesis.block");
    let mut config = form(before.tree());
    let orderer = &mut config["channel_group"]["groups"]["Orderer"];
    let identity = crypto(&format!(
        "{EXAMPLE}/orderers/orderer.example.com/msp/signcerts/orderer.example.com-cert.pem"
    ));
    let tls = STANDARD.encode(crypto(&format!(
        "{EXAMPLE}/orderers/orderer.example.com/tls/server.crt"
    )));
    let nodes: Vec<Value> = (1..=4)
        .map(|id| {
            json!({"id": id, "host": format!("orderer{id}.example.com"), "port": 7050,
                "msp_id": "OrdererMSP", "identity": STANDARD.encode(&identity),
                "client_tls_cert": tls, "server_tls_cert": tls})
        })
        .collect();
    orderer["values"]["Orderers"] = json!({"version": "0", "mod_policy": "Admins",
        "value": {"consenter_mapping": nodes}});
    let second = "1s";
    orderer["values"]["ConsensusType"]["value"] = json!({"type": "BFT", "state": "STATE_NORMAL",
        "metadata": {"request_batch_max_count": "100", "request_batch_max_bytes": "10485760",
            "request_batch_max_interval": second, "incoming_message_buffer_size": "200",
            "request_pool_size": "400", "request_forward_timeout": second,
            "request_complain_timeout": second, "request_auto_remove_timeout": second,
            "view_change_resend_interval": second, "view_change_timeout": second,
            "leader_heartbeat_timeout": second, "leader_heartbeat_count": "10",
            "collect_timeout": second}});
    let tree = tree(&config);
    let bundle = Bundle::new(before.channel(), tree).unwrap();
    let rule = block_validation(bundle.consenters());
    let path = crate::config::ElementPath::new(
        crate::config::ElementKind::Policy,
        ["Orderer", "BlockValidation"],
    );
    config["channel_group"]["groups"]["Orderer"]["policies"]["BlockValidation"]["policy"] =
        crate::client::intent::form::of_rule(&path, 1, rule.into()).unwrap();
    Bundle::new(before.channel(), self::tree(&config)).unwrap()
}

fn node(address: &str, of: &str) -> ConsenterNode {
    let tls = crypto(of);
    ConsenterNode {
        address: address.to_owned(),
        server_tls: Some(tls),
        ..ConsenterNode::default()
    }
}

#[test]
fn consenters_of_raft_change_one_at_a_time() {
    let bundle = raft();
    let now = form(bundle.tree())["channel_group"]["groups"]["Orderer"]["values"]["ConsensusType"]
        ["value"]["metadata"]["consenters"][0]
        .clone();
    let address = format!("{}:{}", now["host"].as_str().unwrap(), now["port"]);
    let add =
        |address: &str| AskedIntent::Consenter(ConsenterIntent::Add(node(address, OTHER_TLS)));
    let tls = STANDARD.encode(crypto(OTHER_TLS));
    let planned = does(&bundle, add("orderer2.example.com:7050"), |root| {
        let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
        value["metadata"]["consenters"].as_array_mut().unwrap().push(json!({
            "host": "orderer2.example.com", "port": 7050, "client_tls_cert": tls, "server_tls_cert": tls}));
    });
    let notes = planned.notes("x").concat();
    assert!(notes.contains("until it runs, ordering stops"), "{notes}");
    assert!(
        notes.contains("endpoints --add orderer2.example.com:7050"),
        "{notes}"
    );
    let two = applied(&bundle, &planned);
    does(
        &two,
        AskedIntent::Consenter(ConsenterIntent::Remove(
            "orderer2.example.com:7050".to_owned(),
        )),
        |root| {
            let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
            value["metadata"]["consenters"]
                .as_array_mut()
                .unwrap()
                .pop();
        },
    );
    does(
        &bundle,
        AskedIntent::Consenter(ConsenterIntent::ReplaceCert(node(&address, OTHER_TLS))),
        |root| {
            let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
            let node = &mut value["metadata"]["consenters"][0];
            (node["client_tls_cert"], node["server_tls_cert"]) = (json!(tls), json!(tls));
        },
    );
    refuses(
        &two,
        add("orderer2.example.com:7050"),
        "NOTHING_TO_CHANGE",
        "already",
    );
    refuses(&bundle, add(&address), "CONSENTER_EXISTS", "replace-cert");
    let remove =
        |address: &str| AskedIntent::Consenter(ConsenterIntent::Remove(address.to_owned()));
    refuses(&bundle, remove("nowhere:1"), "UNKNOWN_CONSENTER", &address);
    refuses(&bundle, remove(&address), "UPDATE_REFUSED", "");
    let nothing = AskedIntent::Consenter(ConsenterIntent::Add(ConsenterNode {
        address: "a:1".to_owned(),
        ..ConsenterNode::default()
    }));
    refuses(&bundle, nothing, "NO_CERTIFICATE", "--server-cert");
    let foreign = "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt";
    let foreign = AskedIntent::Consenter(ConsenterIntent::Add(node("a:1", foreign)));
    refuses(&bundle, foreign, "UPDATE_REFUSED", "");
    let with_identity = AskedIntent::Consenter(ConsenterIntent::Add(ConsenterNode {
        identity: Some(crypto(OTHER_TLS)),
        ..node("a:1", OTHER_TLS)
    }));
    refuses(&bundle, with_identity, "ONLY_BFT", "");
    let both = [
        add("orderer2.example.com:7050"),
        remove(&address),
        add("orderer3.example.com:7050"),
    ];
    assert_eq!(
        self::planned(&bundle, &both).unwrap_err().symbol,
        "UPDATE_REFUSED"
    );
}

#[test]
fn consenters_of_bft_change_with_the_policy_of_blocks() {
    let bundle = bft();
    let identity =
        format!("{EXAMPLE}/users/Admin@example.com/msp/signcerts/Admin@example.com-cert.pem");
    let add = ConsenterNode {
        identity: Some(crypto(&identity)),
        ..node("orderer5.example.com:7050", OTHER_TLS)
    };
    let next = after(
        &bundle,
        &[AskedIntent::Consenter(ConsenterIntent::Add(add.clone()))],
    );
    let new = next.consenters().last().unwrap();
    assert_eq!(
        (new.id, &*new.host, &*new.msp_id),
        (5, "orderer5.example.com", "OrdererMSP")
    );
    assert_eq!(bundle.check_consensus(&next).unwrap().added, 0);
    let policy = next
        .tree()
        .group(&["Orderer"])
        .unwrap()
        .policy("BlockValidation")
        .unwrap();
    assert_eq!(policy.rule(), block_validation(next.consenters()));
    let fewer = AskedIntent::Consenter(ConsenterIntent::Remove(
        "orderer5.example.com:7050".to_owned(),
    ));
    let back = after(&next, &[fewer]);
    assert!(back.tree().same_content(bundle.tree()));
    let renewed = after(
        &bundle,
        &[AskedIntent::Consenter(ConsenterIntent::ReplaceCert(
            ConsenterNode {
                address: "orderer2.example.com:7050".to_owned(),
                ..add.clone()
            },
        ))],
    );
    assert_eq!(renewed.consenters()[1].identity, crypto(&identity));
    let nameless = ConsenterNode {
        identity: None,
        ..add
    };
    refuses(
        &bundle,
        AskedIntent::Consenter(ConsenterIntent::Add(nameless)),
        "NO_CERTIFICATE",
        "--identity",
    );
}
