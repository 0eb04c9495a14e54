//! Agents on a real network, with the certificates of clients that `cryptogen` made. Admins propose and sign by
//! the program itself.
//!
//! | file | what it tries |
//! |---|---|
//! | `fleet` | the organisations: servers, admins, agents |
//! | `updates` | many updates while processes are killed, then what blocks, journals and hooks say |
//! | `recorded` | what the blocks of a channel say |
//! | `trouble` | clocks, servers and peers that are off |

mod fleet;
mod recorded;
mod trouble;
mod updates;
