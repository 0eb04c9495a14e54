//! Every kind of config update: what the contract says of it, and what the orderer answers.
