//! `vmm read`.

use super::number::{self, Address};
use super::output::{Head, OutputArgs, written};
use super::table::counted;
use super::target::Target;
use clap::Args;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};
use vmm::inspect::{
    Contents, Disassembler, FoundString, Hex, HexDump, InspectError, Inspector, Instruction,
    LONGEST_INSTRUCTION, Piece, Problems, SpaceSelector, Standstill, Strings, Survey,
};

pub const EXAMPLES: &str = "\
Examples:
  vmm read hello 0x1000000 256        256 bytes of the process `hello`, as hexdump -C shows them
  vmm read 1027 rip 64 --disasm       what the process's first thread is about to do
  vmm read vmo:1031 0 4K --strings    text of at least 4 characters in a VMO
  vmm read phys 1M 2M --raw > kernel  bytes as they are; holes become zeros, and are told of
  vmm read phys 0x5000 8 --image dump --json

What is not there is shown as a hole, with the reason: not mapped, no page yet (what reads it
gets zeros), the pager has yet to supply it, beyond the end of the VMO, not RAM. Where a
process was not yet, the bytes are those that the VMO of the mapping shows.";

#[derive(Debug, Args)]
pub struct ReadArgs {
    #[command(flatten)]
    target: Target,

    /// What to read: a process (koid or name), `vmo:KOID`, `vmo:NAME`, or `phys`
    #[arg(value_name = "WHERE")]
    space: SpaceSelector,

    /// First address, or offset in the VMO; `rip` and `rsp` are those of the process's first
    /// thread, and may be followed by +N or -N
    #[arg(value_parser = number::address, allow_hyphen_values = true)]
    address: Address,

    /// Bytes: 4096, 0x1000 or 4K
    #[arg(value_parser = number::number, default_value = "256")]
    length: u64,

    /// Writes the bytes as they are; holes become zeros
    #[arg(long, help_heading = "Format", conflicts_with_all = ["disasm", "strings", "json"])]
    raw: bool,

    /// Shows instructions, as NASM writes them
    #[arg(long, help_heading = "Format", conflicts_with = "strings")]
    disasm: bool,

    /// Shows text of at least MIN characters, with its address
    #[arg(
        long,
        value_name = "MIN",
        num_args = 0..=1,
        default_missing_value = "4",
        help_heading = "Format"
    )]
    strings: Option<usize>,

    /// Writes raw bytes even to a terminal
    #[arg(long, help_heading = "Format", requires = "raw")]
    force: bool,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &ReadArgs) -> anyhow::Result<u8> {
    if args.raw && !args.force && io::stdout().is_terminal() {
        let refusal =
            "raw bytes may confuse the terminal: redirect them into a file, or add --force";
        return Err(InspectError::Refused(refusal.to_owned()).into());
    }
    if args.raw && args.output.json {
        anyhow::bail!("--raw and --json exclude each other");
    }
    let mut inspector = args.target.open()?;
    let mut reading = Reading::default();
    let first = reading.next(&mut inspector, args, None)?;
    if args.output.json {
        return json(args, &inspector, &reading, first);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut printer = Printer::new(args, first.address.0);
    let mut result = printer.print(&mut out, &first);
    let mut done = first.length;
    let start = first.address.0;
    drop(first);
    while result.is_ok() && done < args.length {
        let more = reading.next(&mut inspector, args, Some((start, done)))?;
        done += more.length;
        result = printer.print(&mut out, &more);
    }
    written(
        result
            .and_then(|()| printer.finish(&mut out, &reading.following))
            .and_then(|()| out.flush()),
    )?;
    printer.tell(args);
    if reading.count > 1 && reading.standstill.is_some() && !args.output.quiet {
        super::super::complain(&format!(
            "read in {} parts; the guest ran between them",
            reading.count
        ));
    }
    args.output.tell(&reading.problems, reading.standstill)
}

/// All that is known beside the bytes.
#[derive(Default)]
struct Reading {
    count: u64,
    standstill: Option<Standstill>,
    problems: Problems,
    /// Bytes that stand behind the last ones, to complete an instruction with.
    following: Vec<u8>,
}

impl Reading {
    /// Reads on; the guest stands still for this part only.
    fn next(
        &mut self,
        inspector: &mut Inspector,
        args: &ReadArgs,
        after: Option<(u64, u64)>,
    ) -> Result<Contents, InspectError> {
        let paused = inspector.pause()?;
        let survey = match args.space {
            SpaceSelector::Physical => None,
            _ => Some(paused.survey()?),
        };
        let (start, done) = match after {
            Some(after) => after,
            None => (start(args, survey.as_ref())?, 0),
        };
        let at = start.checked_add(done);
        let contents = paused.read_of(
            survey.as_ref(),
            &args.space,
            at.unwrap_or(start),
            args.length.saturating_sub(done),
        )?;
        self.problems.add(&contents.problems);
        let end = contents.address.0.checked_add(contents.length);
        if let (true, Some(end)) = (args.disasm, end) {
            let room = (u64::MAX - end).min(LONGEST_INSTRUCTION as u64);
            let behind = paused.read_of(survey.as_ref(), &args.space, end, room);
            let pieces = behind.map(|behind| behind.pieces).unwrap_or_default();
            let bytes = pieces.iter().map_while(bytes_of);
            self.following = bytes.flat_map(|(_, bytes)| bytes).copied().collect();
        }
        if let Some(still) = paused.resume()? {
            let sum = self.standstill.get_or_insert(Standstill {
                ns: 0,
                waited_ns: 0,
            });
            sum.ns = sum.ns.saturating_add(still.ns);
            sum.waited_ns = sum.waited_ns.saturating_add(still.waited_ns);
        }
        self.count += 1;
        Ok(contents)
    }
}

/// The first address.
fn start(args: &ReadArgs, survey: Option<&Survey>) -> Result<u64, InspectError> {
    let (SpaceSelector::Process(process), Some(survey), true) =
        (&args.space, survey, args.address.is_relative())
    else {
        return match args.address {
            Address::Number(number) => Ok(number),
            _ => Err(InspectError::Refused(
                "rip and rsp are those of a process: name one, or write a number".to_owned(),
            )),
        };
    };
    let process = survey.process(process)?;
    let first = process
        .threads
        .iter()
        .min_by_key(|thread| thread.raw().header.koid);
    let Some(thread) = first else {
        return Err(InspectError::NotFound(format!(
            "process {} has no thread: write a number for the address",
            process.koid()
        )));
    };
    let (registers, _) = survey.machine.registers_of(thread, survey.current_thread);
    Ok(args.address.resolve(&registers))
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    contents: Contents,
    instructions: Option<Vec<Instruction>>,
    strings: Option<Vec<FoundString>>,
}

fn json(
    args: &ReadArgs,
    inspector: &Inspector,
    reading: &Reading,
    contents: Contents,
) -> anyhow::Result<u8> {
    let mut problems = reading.problems.clone();
    if contents.length < args.length {
        problems.note(format_args!(
            "only the first {:#x} of {:#x} bytes: read the rest from there on, or use --raw",
            contents.length, args.length
        ));
    }
    let mut answer = Answer {
        instructions: args.disasm.then(Vec::new),
        strings: args.strings.map(|_| Vec::new()),
        contents,
    };
    let pieces = answer.contents.pieces.iter().filter_map(bytes_of);
    if let Some(found) = &mut answer.instructions {
        let mut disassembler = Disassembler::default();
        for (address, bytes) in pieces {
            disassembler.bytes(address, bytes, &mut |one| found.push(one));
        }
        disassembler.finish_with(&reading.following, &mut |one| found.push(one));
    } else if let Some((found, least)) = answer.strings.as_mut().zip(args.strings) {
        let mut strings = Strings::new(least);
        for (address, bytes) in pieces {
            strings.bytes(address, bytes, &mut |one| found.push(one));
        }
        strings.finish(&mut |one| found.push(one));
    }
    let head = Head {
        command: "read",
        origin: inspector.origin(),
        standstill: reading.standstill,
        problems: &problems,
    };
    args.output.print(&head, &answer, |_| Ok(()))
}

fn bytes_of(piece: &Piece) -> Option<(u64, &[u8])> {
    match piece {
        Piece::Bytes { address, bytes, .. } => Some((address.0, &bytes.0)),
        Piece::Hole { .. } => None,
    }
}

/// A format, and what is told at the end.
struct Printer {
    format: Format,
    holes: u64,
    missing: u64,
}

enum Format {
    Dump(HexDump),
    Code(Box<Disassembler>),
    Text(Strings),
    Raw,
}

impl Printer {
    fn new(args: &ReadArgs, start: u64) -> Self {
        let format = match (args.raw, args.disasm, args.strings) {
            (true, ..) => Format::Raw,
            (_, true, _) => Format::Code(Box::default()),
            (_, _, Some(least)) => Format::Text(Strings::new(least)),
            _ => Format::Dump(HexDump::new(start.saturating_add(args.length))),
        };
        Self {
            format,
            holes: 0,
            missing: 0,
        }
    }

    fn print(&mut self, out: &mut dyn Write, contents: &Contents) -> io::Result<()> {
        contents.pieces.iter().try_for_each(|piece| match piece {
            Piece::Bytes { address, bytes, .. } => self.bytes(out, address.0, &bytes.0),
            Piece::Hole {
                address,
                length,
                gap,
            } => {
                self.holes += 1;
                self.missing = self.missing.saturating_add(*length);
                match &mut self.format {
                    Format::Dump(dump) => dump.hole(out, address.0, *length, gap),
                    Format::Code(code) => {
                        tried(|each| code.finish(each), out, instruction)?;
                        writeln!(out, "{}  [{length:#x} bytes: {gap}]", address)
                    }
                    Format::Text(strings) => tried(|each| strings.finish(each), out, string),
                    Format::Raw => zeros(out, *length),
                }
            }
        })
    }

    fn bytes(&mut self, out: &mut dyn Write, address: u64, bytes: &[u8]) -> io::Result<()> {
        match &mut self.format {
            Format::Dump(dump) => dump.bytes(out, address, bytes),
            Format::Code(code) => tried(|each| code.bytes(address, bytes, each), out, instruction),
            Format::Text(strings) => tried(|each| strings.bytes(address, bytes, each), out, string),
            Format::Raw => out.write_all(bytes),
        }
    }

    fn finish(&mut self, out: &mut dyn Write, following: &[u8]) -> io::Result<()> {
        match &mut self.format {
            Format::Dump(dump) => dump.finish(out),
            Format::Code(code) => tried(|each| code.finish_with(following, each), out, instruction),
            Format::Text(strings) => tried(|each| strings.finish(each), out, string),
            Format::Raw => Ok(()),
        }
    }

    /// Holes that the format does not show.
    fn tell(&self, args: &ReadArgs) {
        let what = match self.format {
            Format::Raw => "written as zeros",
            Format::Text(_) => "left out",
            Format::Dump(_) | Format::Code(_) => return,
        };
        if self.holes > 0 {
            super::super::complain(&format!(
                "{} in {}, {what}: `vmm read {} {} {:#x}` without a format says why",
                counted(self.missing, "byte"),
                counted(self.holes, "hole"),
                args.space,
                match args.address {
                    Address::Number(number) => Hex(number).to_string(),
                    _ => "ADDR".to_owned(),
                },
                args.length,
            ));
        }
    }
}

/// Writes each of what `source` gives; after an error, nothing more.
fn tried<T>(
    source: impl FnOnce(&mut dyn FnMut(T)),
    out: &mut dyn Write,
    print: fn(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    let mut result = Ok(());
    source(&mut |one| {
        if result.is_ok() {
            result = print(out, &one);
        }
    });
    result
}

fn instruction(out: &mut dyn Write, one: &Instruction) -> io::Result<()> {
    let bytes = vmm::inspect::digits(&one.bytes.0);
    writeln!(out, "{:#014x}  {bytes:<30}  {}", one.address.0, one.text)
}

fn string(out: &mut dyn Write, one: &FoundString) -> io::Result<()> {
    writeln!(out, "{:#014x}  {}", one.address.0, one.text)
}

fn zeros(out: &mut dyn Write, mut length: u64) -> io::Result<()> {
    const ZEROS: [u8; 4096] = [0; 4096];
    while length > 0 {
        let now = length.min(ZEROS.len() as u64);
        let count = usize::try_from(now).unwrap_or(0);
        out.write_all(ZEROS.get(..count).unwrap_or_default())?;
        length -= now;
    }
    Ok(())
}
