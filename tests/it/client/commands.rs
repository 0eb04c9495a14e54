//! The commands that show, where nobody can be reached: what they say, and how they end.

use std::process::Output;

use serde_json::Value;

use crate::ops::serving::{command, folder};

fn cmscc(args: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = folder();
    let home = folder.path().to_str().unwrap().to_owned();
    let variables = [&[("HOME", home.as_str())], variables].concat();
    command(&folder, args, &variables).output().unwrap()
}

fn errors(out: &Output) -> String {
    String::from_utf8(out.stderr.clone()).unwrap()
}

#[test]
fn names_of_other_tools_are_understood() {
    for (typed, meant) in [
        ("approve", "cmscc sign"),
        ("channel", "cmscc config export"),
    ] {
        let out = cmscc(&[typed, "x"], &[]);
        assert_eq!(out.status.code(), Some(2));
        assert!(
            errors(&out).contains(&format!("did you mean {meant}")),
            "{}",
            errors(&out)
        );
    }
    // and what clap itself refuses or prints
    assert_eq!(cmscc(&["lst"], &[]).status.code(), Some(2));
    assert_eq!(cmscc(&["list", "--help"], &[]).status.code(), Some(0));
    let out = cmscc(&["list", "--json=proposal_id", "--lst"], &[]);
    assert_eq!(out.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["error"]["symbol"], "ARGUMENTS", "{document}");
}

#[test]
fn missing_settings_are_told_to_people_and_scripts() {
    let out = cmscc(&["status"], &[]);
    assert_eq!(out.status.code(), Some(2), "{}", errors(&out));
    assert!(out.stdout.is_empty());
    assert!(errors(&out).starts_with("error: "), "{}", errors(&out));
    assert!(errors(&out).contains("hint:"), "{}", errors(&out));
    let out = cmscc(&["list", "--json"], &[]);
    assert_eq!(out.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["error"]["code"], 2);
    assert!(document["error"]["symbol"].is_string());
    assert!(out.stderr.is_empty(), "{}", errors(&out));
}

#[test]
fn what_shells_complete_with_is_silent_where_nobody_answers() {
    let out = cmscc(&["complete-ids"], &[]);
    assert_eq!(out.status.code(), Some(0));
    assert!(out.stdout.is_empty() && out.stderr.is_empty());
}

#[test]
fn wrong_arguments_are_refused_before_anybody_is_asked() {
    let out = cmscc(&["list", "--status", "nonsense\u{1b}[2J"], &[]);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        errors(&out).contains("`nonsense\\u{1b}[2J` is no status"),
        "{}",
        errors(&out)
    );
    assert!(errors(&out).contains("ReadyToSubmit"));
}

#[test]
fn private_keys_are_not_proposed() {
    let folder = folder();
    let home = folder.path().to_str().unwrap().to_owned();
    let admin = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/update/org2-admin");
    let key = std::fs::read(format!("{admin}/keystore/priv_sk")).unwrap();
    let certificate = std::fs::read_dir(format!("{admin}/signcerts")).unwrap();
    let certificate = certificate.map(|one| one.unwrap().path()).next().unwrap();
    // alone, and behind a certificate, where a reader of certificates does not see it
    let mut both = std::fs::read(certificate).unwrap();
    both.extend(b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nMHc");
    std::fs::write(folder.path().join("alone.pem"), &key).unwrap();
    std::fs::write(folder.path().join("behind.pem"), both).unwrap();
    let cas = folder.path().join("org/cacerts");
    std::fs::create_dir_all(&cas).unwrap();
    std::fs::write(cas.join("ca.pem"), &key).unwrap();
    let variables = [
        ("HOME", home.as_str()),
        ("CHANNEL_NAME", "mychannel"),
        ("CORE_PEER_LOCALMSPID", "Org2MSP"),
        ("CORE_PEER_MSPCONFIGPATH", admin),
        // nobody listens there
        ("CORE_PEER_ADDRESS", "127.0.0.1:1"),
    ];
    for args in [
        &["rotate-ca", "--add", "alone.pem", "--remove", "alone.pem"][..],
        &["rotate-ca", "--add", "behind.pem", "--remove", "behind.pem"],
        &["consenter", "add", "h:7050", "--server-cert", "behind.pem"],
        &["set-msp", "org"],
    ] {
        let args = [&["propose"], args].concat();
        let out = command(&folder, &args, &variables).output().unwrap();
        let said = errors(&out);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("[PRIVATE_KEY]"), "{said}");
        // not a line of it is repeated
        let lines = String::from_utf8_lossy(&key).into_owned();
        assert!(
            lines
                .lines()
                .all(|line| line.is_empty() || !said.contains(line))
        );
    }
}

#[test]
fn man_pages_are_written() {
    let folder = folder();
    let out = command(&folder, &["man", "pages"], &[]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", errors(&out));
    for page in ["cmscc.1", "cmscc-status.1", "cmscc-config-diff.1"] {
        assert!(folder.path().join("pages").join(page).is_file(), "{page}");
    }
    assert!(!folder.path().join("pages/cmscc-complete-ids.1").exists());
}
