//! From signatures to the identities that count.

use std::{collections::BTreeMap, fmt};

use crate::{
    identity::{Identity, MspError, Msps, Principal},
    ids::MspId,
    proto::scan::{Fields, ScanError},
};

/// A signature, what it covers, and who claims to have made it.
#[derive(Clone, Debug)]
pub struct SignedData<'a> {
    /// The serialized `msp.SerializedIdentity` of the signer.
    pub identity: &'a [u8],
    /// The signed bytes, in pieces that belong one after the other.
    pub message: Vec<&'a [u8]>,
    /// The signature, DER or Ed25519, not yet verified.
    pub signature: &'a [u8],
}

/// An identity whose signature counts.
#[derive(Clone, Debug)]
pub struct CountedSigner {
    /// Who signed.
    pub identity: Identity,
    /// The number of the signature in the input, from 0.
    pub index: usize,
}

/// A signature that does not count.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The number of the signature in the input, from 0.
    pub index: usize,
    /// The MSP that its creator names; `None` where that cannot be read.
    pub msp_id: Option<MspId>,
    /// Who claims to have signed; `None` where that cannot be read.
    pub identity: Option<Identity>,
    /// Why it does not count.
    pub why: SignatureProblem,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// It is not a signature of this identity over these bytes.
    #[error("signature is not by this identity over these bytes: {0}")]
    BadSignature(MspError),
    /// An earlier signature of the same identity counts already.
    #[error("same identity as signature {of}")]
    Duplicate {
        /// The number of the signature that counts.
        of: usize,
    },
    /// The signer is not one that an MSP of the channel can read.
    #[error("signer cannot be read: {0}")]
    Identity(MspError),
    /// The creator is not a serialized identity.
    #[error("creator does not decode: {0}")]
    Undecodable(ScanError),
}

impl SignatureProblem {
    /// The stable code of this problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature(_) => "BAD_SIGNATURE",
            Self::Duplicate { .. } => "DUPLICATE_SIGNER",
            Self::Identity(error) => error.code(),
            Self::Undecodable(_) => "UNDECODABLE_CREATOR",
        }
    }
}

/// The identities that count for policies, in the order of their signatures, which matters:
/// signature policies take the first that fits.
#[derive(Clone, Debug, Default)]
pub struct SignerSet {
    signers: Vec<CountedSigner>,
    rejected: Vec<Rejected>,
    /// Who is supposed to sign as well, behind all others.
    supposed: Vec<Principal>,
}

impl SignerSet {
    /// Verifies signatures, each at most once, and keeps the first valid one of each identity.
    /// Chains and roles are not looked at here: principals do that.
    // Fabric: common/policies/policy.go, SignatureSetToValidIdentities
    #[must_use]
    pub fn from_signed_data(msps: &Msps, data: &[SignedData<'_>]) -> Self {
        Self::verified_by(msps, data, |_, signed, identity| {
            identity.verify(&signed.message, signed.signature)
        })
    }

    /// The same; `verify` tells of a signature, by its number too, whether the identity made it over
    /// its message, as [`Identity::verify`] does.
    #[must_use]
    pub fn verified_by<'d>(
        msps: &Msps,
        data: &[SignedData<'d>],
        mut verify: impl FnMut(usize, &SignedData<'d>, &Identity) -> Result<(), MspError>,
    ) -> Self {
        let mut set = Self::default();
        let mut seen = BTreeMap::new();
        for (index, signed) in data.iter().enumerate() {
            let (msp_id, identity) = match creator(msps, signed.identity) {
                (msp_id, Ok(identity)) => (msp_id, identity),
                (msp_id, Err(why)) => {
                    set.rejected.push(Rejected {
                        index,
                        msp_id: msp_id.map(MspId::from),
                        identity: None,
                        why,
                    });
                    continue;
                }
            };
            // Fabric joins the two texts, so they are joined here
            let key = [identity.msp_id().as_str(), identity.id()].concat();
            let outcome = match seen.get(&key) {
                Some(of) => Err(SignatureProblem::Duplicate { of: *of }),
                None => verify(index, signed, &identity).map_err(SignatureProblem::BadSignature),
            };
            match outcome {
                Ok(()) => {
                    seen.insert(key, index);
                    set.signers.push(CountedSigner { identity, index });
                }
                Err(why) => set.rejected.push(Rejected {
                    index,
                    msp_id: msp_id.map(MspId::from),
                    identity: Some(identity),
                    why,
                }),
            }
        }
        set
    }

    /// Takes identities that someone else authenticated, such as a transaction's creator.
    /// Nothing is dropped: Fabric does not look for duplicates here.
    // Fabric: common/policies/policy.go, Policy.EvaluateIdentities
    #[must_use]
    pub fn from_identities(identities: Vec<Identity>) -> Self {
        let signers = identities.into_iter().enumerate();
        Self {
            signers: signers
                .map(|(index, identity)| CountedSigner { identity, index })
                .collect(),
            ..Self::default()
        }
    }

    /// The same as if somebody signed as well for each of these principals, who is no more than that: not
    /// also of another role or unit.
    #[must_use]
    pub fn supposing(mut self, principals: impl IntoIterator<Item = Principal>) -> Self {
        self.supposed.extend(principals);
        self
    }

    /// Who is supposed to sign, in order.
    #[must_use]
    pub fn supposed(&self) -> &[Principal] {
        &self.supposed
    }

    /// How many signers there are, those who are only supposed among them.
    pub(in crate::policy) fn count(&self) -> usize {
        self.signers.len().saturating_add(self.supposed.len())
    }

    /// The number of the signature of the signer at a position; those who are supposed to sign have the
    /// numbers behind all signatures.
    pub(in crate::policy) fn index_at(&self, position: usize) -> Option<usize> {
        if let Some(signer) = self.signers.get(position) {
            return Some(signer.index);
        }
        let behind = position.checked_sub(self.signers.len())?;
        let signatures = self.signers.iter().map(|signer| signer.index);
        let signatures = signatures.chain(self.rejected.iter().map(|rejected| rejected.index));
        let next = signatures.max().map_or(0, |last| last.saturating_add(1));
        (behind < self.supposed.len()).then(|| next.saturating_add(behind))
    }

    /// The signers that count, in the order of the input.
    #[must_use]
    pub fn signers(&self) -> &[CountedSigner] {
        &self.signers
    }

    /// The signatures that do not count, in the order of the input.
    #[must_use]
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// Some of the signers in another order: `positions` are positions in [`Self::signers`];
    /// unknown and repeated ones are passed over. Signers keep their `index`.
    #[must_use]
    pub fn pick(&self, positions: &[usize]) -> Self {
        let mut taken = vec![false; self.signers.len()];
        let mut signers = Vec::new();
        for position in positions {
            if let (Some(taken @ false), Some(signer)) =
                (taken.get_mut(*position), self.signers.get(*position))
            {
                *taken = true;
                signers.push(signer.clone());
            }
        }
        Self {
            signers,
            ..Self::default()
        }
    }
}

impl fmt::Display for CountedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({})",
            self.identity.subject(),
            self.identity.msp_id()
        )
    }
}

/// The MSP that a creator names, and the identity.
fn creator<'s>(
    msps: &Msps,
    serialized: &'s [u8],
) -> (Option<&'s str>, Result<Identity, SignatureProblem>) {
    match msp_id(serialized) {
        Err(error) => (None, Err(SignatureProblem::Undecodable(error))),
        Ok(msp_id) => {
            let identity = msps.deserialize(serialized);
            (Some(msp_id), identity.map_err(SignatureProblem::Identity))
        }
    }
}

fn msp_id(serialized: &[u8]) -> Result<&str, ScanError> {
    let mut msp_id = "";
    let mut fields = Fields::new(serialized);
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            msp_id = field.text()?.unwrap_or(msp_id);
        }
    }
    Ok(msp_id)
}
