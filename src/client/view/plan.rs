//! In which order open proposals lose fewest signatures; two proposals side by side.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// An order of open proposals, and what becomes of each, judged by one's own engine.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PlanView {
    /// The config that it begins with.
    pub as_of_sequence: u64,
    /// Which had better be combined; null where that saves no signatures.
    pub combine: Option<PlanTogetherView>,
    /// Whether no order keeps more signatures; of many proposals not all orders are looked at.
    pub exact: bool,
    /// Those that do not get in by this order.
    pub left: Vec<PlanLeftView>,
    /// How many more open proposals there are than were looked at.
    pub not_looked_at: usize,
    /// Those that nobody can sign or submit as they are, or that change no config.
    pub passed_over: Vec<PassedOverView>,
    /// Those that are submitted, in order.
    pub steps: Vec<PlanStepView>,
}

/// A proposal that is submitted.
#[derive(Clone, Debug, Default, JsonSchema, Serialize)]
pub struct PlanStepView {
    /// Why its update is computed again by then, so that all sign again; null where its bytes stay.
    pub computed_again: Option<String>,
    /// Signatures that count now and do not count then, where its bytes stay.
    pub lost: Vec<LostSignatureView>,
    /// Organisations whose signatures could complete it then.
    pub missing: Vec<String>,
    /// What each deciding policy needs then, in words.
    pub needs: Vec<String>,
    /// The proposal.
    pub proposal_id: String,
    /// Whether its signatures are enough then.
    pub ready: bool,
    /// How many of its signatures count now.
    pub signatures: usize,
    /// How many of them count then.
    pub signatures_kept: usize,
    /// Whose signatures it still takes, such as `Org2MSP.admin`: a smallest set.
    pub signers: Vec<String>,
}

/// A signature that counts no more.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct LostSignatureView {
    /// The signer's organisation.
    pub msp_id: String,
    /// The subject of the certificate.
    pub subject: String,
    /// Why.
    pub why: String,
}

/// A proposal that does not get in.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PlanLeftView {
    /// The proposal that excludes it.
    pub by: Option<String>,
    /// The element of which both want different things.
    pub element: Option<String>,
    /// The proposal.
    pub proposal_id: String,
    /// `excluded`, `in_effect` or `refused`.
    pub reason: String,
    /// How many of its signatures count now.
    pub signatures: usize,
    /// The same in words.
    pub text: String,
}

/// Proposals that had better be one.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PlanTogetherView {
    /// Which, in the order of the plan; they come behind all others.
    pub proposals: Vec<String>,
    /// How many signatures they still take each by itself.
    pub signatures_alone: usize,
    /// How many the combined one takes.
    pub signatures_combined: usize,
    /// Whose: a smallest set.
    pub signers: Vec<String>,
}

/// A proposal that was not planned with.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PassedOverView {
    /// The proposal.
    pub proposal_id: String,
    /// Why.
    pub why: String,
}

/// Two proposals side by side: what both touch.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SidesView {
    /// What both change, in the order of the config tree.
    pub both: Vec<SideView>,
    /// The element because of which they exclude each other; null where they can be combined.
    pub excludes: Option<String>,
    /// The first proposal.
    pub first: String,
    /// How many changes are the first one's alone.
    pub first_only: usize,
    /// How many changes of them are not listed, so that not all was compared.
    pub not_compared: u64,
    /// The second proposal.
    pub second: String,
    /// How many changes are the second one's alone.
    pub second_only: usize,
}

/// Something that both change.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct SideView {
    /// What there is now; null: absent.
    pub before: Value,
    /// What the first makes of it; null: absent.
    pub first: Value,
    /// What kind of thing it is, such as `policy`.
    pub item: String,
    /// Its name among its kind.
    pub name: Option<String>,
    /// The path of the group, value or policy that holds it.
    pub path: String,
    /// Whether both make the same of it.
    pub same: bool,
    /// What the second makes of it; null: absent.
    pub second: Value,
    /// The unit of numbers.
    pub unit: Option<String>,
}
