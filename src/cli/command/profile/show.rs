//! `cmscc profile show`

use serde::Serialize;

use crate::{
    cli::{
        args::ProfileShowArgs,
        screen::Screen,
        show::{Line, Look, Tone, giving, grid, whole},
        terminal::Problem,
    },
    client::{self, ClientError, NetworkFlags, Survey},
};

/// Shows which settings hold. Settings that are missing are no failure: a flag may give them later.
pub(super) fn run(
    args: &ProfileShowArgs,
    mut flags: NetworkFlags,
    screen: &Screen,
) -> Result<(), Vec<ClientError>> {
    if let Some(name) = &args.name {
        flags.profile = Some(name.clone());
    }
    let mut survey = client::on_this_machine(&flags, client::survey);
    let problems = std::mem::take(&mut survey.problems).into_iter();
    let (missing, wrong) = problems.partition(|problem| problem.symbol == "SETTING_MISSING");
    if !Vec::is_empty(&wrong) {
        return Err(wrong);
    }
    survey.problems = missing;
    let report = SurveyReport::new(&survey);
    let drawn = screen.result(&report, None, |look| lines(&survey, args.origin, look));
    drawn.map_err(|error| vec![error])
}

fn lines(survey: &Survey, with_origins: bool, look: Look) -> Vec<Line> {
    let mut lines = vec![head(survey)];
    let columns = [whole(""), giving(""), giving("")];
    let rows = survey.origins.iter().map(|(setting, value, origin)| {
        let origin = match with_origins {
            true => Line::of(Tone::Dim, origin.to_string()),
            false => Line::new(),
        };
        let name = Line::of(Tone::Dim, setting.key());
        vec![name, Line::plain(value), origin]
    });
    lines.extend(grid(&columns, rows.collect(), look));
    for problem in &survey.problems {
        let hint = problem.hint.as_deref().unwrap_or_default();
        let line = Line::of(Tone::Waiting, &problem.message);
        lines.push(line.and(Tone::Dim, format!(": {hint}")));
    }
    lines
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
