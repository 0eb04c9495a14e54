//! Chains, and the form in which certificates are compared.

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, NameConstraints, SanType};

use super::*;

/// The reason why a leaf has not exactly one chain; `ok` where it has.
fn chain(roots: &[&str], intermediates: &[&str], leaf: &str) -> &'static str {
    let pool = TrustPool::new(
        roots.iter().map(|pem| certificate(pem)),
        intermediates.iter().map(|pem| certificate(pem)),
    );
    pool.unique_chain(&certificate(leaf))
        .map_or_else(|why| why.reason(), |_| "ok")
}

#[test]
fn an_authority_with_another_key_is_told_from_none() {
    let (root, other) = (Ca::root(ca_params("root")), Ca::root(ca_params("root")));
    let stranger = Ca::root(ca_params("stranger"));
    let why = |issuer: &Ca| {
        let pool = TrustPool::new([certificate(&root.pem)], []);
        let leaf = certificate(&issuer.leaf(&params("leaf")));
        let why = pool.unique_chain(&leaf).unwrap_err();
        (why.reason(), why.to_string())
    };
    for (issuer, text) in [
        (
            &other,
            "the msp has an authority named `CN=root`, but with another key",
        ),
        (&stranger, "issuer `CN=stranger` is no authority of the msp"),
    ] {
        assert_eq!(why(issuer), ("unknown_authority", text.to_owned()));
    }
}

#[test]
fn chains_are_what_go_accepts() {
    let root = Ca::root(ca_params("root"));
    let mut late = ca_params("late");
    late.not_before = date_time_ymd(2021, 1, 1);
    let late = Ca::root(late);
    let mut silent = ca_params("no certs");
    silent.key_usages = vec![KeyUsagePurpose::CrlSign];
    let silent = Ca::root(silent);
    let mut client = ca_params("client only");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = Ca::root(client);
    let mut short = ca_params("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = Ca::root(short);
    let below_short = short.intermediate(ca_params("below"));
    let below = root.intermediate(ca_params("below root"));
    let not_ca = root.intermediate(params("not a ca"));
    let mut odd = ca_params("odd");
    odd.custom_extensions = vec![critical()];
    let odd = Ca::root(odd);

    let plain = params("leaf");
    let mut with_client = plain.clone();
    with_client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut with_server = with_client.clone();
    with_server
        .extended_key_usages
        .push(ExtendedKeyUsagePurpose::ServerAuth);
    let mut with_any = plain.clone();
    with_any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let mut with_critical = plain.clone();
    with_critical.custom_extensions = vec![critical()];
    let mut expired = plain.clone();
    expired.not_after = date_time_ymd(2020, 1, 2);

    let cases = [
        ("plain", &root, None, &plain, "ok"),
        ("expired", &root, None, &expired, "ok"),
        ("by an intermediate", &root, Some(&below), &plain, "ok"),
        ("ca not valid yet", &late, None, &plain, "ca_validity"),
        ("ca may not certify", &silent, None, &plain, "key_usage"),
        ("ca for clients only", &client, None, &plain, "key_usage"),
        ("client", &root, None, &with_client, "key_usage"),
        ("client and server", &root, None, &with_server, "ok"),
        ("any usage", &root, None, &with_any, "ok"),
        (
            "critical in the leaf",
            &root,
            None,
            &with_critical,
            "critical_extension",
        ),
        (
            "critical in the ca",
            &odd,
            None,
            &plain,
            "critical_extension",
        ),
        (
            "path too long",
            &short,
            Some(&below_short),
            &plain,
            "path_length",
        ),
        ("path long enough", &short, None, &plain, "ok"),
        (
            "intermediate is no ca",
            &root,
            Some(&not_ca),
            &plain,
            "key_usage",
        ),
    ];
    for (name, root, intermediate, leaf, want) in cases {
        let pem = intermediate.unwrap_or(root).leaf(leaf);
        let intermediates: Vec<&str> = intermediate.iter().map(|ca| &*ca.pem).collect();
        assert_eq!(chain(&[&root.pem], &intermediates, &pem), want, "{name}");
    }
    assert_eq!(
        chain(&[&late.pem], &[], &root.leaf(&plain)),
        "unknown_authority"
    );
    assert_eq!(
        chain(&[&root.pem], &[], &below.leaf(&plain)),
        "unknown_authority"
    );
}

fn critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![4, 0]);
    extension.set_criticality(true);
    extension
}

#[test]
fn exactly_one_chain_counts() {
    let root = Ca::root(ca_params("root"));
    let leaf = root.leaf(&params("leaf"));
    let twin = root.params.self_signed(&root.key).unwrap().pem();
    let mut other_serial = root.params.clone();
    other_serial.serial_number = Some(SerialNumber::from(77u64));
    let other_twin = other_serial.self_signed(&root.key).unwrap().pem();
    assert_eq!(chain(&[&root.pem, &root.pem], &[], &leaf), "ok");
    assert_eq!(
        chain(&[&root.pem, &other_twin], &[], &leaf),
        "multiple_chains"
    );
    assert_eq!(chain(&[&twin], &[], &leaf), "ok");

    let second = Ca::root(ca_params("second"));
    let below = root.intermediate(ca_params("below"));
    let crossed = second.certify(&below.params, &below.key);
    let leaf = below.leaf(&params("leaf"));
    assert_eq!(chain(&[&root.pem, &second.pem], &[&below.pem], &leaf), "ok");
    assert_eq!(
        chain(&[&root.pem, &second.pem], &[&below.pem, &crossed], &leaf),
        "multiple_chains"
    );
}

#[test]
fn cross_signed_intermediates_do_not_go_round() {
    let root = Ca::root(ca_params("root"));
    let a = root.intermediate(ca_params("a"));
    let b = root.intermediate(ca_params("b"));
    let a_by_b = b.certify(&a.params, &a.key);
    let b_by_a = a.certify(&b.params, &b.key);
    let leaf = a.leaf(&params("leaf"));
    assert_eq!(
        chain(&[&root.pem], &[&a_by_b, &b_by_a], &leaf),
        "unknown_authority"
    );
    assert_eq!(chain(&[&root.pem], &[&a.pem, &b_by_a], &leaf), "ok");
}

#[test]
fn a_search_for_chains_gives_up_in_time() {
    // twenty CAs of one name, each certified by all: without a limit this would not end
    let cas: Vec<Ca> = (0..20).map(|_| Ca::root(ca_params("same"))).collect();
    let crossed: Vec<String> = cas
        .iter()
        .flat_map(|by| cas.iter().map(|of| by.certify(&of.params, &of.key)))
        .collect();
    let crossed: Vec<&str> = crossed.iter().map(|pem| &**pem).collect();
    let leaf = cas[0].leaf(&params("leaf"));
    let root = Ca::root(ca_params("root"));
    let pool = TrustPool::new(
        [certificate(&root.pem)],
        crossed.iter().map(|pem| certificate(pem)),
    );
    assert_eq!(
        pool.unique_chain(&certificate(&leaf)),
        Err(MspError::SignatureLimit)
    );
}

/// CAs of one name, each with a key and dates of its own.
fn decoys(count: i32) -> Vec<Ca> {
    let decoy = |n: i32| {
        let mut params = ca_params("same");
        params.not_before = date_time_ymd(2020 + n % 10, 1, 1);
        params.not_after = date_time_ymd(2031 + n % 9, 1, 1);
        Ca::root(params)
    };
    (0..count).map(decoy).collect()
}

#[test]
fn no_signature_is_verified_twice_as_the_time_passes() {
    let mut cas = decoys(60);
    let own = cas.pop().unwrap();
    let mut early = own.params.clone();
    early.not_before = date_time_ymd(2019, 1, 1);
    early.not_after = date_time_ymd(2025, 1, 1);
    let early = early.self_signed(&own.key).unwrap().pem();
    let cas = || cas.iter().map(|ca| certificate(&ca.pem));
    let mut leaf = params("leaf");
    // no key identifier tells the CAs apart
    leaf.use_authority_key_identifier_extension = false;
    let pem = own.leaf(&leaf);

    let pool = TrustPool::new(cas().chain([certificate(&early)]), []);
    let leaf = certificate(&pem);
    let (answers, count) = verified(|| pool.tls_answers(&leaf));
    assert_eq!((answers.yes, answers.no, count), (true, Vec::new(), 60));
    let (periods, count) = verified(|| pool.tls_periods(&leaf));
    assert_eq!((periods.unwrap().len(), count), (1, 0));

    let pool = TrustPool::new(cas(), []);
    let leaf = certificate(&pem);
    let (answers, count) = verified(|| pool.tls_answers(&leaf));
    assert_eq!((answers.yes, answers.no.len(), count), (false, 19, 59));
}

#[test]
fn each_pair_of_an_msps_cas_is_verified_once() {
    // one root and intermediates, all of one name, so that each may have certified each
    let cas = decoys(17);
    let (root, below) = cas.split_first().unwrap();
    let mut config = msp_config(root);
    let units = config.fabric_node_ous.get_or_insert_default();
    (units.client_ou_identifier, units.peer_ou_identifier) = (None, None);
    units.orderer_ou_identifier = None;
    let admin = units.admin_ou_identifier.get_or_insert_default();
    admin.certificate = bytes::Bytes::new();
    for (n, ca) in below.iter().enumerate() {
        let certified = root.certify(&ca.params, &ca.key);
        config.intermediate_certs.push(certified.into());
        if n % 2 == 0 {
            // the same name and key, for another time
            let mut params = ca.params.clone();
            params.not_before = date_time_ymd(2020, 6, 1);
            params.not_after = date_time_ymd(2041, 1, 1);
            let twin = root.certify(&params, &ca.key);
            config.intermediate_certs.push(twin.into());
        }
    }
    let (cas, count) = verified(|| {
        let msp = set_up(&config, MspVersion::V1_4_3).unwrap();
        assert!(msp.nobody_valid().is_none());
        msp.issuing_cas().len()
    });
    assert_eq!(cas, 24);
    // they are read anew with low S
    assert!((1..=2 * 25 * 25).contains(&count), "{count}");
}

#[test]
fn name_constraints_bind_what_is_below() {
    let mut constrained = ca_params("constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("org1.example".to_owned())],
        excluded_subtrees: vec![GeneralSubtree::DnsName("bad.org1.example".to_owned())],
    });
    let ca = Ca::root(constrained);
    let with_name = |common_name: &str, dns: &[&str]| {
        let mut params = params(common_name);
        let names = dns
            .iter()
            .map(|name| SanType::DnsName((*name).try_into().unwrap()));
        params.subject_alt_names = names.collect();
        ca.leaf(&params)
    };
    let cases: &[(&str, &[&str], &str)] = &[
        ("Admin@org1", &[], "ok"),
        ("host.org1.example", &[], "name_constraint"),
        ("host.org1.example", &["a.org1.example"], "ok"),
        ("x", &["a.org1.example", "org2.example"], "name_constraint"),
        ("x", &["a.bad.org1.example"], "name_constraint"),
    ];
    for (common_name, dns, want) in cases {
        let leaf = with_name(common_name, dns);
        assert_eq!(
            chain(&[&ca.pem], &[], &leaf),
            *want,
            "{common_name} {dns:?}"
        );
    }
}

#[test]
fn certificates_are_normalised_to_low_s() {
    let root = Ca::root(ca_params("root"));
    let pool = TrustPool::new([certificate(&root.pem)], []);
    let mut changed = 0;
    for _ in 0..24 {
        let leaf = certificate(&root.leaf(&params("leaf")));
        let normal = chain::normalise(&leaf, &pool).unwrap();
        assert_eq!(chain::normalise(&normal, &pool).unwrap(), normal);
        assert_eq!(normal.check_signed_by(&certificate(&root.pem)), Ok(()));
        assert_eq!(normal.signed_part(), leaf.signed_part());
        changed += u32::from(normal != leaf);
    }
    assert!(
        (1..24).contains(&changed),
        "half of the signatures have high s: {changed}"
    );
}
