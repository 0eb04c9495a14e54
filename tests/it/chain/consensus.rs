//! What the consensus plug-ins refuse although the config itself is valid.

use cmscc::{
    config::{Bundle, ConfigTree, Update, compute_update, quorum},
    ids::ChannelId,
    proto::{common, etcdraft, msp, orderer, orderer::smartbft, write},
};
use prost::Message;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use super::{NETWORKS, block, channel, data};

const RAFT: &str = NETWORKS[1];

/// The config of a raft network, as a message.
fn raft_config() -> common::Config {
    common::Config::decode(block(RAFT, "genesis.block").config().clone()).unwrap()
}

fn compile(channel: &ChannelId, config: &common::Config) -> Bundle {
    let tree = ConfigTree::parse(config.encode_to_vec().into()).unwrap();
    Bundle::new(channel, tree).unwrap()
}

fn orderer_group(config: &mut common::Config) -> &mut common::ConfigGroup {
    let root = config.channel_group.as_mut().unwrap();
    root.groups.get_mut("Orderer").unwrap()
}

/// Changes one value of a group.
fn edit<M: Message + Default>(
    group: &mut common::ConfigGroup,
    key: &str,
    change: impl FnOnce(&mut M),
) {
    let value = group.values.get_mut(key).unwrap();
    let mut message = M::decode(value.value.clone()).unwrap();
    change(&mut message);
    value.value = message.encode_to_vec().into();
}

fn edit_raft(config: &mut common::Config, change: impl FnOnce(&mut etcdraft::ConfigMetadata)) {
    edit(
        orderer_group(config),
        "ConsensusType",
        |consensus: &mut orderer::ConsensusType| {
            let mut metadata =
                etcdraft::ConfigMetadata::decode(consensus.metadata.clone()).unwrap();
            change(&mut metadata);
            consensus.metadata = metadata.encode_to_vec().into();
        },
    );
}

/// A TLS certificate authority of the orderer organisation, beside its own one.
struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    fn join(config: &mut common::Config) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let orgs = &mut orderer_group(config).groups;
        let org = orgs.values_mut().next().unwrap();
        edit(org, "MSP", |value: &mut msp::MspConfig| {
            let mut definition = msp::FabricMspConfig::decode(value.config.clone()).unwrap();
            definition.tls_root_certs.push(certificate.into());
            value.config = definition.encode_to_vec().into();
        });
        Self(Issuer::new(params, key))
    }

    fn consenter(&self, host: &str, usage: ExtendedKeyUsagePurpose) -> etcdraft::Consenter {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap().pem();
        etcdraft::Consenter {
            host: host.to_owned(),
            port: 7050,
            client_tls_cert: certificate.clone().into(),
            server_tls_cert: certificate.into(),
        }
    }
}

/// What the plug-in says of a change of the raft config.
fn raft(change: impl FnOnce(&mut common::Config)) -> Result<(usize, usize), &'static str> {
    let mut next = raft_config();
    let current = compile(&channel(), &next);
    change(&mut next);
    current
        .check_consensus(&compile(&channel(), &next))
        .map(|change| (change.added, change.removed))
        .map_err(|e| e.reason())
}

#[test]
fn raft_consenters_change_one_at_a_time() {
    let client = || ExtendedKeyUsagePurpose::ClientAuth;
    assert_eq!(raft(|_| {}), Ok((0, 0)));
    let add = |count: usize, remove: bool| {
        raft(|config| {
            let authority = Authority::join(config);
            edit_raft(config, |raft| {
                if remove {
                    raft.consenters.clear();
                }
                for n in 0..count {
                    raft.consenters
                        .push(authority.consenter(&format!("o{n}"), client()));
                }
            });
        })
    };
    assert_eq!(add(1, false), Ok((1, 0)));
    assert_eq!(add(1, true), Ok((1, 1)));
    assert_eq!(add(2, false), Err("consensus_too_many_changes"));
    assert_eq!(add(0, true), Err("consensus_no_consenters"));
}

#[test]
fn many_raft_consenters_at_once_are_refused_unread() {
    let add = |count: usize| {
        raft(|config| {
            edit_raft(config, |raft| {
                let unreadable = |n: usize| etcdraft::Consenter {
                    client_tls_cert: format!("no certificate {n}").into(),
                    ..Default::default()
                };
                raft.consenters.extend((0..count).map(unreadable));
            });
        })
    };
    assert_eq!(add(31), Err("consensus_certificate"));
    assert_eq!(add(32), Err("consensus_too_many_changes"));
}

#[test]
fn raft_certificates_come_from_the_orderer_organisations() {
    let with = |usage: ExtendedKeyUsagePurpose| {
        raft(|config| {
            let authority = Authority::join(config);
            edit_raft(config, |raft| {
                raft.consenters.push(authority.consenter("o", usage));
            });
        })
    };
    assert_eq!(with(ExtendedKeyUsagePurpose::ServerAuth), Ok((1, 0)));
    assert_eq!(
        with(ExtendedKeyUsagePurpose::CodeSigning),
        Err("consensus_certificate")
    );
    let foreign = "crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls";
    let foreign = data(&format!("{foreign}/server.crt"));
    let garbage = bytes::Bytes::from_static(b"not a certificate");
    for certificate in [foreign, garbage] {
        let refused = raft(|config| {
            edit_raft(config, |raft| {
                raft.consenters[0].server_tls_cert = certificate;
            });
        });
        assert_eq!(refused, Err("consensus_certificate"));
    }
}

/// From the first day of a year to the first day of another.
type Years = (i32, i32);

/// A key that stays, whatever certificate names it.
struct DatedAuthority(KeyPair);

impl DatedAuthority {
    fn params((from, to): Years) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "dated tls ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        params
    }

    /// A certificate of the authority joins the TLS CAs of the orderer organisation.
    fn join(&self, config: &mut common::Config, years: Years) {
        let certificate = Self::params(years).self_signed(&self.0).unwrap().pem();
        let org = orderer_group(config).groups.values_mut().next().unwrap();
        edit(org, "MSP", |value: &mut msp::MspConfig| {
            let mut definition = msp::FabricMspConfig::decode(value.config.clone()).unwrap();
            definition.tls_root_certs.push(certificate.into());
            value.config = definition.encode_to_vec().into();
        });
    }

    fn certificate(&self, (from, to): Years) -> bytes::Bytes {
        let mut params = CertificateParams::new(vec!["o".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let issuer = Issuer::new(Self::params((2000, 2001)), &self.0);
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &issuer).unwrap().pem().into()
    }

    fn consenter(&self, client: Years, server: Years) -> etcdraft::Consenter {
        etcdraft::Consenter {
            host: "o".to_owned(),
            port: 7050,
            client_tls_cert: self.certificate(client),
            server_tls_cert: self.certificate(server),
        }
    }
}

/// What the plug-in says of a consenter with these dates, once as one that is there already and
/// once as a new one: the consenters whose certificates only their dates keep.
fn dated(leaf: Years, cas: &[Years]) -> [Result<Vec<String>, &'static str>; 2] {
    let authority = DatedAuthority(KeyPair::generate().unwrap());
    let mut without = raft_config();
    for years in cas {
        authority.join(&mut without, *years);
    }
    let mut with = without.clone();
    let consenter = authority.consenter(leaf, leaf);
    edit_raft(&mut with, |raft| raft.consenters.push(consenter));
    [&with, &without].map(|current| {
        compile(&channel(), current)
            .check_consensus(&compile(&channel(), &with))
            .map(|change| change.out_of_date)
            .map_err(|e| e.reason())
    })
}

#[test]
fn dates_refuse_no_raft_consenter_that_is_there() {
    let refused = Err("consensus_certificate");
    let ok = || Ok(vec![]);
    let only_dates = || Ok(vec!["o:7050".to_owned()]);
    let cases: [(&str, Years, &[Years], _, _); 11] = [
        ("plain", (2024, 2044), &[(2023, 2045)], ok(), ok()),
        ("ca renewed", (2024, 2044), &[(2026, 2046)], ok(), ok()),
        (
            "ca renewed beside the old one",
            (2024, 2044),
            &[(2020, 2025), (2026, 2046)],
            ok(),
            ok(),
        ),
        ("expired", (2019, 2020), &[(2018, 2045)], ok(), ok()),
        ("not valid yet", (2050, 2060), &[(2018, 2070)], ok(), ok()),
        ("ca expired", (2024, 2044), &[(2018, 2025)], ok(), ok()),
        (
            "expired before its ca",
            (2019, 2020),
            &[(2026, 2046)],
            ok(),
            refused.clone(),
        ),
        (
            "after its ca",
            (2024, 2044),
            &[(2010, 2011)],
            ok(),
            refused.clone(),
        ),
        (
            "between its cas",
            (2022, 2023),
            &[(2018, 2021), (2025, 2045)],
            ok(),
            refused.clone(),
        ),
        (
            "expired without a ca",
            (2019, 2020),
            &[],
            only_dates(),
            refused.clone(),
        ),
        // a certificate that has no chain today can only be there because of its dates
        (
            "without a ca",
            (2050, 2060),
            &[],
            only_dates(),
            refused.clone(),
        ),
    ];
    for (name, leaf, cas, present, new) in cases {
        assert_eq!(dated(leaf, cas), [present, new], "{name}");
    }
}

#[test]
fn both_certificates_of_a_new_raft_consenter_are_valid_at_one_time() {
    let authority = DatedAuthority(KeyPair::generate().unwrap());
    let with = |client: Years, server: Years| {
        raft(|config| {
            authority.join(config, (2018, 2050));
            let consenter = authority.consenter(client, server);
            edit_raft(config, |raft| raft.consenters.push(consenter));
        })
    };
    assert_eq!(with((2019, 2030), (2020, 2040)), Ok((1, 0)));
    assert_eq!(
        with((2019, 2020), (2021, 2040)),
        Err("consensus_certificate")
    );
}

#[test]
fn an_update_takes_no_ca_from_a_raft_consenter_that_may_be_valid() {
    let without_ca = |leaf: Years| {
        let authority = DatedAuthority(KeyPair::generate().unwrap());
        let mut next = raft_config();
        let consenter = authority.consenter(leaf, leaf);
        edit_raft(&mut next, |raft| raft.consenters.push(consenter));
        let mut current = next.clone();
        authority.join(&mut current, (2018, 2050));
        compile(&channel(), &current)
            .check_consensus(&compile(&channel(), &next))
            .map(|change| change.out_of_date)
            .map_err(|e| e.reason())
    };
    assert_eq!(without_ca((2019, 2049)), Err("consensus_certificate"));
    // the other certificates are younger than its end, so that has passed
    assert_eq!(without_ca((2019, 2020)), Ok(vec!["o:7050".to_owned()]));
}

#[test]
fn what_the_clock_decides_of_raft_consenters_is_said() {
    let authority = DatedAuthority(KeyPair::generate().unwrap());
    let mut original = raft_config();
    let there = authority.consenter((2019, 2020), (2019, 2020));
    edit_raft(&mut original, |raft| raft.consenters.push(there));
    let current = compile(&channel(), &original);
    let not_checked = |change: &dyn Fn(&mut common::Config)| {
        let mut updated = original.clone();
        change(&mut updated);
        let updated = ConfigTree::parse(updated.encode_to_vec().into()).unwrap();
        let update = compute_update(&channel(), current.tree(), &updated).unwrap();
        let update = Update::parse(update.into()).unwrap();
        current.emulate(&update, &[]).not_checked.split_off(1)
    };
    let outdated = "that each tls certificate of consenter `o:7050` is out of date, or has a chain to \
                    a tls ca of an orderer organisation that holds now";
    let timeout = |config: &mut common::Config| {
        edit(
            orderer_group(config),
            "BatchTimeout",
            |value: &mut orderer::BatchTimeout| value.timeout = "3s".to_owned(),
        );
    };
    assert_eq!(not_checked(&timeout), [outdated]);
    let add = |config: &mut common::Config| {
        authority.join(config, (2018, 2050));
        let new = etcdraft::Consenter {
            host: "p".to_owned(),
            ..authority.consenter((2020, 2040), (2020, 2040))
        };
        edit_raft(config, |raft| raft.consenters.push(new));
    };
    assert_eq!(
        not_checked(&add),
        [
            "that the tls certificates of the added consenter `p:7050`, and the cas above them, are \
             valid now",
            "that enough raft nodes are alive"
        ]
    );
}

#[test]
fn raft_metadata_is_judged() {
    let edited = |change: fn(&mut etcdraft::ConfigMetadata)| raft(|c| edit_raft(c, change));
    // host and port, and another server certificate, are no change of membership
    assert_eq!(edited(|raft| raft.consenters[0].port += 1), Ok((0, 0)));
    assert_eq!(
        edited(|raft| raft.options = None),
        Err("consensus_metadata")
    );
    let ticks = |raft: &mut etcdraft::ConfigMetadata| {
        raft.options.as_mut().unwrap().election_tick = 1;
    };
    assert_eq!(edited(ticks), Err("consensus_metadata"));
    let twice =
        |raft: &mut etcdraft::ConfigMetadata| raft.consenters.push(raft.consenters[0].clone());
    assert_eq!(edited(twice), Err("consensus_duplicate_consenter"));
    let consensus = |change: fn(&mut orderer::ConsensusType)| {
        raft(|config| edit(orderer_group(config), "ConsensusType", change))
    };
    assert_eq!(consensus(|c| c.metadata.clear()), Ok((0, 0)));
    assert_eq!(
        consensus(|c| c.metadata = vec![0xff].into()),
        Err("consensus_metadata")
    );
    assert_eq!(
        consensus(|c| c.r#type = "solo".into()),
        Err("consensus_unknown_type")
    );
    assert_eq!(consensus(|c| c.r#type = "BFT".into()), Ok((0, 0)));
}

#[test]
fn bft_consenters_and_their_policy_change_together() {
    let channel = ChannelId::from("vec-channel");
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/configs/d-bft4.pb"
    );
    let mut original = common::Config::decode(&*std::fs::read(path).unwrap()).unwrap();
    let current = compile(&channel, &original);
    let check = |config: &common::Config| {
        current
            .check_consensus(&compile(&channel, config))
            .map(drop)
            .map_err(|e| e.reason())
    };
    assert_eq!(check(&original), Err("consensus_rotation"));
    edit(
        orderer_group(&mut original),
        "ConsensusType",
        |consensus: &mut orderer::ConsensusType| {
            let mut options = smartbft::Options::decode(consensus.metadata.clone()).unwrap();
            options.leader_rotation = 1;
            consensus.metadata = options.encode_to_vec().into();
        },
    );
    assert_eq!(check(&original), Ok(()));
    let mut fewer = original.clone();
    let mut consenters = Vec::new();
    edit(
        orderer_group(&mut fewer),
        "Orderers",
        |orderers: &mut common::Orderers| {
            orderers.consenter_mapping.pop();
            consenters.clone_from(&orderers.consenter_mapping);
        },
    );
    assert_eq!(check(&fewer), Err("consensus_block_validation"));
    let rule = |kind| common::SignaturePolicy { r#type: Some(kind) };
    use common::signature_policy::{NOutOf, Type};
    let matching = common::SignaturePolicyEnvelope {
        version: 0,
        rule: Some(rule(Type::NOutOf(NOutOf {
            n: i32::try_from(quorum(consenters.len())).unwrap(),
            rules: (0..3).map(|n| rule(Type::SignedBy(n))).collect(),
        }))),
        identities: consenters
            .iter()
            .map(|consenter| common::MspPrincipal {
                principal_classification: 2,
                principal: msp::SerializedIdentity {
                    mspid: consenter.msp_id.clone(),
                    id_bytes: consenter.identity.clone(),
                }
                .encode_to_vec()
                .into(),
            })
            .collect(),
    };
    let policies = &mut orderer_group(&mut fewer).policies;
    let policy = policies.get_mut("BlockValidation").unwrap();
    policy.policy.as_mut().unwrap().value = matching.encode_to_vec().into();
    assert_eq!(check(&fewer), Ok(()));
    assert!(
        current
            .check_consensus(&with_unknown_field(&channel, &original))
            .is_err()
    );
    let mut none = original.clone();
    orderer_group(&mut none).values.remove("Orderers");
    assert_eq!(check(&none), Err("consensus_missing_value"));
}

/// This config, with an unknown field in the policy `BlockValidation`: of two map entries with one
/// key, the later one counts.
fn with_unknown_field(channel: &ChannelId, config: &common::Config) -> Bundle {
    let root = config.channel_group.as_ref().unwrap();
    let orderer = &root.groups["Orderer"];
    let policy = &orderer.policies["BlockValidation"];
    let mut inner = policy.policy.as_ref().unwrap().encode_to_vec();
    write::uint(&mut inner, 99, 1);
    let mut outer = policy.encode_to_vec();
    write::message(&mut outer, 2, &inner);
    let mut group = orderer.encode_to_vec();
    write::message(&mut group, 4, &entry("BlockValidation", &outer));
    let mut channel_group = root.encode_to_vec();
    write::message(&mut channel_group, 2, &entry("Orderer", &group));
    let mut bytes = Vec::new();
    write::message(&mut bytes, 2, &channel_group);
    let tree = ConfigTree::parse(bytes.into()).unwrap();
    Bundle::new(channel, tree).unwrap()
}

fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    write::bytes(&mut entry, 1, key.as_bytes());
    write::message(&mut entry, 2, value);
    entry
}
