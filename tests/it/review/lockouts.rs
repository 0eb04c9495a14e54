//! Findings on changes that lock somebody out, one kind after the other: each was put in force on a
//! real network and did what the finding says.

use bytes::Bytes;
use cmscc::{
    identity::Certificate,
    ids::MspId,
    proto::{common, etcdraft, msp, orderer, protos},
    review::{
        endorsement,
        lint::{FindingId, KnownCertificate, Lint, RecordingSize, Severity},
    },
};
use prost::Message;

use super::{
    bundle, config, edit, edit_msp, group,
    lint::{NOW, ca, find, find_knowing, found, rows, text},
    set_policy, tree,
};
use crate::contract::people::{new_admin, new_user, person, renewed_ca, revocation_list, user};

/// A list without authority key identifier, as `openssl ca -gencrl` makes it without extensions.
const WITHOUT_AKI: &str = "-----BEGIN X509 CRL-----
MIIBEzCBugIBATAKBggqhkjOPQQDAjBlMQswCQYDVQQGEwJVUzETMBEGA1UECBMK
Q2FsaWZvcm5pYTEWMBQGA1UEBxMNU2FuIEZyYW5jaXNjbzESMBAGA1UEChMJb3Jn
MS50ZXN0MRUwEwYDVQQDEwxjYS5vcmcxLnRlc3QXDTI2MTEyODIyMTMxOFoXDTI3
MDkyNDIyMTMxOFowFDASAgF3Fw0yNjAxMDEwMDAwMDBaoA4wDDAKBgNVHRQEAwIB
ATAKBggqhkjOPQQDAgNIADBFAiEA0A+6KO1BCRe4r/B9yT1curUt+MTTxZ6BLubx
qlPlTCACIB2emJlikjXbZqoHrP5fkyBvdVgI6+hwdXEuRvfrVtSB
-----END X509 CRL-----
";

const MSP_OF_ORG1: &str = "/Channel/Application/Org1MSP/MSP";

fn of_org1(change: impl FnOnce(&mut msp::FabricMspConfig)) -> impl FnOnce(&mut common::Config) {
    |config| edit_msp(config, "Application/Org1MSP", change)
}

fn known(msp_id: &str, certificates: &[&Bytes]) -> Vec<KnownCertificate> {
    let certificates = certificates.iter();
    certificates
        .map(|certificate| KnownCertificate {
            msp_id: MspId::from(msp_id),
            certificate: Certificate::from_pem(certificate).unwrap(),
        })
        .collect()
}

/// What is found where these people of Org1 are known.
fn found_knowing(people: &[&Bytes], change: impl FnOnce(&mut msp::FabricMspConfig)) -> Lint {
    let known = known("Org1MSP", people);
    find_knowing(&config("before"), of_org1(change), &known)
}

fn ids(lint: &Lint) -> Vec<FindingId> {
    lint.findings.iter().map(|f| f.id).collect()
}

fn units(msp: &mut msp::FabricMspConfig) -> &mut msp::FabricNodeOUs {
    msp.fabric_node_ous.as_mut().unwrap()
}

fn unit(name: &str, certificate: &Bytes) -> Option<msp::FabricOuIdentifier> {
    Some(msp::FabricOuIdentifier {
        organizational_unit_identifier: name.to_owned(),
        certificate: certificate.clone(),
    })
}

#[test]
fn a_revocation_list_without_authority_key_identifier() {
    let admin = person("Org1MSP").certificate();
    let lint = found_knowing(&[&admin], |msp| {
        msp.revocation_list = vec![WITHOUT_AKI.into()]
    });
    let of = |id, severity, path| (id, severity, path);
    assert_eq!(
        rows(&lint)[..2],
        [
            of(FindingId::NobodyValid, Severity::Blocking, MSP_OF_ORG1),
            of(
                FindingId::LockoutPolicy,
                Severity::Blocking,
                "/Channel/Admins"
            ),
        ]
    );
    let nobody = text(&lint, FindingId::NobodyValid);
    assert_eq!(
        nobody,
        "nobody of `Org1MSP` would be valid, whatever certificate comes: revocation list without \
         authority key identifier"
    );
    // both have to say yes: there is no way back
    let locked: Vec<&str> = (lint.findings.iter())
        .filter(|f| f.id == FindingId::LockoutPolicy && f.severity == Severity::Blocking)
        .map(|f| f.path.as_str())
        .collect();
    for path in [
        "/Channel/Admins",
        "/Channel/Application/Admins",
        "/Channel/Application/Org1MSP/Admins",
        "/Channel/Application/Endorsement",
    ] {
        assert!(locked.contains(&path), "{path} in {locked:?}");
    }
    let lost = text(&lint, FindingId::IdentityLost);
    assert!(lost.contains("CN=Admin@org1.example.com"), "{lost}");
    assert!(
        lost.ends_with("revocation list without authority key identifier"),
        "{lost}"
    );
    // with three members the two others can repair it
    let lint = find(
        &config("after"),
        of_org1(|msp| msp.revocation_list = vec![WITHOUT_AKI.into()]),
        NOW,
        None,
    );
    let blocking: Vec<FindingId> = (lint.findings.iter())
        .filter(|f| f.severity == Severity::Blocking)
        .map(|f| f.id)
        .collect();
    assert_eq!(blocking, [FindingId::NobodyValid]);
}

#[test]
fn a_renewed_root_beside_the_old_one() {
    let old = person("Org1MSP").certificate();
    let new = new_admin("Org1MSP", "new").certificate(); // of 2027
    let renewed = renewed_ca("Org1MSP", 2027);
    let lint = found_knowing(&[&old, &new], |msp| msp.root_certs.push(renewed.clone()));
    let text_of_ca = text(&lint, FindingId::CaUnusable);
    assert!(
        text_of_ca.contains("have the same name and key")
            && text_of_ca.contains("from 2027-01-01T00:00:00Z on"),
        "{text_of_ca}"
    );
    // the old admin's certificate starts before the new root's
    let lost: Vec<&str> = (lint.findings.iter())
        .filter(|f| f.id == FindingId::IdentityLost)
        .map(|f| f.text.as_str())
        .collect();
    assert_eq!(lost.len(), 1, "{lint:#?}");
    assert!(lost[0].contains("`CN=new,OU=admin`"), "{lost:?}");
    assert!(
        lost[0].ends_with("2 chains to a root, expected one"),
        "{lost:?}"
    );
    assert!(!ids(&lint).contains(&FindingId::NobodyValid));
    // in its place: nothing is lost, as the key stays
    let lint = found_knowing(&[&new], |msp| {
        msp.root_certs = vec![renewed.clone()];
        let units = units(msp);
        for unit in [
            &mut units.admin_ou_identifier,
            &mut units.peer_ou_identifier,
            &mut units.client_ou_identifier,
            &mut units.orderer_ou_identifier,
        ] {
            unit.as_mut().unwrap().certificate = renewed.clone();
        }
    });
    assert!(!ids(&lint).contains(&FindingId::IdentityLost), "{lint:#?}");
}

#[test]
fn a_renamed_node_ou() {
    let admin = person("Org1MSP").certificate();
    let lint = found_knowing(&[&admin], |msp| {
        let unit = units(msp).admin_ou_identifier.as_mut().unwrap();
        "boss".clone_into(&mut unit.organizational_unit_identifier);
    });
    assert_eq!(
        rows(&lint),
        [
            (FindingId::IdentityLost, Severity::Warning, MSP_OF_ORG1),
            (FindingId::OuRulesChanged, Severity::Warning, MSP_OF_ORG1),
        ]
    );
    let lost = text(&lint, FindingId::IdentityLost);
    assert!(
        lost.ends_with("is not valid and no admin any more: no organizational unit gives a role"),
        "{lost}"
    );
    assert!(text(&lint, FindingId::OuRulesChanged).contains("is `boss` instead of `admin`"));
    // two units in each other's place: valid, but something else
    let lint = found_knowing(&[&admin], |msp| {
        let units = units(msp);
        std::mem::swap(
            &mut units.admin_ou_identifier,
            &mut units.client_ou_identifier,
        );
    });
    let lost = text(&lint, FindingId::RoleLost);
    assert!(lost.contains("CN=Admin@org1.example.com"), "{lost}");
    assert!(
        lost.ends_with("the unit of the role admin is `client`"),
        "{lost}"
    );
}

#[test]
fn an_added_organisational_unit() {
    let admin = person("Org1MSP").certificate();
    let lint = found_knowing(&[&admin], |msp| {
        let root = msp.root_certs[0].clone();
        msp.organizational_unit_identifiers
            .extend(unit("HR", &root));
    });
    assert_eq!(
        ids(&lint),
        [FindingId::IdentityLost, FindingId::OuRulesChanged]
    );
    let changed = text(&lint, FindingId::OuRulesChanged);
    assert!(changed.contains("only certificates with one of the organisational units `HR`"));
    // nobody has a unit that a ca certified which certifies nobody
    let lint = found_knowing(&[], |msp| {
        let root = msp.root_certs[0].clone();
        msp.organizational_unit_identifiers
            .extend(unit("peer", &root));
    });
    // who has another unit that gives a role cannot have this one as well
    assert!(ids(&lint).contains(&FindingId::LockoutPolicy), "{lint:#?}");
}

#[test]
fn node_ous_of_another_ca_than_certificates_come_from() {
    let admin = person("Org1MSP").certificate();
    let new = ca(2025, 2040);
    let lint = found_knowing(&[&admin], |msp| {
        msp.root_certs.push(new.clone());
        let units = units(msp);
        units.admin_ou_identifier.as_mut().unwrap().certificate = new.clone();
    });
    let texts: Vec<&str> = (lint.findings.iter())
        .filter(|f| f.id == FindingId::CaUnusable)
        .map(|f| f.text.as_str())
        .collect();
    assert_eq!(texts.len(), 2, "{lint:#?}");
    assert!(texts[0].contains("ca.org1.example.com") && texts[0].contains("could be admin"));
    assert!(texts[1].contains("`CN=new ca`") && texts[1].contains("could be peer or orderer"));
    let lost = text(&lint, FindingId::IdentityLost);
    assert!(lost.contains("was certified by another ca"), "{lost}");
}

#[test]
fn lists_that_revoke_an_admin_or_nobody() {
    let (admin, other) = (
        person("Org1MSP").certificate(),
        user("Org1MSP", "User1").certificate(),
    );
    let list = revocation_list("Org1MSP", &admin);
    let lint = found_knowing(&[&admin, &other], |msp| msp.revocation_list.push(list));
    assert_eq!(
        rows(&lint),
        [(FindingId::IdentityLost, Severity::Warning, MSP_OF_ORG1)]
    );
    let lost = text(&lint, FindingId::IdentityLost);
    assert!(
        lost.starts_with("`CN=Admin@org1.example.com,OU=admin")
            && lost.ends_with("and no admin any more: certificate has been revoked"),
        "{lost}"
    );
    // of another ca
    let list = revocation_list("Org2MSP", &admin);
    let lint = found_knowing(&[&admin], |msp| msp.revocation_list.push(list.clone()));
    assert_eq!(
        rows(&lint),
        [(FindingId::CrlWithoutEffect, Severity::Warning, MSP_OF_ORG1)]
    );
    assert!(
        lint.findings[0]
            .text
            .ends_with("no ca of the msp signed it")
    );
    let after = {
        let mut after = config("before");
        of_org1(|msp| msp.revocation_list.push(list))(&mut after);
        after
    };
    let diff = cmscc::review::diff::diff(&tree(&config("before")), &tree(&after));
    let change = &diff.changes[0];
    assert_eq!(
        change.after["effect"],
        "revokes nobody: no ca of the msp signed it"
    );
    assert!(change.text.contains("revokes nobody"), "{}", change.text);
}

#[test]
fn listed_admins_and_consenters_need_no_introduction() {
    // who is listed and no longer is, is meant to go
    let user = new_user("Org1MSP", "listed", Some("client")).certificate();
    let mut before = config("before");
    of_org1(|msp| msp.admins = vec![user.clone()])(&mut before);
    let lint = find(&before, of_org1(|msp| msp.admins.clear()), NOW, None);
    assert_eq!(
        rows(&lint),
        [(FindingId::RoleLost, Severity::Info, MSP_OF_ORG1)]
    );
    assert!(
        lint.findings[0]
            .text
            .starts_with("`CN=listed,OU=client`, a listed admin,")
    );
    // who stays listed stays an admin, even when revoked
    let list = revocation_list("Org1MSP", &user);
    let lint = find(
        &before,
        of_org1(|msp| msp.revocation_list.push(list)),
        NOW,
        None,
    );
    let lost = text(&lint, FindingId::IdentityLost);
    assert!(lost.contains("though listed as an admin"), "{lost}");
}

fn set_acls(config: &mut common::Config, acls: &[(&str, &str)]) {
    let application = group(config, "Application");
    edit(application, "ACLs", |all: &mut protos::AcLs| {
        all.acls = (acls.iter())
            .map(|(resource, policy)| {
                let policy_ref = (*policy).to_owned();
                ((*resource).to_owned(), protos::ApiResource { policy_ref })
            })
            .collect();
    });
}

const ACLS: &str = "/Channel/Application/ACLs";

#[test]
fn acls_that_name_what_nobody_satisfies() {
    let cases = [
        (
            "peer/Propose",
            "/Channel/Application/Wirters",
            Severity::Blocking,
            "is not there",
        ),
        (
            "peer/Propose",
            "Nobody",
            Severity::Blocking,
            "can be satisfied by nobody",
        ),
        (
            "peer/Propose",
            "Admins",
            Severity::Blocking,
            "takes several signatures",
        ),
        (
            "qscc/GetChainInfo",
            "Gone",
            Severity::Warning,
            "is not there",
        ),
    ];
    for (resource, policy, severity, why) in cases {
        let mut before = config("before");
        set_policy(
            group(&mut before, "Application"),
            "Nobody",
            "OR('X.member')",
        );
        let lint = find(
            &before,
            |config| set_acls(config, &[(resource, policy)]),
            NOW,
            None,
        );
        assert_eq!(rows(&lint), [(FindingId::AclUnsatisfiable, severity, ACLS)]);
        assert!(lint.findings[0].text.contains(why), "{lint:#?}");
    }
    // by name or by path, of one member or another
    for policy in ["Writers", "/Channel/Application/Org1MSP/Admins", ""] {
        let lint = found(|config| set_acls(config, &[("peer/Propose", policy)]));
        assert_eq!(lint, Lint::default(), "{policy}");
    }
    // names that nobody asks for
    let lint = found(|config| {
        set_acls(
            config,
            &[("qscc/NoSuchFunc", "Gone"), ("cscc/JoinChain", "Admins")],
        );
    });
    let row = (FindingId::AclWithoutEffect, Severity::Info, ACLS);
    assert_eq!(rows(&lint), [row, row]);
}

#[test]
fn a_policy_goes_that_an_acl_names() {
    let mut before = config("before");
    set_policy(group(&mut before, "Application"), "Callers", "ANY Writers");
    set_acls(&mut before, &[("peer/Propose", "Callers")]);
    let remove = |config: &mut common::Config| {
        group(config, "Application").policies.remove("Callers");
    };
    let lint = find(&before, remove, NOW, None);
    assert_eq!(
        rows(&lint),
        [(FindingId::AclUnsatisfiable, Severity::Blocking, ACLS)]
    );
    // the default does not matter where an acl is there
    let lint = find(
        &before,
        |config| {
            group(config, "Application").policies.remove("Writers");
        },
        NOW,
        None,
    );
    let of_writers = (lint.findings.iter()).find(|f| f.path == "/Channel/Application/Writers");
    assert_eq!(of_writers.unwrap().severity, Severity::Warning);
}

#[test]
fn groups_that_could_never_be_changed_again() {
    // one of three: the others can repair it
    let lint = find(
        &config("after"),
        |config| {
            set_policy(
                group(config, "Application/Org1MSP"),
                "Admins",
                "OR('Gone.admin')",
            )
        },
        NOW,
        None,
    );
    assert_eq!(
        rows(&lint),
        [(
            FindingId::LockoutPolicy,
            Severity::Warning,
            "/Channel/Application/Org1MSP/Admins"
        )]
    );
    // a policy that another one can change
    let lint = found(|config| {
        let org = group(config, "Application/Org1MSP");
        set_policy(org, "Admins", "OR('Gone.admin')");
        "/Channel/Orderer/Admins"
            .clone_into(&mut org.policies.get_mut("Admins").unwrap().mod_policy);
    });
    let of = |lint: &Lint, path: &str| {
        let found = lint.findings.iter();
        let mut found = found.filter(|f| f.id == FindingId::LockoutPolicy && f.path == path);
        found.next().map(|f| f.severity)
    };
    assert_eq!(
        of(&lint, "/Channel/Application/Admins"),
        Some(Severity::Warning)
    );
    assert_eq!(of(&lint, "/Channel/Admins"), Some(Severity::Warning));
    // a group whose mod policy leads nowhere, and all above
    let lint = found(|config| {
        "Nobody".clone_into(&mut group(config, "Application").mod_policy);
    });
    assert_eq!(
        rows(&lint),
        [(
            FindingId::DanglingModPolicy,
            Severity::Warning,
            "/Channel/Application"
        )]
    );
    let lint = found(|config| {
        "Nobody".clone_into(&mut group(config, "Application").mod_policy);
        "Nobody".clone_into(&mut group(config, "").mod_policy);
    });
    let row = |path| (FindingId::DanglingModPolicy, Severity::Blocking, path);
    assert_eq!(rows(&lint), [row("/Channel"), row("/Channel/Application")]);
}

/// OrgX of the captures, as another member.
fn org_x() -> common::ConfigGroup {
    group(&mut config("after"), "Application/OrgXMSP").clone()
}

#[test]
fn a_member_that_can_never_say_yes() {
    let mut org = org_x();
    org.policies.remove("Endorsement");
    let mut after = config("before");
    let application = group(&mut after, "Application");
    application.groups.insert("OrgXMSP".to_owned(), org);
    let lint = found(|config| *config = after.clone());
    assert_eq!(
        rows(&lint),
        [(
            FindingId::SilentMember,
            Severity::Warning,
            "/Channel/Application/OrgXMSP"
        )]
    );
    let silent = &lint.findings[0].text;
    assert!(
        silent.starts_with("the organisation has no policy `Endorsement`"),
        "{silent}"
    );
    assert!(
        silent.contains("`/Channel/Application/Endorsement` asks 2 of 3"),
        "{silent}"
    );
    let (old, new) = (bundle(&config("before")), bundle(&after));
    let text = endorsement(&old, &new, None, None).unwrap().text;
    assert!(
        text.ends_with("counted without a policy `Endorsement`, and so never one of those who endorse: `OrgXMSP`"),
        "{text}"
    );
    // where all are asked there is nobody left who could
    let mut all = after.clone();
    set_policy(
        group(&mut all, "Application"),
        "Endorsement",
        "ALL Endorsement",
    );
    let text = endorsement(&old, &bundle(&all), None, None).unwrap().text;
    assert!(!text.contains('?'), "{text}");
    assert!(
        text.starts_with(
            "no transaction would be valid, since none of 3 organisations satisfy it,"
        ),
        "{text}"
    );
    // known before: no news
    let lint = find(
        &after,
        |config| set_policy(group(config, ""), "New", "ANY Admins"),
        NOW,
        None,
    );
    assert_eq!(lint, Lint::default());
}

#[test]
fn a_member_with_the_ca_of_another() {
    let mut after = config("before");
    let application = group(&mut after, "Application");
    let mut org = application.groups["Org2MSP"].clone();
    edit(&mut org, "MSP", |value: &mut msp::MspConfig| {
        let mut definition = msp::FabricMspConfig::decode(value.config.clone()).unwrap();
        "Org3MSP".clone_into(&mut definition.name);
        value.config = definition.encode_to_vec().into();
    });
    for policy in ["Admins", "Readers", "Writers", "Endorsement"] {
        set_policy(&mut org, policy, "OR('Org3MSP.member')");
    }
    application.groups.insert("Org3MSP".to_owned(), org);
    let lint = found(|config| *config = after.clone());
    assert_eq!(
        rows(&lint),
        [(
            FindingId::SharedCa,
            Severity::Warning,
            "/Channel/Application/Org3MSP/MSP"
        )]
    );
    assert!(
        lint.findings[0].text.contains("`Org3MSP` and of `Org2MSP`"),
        "{lint:#?}"
    );
}

#[test]
fn names_in_each_others_place() {
    let join = |name: &str| {
        let mut after = config("before");
        let application = group(&mut after, "Application");
        application.groups.insert(name.to_owned(), org_x());
        found(|config| *config = after)
    };
    let lint = join("OrgX");
    assert_eq!(
        rows(&lint),
        [(
            FindingId::OrganizationName,
            Severity::Warning,
            "/Channel/Application/OrgX"
        )]
    );
    // orderers' names differ from their ids in this channel
    let mut before = config("before");
    let orderer = group(&mut before, "Orderer");
    let org = orderer.groups.remove("OrdererOrg").unwrap();
    orderer.groups.insert("Orderers".to_owned(), org);
    let lint = find(
        &before,
        |config| {
            let orderer = group(config, "Orderer");
            let mut org = org_x();
            org.policies.remove("Endorsement");
            org.values.retain(|name, _| name == "MSP");
            orderer.groups.insert("OrgX".to_owned(), org);
        },
        NOW,
        None,
    );
    assert!(
        !ids(&lint).contains(&FindingId::OrganizationName),
        "{lint:#?}"
    );
    // called as another one's MSP
    let mut before = config("before");
    let application = group(&mut before, "Application");
    let org = application.groups.remove("Org2MSP").unwrap();
    application.groups.insert("Second".to_owned(), org);
    let lint = find(
        &before,
        |config| {
            let application = group(config, "Application");
            application.groups.insert("Org2MSP".to_owned(), org_x());
        },
        NOW,
        None,
    );
    let swapped = text(&lint, FindingId::OrganizationName);
    assert!(
        swapped.contains("`Org2MSP` is the msp id of another organisation"),
        "{swapped}"
    );
}

#[test]
fn groups_and_values_that_lose_what_is_in_them() {
    let lint = found(|config| group(config, "Application/Org1MSP").policies.clear());
    let emptied = text(&lint, FindingId::GroupEmptied);
    assert!(
        emptied.starts_with("the group had 4 policies and has none"),
        "{emptied}"
    );
    let mut before = config("before");
    let set = |config: &mut common::Config, bytes| {
        edit(
            group(config, "Orderer"),
            "ConsensusType",
            |consensus: &mut orderer::ConsensusType| {
                let mut raft =
                    etcdraft::ConfigMetadata::decode(consensus.metadata.clone()).unwrap();
                raft.options.as_mut().unwrap().snapshot_interval_size = bytes;
                consensus.metadata = raft.encode_to_vec().into();
            },
        );
    };
    set(&mut before, 7_000);
    let lint = find(&before, |config| set(config, 0), NOW, None);
    assert_eq!(
        rows(&lint),
        [(
            FindingId::ValueReset,
            Severity::Warning,
            "/Channel/Orderer/ConsensusType"
        )]
    );
    let reset = &lint.findings[0].text;
    assert!(
        reset.starts_with("`snapshot_interval_size` was 7000 bytes and is not set"),
        "{reset}"
    );
    // what an orderer refuses says why
    let lint = found(|config| {
        edit(
            group(config, "Orderer"),
            "BatchSize",
            |size: &mut orderer::BatchSize| {
                *size = orderer::BatchSize {
                    max_message_count: 10,
                    ..Default::default()
                };
            },
        );
    });
    assert_eq!(
        ids(&lint),
        [
            FindingId::ResultRefused,
            FindingId::ValueReset,
            FindingId::ValueReset
        ]
    );
    let mut before = config("before");
    set_acls(
        &mut before,
        &[("peer/Propose", "Writers"), ("event/Block", "Readers")],
    );
    let lint = find(
        &before,
        |config| set_acls(config, &[("qscc/GetChainInfo", "Readers")]),
        NOW,
        None,
    );
    let row = (FindingId::ValueReset, Severity::Info, ACLS);
    assert_eq!(rows(&lint), [row, row]);
}

#[test]
fn a_lowered_capability() {
    let set = |level: &'static str| {
        move |config: &mut common::Config| {
            let application = group(config, "Application");
            edit(
                application,
                "Capabilities",
                |all: &mut common::Capabilities| {
                    all.capabilities.clear();
                    all.capabilities
                        .insert(level.to_owned(), Default::default());
                },
            );
        }
    };
    let mut before = config("before");
    set("V2_5")(&mut before);
    let lint = find(&before, set("V1_4_2"), NOW, None);
    assert_eq!(
        rows(&lint),
        [(
            FindingId::LoweredCapability,
            Severity::Warning,
            "/Channel/Application/Capabilities"
        )]
    );
    assert!(
        lint.findings[0]
            .text
            .starts_with("the level falls from `V2_5` to `V1_4_2`")
    );
    set("V1_4_2")(&mut before);
    assert_eq!(find(&before, set("V2_5"), NOW, None), Lint::default());
}

#[test]
fn what_cannot_be_recorded() {
    for (bytes, expected) in [(5_001, 1), (5_000, 0)] {
        let size = RecordingSize {
            bytes,
            limit: 5_000,
        };
        let lint = super::lint::find_recorded(size);
        assert_eq!(lint.findings.len(), expected, "{lint:#?}");
        for finding in &lint.findings {
            assert_eq!(
                (finding.id, finding.severity),
                (FindingId::CannotBeRecorded, Severity::Blocking)
            );
        }
    }
}

#[test]
fn identities_of_bft_consenters() {
    let path = crate::conformance::root().join("configs/d-bft4.pb");
    let four = common::Config::decode(&*std::fs::read(path).unwrap()).unwrap();
    let channel = cmscc::ids::ChannelId::from("vec-channel");
    let current = cmscc::config::Bundle::new(&channel, tree(&four)).unwrap();
    let org = current
        .orgs(cmscc::config::Section::Orderer)
        .next()
        .unwrap();
    let (path, msp_id) = (format!("Orderer/{}", org.name), org.msp_id.clone());
    let mut after = four.clone();
    edit_msp(&mut after, &path, |msp| {
        msp.revocation_list = vec![WITHOUT_AKI.into()];
    });
    let next = cmscc::config::Bundle::new(&channel, tree(&after)).unwrap();
    let lint = super::lint::of(&current, &next);
    let nodes = current.consenters().iter();
    let nodes: Vec<String> = nodes
        .filter(|node| node.msp_id == msp_id.as_str())
        .map(|node| format!("the identity of consenter `{}:{}`", node.host, node.port))
        .collect();
    assert!(!nodes.is_empty());
    for node in nodes {
        let lost = lint.findings.iter();
        let mut lost = lost.filter(|f| f.id == FindingId::IdentityLost && f.text.contains(&node));
        assert!(lost.next().is_some(), "{node} in {lint:#?}");
    }
}
