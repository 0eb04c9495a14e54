//! The peers that tests play, and a contract at one of them.

use cmscc::{
    contract::Contract,
    stub::{
        Chaincode, Invocation, Response,
        memory::{
            Ledger, MemoryStub, PeerManner, PeerRelease, ReadWriteSet, StateCost, StateDatabase,
        },
    },
};

use super::world::{Host, Server};

/// The peers by the names that `CMSCC_TEST_PEER` takes. With the limits of the last two nearly every
/// range is cut or read in several requests.
pub(crate) const MANNERS: [(&str, PeerManner); 6] = [
    ("leveldb", PeerManner::with(StateDatabase::LevelDb)),
    ("couchdb", PeerManner::with(StateDatabase::COUCHDB)),
    (
        "leveldb-2.5",
        PeerManner::with(StateDatabase::LevelDb).of_release(PeerRelease::V2_5),
    ),
    (
        "couchdb-2.5",
        PeerManner::with(StateDatabase::COUCHDB).of_release(PeerRelease::V2_5),
    ),
    (
        "leveldb-cut",
        PeerManner::with(StateDatabase::LevelDb).cutting_at(2),
    ),
    ("couchdb-cut", PeerManner::with(SMALL).cutting_at(3)),
];

const SMALL: StateDatabase = StateDatabase::CouchDb {
    internal_query_limit: 1,
};

/// The peer that tests play where they name none: LevelDB, or what `CMSCC_TEST_PEER` says.
pub(crate) fn default_manner() -> PeerManner {
    chosen().unwrap_or_default()
}

/// The peer of a generated test: of another kind with each seed, or what `CMSCC_TEST_PEER` says.
pub(crate) fn manner_of(seed: u64) -> PeerManner {
    let (_, manner) = MANNERS[usize::try_from(seed).unwrap() % MANNERS.len()];
    chosen().unwrap_or(manner)
}

#[expect(clippy::disallowed_methods, reason = "another peer by hand")]
fn chosen() -> Option<PeerManner> {
    let name = std::env::var("CMSCC_TEST_PEER").ok()?;
    Some(named(&name))
}

/// The peer of a name.
pub(crate) fn named(name: &str) -> PeerManner {
    let found = MANNERS.iter().find(|(known, _)| *known == name);
    let (_, manner) = found.unwrap_or_else(|| panic!("no peer `{name}`"));
    *manner
}

/// A contract at a peer of one manner; as host, it puts contracts there.
pub(crate) struct Played<C = ()>(pub(crate) C, pub(crate) PeerManner);

impl Played {
    /// A host by the name of its peer.
    pub(crate) fn at(name: &str) -> Self {
        Self((), named(name))
    }
}

impl Host for Played {
    type Server = Played<Contract>;

    async fn serve(&self, contract: Contract) -> Played<Contract> {
        Played(contract, self.1)
    }
}

impl Server for Played<Contract> {
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let (response, set, _) = simulate_at(self.1, &self.0, ledger, invocation).await;
        (response, set)
    }
}

/// Simulates a call at a peer; also what its state calls cost.
pub(crate) async fn simulate_at(
    manner: PeerManner,
    contract: &Contract,
    ledger: &Ledger,
    invocation: &Invocation,
) -> (Response, ReadWriteSet, StateCost) {
    let mut stub = MemoryStub::new(ledger).at(manner);
    let response = contract.invoke(invocation, &mut stub).await;
    assert!(!stub.has_ended(), "a message too long ended the stream");
    let cost = stub.cost();
    (
        response,
        stub.finish().expect("no write after a page"),
        cost,
    )
}
