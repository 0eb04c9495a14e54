//! What every call reads first: the head of the verified chain, its config, and the settings.

use bytes::Bytes;

use super::{
    keys,
    values::{decode, digest},
};
use crate::{
    capabilities::ContractCapabilities,
    contract::error::{Code, ContractError},
    ids::{Digest, Sequence},
    proto::cmscc::{GateMode, Head, Settings},
    stub::Stub,
};

/// What every call reads first: the trusted head, its config, and the settings.
#[derive(Debug)]
pub(crate) struct TrustedHead {
    /// The head's facts.
    pub(crate) head: Head,
    /// The config in its one encoding, [`ConfigTree::encode`](crate::config::ConfigTree::encode).
    pub(crate) body: Bytes,
    /// What the members agreed.
    pub(crate) settings: Settings,
    /// SHA-256 of the settings as they lie on the ledger.
    pub(crate) settings_sha256: Digest,
}

impl TrustedHead {
    /// Reads the three keys; `None` before the bootstrap.
    pub(crate) async fn read<S: Stub>(stub: &mut S) -> Result<Option<Self>, ContractError> {
        let (trusted, _) = Self::read_beside(stub, None).await?;
        Ok(trusted)
    }

    /// The same, and the value of another key, all in one call.
    async fn read_beside<S: Stub>(
        stub: &mut S,
        beside: Option<&str>,
    ) -> Result<(Option<Self>, Option<Bytes>), ContractError> {
        let mut keys = vec![keys::head(), keys::body(), keys::settings()];
        keys.extend(beside.map(str::to_owned));
        let values = stub.get_states(&keys).await?;
        match values.as_slice() {
            [head, body, settings, rest @ ..] if values.len() == keys.len() => {
                let trusted = Self::of([head, body, settings].map(Option::as_ref))?;
                Ok((trusted, rest.first().cloned().flatten()))
            }
            _ => Err(Code::StateUnavailable.because("not one value for each key")),
        }
    }

    fn of(values: [Option<&Bytes>; 3]) -> Result<Option<Self>, ContractError> {
        match values {
            [None, None, None] => Ok(None),
            [Some(head), Some(body), Some(settings)] => {
                let trusted = Self {
                    head: decode(&keys::head(), head)?,
                    body: body.clone(),
                    settings_sha256: Digest::of(settings),
                    settings: decode(&keys::settings(), settings)?,
                };
                trusted.check_contract_capabilities()?;
                Ok(Some(trusted))
            }
            _ => Err(Code::StateCorrupt.because("head, body and settings are not all there")),
        }
    }

    /// Reads the three keys.
    pub(crate) async fn demand<S: Stub>(stub: &mut S) -> Result<Self, ContractError> {
        let (trusted, _) = Self::demand_beside(stub, None).await?;
        Ok(trusted)
    }

    /// The same, and the value of another key, all in one call.
    pub(crate) async fn demand_beside<S: Stub>(
        stub: &mut S,
        beside: Option<&str>,
    ) -> Result<(Self, Option<Bytes>), ContractError> {
        let (trusted, value) = Self::read_beside(stub, beside).await?;
        let trusted = trusted.ok_or_else(|| {
            Code::NotInitialized.because(
                "this channel has no trusted config yet; call `InitConsortium` with a config block",
            )
        })?;
        Ok((trusted, value))
    }

    /// The head's sequence.
    pub(crate) const fn sequence(&self) -> Sequence {
        Sequence(self.head.sequence)
    }

    /// SHA-256 of [`Self::body`].
    pub(crate) fn config_digest(&self) -> Result<Digest, ContractError> {
        digest(&self.head.config_sha256)
    }

    /// What the members agreed that every server must know.
    pub(crate) fn capabilities(&self) -> ContractCapabilities {
        ContractCapabilities::new(self.settings.capabilities.iter().cloned())
    }

    /// A server that lacks a capability that the members agreed on must not endorse.
    fn check_contract_capabilities(&self) -> Result<(), ContractError> {
        match lacking(&self.capabilities()) {
            None => Ok(()),
            Some(text) => Err(Code::ContractCapability.because(format_args!(
                "the members agreed that servers must know {text}"
            ))),
        }
    }
}

/// The settings that the first bootstrap writes.
pub(crate) fn first_settings(tx_id: &str) -> Settings {
    Settings {
        instance: tx_id.to_owned(),
        version: Some(0),
        capabilities: ContractCapabilities::FIRST
            .iter()
            .map(|level| (*level).to_owned())
            .collect(),
        gate: GateMode::Advisory.into(),
        endorsement_policy: String::new(),
    }
}

/// What this build lacks, and which version has it; `None`: nothing.
pub(crate) fn lacking(capabilities: &ContractCapabilities) -> Option<String> {
    let unknown = capabilities.unsupported();
    if unknown.is_empty() {
        return None;
    }
    let version = match ContractCapabilities::first_version(&unknown) {
        Some(version) => format!("{version} or later"),
        None => "a version that does".to_owned(),
    };
    Some(format!(
        "the contract capabilities `{}`, and this server (version {}) does not; install {version}",
        unknown.join("`, `"),
        env!("CARGO_PKG_VERSION"),
    ))
}
