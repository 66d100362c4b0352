//! `vmm lineage`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, address, printable, size};
use super::target::Target;
use clap::Args;
use std::io::{self, Write};
use vmm::inspect::VmoSelector;
use vmm::inspect::look::{self, Lineage, PageRange, Relative};

const EXAMPLES: &str = "\
LIVES: `own` a page of the VMO alone, `shared` one that others have until somebody writes,
`ancestor` a page of a VMO that it looks through to, `pager` not supplied yet, `zero` no page.

Examples:
  vmm lineage 1041                the VMO with that koid
  vmm lineage heap                the only VMO of that name
  vmm lineage 1041 --json | jq '[.ranges[] | select(.lives == \"shared\").length] | add'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct LineageArgs {
    /// The VMO: its koid or its name
    vmo: VmoSelector,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &LineageArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let vmo = survey.vmo(&args.vmo)?;
    let owners = look::frame_owners(&paused, &survey, &mut problems);
    let answer = look::lineage(&paused, &survey, &owners, vmo, &mut problems);
    let standstill = paused.resume()?;
    let head = Head {
        command: "lineage",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output
        .print(&head, &answer, |stream| print(&answer, stream))
}

fn print(lineage: &Lineage, stream: &mut dyn Write) -> io::Result<()> {
    for relative in &lineage.family {
        print_relative(relative, stream)?;
    }
    writeln!(stream)?;
    let mut table = Table::new(&[
        Column::Text("RANGE"),
        Column::Number("SIZE"),
        Column::Text("LIVES"),
        Column::Number("VMO"),
        Column::Number("OFFSET"),
        Column::Number("FRAME"),
        Column::Text("SHARED WITH"),
    ]);
    for range in &lineage.ranges {
        table.row(row(range));
    }
    table.print(stream)
}

fn print_relative(relative: &Relative, stream: &mut dyn Write) -> io::Result<()> {
    let mark = if relative.asked { '>' } else { ' ' };
    // A family of thousands of generations is not drawn to scale.
    let depth = usize::try_from(relative.depth).unwrap_or(0).min(32);
    write!(stream, "{mark} {}", "  ".repeat(depth))?;
    match relative.koid {
        0 => write!(stream, "(private) {}", relative.kind)?,
        koid => write!(stream, "{koid} {}", relative.kind)?,
    }
    write!(stream, " \"{}\"", printable(&relative.name))?;
    let (bytes, own) = (size(relative.size), size(relative.own));
    write!(stream, ", {bytes}, {own} own")?;
    if let Some(source) = relative.source {
        let offset = address(relative.source_offset);
        write!(stream, ", through to {source} at {offset}")?;
    }
    if !relative.ring.is_empty() {
        write!(stream, ", shares with {}", koids(&relative.ring))?;
    }
    if !relative.mapped_by.is_empty() {
        write!(stream, ", mapped by {}", koids(&relative.mapped_by))?;
    }
    if relative.orphan {
        write!(stream, ", orphan")?;
    }
    writeln!(stream)
}

fn koids(koids: &[u64]) -> String {
    let koids: Vec<_> = koids.iter().map(u64::to_string).collect();
    koids.join(" ")
}

fn row(range: &PageRange) -> [String; 7] {
    let end = range.offset.saturating_add(range.length);
    [
        format!("{}-{end:x}", address(range.offset)),
        size(range.length),
        range.lives.to_owned(),
        range.vmo.map(|koid| koid.to_string()).unwrap_or_default(),
        range.vmo_offset.map(address).unwrap_or_default(),
        range.frame.map(address).unwrap_or_default(),
        koids(&range.shared_with),
    ]
}
