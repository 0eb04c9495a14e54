//! What an MSP's definition says.

use serde_json::{Value, json};

use super::{
    cut::cut,
    entry::Item,
    fact::{Fact, Facts},
};
use crate::{
    identity::{CrlSigner, ListedCertificate, MspDefinition},
    json::time_text,
};

/// The facts of the value `MSP`; `None` where it does not decode.
pub(super) fn facts(bytes: &[u8]) -> Option<Facts> {
    let definition = MspDefinition::read(bytes).ok()?;
    let signers = definition.crl_signers();
    let mut facts = Facts::new();
    let id = json!(cut(definition.id.to_string()));
    facts.insert((Item::Msp, "id".to_owned()), Fact::new(id));
    for (name, text) in definition.settings {
        facts.insert((Item::Msp, name), Fact::new(json!(cut(text))));
    }
    for listed in &definition.certificates {
        let name = format!("{} {}", listed.purpose.name(), listed.fingerprint);
        let fact = Fact::new(certificate(listed));
        facts.insert((Item::Certificate, name), fact);
    }
    for (list, signer) in definition.revocation_lists.iter().zip(signers) {
        let digest = list.digest.to_string();
        let effect = match &signer {
            CrlSigner::Ca { .. } | CrlSigner::Unknown => None,
            CrlSigner::Nobody => Some("revokes nobody: no ca of the msp signed it"),
            CrlSigner::Unnamed => {
                Some("nobody of the msp is valid: it has no authority key identifier")
            }
        };
        let signed_by = match signer {
            CrlSigner::Ca { subject, .. } => Some(cut(subject)),
            _ => None,
        };
        let value = json!({
            "effect": effect,
            "sha256": digest,
            "revoked": list.revoked,
            "signed_by": signed_by,
        });
        facts.insert((Item::RevocationList, digest), Fact::new(value));
    }
    Some(facts)
}

fn certificate(listed: &ListedCertificate) -> Value {
    let (purpose, fingerprint) = (listed.purpose.name(), listed.fingerprint.to_string());
    match &listed.certificate {
        Ok(certificate) => json!({
            "use": purpose,
            "subject": cut(certificate.subject()),
            "issuer": cut(certificate.issuer()),
            "not_before": time_text(certificate.not_before()),
            "not_after": time_text(certificate.not_after()),
            "fingerprint": fingerprint,
        }),
        Err(why) => json!({
            "use": purpose,
            "fingerprint": fingerprint,
            "unreadable": cut(why.to_string()),
        }),
    }
}
