//! The command line: boots guests and shows what happens in them.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
