//! Serves the chaincode that performs scripts of state calls ([`script`]), to try what a peer answers
//! to any call of the chaincode protocol.
//!
//! ```sh
//! CHAINCODE_SERVER_ADDRESS=127.0.0.1:9999 CHAINCODE_ID="$PACKAGE_ID" cargo run --example shim-probe
//! peer chaincode query -C mychannel -n probe -c '{"Args":["run","[{\"op\":\"get\",\"key\":\"k\"}]"]}'
//! ```
//!
//! The second command answers `[{"ok":null}]`.

mod script;

use cmscc::shim::server::{self, RunError};

fn main() -> Result<(), RunError> {
    server::run(script::Probe)
}
