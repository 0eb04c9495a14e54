//! Our reader of certificates beside `x509-parser`, on every certificate that the vectors hold.

use std::collections::BTreeSet;

use cmscc::identity::Certificate;
use serde_json::Value;
use x509_parser::{pem::Pem, prelude::*};

use crate::conformance::shared_json;

/// Every text in a document that starts as a certificate in PEM form.
fn certificates(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::String(text) if text.starts_with("-----BEGIN CERT") => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| certificates(item, found)),
        Value::Object(members) => members
            .values()
            .for_each(|member| certificates(member, found)),
        _ => {}
    }
}

#[test]
fn both_readers_say_the_same() {
    let mut pems = BTreeSet::new();
    for document in ["identities.json", "cas.json"] {
        certificates(&shared_json(document), &mut pems);
    }
    assert!(
        pems.len() > 50,
        "only {} certificates were found",
        pems.len()
    );
    for pem in pems {
        let ours = Certificate::from_pem(pem.as_bytes()).unwrap_or_else(|e| panic!("{e}: {pem}"));
        let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
        let theirs = certificate(&block);
        let subject = theirs.subject();
        let text = |value: &AttributeTypeAndValue<'_>| value.as_str().unwrap().to_owned();
        assert_eq!(ours.serial(), trimmed(theirs.raw_serial()), "{pem}");
        assert_eq!(
            ours.not_before(),
            theirs.validity().not_before.timestamp(),
            "{pem}"
        );
        assert_eq!(
            ours.not_after(),
            theirs.validity().not_after.timestamp(),
            "{pem}"
        );
        assert_eq!(ours.is_ca(), theirs.is_ca(), "{pem}");
        assert_eq!(
            ours.common_name(),
            subject
                .iter_common_name()
                .last()
                .map_or_else(String::new, text),
            "{pem}"
        );
        let units: Vec<String> = subject.iter_organizational_unit().map(text).collect();
        assert_eq!(ours.organizational_units(), units, "{pem}");
    }
}

fn certificate(block: &Pem) -> X509Certificate<'_> {
    block.parse_x509().unwrap()
}

/// The magnitude of a DER integer.
fn trimmed(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}
