//! The resulting config: whether an orderer takes it, and its size.

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    refused(subject, lint);
    size(subject, lint);
    recording(subject, lint);
}

fn refused(subject: &Subject<'_>, lint: &mut Findings) {
    if let Err(refusal) = subject.next {
        let root = || "/Channel".to_owned();
        let path = (refusal.element()).map_or_else(root, |element| element.path());
        let text = format!("an orderer would refuse the resulting config: {refusal}");
        lint.add(FindingId::ResultRefused, Severity::Blocking, path, text);
    }
}

/// The transaction that an orderer makes holds the update and the resulting config.
fn size(subject: &Subject<'_>, lint: &mut Findings) {
    let Some(size) = subject.current.batch_size() else {
        return;
    };
    let limit = u64::from(size.absolute_max_bytes);
    let bytes = subject.update_bytes as u64;
    let bytes = bytes.saturating_add(subject.result.encoded_len() as u64);
    let path = || "/Channel/Orderer/BatchSize".to_owned();
    if bytes > limit {
        let text = format!(
            "update and resulting config have {bytes} bytes, more than `absolute_max_bytes` allows \
             ({limit}): raise that limit first, in an update of its own"
        );
        lint.add(FindingId::UpdateTooLarge, Severity::Blocking, path(), text);
    } else if bytes.saturating_mul(10) > limit.saturating_mul(9) {
        let text = format!(
            "update and resulting config have {bytes} of the {limit} bytes that \
             `absolute_max_bytes` allows, signatures and headers not counted: raise that limit \
             before the config grows further"
        );
        lint.add(FindingId::UpdateNearLimit, Severity::Warning, path(), text);
    }
}

/// The transaction by which this contract learns of the result.
fn recording(subject: &Subject<'_>, lint: &mut Findings) {
    let Some(size) = subject.recording.filter(|size| size.bytes > size.limit) else {
        return;
    };
    let text = format!(
        "the result could not be recorded here: the transaction of `SyncConfig` would have at least {} \
         bytes, and the channel would allow {}; raise `absolute_max_bytes` first, in an update of its \
         own, or make the config smaller",
        size.bytes, size.limit
    );
    let path = "/Channel/Orderer/BatchSize".to_owned();
    lint.add(FindingId::CannotBeRecorded, Severity::Blocking, path, text);
}
