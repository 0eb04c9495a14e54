//! The file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{
    hook::{Hook, HookTarget, Webhook, url},
    network::AddressRange,
    span::span,
    window::SubmitWindow,
};
use crate::agent::notice::NoticeKind;

/// How often is looked, where nothing wakes.
const EVERY: Duration = Duration::from_secs(60);
/// How long others can object before a proposal is submitted.
const GRACE: Duration = Duration::from_secs(600);
/// After how long people are told that the agent cannot do its work.
const DEGRADED_AFTER: Duration = Duration::from_secs(180);
/// How long a hook may take.
const HOOK: Duration = Duration::from_secs(30);
/// The most channels, and the most hooks.
const CHANNELS: usize = 1_000;
const HOOKS: usize = 50;

/// What the operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRules {
    /// The channels.
    pub channels: Vec<ChannelRules>,
    /// Whom to tell.
    pub hooks: Vec<Hook>,
    /// How often is looked, where nothing wakes.
    pub every: Duration,
    /// After how long people are told that the agent cannot do its work.
    pub degraded_after: Duration,
    /// Where `/metrics` and the probes are answered; `None`: nowhere.
    pub ops_address: Option<String>,
    /// Whether an admin's identity may be used.
    pub allow_admin_identity: bool,
}

/// What is wanted on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRules {
    /// The profile; `None`: what environment and current profile say.
    pub profile: Option<String>,
    /// The channel; `None`: that of the profile.
    pub channel: Option<String>,
    /// Whether config blocks are handed to the contract.
    pub sync: bool,
    /// Whether and when one's own finished proposals are submitted.
    pub submit: Option<SubmitRules>,
    /// A folder of signature files to hand in.
    pub carry: Option<PathBuf>,
}

/// When a finished proposal is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitRules {
    /// So long after it became ready, so that people can object.
    pub grace: Duration,
    /// Only in these; empty: at any time.
    pub windows: Vec<SubmitWindow>,
}

impl SubmitRules {
    /// Whether one may submit at a time, in seconds since 1970.
    #[must_use]
    pub fn is_open(&self, now: i64) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.holds(now))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentFileContent {
    every: Option<String>,
    degraded_after: Option<String>,
    ops_address: Option<String>,
    #[serde(default)]
    allow_admin_identity: bool,
    #[serde(default)]
    channels: Vec<ChannelContent>,
    #[serde(default)]
    hooks: Vec<HookContent>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelContent {
    profile: Option<String>,
    #[serde(default)]
    channels: Vec<String>,
    sync: Option<bool>,
    submit: Option<bool>,
    grace: Option<String>,
    #[serde(default)]
    windows: Vec<String>,
    carry: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HookContent {
    name: String,
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    channels: BTreeSet<String>,
    exec: Option<Vec<String>>,
    url: Option<String>,
    secret_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    addresses: Vec<String>,
    timeout: Option<String>,
}

impl Default for AgentRules {
    /// One channel, that of environment and current profile; nobody is told.
    fn default() -> Self {
        Self {
            channels: vec![ChannelRules {
                profile: None,
                channel: None,
                sync: true,
                submit: Some(SubmitRules {
                    grace: GRACE,
                    windows: Vec::new(),
                }),
                carry: None,
            }],
            hooks: Vec::new(),
            every: EVERY,
            degraded_after: DEGRADED_AFTER,
            ops_address: None,
            allow_admin_identity: false,
        }
    }
}

impl AgentRules {
    /// Reads the file, whose relative paths are relative to `folder`.
    ///
    /// # Errors
    /// All that is wrong with it, in words.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<String>> {
        let content: AgentFileContent = toml_edit::de::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            vec![format!("line {line}: {}", error.message())]
        })?;
        let mut reading = Reading {
            folder,
            wrong: Vec::new(),
        };
        let rules = reading.rules(content);
        match reading.wrong.is_empty() {
            true => Ok(rules),
            false => Err(reading.wrong),
        }
    }
}

/// What was found wrong so far.
struct Reading<'a> {
    folder: &'a Path,
    wrong: Vec<String>,
}

impl Reading<'_> {
    fn rules(&mut self, content: AgentFileContent) -> AgentRules {
        let given = content.channels.is_empty();
        let channels = content.channels.into_iter().enumerate();
        let mut channels: Vec<_> = channels
            .flat_map(|(at, channel)| {
                self.channel(&format!("channels {}", at.saturating_add(1)), channel)
            })
            .collect();
        if given {
            channels = AgentRules::default().channels;
        }
        if channels.len() > CHANNELS {
            self.wrong
                .push(format!("there are more than {CHANNELS} channels"));
        }
        let mut seen = BTreeSet::new();
        for channel in &channels {
            let name = (channel.profile.clone(), channel.channel.clone());
            if !seen.insert(name) {
                let which = channel.channel.as_deref().or(channel.profile.as_deref());
                self.wrong.push(format!(
                    "channel `{}` is named twice",
                    which.unwrap_or_default()
                ));
            }
        }
        if content.hooks.len() > HOOKS {
            self.wrong
                .push(format!("there are more than {HOOKS} hooks"));
        }
        let mut names = BTreeSet::new();
        let mut hooks = Vec::new();
        for hook in content.hooks {
            if !names.insert(hook.name.clone()) {
                self.wrong
                    .push(format!("hook `{}` is named twice", hook.name));
            }
            hooks.extend(self.hook(hook));
        }
        let every = self.span("every", content.every.as_deref(), EVERY);
        if every < Duration::from_secs(1) {
            self.wrong.push("every: at least `1s`".to_owned());
        }
        AgentRules {
            channels,
            hooks,
            every,
            degraded_after: self.span(
                "degraded_after",
                content.degraded_after.as_deref(),
                DEGRADED_AFTER,
            ),
            ops_address: content.ops_address,
            allow_admin_identity: content.allow_admin_identity,
        }
    }

    fn channel(&mut self, place: &str, content: ChannelContent) -> Vec<ChannelRules> {
        let submits = content.submit.unwrap_or(true);
        if !submits && (content.grace.is_some() || !content.windows.is_empty()) {
            self.wrong.push(format!(
                "{place}: `grace` and `windows` are for `submit = true`"
            ));
        }
        let windows = content.windows.iter().map(|text| SubmitWindow::parse(text));
        let mut read = Vec::new();
        for window in windows {
            match window {
                Ok(window) => read.push(window),
                Err(why) => self.wrong.push(format!("{place}: {why}")),
            }
        }
        let submit = SubmitRules {
            grace: self.span(&format!("{place}: grace"), content.grace.as_deref(), GRACE),
            windows: read,
        };
        let carry = content.carry.map(|folder| self.folder.join(folder));
        let several = content.channels.len() > 1;
        let names: Vec<Option<String>> = match content.channels.is_empty() {
            true => vec![None],
            false => content.channels.into_iter().map(Some).collect(),
        };
        let each = names.into_iter().map(|channel| ChannelRules {
            carry: match (&carry, &channel) {
                // signatures of several channels in one folder could not be told apart
                (Some(folder), Some(channel)) if several => Some(folder.join(channel)),
                (folder, _) => folder.clone(),
            },
            profile: content.profile.clone(),
            channel,
            sync: content.sync.unwrap_or(true),
            submit: submits.then(|| submit.clone()),
        });
        each.collect()
    }

    fn hook(&mut self, content: HookContent) -> Option<Hook> {
        let name = content.name;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            self.wrong.push(format!(
                "a hook cannot be called `{name}`: letters, digits, `_` and `-`, at most 64 of them"
            ));
        }
        let mut on = BTreeSet::new();
        for kind in &content.on {
            match NoticeKind::named(kind) {
                Some(kind) => {
                    on.insert(kind);
                }
                None => {
                    let names = NoticeKind::ALL.map(NoticeKind::name).join(", ");
                    self.wrong.push(format!(
                        "hook `{name}`: there is no event `{kind}`; there are: {names}"
                    ));
                }
            }
        }
        let target = match (content.exec, content.url) {
            (Some(program), None) => {
                if content.secret_file.is_some()
                    || content.ca_file.is_some()
                    || !content.addresses.is_empty()
                {
                    self.wrong.push(format!(
                        "hook `{name}`: `secret_file`, `ca_file` and `addresses` are for a `url`"
                    ));
                }
                self.program(&name, program)?
            }
            (None, Some(text)) => {
                let mut addresses = Vec::new();
                for range in &content.addresses {
                    match AddressRange::parse(range) {
                        Some(range) => addresses.push(range),
                        None => self.wrong.push(format!("hook `{name}`: `{range}` is no address and no range such as `10.0.0.0/8`")),
                    }
                }
                let url =
                    url(&text).map_err(|why| self.wrong.push(format!("hook `{name}`: {why}")));
                HookTarget::Webhook(Webhook {
                    url: url.ok()?,
                    secret_file: content.secret_file.map(|file| self.folder.join(file)),
                    ca_file: content.ca_file.map(|file| self.folder.join(file)),
                    addresses,
                })
            }
            _ => {
                self.wrong
                    .push(format!("hook `{name}`: it has either `exec` or `url`"));
                return None;
            }
        };
        let timeout = self.span(
            &format!("hook `{name}`: timeout"),
            content.timeout.as_deref(),
            HOOK,
        );
        if timeout.is_zero() || timeout > Duration::from_secs(600) {
            self.wrong.push(format!(
                "hook `{name}`: timeout: more than none, at most `10m`"
            ));
        }
        Some(Hook {
            name,
            on,
            channels: content.channels,
            target,
            timeout,
        })
    }

    fn program(&mut self, hook: &str, mut program: Vec<String>) -> Option<HookTarget> {
        let Some(first) = program.first_mut() else {
            self.wrong.push(format!(
                "hook `{hook}`: `exec` is a program and its arguments"
            ));
            return None;
        };
        if first.contains(char::is_whitespace) {
            self.wrong.push(format!(
                "hook `{hook}`: `{first}` is one word of a list: exec = [\"program\", \"argument\"]; there is no shell"
            ));
        }
        // found by its place, never by PATH
        *first = self.folder.join(&*first).display().to_string();
        Some(HookTarget::Exec(program))
    }

    fn span(&mut self, place: &str, given: Option<&str>, otherwise: Duration) -> Duration {
        let Some(text) = given else {
            return otherwise;
        };
        span(text).unwrap_or_else(|| {
            self.wrong.push(format!(
                "{place}: `{text}` is no time such as `30s`, `10m` or `1h30m`"
            ));
            otherwise
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AgentRules, Vec<String>> {
        AgentRules::parse(text, Path::new("/etc/cmscc"))
    }

    #[test]
    fn a_file_says_channels_and_hooks() {
        let rules = parse(
            r#"
            every = "30s"
            ops_address = "127.0.0.1:9445"

            [[channels]]
            profile = "org1"
            channels = ["trade", "pay"]
            grace = "0"
            windows = ["mon-fri 08:00-18:00"]
            carry = "signatures"

            [[channels]]
            profile = "org1-audit"
            submit = false

            [[hooks]]
            name = "chat"
            on = ["awaits-you", "in-effect"]
            exec = ["hooks/chat.sh", "it's one argument"]

            [[hooks]]
            name = "ops"
            url = "https://hooks.example.com/cmscc"
            secret_file = "ops.secret"
            addresses = ["10.0.0.0/8"]
            "#,
        )
        .unwrap();
        assert_eq!(rules.every, Duration::from_secs(30));
        let [trade, pay, audit] = rules.channels.as_slice() else {
            panic!("three channels");
        };
        assert_eq!(trade.channel.as_deref(), Some("trade"));
        assert_eq!(
            trade.carry.as_deref(),
            Some(Path::new("/etc/cmscc/signatures/trade"))
        );
        assert_eq!(pay.submit.as_ref().unwrap().grace, Duration::ZERO);
        assert_eq!(
            (audit.channel.as_ref(), audit.submit.as_ref()),
            (None, None)
        );
        let [chat, ops] = rules.hooks.as_slice() else {
            panic!("two hooks");
        };
        let HookTarget::Exec(program) = &chat.target else {
            panic!("a program");
        };
        assert_eq!(program, &["/etc/cmscc/hooks/chat.sh", "it's one argument"]);
        assert!(chat.wants(NoticeKind::AwaitsYou, "x") && !chat.wants(NoticeKind::Fork, "x"));
        assert!(ops.wants(NoticeKind::Fork, "x"));
        assert_eq!(parse("").unwrap(), AgentRules::default());
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = parse(
            r#"
            every = "0"
            [[channels]]
            channels = ["a", "a"]
            grace = "soon"
            windows = ["whenever"]
            [[hooks]]
            name = "a b"
            on = ["nothing"]
            exec = ["sh -c x"]
            [[hooks]]
            name = "two"
            exec = ["x"]
            url = "https://x"
            [[hooks]]
            name = "web"
            url = "https://me:secret@x/"
            timeout = "1h"
            addresses = ["here"]
            [[hooks]]
            name = "none"
            exec = []
            "#,
        )
        .unwrap_err()
        .join("\n");
        for part in [
            "every: at least",
            "`a` is named twice",
            "grace: `soon`",
            "`whenever` is no window",
            "cannot be called `a b`",
            "no event `nothing`",
            "there is no shell",
            "either `exec` or `url`",
            "holds no password",
            "`here` is no address",
            "a program and its arguments",
        ] {
            assert!(wrong.contains(part), "{part} is not in:\n{wrong}");
        }
        assert!(!wrong.contains("secret@"), "{wrong}");
        let line = parse("every = \"1s\"\nevry = 2\n").unwrap_err();
        assert!(
            line[0].starts_with("line 2: unknown field `evry`"),
            "{line:?}"
        );
    }
}
