//! From all places to one answer.

use std::{path::PathBuf, time::Duration};

use super::{
    endpoint::PeerEndpoint,
    layers::{ChosenProfile, Layer, PlacedValue},
    origin::{Origin, Origins},
    resolver::Resolver,
    setting::Setting,
    settings::ClientSettings,
    surroundings::Surroundings,
    token::KeyKind,
};
use crate::{
    client::{ClientError, Exit, keys::IdentitySource, span::time_span},
    ids::{ChannelId, MspId},
};

/// The contract's name, where nobody says another.
const CHAINCODE: &str = "cmscc";

/// How long one call may take, where nobody says how long: what a peer waits for a chaincode.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long connecting may take.
// Fabric: internal/peer/common/common.go, defaultConnTimeout
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The settings, and where each comes from.
///
/// # Errors
/// All that is missing or wrong; each says what would set it.
pub fn resolve(of: &Surroundings<'_>) -> Result<(ClientSettings, Origins), Vec<ClientError>> {
    whole(of, true)
}

/// The settings of a machine without a network: no peers.
///
/// # Errors
/// As of [`resolve`].
pub fn resolve_offline(
    of: &Surroundings<'_>,
) -> Result<(ClientSettings, Origins), Vec<ClientError>> {
    whole(of, false)
}

fn whole(
    of: &Surroundings<'_>,
    has_network: bool,
) -> Result<(ClientSettings, Origins), Vec<ClientError>> {
    let mut resolver = Resolver::new(of);
    let channel = resolver.channel();
    let rest = resolver.rest();
    let (msp_id, identity) = (resolver.required(Setting::MspId), resolver.identity());
    let (peers, orderer) = match has_network {
        true => (resolver.peers(), resolver.orderer()),
        false => (Vec::new(), None),
    };
    let state_dir = resolver.state_dir();
    let complete = (channel, msp_id, identity, state_dir);
    let (Some(channel), Some(msp_id), Some(identity), Some(state_dir)) = complete else {
        return Err(resolver.errors);
    };
    if !resolver.errors.is_empty() {
        return Err(resolver.errors);
    }
    let settings = ClientSettings {
        profile: resolver.profile_of_peers(),
        channel: ChannelId::new(channel),
        chaincode: rest.chaincode,
        msp_id: MspId::new(msp_id),
        identity,
        peers,
        orderer,
        state_dir,
        anchor: rest.anchor,
        timeout: rest.timeout,
        connect_timeout: rest.connect_timeout,
    };
    Ok((settings, resolver.origins))
}

/// Who one is: what needs no network.
///
/// # Errors
/// All that is missing or wrong; each says what would set it.
pub fn resolve_identity(
    of: &Surroundings<'_>,
) -> Result<(MspId, IdentitySource, Origins), Vec<ClientError>> {
    let mut resolver = Resolver::new(of);
    let (msp_id, identity) = (resolver.required(Setting::MspId), resolver.identity());
    match (msp_id, identity) {
        (Some(msp_id), Some(identity)) if resolver.errors.is_empty() => {
            Ok((MspId::new(msp_id), identity, resolver.origins))
        }
        _ => Err(resolver.errors),
    }
}

/// Everything that is known, also where it is not enough, and what is missing or wrong.
#[must_use]
pub fn survey(of: &Surroundings<'_>) -> Survey {
    let mut resolver = Resolver::new(of);
    let channel = resolver.channel();
    let msp_id = resolver.required(Setting::MspId);
    let rest = resolver.rest();
    let identity = resolver.identity();
    let (peers, orderer) = (resolver.peers(), resolver.orderer());
    let state_dir = resolver.state_dir();
    Survey {
        profile: (resolver.layers.profile())
            .map(|profile| (profile.name.clone(), profile.is_named)),
        file: of.profile_file(),
        contradictions: resolver.contradictions(),
        known: KnownSettings {
            profile: resolver.profile_of_peers(),
            channel: channel.map(ChannelId::new),
            chaincode: rest.chaincode,
            msp_id: msp_id.map(MspId::new),
            identity,
            peers,
            orderer,
            state_dir,
            anchor: rest.anchor,
            timeout: rest.timeout,
            connect_timeout: rest.connect_timeout,
        },
        origins: resolver.origins,
        problems: resolver.errors,
    }
}

/// What is known of the settings.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The profile that is used, and whether it was named for this call.
    pub profile: Option<(String, bool)>,
    /// Where the profiles are.
    pub file: Option<PathBuf>,
    /// All values.
    pub origins: Origins,
    /// The same as commands take them, as far as they are known.
    pub known: KnownSettings,
    /// What is missing or wrong.
    pub problems: Vec<ClientError>,
    /// What places say differently: a sentence, and what to do.
    pub contradictions: Vec<(String, String)>,
}

/// The settings as far as they are known: those of [`ClientSettings`].
#[derive(Clone, Debug)]
pub struct KnownSettings {
    /// The profile's name, where one is used.
    pub profile: Option<String>,
    /// The channel.
    pub channel: Option<ChannelId>,
    /// The name of the contract's definition.
    pub chaincode: String,
    /// The MSP id of one's own organisation.
    pub msp_id: Option<MspId>,
    /// Where one's own certificate and key are.
    pub identity: Option<IdentitySource>,
    /// One's own peers whose settings can be used.
    pub peers: Vec<PeerEndpoint>,
    /// An orderer.
    pub orderer: Option<PeerEndpoint>,
    /// Where the client keeps what it verified.
    pub state_dir: Option<PathBuf>,
    /// A file with a config block that is trusted.
    pub anchor: Option<PathBuf>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How long connecting to one node may take.
    pub connect_timeout: Duration,
}

impl Survey {
    /// Whether no place says anything of the network.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut said = self.origins.iter();
        self.profile.is_none() && said.all(|(.., origin)| *origin == Origin::Default)
    }
}

/// What always has a value.
struct Rest {
    chaincode: String,
    anchor: Option<PathBuf>,
    timeout: Duration,
    connect_timeout: Duration,
}

impl Resolver<'_> {
    fn rest(&mut self) -> Rest {
        let chaincode = match self.noted(Setting::Chaincode) {
            Some(found) => found.value().to_owned(),
            None => {
                self.origins
                    .add(Setting::Chaincode, CHAINCODE, &Origin::Default);
                CHAINCODE.to_owned()
            }
        };
        Rest {
            chaincode,
            anchor: self
                .noted(Setting::Anchor)
                .map(|found| PathBuf::from(found.value())),
            timeout: self.duration(Setting::Timeout, TIMEOUT),
            connect_timeout: self.duration(Setting::ConnectTimeout, CONNECT_TIMEOUT),
        }
    }

    fn duration(&mut self, setting: Setting, otherwise: Duration) -> Duration {
        let Some(found) = self.noted(setting) else {
            self.origins.add(
                setting,
                format!("{}s", otherwise.as_secs()),
                &Origin::Default,
            );
            return otherwise;
        };
        duration(found.value()).unwrap_or_else(|| {
            self.wrong(setting, &found, "no time such as `30s`, `500ms` or `2m`");
            otherwise
        })
    }

    fn state_dir(&mut self) -> Option<PathBuf> {
        if let Some(found) = self.noted(Setting::StateDir) {
            return Some(PathBuf::from(found.value()));
        }
        let folder = self.layers.surroundings().state_folder();
        match &folder {
            Some(folder) => {
                let shown = folder.display().to_string();
                self.origins.add(Setting::StateDir, shown, &Origin::Default);
            }
            None => self.missing(Setting::StateDir),
        }
        folder
    }

    /// Where certificate and key are: each in the nearest place that says it, or the MSP folder there; the
    /// key in a token, where that is said.
    fn identity(&mut self) -> Option<IdentitySource> {
        self.refuse_other_kinds();
        let kind = self.key_kind();
        let folder = self.layers.find(Setting::MspFolder);
        let certificate = nearer(self.layers.find(Setting::Certificate), folder.clone());
        if let KeyKind::Token(token) = kind {
            let place = self.place(Setting::Certificate, certificate.as_ref(), "signcerts");
            if let Some(Err(folder)) = &certificate {
                self.note(Setting::MspFolder, folder);
            }
            let Some(certificate) = place else {
                self.missing(Setting::MspFolder);
                return None;
            };
            let token = token?;
            return Some(IdentitySource::Token { certificate, token });
        }
        let key = nearer(self.layers.find(Setting::Key), folder);
        let places = (
            self.place(Setting::Certificate, certificate.as_ref(), "signcerts"),
            self.place(Setting::Key, key.as_ref(), "keystore"),
        );
        let folders = [&certificate, &key].map(|found| match found {
            Some(Err(folder)) => Some(folder),
            _ => None,
        });
        if let Some(folder) = folders.iter().flatten().next() {
            self.note(Setting::MspFolder, folder);
        }
        if let [Some(folder), Some(_)] = folders {
            return Some(IdentitySource::MspFolder(PathBuf::from(folder.value())));
        }
        match places {
            (Some(certificate), Some(key)) => {
                return Some(IdentitySource::Files { certificate, key });
            }
            (None, None) => self.missing(Setting::MspFolder),
            (None, _) => self.missing(Setting::Certificate),
            (_, None) => self.missing(Setting::Key),
        }
        None
    }

    /// Where a part of the identity is.
    fn place(
        &mut self,
        setting: Setting,
        found: Option<&Result<PlacedValue, PlacedValue>>,
        inside: &str,
    ) -> Option<PathBuf> {
        match found? {
            Ok(found) => {
                self.note(setting, found);
                Some(PathBuf::from(found.value()))
            }
            Err(folder) => Some(PathBuf::from(folder.value()).join(inside)),
        }
    }

    /// Keys that this client cannot use are refused, not overlooked.
    fn refuse_other_kinds(&mut self) {
        let variable = "CORE_PEER_LOCALMSPTYPE";
        let value = self.layers.surroundings().variable(variable);
        if value.is_some_and(|value| value.eq_ignore_ascii_case("idemix")) {
            let message = format!("{variable} asks for idemix identities, which are not supported");
            let error = ClientError::new(Exit::Usage, "IDENTITY_KIND_UNSUPPORTED", message);
            let hint = format!("unset {variable} and name an MSP folder");
            self.errors.push(error.hint(hint));
        }
    }

    /// The profile's name, where the peers are its own or somebody named it: what is kept of a network
    /// is kept under it.
    fn profile_of_peers(&self) -> Option<String> {
        let is_own =
            |profile: &&ChosenProfile| profile.is_named || self.peers_at == Some(Layer::Current);
        let profile = self.layers.profile().filter(is_own);
        profile.map(|profile| profile.name.clone())
    }

    fn orderer(&mut self) -> Option<PeerEndpoint> {
        let found = self.noted(Setting::Orderer)?;
        self.endpoint_of_orderer(&found)
    }
}

/// A part of the identity (`Ok`), or the MSP folder that stands nearer (`Err`).
fn nearer(
    part: Option<PlacedValue>,
    folder: Option<PlacedValue>,
) -> Option<Result<PlacedValue, PlacedValue>> {
    match (part, folder) {
        (Some(part), Some(folder)) if folder.layer < part.layer => Some(Err(folder)),
        (Some(part), _) => Some(Ok(part)),
        (None, folder) => folder.map(Err),
    }
}

/// A time such as `1m30s`; not zero, and at most a day.
fn duration(text: &str) -> Option<Duration> {
    let span = time_span(text)?;
    (!span.is_zero() && span <= Duration::from_secs(86_400)).then_some(span)
}
