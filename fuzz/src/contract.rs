//! Calls of the contract, one after the other, on one ledger.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use cmscc::{
    contract::{Contract, ContractSettings, NoAnchors, NoObserver},
    identity::serialized_identity,
    ids::{BlockNumber, TxId, UnixTime},
    stub::{
        Chaincode, Invocation, Response,
        memory::{Ledger, MemoryStub, ReadWriteSet, Version},
    },
};

use super::{BETWEEN, split};

/// What stands between two calls.
const NEXT_CALL: &[u8] = b"\n===\n";

/// An argument that stands for the genesis block of the capture, which is too long to be mutated.
pub(super) const GENESIS: &[u8] = b"GENESIS";

macro_rules! capture {
    ($path:literal) => {
        include_bytes!(concat!("../../tests/fabric-data/", $path))
    };
}

/// A proposal's patch, which leads to a proposal called `taken`.
pub(super) const PATCH: &[u8] =
    br#"{"channel_group":{"groups":{"Application":{"policies":{"Extra":{
    "mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}"#;

/// The ledger after the bootstrap and one proposal, and who calls.
static FOUNDED: LazyLock<(Ledger, [Bytes; 3])> = LazyLock::new(|| {
    let callers = callers();
    let mut calls = Calls {
        contract: new_contract(),
        ledger: Ledger::new(),
        block: 0,
    };
    for args in [
        &[b"InitConsortium".as_slice(), GENESIS][..],
        &[b"ProposeConfigUpdate", b"taken", PATCH, b"text"],
    ] {
        let response = calls.call(&callers[0], args);
        assert_eq!(response.status, 200, "{}", response.message);
    }
    (calls.ledger, callers)
});

/// An admin of each of the two organisations, and nobody.
pub(super) fn callers() -> [Bytes; 3] {
    let org1 = capture!(
        "crypto/peerOrganizations/org1.example.com/users/Admin@org1.example.com/msp/signcerts/Admin@org1.example.com-cert.pem"
    );
    let org2 = capture!(
        "crypto/peerOrganizations/org2.example.com/users/Admin@org2.example.com/msp/signcerts/Admin@org2.example.com-cert.pem"
    );
    [
        serialized_identity(&"Org1MSP".into(), org1).into(),
        serialized_identity(&"Org2MSP".into(), org2).into(),
        Bytes::from_static(b"nobody"),
    ]
}

pub(super) fn new_contract() -> Contract {
    let settings = ContractSettings {
        allow_unanchored: true,
        ..ContractSettings::default()
    };
    Contract::new(settings, Arc::new(NoAnchors), Arc::new(NoObserver))
}

/// Calls. The first byte of a call is its submitter, the arguments follow.
pub fn contract(data: &[u8]) {
    let (ledger, callers) = &*FOUNDED;
    let mut calls = Calls {
        contract: new_contract(),
        ledger: ledger.clone(),
        block: 2,
    };
    for call in split(data, NEXT_CALL).into_iter().take(6) {
        let Some((who, args)) = call.split_first() else {
            continue;
        };
        let who = &callers[usize::from(*who) % callers.len()];
        calls.call(who, &split(args, BETWEEN));
    }
}

pub(super) struct Calls {
    pub(super) contract: Contract,
    pub(super) ledger: Ledger,
    pub(super) block: u64,
}

impl Calls {
    /// Runs a call, and again with nothing remembered; commits what it wrote.
    pub(super) fn call(&mut self, who: &Bytes, args: &[&[u8]]) -> Response {
        self.block += 1;
        let invocation = invocation(self.block, who, args);
        let (response, set) = simulate(&self.contract, &self.ledger, &invocation);
        let again = simulate(&new_contract(), &self.ledger, &invocation);
        assert_eq!((&response, &set), (&again.0, &again.1), "endorsers differ");
        if response.is_success() {
            assert_eq!(response.status, 200);
            assert!(
                serde_json::from_slice::<&serde_json::value::RawValue>(&response.payload).is_ok()
            );
        } else {
            assert!(set.writes.is_empty() && set.event.is_none());
            let start = format!("Code {}: ", response.status);
            assert!(response.message.starts_with(&start), "{}", response.message);
            assert!(response.status < 500, "ours: {}", response.message);
        }
        let version = Version {
            block: BlockNumber(self.block),
            tx: 0,
        };
        self.ledger.validate(&set).unwrap();
        self.ledger.commit(version, &set);
        response
    }
}

/// A call in a block of this number.
pub(super) fn invocation(block: u64, who: &Bytes, args: &[&[u8]]) -> Invocation {
    let args = args.iter().map(|arg| match *arg {
        GENESIS => Bytes::from_static(capture!("fabric-3.1.5-caps-v2/genesis.block")),
        arg => Bytes::copy_from_slice(arg),
    });
    Invocation {
        channel: "mychannel".into(),
        tx_id: TxId::new(format!("{block:064x}")),
        args: args.collect(),
        creator: who.clone(),
        timestamp: UnixTime {
            seconds: 1_795_000_000 + i64::try_from(block).unwrap(),
            nanos: 0,
        },
        ..Invocation::default()
    }
}

pub(super) fn simulate(
    contract: &Contract,
    ledger: &Ledger,
    invocation: &Invocation,
) -> (Response, ReadWriteSet) {
    let mut stub = MemoryStub::new(ledger);
    let response = {
        let future = pin!(contract.invoke(invocation, &mut stub));
        // state in memory is there at once
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response,
            Poll::Pending => panic!("waits for nothing"),
        }
    };
    (response, stub.finish().unwrap())
}
