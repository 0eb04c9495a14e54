//! Capability levels and what each one changes.
