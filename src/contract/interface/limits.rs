//! How much one call may carry.

/// CallLimits on our own input; never applied to config blocks beyond the size of an argument.
/// Exceeding one is a refusal with a code of status class 413.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// One argument or transient field, in bytes.
    pub argument: usize,
    /// All arguments and transient fields of a call, in bytes.
    pub call: usize,
    /// A patch, an organisation group or a config update, in bytes of its wire form.
    pub patch: usize,
    /// Nesting of a patch, in levels.
    pub patch_levels: usize,
    /// A description, in bytes.
    pub description: usize,
    /// A reason, in bytes.
    pub reason: usize,
    /// A signature header, in bytes.
    pub signature_header: usize,
    /// Signatures in one argument.
    pub signatures: usize,
    /// Ids or blocks in one call.
    pub items: usize,
    /// The answer of `ExportProposal`, in bytes.
    pub export: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            argument: 32 << 20,
            call: 64 << 20,
            patch: 1 << 20,
            patch_levels: 64,
            description: 4 << 10,
            reason: 1 << 10,
            signature_header: 8 << 10,
            signatures: 1024,
            items: 1024,
            export: 32 << 20,
        }
    }
}
