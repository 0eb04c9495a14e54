//! How much of a patch we accept. Configs and updates have no limits but Fabric's own.

/// PatchLimits of what comes from a caller; each is a setting.
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
