//! An embedded development network: in memory, one process, for demo, tests and benches.
