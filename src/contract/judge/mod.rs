//! What is decided about proposals, from stored facts and the verified config. Pure: it is handed
//! what was read, and says what follows.
//!
//! From an update to an answer, with the type that each step leaves behind:
//!
//! ```text
//!  intent (Patch)   head's config (Compiled)        signatures, votes, gate, time
//!        |                 |                                     |
//!        +--------+--------+                                     |
//!                 v                                              |
//!   fit        what the update does, against what the intent wants: Effect or Misfit
//!                 v                                              |
//!   standing   Standing: Submitted, Withdrawn, Broken, Outofdate (Stale), or
//!              Open (Deciding: which policies decide, what levels it raises)
//!                 |                                              |
//!                 +------------------------+---------------------+
//!                                          v
//!   signatures   which signatures count: Tally
//!   judgement    whether they suffice, who is missing: Opinion, with a Judgement
//!                                          v
//!   status       the first status that matches, and why: Derived
//! ```
//!
//! Everything above the second line depends on the config, the intent and the bytes alone; it is
//! kept from one call to the next (`cache`), as opinions are. What is kept saves work and never a
//! read, and cannot change an answer.
//!
//! | file | what it decides |
//! |---|---|
//! | `access` | who may call, and whose a proposal is |
//! | `fit` | whether an update does what its intent wants; conflicts; the update computed again |
//! | `agreement` | the same of settings, which no orderer applies |
//! | `standing`, `terms` | what holds without looking at signatures; its types |
//! | `signatures`, `opinion`, `judgement` | which signatures count, and what they lead to |
//! | `gate` | which organisations have attested the levels that are raised |
//! | `status` | all of it in one word, and why |
//! | `recordable` | whether the transaction that records an update fits into the channel |
//! | `review` | what reviewers are shown of the change |
//! | `record` | what a proposal's record says of it |
//! | `relations` | how open proposals stand to each other |
//! | `examine` | the status of an update that lies before us, for tools |

pub(crate) mod access;
pub(crate) mod agreement;
pub(crate) mod cache;
mod examine;
pub(crate) mod fit;
pub(crate) mod gate;
mod judgement;
pub(crate) mod opinion;
pub(crate) mod record;
pub(crate) mod recordable;
pub(crate) mod relations;
pub(crate) mod review;
pub(crate) mod signatures;
pub(crate) mod standing;
pub(crate) mod status;
pub(crate) mod terms;

pub(crate) use cache::Compiled;
pub use examine::Examination;
