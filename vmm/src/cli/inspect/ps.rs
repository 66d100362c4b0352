//! `vmm ps`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, size};
use super::target::Target;
use clap::Args;
use vmm::inspect::look::{self, TaskTree};

const EXAMPLES: &str = "\
The columns are those of Fuchsia's `ps`: PSS is PRIVATE and the process's part of SHARED.

Examples:
  vmm ps                          the only VM that runs
  vmm ps -t --vm NAME             with the threads
  vmm ps --json | jq '.processes[] | select(.state == \"dead\") | .return_code'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct PsArgs {
    /// Shows the threads, too; `--json` always does
    #[arg(short, long)]
    threads: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &PsArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let answer = look::tasks(&paused, &survey, &mut problems);
    let standstill = paused.resume()?;
    let head = Head {
        command: "ps",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output.print(&head, &answer, |stream| {
        table(&answer, args.threads).print(stream)
    })
}

fn table(tree: &TaskTree, threads: bool) -> Table {
    let mut table = Table::new(&[
        Column::Text("TASK"),
        Column::Number("PSS"),
        Column::Number("PRIVATE"),
        Column::Number("SHARED"),
        Column::Number("MAPPED"),
        Column::Number("#HND"),
        Column::Text("STATE"),
        Column::Text("NAME"),
    ]);
    let none = || String::new();
    if let Some(job) = &tree.job {
        let task = format!("j:{}", job.koid);
        let name = job.name.clone();
        table.row([task, none(), none(), none(), none(), none(), none(), name]);
    }
    for process in &tree.processes {
        let memory = |of: fn(&look::TaskMemory) -> u64| {
            process.memory.as_ref().map_or_else(none, |m| size(of(m)))
        };
        let state = match process.return_code {
            Some(code) => format!("{} ({code})", process.state),
            None => process.state.to_owned(),
        };
        table.row([
            format!("  p:{}", process.koid),
            memory(look::TaskMemory::proportional),
            memory(|memory| memory.private),
            memory(|memory| memory.shared),
            memory(|memory| memory.mapped),
            process.handles.to_string(),
            state,
            process.name.clone(),
        ]);
        for thread in process.threads.iter().filter(|_| threads) {
            let task = format!("    t:{}", thread.koid);
            let (state, name) = (thread.state.to_owned(), thread.name.clone());
            table.row([task, none(), none(), none(), none(), none(), state, name]);
        }
    }
    table
}
