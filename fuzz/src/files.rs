//! Files that somebody hands over, in the place of another.

use bytes::Bytes;
use cmscc::{
    block::Block,
    config::{ConfigTree, Update, envelope::Transaction},
    files::{
        FileForm, form_of_json, is_pem, is_signature, pem_label, recognised_json,
        recognised_message,
    },
    json,
};

/// A document longer than this is not made. Unit: bytes.
const LONGEST: usize = 1 << 20;

/// What a file is. What is recognised can be read as that, and is the same in JSON.
pub fn files(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let _ = (
        form_of_json(data),
        recognised_json(data),
        is_signature(&bytes),
    );
    if is_pem(data) {
        assert!(pem_label(data).words(str::to_owned).contains("PEM"));
    }
    let Some(seen) = recognised_message(&bytes) else {
        return;
    };
    assert!(seen.words(str::to_owned).contains(seen.form.name()));
    match seen.form {
        FileForm::Block => drop(Block::parse(bytes).unwrap()),
        FileForm::Config => drop(ConfigTree::parse(bytes).unwrap()),
        FileForm::ConfigUpdate => drop(Update::parse(bytes).unwrap()),
        FileForm::Envelope => drop(Transaction::parse(&bytes).unwrap()),
        _ => {}
    }
    if let Ok(text) = json::encode_compact(seen.form.name(), data, LONGEST) {
        assert_eq!(form_of_json(text.as_bytes()), Some(seen.form));
    }
}
