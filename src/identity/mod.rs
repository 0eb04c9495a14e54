//! Membership: X.509 identities, the MSPs that define them, and the principals that policies name.
