//! `vmm frames`.

use super::super::exit_code::INSPECT_HELP;
use super::number;
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, address, size};
use super::target::Target;
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};
use vmm::inspect::look::{self, FrameKind, FrameRun, FrameTotal};
use vmm::inspect::{Hex, InspectError, ProcessSelector, Survey, VmoSelector};

const EXAMPLES: &str = "\
OWNER is a kind of the totals (vmo_page, pool, lost, ...), `free` for all that can still be given
out, `process:PID` for page tables, or `vmo:VMO` for pages and page lists, shared ones among them.

Examples:
  vmm frames                      what RAM is used for
  vmm frames --list               every run of frames and its owner
  vmm frames --owner lost         what nothing leads to
  vmm frames --owner vmo:1030     where the pages of a VMO are
  vmm frames --range 2M+64K       who owns these addresses";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct FramesArgs {
    /// Lists all runs of frames that are alike
    #[arg(long)]
    list: bool,

    /// Lists the runs of that kind or owner
    #[arg(long)]
    owner: Option<String>,

    /// Lists the runs in these guest-physical addresses: START-END (END is not in it) or
    /// START+LENGTH
    #[arg(long, value_name = "RANGE", value_parser = number::range)]
    range: Option<(Hex, Hex)>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Answer<'t> {
    ram: u64,
    managed_frames: u64,
    free_frames: u64,
    pool_frames: u64,
    totals: Vec<FrameTotal>,
    runs: Option<Vec<FrameRun<'t>>>,
}

/// What `--owner` asks for.
enum Wanted {
    Kind(FrameKind),
    Free,
    Koid(u64),
}

impl Wanted {
    fn parse(text: &str, survey: &Survey) -> Result<Self, InspectError> {
        if let Some(process) = text.strip_prefix("process:") {
            let selector = process.parse::<ProcessSelector>();
            let selector = selector.unwrap_or_else(|never| match never {});
            return Ok(Self::Koid(survey.process(&selector)?.koid()));
        }
        if let Some(vmo) = text.strip_prefix("vmo:") {
            let selector = vmo.parse::<VmoSelector>();
            let selector = selector.unwrap_or_else(|never| match never {});
            return Ok(Self::Koid(survey.vmo(&selector)?.koid()));
        }
        if text == "free" {
            return Ok(Self::Free);
        }
        let named = FrameKind::ALL.into_iter().find(|kind| kind.name() == text);
        named.map(Self::Kind).ok_or_else(|| {
            let names = FrameKind::ALL.map(FrameKind::name).join(", ");
            InspectError::NotFound(format!(
                "no owner `{text}`: it is `process:PID`, `vmo:VMO`, free, {names}"
            ))
        })
    }

    fn takes(&self, run: &FrameRun<'_>) -> bool {
        match self {
            Self::Kind(kind) => run.owner.kind == *kind,
            Self::Free => run.owner.kind.is_free(),
            Self::Koid(koid) => run.owner.is_of(*koid),
        }
    }
}

pub fn run(args: &FramesArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let owners = look::frame_owners(&paused, &survey, &mut problems);
    let standstill = paused.resume()?;
    let wanted = match &args.owner {
        Some(owner) => Some(Wanted::parse(owner, &survey)?),
        None => None,
    };
    let takes = |run: &FrameRun<'_>| {
        let within = args
            .range
            .is_none_or(|(start, end)| run.start < end && start < run.end);
        within && wanted.as_ref().is_none_or(|wanted| wanted.takes(run))
    };
    let listed = args.list || wanted.is_some() || args.range.is_some();
    let totals = owners.totals();
    let answer = Answer {
        ram: totals.iter().map(|total| total.bytes).sum(),
        managed_frames: survey.root.managed_frames,
        free_frames: survey.root.free_frames,
        pool_frames: survey.root.pool_frames,
        totals,
        runs: listed.then(|| owners.runs().filter(takes).collect()),
    };
    let head = Head {
        command: "frames",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output
        .print(&head, &answer, |stream| print(&answer, stream))
}

fn print(answer: &Answer<'_>, stream: &mut dyn Write) -> io::Result<()> {
    if let Some(runs) = &answer.runs {
        let mut table = Table::new(&[
            Column::Text("RANGE"),
            Column::Number("FRAMES"),
            Column::Text("OWNER"),
        ]);
        for run in runs {
            table.row([
                format!("{}-{:x}", address(run.start), run.end.0),
                run.frames.to_string(),
                run.owner.to_string(),
            ]);
        }
        return table.print(stream);
    }
    let mut table = Table::new(&[
        Column::Number("FRAMES"),
        Column::Number("BYTES"),
        Column::Text("KIND"),
        Column::Text("OF"),
    ]);
    for total in &answer.totals {
        table.row([
            total.frames.to_string(),
            size(total.bytes),
            total.kind.to_string(),
            total.object.unwrap_or_default().to_owned(),
        ]);
    }
    let frames: u64 = answer.totals.iter().map(|total| total.frames).sum();
    let all = "all of RAM".to_owned();
    table.row([frames.to_string(), size(answer.ram), all, String::new()]);
    table.print(stream)
}
