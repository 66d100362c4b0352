//! `vmm dump`.

use super::output::{Head, OutputArgs};
use super::saving::SavingArgs;
use super::table;
use super::target::Target;
use clap::{Args, ValueEnum};
use vmm::inspect::DumpFormat;

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

    #[command(flatten)]
    saving: SavingArgs,

    /// What it is to be
    #[arg(long, value_enum, default_value_t)]
    format: Format,

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
    let format = match args.format {
        Format::Elf => DumpFormat::Elf,
        Format::Raw => DumpFormat::Raw,
    };
    let save = args.saving.save(&args.target, |paused, output, progress| {
        paused.dump(format, output, progress)
    });
    let (inspector, dump, standstill) = save?;
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
            args.saving.to.display(),
            table::size(dump.ram),
            table::size(dump.written),
            dump.vcpus,
            dump.mappings
        )
    })
}
