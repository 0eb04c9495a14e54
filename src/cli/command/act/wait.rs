//! `cmscc wait`.

use std::{process::ExitCode, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use super::open::{fresh, open};
use crate::{
    cli::{
        args::WaitArgs,
        show::{status_named, status_words},
    },
    client::{ClientError, Exit, answers::ProposalAnswer},
};

/// Statuses change without an event, too: so often is looked at least.
const LOOK: Duration = Duration::from_secs(2);

pub(in crate::cli) fn wait(args: &WaitArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let wanted = wanted(&args.status)?;
        let within = within(&args.within)?;
        let until = Instant::now() + within;
        let mut session = fresh(talk, &settings, identity).await?;
        loop {
            let asked = timeout_at(until, session.fetch(&args.id)).await;
            let proposal = match asked {
                Ok(proposal) => proposal?,
                Err(_) => return Err(late(args, "unknown")),
            };
            if proposal.status == "Submitted" {
                // the block is at one's own peer, or what the contract says is not so
                session.catch_up(&|_| ()).await?;
                session.check_effect(&proposal)?;
            }
            if proposal.status == wanted {
                talk.done(&format!(
                    "`{}` is {}",
                    args.id,
                    status_words(&proposal.status).0
                ));
                talk.document(&proposal)?;
                return Ok(Exit::Done);
            }
            if is_over(&proposal) {
                let text = format!(
                    "`{}` is {}, and stays so",
                    args.id,
                    status_words(&proposal.status).0
                );
                return Err(ClientError::new(Exit::No, "NOT_REACHED", text)
                    .hint(format!("cmscc show {}", args.id)));
            }
            if Instant::now() + LOOK > until {
                return Err(late(args, &proposal.status));
            }
            sleep(LOOK).await;
        }
    })
}

fn wanted(given: &str) -> Result<&'static str, ClientError> {
    status_named(given).map_err(|known| {
        let text = format!("`{given}` is no status");
        let hint = format!("one of {}", known.join(", "));
        ClientError::new(Exit::Usage, "UNKNOWN_STATUS", text).hint(hint)
    })
}

fn is_over(proposal: &ProposalAnswer) -> bool {
    proposal.archived
        || matches!(
            proposal.status.as_str(),
            "Submitted" | "Withdrawn" | "Expired"
        )
}

fn late(args: &WaitArgs, status: &str) -> ClientError {
    let text = format!(
        "`{}` is {} after {}",
        args.id,
        status_words(status).0,
        args.within
    );
    ClientError::new(Exit::No, "TIMED_OUT", text).hint(format!("cmscc explain {}", args.id))
}

/// A length of time: so many seconds, minutes or hours.
fn within(given: &str) -> Result<Duration, ClientError> {
    let bad = || {
        let text = format!("`{given}` is no length of time: write 90s, 10m or 2h");
        ClientError::new(Exit::Usage, "BAD_TIME", text)
    };
    let units = [("s", 1), ("m", 60), ("h", 3_600)];
    let (count, seconds) = units
        .iter()
        .find_map(|(unit, seconds)| Some((given.strip_suffix(unit)?, *seconds)))
        .ok_or_else(bad)?;
    let count: u64 = count.parse().map_err(|_| bad())?;
    count
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(bad)
}
