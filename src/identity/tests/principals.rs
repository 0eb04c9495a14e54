//! Principals as policies carry them.

use super::*;
use crate::proto::common;

fn principal(class: i32, content: Vec<u8>) -> Vec<u8> {
    common::MspPrincipal {
        principal_classification: class,
        principal: content.into(),
    }
    .encode_to_vec()
}

fn combined(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut content = Vec::new();
    parts
        .iter()
        .for_each(|part| write::message(&mut content, 1, part));
    principal(4, content)
}

#[test]
fn principals_are_read_flat_and_shown_short() {
    let admin = principal(
        0,
        common::MspRole {
            msp_identifier: "A".into(),
            role: 1,
        }
        .encode_to_vec(),
    );
    let unit = common::OrganizationUnit {
        msp_identifier: "B".into(),
        organizational_unit_identifier: "eng".into(),
        ..Default::default()
    };
    let unit = principal(1, unit.encode_to_vec());
    let cases = [
        (admin.clone(), "A.admin", Some("A")),
        (unit.clone(), "B ou eng", Some("B")),
        (principal(3, vec![]), "any named identity", None),
        (principal(3, vec![8, 1]), "anonymous identity", None),
        (principal(9, vec![]), "unknown principal of class 9", None),
        (
            principal(0, vec![0xff]),
            "unknown principal of class 0",
            None,
        ),
        (vec![0xff], "unknown principal of class -1", None),
        (combined(&[]), "unknown principal of class 4", None),
        (
            combined(&[admin.clone(), combined(&[])]),
            "unknown principal of class 4",
            None,
        ),
        (
            combined(&[principal(3, vec![]), unit.clone()]),
            "any named identity and B ou eng",
            Some("B"),
        ),
        (
            combined(&[combined(&[admin]), unit]),
            "B ou eng and A.admin",
            Some("B"),
        ),
    ];
    for (bytes, text, msp_id) in cases {
        let parsed = Principal::parse(&bytes);
        assert_eq!(parsed.to_string(), text);
        assert_eq!(parsed.msp_id().map(MspId::as_str), msp_id, "{text}");
    }
}

#[test]
fn deeply_combined_principals_do_not_recurse() {
    let innermost = principal(
        0,
        common::MspRole {
            msp_identifier: "A".into(),
            role: 0,
        }
        .encode_to_vec(),
    );
    let mut bytes = innermost;
    for _ in 0..5_000 {
        bytes = combined(&[bytes]);
    }
    assert_eq!(Principal::parse(&bytes).to_string(), "A.member");
}
