//! The contract: functions, proposals and their derived status, ledger layout, access, events.
