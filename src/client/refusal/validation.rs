//! Transactions that are in a block without effect.

use super::{Meaning, Remedy};
use crate::{
    client::{ClientError, Exit},
    ids::{BlockNumber, TxId},
    proto::protos::TxValidationCode,
};

/// What it means that peers found a transaction invalid. Nothing of it has taken effect.
#[must_use]
pub(crate) fn invalid_transaction(
    tx_id: &TxId,
    block: BlockNumber,
    code: TxValidationCode,
) -> Meaning {
    use TxValidationCode as Code;
    let name = code.as_str_name();
    let (exit, why, hint, remedy) = match code {
        Code::MvccReadConflict | Code::PhantomReadConflict => (
            Exit::Unreachable,
            "what it read was changed meanwhile",
            "call again",
            Remedy::AGAIN,
        ),
        Code::EndorsementPolicyFailure => (
            Exit::Unreachable,
            "its endorsements are not enough any more",
            "call again: who has to endorse has changed meanwhile",
            Remedy::AGAIN,
        ),
        Code::ExpiredChaincode | Code::ChaincodeVersionConflict => (
            Exit::Unreachable,
            "the chaincode was defined anew meanwhile",
            "call again",
            Remedy::AGAIN,
        ),
        _ => (
            Exit::Failed,
            "the peers do not take it",
            "the log of a peer says why",
            Remedy::NONE,
        ),
    };
    let message = format!("transaction {tx_id} is in block {block} without effect ({name}): {why}");
    Meaning {
        error: ClientError::new(exit, name, message).hint(hint),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_worth_another_try_and_the_rest_is_not() {
        for (code, again) in [
            (TxValidationCode::MvccReadConflict, true),
            (TxValidationCode::PhantomReadConflict, true),
            (TxValidationCode::EndorsementPolicyFailure, true),
            (TxValidationCode::DuplicateTxid, false),
            (TxValidationCode::InvalidOtherReason, false),
        ] {
            let meaning = invalid_transaction(&TxId::new("ab"), BlockNumber(7), code);
            assert_eq!(meaning.remedy.again, again, "{code:?}");
            assert_eq!(meaning.error.symbol, code.as_str_name());
        }
    }
}
