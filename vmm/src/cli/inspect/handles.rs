//! `vmm handles`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs, tell_dead};
use super::rights;
use super::table::{Column, Table, address};
use super::target::Target;
use clap::Args;
use clap::builder::PossibleValuesParser;
use vmm::inspect::ProcessSelector;
use vmm::inspect::look::{self, HandleInfo, HandleList};

const EXAMPLES: &str = "\
RKOID is the job of a process and the process of a thread; #HND how many handles to the object
there are, in all processes. In RIGHTS, `default` stands for what a new object's handle has of its
type, with what is more or less behind it.

Examples:
  vmm handles hello               those of the process of that name
  vmm handles 1027 --type vmo     those to VMOs
  vmm handles 1027 --json | jq '.handles[] | select(.rights | index(\"WRITE\"))'";

/// What a handle can lead to.
const TYPES: [&str; 9] = [
    "process", "thread", "vmo", "port", "resource", "job", "vmar", "bti", "pager",
];

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct HandlesArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// Only handles to objects of that type
    #[arg(long = "type", value_name = "TYPE", value_parser = PossibleValuesParser::new(TYPES))]
    kind: Option<String>,

    /// Spells all rights out
    #[arg(short, long)]
    long: bool,

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
    tell_dead(args.output, process, !answer.handles.is_empty(), "handles");
    if let Some(kind) = &args.kind {
        answer.handles.retain(|handle| handle.object_type == *kind);
    }
    let head = Head {
        command: "handles",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output.print(&head, &answer, |stream| {
        table(&answer, args.long).print(stream)
    })
}

fn table(list: &HandleList, long: bool) -> Table {
    let mut table = Table::new(&[
        Column::Number("HANDLE"),
        Column::Number("KOID"),
        Column::Number("RKOID"),
        Column::Text("TYPE"),
        Column::Number("#HND"),
        Column::Text("NAME"),
        Column::Text("RIGHTS"),
    ]);
    let rows = list.handles.iter().map(|handle| row(handle, long));
    rows.for_each(|row| table.row(row));
    table
}

fn row(handle: &HandleInfo, long: bool) -> [String; 7] {
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
        match long {
            true => handle.rights.join(" ").to_lowercase(),
            false => rights::short(&handle.object_type, &handle.rights),
        },
    ]
}
