//! What people should know before they sign a change: findings on the current config and the one
//! that is to follow. Pure.
//!
//! `finding` is the catalogue, `subject` what is looked at. `look` calls one file for each thing
//! that is looked at: the result as a whole, capabilities, members and their identities, consenters,
//! endpoints, ACLs (`references`), policies, slips. `asked` knows the policies that nodes ask for by
//! name, `locked` the groups that could never be changed again.

mod asked;
mod capabilities;
mod consenters;
mod endpoints;
mod expiry;
mod finding;
mod identities;
mod locked;
mod look;
mod members;
mod policies;
mod references;
mod result;
mod slips;
mod subject;

pub use asked::{PEER_WIDE, RESOURCES};
pub use finding::{Finding, FindingId, Lint, LintRoom, Severity};
pub use look::{lint, lint_within};
pub use subject::{Attested, KnownCertificate, RecordingSize, Subject};
