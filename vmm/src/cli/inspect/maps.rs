//! `vmm maps`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs, tell_dead};
use super::table::{Column, Table, address, size};
use super::target::Target;
use clap::Args;
use vmm::inspect::ProcessSelector;
use vmm::inspect::look::{self, MapRegion, ProcessMaps};

const EXAMPLES: &str = "\
NOW and MAX are the permissions now and those that `zx_vmar_protect` could give (of a VMAR: what
may be mapped in it). RES is what is resident of the VMO there, PTE what the page tables lead to.

Examples:
  vmm maps hello                  the process of that name in the only VM that runs
  vmm maps 1027 --flat            the mappings alone
  vmm maps 1027 --json | jq '.regions[] | select(.mapping.permissions == \"rwx\")'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct MapsArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// Shows the mappings alone, not the VMARs that they stand in
    #[arg(long)]
    flat: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &MapsArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let process = survey.process(&args.process)?;
    let answer = look::maps(&paused, &survey, process, &mut problems);
    let standstill = paused.resume()?;
    tell_dead(args.output, process, !answer.regions.is_empty(), "mappings");
    let head = Head {
        command: "maps",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output.print(&head, &answer, |stream| {
        table(&answer, args.flat).print(stream)
    })
}

fn table(maps: &ProcessMaps, flat: bool) -> Table {
    let mut table = Table::new(&[
        Column::Text("RANGE"),
        Column::Number("SIZE"),
        Column::Text("NOW"),
        Column::Text("MAX"),
        Column::Number("RES"),
        Column::Number("PTE"),
        Column::Number("VMO"),
        Column::Number("OFFSET"),
        Column::Text("NAME"),
    ]);
    let shown = |region: &&MapRegion| !flat || region.mapping.is_some();
    for region in maps.regions.iter().filter(shown) {
        let depth = if flat { 0 } else { region.depth };
        let indent = " ".repeat(usize::try_from(depth).unwrap_or(0));
        let range = format!("{indent}{}-{:x}", address(region.base), region.end.0);
        let row = match &region.mapping {
            Some(mapping) => [
                range,
                size(region.size),
                mapping.permissions.clone(),
                mapping.maximum.clone(),
                size(mapping.resident.committed),
                size(mapping.page_table_bytes),
                match mapping.vmo {
                    0 => "private".to_owned(),
                    koid => koid.to_string(),
                },
                address(mapping.vmo_offset),
                match mapping.joined {
                    true => format!("+ {}", region.name),
                    false => region.name.clone(),
                },
            ],
            None => [
                range,
                size(region.size),
                String::new(),
                region.can_map.clone().unwrap_or_default(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                format!("[{}] {}", region.kind, region.name),
            ],
        };
        table.row(row);
    }
    table
}
