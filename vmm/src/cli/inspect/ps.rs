//! `vmm ps`.

use super::output::{Head, OutputArgs};
use super::table::{Column, Table};
use super::target::Target;
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub struct PsArgs {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Answer {
    processes: Vec<u64>,
}

pub fn run(args: &PsArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let (survey, standstill) = inspector.survey()?;
    let answer = Answer {
        processes: survey.processes.iter().map(|p| p.koid()).collect(),
    };
    let head = Head {
        command: "ps",
        origin: inspector.origin(),
        standstill,
        problems: &survey.problems,
    };
    args.output.print(&head, &answer, |stream| {
        let mut table = Table::new(&[Column::Number("KOID"), Column::Text("NAME")]);
        for process in &survey.processes {
            table.row([process.koid().to_string(), process.view.name().into_owned()]);
        }
        table.print(stream)
    })
}
