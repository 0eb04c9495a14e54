//! How much of a patch we accept. Configs and updates have no limits but Fabric's own.

/// Limits of the patches that callers give; each is a setting. What is above is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchLimits {
    /// The longest patch, in bytes of its protobuf form.
    pub patch_bytes: usize,
    /// The deepest patch, in groups inside each other; the root counts.
    pub patch_levels: usize,
}

impl Default for PatchLimits {
    fn default() -> Self {
        Self {
            patch_bytes: 1 << 20,
            patch_levels: 64,
        }
    }
}
