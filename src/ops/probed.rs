//! What operators and orchestrators ask of a process.

use std::fmt::Debug;

/// A process that tells how it is.
pub(crate) trait Probed: Debug + Send + Sync {
    /// All metrics in the OpenMetrics text form.
    fn metrics(&self) -> String;
    /// Whether it does its work, and everything about that as a JSON document.
    fn ready(&self) -> (bool, String);
    /// Whether it has started, likewise.
    fn started(&self) -> (bool, String);
    /// Whether its threads still move: where not, a service manager may start it anew.
    fn is_moving(&self) -> bool;
    /// One line about it, for a service manager.
    fn summary(&self) -> String;
    /// It is going down.
    fn set_stopping(&self);
}
