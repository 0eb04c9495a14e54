//! Signature files of a folder. What was handed in goes to its folder `done`, what never can be to `refused`,
//! with a text beside it that says why; what may go another time stays.

use std::ffi::OsStr;

use super::folder::{Drawer, DropFolder, DroppedFile};
use crate::{
    agent::{
        notice::theirs,
        run::{act::is_fork, observer::AgentDeed, state::ChannelAgent},
    },
    client::{ChannelSession, ClientError, Exit, SignedUpdate, now},
};

/// For so many files the contract is asked in one round.
const FILES: usize = 20;
/// So much is read in one round. Unit: bytes.
const BYTES: usize = 64 << 20;
/// So long a file stays that may go another time. Unit: seconds.
const PATIENCE: i64 = 86_400;

/// What refuses a file itself: the same tomorrow.
pub(super) const REFUSALS: &[&str] = &[
    "BAD_PROTOBUF",
    "BAD_SIGNATURE_FILE",
    "HEADER_TOO_LARGE",
    "MSP_ID_TOO_LONG",
    "SIGNATURE_INVALID",
    "SIGNER_INVALID",
    "SIGNER_NOT_CONCERNED",
    "SIGNER_UNKNOWN",
    "WRONG_CHANNEL",
];

/// What one round came to.
#[derive(Debug, Default)]
struct Carrying {
    /// For how many files the contract was asked.
    asked: usize,
    /// How much was read. Unit: bytes.
    read: usize,
    /// Whether something was written, or files were moved: the next may have their turn at once.
    acted: bool,
    /// What was wrong first with the folder.
    trouble: Option<ClientError>,
}

/// What came of one file.
pub(super) enum Carried {
    /// Handed in for these proposals.
    Done(Vec<String>),
    /// It cannot be, and never can.
    Refused(ClientError),
    /// It may go another time.
    Waits(ClientError),
}

impl ChannelAgent {
    /// Hands signature files in; says whether something was written.
    pub(in crate::agent::run) async fn carry(
        &mut self,
        session: &ChannelSession,
    ) -> Result<bool, ClientError> {
        let Some(path) = self.channel.rules.carry.clone() else {
            return Ok(false);
        };
        let folder = DropFolder::open(&path)?;
        let turns = &mut self.carry_turns;
        let found = folder.names(&turns.waiting(), turns.last())?;
        turns.keeps(&found.known);
        let mut round = Carrying::default();
        for name in &found.names {
            // who holds the channel meanwhile is heard
            let is_held = self.folder.holds()?.channel.is_some();
            if is_held || round.asked >= FILES || round.read >= BYTES {
                break;
            }
            let Some(file) = folder.read(name) else {
                continue;
            };
            self.carry_turns.takes(name);
            self.carry_one(session, &folder, name, file, &mut round)
                .await?;
        }
        if let Some(trouble) = round.trouble {
            return Err(trouble);
        }
        if found.is_crowded {
            let text = format!(
                "`{}` has more entries than are looked at: files may lie there unseen",
                path.display()
            );
            return Err(ClientError::new(Exit::Failed, "CARRY_CROWDED", text)
                .hint("take away what is no signature file"));
        }
        Ok(round.acted)
    }

    /// What becomes of one file.
    async fn carry_one(
        &mut self,
        session: &ChannelSession,
        folder: &DropFolder,
        name: &OsStr,
        file: DroppedFile,
        round: &mut Carrying,
    ) -> Result<(), ClientError> {
        let at = now().seconds;
        let shown = theirs(&name.to_string_lossy());
        let mut carried = match file.content.and_then(|content| {
            round.read = round.read.saturating_add(content.len());
            Ok((usable(session, &content)?, content))
        }) {
            Err(error) => judged(error),
            Ok((signed, content)) => {
                round.asked = round.asked.saturating_add(1);
                let carried = hand_in(session, &signed, &content).await;
                carried.inspect_err(|error| {
                    // one by which nobody answers must not keep the others from their turn
                    self.carry_turns.stays(name, &error.symbol);
                })?
            }
        };
        if let Carried::Waits(error) = &carried
            && at.saturating_sub(file.since) > PATIENCE
        {
            carried = Carried::Refused(error.clone());
        }
        let moved = match &carried {
            Carried::Done(ids) => {
                for proposal_id in ids {
                    self.did(&AgentDeed::Carried {
                        file: &shown,
                        proposal_id,
                    });
                }
                folder.put_away(name, Drawer::Done, None, at)
            }
            Carried::Refused(error) => {
                let why = format!("{error} [{}]", error.symbol);
                self.did(&AgentDeed::NotCarried {
                    file: &shown,
                    why: &why,
                });
                folder.put_away(name, Drawer::Refused, Some(&theirs(&why)), at)
            }
            Carried::Waits(error) => {
                self.stays(name, &shown, error);
                return Ok(());
            }
        };
        match moved {
            Ok(()) => round.acted = true,
            Err(error) => {
                // the others have their turn before it has one again
                self.carry_turns.stays(name, &error.symbol);
                round.trouble.get_or_insert(error);
            }
        }
        Ok(())
    }

    /// A file stays; said once for each reason.
    fn stays(&mut self, name: &OsStr, shown: &str, error: &ClientError) {
        if self.carry_turns.stays(name, &error.symbol) {
            let why = format!("{error} [{}]", error.symbol);
            self.did(&AgentDeed::NotYetCarried {
                file: shown,
                why: &why,
            });
        }
    }
}

/// What a file has that can be handed in on this channel.
fn usable(session: &ChannelSession, content: &[u8]) -> Result<SignedUpdate, ClientError> {
    let signed = SignedUpdate::parse(content)?;
    if signed.signatures.is_empty() {
        let text = "nobody has signed it";
        return Err(ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text));
    }
    if signed.channel != *session.chain().channel() {
        let text = format!("it is for channel `{}`", signed.channel);
        return Err(ClientError::new(Exit::Usage, "WRONG_CHANNEL", text));
    }
    Ok(signed)
}

/// Hands a file in for every open proposal with its bytes: one that refuses it must not keep it from another.
///
/// # Errors
/// What is no matter of the file: nobody there, or what is not safe.
// SECURITY: any member may propose the same bytes
async fn hand_in(
    session: &ChannelSession,
    signed: &SignedUpdate,
    content: &[u8],
) -> Result<Carried, ClientError> {
    let ids = match session.matching(signed).await {
        Ok(ids) => ids,
        Err(error) => return apart(error).map(judged),
    };
    let (mut done, mut refused, mut waits) = (Vec::new(), None, None);
    for id in ids {
        let answer = match session.hand_in_signatures(&id, signed, content).await {
            Err(error) => Err(apart(error)?),
            Ok((answer, _)) => {
                let is_taken = !answer.added.is_empty() || !answer.already.is_empty();
                match answer.refused.first().filter(|_| !is_taken) {
                    Some(one) => {
                        let text = one.reason.clone();
                        Err(ClientError::new(Exit::Failed, &one.code, text))
                    }
                    None => Ok(()),
                }
            }
        };
        match answer.map_err(judged) {
            Ok(()) => done.push(id),
            Err(Carried::Waits(error)) => waits = waits.or(Some(error)),
            Err(Carried::Refused(error)) => refused = refused.or(Some(error)),
            Err(Carried::Done(_)) => {}
        }
    }
    Ok(match (waits, refused) {
        (Some(error), _) => Carried::Waits(error),
        (None, Some(error)) if done.is_empty() => Carried::Refused(error),
        (None, _) => Carried::Done(done),
    })
}

/// What is a matter of the file.
///
/// # Errors
/// What is none: nobody there, two chains, or what is not safe.
pub(super) fn apart(error: ClientError) -> Result<ClientError, ClientError> {
    match is_fork(&error) || matches!(error.exit, Exit::Unreachable | Exit::Unsafe) {
        true => Err(error),
        false => Ok(error),
    }
}

/// Whether an error refuses the file itself; every other may pass.
pub(super) fn judged(error: ClientError) -> Carried {
    match REFUSALS.contains(&error.symbol.as_str()) {
        true => Carried::Refused(error),
        false => Carried::Waits(error),
    }
}
