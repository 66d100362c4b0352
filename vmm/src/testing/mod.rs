//! `vmm test`: runs guest programs as tests, each on a machine of its own.
//!
//! ```text
//! manifest ─┐
//! discover ─┴─> Test ─> plan (filter, shard, repeat) ─> pool ─> report
//!                                                        │
//!        session (restarts) <─ transcript <─ protocol <─ observer <─ machine
//! ```
//!
//! The protocol between the runner and a program is docs/test-protocol.md; nothing that a
//! program says or does can do more than fail its own test.

mod calls;
mod console;
mod discover;
mod ends;
mod machines;
mod manifest;
mod observer;
mod plan;
mod pool;
pub mod protocol;
pub mod report;
mod results;
mod session;
mod test;
mod transcript;

pub use discover::{DiscoverError, Suite, builtin_suite, discover};
pub use machines::{Ended, KvmMachines, Machines, Request};
pub use manifest::{MANIFEST, ManifestError};
pub use observer::Observer;
pub use plan::{Filter, Item, Shard, plan};
pub use pool::{Notice, Pool};
pub use results::{CaseResult, Failure, Outcome, PROGRAM, TestName, TestResult, Totals};
pub use session::CaseList;
pub use test::{Source, Test, TestProgram};

use std::time::Duration;

/// The most failures of a case that are kept.
pub const MAX_FAILURES: usize = 16;

/// What holds for every test of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most time of a case, where the manifest does not say otherwise.
    pub timeout: Duration,
    /// Bytes of RAM, where the manifest does not say otherwise.
    pub ram: Option<u64>,
    /// More words for the kernel's command line, behind the manifest's.
    pub command_line: String,
    /// More environment of the first program, a `NAME=value` each.
    pub env: Vec<String>,
    /// Whether the kernel's structures are checked at the end of each machine.
    pub check: bool,
    /// How many last calls to remember.
    pub calls: usize,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            ram: None,
            command_line: String::new(),
            env: Vec::new(),
            check: false,
            calls: 0,
            fail_fast: false,
        }
    }
}
