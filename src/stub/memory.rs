//! A stub over a ledger snapshot in memory, which records what a transaction read and wrote.
