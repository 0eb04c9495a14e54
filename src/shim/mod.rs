//! The chaincode shim protocol: a sans-io handler, and the server that a peer dials.
