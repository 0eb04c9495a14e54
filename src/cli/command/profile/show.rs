//! `cmscc profile show`

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::{
        args::ProfileShowArgs,
        show::{Line, Tone, giving, grid, whole},
        terminal::{self, Problem},
    },
    client::{self, NetworkFlags, Survey},
};

/// Shows which settings hold. Settings that are missing are no failure: a flag may give them later.
pub(super) fn run(args: &ProfileShowArgs, mut flags: NetworkFlags, json: bool) -> ExitCode {
    if let Some(name) = &args.name {
        flags.profile = Some(name.clone());
    }
    let survey = client::on_this_machine(&flags, client::survey);
    let (missing, wrong): (Vec<_>, Vec<_>) =
        (survey.problems.iter().cloned()).partition(|problem| problem.symbol == "SETTING_MISSING");
    if json && wrong.is_empty() {
        return terminal::document(&SurveyReport::new(&survey));
    }
    if !wrong.is_empty() {
        return terminal::refused(&wrong, json);
    }
    let mut lines = vec![head(&survey)];
    let columns = [whole(""), giving(""), giving("")];
    let rows = survey.origins.iter().map(|(setting, value, origin)| {
        let origin = match args.origin {
            true => Line::of(Tone::Dim, origin.to_string()),
            false => Line::new(),
        };
        vec![
            Line::of(Tone::Dim, setting.key()),
            Line::plain(value),
            origin,
        ]
    });
    lines.extend(grid(&columns, rows.collect(), terminal::look()));
    for problem in &missing {
        let hint = problem.hint.as_deref().unwrap_or_default();
        let line = Line::of(Tone::Waiting, &problem.message);
        lines.push(line.and(Tone::Dim, format!(": {hint}")));
    }
    terminal::say(&lines);
    ExitCode::SUCCESS
}

fn head(survey: &Survey) -> Line {
    match &survey.profile {
        Some((name, is_named)) => {
            let how = match is_named {
                true => "",
                false => "  the current one",
            };
            Line::of(Tone::Accent, name).and(Tone::Dim, how)
        }
        None => Line::of(Tone::Dim, "no profile"),
    }
}

/// The settings that hold.
#[derive(Serialize)]
struct SurveyReport<'a> {
    profile: Option<&'a str>,
    file: Option<String>,
    settings: Vec<SettingReport<'a>>,
    missing: Vec<Problem<'a>>,
}

/// A setting and its origin.
#[derive(Serialize)]
struct SettingReport<'a> {
    name: &'a str,
    value: &'a str,
    origin: String,
}

impl<'a> SurveyReport<'a> {
    fn new(survey: &'a Survey) -> Self {
        let settings = survey
            .origins
            .iter()
            .map(|(setting, value, origin)| SettingReport {
                name: setting.key(),
                value,
                origin: origin.to_string(),
            });
        Self {
            profile: survey.profile.as_ref().map(|(name, _)| name.as_str()),
            file: survey.file.as_ref().map(|path| path.display().to_string()),
            settings: settings.collect(),
            missing: survey.problems.iter().map(Problem::of).collect(),
        }
    }
}
