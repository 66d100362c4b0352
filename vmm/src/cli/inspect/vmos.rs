//! `vmm vmos`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs, tell_dead};
use super::rights;
use super::table::{Column, Table, size};
use super::target::Target;
use clap::Args;
use vmm::inspect::ProcessSelector;
use vmm::inspect::look::{self, VmoInfo, VmoList};

const EXAMPLES: &str = "\
The columns are those of Fuchsia's `vmos`: #CHLD children, #MAP mappings, ALLOC what is resident;
SHARED is the part of ALLOC that snapshots share. Of a process: one line for each handle, with its
rights, and one for each mapping.

Examples:
  vmm vmos                        all of them
  vmm vmos hello                  what that process has handles to, or maps
  vmm vmos --json | jq '.vmos[] | select(.committed > 1000000) | .name'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct VmosArgs {
    /// The process, by koid or name, whose VMOs are shown [default: all VMOs there are]
    #[arg(value_name = "PID")]
    process: Option<ProcessSelector>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &VmosArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let process = match &args.process {
        Some(process) => Some(survey.process(process)?),
        None => None,
    };
    let answer = look::vmos(&paused, &survey, process, &mut problems);
    let standstill = paused.resume()?;
    if let Some(process) = process {
        tell_dead(args.output, process, !answer.vmos.is_empty(), "VMOs");
    }
    let head = Head {
        command: "vmos",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output
        .print(&head, &answer, |stream| table(&answer).print(stream))
}

fn table(list: &VmoList) -> Table {
    let of_process = list.process.is_some();
    let last = if of_process { "RIGHTS" } else { "MAPPED BY" };
    let mut table = Table::new(&[
        Column::Number("KOID"),
        Column::Text("KIND"),
        Column::Number("PARENT"),
        Column::Number("#CHLD"),
        Column::Number("#MAP"),
        Column::Number("SIZE"),
        Column::Number("ALLOC"),
        Column::Number("SHARED"),
        Column::Text("CACHE"),
        Column::Text("NAME"),
        Column::Text(last),
    ]);
    for vmo in &list.vmos {
        let resident = &vmo.resident;
        table.row([
            koid(vmo.koid),
            vmo.kind.to_owned(),
            koid(vmo.parent),
            vmo.children.to_string(),
            vmo.mappings.to_string(),
            size(vmo.size),
            size(resident.committed),
            size(resident.committed.saturating_sub(resident.private)),
            vmo.cache_policy.to_owned(),
            vmo.name.clone(),
            if of_process { via(vmo) } else { users(vmo) },
        ]);
    }
    table
}

fn koid(koid: u64) -> String {
    match koid {
        0 => "-".to_owned(),
        koid => koid.to_string(),
    }
}

fn via(vmo: &VmoInfo) -> String {
    match &vmo.handle_rights {
        None => "(mapping)".to_owned(),
        Some(names) => rights::short("vmo", names),
    }
}

fn users(vmo: &VmoInfo) -> String {
    let koids: Vec<_> = vmo.mapped_by.iter().map(u64::to_string).collect();
    koids.join(" ")
}
