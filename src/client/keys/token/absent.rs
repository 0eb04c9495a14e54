//! What a build without PKCS#11 says where settings ask for it.

use std::sync::Arc;

use super::{TokenPin, TokenSettings, TokenSight};
use crate::{
    client::{ClientError, Exit},
    identity::{Certificate, Signer},
    ids::MspId,
};

/// Refuses to look.
pub(in crate::client::keys) fn look(
    token: &TokenSettings,
    _: &Certificate,
) -> Result<TokenSight, ClientError> {
    Err(refusal(token))
}

/// Refuses to open.
pub(in crate::client::keys) fn open(
    _: &MspId,
    _: &Certificate,
    token: &TokenSettings,
    _: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
) -> Result<(Arc<dyn Signer>, TokenSight), ClientError> {
    Err(refusal(token))
}

fn refusal(token: &TokenSettings) -> ClientError {
    let message = format!(
        "the settings ask for the key in the token `{}`, and this build of cmscc has no PKCS#11",
        token.label
    );
    ClientError::new(Exit::Usage, "PKCS11_NOT_BUILT", message).hint(
        "build it with: cargo install --locked --path . --features pkcs11. \
         For a key in a file set CMSCC_BCCSP=SW",
    )
}
