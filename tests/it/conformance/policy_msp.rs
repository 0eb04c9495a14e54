//! Suite `policy_msp`.
