//! MSP folders on disk, and what may be wrong with them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ring::rand::SystemRandom;
use tempfile::TempDir;

use super::{choose::ReadFile, *};
use crate::{
    client::Exit,
    crypto::signature::PublicKey,
    identity::{Certificate, Signer as _, serialized_identity},
    ids::{MspId, UnixTime},
};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// An MSP folder with these files.
fn msp(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn msp_id() -> MspId {
    "Org1MSP".into()
}

#[test]
fn the_key_is_found_by_the_certificate() {
    let certificate = fixture("p384.crt");
    let text = [b"subject=x\n", &certificate[..], b"trailing text"].concat();
    let folder = msp(&[
        ("signcerts/b.pem", b"not looked at"),
        ("signcerts/a.pem", &text),
        ("keystore/1_sk", &fixture("p256-pkcs8.pem")),
        ("keystore/2_sk", b"no key"),
        ("keystore/3_sk", &fixture("p256-encrypted.pem")),
        ("keystore/4_sk", &[b'x'; 70_000]),
        ("keystore/5_sk", &fixture("p384-sec1.pem")),
        ("keystore/folder/x", b""),
    ]);
    let identity = OwnIdentity::from_msp_folder(&msp_id(), folder.path()).unwrap();
    let known = Certificate::from_pem(&certificate)
        .unwrap()
        .with_low_s_alone();
    assert_eq!(identity.certificate_pem, known.pem().as_bytes());
    let serialized = serialized_identity(&msp_id(), &identity.certificate_pem);
    assert_eq!(identity.serialized_identity(), serialized);
    assert!(identity.sign(b"x").is_ok());
    let shown = format!("{identity:?}");
    assert!(shown.contains("CN=Admin@org1,OU=admin"), "{shown}");

    let source = IdentitySource::MspFolder(folder.path().to_owned());
    let (_, found) = OwnIdentity::find(&msp_id(), &source, &|_| Ok(None)).unwrap();
    let FoundKey::File(file) = found else {
        panic!("{found:?}");
    };
    assert!(file.ends_with("keystore/5_sk"));
    // files and folders alike
    let keystore = folder.path().join("keystore");
    let signcerts = folder.path().join("signcerts/a.pem");
    assert!(OwnIdentity::from_files(&msp_id(), &signcerts, &keystore).is_ok());
    assert!(OwnIdentity::from_files(&msp_id(), &signcerts, &file).is_ok());
}

#[test]
fn what_is_wrong_names_the_file() {
    let (crt, key) = (fixture("p256.crt"), fixture("p256-pkcs8.pem"));
    let (crt, key) = (&crt[..], &key[..]);
    let (p384, encrypted, rsa) = (
        fixture("p384-pkcs8.pem"),
        fixture("p256-encrypted.pem"),
        fixture("rsa-pkcs8.pem"),
    );
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    let cases: &[(Files<'_>, &str, &str)] = &[
        (
            &[],
            "MSP_FOLDER_NOT_FOUND",
            "` is no MSP folder: it has no `signcerts` in it",
        ),
        (
            &[("signcerts/x/y", b"")],
            "CERT_NOT_FOUND",
            "there is no certificate in `",
        ),
        (
            &[("signcerts/a", b"x")],
            "CERT_UNREADABLE",
            "signcerts/a` cannot be read: there is no PEM block in it",
        ),
        (
            &[("signcerts/a", key)],
            "CERT_UNREADABLE",
            "signcerts/a` holds no certificate: ",
        ),
        (
            &[("signcerts/a", crt)],
            "KEY_NOT_FOUND",
            "keystore` cannot be read: it does not exist",
        ),
        (
            &[("signcerts/a", crt), ("keystore/a", b"x")],
            "KEY_NOT_FOUND",
            "there is no private key in `",
        ),
        (
            &[("signcerts/a", crt), ("keystore/a", &p384)],
            "KEY_MISMATCH",
            "is not that of the certificate",
        ),
        (
            &[
                ("signcerts/a", crt),
                ("keystore/a", &p384),
                ("keystore/b", &p384),
            ],
            "KEY_MISMATCH",
            "none of the 2 private keys in `",
        ),
        (
            &[
                ("signcerts/a", crt),
                ("keystore/a", &p384),
                ("keystore/b", &encrypted),
            ],
            "KEY_ENCRYPTED",
            "keystore/b` is encrypted with a pass phrase",
        ),
        (
            &[("signcerts/a", crt), ("keystore/a", &rsa)],
            "KEY_UNSUPPORTED",
            "keystore/a` holds an rsa key",
        ),
    ];
    for (files, symbol, said) in cases {
        let folder = msp(files);
        let error = OwnIdentity::from_msp_folder(&msp_id(), folder.path()).unwrap_err();
        assert_eq!(error.symbol, *symbol, "{error}");
        assert!(error.message.contains(said), "{error}");
        assert!(!error.message.contains("BEGIN"), "{error}");
    }
    let none = OwnIdentity::from_msp_folder(&msp_id(), Path::new("/no/such")).unwrap_err();
    assert_eq!(
        none.message,
        "the MSP folder `/no/such` cannot be read: it does not exist"
    );
    assert_eq!(none.exit, Exit::Usage);
    let none = OwnIdentity::from_files(&msp_id(), Path::new("/no/crt"), Path::new("/no/key"));
    assert_eq!(none.unwrap_err().symbol, "CERT_NOT_FOUND");
}

#[test]
fn what_cannot_be_read_is_told_before_another_key() {
    let unreadable = ReadFile {
        path: PathBuf::from("/k/b"),
        content: Err("permission denied".to_owned()),
    };
    let other = ReadFile {
        path: PathBuf::from("/k/a"),
        content: Ok(fixture("p384-pkcs8.pem")),
    };
    let certificate = Certificate::from_pem(&fixture("p256.crt")).unwrap();
    let random = SystemRandom::new();
    let error = choose::key(Path::new("/k"), &[other, unreadable], &certificate, &random);
    let error = error.unwrap_err();
    assert_eq!(error.symbol, "KEY_UNREADABLE");
    assert_eq!(
        error.message,
        "the private key `/k/b` cannot be read: permission denied"
    );
}

#[test]
fn an_expired_certificate_cannot_sign() {
    let certificate = Certificate::from_pem(&fixture("ed25519.crt")).unwrap();
    assert!(matches!(certificate.key(), PublicKey::Ed25519(_)));
    let own = OwnCertificate {
        file: PathBuf::from("c"),
        certificate,
    };
    let at = |seconds| {
        let now = UnixTime { seconds, nanos: 0 };
        choose::check_expiry(&own, now).map_err(|error| error.symbol)
    };
    assert_eq!(at(own.certificate.not_before() - 1), Ok(()));
    assert_eq!(at(own.certificate.not_after()), Ok(()));
    let after = at(own.certificate.not_after() + 1);
    assert_eq!(after, Err("CERT_EXPIRED".to_owned()));
}
