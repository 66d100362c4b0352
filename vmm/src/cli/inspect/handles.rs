//! `vmm handles`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, address};
use super::target::Target;
use abi::Rights;
use clap::Args;
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

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct HandlesArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// Only handles to objects of that type, such as `vmo`
    #[arg(long = "type", value_name = "TYPE")]
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
            false => short(handle),
        },
    ]
}

/// The rights by what they differ in from those that a new object's handle has; all of them if
/// that is no shorter.
fn short(handle: &HandleInfo) -> String {
    let names = || handle.rights.join(" ").to_lowercase();
    let parsed = handle.rights.iter().map(|name| Rights::from_name(name));
    let (Some(rights), Some(usual)) = (
        parsed.collect::<Option<Rights>>(),
        usual(&handle.object_type),
    ) else {
        return names();
    };
    let mut text = "default".to_owned();
    for (sign, difference) in [('-', usual - rights), ('+', rights - usual)] {
        for (name, _) in difference.iter_names() {
            text.push_str(&format!(" {sign}{}", name.to_lowercase()));
        }
    }
    let all = names();
    if text.len() < all.len() { text } else { all }
}

/// The rights that a new object of that type gets (reference §20.3).
fn usual(object_type: &str) -> Option<Rights> {
    Some(match object_type {
        "process" => Rights::DEFAULT_PROCESS,
        "thread" => Rights::DEFAULT_THREAD,
        "vmo" => Rights::DEFAULT_VMO,
        "port" => Rights::DEFAULT_PORT,
        "resource" => Rights::DEFAULT_RESOURCE,
        "job" => Rights::DEFAULT_JOB,
        "vmar" => Rights::DEFAULT_VMAR,
        "bti" => Rights::DEFAULT_BTI,
        "pager" => Rights::DEFAULT_PAGER,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_told_by_what_is_unusual() {
        let handle = |rights| HandleInfo {
            value: 3.into(),
            object_type: "vmo".to_owned(),
            rights: look::rights_names(rights),
            koid: 1,
            related_koid: 0,
            name: None,
            count: 1,
        };
        let usual = Rights::DEFAULT_VMO;
        assert_eq!(short(&handle(usual)), "default");
        let other = (usual | Rights::RESIZE) - Rights::WRITE;
        assert_eq!(short(&handle(other)), "default -write +resize");
        assert_eq!(short(&handle(Rights::READ)), "read");
        assert_eq!(short(&handle(Rights::empty())), "");
        let odd = Rights::READ | Rights::from_bits_retain(1 << 30);
        assert_eq!(short(&handle(odd)), "read 0x40000000");
    }
}
