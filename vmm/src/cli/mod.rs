//! The command line: parse, do, and turn what came of it into one message and one exit
//! code.

mod args;
mod backend;
mod builtin;
mod control;
mod doctor;
mod exit_code;
mod hosted;
mod inspect;
mod logging;
mod program;
mod run;
mod seed;
mod test;
mod test_args;
mod test_output;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use std::io::Write;
use std::process::ExitCode;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Test(args) => test::test(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Inspect(command) => inspect::run(&command),
        Command::List => builtin::list(),
        Command::Completions { shell } => completions(shell),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            // Each message names its cause already.
            complain(&error.to_string());
            exit_code::of_error(&error).into()
        }
    }
}

/// Help and version are no errors; all else is, with a code of its own.
fn usage(error: &clap::Error) -> ExitCode {
    // Whoever closed the stream does not want to be told so.
    let _ = error.print();
    let code = if error.use_stderr() {
        match std::env::args_os().nth(1) {
            Some(command) if command == "test" => exit_code::TEST_USAGE,
            _ => exit_code::USAGE,
        }
    } else {
        exit_code::SUCCESS
    };
    code.into()
}

/// Prints a completion script. It is made in memory first, for its maker panics where it
/// cannot write.
fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vmm", &mut script);
    match std::io::stdout().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit_code::SUCCESS),
    }
}

/// One message on standard error.
fn complain(message: &str) {
    // There is nobody left to tell if this fails.
    // Names of the guest's can be part of it, and what another process says.
    let lines: Vec<_> = message.split('\n').map(inspect::printable).collect();
    let _ = writeln!(std::io::stderr(), "vmm: {}", lines.join("\n"));
}
