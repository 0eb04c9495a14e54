//! What would be if others signed as well.

use schemars::JsonSchema;
use serde::Serialize;

use super::ProposalView;

/// One proposal as if these had signed it as well, judged by one's own engine.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct IfSignedView {
    /// The proposal; its `explanation` has the supposed signers in it.
    #[serde(flatten)]
    pub proposal: ProposalView,
    /// What would be.
    pub if_signed: SuppositionView,
}

/// What would be.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SuppositionView {
    /// Organisations that could complete it then.
    pub missing: Vec<String>,
    /// What each deciding policy would still need, in words.
    pub needs: Vec<String>,
    /// Why an orderer would refuse it all the same; null where it would not.
    pub refused: Option<String>,
    /// Who is supposed to sign, as named.
    pub signers: Vec<SupposedView>,
    /// Whether the signatures would be enough.
    pub suffices: bool,
    /// Admins who are asked for, and neither signed nor are supposed to.
    pub would_count: Vec<String>,
}

/// Somebody who is supposed to sign.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SupposedView {
    /// Whether it makes a difference to some policy.
    pub counts: bool,
    /// Who.
    pub who: String,
    /// Why it makes none; null where it does.
    pub why_not: Option<String>,
}
