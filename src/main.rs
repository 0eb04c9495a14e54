//! The `cmscc` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cmscc::cli::main()
}
