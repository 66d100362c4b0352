//! `vmm core`.

use super::output::{Head, OutputArgs};
use super::saving::SavingArgs;
use super::table;
use super::target::Target;
use clap::Args;
use vmm::inspect::ProcessSelector;

pub const EXAMPLES: &str = "\
Examples:
  vmm core 1042 -o core && gdb PROGRAM core      by koid (see `vmm ps`)
  vmm core hello -o core --image guest.elf       by name, from a saved machine
  gdb -batch -ex 'thread apply all bt' PROGRAM core";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CoreArgs {
    /// The process: its koid or its name
    #[arg(value_name = "PID|NAME")]
    process: ProcessSelector,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    saving: SavingArgs,

    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &CoreArgs) -> anyhow::Result<u8> {
    let save = args.saving.save(&args.target, |paused, output, progress| {
        paused.core(&args.process, output, progress)
    });
    let (inspector, core, standstill) = save?;
    let head = Head {
        command: "core",
        origin: inspector.origin(),
        standstill,
        problems: &core.problems,
    };
    args.output.print(&head, &core, |stream| {
        // What goes to standard output with the core itself would spoil it.
        if args.output.quiet {
            return Ok(());
        }
        writeln!(
            stream,
            "{}: process {} ({}), {}, {} of memory written in {}",
            args.saving.to.display(),
            core.process,
            table::printable(&core.name),
            table::counted(core.threads.len() as u64, "thread"),
            table::size(core.written),
            table::counted(core.segments, "segment")
        )?;
        for thread in core.threads.iter().filter(|thread| thread.signal.is_some()) {
            let signal = thread.signal.unwrap_or_default();
            let name = table::printable(&thread.name);
            writeln!(
                stream,
                "thread {} ({name}) has ended with {signal} at {}",
                thread.koid, thread.rip
            )?;
        }
        match &core.program {
            None => writeln!(
                stream,
                "the program's ELF header is not in its memory: a position-independent program \
                 has to be placed by hand (gdb: `add-symbol-file`)"
            ),
            Some(program) => {
                let id = program.build_id.as_deref().unwrap_or("none");
                writeln!(stream, "program at {}, build-id {id}", program.base)
            }
        }
    })
}
