//! How much one call may carry.

/// What a server takes of one call. Exceeding one is a refusal with a code of status class 413. What is
/// bounded for all servers alike is in [`ContractBounds`](crate::capabilities::ContractBounds).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// One argument or transient field, in bytes.
    pub argument: usize,
    /// All arguments and transient fields of a call, in bytes.
    pub call: usize,
    /// The answer of `ExportProposal`, in bytes.
    pub export: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            argument: 32 << 20,
            call: 64 << 20,
            export: 32 << 20,
        }
    }
}
