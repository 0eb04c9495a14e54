//! The findings, one by one, and the endorsement arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cmscc::{
    config::{Bundle, Update, compute_update},
    ids::{ChannelId, MspId, UnixTime},
    proto::{common, etcdraft, orderer, protos},
    review::{
        endorsement,
        lint::{
            Attested, FindingId, KnownCertificate, Lint, RecordingSize, Severity, Subject, lint,
        },
    },
};
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

use super::{bundle, channel, config, edit, edit_msp, group, set_policy, tree, vector_configs};

/// 2026-11-21.
pub(super) const NOW: i64 = 1_795_219_200;

/// What is found in a change of a config, at a time, with these attestations.
pub(super) fn find(
    before: &common::Config,
    change: impl FnOnce(&mut common::Config),
    now: i64,
    attested: Option<&Attested>,
) -> Lint {
    find_in(before, change, now, attested, &[], None)
}

/// The same where these people are known.
pub(super) fn find_knowing(
    before: &common::Config,
    change: impl FnOnce(&mut common::Config),
    known: &[KnownCertificate],
) -> Lint {
    find_in(before, change, NOW, None, known, None)
}

/// What is found in an ordinary change that takes so much to record.
pub(super) fn find_recorded(size: RecordingSize) -> Lint {
    let change = |config: &mut common::Config| set_policy(group(config, ""), "New", "ANY Admins");
    find_in(&config("before"), change, NOW, None, &[], Some(size))
}

/// What is found from one compiled config to another.
pub(super) fn of(current: &Bundle, next: &Bundle) -> Lint {
    lint(&Subject {
        current,
        result: next.tree(),
        next: Ok(next),
        update_bytes: 1_000,
        now: UnixTime {
            seconds: NOW,
            nanos: 0,
        },
        attested: None,
        known: &[],
        unread: &[],
        recording: None,
    })
}

fn find_in(
    before: &common::Config,
    change: impl FnOnce(&mut common::Config),
    now: i64,
    attested: Option<&Attested>,
    known: &[KnownCertificate],
    recording: Option<RecordingSize>,
) -> Lint {
    let current = bundle(before);
    let mut after = before.clone();
    change(&mut after);
    let result = tree(&after);
    let update = compute_update(&channel(), current.tree(), &result).unwrap();
    let update = Update::parse(update.into()).unwrap();
    let effect = current.effect(&update).unwrap();
    let result = effect.next().map_or(result, |next| next.tree().clone());
    lint(&Subject {
        current: &current,
        result: &result,
        next: effect.next(),
        update_bytes: update.bytes().len(),
        now: UnixTime {
            seconds: now,
            nanos: 0,
        },
        attested,
        known,
        unread: &[],
        recording,
    })
}

pub(super) fn found(change: impl FnOnce(&mut common::Config)) -> Lint {
    find(&config("before"), change, NOW, None)
}

pub(super) fn rows(lint: &Lint) -> Vec<(FindingId, Severity, &str)> {
    lint.findings
        .iter()
        .map(|f| (f.id, f.severity, f.path.as_str()))
        .collect()
}

/// The finding of this kind; there must be one.
pub(super) fn text(lint: &Lint, id: FindingId) -> &str {
    let found = lint.findings.iter().find(|f| f.id == id);
    &found.unwrap_or_else(|| panic!("{id:?} in {lint:#?}")).text
}

/// A CA that is valid for these years: its certificate.
pub(super) fn ca(from: i32, to: i32) -> Bytes {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    params.distinguished_name.push(DnType::CommonName, "new ca");
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem().into()
}

#[test]
fn an_ordinary_change_has_no_findings() {
    assert_eq!(
        found(|config| {
            edit(
                group(config, "Orderer"),
                "BatchTimeout",
                |timeout: &mut orderer::BatchTimeout| "3s".clone_into(&mut timeout.timeout),
            );
        }),
        Lint::default()
    );
    // nor has a new member, made as Fabric's tools make it
    let after = config("after");
    assert_eq!(found(|config| *config = after.clone()), Lint::default());
}

#[test]
fn a_policy_that_nobody_can_satisfy_any_more() {
    let lint = found(|config| {
        let org = group(config, "Application/Org1MSP");
        set_policy(org, "Admins", "OR('GoneMSP.admin')");
    });
    assert_eq!(
        rows(&lint),
        [
            (
                FindingId::LockoutPolicy,
                Severity::Blocking,
                "/Channel/Admins"
            ),
            (
                FindingId::LockoutPolicy,
                Severity::Blocking,
                "/Channel/Application/Admins"
            ),
            (
                FindingId::LockoutPolicy,
                Severity::Blocking,
                "/Channel/Application/Org1MSP/Admins"
            ),
        ]
    );
    // nobody could sign blocks, or send anything
    let lint = found(|config| {
        let orderer = group(config, "Orderer");
        set_policy(orderer, "BlockValidation", "OutOf(1, 'GoneMSP.member')");
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::LockoutPolicy,
            Severity::Blocking,
            "/Channel/Orderer/BlockValidation"
        )]
    );
    assert!(
        lint.findings[0]
            .text
            .contains("the channel could not go on")
    );
    let lint =
        found(|config| set_policy(group(config, ""), "Writers", "AND('X.member', 'Y.peer')"));
    assert!(
        lint.findings[0]
            .text
            .contains("the channel could not go on")
    );
    // who was locked out before is no news
    let mut before = config("before");
    set_policy(group(&mut before, "Application"), "Odd", "OR('X.member')");
    let lint = find(
        &before,
        |config| set_policy(group(config, ""), "Fine", "OR('Org1MSP.member')"),
        NOW,
        None,
    );
    assert_eq!(lint, Lint::default());
}

#[test]
fn a_policy_that_nodes_ask_for_goes_away() {
    for (path, severity) in [
        ("Readers", Severity::Blocking),
        ("Writers", Severity::Blocking),
        ("Orderer/BlockValidation", Severity::Blocking),
        ("Application/Readers", Severity::Warning),
        ("Application/Writers", Severity::Blocking),
        ("Application/Endorsement", Severity::Blocking),
    ] {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let lint = found(|config| {
            group(config, parent).policies.remove(name);
        });
        let path = format!("/Channel/{path}");
        let expected = (FindingId::LockoutPolicy, severity, path.as_str());
        assert_eq!(rows(&lint), [expected]);
    }
    // nobody asks for these
    let lint = found(|config| {
        group(config, "Orderer").policies.remove("Readers");
    });
    assert_eq!(lint, Lint::default());
}

#[test]
fn policies_that_count_no_organisation_any_more() {
    let lint = found(|config| group(config, "Application").groups.clear());
    let row = |severity, path| (FindingId::WeakenedPolicy, severity, path);
    assert_eq!(
        rows(&lint),
        [
            (
                FindingId::GroupEmptied,
                Severity::Warning,
                "/Channel/Application"
            ),
            row(Severity::Info, "/Channel/Readers"),
            row(Severity::Info, "/Channel/Writers"),
            row(Severity::Warning, "/Channel/Application/Admins"),
            row(Severity::Info, "/Channel/Application/Endorsement"),
            row(Severity::Info, "/Channel/Application/LifecycleEndorsement"),
            row(Severity::Info, "/Channel/Application/Readers"),
            row(Severity::Info, "/Channel/Application/Writers"),
        ]
    );
    // said once where the rule changes, too
    let lint = found(|config| {
        group(config, "Application").groups.clear();
        set_policy(group(config, "Application"), "Admins", "ANY Admins");
    });
    let of_admins = |f: &&cmscc::review::lint::Finding| f.path == "/Channel/Application/Admins";
    assert_eq!(lint.findings.iter().filter(of_admins).count(), 1);
}

#[test]
fn roles_that_an_msp_cannot_give_lock_out() {
    let lint = found(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            let node_ous = msp.fabric_node_ous.as_mut().unwrap();
            node_ous.peer_ou_identifier = None;
        });
    });
    let found: Vec<&str> = lint.findings.iter().map(|f| f.path.as_str()).collect();
    assert!(
        found.contains(&"/Channel/Application/Org1MSP/Endorsement"),
        "{found:?}"
    );
    assert!((lint.findings.iter()).any(|f| f.text.contains("`OR('Org1MSP.peer')`")));
}

#[test]
fn who_has_idemix_identities_locks_out_nobody_but_peers() {
    let path = crate::conformance::root().join("msps/idemix-good.pb");
    let msp = Bytes::from(std::fs::read(path).unwrap());
    let value = cmscc::proto::msp::MspConfig::decode(msp.clone()).unwrap();
    let idemix = cmscc::proto::msp::IdemixMspConfig::decode(value.config).unwrap();
    let id = idemix.name;
    let lint = found(|config| {
        let mut org = group(config, "Application/Org1MSP").clone();
        org.values.retain(|name, _| name == "MSP");
        org.values.get_mut("MSP").unwrap().value = msp.clone();
        for (policy, role) in [
            ("Admins", "admin"),
            ("Readers", "member"),
            ("Writers", "client"),
            ("Endorsement", "peer"),
        ] {
            set_policy(&mut org, policy, &format!("OR('{id}.{role}')"));
        }
        let application = group(config, "Application");
        application.groups.insert("Idemix".to_owned(), org);
    });
    assert_eq!(
        rows(&lint),
        [
            (
                FindingId::LockoutPolicy,
                Severity::Warning,
                "/Channel/Application/Idemix/Endorsement"
            ),
            // all others are called as their MSPs
            (
                FindingId::OrganizationName,
                Severity::Warning,
                "/Channel/Application/Idemix"
            ),
        ]
    );
}

#[test]
fn a_mod_policy_that_leads_nowhere() {
    let lint = found(|config| {
        let value = group(config, "Orderer").values.get_mut("BatchSize");
        "/Channel/Nobody".clone_into(&mut value.unwrap().mod_policy);
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::DanglingModPolicy,
            Severity::Warning,
            "/Channel/Orderer/BatchSize"
        )]
    );
    // what refers to a policy that is removed
    let lint = found(|config| {
        group(config, "Application/Org2MSP")
            .policies
            .remove("Admins");
    });
    let dangling = |f: &&cmscc::review::lint::Finding| {
        f.id == FindingId::DanglingModPolicy && f.path.starts_with("/Channel/Application/Org2MSP")
    };
    assert!(
        lint.findings.iter().filter(dangling).count() >= 4,
        "{lint:#?}"
    );
    // a mod policy that nobody can satisfy
    let mut before = config("before");
    set_policy(group(&mut before, "Orderer"), "Nobody", "OR('X.member')");
    let lint = find(
        &before,
        |config| {
            let value = group(config, "Orderer").values.get_mut("BatchSize");
            "Nobody".clone_into(&mut value.unwrap().mod_policy);
        },
        NOW,
        None,
    );
    assert_eq!(
        rows(&lint),
        [(
            FindingId::LockoutPolicy,
            Severity::Warning,
            "/Channel/Orderer/BatchSize"
        )]
    );
}

#[test]
fn mod_policies_and_rules_that_take_less() {
    let lint = found(|config| {
        let application = group(config, "Application");
        "Writers".clone_into(&mut application.mod_policy);
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::WeakenedModPolicy,
            Severity::Warning,
            "/Channel/Application"
        )]
    );
    assert_eq!(
        lint.findings[0].text,
        "mod policy `Writers` takes at least 1 signature (0 of an admin or a named identity) where \
         `Admins` took at least 2 signatures (2 of admins or named identities): make sure that this \
         is wanted"
    );
    let lint = found(|config| set_policy(group(config, "Application"), "Admins", "ANY Admins"));
    assert_eq!(
        rows(&lint),
        [(
            FindingId::WeakenedPolicy,
            Severity::Warning,
            "/Channel/Application/Admins"
        )]
    );
    // as many signatures, but of anybody
    let lint = found(|config| {
        let org = group(config, "Application/Org1MSP");
        set_policy(org, "Admins", "OR('Org1MSP.member')");
    });
    assert_eq!(lint.findings[0].path, "/Channel/Application/Org1MSP/Admins");
    // one that decides about nothing in the config
    let lint = found(|config| {
        set_policy(
            group(config, "Application"),
            "Endorsement",
            "ANY Endorsement",
        );
    });
    assert_eq!(lint.findings[0].severity, Severity::Info);
    // stricter is fine
    let lint = found(|config| {
        set_policy(
            group(config, "Application"),
            "LifecycleEndorsement",
            "ALL Endorsement",
        );
    });
    assert_eq!(lint, Lint::default());
    // not where there is one signature
    let lint = found(|config| set_policy(group(config, "Application"), "Writers", "ALL Admins"));
    assert_eq!(
        rows(&lint),
        [(
            FindingId::LockoutPolicy,
            Severity::Blocking,
            "/Channel/Application/Writers"
        )]
    );
    assert!(
        lint.findings[0]
            .text
            .contains("no peer would take a proposal")
    );
}

#[test]
fn an_organisation_loses_its_admins_or_their_ca() {
    let new = ca(2025, 2040);
    let lint = found(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.root_certs = vec![new.clone()];
            let node_ous = msp.fabric_node_ous.as_mut().unwrap();
            for unit in [
                &mut node_ous.admin_ou_identifier,
                &mut node_ous.peer_ou_identifier,
                &mut node_ous.client_ou_identifier,
                &mut node_ous.orderer_ou_identifier,
            ] {
                unit.as_mut().unwrap().certificate = new.clone();
            }
        });
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::AdminCaLost,
            Severity::Warning,
            "/Channel/Application/Org1MSP"
        )]
    );
    // one more CA takes nothing away, but can do nothing where the units name another one
    let lint = found(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.root_certs.push(new.clone())
        });
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::CaUnusable,
            Severity::Warning,
            "/Channel/Application/Org1MSP/MSP"
        )]
    );
    // unless it alone may certify admins
    let lint = found(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.root_certs.push(new.clone());
            let node_ous = msp.fabric_node_ous.as_mut().unwrap();
            node_ous.admin_ou_identifier.as_mut().unwrap().certificate = new.clone();
        });
    });
    assert!(text(&lint, FindingId::AdminCaLost).starts_with("none of the CAs"));
    // newer channels refuse an msp without admins
    let lint = found(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.fabric_node_ous.as_mut().unwrap().enable = false;
        });
    });
    assert_eq!(lint.findings[0].id, FindingId::ResultRefused);
    assert_eq!(lint.findings[0].severity, Severity::Blocking);
}

#[test]
fn an_old_channel_lets_the_last_admin_go() {
    let old = |config: &mut common::Config| {
        for section in ["", "Orderer", "Application"] {
            edit(
                group(config, section),
                "Capabilities",
                |levels: &mut common::Capabilities| {
                    levels.capabilities.clear();
                    levels
                        .capabilities
                        .insert("V1_1".to_owned(), Default::default());
                },
            );
        }
        edit(
            group(config, ""),
            "OrdererAddresses",
            |all: &mut common::OrdererAddresses| {
                all.addresses = vec!["orderer:7050".to_owned()];
            },
        );
        group(config, "Orderer/OrdererOrg")
            .values
            .remove("Endpoints");
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.fabric_node_ous = None
        });
        let admin = include_bytes!(
            "../../fabric-data/crypto/peerOrganizations/org1.example.com/users/Admin@org1.example.com/msp/signcerts/Admin@org1.example.com-cert.pem"
        );
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.admins = vec![Bytes::from_static(admin)];
        });
    };
    let mut before = config("before");
    old(&mut before);
    let lint = find(
        &before,
        |config| edit_msp(config, "Application/Org1MSP", |msp| msp.admins.clear()),
        NOW,
        None,
    );
    let found: BTreeSet<FindingId> = lint.findings.iter().map(|f| f.id).collect();
    assert!(found.contains(&FindingId::NoAdmin), "{lint:#?}");
    assert!(found.contains(&FindingId::LockoutPolicy), "{lint:#?}");
}

#[test]
fn an_msp_changes_in_one_section_only() {
    let mut before = config("before");
    let org = group(&mut before, "Application/Org1MSP").clone();
    let orderer = group(&mut before, "Orderer");
    let mut twin = org.clone();
    twin.values.retain(|key, _| key == "MSP");
    orderer.groups.insert("Org1MSP".to_owned(), twin);
    let new = ca(2025, 2040);
    let add = |config: &mut common::Config, path: &str| {
        edit_msp(config, path, |msp| msp.tls_root_certs.push(new.clone()));
    };
    let lint = find(&before, |c| add(c, "Application/Org1MSP"), NOW, None);
    assert_eq!(
        rows(&lint)[1],
        (
            FindingId::MspInOneSection,
            Severity::Blocking,
            "/Channel/Application/Org1MSP"
        )
    );
    assert_eq!(lint.findings[0].id, FindingId::ResultRefused);
    let both = |config: &mut common::Config| {
        add(config, "Application/Org1MSP");
        add(config, "Orderer/Org1MSP");
    };
    assert_eq!(find(&before, both, NOW, None), Lint::default());
}

#[test]
fn certificates_that_expire() {
    let (gone, soon) = (ca(2020, 2025), ca(2020, 2027));
    let change = |config: &mut common::Config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.tls_root_certs.extend([gone.clone(), soon.clone()]);
        });
    };
    let lint = found(change);
    assert_eq!(
        rows(&lint),
        [
            (
                FindingId::CertificateExpired,
                Severity::Warning,
                "/Channel/Application/Org1MSP/MSP"
            ),
            (
                FindingId::CertificateExpiresSoon,
                Severity::Warning,
                "/Channel/Application/Org1MSP/MSP"
            ),
        ]
    );
    assert!(
        lint.findings[0]
            .text
            .ends_with("expired at 2025-01-01T00:00:00Z: renew it")
    );
    assert!(
        lint.findings[0]
            .text
            .starts_with("the tls root ca certificate `CN=new ca")
    );
    // 90 days are counted from the ledger's time
    let end = 1_798_761_600; // 2027-01-01
    for (now, want) in [
        (end - 90 * 86_400, 1),
        (end - 90 * 86_400 + 1, 2),
        (end + 1, 2),
    ] {
        let lint = find(&config("before"), change, now, None);
        assert_eq!(lint.findings.len(), want, "{now}");
    }
    // one that was there before, in a value that changes
    let mut before = config("before");
    change(&mut before);
    let lint = find(
        &before,
        |config| {
            edit_msp(config, "Application/Org1MSP", |msp| {
                msp.tls_root_certs.pop();
            });
        },
        NOW,
        None,
    );
    assert_eq!(lint.findings.len(), 1);
    assert_eq!(lint.findings[0].severity, Severity::Info);
    // an organisation that does not change says nothing
    assert_eq!(
        find(
            &before,
            |config| set_policy(group(config, ""), "New", "ANY Admins"),
            NOW,
            None
        ),
        Lint::default()
    );
}

#[test]
fn consenters_that_may_stop_the_channel() {
    let nodes = |config: &mut common::Config, change: &dyn Fn(&mut Vec<etcdraft::Consenter>)| {
        edit(
            group(config, "Orderer"),
            "ConsensusType",
            |consensus: &mut orderer::ConsensusType| {
                let mut raft =
                    etcdraft::ConfigMetadata::decode(consensus.metadata.clone()).unwrap();
                change(&mut raft.consenters);
                consensus.metadata = raft.encode_to_vec().into();
            },
        );
    };
    // certificates that a CA for TLS of the orderer organisation has signed
    let authority = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let root: Bytes = params.self_signed(&authority).unwrap().pem().into();
    let issuer = rcgen::Issuer::new(params, authority);
    let purposes = [
        rcgen::ExtendedKeyUsagePurpose::ServerAuth,
        rcgen::ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let made = |host: &str, names: &[&str], until: i32, uses: &[rcgen::ExtendedKeyUsagePurpose]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut leaf = CertificateParams::new(names).unwrap();
        leaf.not_before = rcgen::date_time_ymd(2021, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(until, 1, 1);
        leaf.extended_key_usages = uses.to_vec();
        let key = KeyPair::generate().unwrap();
        let certificate: Bytes = leaf.signed_by(&key, &issuer).unwrap().pem().into();
        etcdraft::Consenter {
            host: host.to_owned(),
            port: 7050,
            client_tls_cert: certificate.clone(),
            server_tls_cert: certificate,
        }
    };
    let consenter = |host: &str, until: i32| made(host, &[host], until, &purposes);
    let mut one = config("before");
    edit_msp(&mut one, "Orderer/OrdererOrg", |msp| {
        msp.tls_root_certs.push(root.clone())
    });
    let (second, third) = (consenter("o2", 2030), consenter("o3", 2030));
    let mut two = one.clone();
    nodes(&mut two, &|nodes| nodes.push(second.clone()));
    let mut three = two.clone();
    nodes(&mut three, &|nodes| nodes.push(third.clone()));
    let go = |before: &common::Config, after: &common::Config| {
        find(before, |config| *config = after.clone(), NOW, None)
    };
    let lint = go(&one, &two);
    assert_eq!(
        rows(&lint),
        [(
            FindingId::ConsenterQuorum,
            Severity::Warning,
            "/Channel/Orderer/ConsensusType"
        )]
    );
    assert!(
        lint.findings[0].text.contains("until `o2:7050` runs"),
        "{lint:#?}"
    );
    assert_eq!(go(&two, &three), Lint::default());
    let lint = go(&three, &two);
    assert!(text(&lint, FindingId::ConsenterQuorum).contains("failure of 0 instead of 1"));
    let mut replaced = three.clone();
    nodes(&mut replaced, &|nodes| nodes[2] = consenter("o4", 2027));
    let lint = go(&three, &replaced);
    assert_eq!(lint.findings.len(), 1, "{lint:#?}");
    assert!(text(&lint, FindingId::CertificateExpiresSoon).contains("`o4:7050`"));

    // certificates with which the others would not speak TLS
    let odd = |node: etcdraft::Consenter| {
        let mut odd = three.clone();
        nodes(&mut odd, &|nodes| nodes[2] = node.clone());
        let lint = go(&three, &odd);
        let texts = lint.findings.into_iter().map(|one| (one.id, one.text));
        texts.collect::<Vec<_>>()
    };
    let certificate = FindingId::ConsenterCertificate;
    for (node, said) in [
        (
            made("o4", &["o3", "10.0.0.4"], 2030, &purposes),
            "is not for `o4`: it is for `o3`, `10.0.0.4`",
        ),
        (
            made("10.0.0.5", &["10.0.0.4"], 2030, &purposes),
            "is not for `10.0.0.5`",
        ),
        (
            made("o4", &[], 2030, &purposes),
            "it has no alternative name",
        ),
        (
            made("o4", &["o4"], 2030, &purposes[..1]),
            "is not for clients",
        ),
        (
            made("o4", &["o4"], 2030, &purposes[1..]),
            "is not for servers",
        ),
    ] {
        let found = odd(node);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].0, certificate);
        assert!(found[0].1.contains(said), "{found:#?}");
    }
    for well in [
        made("o4.example.com", &["*.example.com"], 2030, &purposes),
        made("O4", &["o4"], 2030, &[]),
        made("10.0.0.4", &["10.0.0.4"], 2030, &purposes),
    ] {
        assert_eq!(odd(well), []);
    }
    // who was there before stays as it is
    let mut before = three.clone();
    nodes(&mut before, &|nodes| {
        nodes[1] = made("o2", &["other"], 2030, &purposes)
    });
    let mut batch = before.clone();
    nodes(&mut batch, &|nodes| nodes[2] = consenter("o5", 2030));
    assert_eq!(go(&before, &batch), Lint::default());

    // of a single one the orderer makes no block
    let mut alone = one.clone();
    nodes(&mut alone, &|nodes| *nodes = vec![consenter("o1", 2030)]);
    let mut other = alone.clone();
    nodes(&mut other, &|nodes| *nodes = vec![consenter("o1", 2030)]);
    let lint = go(&alone, &other);
    assert!(
        text(&lint, FindingId::ConsenterQuorum).contains("makes no block of it"),
        "{lint:#?}"
    );
}

#[test]
fn consenters_of_bft_that_may_stop_the_channel() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/configs/d-bft4.pb"
    );
    let mut four = common::Config::decode(&*std::fs::read(path).unwrap()).unwrap();
    edit(
        group(&mut four, "Orderer"),
        "ConsensusType",
        |consensus: &mut orderer::ConsensusType| {
            let mut options =
                orderer::smartbft::Options::decode(consensus.metadata.clone()).unwrap();
            options.leader_rotation = 1;
            consensus.metadata = options.encode_to_vec().into();
        },
    );
    type Nodes = Vec<common::Consenter>;
    let go = |change: &dyn Fn(&mut Nodes)| {
        let channel = ChannelId::from("vec-channel");
        let current = Bundle::new(&channel, tree(&four)).unwrap();
        let mut after = four.clone();
        let orderer = group(&mut after, "Orderer");
        edit(orderer, "Orderers", |all: &mut common::Orderers| {
            change(&mut all.consenter_mapping);
        });
        let next = Bundle::new(&channel, tree(&after)).unwrap();
        let lint = lint(&Subject {
            current: &current,
            result: next.tree(),
            next: Ok(&next),
            update_bytes: 1_000,
            now: UnixTime {
                seconds: NOW,
                nanos: 0,
            },
            attested: None,
            known: &[],
            unread: &[],
            recording: None,
        });
        lint.findings
            .into_iter()
            .filter(|f| f.id == FindingId::ConsenterQuorum)
            .map(|f| f.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(go(&|nodes| nodes[0].port += 1), [""; 0]);
    let new = |node: &mut common::Consenter| node.identity = ca(2025, 2040);
    assert_eq!(go(&|nodes| new(&mut nodes[3])), [""; 0]);
    let texts = go(&|nodes| nodes[2..].iter_mut().for_each(new));
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].starts_with("3 of 4 consenters must run and only 2"),
        "{texts:?}"
    );
    let texts = go(&|nodes| drop(nodes.pop()));
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("failure of 0 instead of 1"), "{texts:?}");
    // five survive as many failures as four do, in the worst way
    assert_eq!(go(&|nodes| nodes.push(nodes[0].clone())), [""; 0]);
}

#[test]
fn addresses_that_nobody_can_connect_to() {
    let cases = [
        ("orderer.example.com:7050", true),
        ("10.0.0.1:7050", true),
        ("[::1]:7050", true),
        ("orderer.example.com", false),
        ("orderer.example.com:", false),
        ("orderer.example.com:0", false),
        ("orderer.example.com:70500", false),
        ("grpcs://orderer.example.com:7050", false),
        ("::1:7050", false),
        ("two hosts:7050", false),
        ("orderer.example.com.:7050", true),
        ("orderer..example.com:7050", false),
        (".:7050", false),
        (":7050", false),
        ("", false),
    ];
    for (address, good) in cases {
        let lint = found(|config| {
            let org = group(config, "Orderer/OrdererOrg");
            edit(org, "Endpoints", |all: &mut common::OrdererAddresses| {
                all.addresses.push(address.to_owned());
            });
        });
        let ids: Vec<FindingId> = lint.findings.iter().map(|f| f.id).collect();
        match good {
            true => assert_eq!(ids, [], "{address}"),
            false => assert_eq!(ids, [FindingId::MalformedEndpoint], "{address}"),
        }
    }
    for (host, port, good) in [
        ("peer0", 7051, true),
        ("::1", 7051, true),
        ("", 1, false),
        ("a", 0, false),
    ] {
        let lint = found(|config| {
            let org = group(config, "Application/Org1MSP");
            edit(org, "AnchorPeers", |all: &mut protos::AnchorPeers| {
                let host = host.to_owned();
                all.anchor_peers = vec![protos::AnchorPeer { host, port }];
            });
        });
        assert_eq!(lint.findings.is_empty(), good, "{host}:{port}");
    }
}

#[test]
fn levels_that_nobody_attested() {
    let raise = |config: &mut common::Config| {
        let application = group(config, "Application");
        edit(
            application,
            "Capabilities",
            |levels: &mut common::Capabilities| {
                levels
                    .capabilities
                    .insert("V9_9".to_owned(), Default::default());
            },
        );
    };
    let nobody = Attested::default();
    let lint = find(&config("before"), raise, NOW, Some(&nobody));
    assert_eq!(
        rows(&lint),
        [(
            FindingId::CapabilityUnattested,
            Severity::Warning,
            "/Channel/Application/Capabilities"
        )]
    );
    let somebody = Attested {
        application: BTreeSet::from(["V9_9".to_owned()]),
        ..Attested::default()
    };
    assert_eq!(
        find(&config("before"), raise, NOW, Some(&somebody)),
        Lint::default()
    );
    assert_eq!(found(raise), Lint::default());
}

#[test]
fn updates_near_the_limit() {
    let size = |bytes: u32| {
        let mut before = config("before");
        edit(
            group(&mut before, "Orderer"),
            "BatchSize",
            |size: &mut orderer::BatchSize| {
                size.absolute_max_bytes = bytes;
                size.preferred_max_bytes = 1;
            },
        );
        find(
            &before,
            |config| set_policy(group(config, ""), "New", "ANY Admins"),
            NOW,
            None,
        )
    };
    let bytes = u32::try_from(config("before").encoded_len()).unwrap();
    let ids = |lint: Lint| lint.findings.iter().map(|f| f.id).collect::<Vec<_>>();
    assert_eq!(ids(size(bytes)), [FindingId::UpdateTooLarge]);
    assert_eq!(ids(size(bytes + bytes / 20)), [FindingId::UpdateNearLimit]);
    assert_eq!(ids(size(2 * bytes)), []);
}

#[test]
fn endorsements_before_and_after() {
    let (before, after) = (bundle(&config("before")), bundle(&config("after")));
    assert_eq!(endorsement(&before, &before, None, None), None);
    let known = BTreeSet::from([MspId::from("Org1MSP"), MspId::from("GoneMSP")]);
    let found = endorsement(&before, &after, None, Some(&known)).unwrap();
    assert_eq!(
        (found.organizations_before, found.organizations_after),
        (2, 3)
    );
    assert_eq!(
        (found.needed_before, found.needed_after),
        (Some(2), Some(2))
    );
    assert_eq!(found.rule_after.as_deref(), Some("MAJORITY Endorsement"));
    assert_eq!(found.servers, Some(vec!["Org1MSP".to_owned()]));
    assert_eq!(found.enough_servers, Some(false));
    let back = endorsement(&after, &before, None, None).unwrap();
    assert_eq!((back.organizations_after, back.enough_servers), (2, None));
    // an explicit rule stays what it is
    let explicit = |mut config: common::Config| {
        let rule = "AND('Org1MSP.peer', 'Org2MSP.peer')";
        set_policy(group(&mut config, "Application"), "Endorsement", rule);
        bundle(&config)
    };
    let found = endorsement(
        &explicit(config("before")),
        &explicit(config("after")),
        None,
        None,
    )
    .unwrap();
    assert_eq!(
        (found.needed_before, found.needed_after),
        (Some(2), Some(2))
    );
    assert_eq!(
        found.rule_before.as_deref(),
        Some("AND('Org1MSP.peer', 'Org2MSP.peer')")
    );
}

#[test]
fn endorsements_by_any_rule() {
    let (before, after) = (config("before"), config("after"));
    let ids = |names: &[&str]| names.iter().map(|name| MspId::from(*name)).collect();
    let of = |rule: &str, agreed: Option<&str>, servers: &[&str]| {
        let with = |mut config: common::Config| {
            set_policy(group(&mut config, "Application"), "Endorsement", rule);
            bundle(&config)
        };
        let servers: BTreeSet<MspId> = ids(servers);
        let found = endorsement(
            &with(before.clone()),
            &with(after.clone()),
            agreed,
            Some(&servers),
        );
        let found = found.unwrap();
        (
            found.needed_before,
            found.needed_after,
            found.enough_servers,
        )
    };
    let cases = [
        (
            "MAJORITY Endorsement",
            &["Org1MSP", "OrgXMSP"][..],
            2,
            2,
            true,
        ),
        ("ANY Endorsement", &["OrgXMSP"], 1, 1, true),
        ("ANY Endorsement", &[], 1, 1, false),
        ("ALL Endorsement", &["Org1MSP", "Org2MSP"], 2, 3, false),
        (
            "ALL Endorsement",
            &["Org1MSP", "Org2MSP", "OrgXMSP"],
            2,
            3,
            true,
        ),
        // as many as it takes, but not those
        (
            "AND('Org1MSP.peer', 'Org2MSP.peer')",
            &["Org1MSP", "OrgXMSP"],
            2,
            2,
            false,
        ),
        (
            "AND('Org1MSP.peer', 'Org2MSP.peer')",
            &["Org1MSP", "Org2MSP"],
            2,
            2,
            true,
        ),
        (
            "OR('Org1MSP.peer', AND('Org2MSP.peer', 'OrgXMSP.peer'))",
            &["Org2MSP", "OrgXMSP"],
            1,
            1,
            true,
        ),
    ];
    for (rule, servers, needed_before, needed_after, enough) in cases {
        let expected = (Some(needed_before), Some(needed_after), Some(enough));
        assert_eq!(of(rule, None, servers), expected, "{rule} {servers:?}");
        // agreed for the definition, whatever the channel's own says
        if rule.contains('(') {
            let found = of("ANY Endorsement", Some(rule), servers);
            assert_eq!(found, expected, "{rule} {servers:?}");
        }
    }
    // nobody can satisfy it, before or after
    let found = of(
        "AND('Org1MSP.peer', 'OrgXMSP.peer')",
        None,
        &["Org1MSP", "OrgXMSP"],
    );
    assert_eq!(found, (None, Some(2), Some(true)));
    let found = of("OR('GoneMSP.peer')", None, &["Org1MSP"]);
    assert_eq!(found, (None, None, None));
    let lifecycle = "/Channel/Application/LifecycleEndorsement";
    let found = endorsement(&bundle(&before), &bundle(&after), Some(lifecycle), None).unwrap();
    assert_eq!(
        (found.policy.as_str(), found.needed_after),
        (lifecycle, Some(2))
    );
    let found = endorsement(
        &bundle(&before),
        &bundle(&after),
        Some("/Channel/None"),
        None,
    );
    assert_eq!(found.unwrap().needed_after, None);
    // several at once, and one in another's place
    let mut several = after.clone();
    let org = group(&mut several, "Application/OrgXMSP").clone();
    let application = group(&mut several, "Application");
    application.groups.remove("Org1MSP");
    application.groups.remove("Org2MSP");
    let found = endorsement(&bundle(&before), &bundle(&several), None, None).unwrap();
    assert_eq!(
        (found.organizations_after, found.needed_after),
        (1, Some(1))
    );
    let mut replaced = before.clone();
    let application = group(&mut replaced, "Application");
    application.groups.remove("Org2MSP");
    application.groups.insert("OrgXMSP".to_owned(), org);
    assert_eq!(
        endorsement(&bundle(&before), &bundle(&replaced), None, None),
        None
    );
}

#[test]
fn endorsements_are_told_of_whom_the_rule_asks() {
    let (before, after) = (config("before"), config("after"));
    let with = |config: &common::Config, rule: &str| {
        let mut config = config.clone();
        set_policy(group(&mut config, "Application"), "Endorsement", rule);
        bundle(&config)
    };
    let text =
        |current: &Bundle, next: &Bundle| endorsement(current, next, None, None).unwrap().text;
    let policy = "where a chaincode follows `/Channel/Application/Endorsement`";
    let servers = ": at least as many must run a server, at all times";
    assert_eq!(
        text(&bundle(&before), &bundle(&after)),
        format!("2 of 3 organisations must endorse instead of 2 of 2, {policy}{servers}")
    );
    // of those that it names, not of all that there are
    let two = "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer')";
    let named = "2 signatures of the 2 organisations that it names";
    assert_eq!(
        text(&with(&before, two), &with(&after, two)),
        format!("{named} are needed instead of {named}, {policy}{servers}")
    );
    // only the rule changes
    let any = "ANY Endorsement";
    assert_eq!(
        text(&bundle(&before), &with(&before, any)),
        format!(
            "1 of 2 organisations must endorse instead of 2 of 2, {policy}{servers}; the rule changes"
        )
    );
    let one = "OR('Org1MSP.peer')";
    let found = endorsement(&with(&before, any), &with(&before, one), None, None).unwrap();
    assert_eq!(found.organizations_before, found.organizations_after);
    assert_eq!(
        (found.needed_before, found.needed_after),
        (Some(1), Some(1))
    );
    assert_eq!(found.rule_after.as_deref(), Some("OR('Org1MSP.peer')"));
    assert!(
        found
            .text
            .starts_with("1 signature of the organisation that it names is needed")
    );
}

#[test]
fn any_two_valid_configs_of_the_vectors_can_be_looked_at() {
    let mut bundles: BTreeMap<String, Bundle> = BTreeMap::new();
    for (name, tree) in vector_configs() {
        if let Ok(bundle) = Bundle::new(&channel(), tree) {
            bundles.insert(name, bundle);
        }
    }
    assert!(bundles.len() > 60, "{}", bundles.len());
    let all: Vec<&Bundle> = bundles.values().collect();
    for (at, current) in all.iter().enumerate() {
        for next in [current, &all[(at * 5 + 3) % all.len()]] {
            let lint = lint(&Subject {
                current,
                result: next.tree(),
                next: Ok(next),
                update_bytes: 1_000,
                now: UnixTime {
                    seconds: NOW,
                    nanos: 0,
                },
                attested: Some(&Attested::default()),
                known: &[],
                unread: &[],
                recording: None,
            });
            assert!(lint.findings.len() <= 200);
            if std::ptr::eq(*next, *current) {
                let news = lint.findings.iter().filter(|f| {
                    !matches!(f.id, FindingId::UpdateTooLarge | FindingId::UpdateNearLimit)
                });
                assert_eq!(news.count(), 0, "{lint:#?}");
            }
            let _ = endorsement(current, next, None, None);
        }
    }
}
