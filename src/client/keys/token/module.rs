//! The library of a token, by cryptoki. The library is code of others that runs in this process.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};

use super::{
    TokenPin, TokenPinState, TokenSettings, TokenSight,
    choose::{self, Login, SeenKey, SeenToken, WantedKey},
    raw,
};
use crate::{
    client::{ClientError, Exit, keys::files::plain},
    crypto::HashFunction,
    identity::{Certificate, Signer, SignerError, serialized_identity},
    ids::MspId,
};

/// The most objects of a token that are looked at.
const MOST_OBJECTS: usize = 1_000;

/// Looks at a token without logging in: no PIN is tried.
///
/// # Errors
/// Library or token are not there.
pub(in crate::client::keys) fn look(
    settings: &TokenSettings,
    certificate: &Certificate,
) -> Result<TokenSight, ClientError> {
    let wanted = WantedKey::of(certificate)?;
    let opened = OpenToken::new(settings)?;
    opened.sight(settings, &wanted)
}

/// Logs in, and finds the certificate's key. `ask`: asks a person for the PIN; `None` where nobody can
/// be asked. A PIN is tried once.
///
/// # Errors
/// Library, token or key are not there; the PIN is wrong or missing; the key is another one.
pub(in crate::client::keys) fn open(
    msp_id: &MspId,
    certificate: &Certificate,
    settings: &TokenSettings,
    ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
) -> Result<(Arc<dyn Signer>, TokenSight), ClientError> {
    let wanted = WantedKey::of(certificate)?;
    let opened = OpenToken::new(settings)?;
    opened.log_in(settings, ask)?;
    let key = opened.private_key(settings, &wanted)?;
    let mut sight = opened.sight(settings, &wanted)?;
    // the right one takes back what wrong ones did
    sight.pin = TokenPinState::Good;
    let signer = TokenSigner {
        identity: serialized_identity(msp_id, certificate.pem().as_bytes()),
        wanted,
        key,
        session: Mutex::new(opened.session),
    };
    Ok((Arc::new(signer), sight))
}

/// A token, and a session with it.
struct OpenToken {
    seen: SeenToken,
    session: Session,
}

impl OpenToken {
    fn new(settings: &TokenSettings) -> Result<Self, ClientError> {
        let module = module(&settings.library)?;
        let (slots, seen) = tokens(&module, settings)?;
        let index = choose::token(settings, &seen)?;
        let (Some(slot), Some(seen)) = (slots.get(index), seen.into_iter().nth(index)) else {
            return Err(failed(settings, &Error::InvalidValue));
        };
        // nothing is ever written to a token
        let session = module.open_ro_session(*slot);
        let session = session.map_err(|error| failed(settings, &error))?;
        Ok(Self { seen, session })
    }

    fn log_in(
        &self,
        settings: &TokenSettings,
        ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
    ) -> Result<(), ClientError> {
        let label = &settings.label;
        let pin = match choose::login(settings, &self.seen)? {
            Login::NotNeeded => return Ok(()),
            Login::Keypad => None,
            Login::Given(pin) => Some(pin),
            Login::Ask(question) => {
                Some(ask(&question)?.ok_or_else(|| choose::pin_missing(label))?)
            }
        };
        let pin = pin.map(|pin| AuthPin::new(pin.expose().into()));
        match self.session.login(UserType::User, pin.as_ref()) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                _,
            )) => Err(choose::pin_wrong(label)),
            Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(choose::pin_locked(label)),
            Err(error) => Err(failed(settings, &error)),
        }
    }

    fn private_key(
        &self,
        settings: &TokenSettings,
        wanted: &WantedKey,
    ) -> Result<ObjectHandle, ClientError> {
        let told = |error| failed(settings, &error);
        let id = settings.key_id(&wanted.ski);
        let mine = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Id(id),
        ];
        let handles = self.objects(&mine).map_err(told)?;
        let keys = handles.iter().map(|handle| self.seen_key(*handle));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(told)?;
        let others = match keys.is_empty() {
            true => self.private_ids().map_err(told)?,
            false => Vec::new(),
        };
        choose::key(settings, wanted, &keys, &others)?;
        handles
            .first()
            .copied()
            .ok_or_else(|| failed(settings, &Error::InvalidValue))
    }

    fn seen_key(&self, handle: ObjectHandle) -> Result<SeenKey, Error> {
        let mut key = SeenKey::default();
        let wanted = [
            AttributeType::EcParams,
            AttributeType::Sign,
            AttributeType::AlwaysAuthenticate,
        ];
        for attribute in self.session.get_attributes(handle, &wanted)? {
            match attribute {
                Attribute::EcParams(curve) => key.curve = Some(curve),
                Attribute::Sign(can_sign) => key.can_sign = Some(can_sign),
                Attribute::AlwaysAuthenticate(asks) => key.asks_each_time = asks,
                _ => {}
            }
        }
        Ok(key)
    }

    /// The ids of private keys.
    fn private_ids(&self) -> Result<Vec<Vec<u8>>, Error> {
        let all = self.objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])?;
        let mut ids = Vec::new();
        for handle in all {
            for attribute in self.session.get_attributes(handle, &[AttributeType::Id])? {
                if let Attribute::Id(id) = attribute {
                    ids.push(id);
                }
            }
        }
        Ok(ids)
    }

    /// The points of public keys of an id; most tokens show them to everybody.
    fn public_points(&self, id: &[u8]) -> Vec<Vec<u8>> {
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::Id(id.to_vec()),
        ];
        let mut points = Vec::new();
        // a token that does not show them is none that one cannot sign with
        for handle in self.objects(&template).unwrap_or_default() {
            let found = self
                .session
                .get_attributes(handle, &[AttributeType::EcPoint]);
            for attribute in found.unwrap_or_default() {
                if let Attribute::EcPoint(point) = attribute {
                    points.push(point);
                }
            }
        }
        points
    }

    /// At most [`MOST_OBJECTS`] objects.
    fn objects(&self, template: &[Attribute]) -> Result<Vec<ObjectHandle>, Error> {
        let found = self.session.iter_objects(template)?;
        found.take(MOST_OBJECTS).collect()
    }

    fn sight(
        &self,
        settings: &TokenSettings,
        wanted: &WantedKey,
    ) -> Result<TokenSight, ClientError> {
        let seen = &self.seen;
        let key_id = settings.key_id(&wanted.ski);
        let points = self.public_points(&key_id);
        if !points.is_empty() && !points.iter().any(|point| wanted.is_point(point)) {
            return Err(choose::key_mismatch(settings, wanted));
        }
        Ok(TokenSight {
            library: settings.library.clone(),
            label: seen.label.clone(),
            manufacturer: seen.manufacturer.clone(),
            model: seen.model.clone(),
            serial: seen.serial.clone(),
            pin: seen.pin,
            ski: wanted.ski,
            key_id,
            shows_public_key: !points.is_empty(),
        })
    }
}

/// A key that a token signs with.
struct TokenSigner {
    identity: Vec<u8>,
    wanted: WantedKey,
    key: ObjectHandle,
    session: Mutex<Session>,
}

impl Signer for TokenSigner {
    fn serialized_identity(&self) -> &[u8] {
        &self.identity
    }

    // Fabric: msp/identities.go, Sign: the local MSP hashes by SHA-256 for every curve
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let device = |why: String| SignerError::Device(why);
        let digest = HashFunction::Sha256.digest(&[message]);
        let session = self.session.lock();
        let session = session.map_err(|_| device("the session with the token broke".to_owned()))?;
        let signed = session.sign(&Mechanism::Ecdsa, self.key, &digest);
        let signed = signed.map_err(|error| device(format!("the token says {}", words(&error))))?;
        let WantedKey { curve, point, .. } = &self.wanted;
        raw::signature(&signed, *curve, point, message)
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner").finish_non_exhaustive()
    }
}

fn module(library: &Path) -> Result<Pkcs11, ClientError> {
    let shown = library.display();
    let missing = |why: &str| {
        let message = format!("the PKCS#11 library `{shown}` cannot be loaded: {why}");
        ClientError::new(Exit::Usage, "PKCS11_NO_LIBRARY", message).hint(
            "name the library of the token's maker: CORE_PEER_BCCSP_PKCS11_LIBRARY; SoftHSM's is \
             libsofthsm2.so",
        )
    };
    // the loader looks for a name without a folder itself
    let has_folder = library.components().nth(1).is_some();
    if has_folder && let Err(error) = library.metadata() {
        return Err(missing(&plain(&error)));
    }
    let module = Pkcs11::new(library).map_err(|error| missing(&words(&error)))?;
    let initialized = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    match initialized {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(module),
        Err(error) => Err(missing(&words(&error))),
    }
}

/// The tokens that are there.
fn tokens(
    module: &Pkcs11,
    settings: &TokenSettings,
) -> Result<(Vec<Slot>, Vec<SeenToken>), ClientError> {
    let slots = module.get_slots_with_token();
    let slots = slots.map_err(|error| failed(settings, &error))?;
    let mut found = (Vec::new(), Vec::new());
    for slot in slots {
        // Fabric: a slot whose token says nothing is passed over
        if let Ok(info) = module.get_token_info(slot) {
            found.0.push(slot);
            found.1.push(seen(&info));
        }
    }
    Ok(found)
}

fn seen(info: &TokenInfo) -> SeenToken {
    SeenToken {
        label: info.label().to_owned(),
        manufacturer: info.manufacturer_id().to_owned(),
        model: info.model().to_owned(),
        serial: info.serial_number().to_owned(),
        needs_login: info.login_required(),
        has_keypad: info.protected_authentication_path(),
        pin: match info {
            _ if info.user_pin_locked() => TokenPinState::Locked,
            _ if info.user_pin_final_try() => TokenPinState::FinalTry,
            _ if info.user_pin_count_low() => TokenPinState::CountLow,
            _ if !info.user_pin_initialized() => TokenPinState::NotSet,
            _ => TokenPinState::Good,
        },
    }
}

/// A token that failed for a reason of its own.
fn failed(settings: &TokenSettings, error: &Error) -> ClientError {
    let message = format!("the token `{}` says {}", settings.label, words(error));
    ClientError::new(Exit::Denied, "PKCS11_FAILED", message)
        .hint("the documentation of the token's maker says what it means")
}

/// An error in few words: PKCS#11's own name of it, and the function that answered.
fn words(error: &Error) -> String {
    match error {
        Error::Pkcs11(answer, function) => format!("{answer:?} (C_{function:?})"),
        error => error.to_string(),
    }
}
