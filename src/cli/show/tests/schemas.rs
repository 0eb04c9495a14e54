//! The schemas of the JSON documents, in `docs/json`, are those of the types.

use schemars::{Schema, schema_for};

use super::kept;
use crate::{
    cli::terminal::RefusedDocument,
    client::{
        answers::{DiffAnswer, ProposalAnswer, ProposedAnswer, SignedAnswer, UpdatedAnswer},
        view::{
            AuditView, ChainView, CheckedView, ComputedView, ConfigDiffView, EventView, ExportView,
            ExportedView, HistoryView, InspectedView, ListView, MergedView, NothingView,
            ProposalView, RecordedView, SignedView, StatusView, SubmittedView, SyncedView,
            TrustView, WrittenView,
        },
    },
};

#[test]
fn the_schemas_are_current() {
    let schemas: [(&str, Schema); 27] = [
        ("audit-export", schema_for!(ExportedView)),
        ("audit-verify", schema_for!(AuditView)),
        ("config-diff", schema_for!(ConfigDiffView)),
        ("config-export", schema_for!(ExportView)),
        ("config-history", schema_for!(ChainView)),
        ("diff", schema_for!(DiffAnswer)),
        ("error", schema_for!(RefusedDocument<'_>)),
        ("history", schema_for!(HistoryView)),
        ("list", schema_for!(ListView)),
        ("show", schema_for!(ProposalView)),
        ("status", schema_for!(StatusView)),
        ("nothing", schema_for!(NothingView)),
        ("pin", schema_for!(TrustView)),
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
