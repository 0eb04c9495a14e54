//! What `doctor` found.

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::Exit;

/// How bad a finding is, the harmless ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// As it should be.
    Ok,
    /// It could not be told: something before it is amiss, or was not asked for.
    Skipped,
    /// Good to know; nothing is amiss.
    Note,
    /// It works, or will not for long, or not for all.
    Warning,
    /// It stands between you and an update that is accepted.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FindingView {
    /// Which of several it is about: the address of a node; null where there is one of it only.
    pub about: Option<String>,
    /// Its stable name, such as `TLS_SERVER_NAME`.
    pub check: &'static str,
    /// What stands behind it, or what others said of it, word for word.
    pub details: Vec<FindingDetail>,
    /// How the program ends where this is the worst: 0 where nothing is amiss, 3 for a warning.
    pub exit_code: u8,
    /// What to do: a command, or a setting; null where nothing is to be done.
    pub fix: Option<String>,
    /// How bad it is.
    pub level: FindingLevel,
    /// The part that it belongs to.
    pub part: DoctorPart,
    /// What was found, in a sentence.
    pub text: String,
}

/// What one of several said, or is like.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FindingDetail {
    /// Who or what: an address, an MSP id, a certificate.
    pub from: String,
    /// The words.
    pub message: String,
}

/// The parts, from this machine outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoctorPart {
    /// This machine: settings, folders, one's own certificate and key.
    Machine,
    /// One's own peers, and the orderer where one is named.
    Nodes,
    /// The channel, and what one is there.
    Channel,
    /// The contract, its definition and its servers.
    Contract,
}

/// What `doctor` found, from this machine outwards.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct DoctorView {
    /// The chaincode that was looked at.
    pub chaincode: Option<String>,
    /// The channel.
    pub channel: Option<String>,
    /// How the program ends.
    pub exit_code: u8,
    /// All findings, in the order in which they are best put right.
    pub findings: Vec<FindingView>,
    /// The worst of them.
    pub worst: FindingLevel,
}

impl DoctorView {
    /// The findings of these checks alone; all of them where none is named.
    pub fn keep(&mut self, names: &[&str]) {
        if names.is_empty() {
            return;
        }
        self.findings.retain(|one| names.contains(&one.check));
        self.sum_up();
    }

    /// Says by the findings which is the worst, and how the program ends: by what is refused for safety,
    /// else by the first error, since what comes later may come of it; else by a warning.
    pub(in crate::client) fn sum_up(&mut self) {
        let levels = self.findings.iter().map(|one| one.level);
        self.worst = match levels.max() {
            Some(FindingLevel::Skipped) | None => FindingLevel::Ok,
            Some(worst) => worst,
        };
        let of = |level: FindingLevel| {
            let found = self.findings.iter().filter(move |one| one.level == level);
            found.map(|one| one.exit_code)
        };
        let is_unsafe = of(FindingLevel::Error).find(|code| *code == Exit::Unsafe as u8);
        let first = is_unsafe.or_else(|| of(FindingLevel::Error).next());
        let code = first.or_else(|| of(FindingLevel::Warning).next());
        self.exit_code = code.unwrap_or_default();
    }
}
