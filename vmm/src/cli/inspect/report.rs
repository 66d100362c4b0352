//! `vmm report`.

use super::UsageError;
use super::output::{Head, OutputArgs};
use super::table::counted;
use super::target::Target;
use clap::Args;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use vmm::inspect::report::{FrameKind, Report, ReportSummary};
use vmm::inspect::{InspectError, Output};

/// Shown by `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  vmm report -o guest.html                    the only VM that runs
  vmm report --vm build7 -o build7.html       the one of that name
  vmm report --image crash.elf -o crash.html  a saved one
  vmm report -o - | gzip > guest.html.gz      to standard output

In the page: / goes to the search box; guest.html#q=NAME opens it with a search made,
guest.html#k1034 at the object with that koid, guest.html#by=process with the frames in
the colours of their processes.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// The file to write, an HTML page, which appears when it is whole; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Replaces the file if it is there
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    answer: OutputArgs,
}

/// What was written.
#[derive(Serialize)]
struct Answer<'a> {
    /// The file.
    file: &'a Path,
    /// Its size in bytes.
    bytes: u64,
    /// What the page shows, in numbers.
    #[serde(flatten)]
    summary: ReportSummary,
}

pub fn run(args: &ReportArgs) -> anyhow::Result<u8> {
    let to_stdout = args.output.as_os_str() == "-";
    if to_stdout && args.answer.json {
        let reason = "the page and `--json` cannot both go to standard output: give `-o` a file";
        return Err(UsageError(reason.to_owned()).into());
    }
    let mut inspector = args.target.open()?;
    if to_stdout {
        let report = Report::take(&mut inspector)?;
        let mut stdout = BufWriter::new(io::stdout().lock());
        let written = report.write(&mut stdout).and_then(|()| stdout.flush());
        super::output::written(written)?;
        return args.answer.tell(&report.problems, report.standstill);
    }
    let mut output = Output::create(&args.output, args.force)?;
    let report = Report::take(&mut inspector)?;
    let bytes = write(&report, args, &mut output)?;
    output.finish()?;
    let answer = Answer {
        file: &args.output,
        bytes,
        summary: report.summary(),
    };
    let head = Head {
        command: "report",
        origin: &report.origin,
        standstill: report.standstill,
        problems: &report.problems,
    };
    args.answer.print(&head, &answer, |stream| {
        let summary = &answer.summary;
        let frames: u64 = summary.frames.iter().map(|total| total.frames).sum();
        let idle = |kind| matches!(kind, FrameKind::Free | FrameKind::NeverUsed);
        let used = summary.frames.iter().filter(|total| !idle(total.kind));
        writeln!(
            stream,
            "{}: {}, {}, {}, {}; {} of {frames} frames used",
            answer.file.display(),
            counted(summary.processes as u64, "process"),
            counted(summary.threads as u64, "thread"),
            counted(summary.vmos as u64, "VMO"),
            counted(summary.handles as u64, "handle"),
            used.map(|total| total.frames).sum::<u64>(),
        )
    })
}

/// Writes the page; returns its bytes.
fn write(report: &Report, args: &ReportArgs, output: &mut Output) -> Result<u64, InspectError> {
    let mut stream = BufWriter::new(&mut *output);
    let written = report.write(&mut stream).and_then(|()| stream.flush());
    drop(stream);
    written.map_err(|source| InspectError::Output {
        path: args.output.clone(),
        source,
    })?;
    Ok(output.position())
}
