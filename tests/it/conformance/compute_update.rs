//! Suite `compute_update`.
