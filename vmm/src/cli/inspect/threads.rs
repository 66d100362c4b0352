//! `vmm threads`.

use super::super::exit_code::INSPECT_HELP;
use super::output::{Head, OutputArgs, tell_dead};
use super::table::printable;
use super::target::Target;
use clap::Args;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;
use vmm::boot::builtin_program;
use vmm::inspect::look::{self, ProgramSymbols, StackFrame, ThreadInfo, ThreadList};
use vmm::inspect::{GeneralRegisters, InspectError, ProcessSelector};

const EXAMPLES: &str = "\
Names come from the file that --symbols gives, or from the built-in program of the process's name,
if its code is what the process runs. With a file that has call frame information (-g is enough) a
backtrace needs no frame pointers; without one, it ends where a function has none.

Examples:
  vmm threads hello               the process of that name in the only VM that runs
  vmm threads 1027 --symbols build/program
  vmm threads 1027 --json | jq '.threads[] | {name, state, pc: .registers.rip}'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{INSPECT_HELP}"))]
pub struct ThreadsArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// The program's ELF file, for names and lines
    #[arg(long, value_name = "FILE")]
    symbols: Option<PathBuf>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &ThreadsArgs) -> anyhow::Result<u8> {
    let file = match &args.symbols {
        Some(path) => Some(std::fs::read(path).map_err(|source| InspectError::File {
            path: path.clone(),
            source,
        })?),
        None => None,
    };
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let process = survey.process(&args.process)?;
    let file = file.map(Cow::Owned).or_else(|| {
        let builtin = builtin_program(&process.view.name());
        builtin.map(Cow::Borrowed)
    });
    let symbols = match &file {
        Some(file) => {
            let parsed = ProgramSymbols::parse(file).map_err(|why| {
                let which = match &args.symbols {
                    Some(path) => path.display().to_string(),
                    None => "the built-in program".to_owned(),
                };
                InspectError::Refused(format!("{which}: {why}"))
            });
            Some(parsed?)
        }
        None => None,
    };
    let answer = look::threads(&paused, &survey, process, symbols.as_ref(), &mut problems);
    if let (Some(path), Some(symbols)) = (&args.symbols, &symbols)
        && symbols.bias(paused.memory(), &survey, process).is_none()
    {
        problems.note(format_args!(
            "{}: the process runs other code than this file's, so no names come from it",
            path.display()
        ));
    }
    let standstill = paused.resume()?;
    tell_dead(args.output, process, !answer.threads.is_empty(), "threads");
    let head = Head {
        command: "threads",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output.print(&head, &answer, |stream| {
        print(&answer, survey.machine.elapsed_ns, stream)
    })
}

fn print(list: &ThreadList, elapsed: u64, stream: &mut dyn Write) -> io::Result<()> {
    let mut first = true;
    for thread in &list.threads {
        if !first {
            writeln!(stream)?;
        }
        first = false;
        print_thread(thread, elapsed, stream)?;
    }
    Ok(())
}

fn print_thread(thread: &ThreadInfo, elapsed: u64, stream: &mut dyn Write) -> io::Result<()> {
    let name = printable(&thread.name);
    write!(
        stream,
        "thread {} \"{name}\": {}",
        thread.koid, thread.state
    )?;
    if thread.on_cpu {
        write!(stream, ", on a vCPU")?;
    }
    if let Some(call) = thread.call {
        write!(stream, ", in {call}")?;
    }
    if let Some(waits) = &thread.waits {
        match (waits.object_type, waits.koid) {
            (Some(kind), Some(koid)) => write!(stream, ", for {kind} {koid}")?,
            _ => write!(stream, ", for {}", waits.kind)?,
        }
        if let Some(key) = waits.key {
            let what = match waits.kind {
                "signals" => "signals ",
                "futex" => "at ",
                _ => "offset ",
            };
            write!(stream, " {what}{key}")?;
        }
        match waits.deadline {
            Some(deadline) => write!(stream, " {}", when(deadline, elapsed))?,
            None => write!(stream, " for ever")?,
        }
    }
    writeln!(stream)?;
    if let Some(fault) = &thread.fault {
        let (address, status) = (fault.address, fault.status);
        writeln!(stream, "  page fault at {address}, status {status}")?;
    }
    print_registers(&thread.registers, stream)?;
    let fs = thread.fs_base.0;
    writeln!(stream, "   fs {fs:016x}")?;
    if thread.backtrace.is_empty() {
        return Ok(());
    }
    writeln!(stream, "  backtrace:")?;
    for (number, frame) in thread.backtrace.iter().enumerate() {
        writeln!(stream, "  {number:>3}  {}", frame_text(frame))?;
    }
    writeln!(stream, "       ({})", thread.backtrace_end)
}

/// When a deadline is; `elapsed` is the time of the guest's monotonic clock, or 0.
fn when(deadline: i64, elapsed: u64) -> String {
    let deadline = u64::try_from(deadline).unwrap_or(0);
    let seconds = Duration::from_nanos;
    match deadline.checked_sub(elapsed) {
        _ if elapsed == 0 => format!("until {:.3?} after the start", seconds(deadline)),
        Some(left) => format!("for {:.1?} more", seconds(left)),
        None => "until now".to_owned(),
    }
}

fn print_registers(registers: &GeneralRegisters, stream: &mut dyn Write) -> io::Result<()> {
    for row in registers.rows() {
        for (name, value) in row {
            write!(stream, "  {name:>3} {value:016x}")?;
        }
        writeln!(stream)?;
    }
    let (rip, flags) = (registers.rip.0, registers.rflags.0);
    write!(stream, "  rip {rip:016x}  flg {flags:016x}")
}

fn frame_text(frame: &StackFrame) -> String {
    let mut text = frame.pc.to_string();
    let place = match (&frame.symbol, &frame.module) {
        (Some(symbol), _) => symbol.clone(),
        (None, Some(module)) => format!("({module})"),
        (None, None) => "(not mapped)".to_owned(),
    };
    text.push_str("  ");
    text.push_str(&place);
    if let Some(offset) = frame.offset {
        text.push_str(&format!("+{offset:#x}"));
    }
    if let Some(location) = &frame.location {
        text.push_str(&format!("  at {location}"));
    }
    printable(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_told_from_now_on() {
        let second = 1_000_000_000;
        let told = [
            when(5 * 1_000_000_000, 2 * second),
            when(1_500_000_000, 0),
            when(5, 2 * second),
            when(-5, 2 * second),
        ];
        let wanted = [
            "for 3.0s more",
            "until 1.500s after the start",
            "until now",
            "until now",
        ];
        assert_eq!(told, wanted);
    }
}
