//! `cmscc update check`.

use std::{collections::BTreeSet, process::ExitCode};

use bytes::Bytes;

use super::files;
use crate::{
    cli::{
        args::UpdateCheckArgs,
        screen::Screen,
        show::{self, Line, Tone},
    },
    client::{
        ClientError, Exit, JudgedSettings, JudgedStatement, now,
        update::{
            CheckOutcome, CheckedUpdate, ComputedUpdate, FileConfig, FileUpdate, GivenContent,
            GivenFile, against_view, channel_creation, checked_view,
        },
        view::Remark,
    },
    config::{ConfigSignature, Update},
    ids::ChannelId,
};

pub(super) fn run(args: &UpdateCheckArgs) -> ExitCode {
    let screen = Screen::new(&args.judging.shown, args.judging.full);
    screen.ended(check(args, &screen))
}

fn check(args: &UpdateCheckArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let against = files::config(&args.against)?;
    let file = files::given(args.file.path())?;
    let is_request = file.request.is_some();
    let asked = ToCheck::of(args, &against, file)?;
    let bundle = files::bundle(
        args.judging.channel.channel.as_deref(),
        &against,
        &asked.update,
    )?;
    let accepted = args.judging.accepted();
    let mut checked =
        CheckedUpdate::new(&bundle, &asked.update, &asked.signatures, &accepted, now());
    checked.remarks.splice(0..0, asked.remarks);
    let view = checked_view(&bundle, against_view(&against), &checked)?;
    screen.result(&view, None, |look| show::checked(&view, look))?;
    let next = match is_request {
        true => of_request(args, &checked),
        false => next(args, &checked, &asked.files, asked.is_computed),
    };
    match next {
        Some(NextStep::Command(next)) => {
            screen.note(&Line::of(Tone::Dim, "next: ").and(Tone::Accent, next));
        }
        Some(NextStep::Words(words)) => screen.note(&Line::of(Tone::Dim, words)),
        None => {}
    }
    Ok(checked.outcome.exit())
}

/// What is to be checked.
struct ToCheck {
    update: Update,
    signatures: Vec<ConfigSignature>,
    remarks: Vec<Remark>,
    /// The files of `--signed` that hold this very update, and whether somebody signed it there.
    files: Vec<(String, bool)>,
    /// Whether the update was computed here, of an edited config.
    is_computed: bool,
}

impl ToCheck {
    fn of(
        args: &UpdateCheckArgs,
        against: &FileConfig,
        file: GivenFile,
    ) -> Result<Self, ClientError> {
        let name = file.name.clone();
        let is_request = file.request.is_some();
        if let GivenContent::Config(config) = &file.content {
            let channel = files::channel(&args.judging.channel, &[against, config]);
            let meant = args.judging.meant();
            let computed =
                ComputedUpdate::new(channel.as_deref(), against, &file.into_wanted()?, meant)?;
            let signed = files::signatures(&computed.update, &name, true, &args.signed)?;
            let mut remarks = computed.remarks;
            remarks.extend(signed.remarks);
            return Ok(Self {
                update: signed.update,
                signatures: signed.signatures,
                remarks,
                files: signed.files,
                is_computed: true,
            });
        }
        let given = file.into_update()?;
        demand_config(&given)?;
        demand_update(&given.name, &given.update)?;
        let signed = files::signatures(&given.update, &name, false, &args.signed)?;
        let (update, mut remarks, files) = (signed.update, signed.remarks, signed.files);
        if let Some(header) = &given.header_channel
            && header.as_str() != update.channel_id()
        {
            let text = format!(
                "the envelope's header names channel `{header}`, the update in it `{}`: no orderer takes that",
                update.channel_id()
            );
            return Err(
                ClientError::new(Exit::No, "OTHER_HEADER", text).hint(format!(
                    "cmscc update wrap {name} -o FILE makes another envelope"
                )),
            );
        }
        let mut signatures = given.signatures;
        let known: BTreeSet<Vec<u8>> = signatures.iter().map(ConfigSignature::encode).collect();
        let more = signed.signatures.into_iter();
        signatures.extend(more.filter(|one| !known.contains(&one.encode())));
        if !given.is_enveloped && !is_request && args.signed.is_empty() {
            let text =
                "an update in no envelope carries no signatures: --signed names files that do";
            remarks.push(Remark::named("NOT_IN_AN_ENVELOPE", text));
        }
        Ok(Self {
            update,
            signatures,
            remarks,
            files,
            is_computed: false,
        })
    }
}

/// Refuses what is good for the contract alone.
fn demand_config(given: &FileUpdate) -> Result<(), ClientError> {
    let bytes = Bytes::copy_from_slice(given.update.bytes());
    let channel = ChannelId::from(given.update.channel_id());
    let what = match JudgedStatement::read(&bytes).transpose()? {
        Some(statement) => format!("what `{}` attests of its nodes", statement.msp_id),
        None => match JudgedSettings::read(&channel, &bytes) {
            Ok((id, _)) => format!("a change of the contract's settings, of proposal `{id}`"),
            Err(_) => return Ok(()),
        },
    };
    let text = format!("`{}` is {what}, and no update of the config", given.name);
    Err(
        ClientError::new(Exit::Usage, "NOT_AN_UPDATE", text).hint(format!(
            "cmscc update inspect {0} shows it, cmscc sign --in {0} --out FILE signs it",
            given.name
        )),
    )
}

/// Refuses what updates no channel that there is.
fn demand_update(name: &str, update: &Update) -> Result<(), ClientError> {
    let Some((channel, consortium)) = channel_creation(update) else {
        return Ok(());
    };
    let text = format!(
        "`{name}` makes channel `{channel}` for consortium `{consortium}`: that is judged by the ordering \
         service's system channel, which Fabric 3 does not have any more"
    );
    Err(ClientError::new(Exit::Failed, "CHANNEL_CREATION", text).hint(
        "`configtxgen -outputBlock` makes the genesis block of a channel, `osnadmin channel join` brings it to \
         orderers",
    ))
}

/// What comes next.
enum NextStep {
    Command(String),
    Words(String),
}

/// What comes next with a sign request, which is no update that is sent.
fn of_request(args: &UpdateCheckArgs, checked: &CheckedUpdate) -> Option<NextStep> {
    let file = args.file.path().display();
    match checked.outcome {
        CheckOutcome::NotSigned => Some(NextStep::Command(format!(
            "cmscc sign --in {file} --out FILE"
        ))),
        CheckOutcome::Accepted => Some(NextStep::Words(
            "it is signed enough: whoever sent it submits it".to_owned(),
        )),
        _ => None,
    }
}

/// `files`: those that hold this very update, and whether somebody signed it there.
// SECURITY: nobody is told to sign a file that holds another update than the one that was judged
fn next(
    args: &UpdateCheckArgs,
    checked: &CheckedUpdate,
    files: &[(String, bool)],
    is_computed: bool,
) -> Option<NextStep> {
    let (file, against) = (args.file.path().display(), args.against.display());
    let signed = files.iter().filter(|(_, is_signed)| *is_signed);
    let signed: Vec<&str> = signed.map(|(name, _)| name.as_str()).collect();
    let first = signed.first().copied();
    let first = first.or_else(|| files.first().map(|(name, _)| name.as_str()));
    let command = match (checked.outcome, first) {
        (CheckOutcome::Accepted, Some(_)) if !signed.is_empty() => {
            let files = match is_computed {
                true => signed.join(" "),
                false => format!("{file} {}", signed.join(" ")),
            };
            format!("cmscc update merge {files} --against {against} -o signed.pb")
        }
        (CheckOutcome::Accepted, _) | (CheckOutcome::NotSigned, None) if is_computed => {
            format!("cmscc update compute {against} {file} -o update.pb")
        }
        (CheckOutcome::Accepted, _) => format!(
            "peer channel update -f {file} -c {} -o ORDERER",
            checked.update.channel_id()
        ),
        (CheckOutcome::NotSigned, Some(first)) if is_computed => {
            format!("cmscc update sign {first} --against {against} -o signed.pb")
        }
        (CheckOutcome::NotSigned, _) => {
            format!("cmscc update sign {file} --against {against} -o signed.pb")
        }
        (CheckOutcome::Blocked, _) => {
            let name = *checked.blocking().first()?;
            return Some(NextStep::Words(format!(
                "whoever wants it all the same: --accept-finding {name}"
            )));
        }
        (CheckOutcome::Stale, _) => {
            let text = "compute it again from the config of now; it has to be signed again, too";
            return Some(NextStep::Words(text.to_owned()));
        }
        _ => return None,
    };
    Some(NextStep::Command(command))
}
