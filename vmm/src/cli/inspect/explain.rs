//! `vmm explain`.

use super::number::{Address, address, number};
use super::output::{Head, OutputArgs};
use super::table::{counted, printable};
use super::target::Target;
use super::translate::{bits, print_walk, resolve};
use clap::Args;
use std::io::{self, Write};
use vmm::inspect::ProcessSelector;
use vmm::inspect::explain::{
    Ask, CallVerdict, CpuEnd, CpuVerdict, Explanation, Handling, Lives, MAX_LENGTH, MappingPlace,
    Outcome, Place, VmoPlace,
};
use vmm::translate::Access;

pub(super) const EXAMPLES: &str = "\
Examples:
  vmm explain init 0x10001000            # would a load there work?
  vmm explain init 0x10001000 --write    # and a store?
  vmm explain init 0x10001000 --exec     # and a jump?
  vmm explain init 0x10000000 --length 0x3000 --image guest.elf

The sections (\u{a7}) are those of the reference that the project follows.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID")]
    process: ProcessSelector,

    /// The address, such as 0x10001000, or rip, rsp, rsp+16 of its first thread
    #[arg(value_name = "ADDR", value_parser = address)]
    address: Address,

    /// Asks about a store; without this and `--exec`, about a load
    #[arg(long, conflicts_with = "exec")]
    write: bool,

    /// Asks about fetching an instruction
    #[arg(long)]
    exec: bool,

    /// Bytes, at most 64 MiB
    #[arg(long, value_name = "N", default_value = "1", value_parser = length)]
    length: u64,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

fn length(text: &str) -> Result<u64, String> {
    match number(text)? {
        bytes @ 1..=MAX_LENGTH => Ok(bytes),
        bytes => Err(format!(
            "{bytes} bytes: from 1 to {MAX_LENGTH} can be explained"
        )),
    }
}

pub fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    let process = survey.process(&args.process)?;
    let access = match (args.write, args.exec) {
        (true, _) => Access::Write,
        (_, true) => Access::Execute,
        _ => Access::Read,
    };
    let ask = Ask {
        address: resolve(args.address, &survey, process)?,
        length: args.length,
        access,
    };
    let answer = paused.explain(&survey, process, ask, &mut problems)?;
    let standstill = paused.resume()?;
    let head = Head {
        command: "explain",
        origin: inspector.origin(),
        standstill,
        problems: &problems,
    };
    args.output
        .print(&head, &answer, |stream| print(stream, &answer))
}

/// Top down: the page tables, what stands behind, the verdicts.
fn print(stream: &mut dyn Write, answer: &Explanation) -> io::Result<()> {
    let bytes = match answer.length {
        1 => String::new(),
        length => format!(" of {length} bytes"),
    };
    writeln!(
        stream,
        "{}{bytes} at {} by process {} {}",
        answer.access,
        answer.address,
        answer.process.koid,
        printable(&answer.process.name)
    )?;
    writeln!(stream, "\nPage tables")?;
    print_walk(stream, &answer.translation)?;
    writeln!(stream, "\nBehind it")?;
    print_place(stream, &answer.place)?;
    writeln!(stream, "\nThe CPU")?;
    match &answer.cpu {
        Some(cpu) => print_cpu(stream, cpu)?,
        None => writeln!(stream, "   the process is dead: nobody accesses anything")?,
    }
    writeln!(stream, "\nThe calls")?;
    for verdict in &answer.calls {
        print_call(stream, verdict)?;
    }
    Ok(())
}

fn print_place(stream: &mut dyn Write, place: &Place) -> io::Result<()> {
    for (depth, vmar) in place.vmars.iter().enumerate() {
        let root = if depth == 0 { "root VMAR" } else { "VMAR" };
        let indent = 2 * depth;
        writeln!(
            stream,
            "   {:indent$}{root} {} [{}, {})",
            "", vmar.koid, vmar.base, vmar.end
        )?;
    }
    match &place.mapping {
        Some(mapping) => print_mapping(stream, mapping)?,
        None => {
            writeln!(stream, ">> no mapping")?;
            for neighbour in &place.neighbours {
                writeln!(
                    stream,
                    "   the nearest {}: [{}, {}), {:#x} bytes away",
                    neighbour.side, neighbour.base, neighbour.end, neighbour.distance
                )?;
            }
        }
    }
    if let Some(vmo) = &place.vmo {
        print_vmo(stream, vmo)?;
    }
    if let Some(frame) = &place.frame {
        let owner = match frame.owner {
            "vmo" => "the VMO's page",
            "zero" => "the frame of zeros that all share",
            "kernel" => "mapped by the kernel",
            _ => "not the page that the VMO shows there",
        };
        let shared = match frame.extra_owners {
            0 => String::new(),
            more => format!(", shared by {more} more"),
        };
        writeln!(stream, "   frame {}: {owner}{shared}", frame.address)?;
    }
    Ok(())
}

fn print_mapping(stream: &mut dyn Write, mapping: &MappingPlace) -> io::Result<()> {
    let flags = if mapping.flags.is_empty() {
        String::new()
    } else {
        format!(", {}", mapping.flags.join(" "))
    };
    writeln!(
        stream,
        "   mapping [{}, {}) {} (at most {}), VMO offset {:#x}{flags}",
        mapping.base, mapping.end, mapping.permissions, mapping.maximum, mapping.vmo_offset
    )?;
    if (mapping.whole_base, mapping.whole_end) != (mapping.base, mapping.end) {
        writeln!(
            stream,
            "     a part of [{}, {})",
            mapping.whole_base, mapping.whole_end
        )?;
    }
    Ok(())
}

fn print_vmo(stream: &mut dyn Write, vmo: &VmoPlace) -> io::Result<()> {
    writeln!(
        stream,
        "   VMO {} \"{}\": {}, {}, {:#x} bytes; this is offset {:#x}",
        vmo.koid,
        printable(&vmo.name),
        vmo.kind,
        vmo.cache_policy.replace('_', " "),
        vmo.size,
        vmo.offset
    )?;
    for layer in vmo.layers.iter().skip(1) {
        writeln!(
            stream,
            "     {} VMO {} \"{}\" offset {:#x}",
            layer.relation,
            layer.koid,
            printable(&layer.name),
            layer.offset
        )?;
    }
    let lives = match vmo.lives {
        None => ">>   what is there cannot be told".to_owned(),
        Some(Lives::Page { frame, writable }) => format!(
            "     page at {frame}{}",
            if writable {
                ""
            } else {
                ", shared or clean: a store changes that first"
            }
        ),
        Some(Lives::Zeros) => "     no page: it reads as zeros".to_owned(),
        Some(Lives::Pager) => ">>   no page: the pager must supply it".to_owned(),
        Some(Lives::Physical { frame }) => format!("     physical address {frame}"),
        Some(Lives::Discarded) => ">>   its pages were taken: it must be locked first".to_owned(),
        Some(Lives::BeyondEnd) => ">>   the VMO ends before that".to_owned(),
    };
    writeln!(stream, "{lives}")
}

fn print_cpu(stream: &mut dyn Write, cpu: &CpuVerdict) -> io::Result<()> {
    if let Some(fault) = &cpu.fault {
        let mark = if cpu.end == CpuEnd::Ok { "  " } else { ">>" };
        let entry = match (fault.entry, fault.flag) {
            (Some(entry), Some(flag)) => format!(", because of {flag} in the {entry}"),
            _ => String::new(),
        };
        writeln!(stream, "{mark} {} at {}{entry}", fault.exception, fault.at)?;
        if !fault.bits.is_empty() {
            writeln!(
                stream,
                "     error code {:#x}: {}",
                fault.error_code,
                bits(&fault.bits)
            )?;
        }
        match fault.handling {
            Some(Handling::Supplies { how }) => {
                writeln!(stream, "     the kernel {}", how.words())?
            }
            Some(Handling::AsksPager {
                vmo,
                offset,
                command,
            }) => writeln!(
                stream,
                "     the kernel asks the pager of VMO {vmo} ({command}) for the page at {offset:#x}"
            )?,
            Some(Handling::Refuses { why, .. }) => writeln!(stream, "     the kernel: {why}")?,
            None => {}
        }
    }
    let end = match cpu.end {
        CpuEnd::Ok if cpu.fault.is_some() => "   then the access succeeds".to_owned(),
        CpuEnd::Ok => "   the access succeeds".to_owned(),
        CpuEnd::Waits => ">> the thread waits for the pager".to_owned(),
        CpuEnd::ProcessEnds => format!(
            ">> the kernel ends the process, with {}",
            cpu.status
                .as_ref()
                .map_or("an exception", |status| &status.name)
        ),
        CpuEnd::FaultsForever => {
            ">> it faults for ever: a table above the last one denies it".to_owned()
        }
        CpuEnd::MachineStops => {
            ">> the machine stops: what the kernel keeps is broken, or there is no RAM".to_owned()
        }
    };
    if cpu.bytes > 1 && cpu.end != CpuEnd::Ok {
        writeln!(
            stream,
            "   after {:#x} bytes that can be accessed",
            cpu.bytes
        )?;
    }
    writeln!(stream, "{end}   [{}]", cpu.rule)
}

fn print_call(stream: &mut dyn Write, verdict: &CallVerdict) -> io::Result<()> {
    let role = match verdict.role {
        "target" => "of this memory",
        "buffer" => "with a buffer here",
        _ => "of the VMO here",
    };
    let title = format!("{} {role}", verdict.call);
    let failed = |outcome: &Outcome| {
        outcome
            .status
            .as_ref()
            .is_none_or(|status| status.code != 0)
    };
    let mark = if failed(&verdict.outcome) { ">>" } else { "  " };
    writeln!(stream, "{mark} {title:<44} {}", outcome(&verdict.outcome))?;
    if let Some(other) = &verdict.other_errors {
        let mode = if verdict.errors == "zircon" {
            "documented"
        } else {
            "zircon"
        };
        writeln!(
            stream,
            "     with vmoscope.errors={mode}: {}",
            outcome(other)
        )?;
    }
    Ok(())
}

fn outcome(outcome: &Outcome) -> String {
    let status = match (&outcome.status, outcome.waits) {
        (Some(status), _) => status.name.as_str(),
        (None, true) => "waits",
        (None, false) => "none",
    };
    let bytes = match outcome.bytes {
        0 | 1 => String::new(),
        bytes => format!(", {}", counted(bytes, "byte")),
    };
    format!("{status}{bytes}: {}   [{}]", outcome.reason, outcome.rule)
}
