//! The connection to one's own peers: everything that goes over the wire. Tried in order, the first
//! peer that answers is kept.
//!
//! Whatever comes back is somebody else's: its size is bounded (100 MiB a message, as between peers),
//! each call has a deadline, and nothing is signed that was not compared with what was asked for.
//!
//! | file | what it does |
//! |---|---|
//! | `connection` | one identity on one channel: whom to ask, and what that takes |
//! | `peers` | the peers in their order, dialled when first used; another one, another try |
//! | `dial` | a connection with TLS |
//! | `backoff` | how long to wait before another try |
//! | `read` | answers without a transaction; blocks by number, the config block, channels |
//! | `write` | a transaction, from the proposal to the block that it is in |
//! | `commit` | whether it is committed, by the peer's word and by the block |
//! | `endorser` | the peer's own service for proposals, for what no gateway takes |
//! | `lifecycle` | the life cycle of a chaincode |
//! | `endorsers` | which organisations run a server of the chaincode |
//! | `update` | config updates, through the gateway or to an orderer |
//! | `incoming` | messages that a node sends when it has some |
//! | `stream` | blocks as they come, whole or filtered |
//! | `events` | events of the chaincode |
//! | `probe` | questions to one node that find out what is amiss with it |
//! | `wire` | failures of calls as the wire gave them |

mod backoff;
mod commit;
mod connection;
mod dial;
mod endorser;
mod endorsers;
mod events;
mod incoming;
mod lifecycle;
mod peers;
mod probe;
mod read;
mod stream;
mod update;
mod wire;
mod write;

pub use connection::PeerConnection;
pub use endorsers::EndorserState;
pub use events::{ChaincodeEventStream, ChaincodeEvents};
pub use peers::ConnectionPool;
pub(super) use probe::{expected, probe_connection, probe_deliver, probe_node};
pub use stream::{BlockStream, FilteredBlockStream};
pub use update::Via;
pub use write::CommittedCall;
