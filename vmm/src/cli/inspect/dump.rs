//! `vmm dump`.

use super::output::{Head, OutputArgs};
use super::progress::Progress;
use super::table;
use super::target::Target;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use vmm::inspect::{DumpFormat, InspectError, Output};

pub const EXAMPLES: &str = "\
Examples:
  vmm dump -o guest.elf                  the only VM that runs
  vmm ps --image guest.elf               the same answer as from the VM
  gdb PROGRAM guest.elf                  registers, backtrace, variables
  vmm dump -o guest.raw --format raw     offset = guest-physical address
  vmm dump --image guest.raw -o guest.elf
  vmm dump -o /dev/stdout -q | zstd >guest.zst";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DumpArgs {
    #[command(flatten)]
    target: Target,

    /// Where to; it appears when it is whole
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    to: PathBuf,

    /// What it is to be
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Replaces the file if it is there
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// An ELF core as QEMU writes it, with registers: for gdb, crash and vmm
    #[default]
    Elf,
    /// Memory only: the offset is the guest-physical address
    Raw,
}

pub fn run(args: &DumpArgs) -> anyhow::Result<u8> {
    if args.to == Path::new("-") {
        return Err(InspectError::Refused(
            "`-` is no file: standard output is for what was saved; name a file, or /dev/stdout"
                .to_owned(),
        )
        .into());
    }
    let mut inspector = args.target.open()?;
    let mut output = Output::create(&args.to, args.force)?;
    let format = match args.format {
        Format::Elf => DumpFormat::Elf,
        Format::Raw => DumpFormat::Raw,
    };
    let progress = Progress::new("saving");
    let paused = inspector.pause()?;
    let dump = paused.dump(format, &mut output, &mut |done, all| progress.at(done, all))?;
    let standstill = paused.resume()?;
    output.finish()?;
    drop(progress);
    let head = Head {
        command: "dump",
        origin: inspector.origin(),
        standstill,
        problems: &dump.problems,
    };
    args.output.print(&head, &dump, |stream| {
        // What goes to standard output with the dump itself would spoil it.
        if args.output.quiet {
            return Ok(());
        }
        writeln!(
            stream,
            "{}: {} of RAM, {} of them written; vCPUs with registers: {}; stretches of virtual \
             addresses: {}",
            args.to.display(),
            table::size(dump.ram),
            table::size(dump.written),
            dump.vcpus,
            dump.mappings
        )
    })
}
