//! Questions to one node that find out what is amiss with it. Nothing is written, and nobody else is
//! asked in its place.
//!
//! | file | what it asks |
//! |---|---|
//! | `handshake` | TLS: which certificate it shows, whether it wants one |
//! | `calls` | its own answers: clock, channels, blocks |

mod calls;
mod handshake;

pub(in crate::client) use calls::{probe_deliver, probe_node};
pub(in crate::client) use handshake::{expected, probe_connection};
