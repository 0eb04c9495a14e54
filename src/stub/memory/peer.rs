//! How a peer answers state calls.

/// How many entries of a range a peer sends at a time.
// Fabric: core/chaincode/chaincode_support.go, maxResultLimit.
pub(super) const RANGE_BATCH: usize = 100;

/// How many keys or writes a peer takes in one message, where it takes several.
// Fabric: sampleconfig/core.yaml, chaincode.runtimeParams.
const BATCH: u32 = 1000;

/// How a peer answers state calls: what its operator set, and what it was built as.
///
/// Peers of one channel may differ in all of it. What a transaction reads is recorded alike by all
/// that cut no range short: they may endorse it together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerManner {
    /// Which messages it knows.
    pub release: PeerRelease,
    /// Where its state lies.
    pub database: StateDatabase,
    /// The most entries that one range query gives, all its batches together; it then says that the
    /// range is at its end. `ledger.state.totalQueryLimit`.
    pub total_query_limit: usize,
    /// The longest message that it sends, in bytes; a longer one ends the stream.
    pub message_bytes: usize,
}

/// Which Fabric release a peer behaves like towards chaincodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeerRelease {
    /// Sends an empty READY: no write batches, no reads of several keys at once.
    V2_5,
    /// Announces both with READY.
    #[default]
    V3_1,
}

/// The state database of a peer, as `ledger.state.stateDatabase` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateDatabase {
    /// Apache CouchDB.
    CouchDb {
        /// The most entries that the peer asks the database for at a time.
        /// `ledger.state.couchDBConfig.internalQueryLimit`.
        internal_query_limit: usize,
    },
    /// The one inside of the peer.
    #[default]
    LevelDb,
}

impl StateDatabase {
    /// CouchDB as Fabric's sample settings have it.
    pub const COUCHDB: Self = Self::CouchDb {
        internal_query_limit: 1000,
    };
}

impl PeerRelease {
    /// How many keys or writes one message of a chaincode may hold; `None`: one, by messages that
    /// every release knows.
    #[must_use]
    pub const fn batch(self) -> Option<u32> {
        match self {
            Self::V2_5 => None,
            Self::V3_1 => Some(BATCH),
        }
    }
}

impl PeerManner {
    /// A peer of the newest release with Fabric's sample settings and this database.
    #[must_use]
    pub const fn with(database: StateDatabase) -> Self {
        Self {
            release: PeerRelease::V3_1,
            database,
            total_query_limit: 100_000,
            message_bytes: 100 << 20,
        }
    }

    /// The same of another release.
    #[must_use]
    pub const fn of_release(self, release: PeerRelease) -> Self {
        Self { release, ..self }
    }

    /// The same with another `totalQueryLimit`.
    #[must_use]
    pub const fn cutting_at(self, total_query_limit: usize) -> Self {
        Self {
            total_query_limit,
            ..self
        }
    }
}

impl Default for PeerManner {
    /// LevelDB.
    fn default() -> Self {
        Self::with(StateDatabase::LevelDb)
    }
}
