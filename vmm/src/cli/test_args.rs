//! The shape of `vmm test`'s command line.

use super::args::{Backend, seconds, variable};
use clap::{ArgAction, Args, ValueEnum};
use regex::Regex;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;
use vmm::size;
use vmm::testing::Shard;

pub const TEST_EXAMPLES: &str = "\
Examples:
  vmm test                                  the built-in suite
  vmm test build/guests                     every program of a folder
  vmm test ./guest --filter '::reads'       the cases of a program that match
  vmm test guests --jobs 4 --output report.xml
  vmm test guests --shard 2/3 --format tap  a third of it, for one of three runners";

/// What a report is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// TAP, version 13
    Tap,
    /// JUnit's XML, as CI systems read it
    Junit,
    /// JSON Lines (docs/test-runner.md has the fields)
    Json,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Tap => "tap",
            Self::Junit => "junit",
            Self::Json => "json",
        })
    }
}

#[derive(Debug, Args)]
pub struct TestArgs {
    /// What to run: guest programs, folders of them, manifests (`vmm-test.toml`), or names of
    /// built-in tests. Without any, the built-in suite runs
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Runs only cases whose full name, TEST@VARIANT::CASE, matches, or whose test's name
    /// does; given several times, one match is enough
    #[arg(long, value_name = "REGEX", help_heading = "What to run")]
    pub filter: Vec<Regex>,

    /// Prints the full names of the cases and runs nothing
    #[arg(long, help_heading = "What to run")]
    pub list: bool,

    /// Runs each test so many times
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        help_heading = "What to run"
    )]
    pub repeat: NonZeroU32,

    /// Runs the K-th of N equal parts of the tests
    #[arg(long, value_name = "K/N", help_heading = "What to run")]
    pub shard: Option<Shard>,

    /// Stops at the first failure; what has not run counts as not reached
    #[arg(long, help_heading = "What to run")]
    pub fail_fast: bool,

    /// Runs so many tests at a time [default: the number of CPUs]
    #[arg(short, long, value_name = "N", help_heading = "Guests")]
    pub jobs: Option<NonZeroUsize>,

    /// The time that a case may take, unless the manifest says otherwise
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        value_parser = seconds,
        help_heading = "Guests"
    )]
    pub timeout: Duration,

    /// RAM of a guest, in bytes or with a suffix K, M, G or T, unless the manifest says
    /// otherwise [default: 64M, and more for large programs, as of `vmm run`]
    #[arg(long, value_name = "SIZE", value_parser = size::parse, help_heading = "Guests")]
    pub mem: Option<u64>,

    /// More words for the command line of every guest's kernel
    #[arg(
        long,
        value_name = "STRING",
        default_value = "",
        hide_default_value = true,
        help_heading = "Guests"
    )]
    pub cmdline: String,

    /// A variable of every test's environment; may be given several times
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_parser = variable,
        help_heading = "Guests"
    )]
    pub env: Vec<String>,

    /// Checks at the end of each guest that its kernel's structures agree with each other;
    /// if not, the test fails as `(program)`
    #[arg(long, help_heading = "Guests")]
    pub check: bool,

    /// What runs the guests (see `vmm doctor`); QEMU-hosted, all of them in one Linux
    #[arg(
        long,
        value_enum,
        default_value_t = Backend::Auto,
        overrides_with = "backend",
        help_heading = "Guests"
    )]
    pub backend: Backend,

    /// Writes a report in that format, to standard output unless --output says otherwise
    /// [default: text, or as the name of the output ends: .xml, .tap, .json, .jsonl]
    #[arg(long, value_enum, overrides_with = "format", help_heading = "Output")]
    pub format: Option<Format>,

    /// Writes the report to a file; the person's view stays on standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Shows so many of the last calls with a failure; 0 traces none, which is faster
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(0..=1024),
        help_heading = "Output"
    )]
    pub trace_calls: u16,

    /// Shows the guests' consoles as they print
    #[arg(long, help_heading = "Output")]
    pub no_capture: bool,

    /// Shows a line for each case; twice: tells more of what vmm itself does, too
    #[arg(short, long, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// Shows failures and the sum only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
}
