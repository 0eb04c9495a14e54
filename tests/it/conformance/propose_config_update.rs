//! Suite `propose_config_update`.
