//! Files that come back as they went, and files that are none.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{SignRequest, SignedUpdate};
use crate::{
    client::{ClaimedKind, ProposalClaim},
    ids::{ChannelId, ProposalId, Revision, UnixTime},
};

fn signed_by_peer() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(folder.join("fabric-3.1.5-caps-v3/add-orgx/envelope_signed.pb")).unwrap()
}

#[test]
fn what_peer_signed_is_read_and_written_back() {
    let content = signed_by_peer();
    let signed = SignedUpdate::parse(&content).unwrap();
    assert_eq!(signed.signatures.len(), 2);
    assert_eq!(signed.channel.as_str(), "mychannel");
    assert_eq!(SignedUpdate::parse(&signed.write()).unwrap(), signed);
    let base64 = STANDARD.encode(&content) + "\n";
    assert_eq!(SignedUpdate::parse(base64.as_bytes()).unwrap(), signed);
    for other in [&b""[..], b"hello", b"{}", &content[..100]] {
        assert_eq!(
            SignedUpdate::parse(other).unwrap_err().symbol,
            "BAD_SIGNATURE_FILE"
        );
    }
}

#[test]
fn a_request_comes_back_as_it_went() {
    let signed = SignedUpdate::parse(&signed_by_peer()).unwrap();
    let request = SignRequest {
        channel: ChannelId::new("mychannel"),
        proposer_msp_id: "Org1MSP".to_owned(),
        description: "bring in \u{1b}[31mOrgX".to_owned(),
        claim: ProposalClaim {
            proposal_id: ProposalId::new("add_orgx"),
            revision: Revision(2),
            kind: ClaimedKind::ConfigUpdate,
            config_update: signed.config_update,
            patch: Some(b"{\"channel_group\":{}}".to_vec()),
            signatures: signed.signatures,
            created_at: UnixTime {
                seconds: 1_700_000_000,
                nanos: 0,
            },
        },
        blocks: vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")],
    };
    let content = request.write().unwrap();
    assert!(SignRequest::is_one(&content));
    let again = SignRequest::parse(&content).unwrap();
    assert_eq!(again.blocks, request.blocks);
    assert_eq!(again.claim.config_update, request.claim.config_update);
    assert_eq!(again.claim.signatures, request.claim.signatures);
    assert_eq!(again.claim.revision, Revision(2));
    assert_eq!(again.write().unwrap().len(), content.len());

    assert!(!SignRequest::is_one(&signed_by_peer()));
    let text = String::from_utf8(content).unwrap();
    for (from, to) in [
        ("request.v1", "request.v2"),
        ("\"b25l\"", "\"b25\""),
        ("\"mychannel\"", "\"../../mychannel\""),
        ("\"mychannel\"", "\"/tmp/mychannel\""),
        ("\"add_orgx\"", "\"\""),
        ("\"add_orgx\"", "\"y\""),
        ("config_update\",", "x\","),
    ] {
        assert!(text.contains(from), "{from}");
        let other = SignRequest::parse(text.replacen(from, to, 1).as_bytes());
        assert_eq!(other.unwrap_err().symbol, "BAD_SIGN_REQUEST", "{from}");
    }
}
