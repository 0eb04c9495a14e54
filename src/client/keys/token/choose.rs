//! What is done about what a library and a token say. Texts of tokens are of others: who prints them
//! makes hidden characters visible.

use std::path::PathBuf;

use super::{TokenPin, TokenSettings};
use crate::{
    client::{ClientError, Exit},
    crypto::{der::Reader, ecdsa::Curve, signature::PublicKey},
    identity::Certificate,
    ids::Digest,
};

/// How many names of others an error lists.
const MOST_NAMED: usize = 10;

/// The most bytes of an id or name that an error shows.
const LONGEST_NAME: usize = 64;

/// A token as it shows itself to everybody.
#[derive(Clone, Debug)]
pub(super) struct SeenToken {
    pub(super) label: String,
    pub(super) manufacturer: String,
    pub(super) model: String,
    pub(super) serial: String,
    /// Whether its private keys need a PIN.
    pub(super) needs_login: bool,
    /// Whether the PIN is typed on the token itself.
    pub(super) has_keypad: bool,
    pub(super) pin: TokenPinState,
}

/// What a token says of its PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPinState {
    /// A wrong PIN was given since the last right one.
    CountLow,
    /// One wrong PIN more, and it is locked.
    FinalTry,
    /// Nothing.
    Good,
    /// No PIN is taken any more.
    Locked,
    /// There is no PIN yet.
    NotSet,
}

/// A token, and which key of it is meant: what can be said without a PIN.
#[derive(Clone, Debug)]
pub struct TokenSight {
    /// The library.
    pub library: PathBuf,
    /// The token's label.
    pub label: String,
    /// Who made it, as it says.
    pub manufacturer: String,
    /// What it is, as it says.
    pub model: String,
    /// Its serial number, as it says.
    pub serial: String,
    /// What it says of its PIN.
    pub pin: TokenPinState,
    /// The subject key identifier of the certificate's key: SHA-256 of the uncompressed point.
    pub ski: Digest,
    /// The `CKA_ID` of the key that is meant.
    pub key_id: Vec<u8>,
    /// Whether the token shows the certificate's public key under this id; many show none before a PIN.
    pub shows_public_key: bool,
}

/// A private key as a token shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenKey {
    /// `CKA_EC_PARAMS`, DER.
    pub(super) curve: Option<Vec<u8>>,
    /// `CKA_SIGN`.
    pub(super) can_sign: Option<bool>,
    /// `CKA_ALWAYS_AUTHENTICATE`.
    pub(super) asks_each_time: bool,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// With what a person types, who is asked this.
    Ask(String),
    /// With the PIN of the settings.
    Given(TokenPin),
    /// On the token itself.
    Keypad,
    /// Not at all.
    NotNeeded,
}

/// The certificate's key: its curve, its point, its subject key identifier.
#[derive(Clone, Debug)]
pub(super) struct WantedKey {
    pub(super) curve: Curve,
    pub(super) point: Vec<u8>,
    pub(super) ski: Digest,
}

impl TokenSight {
    /// The id of the key as people compare it: text where it is plain text, else hex.
    #[must_use]
    pub fn shown_key_id(&self) -> String {
        shown_id(&self.key_id)
    }
}

impl WantedKey {
    /// The key of a certificate.
    ///
    /// # Errors
    /// `KEY_UNSUPPORTED`
    // Fabric: bccsp/pkcs11/pkcs11.go: `New`, `getECKey`
    pub(super) fn of(certificate: &Certificate) -> Result<Self, ClientError> {
        match certificate.key() {
            PublicKey::Ecdsa(curve @ (Curve::P256 | Curve::P384), point) => Ok(Self {
                curve,
                point: point.to_vec(),
                ski: Digest::of(point),
            }),
            _ => {
                let message = "a token signs with ecdsa p-256 and p-384, and the certificate's key is \
                               another one";
                Err(ClientError::new(Exit::Denied, "KEY_UNSUPPORTED", message)
                    .hint("enroll with another kind of key"))
            }
        }
    }

    /// Whether a `CKA_EC_POINT` is this key's: the point, mostly inside an octet string of DER.
    // Fabric: bccsp/pkcs11/pkcs11.go, ecPoint
    pub(super) fn is_point(&self, found: &[u8]) -> bool {
        let inside = Reader::new(found).content(crate::crypto::der::tag::OCTET_STRING);
        found == self.point || inside == Some(&self.point)
    }
}

/// The token of this label.
///
/// # Errors
/// `PKCS11_NO_TOKEN`, `PKCS11_TWO_TOKENS`
// Differs from Fabric: where two have the label it takes the first, and the PIN may be the other's
pub(super) fn token(settings: &TokenSettings, seen: &[SeenToken]) -> Result<usize, ClientError> {
    let mut found = (seen.iter().enumerate()).filter(|(_, token)| token.label == settings.label);
    let library = settings.library.display();
    match (found.next(), found.count()) {
        (Some((index, _)), 0) => Ok(index),
        (Some(_), others) => {
            let message = format!(
                "{} tokens of `{library}` have the label `{}`",
                others.saturating_add(1),
                settings.label
            );
            Err(ClientError::new(Exit::Usage, "PKCS11_TWO_TOKENS", message)
                .hint("give one of them another label, or unplug it"))
        }
        (None, _) => {
            let message = format!(
                "`{library}` has no token with the label `{}`",
                settings.label
            );
            let error = ClientError::new(Exit::Usage, "PKCS11_NO_TOKEN", message);
            // one that was never set up has none
            let labels = seen.iter().filter(|token| !token.label.is_empty());
            let names = labels.map(|token| format!("`{}`", cut(&token.label)));
            Err(error.hint(match listed(names) {
                Some(names) => format!("it has {names}; labels are compared exactly"),
                None => "it has no token: is it plugged in? SoftHSM looks where SOFTHSM2_CONF says"
                    .to_owned(),
            }))
        }
    }
}

/// How to log in. A PIN is tried once, and never by itself where a wrong one would lock the token.
///
/// # Errors
/// `PKCS11_PIN_LOCKED`, `PKCS11_PIN_NOT_SET`; `PKCS11_PIN_FINAL_TRY` (unsafe)
pub(super) fn login(settings: &TokenSettings, token: &SeenToken) -> Result<Login, ClientError> {
    let label = cut(&token.label);
    let failed = |exit, symbol, message: String| ClientError::new(exit, symbol, message);
    match token.pin {
        _ if !token.needs_login => return Ok(Login::NotNeeded),
        TokenPinState::Locked => return Err(pin_locked(&label)),
        TokenPinState::NotSet => {
            let message = format!("the token `{label}` has no PIN of its user yet");
            let error = failed(Exit::Denied, "PKCS11_PIN_NOT_SET", message);
            return Err(error.hint("its administrator sets one"));
        }
        TokenPinState::FinalTry if settings.pin.is_some() => {
            let message = format!(
                "one wrong PIN more locks the token `{label}`: the one of the settings is not tried"
            );
            let error = failed(Exit::Unsafe, "PKCS11_PIN_FINAL_TRY", message);
            return Err(error.hint(
                "find out which PIN is right; unset it where it is set, and type it at a terminal",
            ));
        }
        _ => {}
    }
    Ok(match (&settings.pin, token.has_keypad) {
        (Some(pin), _) => Login::Given(pin.clone()),
        (None, true) => Login::Keypad,
        (None, false) => Login::Ask(match token.pin {
            TokenPinState::FinalTry => format!("PIN of the token {label} (a wrong one locks it):"),
            TokenPinState::CountLow => format!("PIN of the token {label} (a wrong one was tried):"),
            _ => format!("PIN of the token {label}:"),
        }),
    })
}

/// The PIN is locked.
pub(super) fn pin_locked(label: &str) -> ClientError {
    let message = format!("the token `{label}` is locked: too many wrong PINs were tried");
    let error = ClientError::new(Exit::Denied, "PKCS11_PIN_LOCKED", message);
    error.hint("whoever administers the token unlocks it with the PIN of its security officer")
}

/// Nobody gave a PIN.
pub(super) fn pin_missing(label: &str) -> ClientError {
    let message = format!("the PIN of the token `{label}` is not given, and nobody can be asked");
    ClientError::new(Exit::Usage, "PKCS11_PIN_MISSING", message)
        .hint("set CMSCC_PKCS11_PIN or CORE_PEER_BCCSP_PKCS11_PIN, or run it at a terminal")
}

/// The PIN was wrong.
pub(super) fn pin_wrong(label: &str) -> ClientError {
    let message = format!("the PIN of the token `{label}` is wrong");
    ClientError::new(Exit::Denied, "PKCS11_PIN_WRONG", message)
        .hint("it was tried once; after a few wrong ones a token locks itself")
}

/// The key to sign with, of the private keys that have the id. `others`: ids of private keys that the
/// token has; read only where there is none.
///
/// # Errors
/// `PKCS11_NO_KEY`, `PKCS11_TWO_KEYS`, `PKCS11_KEY_CURVE`, `PKCS11_KEY_UNUSABLE`
// Differs from Fabric: where two have the id it takes the first
pub(super) fn key(
    settings: &TokenSettings,
    wanted: &WantedKey,
    found: &[SeenKey],
    others: &[Vec<u8>],
) -> Result<(), ClientError> {
    let id = shown_id(&settings.key_id(&wanted.ski));
    let label = &settings.label;
    let failed = |symbol, message: String| ClientError::new(Exit::Denied, symbol, message);
    let key = match found {
        [key] => key,
        [] => {
            let message = match settings.key_id(&wanted.ski) == wanted.ski.as_bytes() {
                true => format!(
                    "the token `{label}` has no private key whose id is the certificate's SKI {id}"
                ),
                false => format!(
                    "the token `{label}` has no private key with the id {id}, which the settings give to SKI {}",
                    wanted.ski
                ),
            };
            let ids = listed(others.iter().map(|id| shown_id(id)));
            return Err(failed("PKCS11_NO_KEY", message).hint(match ids {
                Some(ids) => format!(
                    "its private keys have the ids {ids}; a key with another id than its SKI is named by \
                     CORE_PEER_BCCSP_PKCS11_KEYIDS or CORE_PEER_BCCSP_PKCS11_ALTID"
                ),
                None => "it has no private key at all".to_owned(),
            }));
        }
        _ => {
            let message = format!(
                "{} private keys of the token `{label}` have the id {id}",
                found.len()
            );
            return Err(failed("PKCS11_TWO_KEYS", message)
                .hint("give each its own id: the SHA-256 of its public point"));
        }
    };
    let curve = key.curve.as_deref().and_then(named_curve);
    if let Some(curve) = curve.filter(|curve| *curve != wanted.curve) {
        let message = format!(
            "the key {id} of the token `{label}` is on curve {}, the certificate's on {}",
            curve_name(curve),
            curve_name(wanted.curve)
        );
        return Err(failed("PKCS11_KEY_CURVE", message)
            .hint("take certificate and key of the same enrollment"));
    }
    let why = match key {
        SeenKey {
            can_sign: Some(false),
            ..
        } => "may not sign (CKA_SIGN)",
        SeenKey {
            asks_each_time: true,
            ..
        } => "wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE), which is not supported",
        _ => return Ok(()),
    };
    let message = format!("the key {id} of the token `{label}` {why}");
    Err(failed("PKCS11_KEY_UNUSABLE", message).hint("take another key, such as PIV's slot 9a"))
}

/// The key with the id is not the certificate's.
pub(super) fn key_mismatch(settings: &TokenSettings, wanted: &WantedKey) -> ClientError {
    let message = format!(
        "the key {} of the token `{}` is not that of the certificate",
        shown_id(&settings.key_id(&wanted.ski)),
        settings.label
    );
    let error = ClientError::new(Exit::Denied, "PKCS11_KEY_MISMATCH", message);
    error.hint("its public key, which has the same id, is another one: look at KeyIDs and AltID")
}

/// A curve by the object identifier that stands in `CKA_EC_PARAMS`.
fn named_curve(parameters: &[u8]) -> Option<Curve> {
    Curve::from_oid(Reader::new(parameters).oid()?)
}

const fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P224 => "P-224",
        Curve::P256 => "P-256",
        Curve::P384 => "P-384",
        Curve::P521 => "P-521",
    }
}

/// An id as people compare it: text where it is plain text, else hex.
fn shown_id(id: &[u8]) -> String {
    let is_plain = !id.is_empty() && id.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(id) {
        Ok(text) if is_plain => format!("`{}`", cut(text)),
        _ if id.is_empty() => "(empty)".to_owned(),
        _ => cut(&hex::encode(id)),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The first of some names; `None`: there are none.
fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<_> = names.collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    let shown: Vec<_> = names.into_iter().take(MOST_NAMED).collect();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}
