//! Where an identity is.

use std::path::PathBuf;

/// Where certificate and private key of an identity are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// A certificate and a key; each a file, or a folder with such files.
    Files {
        /// The certificate, PEM. Of a folder the first file in the order of names.
        certificate: PathBuf,
        /// The private key. Of a folder the file whose key is the certificate's.
        key: PathBuf,
    },
    /// An MSP folder, with `signcerts` and `keystore` in it.
    MspFolder(PathBuf),
}
