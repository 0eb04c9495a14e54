//! The client: what it reads of the contract's answers.

mod answers;
