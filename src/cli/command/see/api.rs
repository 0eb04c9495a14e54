//! `cmscc api`: any function of the contract.

use std::{collections::BTreeMap, fs, io::Write, process::ExitCode};

use bytes::Bytes;

use super::reach::{Reach, on_screen};
use crate::{
    cli::{
        args::ApiArgs,
        output,
        screen::Screen,
        show::{Line, Tone},
    },
    client::{ClientError, Exit},
    transaction::ChaincodeCall,
};

pub(in crate::cli) fn run(args: &ApiArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        call(args, screen).await
    })
}

async fn call(args: &ApiArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let mut arguments = vec![Bytes::from(args.function.clone())];
    for argument in &args.args {
        arguments.push(given(argument)?);
    }
    let mut transient = BTreeMap::new();
    for field in &args.transient {
        let Some((name, value)) = field.split_once('=') else {
            let text = format!("`{field}` is not NAME=VALUE");
            return Err(ClientError::new(Exit::Usage, "BAD_TRANSIENT", text));
        };
        transient.insert(name.to_owned(), given(value)?);
    }
    let reach = Reach::new(&args.client)?;
    let call = ChaincodeCall {
        channel: reach.connection.channel().clone(),
        args: arguments,
        transient,
        is_init: false,
    };
    let answer = match args.submit {
        true => {
            let submitting = reach.connection.submit(call);
            let done = screen.wait("waiting for the block", submitting).await?;
            let text = format!("in block {}, transaction {}", done.block, done.tx_id);
            screen.note(&Line::of(Tone::Dim, text));
            done.answer
        }
        false => {
            let chaincode = reach.connection.chaincode();
            let asking = reach.connection.evaluate(chaincode, call);
            let answer = screen.wait("asking the contract", asking).await?;
            if !QUERIES.iter().any(|start| args.function.starts_with(start)) {
                let text = "this was only evaluated, and nothing is recorded: --submit";
                screen.note(&Line::of(Tone::Waiting, text));
            }
            answer
        }
    };
    print(&answer)?;
    Ok(Exit::Done)
}

/// What functions begin with that only read.
const QUERIES: &[&str] = &["Check", "Export", "Get", "List", "Prepare", "get", "org."];

/// An argument: what is in a file behind `@`, otherwise the text itself.
fn given(argument: &str) -> Result<Bytes, ClientError> {
    match argument.strip_prefix('@') {
        None => Ok(Bytes::copy_from_slice(argument.as_bytes())),
        Some(text) if text.starts_with('@') => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Some(file) => fs::read(file).map(Bytes::from).map_err(|error| {
            let text = format!("cannot read `{file}`: {error}");
            ClientError::new(Exit::Usage, "UNREADABLE", text)
        }),
    }
}

// SECURITY: members wrote what is in an answer; of a JSON document escapes change nothing
/// Prints an answer: a JSON document with hidden characters as escapes, anything else as it is where
/// no terminal reads it.
fn print(answer: &Bytes) -> Result<(), ClientError> {
    use std::io::IsTerminal;
    let text = std::str::from_utf8(answer);
    let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(answer).is_ok();
    match text {
        Ok(text) if is_json => output::foreign_json(&pretty(text)),
        Ok(text) if std::io::stdout().is_terminal() => output::foreign(text),
        _ if std::io::stdout().is_terminal() => {
            let text = format!(
                "{} bytes that are no text: write them into a file",
                answer.len()
            );
            return Err(ClientError::new(Exit::Failed, "BINARY", text));
        }
        _ => {
            let mut out = std::io::stdout().lock();
            // that nobody wants to read on is no failure
            let _ = out.write_all(answer).and_then(|()| out.flush());
        }
    }
    Ok(())
}

/// A document with a line for each member; as it is where it is nested too deep for that.
fn pretty(document: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(document);
    value.map_or_else(|_| document.to_owned(), |value| format!("{value:#}"))
}
