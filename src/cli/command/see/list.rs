//! `cmscc list`.

use std::{process::ExitCode, time::Duration};

use serde_json::{Value, json};

use super::{
    pages,
    reach::{Reach, on_screen},
};
use crate::{
    cli::{
        args::{ClientArgs, CompleteIdsArgs, ListArgs, ShownArgs},
        output,
        screen::Screen,
        show::{Line, Tone, proposals, status_named},
    },
    client::{
        ClientError, Exit,
        view::{ListView, RowFilter, RowView},
    },
};

pub(in crate::cli) fn run(args: &ListArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        list(args, screen).await
    })
}

async fn list(args: &ListArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let filter = filter(args)?;
    let reach = Reach::new(&args.client)?;
    let msp_id = reach.msp_id().to_owned();
    let options = options(&filter, &msp_id);
    let listing = pages::proposals(&reach, &options, args.limit);
    let listed = screen.wait("asking the contract", listing).await?;
    let rows = listed
        .entries
        .into_iter()
        .map(|one| RowView::new(one, &msp_id));
    let view = ListView {
        as_of_sequence: listed.as_of_sequence,
        more: listed.more,
        proposals: rows.filter(|row| filter.wants(row, &msp_id)).collect(),
    };
    if view.proposals.is_empty() {
        screen.note(&Line::of(Tone::Dim, nothing(&filter)));
    }
    screen.result(&view, Some("proposals"), |look| proposals(&view, look))?;
    Ok(Exit::Done)
}

fn filter(args: &ListArgs) -> Result<RowFilter, ClientError> {
    let status = args.status.as_deref().map(|given| {
        status_named(given).map(str::to_owned).map_err(|names| {
            let text = format!("`{given}` is no status");
            let hint = format!("one of {}", names.join(", "));
            ClientError::new(Exit::Usage, "UNKNOWN_STATUS", text).hint(hint)
        })
    });
    Ok(RowFilter {
        awaiting_me: args.awaiting_me,
        done: args.done,
        in_flight: args.in_flight,
        mine: args.mine,
        status: status.transpose()?,
    })
}

/// What the contract itself can leave out.
fn options(filter: &RowFilter, msp_id: &str) -> Value {
    let mut options = json!({ "all": filter.done });
    if let Some(members) = options.as_object_mut() {
        if filter.mine {
            members.insert("msp_id".to_owned(), json!(msp_id));
        }
        if let Some(status) = &filter.status {
            members.insert("status".to_owned(), json!(status));
        }
    }
    options
}

fn nothing(filter: &RowFilter) -> &'static str {
    match filter {
        RowFilter {
            awaiting_me: true, ..
        } => "Nothing awaits you.",
        RowFilter { done: true, .. } => {
            "No proposal is over and not archived: `cmscc history` has the archived ones."
        }
        RowFilter {
            status: Some(_), ..
        }
        | RowFilter { mine: true, .. } => "There is no such proposal.",
        _ => "No proposal is open.",
    }
}

/// Prints the ids that a shell completes with. Where nobody answers soon there are none.
pub(in crate::cli) fn complete(args: &CompleteIdsArgs) -> ExitCode {
    const PATIENCE: Duration = Duration::from_secs(2);
    const MOST: usize = 200;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return ExitCode::SUCCESS;
    };
    let listed = runtime.block_on(async {
        let client = ClientArgs {
            network: args.network.clone(),
            // nobody presses TAB to be asked for a PIN
            shown: ShownArgs {
                no_input: true,
                ..ShownArgs::default()
            },
        };
        let reach = Reach::new(&client).ok()?;
        let options = json!({});
        let listing = pages::proposals(&reach, &options, MOST);
        tokio::time::timeout(PATIENCE, listing).await.ok()?.ok()
    });
    for one in listed.into_iter().flat_map(|listed| listed.entries) {
        // SECURITY: a shell puts these words on a command line
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if one.proposal_id.chars().all(is_plain) && !one.proposal_id.starts_with('-') {
            output::result(&one.proposal_id);
        }
    }
    ExitCode::SUCCESS
}
