//! `vmm handles`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, address};
use super::target::Target;
use clap::Args;
use vmm::inspect::ProcessSelector;
use vmm::inspect::look::{self, HandleInfo, HandleList};

const EXAMPLES: &str = "\
RKOID is the job of a process and the process of a thread; #HND how many handles to the object
there are, in all processes.

Examples:
  vmm handles hello               those of the process of that name
  vmm handles 1027 --type vmo     those to VMOs
  vmm handles 1027 --json | jq '.handles[] | select(.rights | index(\"WRITE\"))'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct HandlesArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// Only handles to objects of that type, such as `vmo`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &HandlesArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let process = survey.process(&args.process)?;
    let mut answer = look::handles(&paused, process, &mut problems);
    let standstill = paused.resume()?;
    if let Some(kind) = &args.kind {
        answer.handles.retain(|handle| handle.object_type == *kind);
    }
    let head = Head {
        command: "handles",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output
        .print(&head, &answer, |stream| table(&answer).print(stream))
}

fn table(list: &HandleList) -> Table {
    let mut table = Table::new(&[
        Column::Number("HANDLE"),
        Column::Number("KOID"),
        Column::Number("RKOID"),
        Column::Text("TYPE"),
        Column::Number("#HND"),
        Column::Text("NAME"),
        Column::Text("RIGHTS"),
    ]);
    let rows = list.handles.iter().map(row);
    rows.for_each(|row| table.row(row));
    table
}

fn row(handle: &HandleInfo) -> [String; 7] {
    let related = match handle.related_koid {
        0 => String::new(),
        koid => koid.to_string(),
    };
    [
        address(handle.value),
        handle.koid.to_string(),
        related,
        handle.object_type.clone(),
        handle.count.to_string(),
        handle.name.clone().unwrap_or_default(),
        handle.rights.join(" ").to_lowercase(),
    ]
}
