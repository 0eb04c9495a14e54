//! From the contract's answer about a proposal to what is judged of it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::{
        ClaimedKind, ClientError, ContractSaid, Exit, ProposalClaim, answers::ProposalAnswer,
    },
    config::{ConfigSignature, envelope},
    ids::{ProposalId, Revision, UnixTime},
};

/// What is to be judged.
pub(super) fn claim(answer: &ProposalAnswer) -> Result<ProposalClaim, ClientError> {
    let id = &answer.proposal_id;
    let envelope = answer.config_update_to_sign.as_ref().ok_or_else(|| {
        let text = format!("`{id}` is `{}`: there is nothing to sign", answer.status);
        ClientError::new(Exit::Failed, "NOT_OPEN", text)
    })?;
    let cut = |member: &str| answer.omitted.contains_key(member);
    if cut("signatures") || cut("patch") {
        return Err(bad(id, &"it is handed out in part only"));
    }
    let decode = |text: &str| {
        let bytes = STANDARD.decode(text).map_err(|error| bad(id, &error))?;
        Ok::<_, ClientError>(Bytes::from(bytes))
    };
    let envelope = envelope::read_update_envelope(&decode(envelope)?);
    let envelope = envelope.map_err(|error| bad(id, &error))?;
    let signatures = answer.signatures.iter().map(|one| {
        let signature = ConfigSignature::parse(&decode(&one.config_signature)?);
        signature.map_err(|error| bad(id, &error))
    });
    Ok(ProposalClaim {
        proposal_id: ProposalId::new(id.as_str()),
        revision: Revision(answer.revision),
        kind: match answer.kind.as_str() {
            "settings" => ClaimedKind::Settings,
            _ => ClaimedKind::ConfigUpdate,
        },
        config_update: envelope.config_update,
        patch: (answer.patch.as_ref()).map(|patch| patch.get().as_bytes().to_vec()),
        signatures: signatures.collect::<Result<_, _>>()?,
        created_at: created_at(answer),
    })
}

/// What the contract says of it.
pub(super) fn said(answer: &ProposalAnswer) -> ContractSaid {
    ContractSaid {
        status: answer.status.clone(),
        config_update_sha256: answer.config_update_sha256.clone(),
        diff: answer.diff.clone(),
        lint: answer.lint.clone(),
    }
}

fn created_at(answer: &ProposalAnswer) -> UnixTime {
    let time = answer.created_at.as_deref();
    let time = time.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    time.map_or_else(UnixTime::default, |time| UnixTime {
        seconds: time.unix_timestamp(),
        nanos: time.nanosecond(),
    })
}

fn bad(id: &str, why: &dyn std::fmt::Display) -> ClientError {
    let text = format!("what the contract answers about `{id}` cannot be judged: {why}");
    ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", text)
}
