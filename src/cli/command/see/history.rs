//! `cmscc history`.

use std::process::ExitCode;

use serde_json::json;

use super::{
    pages,
    reach::{Reach, on_screen},
};
use crate::{
    cli::{
        args::HistoryArgs,
        show::{self, Line, Tone},
    },
    client::{Exit, view::HistoryView},
};

pub(in crate::cli) fn run(args: &HistoryArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        let reach = Reach::new(&args.client)?;
        let options = match args.mine {
            true => json!({ "msp_id": reach.msp_id() }),
            false => json!({}),
        };
        let listing = pages::history(&reach, &options, args.limit);
        let listed = screen.wait("asking the contract", listing).await?;
        let view = HistoryView {
            as_of_sequence: listed.as_of_sequence,
            history: listed.entries,
            more: listed.more,
        };
        if view.history.is_empty() {
            screen.note(&Line::of(Tone::Dim, "No proposal is archived."));
        }
        screen.result(&view, Some("history"), |look| show::history(&view, look))?;
        Ok(Exit::Done)
    })
}
