//! The agent's file, and the channels that it names.

use std::{fs, io::ErrorKind, path::PathBuf};

use crate::{
    agent::{AgentChannel, AgentFolder, AgentRules, ChannelRules, admin_identity},
    cli::{args::AgentArgs, command::see::joined},
    client::{
        ClientError, ClientSettings, Exit, NetworkFlags, OwnIdentity, ProfileStore,
        on_this_machine, open_place, survey,
    },
    ids::ChannelId,
};

/// The largest file that is read. Unit: bytes.
const LARGEST: u64 = 1 << 20;

/// What the operator wants; where there is no file, what holds without one.
pub(super) fn rules(args: &AgentArgs) -> Result<AgentRules, ClientError> {
    let named = args.config.clone();
    let path = match &named {
        Some(path) => path.clone(),
        None => match beside_profiles() {
            Some(path) => path,
            None => return Ok(AgentRules::default()),
        },
    };
    let failed = |why: String| {
        let text = format!(
            "the agent's file `{}` cannot be used: {why}",
            path.display()
        );
        ClientError::new(Exit::Usage, "AGENT_FILE_INVALID", text)
    };
    let content = match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            return Ok(AgentRules::default());
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(failed("it is not there".to_owned()).hint(
                "an empty file will do, for the channel of the settings; deploy/systemd/agent.toml is a start",
            ));
        }
        Err(error) => return Err(failed(error.to_string())),
        Ok(found) if found.len() > LARGEST => {
            return Err(failed(format!("it has more than {LARGEST} bytes")));
        }
        Ok(_) => fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?,
    };
    // SECURITY: it says what is started, and where signatures are taken from
    if let Some(open) = open_place(&path) {
        let text = format!(
            "the agent's file `{}` cannot be used: {}",
            path.display(),
            open.what()
        );
        let error = ClientError::new(Exit::Unsafe, "AGENT_FILE_OF_OTHERS", text);
        return Err(error.hint(format!("look what is in it, then: {}", open.remedy())));
    }
    let whole = std::path::absolute(&path).map_err(|error| failed(error.to_string()))?;
    let folder = whole.parent().map(PathBuf::from).unwrap_or_default();
    AgentRules::parse(&content, &folder).map_err(|wrong| {
        let mut wrong = wrong.into_iter();
        let mut error = failed(wrong.next().unwrap_or_default());
        error.details = wrong.map(|one| ("also".to_owned(), one)).collect();
        error.hint("docs/agent.md lists what may stand in it")
    })
}

fn beside_profiles() -> Option<PathBuf> {
    let store = ProfileStore::here().ok()?;
    Some(store.path().with_file_name("agent.toml"))
}

/// What says of which channel one section is.
fn flags_of(args: &AgentArgs, channel: &ChannelRules) -> NetworkFlags {
    let mut flags = args.client.network.flags();
    if channel.profile.is_some() {
        flags.profile.clone_from(&channel.profile);
    }
    if channel.channel.is_some() {
        flags.channel.clone_from(&channel.channel);
    }
    flags
}

/// The settings of each channel; those of the command line hold where the file names no profile.
fn settings_of(args: &AgentArgs, rules: &AgentRules) -> Result<Vec<ClientSettings>, ClientError> {
    let mut all: Vec<ClientSettings> = Vec::new();
    for channel in &rules.channels {
        let (settings, _) = ClientSettings::load(&flags_of(args, channel)).map_err(joined)?;
        let is_same = |other: &ClientSettings| {
            (&other.profile, &other.channel) == (&settings.profile, &settings.channel)
        };
        if all.iter().any(is_same) {
            let text = format!(
                "channel `{}` is named twice in the agent's file",
                settings.channel
            );
            return Err(ClientError::new(Exit::Usage, "AGENT_FILE_INVALID", text));
        }
        all.push(settings);
    }
    Ok(all)
}

/// The channels with the identity of each.
///
/// # Errors
/// What is wrong with settings and identities; `ADMIN_IDENTITY`.
pub(super) fn channels(
    args: &AgentArgs,
    rules: &AgentRules,
) -> Result<Vec<AgentChannel>, ClientError> {
    let mut channels = Vec::new();
    for (settings, rules_of) in settings_of(args, rules)?.into_iter().zip(&rules.channels) {
        channels.push(opened(settings, rules_of, rules.allow_admin_identity)?);
    }
    Ok(channels)
}

fn opened(
    settings: ClientSettings,
    rules: &ChannelRules,
    allow_admin_identity: bool,
) -> Result<AgentChannel, ClientError> {
    // nobody sits there who could be asked for a PIN
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &|_| Ok(None))?;
    let units = identity.certificate().organizational_units();
    if units.iter().any(|unit| unit == "admin") && !allow_admin_identity {
        return Err(admin_identity());
    }
    Ok(AgentChannel {
        rules: rules.clone(),
        settings,
        identity,
    })
}

/// The channel as its files say now; `None` where they say the same.
///
/// # Errors
/// As of [`channels`]; `SETTINGS_CHANGED`: it takes a new start.
pub(super) fn renewed(
    args: &AgentArgs,
    channel: &AgentChannel,
    allow_admin_identity: bool,
) -> Result<Option<AgentChannel>, ClientError> {
    let flags = flags_of(args, &channel.rules);
    let (settings, _) = ClientSettings::load(&flags).map_err(joined)?;
    let old = &channel.settings;
    let kept = |of: &ClientSettings| {
        (
            of.channel.clone(),
            of.msp_id.clone(),
            of.profile.clone(),
            of.state_dir.clone(),
        )
    };
    if kept(&settings) != kept(old) {
        let text = "channel, organisation, profile or state folder changed";
        return Err(ClientError::new(Exit::Usage, "SETTINGS_CHANGED", text)
            .hint("restart the agent to take that"));
    }
    let certificate = settings.identity.certificate()?;
    if settings == *old && certificate.certificate.der() == channel.identity.certificate().der() {
        return Ok(None);
    }
    opened(settings, &channel.rules, allow_admin_identity).map(Some)
}

/// The files of each channel, by its name. It takes channel and state folder alone: neither network nor
/// identity.
pub(super) fn folders(
    args: &AgentArgs,
    rules: &AgentRules,
) -> Result<Vec<(ChannelId, String, AgentFolder)>, ClientError> {
    let mut all = Vec::new();
    for channel in &rules.channels {
        let survey = on_this_machine(&flags_of(args, channel), survey);
        let known = &survey.known;
        let (Some(channel), Some(state)) = (&known.channel, &known.state_dir) else {
            // the channel is looked for first and the folder last; what else is missing is not needed here
            let mut problems = survey.problems.into_iter();
            let problem = match known.channel {
                None => problems.next(),
                Some(_) => problems.next_back(),
            };
            return Err(joined(problem.into_iter().collect()));
        };
        let profile = known.profile.as_deref();
        let folder = AgentFolder::new(state, profile, channel);
        let name = profile.unwrap_or("default").to_owned();
        all.push((channel.clone(), name, folder));
    }
    Ok(all)
}
