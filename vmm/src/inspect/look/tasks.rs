//! Jobs, processes and threads (`vmm ps`).

use super::accounts::{Accounts, PageCounts};
use super::words::thread_state_name;
use crate::inspect::{Hex, Paused, Problems, ProcessRecord, Survey};
use crate::objects::ThreadView;
use abi::objects::{ProcessState, WaitKind};
use serde::Serialize;

/// The tree of all tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskTree {
    /// The job that all processes are in; null if it cannot be read.
    pub job: Option<JobTask>,
    /// All processes, oldest first.
    pub processes: Vec<ProcessTask>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobTask {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessTask {
    /// Its koid.
    pub koid: u64,
    /// The koid of the job that it is in.
    pub job: u64,
    /// Its name.
    pub name: String,
    /// `initial`, `running`, `dying` or `dead`.
    pub state: &'static str,
    /// What it has ended with (reference §15.5); null of one that has not.
    pub return_code: Option<i64>,
    /// When it started, in nanoseconds of monotonic time; null of one that has not.
    pub start_time: Option<i64>,
    /// Handles that it has.
    pub handles: u64,
    /// Its memory as `ZX_INFO_TASK_STATS` tells it; null once its address space is gone.
    pub memory: Option<TaskMemory>,
    /// Its threads, as it lists them.
    pub threads: Vec<ThreadTask>,
}

/// What a process has in memory (`zx_info_task_stats_t`), in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TaskMemory {
    /// Of all its mappings.
    pub mapped: u64,
    /// Of resident pages that only this process maps.
    pub private: u64,
    /// Of resident pages that others map too.
    pub shared: u64,
    /// The shared ones, each divided by the number of those that map it.
    pub scaled_shared: u64,
    /// The fraction that the division leaves; 2^63 is one byte.
    pub fractional_scaled_shared: Hex,
}

impl TaskMemory {
    /// The private bytes and its part of the shared ones: what Fuchsia's `ps` calls PSS.
    #[must_use]
    pub const fn proportional(&self) -> u64 {
        self.private.saturating_add(self.scaled_shared)
    }
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThreadTask {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// `new`, `running`, `dead`, or `blocked.` and what it waits for: `sleeping`, `futex`,
    /// `port`, `wait_one`, `pager`.
    pub state: &'static str,
}

/// All jobs, processes and threads.
#[must_use]
pub fn tasks(paused: &Paused<'_>, survey: &Survey, problems: &mut Problems) -> TaskTree {
    let mut accounts = Accounts::new(paused, survey);
    let job = survey.job.as_ref().map(|job| JobTask {
        koid: job.raw().header.koid,
        name: job.name().into_owned(),
    });
    let processes = survey.processes.iter();
    TaskTree {
        job,
        processes: processes
            .map(|process| process_task(process, survey, &mut accounts, problems))
            .collect(),
    }
}

fn process_task(
    process: &ProcessRecord,
    survey: &Survey,
    accounts: &mut Accounts<'_>,
    problems: &mut Problems,
) -> ProcessTask {
    let raw = process.view.raw();
    let state = process.view.state();
    let ended = matches!(state, ProcessState::DYING | ProcessState::DEAD);
    let started = state != ProcessState::INITIAL;
    ProcessTask {
        koid: process.koid(),
        job: raw.job_koid,
        name: process.view.name().into_owned(),
        state: state.name(),
        return_code: ended.then_some(raw.return_code),
        start_time: started.then_some(raw.start_time),
        handles: process.handles.len() as u64,
        memory: memory(process, survey, accounts, problems),
        threads: process.threads.iter().map(ThreadTask::new).collect(),
    }
}

impl ThreadTask {
    fn new(thread: &ThreadView) -> Self {
        let raw = thread.raw();
        Self {
            koid: raw.header.koid,
            name: thread.name().into_owned(),
            state: thread_state_name(thread.state(), WaitKind(raw.wait_kind)),
        }
    }
}

/// As the kernel sums it up: what is private to the VMO and mapped in one address space only
/// is private; of the rest each address space has its part.
fn memory(
    process: &ProcessRecord,
    survey: &Survey,
    accounts: &mut Accounts<'_>,
    problems: &mut Problems,
) -> Option<TaskMemory> {
    process.view.root_vmar()?;
    let mut memory = TaskMemory::default();
    let mut scaled = PageCounts::default();
    for mapping in process.mappings() {
        let size = mapping.raw().region.size;
        memory.mapped = memory.mapped.saturating_add(size);
        let Some(vmo) = survey.vmo_at(mapping.vmo()) else {
            problems.note(format_args!(
                "the mapping at {:#x} of process {} is of a VMO that is in no list",
                mapping.base(),
                process.koid()
            ));
            continue;
        };
        let mut counts = accounts.of_range(vmo, mapping.raw().vmo_offset, size, problems);
        let spaces = accounts.users_of(mapping.vmo()).processes.len() as u64;
        let private = if spaces == 1 { counts.private } else { 0 };
        memory.private = memory.private.saturating_add(private);
        let shared = counts.committed.saturating_sub(private);
        memory.shared = memory.shared.saturating_add(shared);
        counts.scaled = counts.scaled.saturating_sub(private);
        scaled.add_scaled(counts, spaces);
    }
    memory.scaled_shared = scaled.scaled;
    memory.fractional_scaled_shared = scaled.fraction;
    Some(memory)
}
