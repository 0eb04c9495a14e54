//! The contract: functions, proposals and their derived status, ledger layout, access, events.
//!
//! Every function has three steps: read everything it needs (`ledger`), have it judged (`judge`),
//! then write. What is decided depends on arguments, transient data, the signed proposal and
//! ledger state only; a server's own settings, anchors and caches can make a call fail and nothing
//! else.
//!
//! | sub-room | what it knows | it may import |
//! |---|---|---|
//! | `error`, `anchors` | refusals; what a server's operator mounted | - |
//! | `interface` | names, arguments, limits, schemas | error |
//! | `ledger` | keys, stored values, what is read and written | error |
//! | `chain` | how the verified chain grows, levels that configs declare | ledger |
//! | `answer` | the shapes of answers and events | chain, ledger |
//! | `judge` | every decision, pure | answer, chain, ledger |
//! | `audit` | what an export says, verified offline | judge |
//! | `function` | the functions, a family each | all of these |
//! | `router` | from a call to its function | function |

mod anchors;
mod answer;
pub mod audit;
mod chain;
mod error;
mod function;
mod interface;
mod judge;
mod ledger;
mod router;

pub use anchors::{Anchors, ContractObserver, Disown, HeadFacts, NoAnchors, NoObserver};
pub use error::{Code, ContractError};
pub use interface::{CallLimits, functions::function_names};
pub use judge::Examination;
pub use router::{Contract, ContractSettings};
