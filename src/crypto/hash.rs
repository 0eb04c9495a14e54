//! Hash functions by name.

use ring::digest;
use sha3::{Sha3_256, Sha3_384};

/// A hash function that MSPs or certificates use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFunction {
    /// SHA-1: in signatures of revocation lists only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
}

impl HashFunction {
    /// The function that an MSP names for identity ids; empty means SHA-256.
    // Fabric: bccsp/hashopts.go, GetHashOpt
    #[must_use]
    pub fn for_identities(name: &str) -> Option<Self> {
        match name {
            "" | "SHA256" => Some(Self::Sha256),
            "SHA384" => Some(Self::Sha384),
            "SHA3_256" => Some(Self::Sha3_256),
            "SHA3_384" => Some(Self::Sha3_384),
            _ => None,
        }
    }

    /// The function that an MSP's hash family signs with; empty means SHA2.
    // Fabric: msp/identities.go, getHashOpt
    #[must_use]
    pub fn for_signatures(family: &str) -> Option<Self> {
        match family {
            "" | "SHA2" => Some(Self::Sha256),
            "SHA3" => Some(Self::Sha3_256),
            _ => None,
        }
    }

    /// The hash of the concatenation of some parts.
    #[must_use]
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha3_256 => return sha3::<Sha3_256>(parts),
            Self::Sha3_384 => return sha3::<Sha3_384>(parts),
        };
        let mut context = digest::Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().to_vec()
    }
}

fn sha3<D: sha3::Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones() {
        let cases = [
            (
                HashFunction::Sha1,
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                HashFunction::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                HashFunction::Sha3_256,
                "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
            ),
        ];
        for (function, want) in cases {
            assert_eq!(
                hex::encode(function.digest(&[b"a", b"bc"])),
                want,
                "{function:?}"
            );
        }
        assert_eq!(HashFunction::Sha384.digest(&[]).len(), 48);
        assert_eq!(HashFunction::Sha3_384.digest(&[]).len(), 48);
        assert_eq!(HashFunction::Sha512.digest(&[]).len(), 64);
    }

    #[test]
    fn names_select_functions() {
        assert_eq!(HashFunction::for_identities(""), Some(HashFunction::Sha256));
        assert_eq!(
            HashFunction::for_identities("SHA3_384"),
            Some(HashFunction::Sha3_384)
        );
        assert_eq!(HashFunction::for_identities("SHA512"), None);
        assert_eq!(
            HashFunction::for_signatures("SHA3"),
            Some(HashFunction::Sha3_256)
        );
        assert_eq!(HashFunction::for_signatures("sha2"), None);
    }
}
