//! Config updates in files, without a contract and without a network: what configtxlator, jq and
//! `peer channel signconfigtx` do by hand, judged by one's own engine. Pure.
//!
//! | file | what it is |
//! |---|---|
//! | `given`, `wanted` | a file that somebody gave: what it is, and what to do with one that is another than was wanted |
//! | `computed` | the update from one config to another |
//! | `plain` | configs once through their JSON form |
//! | `slips` | what people do wrong with two configs |
//! | `checked`, `said` | what an orderer would answer, and in which words |
//! | `signatures` | who signed, without a config; the signatures of several files in one |
//! | `shown` | all that in the form in which people and scripts see it |

mod checked;
mod computed;
mod given;
mod plain;
mod said;
mod shown;
mod signatures;
mod slips;
#[cfg(test)]
mod tests;
mod wanted;

pub use checked::{CheckOutcome, CheckedUpdate, channel_creation, compiled, same_update};
pub use computed::{ComputedUpdate, Meant, channel_of};
pub use given::{Encoding, FileConfig, FileUpdate, GivenContent, GivenFile};
pub use shown::{
    against_view, checked_view, computed_view, config_view, file_view, merged_view, statement_view,
    update_view,
};
pub use signatures::{
    CollectedSignatures, MergedSignatures, claimed_signatures, judged_signatures,
};
