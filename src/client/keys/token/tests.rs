//! What is done about what libraries and tokens say.

use std::{fs, path::PathBuf, slice::from_ref};

use ring::rand::SystemRandom;

use super::{
    choose::{self, Login, SeenKey, SeenToken, WantedKey},
    raw, *,
};
use crate::{
    client::{ClientError, Exit},
    crypto::{
        der::{Reader, strip_zeros, tag},
        ecdsa::{Curve, Signature},
        private_key::PrivateKey,
    },
    identity::{Certificate, SignerError},
};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn wanted(name: &str) -> Result<WantedKey, ClientError> {
    WantedKey::of(&Certificate::from_pem(&fixture(name)).unwrap())
}

fn settings() -> TokenSettings {
    TokenSettings {
        library: PathBuf::from("/lib/p11.so"),
        label: "org1".to_owned(),
        pin: None,
        alt_id: None,
        key_ids: Vec::new(),
    }
}

fn token(label: &str) -> SeenToken {
    SeenToken {
        label: label.to_owned(),
        manufacturer: String::new(),
        model: String::new(),
        serial: String::new(),
        needs_login: true,
        has_keypad: false,
        pin: TokenPinState::Good,
    }
}

/// The symbol, the message and the hint of an error.
fn told<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (String, String, String) {
    let error = result.unwrap_err();
    (error.symbol, error.message, error.hint.unwrap_or_default())
}

#[test]
fn the_token_is_the_only_one_of_its_label() {
    let named = |labels: &[&str]| {
        let seen: Vec<_> = labels.iter().map(|label| token(label)).collect();
        choose::token(&settings(), &seen)
    };
    assert_eq!(named(&["a", "org1", ""]).unwrap(), 1);
    let (symbol, message, hint) = told(named(&["a", "", "b"]));
    assert_eq!(symbol, "PKCS11_NO_TOKEN");
    assert_eq!(message, "`/lib/p11.so` has no token with the label `org1`");
    assert_eq!(hint, "it has `a`, `b`; labels are compared exactly");
    assert!(told(named(&[""])).2.starts_with("it has no token: "));
    let many: Vec<_> = (0..30).map(|n| format!("t{n}{}", "x".repeat(99))).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let (.., hint) = told(named(&many));
    assert!(
        hint.contains("…` and 20 more; ") && hint.len() < 1_000,
        "{hint}"
    );
    let (symbol, message, _) = told(named(&["org1", "a", "org1"]));
    assert_eq!(symbol, "PKCS11_TWO_TOKENS");
    assert_eq!(message, "2 tokens of `/lib/p11.so` have the label `org1`");
}

#[test]
fn a_pin_is_tried_once_and_never_by_itself_where_it_may_lock_the_token() {
    let pin = TokenPin::new("2222");
    let given = TokenSettings {
        pin: Some(pin.clone()),
        ..settings()
    };
    assert!(!format!("{given:?} {given}").contains("2222"));
    let login = |settings: &TokenSettings, change: &dyn Fn(&mut SeenToken)| {
        let mut token = token("org1");
        change(&mut token);
        choose::login(settings, &token).map_err(|error| (error.exit, error.symbol))
    };
    let asked = |text: &str| Ok(Login::Ask(text.to_owned()));
    assert_eq!(login(&given, &|_| {}), Ok(Login::Given(pin.clone())));
    assert_eq!(login(&settings(), &|_| {}), asked("PIN of the token org1:"));
    assert_eq!(
        login(&given, &|token| token.needs_login = false),
        Ok(Login::NotNeeded)
    );
    assert_eq!(
        login(&settings(), &|token| token.has_keypad = true),
        Ok(Login::Keypad)
    );
    let state = |state| move |token: &mut SeenToken| token.pin = state;
    assert_eq!(
        login(&given, &state(TokenPinState::CountLow)),
        Ok(Login::Given(pin))
    );
    assert_eq!(
        login(&given, &state(TokenPinState::FinalTry)),
        Err((Exit::Unsafe, "PKCS11_PIN_FINAL_TRY".to_owned()))
    );
    assert_eq!(
        login(&settings(), &state(TokenPinState::FinalTry)),
        asked("PIN of the token org1 (a wrong one locks it):")
    );
    for (pin, symbol) in [
        (TokenPinState::Locked, "PKCS11_PIN_LOCKED"),
        (TokenPinState::NotSet, "PKCS11_PIN_NOT_SET"),
    ] {
        let refused = login(&given, &state(pin));
        assert_eq!(refused, Err((Exit::Denied, symbol.to_owned())));
    }
}

#[test]
fn a_key_is_called_by_its_ski_unless_the_settings_say_otherwise() {
    let ski = wanted("p256.crt").unwrap().ski;
    // openssl x509 -pubkey | openssl pkey -pubin -outform DER | tail -c 65 | sha256sum
    let hex = "dca6bda0ce733765781d777d01503ba8f14304f3ac0ed1755e39c75a47f09dec";
    assert_eq!(ski.to_string(), hex);
    let mut settings = settings();
    assert_eq!(settings.key_id(&ski), ski.as_bytes());
    settings.alt_id = Some("all".to_owned());
    assert_eq!(settings.key_id(&ski), b"all");
    for (ski, id) in [(hex, "one"), (hex, "two"), ("00", "three")] {
        let (ski, id) = (ski.to_owned(), id.to_owned());
        settings.key_ids.push(KeyIdMapping { ski, id });
    }
    assert_eq!(settings.key_id(&ski), b"two");
}

#[test]
fn the_key_is_the_only_one_of_its_id_and_of_the_curve_of_the_certificate() {
    let p256 = wanted("p256.crt").unwrap();
    let p384 = wanted("p384.crt").unwrap();
    assert_eq!((p256.curve, p384.curve), (Curve::P256, Curve::P384));
    assert_eq!(told(wanted("ed25519.crt")).0, "KEY_UNSUPPORTED");
    let on = |oid: &[u8]| SeenKey {
        curve: Some(oid.to_vec()),
        ..SeenKey::default()
    };
    let key256 = on(&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let key384 = on(&[0x06, 5, 0x2b, 0x81, 4, 0, 0x22]);
    let named = TokenSettings {
        alt_id: Some("ours".to_owned()),
        ..settings()
    };
    let choose = |keys: &[SeenKey], others: &[Vec<u8>]| choose::key(&named, &p256, keys, others);
    assert_eq!(choose(from_ref(&key256), &[]), Ok(()));
    // a token that does not say, or says it otherwise: the signature decides
    assert_eq!(choose(&[SeenKey::default()], &[]), Ok(()));
    assert_eq!(choose(&[on(b"\x13\x0aprime256v1")], &[]), Ok(()));
    assert_eq!(choose::key(&named, &p384, from_ref(&key384), &[]), Ok(()));

    let (symbol, message, _) = told(choose(from_ref(&key384), &[]));
    assert_eq!(symbol, "PKCS11_KEY_CURVE");
    assert_eq!(
        message,
        "the key `ours` of the token `org1` is on curve P-384, the certificate's on P-256"
    );
    let (symbol, message, _) = told(choose(&[key256.clone(), key384], &[]));
    assert_eq!(symbol, "PKCS11_TWO_KEYS");
    assert_eq!(
        message,
        "2 private keys of the token `org1` have the id `ours`"
    );
    for unusable in [
        SeenKey {
            can_sign: Some(false),
            ..key256.clone()
        },
        SeenKey {
            asks_each_time: true,
            ..key256
        },
    ] {
        assert_eq!(told(choose(&[unusable], &[])).0, "PKCS11_KEY_UNUSABLE");
    }
    let (symbol, message, hint) = told(choose(&[], &[]));
    assert_eq!(symbol, "PKCS11_NO_KEY");
    assert!(message.contains("with the id `ours`, which the settings give to SKI dca6bda0"));
    assert_eq!(hint, "it has no private key at all");
    let others: Vec<_> = (0..=255_u8).map(|byte| vec![byte; 500]).collect();
    let (_, message, hint) = told(choose::key(&settings(), &p256, &[], &others));
    assert!(message.contains("whose id is the certificate's SKI dca6bda0"));
    // 500 bytes that are no text, cut; ten of them
    assert!(hint.contains(&format!("{}…", "01".repeat(32))), "{hint}");
    assert!(
        hint.contains("and 246 more") && hint.len() < 1_200,
        "{hint}"
    );
}

#[test]
fn a_public_point_is_known_in_both_forms() {
    let key = wanted("p384.crt").unwrap();
    let der = [&[0x04, 97][..], &key.point].concat();
    assert!(key.is_point(&key.point) && key.is_point(&der));
    let other = wanted("p256.crt").unwrap();
    assert!(!other.is_point(&key.point) && !other.is_point(&der) && !other.is_point(&[]));
}

#[test]
fn what_a_token_signs_is_verified_whatever_it_is() {
    let random = SystemRandom::new();
    for (name, key) in [
        ("p256.crt", "p256-pkcs8.pem"),
        ("p384.crt", "p384-pkcs8.pem"),
    ] {
        let WantedKey { curve, point, .. } = wanted(name).unwrap();
        let key = PrivateKey::read(&fixture(key), &random).unwrap();
        let padded = |number: &[u8]| [&vec![0; curve.size() - number.len()], number].concat();
        let pair = |message: &[u8]| {
            let der = key.sign(message, &random).unwrap();
            let mut numbers = Reader::new(&der).inside(tag::SEQUENCE).unwrap();
            let mut number = || padded(strip_zeros(numbers.integer().unwrap()));
            [number(), number()].concat()
        };
        let good = pair(b"x");
        let signed = raw::signature(&good, curve, &point, b"x").unwrap();
        assert!(Signature::read(&signed).unwrap().is_low_s(curve));
        // the high form of the same is made low
        let (r, s) = good.split_at(curve.size());
        let high = [r, &subtract(curve.order(), s)].concat();
        let lowered = raw::signature(&high, curve, &point, b"x");
        assert_eq!(lowered, Ok(signed));
        for bad in [
            Vec::new(),
            vec![0; 2 * curve.size()],
            vec![0xff; 2 * curve.size()],
            vec![1; 2 * curve.size() + 2],
            good[1..].to_vec(),
            pair(b"y"),
            s.iter().chain(r).copied().collect(),
        ] {
            let refused = raw::signature(&bad, curve, &point, b"x");
            assert!(matches!(refused, Err(SignerError::Device(_))), "{bad:?}");
        }
    }
}

/// a - b, of equal length.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out = vec![0; a.len()];
    for index in (0..a.len()).rev() {
        let difference = i16::from(a[index]) - i16::from(b[index]) - borrow;
        borrow = i16::from(difference < 0);
        out[index] = u8::try_from(difference + 256 * borrow).unwrap();
    }
    out
}
