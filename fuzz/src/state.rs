//! A ledger whose values are not ours: whatever lies there, calls refuse it or make sense of it.

use std::sync::LazyLock;

use bytes::Bytes;
use cmscc::{
    contract::{Contract, audit::verify},
    ids::BlockNumber,
    stub::memory::{Ledger, ReadWriteSet, Version},
};

use super::{
    BETWEEN,
    contract::{Calls, GENESIS, PATCH, callers, invocation, new_contract, simulate},
    split,
};

/// The block after the genesis block, whose update is one that was proposed.
const NEXT: &[u8] =
    include_bytes!("../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config_block_after.pb");
const ORGX: &[u8] =
    include_bytes!("../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/org.json");

/// Another element than that of [`PATCH`].
const OTHER: &[u8] = br#"{"channel_group":{"groups":{"Application":{"groups":{"Org1MSP":{"values":
    {"AnchorPeers":{"mod_policy":"Admins","value":{"anchor_peers":[{"host":"p","port":1}]}}}}}}}}}"#;

/// A third one.
const THIRD: &[u8] = br#"{"channel_group":{"groups":{"Application":{"policies":{"Third":{
    "mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}"#;

/// A ledger with a value of every kind, and a server that answered on it.
static LIVED: LazyLock<(Contract, Ledger, [Bytes; 3])> = LazyLock::new(|| {
    let callers = callers();
    let mut calls = Calls {
        contract: new_contract(),
        ledger: Ledger::new(),
        block: 0,
    };
    let settings = br#"{"gate":"enforced"}"#;
    let levels = br#"{"channel":["V2_0"],"orderer":["V2_0"],"application":["V2_5"],"server":true}"#;
    for args in [
        &[b"InitConsortium".as_slice(), GENESIS][..],
        &[b"AttestCapabilities", levels],
        &[b"AddOrganization", b"orgx", b"OrgXMSP", ORGX, b"d"],
        &[b"RejectProposal", b"orgx", b"no"],
        &[b"SyncConfig", NEXT],
        &[b"ProposeConfigUpdate", b"one", PATCH, b"d"],
        &[b"ProposeConfigUpdate", b"two", OTHER, b"d"],
        &[b"ProposeConfigUpdate", b"gone", THIRD, b"d"],
        &[b"CombineProposals", b"both", br#"["one","two"]"#, b"d"],
        &[b"ProposeSettings", b"settings", settings, b"d"],
        &[b"RejectProposal", b"one", b"no"],
        &[b"WithdrawProposal", b"gone"],
        &[b"DeleteProposal", b"gone"],
        &[b"WithdrawProposal", b"two"],
    ] {
        let response = calls.call(&callers[0], args);
        assert_eq!(response.status, 200, "{}", response.message);
    }
    for kind in KINDS {
        let start = format!("\0{kind}\0");
        let mut keys = calls.ledger.iter();
        assert!(keys.any(|(key, _)| key.starts_with(&start)), "{kind}");
    }
    (calls.contract, calls.ledger, callers)
});

/// The kinds of keys, as `docs/state.md` has them.
const KINDS: [&str; 12] = [
    "config",
    "applied",
    "proposal",
    "open",
    "archive",
    "position",
    "stance",
    "combined",
    "combining",
    "known",
    "member",
    "settings",
];

/// What is asked, in groups of which an input picks one.
const ASKED: [&[&[&[u8]]]; 4] = [
    &[
        &[b"GetProposal", b"one"],
        &[b"GetProposal", b"both"],
        &[b"ListProposals", br#"{"conflicts":true}"#],
        &[b"GetHistory"],
        &[b"UpdateProposals", b"15"],
        &[b"CombineProposals", b"all", br#"["one","settings"]"#, b"d"],
    ],
    &[
        &[b"GetProposal", b"gone"],
        &[b"GetProposal", b"orgx"],
        &[b"ExportProposal", b"one"],
        &[b"ExportProposal", b"orgx"],
        &[b"getProposals"],
        &[b"getProposal", b"both"],
        &[b"DeleteProposal", b"orgx"],
        &[b"deleteProposal", b"both"],
    ],
    &[
        &[b"GetConfig"],
        &[b"GetConfigChain"],
        &[b"GetCapabilities"],
        &[b"GetSettings"],
        &[b"GetProposal", b"settings"],
        &[b"ApplySettings", b"settings"],
        &[b"AttestCapabilities", b"{}"],
        &[b"SyncConfig", NEXT],
        &[b"RecoverConfig", NEXT, b"1"],
    ],
    &[
        &[b"RejectProposal", b"both", b"no"],
        &[b"WithdrawProposal", b"one"],
        &[b"ProposeConfigUpdate", b"new", THIRD, b"d"],
        &[b"CombineProposals", b"more", br#"["one","both"]"#, b"d"],
        &[b"UpdateProposals", b"15", br#"["one","both","orgx"]"#],
        &[
            b"ProposeSettings",
            b"other",
            br#"{"gate":"advisory"}"#,
            b"d",
        ],
    ],
];

/// Values. The first byte says what is asked; of each part the first two say whose value it becomes, and
/// whether what follows takes the place of the value, of its end, or comes behind it.
pub fn state(data: &[u8]) {
    let (warm, ledger, callers) = &*LIVED;
    let Some((asked, rest)) = data.split_first() else {
        return;
    };
    let mut ledger = ledger.clone();
    for part in split(rest, BETWEEN).into_iter().take(4) {
        let [which, how, value @ ..] = part else {
            continue;
        };
        let count = ledger.iter().count();
        let (key, old) = ledger.iter().nth(usize::from(*which) % count).unwrap();
        let kept = match how % 3 {
            0 => 0,
            1 => old.value.len() / 2,
            _ => old.value.len(),
        };
        let value = [&old.value[..kept], value].concat();
        let mut set = ReadWriteSet::default();
        // a peer does not tell an empty value from none
        let value = (!value.is_empty()).then(|| Bytes::from(value));
        set.writes.insert(key.to_owned(), value);
        let block = BlockNumber(50);
        ledger.commit(Version { block, tx: 0 }, &set);
    }
    let body = |ledger: &Ledger| ledger.get("\0config\0body\0").map(|it| it.value.clone());
    let same_body = body(&ledger) == body(&LIVED.1);
    for (nth, args) in (60..).zip(ASKED[usize::from(*asked) % ASKED.len()]) {
        let call = invocation(nth, &callers[usize::from(*asked) / 4 % 2], args);
        let (response, set) = simulate(&new_contract(), &ledger, &call);
        let (warm_response, warm_set) = simulate(warm, &ledger, &call);
        // a config is remembered by the digest in the head, with which it is written
        if same_body {
            assert_eq!(
                (&response, &set),
                (&warm_response, &warm_set),
                "endorsers differ"
            );
        }
        if response.is_success() {
            if args[0] == b"ExportProposal" {
                let _ = verify(&response.payload, &[]);
            }
            continue;
        }
        assert!(set.writes.is_empty() && set.event.is_none());
        let ours = response.status >= 500;
        assert!(
            !ours || response.message.contains("STATE_CORRUPT"),
            "{}",
            response.message
        );
    }
}
