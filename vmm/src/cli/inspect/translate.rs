//! `vmm translate`.

use super::number::{Address, address, number};
use super::output::{Head, OutputArgs};
use super::table::{Column, Table, printable, size};
use super::target::Target;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::io::{self, Write};
use vmm::inspect::explain::{Flag, LeadsTo, Level, ProcessName, Reverse, Rights, Translation};
use vmm::inspect::{InspectError, Problems, ProcessRecord, ProcessSelector, Survey};
use vmm::translate::Access;

pub(super) const EXAMPLES: &str = "\
Examples:
  vmm translate init 0x10001000         # every entry on the way, and where it ends
  vmm translate 1028 0xffffff8000100000 # the kernel's half, too
  vmm translate --reverse 0x1a5000      # who maps that frame, and where";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["process", "reverse"]))]
pub struct TranslateArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID", requires = "address")]
    process: Option<ProcessSelector>,

    /// The address, such as 0x10001000, or rip, rsp, rsp+16 of its first thread
    #[arg(value_name = "ADDR", value_parser = address)]
    address: Option<Address>,

    /// Shows which processes map a guest-physical address, and where
    #[arg(
        long,
        value_name = "GPA",
        value_parser = number,
        conflicts_with_all = ["process", "address"]
    )]
    reverse: Option<u64>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Answer {
    process: ProcessName,
    translation: Translation,
}

/// The number that an address of a process stands for.
pub(super) fn resolve(
    address: Address,
    survey: &Survey,
    process: &ProcessRecord,
) -> Result<u64, InspectError> {
    if let Address::Number(number) = address {
        return Ok(number);
    }
    let threads = process.threads.iter();
    let first = threads.min_by_key(|thread| thread.raw().header.koid);
    let thread = first.ok_or_else(|| {
        InspectError::NotFound(format!(
            "process {} has no thread: write a number for the address",
            process.koid()
        ))
    })?;
    let (registers, _) = survey.machine.registers_of(thread, survey.current_thread);
    Ok(address.resolve(&registers))
}

pub fn run(args: &TranslateArgs) -> anyhow::Result<u8> {
    let mut inspector = args.target.open()?;
    let paused = inspector.pause()?;
    let survey = paused.survey()?;
    let mut problems = survey.problems.clone();
    if let Some(physical) = args.reverse {
        let answer = paused.mapped_at(&survey, physical, &mut problems);
        let standstill = paused.resume()?;
        let head = head(inspector.origin(), standstill, &problems);
        return args
            .output
            .print(&head, &answer, |stream| print_reverse(stream, &answer));
    }
    let (Some(selector), Some(at)) = (&args.process, args.address) else {
        anyhow::bail!("a process and an address, or --reverse");
    };
    let process = survey.process(selector)?;
    let at = resolve(at, &survey, process)?;
    let answer = Answer {
        process: ProcessName::of(process),
        translation: paused.translate(&process.view, at, Access::Read),
    };
    let standstill = paused.resume()?;
    let head = head(inspector.origin(), standstill, &problems);
    args.output.print(&head, &answer, |stream| {
        let name = printable(&answer.process.name);
        writeln!(stream, "process {} {name}", answer.process.koid)?;
        print_walk(stream, &answer.translation)
    })
}

const fn head<'a>(
    origin: &'a vmm::inspect::Origin,
    standstill: Option<vmm::inspect::Standstill>,
    problems: &'a Problems,
) -> Head<'a> {
    Head {
        command: "translate",
        origin,
        standstill,
        problems,
    }
}

/// The walk, an entry a paragraph; what stops it is marked with `>>`.
pub(super) fn print_walk(stream: &mut dyn Write, walk: &Translation) -> io::Result<()> {
    writeln!(stream, "address {}, {}", walk.address, walk.kind.words())?;
    if let Some(table) = walk.page_table {
        writeln!(stream, "CR3   {table}")?;
    }
    for level in &walk.levels {
        print_level(stream, level)?;
    }
    match (&walk.failure, walk.physical, walk.page_size) {
        (None, Some(physical), Some(bytes)) => writeln!(
            stream,
            "      {} -> guest-physical {physical} ({} page)",
            walk.address,
            page(bytes)
        )?,
        (Some(failure), ..) => writeln!(stream, "   >> leads nowhere: {failure}")?,
        _ => {}
    }
    if let Some(rights) = &walk.rights {
        print_rights(stream, rights)?;
    }
    Ok(())
}

fn page(bytes: u64) -> String {
    match bytes {
        0x1000 => "4 KiB".to_owned(),
        0x20_0000 => "2 MiB".to_owned(),
        0x4000_0000 => "1 GiB".to_owned(),
        other => size(other),
    }
}

fn print_level(stream: &mut dyn Write, level: &Level) -> io::Result<()> {
    let mark = if level.stops.is_some() { ">>" } else { "  " };
    let raw = level
        .raw
        .map_or_else(|| "not in RAM".to_owned(), |raw| format!("{:#018x}", raw.0));
    let Level {
        name, index, at, ..
    } = level;
    writeln!(
        stream,
        "{mark} {name:<5} [{index:>3}] at {:<12} {raw}  {}",
        at.to_string(),
        bits(&level.flags)
    )?;
    let outside = |in_ram| if in_ram { "" } else { ", which is not RAM" };
    let leads = match level.leads_to {
        LeadsTo::Nothing => None,
        LeadsTo::Table { address, in_ram } => Some(format!(
            "table of level {} at {address}{}",
            level.level.saturating_sub(1),
            outside(in_ram)
        )),
        LeadsTo::Page {
            address,
            size,
            in_ram,
        } => Some(format!(
            "{} page at {address}{}",
            page(size),
            outside(in_ram)
        )),
    };
    if let Some(leads) = leads {
        writeln!(stream, "         -> {leads}")?;
    }
    if let Some(stops) = &level.stops {
        writeln!(stream, "   >>    {stops}")?;
    }
    Ok(())
}

/// Bits as the manual writes them: `P=1 R/W=0`.
pub(super) fn bits(flags: &[Flag]) -> String {
    let bits: Vec<_> = flags
        .iter()
        .map(|flag| format!("{}={}", flag.name, u8::from(flag.set)))
        .collect();
    bits.join(" ")
}

fn print_rights(stream: &mut dyn Write, rights: &Rights) -> io::Result<()> {
    let cause = |flag: &str| {
        let denial = rights.denials.iter().find(|denial| denial.flag == flag);
        denial.map_or_else(String::new, |denial| {
            format!(" (in {})", denial.entries.join(", "))
        })
    };
    writeln!(
        stream,
        "      together: AND of R/W = {}{}, AND of U/S = {}{}, OR of XD = {}{}",
        u8::from(rights.writable),
        cause("R/W"),
        u8::from(rights.user),
        cause("U/S"),
        u8::from(rights.no_execute),
        cause("XD"),
    )?;
    let control = rights.control;
    writeln!(
        stream,
        "      CR0.WP={} CR4.SMEP={} CR4.SMAP={} EFER.NXE={}{}",
        u8::from(control.write_protect),
        u8::from(control.smep),
        u8::from(control.smap),
        u8::from(control.no_execute_enable),
        if control.known {
            ""
        } else {
            " (not saved: as the guest's kernel sets them)"
        }
    )?;
    for (ring, granted) in [("ring 3", rights.program), ("ring 0", rights.kernel)] {
        let word = |granted| if granted { "yes" } else { "NO" };
        writeln!(
            stream,
            "      {ring}: read {}, write {}, fetch {}",
            word(granted.read),
            word(granted.write),
            word(granted.execute)
        )?;
    }
    Ok(())
}

fn print_reverse(stream: &mut dyn Write, answer: &Reverse) -> io::Result<()> {
    let what = match (answer.in_ram, answer.zero_frame) {
        (false, _) => " (not RAM)",
        (true, true) => " (the frame of zeros that all share)",
        (true, false) => "",
    };
    writeln!(stream, "guest-physical {}{what}", answer.physical)?;
    if answer.mapped_at.is_empty() {
        return writeln!(stream, "no page table leads there");
    }
    let mut table = Table::new(&[
        Column::Number("KOID"),
        Column::Text("NAME"),
        Column::Text("ADDRESS"),
        Column::Text("PAGE"),
        Column::Text("RIGHTS"),
        Column::Number("VMO"),
    ]);
    let number = |koid: Option<u64>| koid.map_or_else(|| "-".to_owned(), |koid| koid.to_string());
    for found in &answer.mapped_at {
        table.row([
            number(found.process),
            found.name.clone(),
            found.address.to_string(),
            page(found.page_size),
            found.rights.join(" "),
            number(found.vmo),
        ]);
    }
    table.print(stream)?;
    if answer.more {
        writeln!(stream, "and more, which are left out")?;
    }
    Ok(())
}
