//! The places where a setting may stand, from the nearest to the farthest.

use std::path::{Path, PathBuf};

use super::{
    core_yaml::CoreYaml,
    file::{Profile, ProfileFile},
    origin::Origin,
    setting::Setting,
    surroundings::Surroundings,
};
use crate::client::ClientError;

/// A place; what stands in an earlier one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Flags.
    Flag,
    /// Variables of this program.
    Own,
    /// A profile that was named, by a flag or variable of this program.
    Named,
    /// Variables of Fabric's `peer`.
    Peer,
    /// Variables of Fabric's samples.
    Sample,
    /// The current profile, which nobody named.
    Current,
    /// The file of Fabric's `peer`.
    CoreYaml,
}

impl Layer {
    const ALL: [Self; 7] = [
        Self::Flag,
        Self::Own,
        Self::Named,
        Self::Peer,
        Self::Sample,
        Self::Current,
        Self::CoreYaml,
    ];
}

/// What was found: a setting's values, and where.
#[derive(Clone, Debug)]
pub(super) struct PlacedValue {
    /// One; of some settings several.
    pub(super) values: Vec<String>,
    pub(super) origin: Origin,
    pub(super) layer: Layer,
}

impl PlacedValue {
    /// The first value.
    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

/// All places, as far as they are files opened and read.
pub(super) struct Layers<'a> {
    of: Surroundings<'a>,
    profile: Option<ChosenProfile>,
    core: Option<(PathBuf, CoreYaml)>,
}

/// The profile that is used.
pub(super) struct ChosenProfile {
    pub(super) name: String,
    pub(super) profile: Profile,
    /// Whether somebody named it for this call.
    pub(super) is_named: bool,
    /// Paths in it are relative to this.
    folder: PathBuf,
}

impl<'a> Layers<'a> {
    /// Reads the files. Those that are broken are as if they were not there, and told.
    pub(super) fn read(of: Surroundings<'a>) -> (Self, Vec<ClientError>) {
        let mut errors = Vec::new();
        let mut take = |error: ClientError| errors.push(error);
        let profile = chosen_profile(&of).unwrap_or_else(|error| {
            take(error);
            None
        });
        let core = core_yaml(&of).unwrap_or_else(|error| {
            take(error);
            None
        });
        let layers = Self { of, profile, core };
        (layers, errors)
    }

    pub(super) const fn surroundings(&self) -> &Surroundings<'a> {
        &self.of
    }

    pub(super) const fn profile(&self) -> Option<&ChosenProfile> {
        self.profile.as_ref()
    }

    /// A value of core.yaml, by its path in there.
    fn core_value(&self, path: &str) -> Option<String> {
        self.core.as_ref()?.1.get(path)
    }

    /// Whether a certificate of mutual TLS that stands in this place is shown: that of `peer` only where
    /// it is told that clients must show one.
    // Fabric: internal/peer/common/common.go, configFromEnv
    pub(super) fn shows_client_certificate(&self, layer: Layer) -> bool {
        !matches!(layer, Layer::Peer | Layer::CoreYaml) || self.must_show_client_certificate()
    }

    /// Whether `peer` is told that clients must show a certificate.
    pub(super) fn must_show_client_certificate(&self) -> bool {
        let value = self.of.variable("CORE_PEER_TLS_CLIENTAUTHREQUIRED");
        let value = value.or_else(|| self.core_value("peer.tls.clientAuthRequired"));
        value.is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "t" | "1"))
    }

    /// What a setting is in the nearest place that says it.
    pub(super) fn find(&self, setting: Setting) -> Option<PlacedValue> {
        self.find_where(setting, |_| true)
    }

    /// The same among some of the places.
    pub(super) fn find_where(
        &self,
        setting: Setting,
        counts: impl Fn(Layer) -> bool,
    ) -> Option<PlacedValue> {
        let mut layers = Layer::ALL.into_iter().filter(|layer| counts(*layer));
        layers.find_map(|layer| self.at(layer, setting))
    }

    /// What a setting is in one place; an empty value is none.
    pub(super) fn at(&self, layer: Layer, setting: Setting) -> Option<PlacedValue> {
        let names = setting.names();
        let (values, origin) = match layer {
            Layer::Flag => {
                let values = self.of.flags.values(setting);
                let values = values.into_iter().map(str::to_owned).collect();
                (values, Origin::Flag(names.flag))
            }
            Layer::Own => {
                let value = self.of.variable(names.own)?;
                let is_list = matches!(setting, Setting::PeerAddress | Setting::TlsRootCert);
                let values = match is_list {
                    true => value.split(',').map(|one| one.trim().to_owned()).collect(),
                    false => vec![value],
                };
                (values, Origin::Variable(names.own))
            }
            Layer::Named | Layer::Current => {
                let profile = self.profile.as_ref()?;
                if profile.is_named != (layer == Layer::Named) {
                    return None;
                }
                let value = profile.value(&self.of, setting)?;
                (
                    vec![value],
                    Origin::Profile(profile.name.clone(), names.key),
                )
            }
            Layer::Peer => {
                let value = self.of.variable(names.peer)?;
                // Fabric: core/config/config.go, GetPath
                let value = match (setting.is_path(), self.of.variable("FABRIC_CFG_PATH")) {
                    (true, Some(folder)) => within(Path::new(&folder), &value),
                    _ => value,
                };
                (vec![value], Origin::Variable(names.peer))
            }
            Layer::Sample => self.sample(setting)?,
            Layer::CoreYaml => {
                let (path, core) = self.core.as_ref()?;
                let value = match setting {
                    Setting::TokenKeyIds => core.key_ids(names.core_yaml)?,
                    _ => core.get(names.core_yaml)?,
                };
                let value = match (setting.is_path(), path.parent()) {
                    (true, Some(folder)) => within(folder, &value),
                    _ => value,
                };
                (vec![value], Origin::CoreYaml(path.clone(), names.core_yaml))
            }
        };
        let values: Vec<_> = values
            .into_iter()
            .filter(|value| !value.is_empty())
            .collect();
        (!values.is_empty()).then_some(PlacedValue {
            values,
            origin,
            layer,
        })
    }

    /// The names of Fabric's samples and test network.
    // fabric-samples: asset-transfer-basic/application-gateway-typescript/src/app.ts
    fn sample(&self, setting: Setting) -> Option<(Vec<String>, Origin)> {
        let names = setting.names();
        if setting != Setting::MspFolder
            && let Some(value) = self.of.variable(names.sample)
        {
            // as Go's client names an address that needs no looking up
            let value = value.strip_prefix("dns:///").unwrap_or(&value).to_owned();
            return Some((vec![value], Origin::Variable(names.sample)));
        }
        // a folder of cryptogen, in which the samples look for these
        let folder = self.of.variable("CRYPTO_PATH")?;
        let folder = Path::new(&folder);
        let domain = folder.file_name()?.to_str()?;
        let inside = match setting {
            Setting::MspFolder => format!("users/User1@{domain}/msp"),
            Setting::TlsRootCert => format!("peers/peer0.{domain}/tls/ca.crt"),
            _ => return None,
        };
        let path = folder.join(inside).to_str()?.to_owned();
        Some((vec![path], Origin::Variable("CRYPTO_PATH")))
    }
}

impl ChosenProfile {
    fn value(&self, of: &Surroundings<'_>, setting: Setting) -> Option<String> {
        let value = self.profile.value(setting)?;
        match setting.is_path() {
            true => Some(self.path(of, &value)),
            false => Some(value),
        }
    }

    /// A path as it stands in the file of profiles.
    pub(super) fn path(&self, of: &Surroundings<'_>, value: &str) -> String {
        match (value.strip_prefix("~/"), of.variable("HOME")) {
            (Some(rest), Some(home)) => within(Path::new(&home), rest),
            _ => within(&self.folder, value),
        }
    }
}

/// A path that may be relative to a folder.
fn within(folder: &Path, path: &str) -> String {
    match folder.join(path).to_str() {
        Some(joined) if !path.is_empty() => joined.to_owned(),
        _ => path.to_owned(),
    }
}

fn chosen_profile(of: &Surroundings<'_>) -> Result<Option<ChosenProfile>, ClientError> {
    let named = of
        .flags
        .profile
        .clone()
        .or_else(|| of.variable("CMSCC_PROFILE"));
    let path = of.profile_file();
    let file = match &path {
        Some(path) => match of.file(path, "PROFILE_FILE_UNREADABLE")? {
            Some(text) => ProfileFile::parse(&path.display().to_string(), &text)?,
            None => ProfileFile::default(),
        },
        None => ProfileFile::default(),
    };
    let is_named = named.is_some();
    let Some(name) = named.or_else(|| file.current().map(str::to_owned)) else {
        return Ok(None);
    };
    let profile = file.get(&name)?.clone();
    let folder = path.as_deref().and_then(Path::parent);
    Ok(Some(ChosenProfile {
        name,
        profile,
        is_named,
        folder: folder.unwrap_or_else(|| Path::new("")).to_owned(),
    }))
}

/// The file that `peer` reads. Where there is none, nothing is missing: the environment may say it all.
fn core_yaml(of: &Surroundings<'_>) -> Result<Option<(PathBuf, CoreYaml)>, ClientError> {
    let Some(folder) = of.variable("FABRIC_CFG_PATH") else {
        return Ok(None);
    };
    let path = Path::new(&folder).join("core.yaml");
    let Some(text) = of.file(&path, "CORE_YAML_UNREADABLE")? else {
        return Ok(None);
    };
    let core = CoreYaml::parse(&path.display().to_string(), &text)?;
    Ok(Some((path, core)))
}
