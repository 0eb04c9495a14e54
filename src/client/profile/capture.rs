//! What is said here and now, as a profile that says the same elsewhere: paths are absolute.

use std::path::absolute;

use super::{
    file::{Profile, ProfilePeer, ProfileToken},
    import::ImportedProfile,
    layers::{Layer, Layers},
    setting::Setting,
    surroundings::Surroundings,
};
use crate::client::{ClientError, Exit};

/// What flags and environment say, without any profile and without core.yaml.
///
/// # Errors
/// A value that a profile cannot hold.
pub fn capture_profile(of: &Surroundings<'_>) -> Result<Profile, ClientError> {
    captured(of, |layer| {
        matches!(
            layer,
            Layer::Flag | Layer::Own | Layer::Peer | Layer::Sample
        )
    })
}

/// Adds to an import what flags say: they are one's own words.
///
/// # Errors
/// A value that a profile cannot hold.
pub fn complete_import(
    of: &Surroundings<'_>,
    made: &mut ImportedProfile,
) -> Result<(), ClientError> {
    let flags = captured(of, |layer| layer == Layer::Flag)?;
    let own = &mut made.profile;
    let is_identity = flags.msp_folder.is_some() || flags.certificate.is_some();
    if is_identity && own.certificate.is_some() {
        let message = "the identity is named twice: by --wallet and by flags";
        return Err(ClientError::new(Exit::Usage, "IMPORT_INVALID", message));
    }
    if is_identity {
        made.notes
            .retain(|note| !note.starts_with("it has no identity"));
    }
    if flags.channel.is_some() {
        made.notes
            .retain(|note| !note.starts_with("it names no channel"));
    }
    let put = |to: &mut Option<String>, from: Option<String>| *to = from.or_else(|| to.take());
    put(&mut own.channel, flags.channel);
    put(&mut own.chaincode, flags.chaincode);
    put(&mut own.msp_id, flags.msp_id);
    put(&mut own.msp_folder, flags.msp_folder);
    put(&mut own.certificate, flags.certificate);
    put(&mut own.key, flags.key);
    put(&mut own.tls_client_cert, flags.tls_client_cert);
    put(&mut own.tls_client_key, flags.tls_client_key);
    put(&mut own.timeout, flags.timeout);
    put(&mut own.connect_timeout, flags.connect_timeout);
    Ok(())
}

fn captured(of: &Surroundings<'_>, counts: impl Fn(Layer) -> bool) -> Result<Profile, ClientError> {
    let (layers, _) = Layers::read(*of);
    let find = |setting: Setting| {
        let is_mutual = matches!(setting, Setting::TlsClientCert | Setting::TlsClientKey);
        layers.find_where(setting, |layer| {
            counts(layer) && (!is_mutual || layers.shows_client_certificate(layer))
        })
    };
    let value = |setting: Setting| -> Result<Option<String>, ClientError> {
        let Some(found) = find(setting) else {
            return Ok(None);
        };
        match (found.values.as_slice(), setting.is_path()) {
            ([value], true) => absolute_text(value).map(Some),
            ([value], false) => Ok(Some(value.clone())),
            _ => {
                let what = setting.names().what;
                let message = format!("a profile has one {what}: put them into one file");
                Err(ClientError::new(
                    Exit::Usage,
                    "PROFILE_VALUE_INVALID",
                    message,
                ))
            }
        }
    };
    let tls = value(Setting::Tls)?.map(|text| matches!(text.as_str(), "true" | "t" | "1"));
    let address = find(Setting::PeerAddress);
    let server_name = find(Setting::ServerName);
    let peers = address.iter().flat_map(|found| &found.values);
    let peers = peers.map(|address| ProfilePeer {
        address: address.clone(),
        server_name: server_name.as_ref().map(|found| found.value().to_owned()),
        ..ProfilePeer::default()
    });
    let peers = peers.collect();
    let orderer = match value(Setting::Orderer)? {
        Some(address) => Some(ProfilePeer {
            address,
            tls: None,
            tls_root_cert: value(Setting::OrdererCa)?,
            server_name: value(Setting::OrdererServerName)?,
        }),
        None => None,
    };
    let token = ProfileToken {
        library: value(Setting::TokenLibrary)?,
        label: value(Setting::TokenLabel)?,
        alt_id: value(Setting::TokenAltId)?,
        key_ids: value(Setting::TokenKeyIds)?,
    };
    let (msp_folder, certificate, key) = identity(
        find(Setting::MspFolder).map(|found| found.layer),
        [Setting::Certificate, Setting::Key].map(|setting| find(setting).map(|found| found.layer)),
    );
    let value_if = |is_used: bool, setting| match is_used {
        true => value(setting),
        false => Ok(None),
    };
    Ok(Profile {
        channel: value(Setting::Channel)?,
        chaincode: value(Setting::Chaincode)?,
        msp_id: value(Setting::MspId)?,
        msp_folder: value_if(msp_folder, Setting::MspFolder)?,
        certificate: value_if(certificate, Setting::Certificate)?,
        key: value_if(key, Setting::Key)?,
        bccsp: value(Setting::Bccsp)?,
        pkcs11: Some(token).filter(|token| *token != ProfileToken::default()),
        tls,
        tls_root_cert: value(Setting::TlsRootCert)?,
        tls_client_cert: value(Setting::TlsClientCert)?,
        tls_client_key: value(Setting::TlsClientKey)?,
        trust_anchor: value(Setting::Anchor)?,
        state_dir: value(Setting::StateDir)?,
        timeout: value(Setting::Timeout)?,
        connect_timeout: value(Setting::ConnectTimeout)?,
        peers,
        orderer,
    })
}

/// Which of MSP folder, certificate and key count: in a profile all stand in one place, where
/// certificate and key come before the folder.
fn identity(folder: Option<Layer>, parts: [Option<Layer>; 2]) -> (bool, bool, bool) {
    let [certificate, key] = parts.map(|part| match (part, folder) {
        (Some(part), Some(folder)) => part <= folder,
        (part, None) => part.is_some(),
        (None, _) => false,
    });
    (folder.is_some() && !(certificate && key), certificate, key)
}

fn absolute_text(path: &str) -> Result<String, ClientError> {
    let absolute = absolute(path).ok();
    let text = absolute.and_then(|path| path.to_str().map(str::to_owned));
    text.ok_or_else(|| {
        let message = format!("the path `{path}` cannot stand in a profile");
        ClientError::new(Exit::Usage, "PROFILE_VALUE_INVALID", message)
    })
}
