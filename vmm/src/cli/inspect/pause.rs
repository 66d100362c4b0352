//! `vmm pause` and `vmm resume`.

use super::super::exit_code;
use super::output::written;
use anyhow::Context;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use vmm::control::{self, Connection};

/// Shown by `--help` of `vmm pause`.
pub const PAUSE_EXAMPLES: &str = "\
One `vmm resume` lets it go on, however often it was paused.

Examples:
  vmm pause                        the only VM that runs
  vmm pause --vm NAME && vmm ps --vm NAME; vmm resume --vm NAME";

/// Shown by `--help` of `vmm resume`.
pub const RESUME_EXAMPLES: &str = "\
Examples:
  vmm resume                       the only VM that runs
  vmm resume --vm NAME --json | jq .ns
                                   how long it stood still, in nanoseconds";

#[derive(Debug, Args)]
pub struct PauseArgs {
    /// A running VM: its control socket, or its name (the process ID of its `vmm run`, or
    /// what `--name` gave it) [default: the only one that runs]
    #[arg(long, value_name = "PATH|NAME", help_heading = "Guest")]
    vm: Option<PathBuf>,

    /// Writes the answer as one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// Makes the guest stand still, beyond the end of this process.
pub fn pause(args: &PauseArgs) -> anyhow::Result<u8> {
    let (name, mut connection) = connect(args)?;
    let waited = connection.hold()?;
    let answer = serde_json::json!({
        "command": "pause",
        "name": &name,
        "waited_ns": waited.unwrap_or_default().as_nanos(),
        "already": waited.is_none(),
    });
    let text = match waited {
        Some(waited) => format!("{name} stands still after {waited:.1?}, until `vmm resume`"),
        None => format!("{name} is paused already, until `vmm resume`"),
    };
    print(args, &answer, &text)
}

/// Lets a guest go on that was made to stand still.
pub fn resume(args: &PauseArgs) -> anyhow::Result<u8> {
    let (name, mut connection) = connect(args)?;
    let time = connection.release()?;
    let answer = serde_json::json!({
        "command": "resume",
        "name": &name,
        "ns": time.as_nanos(),
    });
    let text = format!("{name} goes on; it stood still for {time:.1?}");
    print(args, &answer, &text)
}

fn connect(args: &PauseArgs) -> anyhow::Result<(String, Connection)> {
    let path = control::find(args.vm.as_deref())?;
    let (connection, _) = Connection::open(&path)?;
    Ok((connection.name().to_owned(), connection))
}

fn print(args: &PauseArgs, answer: &serde_json::Value, text: &str) -> anyhow::Result<u8> {
    let mut stdout = std::io::stdout().lock();
    let result = if args.json {
        writeln!(stdout, "{answer}")
    } else {
        writeln!(stdout, "{text}")
    };
    written(result).context("the answer")?;
    Ok(exit_code::SUCCESS)
}
