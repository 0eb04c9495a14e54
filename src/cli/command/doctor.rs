//! `cmscc doctor`

use std::{cell::RefCell, process::ExitCode};

use super::see::in_runtime;
use crate::{
    cli::{
        args::DoctorArgs,
        screen::{Screen, ask_pin, code},
        show,
    },
    client::{
        self, Check, ClientError, Exit,
        view::{DoctorPart, FindingLevel},
    },
};

pub(in crate::cli) fn run(args: &DoctorArgs) -> ExitCode {
    let screen = Screen::new(&args.client.shown, false);
    match look(args, &screen) {
        Ok(ended) => ended,
        Err(error) => screen.failed(&error),
    }
}

fn look(args: &DoctorArgs, screen: &Screen) -> Result<ExitCode, ClientError> {
    let only = checks(&args.only)?;
    let last = only.iter().map(|check| check.part()).max();
    let reach = last.unwrap_or(DoctorPart::Contract);
    let flags = args.client.network.flags();
    let survey = client::on_this_machine(&flags, client::survey);
    let stage = RefCell::new(String::new());
    let hears = |what: &str| what.clone_into(&mut stage.borrow_mut());
    let ask = |question: &str| ask_pin(&args.client.shown, question);
    let looked = client::check_up(&survey, reach, &hears, &ask);
    let saying = || stage.borrow().clone();
    let mut view = in_runtime()?.block_on(screen.wait_saying(&saying, looked));
    let names: Vec<&str> = only.iter().map(|check| check.name()).collect();
    view.keep(&names);
    if screen.is_quiet() {
        view.findings
            .retain(|one| one.level >= FindingLevel::Warning);
    }
    screen.result(&view, Some("findings"), |look| show::doctor(&view, look))?;
    Ok(match view.exit_code {
        0 => code(Exit::Done),
        other => ExitCode::from(other),
    })
}

/// The checks of these names.
fn checks(names: &[String]) -> Result<Vec<Check>, ClientError> {
    let named = |name: &String| {
        Check::named(name).ok_or_else(|| {
            let all: Vec<&str> = Check::ALL.iter().map(|check| check.name()).collect();
            let text = format!("there is no check `{name}`");
            let error = ClientError::new(Exit::Usage, "UNKNOWN_CHECK", text);
            error.hint(format!("the checks are: {}", all.join(", ")))
        })
    };
    names.iter().map(named).collect()
}
