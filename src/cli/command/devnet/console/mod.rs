//! `cmscc devnet try`: a network in this process whose peers use a chaincode server that somebody else
//! runs, and a line for each call of it.
//!
//! | file | what it is |
//! |---|---|
//! | `line` | what a line asks for |
//! | `setup` | the network, as the arguments describe it |
//! | `trial` | the network at work: runs calls |
//! | `tell` | what came of a call, for people and as JSON |

mod line;
mod setup;
mod tell;
mod trial;

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    process::ExitCode,
};

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

use self::{line::ConsoleLine, tell::Teller, trial::Trial};
use crate::cli::{args::TryArgs, output};

const HELP: &str = "\
submit [OPTIONS] FUNCTION ARGS..     have a call endorsed, ordered and committed
evaluate [OPTIONS] FUNCTION ARGS..   ask one peer, and write nothing
help, quit

  --as WHO                 who calls: Org1 or Org1.User1, an ordinary user; Org1.Admin
  --endorse ORG,..         whose peers endorse what is submitted [default: all]
  --at ORG                 whose peer is asked [default: the caller's]
  --transient NAME=VALUE   transient data; may be given several times
  --init                   the peer sends INIT

Words are split as a shell does it: 'two words' are one argument. Lines that begin with # are left out.

  submit --as Org2.Admin Create a1 blue
  submit --transient 'price={\"amount\":7}' Offer a1 '{\"reserve\":5}'
  evaluate List a b";

pub(super) fn run(args: &TryArgs) -> anyhow::Result<ExitCode> {
    let plan = match setup::Plan::read(args) {
        Ok(plan) => plan,
        Err(errors) => return Ok(output::misconfigured(&errors)),
    };
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let interactive = args.execute.is_empty() && io::stdin().is_terminal();
    let trial = runtime.block_on(Trial::start(&plan))?;
    let mut console = Console {
        teller: Teller::new(args.json, interactive),
        runtime,
        trial,
        failed: false,
    };
    console.teller.greet(&plan, console.trial.registered());
    if !args.execute.is_empty() {
        for line in &args.execute {
            console.take(line);
        }
        return Ok(console.end());
    }
    console.teller.prompt();
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read the next line")?;
        if !console.take(&line) {
            return Ok(console.end());
        }
        console.teller.prompt();
    }
    console.teller.hung_up();
    Ok(console.end())
}

#[derive(Debug)]
struct Console {
    runtime: Runtime,
    trial: Trial,
    teller: Teller,
    failed: bool,
}

impl Console {
    /// Does what a line says; whether others may follow.
    fn take(&mut self, text: &str) -> bool {
        match ConsoleLine::parse(text) {
            Ok(ConsoleLine::Nothing) => {}
            Ok(ConsoleLine::Help) => output::note(HELP),
            Ok(ConsoleLine::Quit) => return false,
            Ok(ConsoleLine::Call(call)) => {
                self.teller.echo(text);
                let outcome = self.runtime.block_on(self.trial.run(&call));
                self.failed |= !outcome.ok();
                self.teller.outcome(&outcome);
            }
            Err(error) => {
                self.teller.echo(text);
                self.failed = true;
                self.teller.misunderstood(&error);
            }
        }
        true
    }

    /// People at a terminal have seen what failed; scripts look at the exit code.
    fn end(self) -> ExitCode {
        match self.failed && !self.teller.is_interactive() {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        }
    }
}
