//! The shape of the command line.

use super::exit_code;
use super::inspect::InspectCommand;
use super::seed::Seed;
use super::test_args::{TEST_EXAMPLES, TestArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use vmm::boot::check_variable;
use vmm::size;

const RUN_EXAMPLES: &str = "\
Examples:
  vmm run                                   the demo: a debugger at work on a target
  vmm run --trace --stats                   the same, with every call and the totals
  vmm run hello -- one two                  a built-in program, with arguments
  vmm run ./debugger ./target --cmdline kernel.enable-debugging-syscalls=true
  vmm run --json hello | jq -c 'select(.event == \"call\")'
  vmm run --name mine spin                  a VM to look at: vmm ps --vm mine";

/// Runs guests whose processes read and write each other's memory by hypercalls.
#[derive(Debug, Parser)]
#[command(name = "vmm", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Boots a guest and runs programs in it, each as a process of its own
    #[command(
        after_help = RUN_EXAMPLES,
        after_long_help = format!("{RUN_EXAMPLES}\n\n{}", exit_code::HELP)
    )]
    Run(RunArgs),
    /// Runs guest programs as tests, each on a VM of its own
    #[command(
        after_help = TEST_EXAMPLES,
        after_long_help = format!("{TEST_EXAMPLES}\n\n{}", exit_code::TEST_HELP)
    )]
    Test(TestArgs),
    #[command(flatten)]
    Inspect(InspectCommand),
    /// Says which KVM this is, whether `vmm run` will work, and what to do if not
    #[command(after_help = exit_code::DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Lists the built-in programs
    List,
    /// Prints a script that completes this command line
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// What runs the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// /dev/kvm where it can be used, else QEMU-hosted
    Auto,
    /// /dev/kvm and nothing else
    Kvm,
    /// QEMU-hosted: this vmm in a Linux under QEMU, with a /dev/kvm of its own
    Qemu,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Writes the findings as one JSON object (docs/backends.md has its fields)
    #[arg(long)]
    pub json: bool,
}

/// When `vmm run` is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// When the first program has ended
    First,
    /// When every program has ended
    All,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run: ELF files or names of built-in programs (see `vmm list`). A name
    /// without a slash is looked for among the built-in programs first. The first program
    /// gets handles to the others. Without any, the built-in demo runs.
    #[arg(value_name = "PROGRAM")]
    pub programs: Vec<OsString>,

    /// Arguments for the first program
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,

    /// A variable of the first program's environment; may be given several times
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_parser = variable,
        help_heading = "Guest"
    )]
    pub env: Vec<String>,

    /// RAM of the guest, in bytes or with a suffix K, M, G or T [default: 64M, and what
    /// the programs' segments take in memory if that is 1M or more, up to 2G of it]
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = size::parse,
        help_heading = "Guest"
    )]
    pub mem: Option<u64>,

    /// The kernel's command line, such as
    /// `kernel.enable-debugging-syscalls=true vmoscope.errors=zircon`
    #[arg(
        long,
        value_name = "STRING",
        default_value = "",
        hide_default_value = true,
        help_heading = "Guest"
    )]
    pub cmdline: String,

    /// Seed of handle secrets and addresses; runs with the same seed choose the same ones.
    /// With several programs, handle values also depend on who is faster.
    /// `random` chooses a seed [default: 0]
    #[arg(long, value_name = "N|random", help_heading = "Guest")]
    pub seed: Option<Seed>,

    /// Boots another kernel than the built-in one: an ELF file with a PVH entry
    #[arg(long, value_name = "FILE", help_heading = "Guest")]
    pub kernel: Option<PathBuf>,

    /// What runs the guest (see `vmm doctor`)
    #[arg(
        long,
        value_enum,
        default_value_t = Backend::Auto,
        overrides_with = "backend",
        help_heading = "Guest"
    )]
    pub backend: Backend,

    /// Stops the machine after so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        help_heading = "End"
    )]
    pub timeout: Option<Duration>,

    /// Which program's end is the end of the run
    #[arg(long, value_enum, default_value_t = Until::All, help_heading = "End")]
    pub until: Until,

    /// Checks at the end that the kernel's structures agree with each other: frames,
    /// references, lists, page tables. If all programs have ended, nothing may be left
    #[arg(long, help_heading = "End")]
    pub check: bool,

    /// Where to serve the inspector (`vmm ps`, `vmm trace`, ...): the path of a socket, which
    /// only this user can connect to, or `none` [default: PID.sock, or NAME.sock, in
    /// `vmoscope` in the user's runtime folder]
    #[arg(long, value_name = "PATH|none", help_heading = "Inspector")]
    pub control: Option<PathBuf>,

    /// Names the VM for the inspector (`vmm ps --vm NAME`) [default: the process ID]
    #[arg(
        long,
        value_name = "NAME",
        value_parser = vm_name,
        conflicts_with = "control",
        help_heading = "Inspector"
    )]
    pub name: Option<String>,

    /// Writes a line for each system call to standard error
    #[arg(long, help_heading = "Output")]
    pub trace: bool,

    /// Writes totals to standard error at the end: exits, calls, bytes, times
    #[arg(long, help_heading = "Output")]
    pub stats: bool,

    /// Writes all events to standard output, one JSON object a line, in place of the
    /// guest's console
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// With --json: adds a checksum (CRC-32) of the bytes that each call moved
    #[arg(long, requires = "json", help_heading = "Output")]
    pub checksums: bool,

    /// Tells more of what vmm itself does, on standard error
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

/// A variable of the environment.
pub(super) fn variable(text: &str) -> Result<String, String> {
    check_variable(text)
        .map(|()| text.to_owned())
        .map_err(|_| "write NAME=value".to_owned())
}

/// A VM's name.
fn vm_name(text: &str) -> Result<String, String> {
    if vmm::control::is_name(text) {
        return Ok(text.to_owned());
    }
    Err(
        "a name has 1 to 40 letters, digits, `.`, `_` or `-`, none of the last three first"
            .to_owned(),
    )
}

/// A time limit in seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = "write a number of seconds above 0, such as 2.5";
    let seconds: f64 = text.parse().map_err(|_| wanted.to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err(wanted.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn run(arguments: &[&str]) -> Result<RunArgs, clap::Error> {
        let all = ["vmm", "run"].iter().chain(arguments);
        match Cli::try_parse_from(all)?.command {
            Command::Run(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_options_the_defaults_hold() {
        let args = run(&[]).unwrap();
        assert_eq!(args.mem, None);
        assert_eq!(args.until, Until::All);
        assert_eq!(args.backend, Backend::Auto);
        assert_eq!(args.timeout, None);
        assert!(args.programs.is_empty() && args.args.is_empty() && args.cmdline.is_empty());
        assert!(!args.trace && !args.stats && !args.json);
    }

    #[test]
    fn programs_and_their_arguments_are_told_apart() {
        let args = run(&["--mem", "1G", "a", "b", "--", "-x", "--mem"]).unwrap();
        assert_eq!(args.mem, Some(1 << 30));
        assert_eq!(args.programs, ["a", "b"]);
        assert_eq!(args.args, ["-x", "--mem"]);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for bad in [
            ["--mem", "0"],
            ["--mem", "64Q"],
            ["--timeout", "0"],
            ["--timeout", "-1"],
            ["--timeout", "nan"],
            ["--timeout", "1e30"],
            ["--timeout", "soon"],
            ["--until", "never"],
            ["--backend", "xen"],
            ["--seed", "seven"],
            ["--env", "A"],
            ["--env", "=1"],
            ["--unknown", "x"],
        ] {
            assert!(run(&bad).is_err(), "{bad:?}");
        }
        let limit = run(&["--timeout", "0.25"]).unwrap().timeout;
        assert_eq!(limit, Some(Duration::from_millis(250)));
    }
}
