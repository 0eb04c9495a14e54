//! Signatures on an update: who made them, as far as they say so themselves; several files in one.

use std::collections::BTreeSet;

use super::{
    checked::same_update,
    given::{FileUpdate, GivenFile},
};
use crate::{
    client::{
        ClientError, Exit,
        view::{SignerView, Standing},
    },
    config::{
        Bundle, ConfigSignature, Update,
        envelope::{creator, signed_message},
    },
    identity::ClaimedIdentity,
    ids::Digest,
};

/// A signature, without any config.
fn one_claimed(update: &Update, signature: &ConfigSignature) -> SignerView {
    let unread = |reason: String| SignerView {
        fingerprint: None,
        msp_id: None,
        reason: Some(reason),
        standing: Standing::DoesNotCount,
        subject: None,
    };
    let identity = match creator(&signature.signature_header) {
        Ok(creator) => ClaimedIdentity::read(creator),
        Err(error) => return unread(error.to_string()),
    };
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) => return unread(format!("who signed cannot be read: {error}")),
    };
    let message = signed_message(&signature.signature_header, update.bytes()).concat();
    let fits = identity.signed(&message, &signature.signature);
    SignerView {
        fingerprint: Some(Digest::of(identity.certificate.der()).to_string()),
        msp_id: Some(identity.msp_id.to_string()),
        reason: (!fits).then(|| {
            "it is no signature of this certificate on these bytes of the update".to_owned()
        }),
        standing: match fits {
            true => Standing::Fits,
            false => Standing::DoesNotCount,
        },
        subject: Some(identity.certificate.subject()),
    }
}

/// Signatures by a config: those that count first, in their order.
#[must_use]
pub fn judged_signatures(
    bundle: &Bundle,
    update: &Update,
    signatures: &[ConfigSignature],
) -> Vec<SignerView> {
    let Ok(signers) = bundle.verify_signatures(update, signatures) else {
        return claimed_signatures(update, signatures);
    };
    let counted = signers.signers().iter().map(|signer| SignerView {
        fingerprint: Some(signer.identity.id().to_owned()),
        msp_id: Some(signer.identity.msp_id().to_string()),
        reason: None,
        standing: Standing::Counts,
        subject: Some(signer.identity.subject().to_owned()),
    });
    let others = signers.rejected().iter().map(|rejected| SignerView {
        fingerprint: (rejected.identity.as_ref()).map(|identity| identity.id().to_owned()),
        msp_id: rejected.msp_id.as_ref().map(ToString::to_string),
        reason: Some(rejected.why.to_string()),
        standing: Standing::DoesNotCount,
        subject: (rejected.identity.as_ref()).map(|identity| identity.subject().to_owned()),
    });
    counted.chain(others).collect()
}

/// All signatures of an update, without any config.
#[must_use]
pub fn claimed_signatures(update: &Update, signatures: &[ConfigSignature]) -> Vec<SignerView> {
    let signatures = signatures.iter();
    signatures
        .map(|signature| one_claimed(update, signature))
        .collect()
}

/// The signatures of several files on one update.
#[derive(Clone, Debug)]
pub struct MergedSignatures {
    /// The update, with the bytes that were signed.
    pub update: Update,
    /// The signatures that are kept, in the order of the files.
    pub kept: Vec<ConfigSignature>,
    /// How many were left out: signed twice by one identity.
    pub duplicates: usize,
}

impl MergedSignatures {
    /// Merges the signatures of files.
    ///
    /// # Errors
    /// `OTHER_UPDATE` where a file is of another update, `OTHER_ENCODING` where it says the same in other
    /// bytes, which a signature does not cover.
    pub fn of(files: &[FileUpdate]) -> Result<Self, ClientError> {
        let first = files
            .first()
            .ok_or_else(|| ClientError::new(Exit::Usage, "NO_FILE", "there is no file to merge"))?;
        for file in files {
            check_same(&first.update, &first.name, file)?;
        }
        let all = files.iter().flat_map(|file| &file.signatures);
        Ok(Self::distinct(first.update.clone(), all.cloned()))
    }

    /// Each identity's first signature that fits; where none of its does, the first.
    fn distinct(update: Update, all: impl Iterator<Item = ConfigSignature>) -> Self {
        let mut entries: Vec<(Option<Vec<u8>>, bool, ConfigSignature)> = Vec::new();
        let mut duplicates: usize = 0;
        for signature in all {
            let view = one_claimed(&update, &signature);
            let fits = view.standing == Standing::Fits;
            let who = creator(&signature.signature_header).ok().map(|creator| {
                match (view.msp_id, view.fingerprint) {
                    (Some(msp_id), Some(fingerprint)) => {
                        format!("{msp_id}\0{fingerprint}").into_bytes()
                    }
                    _ => creator.to_vec(),
                }
            });
            match entries
                .iter_mut()
                .find(|(known, ..)| *known == who && who.is_some())
            {
                Some(known) => {
                    duplicates = duplicates.saturating_add(1);
                    if fits && !known.1 {
                        (known.1, known.2) = (true, signature);
                    }
                }
                None => entries.push((who, fits, signature)),
            }
        }
        Self {
            update,
            kept: entries.into_iter().map(|(_, _, one)| one).collect(),
            duplicates,
        }
    }

    /// Only the signatures that a config takes, in an order in which they are enough, where there is one;
    /// otherwise those that count. The update must fit the config.
    #[must_use]
    pub fn chosen(mut self, bundle: &Bundle) -> Self {
        let places: Option<Vec<usize>> = bundle.choose_signatures(&self.update, &self.kept);
        let places = places.unwrap_or_else(|| {
            let signers = bundle.verify_signatures(&self.update, &self.kept);
            let signers = signers.unwrap_or_default();
            signers
                .signers()
                .iter()
                .map(|signer| signer.index)
                .collect()
        });
        let signature = |place: usize| self.kept.get(place).cloned();
        self.kept = places.into_iter().filter_map(signature).collect();
        self
    }
}

/// Refuses a file of another update, or of the same one in other bytes.
///
/// # Errors
/// `OTHER_UPDATE`, `OTHER_ENCODING`.
pub fn check_same(update: &Update, of: &str, file: &FileUpdate) -> Result<(), ClientError> {
    if file.update.bytes() == update.bytes() {
        return Ok(());
    }
    let (own, other) = (update.digest(), file.update.digest());
    if same_update(update, &file.update) {
        let text = format!(
            "`{}` says the same as `{of}`, in other bytes ({other} and {own}): each of them was computed by \
             itself, and a signature covers the bytes",
            file.name
        );
        return Err(ClientError::new(Exit::Usage, "OTHER_ENCODING", text).hint(
            "agree on one of the files, and have all sign that one. configtxlator writes other bytes each time; \
             `cmscc update compute` always the same",
        ));
    }
    let text = format!(
        "`{}` is of another update ({other}) than `{of}` ({own})",
        file.name
    );
    Err(
        ClientError::new(Exit::Usage, "OTHER_UPDATE", text).hint(format!(
            "cmscc update inspect {of} {} shows both",
            file.name
        )),
    )
}

/// The updates in files that were given for their signatures.
///
/// # Errors
/// As of [`GivenFile::into_update`]; `NOT_SIGNED` where nobody signed one.
pub fn signed_files(files: Vec<GivenFile>) -> Result<Vec<FileUpdate>, ClientError> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for file in files {
        let file = file.into_update()?;
        if !seen.insert(file.name.clone()) {
            continue;
        }
        out.push(file);
    }
    Ok(out)
}
