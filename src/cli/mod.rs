//! The command line: arguments, settings, output and one file per command.

pub mod command;
