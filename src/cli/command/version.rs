//! `cmscc version`

use std::process::ExitCode;

use serde_json::json;

use crate::cli::{args::VersionArgs, output};

/// The version of this build.
pub(in crate::cli) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(in crate::cli) fn run(args: &VersionArgs) -> anyhow::Result<ExitCode> {
    if args.json {
        output::result(&document());
    } else {
        output::result(&format!("cmscc {VERSION}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The version as a JSON document, also served at `/version`.
pub(in crate::cli) fn document() -> String {
    json!({ "name": "cmscc", "version": VERSION }).to_string()
}
