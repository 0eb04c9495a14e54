//! Operations: metrics, health, version, logs and orderly shutdown.
