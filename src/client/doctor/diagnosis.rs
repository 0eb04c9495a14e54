//! Findings as they are made, and what becomes of what depends on them.

use super::check::Check;
use crate::client::{
    ClientError, Exit, SEE_DOCTOR,
    view::{DoctorPart, DoctorView, FindingDetail, FindingLevel, FindingView},
};

/// The most words of others that one finding repeats.
const DETAILS: usize = 20;

/// How the program ends where nothing is worse than a warning.
const WARNED: Exit = Exit::No;

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    all: Vec<FindingView>,
    /// The node that is spoken of.
    about: Option<String>,
    orderers: Vec<String>,
}

impl Diagnosis {
    /// From now on it is about this node, or about none.
    pub(super) fn about(&mut self, node: Option<&str>) {
        self.about = node.map(str::to_owned);
    }

    /// As it should be.
    pub(super) fn ok(&mut self, check: Check, text: impl Into<String>) {
        self.add(check, FindingLevel::Ok, Exit::Done, text.into(), None);
    }

    /// Good to know.
    pub(super) fn note(&mut self, check: Check, text: impl Into<String>, fix: Option<String>) {
        self.add(check, FindingLevel::Note, Exit::Done, text.into(), fix);
    }

    /// It works, or will not for long, or not for all.
    pub(super) fn warn(&mut self, check: Check, text: impl Into<String>, fix: impl Into<String>) {
        self.add(
            check,
            FindingLevel::Warning,
            WARNED,
            text.into(),
            Some(fix.into()),
        );
    }

    /// It stands in the way.
    pub(super) fn error(
        &mut self,
        check: Check,
        exit: Exit,
        text: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(
            check,
            FindingLevel::Error,
            exit,
            text.into(),
            Some(fix.into()),
        );
    }

    /// It stands in the way, as an error says it.
    pub(super) fn failed(&mut self, check: Check, error: &ClientError) {
        let text = format!("{}  [{}]", error.message, error.symbol);
        let hint = error.hint.as_deref().map(without_doctor);
        let fix = hint.unwrap_or_else(|| match check.part() {
            DoctorPart::Machine => "cmscc profile show --origin",
            DoctorPart::Nodes => "its log says more",
            DoctorPart::Channel => "cmscc config verify",
            DoctorPart::Contract => "the logs of your peer and of your server say more",
        });
        self.add(
            check,
            FindingLevel::Error,
            error.exit,
            text,
            Some(fix.to_owned()),
        );
        self.said(error.details.clone());
    }

    /// It cannot be told, since another one is amiss.
    pub(super) fn skip(&mut self, checks: &[Check], needs: Check) {
        for check in checks {
            let text = format!("needs {}", needs.name());
            self.add(*check, FindingLevel::Skipped, Exit::Done, text, None);
        }
    }

    /// It cannot be told, for this reason.
    pub(super) fn untold(&mut self, check: Check, why: impl Into<String>) {
        self.add(check, FindingLevel::Skipped, Exit::Done, why.into(), None);
    }

    /// What others said of the finding before.
    pub(super) fn said(&mut self, words: Vec<(String, String)>) {
        if let Some(last) = self.all.last_mut() {
            let left = DETAILS.saturating_sub(last.details.len());
            let words = words.into_iter().take(left);
            let words = words.map(|(from, message)| FindingDetail { from, message });
            last.details.extend(words);
        }
    }

    /// The first of these checks that is amiss at every peer; where none is known to be, the first that
    /// could not be told.
    pub(super) fn blocking(&self, needs: &[Check]) -> Check {
        let first = |level: FindingLevel| {
            let mut needs = needs.iter().copied();
            needs.find(|need| {
                let at_peers = || self.of(*need).filter(|one| !self.is_of_orderer(one));
                let passed = |one: &FindingView| {
                    !matches!(one.level, FindingLevel::Error | FindingLevel::Skipped)
                };
                !at_peers().any(passed) && at_peers().any(|one| one.level == level)
            })
        };
        let amiss = first(FindingLevel::Error).or_else(|| first(FindingLevel::Skipped));
        amiss.unwrap_or(Check::NodeAnswers)
    }

    /// Which nodes order: nobody depends on what they say.
    pub(super) fn orderers(&mut self, addresses: Vec<String>) {
        self.orderers = addresses;
    }

    fn is_of_orderer(&self, one: &FindingView) -> bool {
        let about = one.about.as_ref();
        about.is_some_and(|about| self.orderers.contains(about))
    }

    /// Errors of nodes where another node does the same: they are in nobody's way.
    pub(super) fn soften(&mut self, node: &str) {
        for finding in &mut self.all {
            let is_of_node = finding.about.as_deref() == Some(node);
            if is_of_node
                && finding.level == FindingLevel::Error
                && finding.exit_code != Exit::Unsafe as u8
            {
                finding.level = FindingLevel::Warning;
                finding.exit_code = WARNED as u8;
            }
        }
    }

    /// Whether a check passed at a node.
    pub(super) fn passed(&self, check: Check, node: &str) -> bool {
        let mut of = self.of(check);
        of.any(|finding| {
            finding.about.as_deref() == Some(node)
                && !matches!(finding.level, FindingLevel::Error | FindingLevel::Skipped)
        })
    }

    /// Whether a check stands in the way.
    pub(super) fn is_amiss(&self, check: Check) -> bool {
        self.of(check).any(|one| one.level == FindingLevel::Error)
    }

    /// All of them as a document; `reach`: parts behind it were not asked for.
    pub(super) fn done(
        self,
        reach: DoctorPart,
        channel: Option<String>,
        chaincode: Option<String>,
    ) -> DoctorView {
        let mut view = DoctorView {
            chaincode,
            channel,
            exit_code: 0,
            findings: self.all,
            worst: FindingLevel::Ok,
        };
        view.findings.retain(|finding| finding.part <= reach);
        for finding in &mut view.findings {
            let about = finding.about.as_mut();
            if let Some(about) = about.filter(|about| self.orderers.contains(about)) {
                about.push_str(" (orderer)");
            }
        }
        view.sum_up();
        view
    }

    fn of(&self, check: Check) -> impl Iterator<Item = &FindingView> {
        let all = self.all.iter();
        all.filter(move |finding| finding.check == check.name())
    }

    fn add(
        &mut self,
        check: Check,
        level: FindingLevel,
        exit: Exit,
        text: String,
        fix: Option<String>,
    ) {
        self.all.push(FindingView {
            about: self.about.clone().filter(|_| check.is_of_node()),
            check: check.name(),
            details: Vec::new(),
            exit_code: exit as u8,
            fix,
            level,
            part: check.part(),
            text,
        });
    }
}

/// A hint without the way to where one is.
fn without_doctor(hint: &str) -> &str {
    hint.split_once(SEE_DOCTOR)
        .map_or(hint, |(before, _)| before)
}

/// A word of others that may stand in a command which somebody copies; `None` of what a shell would read
/// as more than a word.
// SECURITY: peers and members choose names; a fix is pasted into a shell
pub(super) fn word(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    (starts && text.len() <= 253 && text.chars().all(is_plain)).then_some(text)
}
