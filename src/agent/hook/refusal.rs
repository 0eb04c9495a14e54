//! Why somebody was not told.

/// Why somebody was not told, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HookRefusal(String);

impl HookRefusal {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}
