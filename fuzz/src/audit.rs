//! Audit bundles.

use bytes::Bytes;
use cmscc::contract::audit::verify;

use super::{BETWEEN, split};

/// A bundle, and any blocks beside two of a real channel.
pub fn audit(data: &[u8]) {
    let parts = split(data, BETWEEN);
    let Some((bundle, more)) = parts.split_first() else {
        return;
    };
    let captured: [&[u8]; 2] = [
        include_bytes!("../../tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block"),
        include_bytes!(
            "../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config_block_after.pb"
        ),
    ];
    let mut blocks: Vec<Bytes> = captured.map(Bytes::from_static).to_vec();
    blocks.extend(more.iter().map(|block| Bytes::copy_from_slice(block)));
    let Ok(report) = verify(bundle, &blocks) else {
        return;
    };
    assert_eq!(report.verified, report.findings.is_empty());
    if let (true, Some(effective)) = (report.verified, &report.effective) {
        assert_eq!(report.outcome, "Submitted");
        assert!(effective.policies.iter().all(|policy| policy.satisfied));
    }
    let text = serde_json::to_string(&report).unwrap();
    // the order of blocks says nothing
    blocks.reverse();
    if let Ok(again) = verify(bundle, &blocks) {
        assert_eq!(text, serde_json::to_string(&again).unwrap());
    }
    // and without any nothing is proven
    if let Ok(bare) = verify(bundle, &[]) {
        assert!(!bare.verified);
    }
}
