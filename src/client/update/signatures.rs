//! Signatures on an update: who made them, as far as they say so themselves; several files in one.

use std::collections::BTreeMap;

use super::{
    checked::same_update,
    given::{FileUpdate, GivenFile},
};
use crate::{
    client::{
        ClientError, Exit,
        view::{Remark, SignerStanding, SignerView},
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
        standing: SignerStanding::DoesNotCount,
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
            true => SignerStanding::Fits,
            false => SignerStanding::DoesNotCount,
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
        standing: SignerStanding::Counts,
        subject: Some(signer.identity.subject().to_owned()),
    });
    let others = signers.rejected().iter().map(|rejected| SignerView {
        fingerprint: (rejected.identity.as_ref()).map(|identity| identity.id().to_owned()),
        msp_id: rejected.msp_id.as_ref().map(ToString::to_string),
        reason: Some(rejected.why.to_string()),
        standing: SignerStanding::DoesNotCount,
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
        let mut kept: Vec<(bool, ConfigSignature)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut duplicates: usize = 0;
        for signature in all {
            let view = one_claimed(&update, &signature);
            let fits = view.standing == SignerStanding::Fits;
            let who = match (view.msp_id, view.fingerprint) {
                (Some(msp_id), Some(fingerprint)) => format!("{fingerprint} {msp_id}"),
                // nobody: the same bytes are the same
                _ => format!("? {}", hex::encode(signature.encode())),
            };
            let known = places.get(&who).and_then(|place| kept.get_mut(*place));
            match known {
                Some(known) => {
                    duplicates = duplicates.saturating_add(1);
                    if fits && !known.0 {
                        *known = (true, signature);
                    }
                }
                None => {
                    places.insert(who, kept.len());
                    kept.push((fits, signature));
                }
            }
        }
        Self {
            update,
            kept: kept.into_iter().map(|(_, one)| one).collect(),
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
fn check_same(update: &Update, of: &str, file: &FileUpdate) -> Result<(), ClientError> {
    let Some((id, text)) = difference(update, of, file) else {
        return Ok(());
    };
    let hint = match id {
        OTHER_ENCODING => {
            "agree on one of the files, and have all sign that one. configtxlator writes other bytes each \
             time; `cmscc update compute` always the same"
                .to_owned()
        }
        _ => format!("cmscc update inspect {of} {} shows both", file.name),
    };
    Err(ClientError::new(Exit::Usage, id, text).hint(hint))
}

const OTHER_ENCODING: &str = "OTHER_ENCODING";

/// In what a file's update is another one; `None` where its bytes are the same.
fn difference(update: &Update, of: &str, file: &FileUpdate) -> Option<(&'static str, String)> {
    if file.update.bytes() == update.bytes() {
        return None;
    }
    let (own, other) = (update.digest(), file.update.digest());
    Some(match same_update(update, &file.update) {
        true => {
            let text = format!(
                "`{}` says the same as `{of}`, in other bytes ({other} and {own}): each of them was computed \
                 by itself, and a signature covers the bytes",
                file.name
            );
            (OTHER_ENCODING, text)
        }
        false => {
            let text = format!(
                "`{}` is of another update ({other}) than `{of}` ({own})",
                file.name
            );
            ("OTHER_UPDATE", text)
        }
    })
}

/// The signatures in files that were named for them: those on an update.
#[derive(Clone, Debug)]
pub struct CollectedSignatures {
    /// The update, in the bytes that were signed.
    pub update: Update,
    /// The signatures, in the order of the files.
    pub signatures: Vec<ConfigSignature>,
    /// The files that hold this very update, in their order, and whether somebody signed it there.
    pub files: Vec<(String, bool)>,
    /// Which files were left out, and why.
    pub remarks: Vec<Remark>,
}

impl CollectedSignatures {
    /// Takes what is on the update, and leaves out what is not: people name all files of a folder.
    /// `is_computed`: the update was computed here, so that it may have other bytes than those that people
    /// agreed to sign; those count that most files have.
    #[must_use]
    pub fn of(
        update: &Update,
        of: &str,
        is_computed: bool,
        files: Vec<Result<GivenFile, ClientError>>,
    ) -> Self {
        let mut remarks = Vec::new();
        let mut left_out = |id: &str, text: String| {
            remarks.push(Remark::named(id, format!("{text}; it is left out")));
        };
        let mut signed: Vec<FileUpdate> = Vec::new();
        let mut given: Vec<FileUpdate> = Vec::new();
        for file in files {
            let file = match file {
                Ok(file) => file,
                Err(error) => {
                    left_out("NO_SIGNATURES", error.message);
                    continue;
                }
            };
            let (name, what) = (file.name.clone(), file.what());
            match file.into_update() {
                Ok(file) => {
                    match difference(update, of, &file) {
                        _ if !file.signatures.is_empty() => signed.push(file.clone()),
                        Some((id @ "OTHER_UPDATE", text)) => left_out(id, text),
                        _ => left_out("NO_SIGNATURES", format!("nobody has signed `{name}`")),
                    }
                    given.push(file);
                }
                Err(_) => left_out("NO_SIGNATURES", format!("`{name}` is {what}")),
            }
        }
        let mut own = (update.clone(), of.to_owned());
        if is_computed {
            let same = signed
                .iter()
                .filter(|file| same_update(update, &file.update));
            let mut counts: BTreeMap<Digest, (usize, &FileUpdate)> = BTreeMap::new();
            for file in same {
                let entry = counts.entry(file.update.digest()).or_insert((0, file));
                entry.0 = entry.0.saturating_add(1);
            }
            let most = counts.values().max_by_key(|(count, _)| *count);
            if let Some((_, file)) = most {
                own = (file.update.clone(), file.name.clone());
            }
        }
        let (update, of) = own;
        let same = given.iter();
        let same = same.filter(|file| file.update.bytes() == update.bytes());
        let files = same
            .map(|file| (file.name.clone(), !file.signatures.is_empty()))
            .collect();
        let mut signatures = Vec::new();
        for file in signed {
            match difference(&update, &of, &file) {
                None => signatures.extend(file.signatures),
                Some((id, text)) => left_out(id, text),
            }
        }
        Self {
            update,
            signatures,
            files,
            remarks,
        }
    }
}
