//! The schemas of the JSON documents, in `docs/json`, are those of the types.

use schemars::{Schema, schema_for};

use super::kept;
use crate::{
    agent::{AgentCheckView, AgentStatusView, HeldView, Notice},
    cli::terminal::RefusedDocument,
    client::{
        answers::{
            CapabilitiesAnswer, DiffAnswer, ProposalAnswer, ProposedAnswer, SettingsAnswer,
            SignedAnswer, UpdatedAnswer,
        },
        view::{
            AppliedView, ApprovedView, AttestedView, AuditView, ChainView, CheckedView,
            CommittedView, ComputedView, ConfigDiffView, DeployView, DoctorView, EventView,
            ExportView, ExportedView, HistoryView, IfSignedView, InspectedView, InstalledView,
            ListView, MembersView, MergedView, NothingView, PlanView, ProposalView, RecordedView,
            SidesView, SignedView, StatusView, SubmittedView, SyncedView, TrustView, WrittenView,
        },
    },
};

#[test]
fn the_schemas_are_current() {
    let schemas: [(&str, Schema); 45] = [
        ("agent-check", schema_for!(AgentCheckView)),
        ("agent-hold", schema_for!(HeldView)),
        ("agent-notice", schema_for!(Notice)),
        ("agent-status", schema_for!(AgentStatusView)),
        ("audit-export", schema_for!(ExportedView)),
        ("audit-verify", schema_for!(AuditView)),
        ("config-diff", schema_for!(ConfigDiffView)),
        ("config-export", schema_for!(ExportView)),
        ("config-history", schema_for!(ChainView)),
        ("attest", schema_for!(AttestedView)),
        ("capabilities", schema_for!(CapabilitiesAnswer)),
        ("deploy-approve", schema_for!(ApprovedView)),
        ("deploy-commit", schema_for!(CommittedView)),
        ("deploy-install", schema_for!(InstalledView)),
        ("deploy-status", schema_for!(DeployView)),
        ("members", schema_for!(MembersView)),
        ("settings-apply", schema_for!(AppliedView)),
        ("settings-show", schema_for!(SettingsAnswer)),
        ("settings-propose", schema_for!(ProposedAnswer)),
        ("diff", schema_for!(DiffAnswer)),
        ("diff-two", schema_for!(SidesView)),
        ("doctor", schema_for!(DoctorView)),
        ("error", schema_for!(RefusedDocument<'_>)),
        ("history", schema_for!(HistoryView)),
        ("if-signed", schema_for!(IfSignedView)),
        ("list", schema_for!(ListView)),
        ("show", schema_for!(ProposalView)),
        ("status", schema_for!(StatusView)),
        ("nothing", schema_for!(NothingView)),
        ("pin", schema_for!(TrustView)),
        ("plan", schema_for!(PlanView)),
        ("propose", schema_for!(ProposedAnswer)),
        ("rebase", schema_for!(Vec<UpdatedAnswer>)),
        ("reject", schema_for!(RecordedView)),
        ("sign", schema_for!(Vec<SignedView>)),
        ("sign-in", schema_for!(Vec<SignedAnswer>)),
        ("sign-out", schema_for!(WrittenView)),
        ("submit", schema_for!(SubmittedView)),
        ("sync", schema_for!(SyncedView)),
        ("update-check", schema_for!(CheckedView)),
        ("update-compute", schema_for!(ComputedView)),
        ("update-inspect", schema_for!(InspectedView)),
        ("update-merge", schema_for!(MergedView)),
        ("wait", schema_for!(ProposalAnswer)),
        ("watch", schema_for!(EventView)),
    ];
    for (name, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        kept(
            &format!("docs/json/{name}.schema.json"),
            &format!("{text}\n"),
        );
    }
}
