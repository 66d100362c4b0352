//! How a run can end.

use super::Report;
use crate::check::Findings;
use crate::events::Stats;
use std::time::Duration;

/// When to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// When every process has ended.
    #[default]
    All,
    /// When the first program's process has ended.
    First,
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The most time it may take.
    pub time: Option<Duration>,
    /// When to stop.
    pub until: Until,
    /// Whether to check the kernel's structures at the end.
    pub check: bool,
}

/// Why a machine has stopped.
#[derive(Debug)]
pub enum End {
    /// Its programs have ended; `first` is the first one's return code.
    Ended {
        /// What it gave to `zx_process_exit`, or one of [`abi::objects::EndReason`].
        first: i64,
    },
    /// There was nothing to run.
    NoPrograms,
    /// Every thread waits for something that can no longer happen.
    Deadlock,
    /// The guest kernel found itself broken and said why.
    KernelPanic {
        /// What it said.
        message: String,
    },
    /// The virtual machine broke: KVM gave up on it, or the guest's structures are broken.
    Fault(Box<Report>),
    /// The time limit has passed.
    TimeLimit,
    /// Ctrl-C.
    Interrupted,
}

/// What came of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// Why it ended.
    pub end: End,
    /// Totals.
    pub stats: Stats,
    /// What the check at the end has found; `None` if there was none: it was not asked
    /// for, or the machine did not stop at a place where the structures must agree.
    pub findings: Option<Findings>,
}
