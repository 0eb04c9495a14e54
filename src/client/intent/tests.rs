//! Intents on real configs.
