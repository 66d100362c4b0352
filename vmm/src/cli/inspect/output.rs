//! Printing an answer: for a person, or as JSON.

use super::super::{complain, exit_code};
use super::table::{counted, printable};
use abi::objects::ProcessState;
use clap::Args;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use vmm::inspect::{Origin, Problems, ProcessRecord, Standstill};

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct OutputArgs {
    /// Writes the answer as one JSON object (docs/inspector-json.md)
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Does not say how long the guest stood still
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// What every answer comes with. In JSON its fields stand beside the answer's own.
#[derive(Debug, Serialize)]
pub struct Head<'a> {
    /// The command's name.
    pub command: &'static str,
    /// Where the guest comes from.
    pub origin: &'a Origin,
    /// How long a live guest stood still.
    pub standstill: Option<Standstill>,
    /// What could not be read.
    pub problems: &'a Problems,
}

#[derive(Serialize)]
struct Whole<'a, A> {
    #[serde(flatten)]
    head: &'a Head<'a>,
    #[serde(flatten)]
    answer: &'a A,
}

impl OutputArgs {
    /// Prints an answer (a structure), or what `text` makes of it; then, on standard error,
    /// what is lacking and how long the guest stood still. Returns the exit code.
    pub fn print<A: Serialize>(
        self,
        head: &Head<'_>,
        answer: &A,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<u8> {
        let mut stdout = BufWriter::new(io::stdout().lock());
        let printed = if self.json {
            serde_json::to_writer(&mut stdout, &Whole { head, answer })
                .map_err(io::Error::from)
                .and_then(|()| writeln!(stdout))
        } else {
            text(&mut stdout)
        };
        written(printed.and_then(|()| stdout.flush()))?;
        self.tell(head.problems, head.standstill)
    }

    /// Tells on standard error what is lacking and how long the guest stood still. Returns
    /// the exit code.
    pub fn tell(self, problems: &Problems, still: Option<Standstill>) -> anyhow::Result<u8> {
        if let Some(still) = still.filter(|_| !self.quiet && !self.json) {
            complain(&format!("the guest stood still for {:.1?}", still.time()));
        }
        if problems.is_empty() {
            return Ok(exit_code::SUCCESS);
        }
        complain(&format!(
            "not all could be read; {}:\n{problems}",
            counted(problems.count(), "problem")
        ));
        Ok(exit_code::INCOMPLETE)
    }
}

/// Says on standard error why a dead process has none of what was asked for.
pub fn tell_dead(args: OutputArgs, process: &ProcessRecord, has_some: bool, what: &str) {
    if !args.json && !has_some && process.view.state() == ProcessState::DEAD {
        let (koid, name) = (process.koid(), process.view.name());
        let name = printable(&name);
        complain(&format!(
            "process {koid} ({name}) is dead: it has no {what} any more"
        ));
    }
}

/// Nobody reads on: that is no error.
pub fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("standard output"))
        }
        _ => Ok(()),
    }
}
