//! The inspector's commands: one file each, which parses its options, asks the library, and
//! prints the answer.

mod core;
mod diff;
mod dump;
mod explain;
mod frames;
mod handles;
mod lineage;
mod maps;
mod number;
mod output;
mod pause;
mod progress;
mod ps;
mod read;
mod report;
mod rights;
mod saving;
mod search;
mod table;
mod target;
mod threads;
mod top;
mod trace;
mod translate;
mod vmos;
mod write;

pub(super) use table::printable;

use super::exit_code::INSPECT_HELP;
use clap::Subcommand;

/// What is wrong with a command's arguments, where only the command can tell.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

/// The commands.
#[derive(Debug, Subcommand)]
pub enum InspectCommand {
    /// Shows the tree of jobs, processes and threads, with their memory
    Ps(ps::PsArgs),
    /// Shows what is mapped where in a process
    Maps(maps::MapsArgs),
    /// Shows the VMOs, all of them or a process's
    Vmos(vmos::VmosArgs),
    /// Shows a process's handles
    Handles(handles::HandlesArgs),
    /// Shows a process's threads: registers, state, backtrace
    Threads(threads::ThreadsArgs),
    /// Shows who owns the frames of RAM
    Frames(frames::FramesArgs),
    /// Shows a VMO's family: its clones, slices and where each page lives
    Lineage(lineage::LineageArgs),
    /// Translates an address of a process, level by level
    #[command(after_long_help = with_examples(translate::EXAMPLES))]
    Translate(translate::TranslateArgs),
    /// Explains what an access to an address would come to, and by which rule
    #[command(after_long_help = with_examples(explain::EXAMPLES))]
    Explain(explain::ExplainArgs),
    /// Reads memory: of a process, of a VMO, physical
    #[command(after_long_help = with_examples(read::EXAMPLES))]
    Read(read::ReadArgs),
    /// Writes memory of a live VM
    #[command(after_long_help = with_examples(write::EXAMPLES))]
    Write(write::WriteArgs),
    /// Searches memory for bytes, text, patterns or pointers
    #[command(after_long_help = with_examples(search::EXAMPLES))]
    Search(search::SearchArgs),
    /// Shows what differs between two images, or an image and a live VM
    #[command(after_long_help = with_examples(diff::EXAMPLES))]
    Diff(diff::DiffArgs),
    /// Saves the whole machine: an ELF core, or its raw memory
    #[command(after_long_help = with_examples(dump::EXAMPLES))]
    Dump(dump::DumpArgs),
    /// Saves one process as an ELF core, for gdb
    #[command(after_long_help = with_examples(core::EXAMPLES))]
    Core(core::CoreArgs),
    /// Follows a live VM's system calls
    #[command(after_help = trace::EXAMPLES, after_long_help = with_examples(trace::EXAMPLES))]
    Trace(trace::TraceArgs),
    /// Watches a live VM: processes, memory, calls
    #[command(after_long_help = with_examples(top::EXAMPLES))]
    Top(top::TopArgs),
    /// Writes a page that shows all of a guest: maps, tables, a search box
    #[command(after_long_help = with_examples(report::EXAMPLES))]
    Report(report::ReportArgs),
    /// Makes a live VM stand still until `vmm resume`
    #[command(
        after_help = pause::PAUSE_EXAMPLES,
        after_long_help = with_examples(pause::PAUSE_EXAMPLES)
    )]
    Pause(pause::PauseArgs),
    /// Lets a paused VM go on
    #[command(
        after_help = pause::RESUME_EXAMPLES,
        after_long_help = with_examples(pause::RESUME_EXAMPLES)
    )]
    Resume(pause::PauseArgs),
}

/// What stands below a command's options: examples, then the exit codes.
fn with_examples(examples: &str) -> String {
    format!("{examples}\n\n{INSPECT_HELP}")
}

/// Does it; returns the exit code.
pub fn run(command: &InspectCommand) -> anyhow::Result<u8> {
    match command {
        InspectCommand::Ps(args) => ps::run(args),
        InspectCommand::Maps(args) => maps::run(args),
        InspectCommand::Vmos(args) => vmos::run(args),
        InspectCommand::Handles(args) => handles::run(args),
        InspectCommand::Threads(args) => threads::run(args),
        InspectCommand::Frames(args) => frames::run(args),
        InspectCommand::Lineage(args) => lineage::run(args),
        InspectCommand::Translate(args) => translate::run(args),
        InspectCommand::Explain(args) => explain::run(args),
        InspectCommand::Read(args) => read::run(args),
        InspectCommand::Write(args) => write::run(args),
        InspectCommand::Search(args) => search::run(args),
        InspectCommand::Diff(args) => diff::run(args),
        InspectCommand::Dump(args) => dump::run(args),
        InspectCommand::Core(args) => core::run(args),
        InspectCommand::Trace(args) => trace::run(args),
        InspectCommand::Top(args) => top::run(args),
        InspectCommand::Report(args) => report::run(args),
        InspectCommand::Pause(args) => pause::pause(args),
        InspectCommand::Resume(args) => pause::resume(args),
    }
}
