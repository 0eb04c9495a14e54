//! The schemas of the JSON documents, in `docs/json`, are those of the types.

use schemars::{Schema, schema_for};

use super::kept;
use crate::{
    cli::terminal::RefusedDocument,
    client::{
        answers::DiffAnswer,
        view::{
            ChainView, ConfigDiffView, ExportView, HistoryView, ListView, ProposalView, StatusView,
        },
    },
};

#[test]
fn the_schemas_are_current() {
    let schemas: [(&str, Schema); 9] = [
        ("config-diff", schema_for!(ConfigDiffView)),
        ("config-export", schema_for!(ExportView)),
        ("config-history", schema_for!(ChainView)),
        ("diff", schema_for!(DiffAnswer)),
        ("error", schema_for!(RefusedDocument<'_>)),
        ("history", schema_for!(HistoryView)),
        ("list", schema_for!(ListView)),
        ("show", schema_for!(ProposalView)),
        ("status", schema_for!(StatusView)),
    ];
    for (name, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        kept(
            &format!("docs/json/{name}.schema.json"),
            &format!("{text}\n"),
        );
    }
}
