//! The schemas of arguments and answers, as the metadata document names them.
//!
//! A shape is written in short: `name: type` for each member. A type is a word of [`plain`], the
//! name of another shape, a list `[type]`, or `{type}`, an object with members of any name; `?`
//! behind it says that it may be null.

use serde_json::{Map, Value, json};

/// The schema of a type in the notation above.
pub(crate) fn schema(text: &str) -> Value {
    let text = text.trim();
    if let Some(inner) = text.strip_suffix('?') {
        return nullable(inner);
    }
    let inside = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(inner) = inside('[', ']') {
        return json!({"type": "array", "items": schema(inner)});
    }
    if let Some(inner) = inside('{', '}') {
        return json!({"type": "object", "additionalProperties": schema(inner)});
    }
    plain(text).unwrap_or_else(|| json!({"$ref": format!("#/components/schemas/{}", key(text))}))
}

/// What may be null: null is one more type, and a shape stands where it is used.
fn nullable(inner: &str) -> Value {
    let shape = SCHEMAS.iter().find(|shape| shape.name == inner);
    let mut schema = match shape {
        Some(shape) => shape.schema(),
        None => schema(inner),
    };
    if let Some(of) = schema.get_mut("type") {
        *of = json!([of.clone(), "null"]);
    }
    schema
}

fn plain(word: &str) -> Option<Value> {
    Some(match word {
        "any" => json!({}),
        "base64" => json!({"type": "string", "format": "byte"}),
        "block" => json!({"type": "string", "format": "binary"}),
        "id" => json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]{3,64}$"}),
        "ids" => json!({"type": "array", "items": plain("id"), "maxItems": 1024}),
        "json" => json!({"type": "object"}),
        "metadata" => json!({"type": "object"}),
        "mode" => json!({"type": "integer", "minimum": 1, "maximum": 15}),
        "difference" => json!({"type": "integer"}),
        "number" => json!({"type": "integer", "minimum": 0}),
        "page size" => json!({"type": "integer", "minimum": 1, "maximum": 200}),
        "sha256" => json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        "text" => json!({"type": "string"}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "truth" => json!({"type": "boolean"}),
        _ => return None,
    })
}

/// All shapes by the keys that references name.
pub(crate) fn components() -> Value {
    let shapes = SCHEMAS
        .iter()
        .map(|shape| (key(shape.name), shape.schema()));
    Value::Object(shapes.collect::<Map<_, _>>())
}

/// A shape's name without spaces.
fn key(name: &str) -> String {
    name.replace(' ', "")
}

/// An object that calls take or give.
struct Schema {
    name: &'static str,
    members: &'static str,
    /// Answers have all of their members; of options each may be absent.
    answer: bool,
}

impl Schema {
    fn schema(&self) -> Value {
        let members = self.members.split(',').filter_map(|member| {
            let (name, of) = member.split_once(':')?;
            Some((name.trim().to_owned(), schema(of)))
        });
        let members: Map<String, Value> = members.collect();
        let mut schema = Map::new();
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema.insert("type".to_owned(), json!("object"));
        if self.answer && !members.is_empty() {
            let names: Vec<&String> = members.keys().collect();
            schema.insert("required".to_owned(), json!(names));
        }
        schema.insert("properties".to_owned(), Value::Object(members));
        Value::Object(schema)
    }
}

const fn answer(name: &'static str, members: &'static str) -> Schema {
    Schema {
        name,
        members,
        answer: true,
    }
}

const fn options(name: &'static str, members: &'static str) -> Schema {
    Schema {
        name,
        members,
        answer: false,
    }
}

/// Ascending by name.
const SCHEMAS: &[Schema] = &[
    answer(
        "Agreement",
        "as_of_sequence: number, definition: Definition, instance: text, settings: Settings,
         settings_sha256: sha256, supported_capabilities: [text], unsupported: [text],
         version: number",
    ),
    answer(
        "AppliedSettings",
        "as_of_sequence: number, proposal_id: id, version: number",
    ),
    answer("ArchivedProposal", "outcome: text, proposal_id: id"),
    answer(
        "Attestation",
        "application: [text], channel: [text], msp_id: text, orderer: [text], sequence: number,
         server: truth",
    ),
    answer(
        "AttestationToSign",
        "as_of_sequence: number, channel: [text], config_update_sha256: sha256,
         config_update_to_sign: base64, current: Attestation?, msp_id: text, number: number,
         orderer: [text], since: number, unsupported: [text]",
    ),
    answer(
        "Attested",
        "as_of_sequence: number, attestation: Attestation, msp_id: text",
    ),
    options(
        "Attested levels",
        "application: [text], channel: [text], orderer: [text], server: truth",
    ),
    options("Attested orderer levels", "channel: [text], orderer: [text]"),
    answer(
        "AuditBundle",
        "as_of_sequence: number, chain: [Link], channel_id: text, contract_instance: text,
         epoch: number, evaluated: EvaluatedPolicies?, format: number, proposal: AuditRecord,
         sources: [AuditRecord], unsupported: [text], via: AuditRecord?",
    ),
    answer(
        "AuditOutcome",
        "archived_at: time?, as_of_sequence: number, outcome: text, proof: Proof?, tx_id: text?,
         via: id?",
    ),
    answer(
        "AuditRecord",
        "archived: truth, created_at: time?, deadline: time?, description: text,
         given_update: base64?, kind: text, outcome: AuditOutcome?, patch: base64, proposal_id: id,
         proposed_sequence: number, proposer_msp_id: text, revisions: [AuditRevision],
         signatures: [AuditSignature], signatures_omitted: number,
         sources: [CombinedProposal], tx_id: text, votes: [Vote]",
    ),
    answer(
        "AuditRevision",
        "base_sequence: number, config_update: base64, config_update_sha256: sha256,
         revision: number",
    ),
    answer(
        "AuditSignature",
        "config_signature: base64, fingerprint: text, msp_id: text, revision: number",
    ),
    answer(
        "Capabilities",
        "application: [Level], as_of_sequence: number, attestations: [Attestation],
         channel: [Level], contract: [text], gate: text, omitted: {number}, orderer: [Level],
         unsupported: [text]",
    ),
    options("Capabilities options", "whole: [text]"),
    answer("Chain", "as_of_sequence: number, chain: [Link], next: number?, unsupported: [text]"),
    options("Chain options", "from: number"),
    options(
        "Changed settings",
        "capabilities: [text], endorsement_policy: text?, gate: text",
    ),
    answer(
        "CmccProposal",
        "creator: text, description: text, proposal_data: base64, proposal_type: text,
         signatures: {base64}",
    ),
    answer(
        "CombinedProposal",
        "config_update_sha256: sha256, proposal_id: id, revision: number",
    ),
    answer(
        "Config",
        "block_hash: sha256, block_number: number, config: any, config_sha256: sha256,
         epoch: number, sequence: number, unsupported: [text]",
    ),
    options("Config options", "format: text?"),
    answer(
        "Conflict",
        "base_sha256: sha256?, current_sha256: sha256?, differences: [Contrasted], element: text,
         ours_sha256: sha256?, truncated: number",
    ),
    answer("Consent", "fingerprint: text, msp_id: text, revision: number"),
    answer(
        "Contrast",
        "differences: [Contrasted], truncated: number",
    ),
    answer(
        "Contrasted",
        "item: text, name: text?, ours: any, path: text, text: text, theirs: any, unit: text?",
    ),
    answer(
        "DecidingPolicy",
        "elements: [text], elements_omitted: number, explanation: Explanation, policy: text, satisfied: truth",
    ),
    answer(
        "Definition",
        "chaincode: text?, endorsement_policy: text?, error: text?, matches: truth?,
         sequence: number?, version: text?",
    ),
    answer(
        "Diff",
        "changes: [DiffEntry], truncated: number",
    ),
    answer(
        "DiffEntry",
        "after: any, before: any, change: text, item: text, name: text?, path: text, text: text,
         unit: text?",
    ),
    answer("Ended", "as_of_sequence: number, proposal_id: id"),
    answer(
        "Endorsement",
        "enough_servers: truth?, needed_after: number?, needed_before: number?,
         organizations_after: number, organizations_before: number, policy: text, rule_after: text?,
         rule_before: text?, servers: [text]?, text: text",
    ),
    answer(
        "EvaluatedPolicies",
        "omitted: number, policies: [EvaluatedPolicy]",
    ),
    answer(
        "EvaluatedPolicy",
        "config_policy: base64?, config_policy_sha256: sha256, decides: truth, policy: text,
         rule: text?",
    ),
    answer(
        "Exclusion",
        "contrast: Contrast?, element: text, proposal_id: id",
    ),
    answer(
        "ExplainedRule",
        "have: number, missing: [text]?, needed: number, path: text?, policies: [ExplainedRule],
         rule: text, satisfied: truth, satisfied_by: [number]",
    ),
    answer(
        "ExplainedSigner",
        "fingerprint: text, index: number, msp_id: text, subject: text",
    ),
    answer(
        "Explanation",
        "missing: [text], omitted: truth, policy: ExplainedRule, satisfied: truth,
         signers: [ExplainedSigner], smallest_sets: [[text]]",
    ),
    answer("Finding", "id: text, path: text, severity: text, text: text"),
    answer(
        "History",
        "as_of_sequence: number, bookmark: text, history: [HistoryEntry], unsupported: [text]",
    ),
    options(
        "History options",
        "bookmark: text?, msp_id: text?, page_size: page size?",
    ),
    answer(
        "HistoryEntry",
        "created_at: time?, description: text, kind: text, outcome: Outcome, proposal_id: id,
         proposer_msp_id: text, revisions: [Revision], status: text",
    ),
    answer("LeftProposal", "proposal_id: id, reason: text, status: text?"),
    answer(
        "Level",
        "attested_by: [text], lacking: [text], level: text, proposed_by: [id], required: truth,
         supported: truth",
    ),
    answer(
        "Link",
        "block_hash: sha256, block_number: number, config_sha256: sha256,
         config_update_sha256: sha256?, sequence: number",
    ),
    answer("Lint", "findings: [Finding], truncated: number"),
    options(
        "List options",
        "all: truth?, bookmark: text?, config_update_sha256: sha256?, conflicts: truth?,
         msp_id: text?, page_size: page size?, status: text?",
    ),
    answer(
        "Outcome",
        "archived_at: time?, as_of_sequence: number, outcome: text, proof: Proof?,
         settings_version: number?, text: text, tx_id: text, via: id?",
    ),
    answer(
        "OutdatedBy",
        "first_block: number?, first_sequence: number, last_block: number, last_sequence: number,
         proposal_id: id?, text: text",
    ),
    answer(
        "Proof",
        "block_hash: sha256, block_number: number, revision: number, sequence: number",
    ),
    answer(
        "Proposal",
        "applied_revision: number?, archived: truth, as_of_sequence: number, base_sequence: number,
         combined_into: [CombinedProposal], config_update: json?,
         config_update_envelope_to_submit: base64?, config_update_sha256: sha256,
         config_update_to_sign: base64?, conflicts: Relations?, consent_trail: [Consent],
         created_at: time?, deadline: time?, description: text, diff: Diff?,
         endorsement: Endorsement?, explanation: [DecidingPolicy]?, former_member: truth,
         kind: text, lint: Lint?, not_checked: [text], omitted: {number}, outcome: Outcome?, patch: json?,
         proposal_id: id, proposer_msp_id: text, revision: number, settings: ProposedSettings?,
         signatures: [Signature], sources: [Source], status: text,
         status_detail: StatusDetail, still_effective_if_submitted: [number], tx_id: text,
         unsupported: [text], votes: [Vote]",
    ),
    options("Proposal options", "deadline: time?"),
    answer(
        "ProposalList",
        "as_of_sequence: number, bookmark: text, left_out: number, proposals: [ProposalSummary],
         unsupported: [text]",
    ),
    answer(
        "ProposalSummary",
        "already_in_effect: truth, cannot_be_recorded: truth, combined_into: [id], config_update_sha256: sha256, conflicts: Relations?, deadline: time?,
         description: text, former_member: truth,
         kind: text, missing: [text], needs: [text], omitted: {number}, proposal_id: id, proposer_msp_id: text, revision: number,
         signed_by: [text], status: text, to_attest: [text]",
    ),
    answer(
        "Proposed",
        "as_of_sequence: number, config_update_sha256: sha256, proposal_id: id, revision: number,
         unused_signatures: [UnusedSignature]",
    ),
    answer(
        "ProposedSettings",
        "current_sha256: sha256?, instance: text, settings: Settings, version: number",
    ),
    answer(
        "RecomputedProposal",
        "config_update_sha256: sha256, conflicts: [Conflict], omitted: {number}, proposal_id: id,
         revision: number",
    ),
    answer(
        "Recording",
        "bytes_as_argument: number, bytes_as_base64: number, bytes_as_transient: number,
         endorsements: number, fits: truth, limit: number, margin: difference, text: text?",
    ),
    answer(
        "RefusedSignature",
        "code: text, fingerprint: text?, msp_id: text?, reason: text, subject: text?",
    ),
    answer(
        "Relations",
        "can_follow: [id], can_follow_count: number, excludes: [Exclusion], excludes_count: number,
         more: truth",
    ),
    answer(
        "Revision",
        "base_sequence: number, config_update_sha256: sha256, revision: number",
    ),
    answer(
        "Settings",
        "capabilities: [text], endorsement_policy: text?, gate: text",
    ),
    options("Shown options", "whole: [text]"),
    answer(
        "Signature",
        "config_signature: base64, counts: truth, expired: truth, fingerprint: text, msp_id: text,
         reason: text?, subject: text?",
    ),
    answer(
        "Signed",
        "added: [Signer], already: [Signer], as_of_sequence: number, proposal_id: id,
         refused: [RefusedSignature], revision: number",
    ),
    answer("Signer", "fingerprint: text, msp_id: text, subject: text"),
    answer(
        "Source",
        "config_update_sha256: sha256, proposal_id: id, proposer_msp_id: text, revision: number",
    ),
    answer("Spoiler", "msp_id: text?, principals: [text], text: text"),
    answer(
        "StatusDetail",
        "already_in_effect: truth, conflicts: [Conflict], different_effect: [text], missing: [text],
         needs: [text], outdated_by: OutdatedBy?, proof: Proof?, rebases: truth?, recording: Recording?, spoilers: [Spoiler], unattested: [UnattestedLevel],
         verdict: text?, via: id?, why: text?",
    ),
    answer(
        "Synced",
        "added: [Link], applied: [sha256], block_hash: sha256?, block_number: number?,
         channel_id: text, config_sha256: sha256?, epoch: number?, known: [Link], sequence: number?",
    ),
    answer("UnattestedLevel", "lacking: [text], level: text, scope: text"),
    answer(
        "UnusedSignature",
        "fingerprint: text?, msp_id: text?, subject: text?",
    ),
    options("Update options", "bookmark: text?, msp_id: text?"),
    answer(
        "Updated",
        "archived: [ArchivedProposal], as_of_sequence: number, bookmark: text, left: [LeftProposal],
         others: number, recomputed: [RecomputedProposal]",
    ),
    answer(
        "Vote",
        "former_member: truth, msp_id: text, reason: text, revision: number, sequence: number",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_read() {
        assert_eq!(schema("text"), json!({"type": "string"}));
        assert_eq!(
            schema(" [Link] "),
            json!({"type": "array", "items": {"$ref": "#/components/schemas/Link"}})
        );
        assert_eq!(
            schema("{number}?"),
            json!({"type": ["object", "null"], "additionalProperties": schema("number")})
        );
        let proof = schema("Proof?");
        assert_eq!(proof["type"], json!(["object", "null"]));
        assert_eq!(proof["properties"]["sequence"], schema("number"));
        assert_eq!(
            schema("List options")["$ref"],
            "#/components/schemas/Listoptions"
        );
    }

    #[test]
    fn names_ascend() {
        assert!(SCHEMAS.is_sorted_by(|a, b| a.name < b.name));
    }
}
