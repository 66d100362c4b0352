//! Whether the guest kernel's structures agree with each other: every frame, every
//! reference, every list, every page table.
//!
//! ```text
//! check      the order of it all
//!  ├ registry    which objects there are, and what leads to them
//!  ├ handles     the handle table
//!  ├ tasks       processes, threads, who waits, who wants the vCPU
//!  ├ vmos        families, sources, mappings of VMOs
//!  ├ page_lists  the pages of VMOs
//!  ├ regions     VMARs and mappings
//!  ├ page_tables what programs can reach
//!  ├ pagers      pagers, page sources, ports
//!  └ frames      who owns which frame
//! ```
//!
//! **What counts as a reference** ([`abi::objects::ObjectHeader::references`]): each handle;
//! for a VMO, each mapping of it (the joined ones too), each VMO whose source it is, and
//! the root block for the vDSO; for a process, the record of each of its threads, dead ones
//! too, and the process itself while it runs; for a thread, its process's list, and the
//! call page, which names the thread whose registers the next trap saves; for a VMAR, its
//! process if it is the root, its parent if not; for a mapping, the list of its VMAR; for a
//! port, each page source that sends to it; for a page source, its VMO; for the job, the
//! root block. Besides, whatever a thread waits for ([`abi::objects::Thread::held`]) and the
//! VMO of its blocked call ([`abi::objects::Thread::progress`]).
//!
//! **What counts as managed** ([`abi::RootBlock::managed_frames`]): what is behind the frame
//! table, used or not, and the frames of modules that became pages of VMOs.
//!
//! It reads the guest as everything here does: nothing is trusted, each list is walked
//! with a bound, and each frame and each object is looked into once. So it takes time and
//! memory in proportion to the guest's RAM, whatever stands in there.

mod frames;
mod handles;
mod page_lists;
mod page_tables;
mod pagers;
mod regions;
mod registry;
mod tasks;
mod vmos;

use crate::memory::PhysicalMemory;
use crate::objects::{ProcessView, RootView, ViewError};
use abi::objects::ObjectType;
use abi::{CallPage, RootBlock};
use frames::Frames;
use registry::Registry;
use std::fmt::{self, Display};
use vm_memory::GuestAddress;

/// Findings that are told one by one; of the rest only the number is.
const MAX_TOLD: usize = 20;

/// What the guest's kernel is at while the check looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has called the host between two of its own doings: everything must agree.
    AtRest,
    /// It is about to end the process that stands there, to which it still holds
    /// references of its own.
    Ending(GuestAddress),
    /// Every process has ended: besides, nothing may be left.
    AllEnded,
}

/// What is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    told: Vec<String>,
    count: usize,
}

impl Findings {
    /// Whether nothing is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many things are, told or not.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The first of them, a line each.
    #[must_use]
    pub fn told(&self) -> &[String] {
        &self.told
    }

    fn add(&mut self, finding: impl Display) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(finding.to_string());
        }
    }
}

impl Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.told {
            writeln!(f, "  {line}")?;
        }
        match self.count.saturating_sub(self.told.len()) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}

/// Checks everything that hangs from the root block.
pub fn check<M: PhysicalMemory>(memory: &M, root: &RootView, moment: Moment) -> Findings {
    match Checker::new(memory, root, moment) {
        Ok(mut checker) => {
            checker.run();
            tracing::debug!(
                objects = checker.registry.count(),
                frames = checker.frames.count(),
                entries = page_tables::PATIENCE - checker.patience,
                findings = checker.findings.count,
                "checked the kernel's structures"
            );
            checker.findings
        }
        Err(error) => {
            let mut findings = Findings::default();
            findings.add(error);
            findings
        }
    }
}

/// A check under way.
struct Checker<'m, M> {
    memory: &'m M,
    view: RootView,
    root: RootBlock,
    call_page: CallPage,
    moment: Moment,
    findings: Findings,
    registry: Registry,
    frames: Frames,
    /// Entries of page tables that may still be looked at.
    patience: u64,
    /// Entry 511 of the kernel's own topmost page table.
    kernel_entry: u64,
    /// Handles in the lists of processes.
    handles_listed: u64,
    /// Threads that can run, and threads that wait.
    ready: u64,
    waiting: u64,
    /// VMOs in the lists of their parents, and VMOs with a parent.
    children: u64,
    parents: u64,
    /// VMOs in the lists of their sources, and VMOs with a source.
    dependents: u64,
    sources: u64,
    /// Page sources in the lists of pagers, and page sources with a pager.
    sources_of_pagers: u64,
    sources_with_pager: u64,
}

impl<'m, M: PhysicalMemory> Checker<'m, M> {
    fn new(memory: &'m M, view: &RootView, moment: Moment) -> Result<Self, ViewError> {
        let root = view.snapshot(memory)?;
        let call_page = view.call_page_snapshot(memory)?;
        Ok(Self {
            memory,
            view: *view,
            root,
            call_page,
            moment,
            findings: Findings::default(),
            registry: Registry::default(),
            frames: Frames::new(memory),
            patience: page_tables::PATIENCE,
            kernel_entry: 0,
            handles_listed: 0,
            ready: 0,
            waiting: 0,
            children: 0,
            parents: 0,
            dependents: 0,
            sources: 0,
            sources_of_pagers: 0,
            sources_with_pager: 0,
        })
    }

    fn run(&mut self) {
        self.claim_fixed_frames();
        self.check_handle_table();
        let processes = self.meet_processes();
        self.meet_vmos();
        self.refer(self.root.vdso.address(), ObjectType::VMO);
        self.refer(self.root.job.address(), ObjectType::JOB);
        self.refer(self.call_page.thread.address(), ObjectType::THREAD);
        while let Some((address, kind)) = self.registry.next() {
            self.look_into(address, kind);
        }
        for process in &processes {
            self.check_page_tables(process);
        }
        self.check_waiting();
        let (listed, said) = (self.handles_listed, self.root.handle_count);
        if listed != u64::from(said) {
            self.found(format_args!(
                "processes have {listed} handles, but the root block says {said}"
            ));
        }
        self.check_families();
        self.check_pagers();
        self.check_registry();
        self.check_frames();
        if self.moment == Moment::AllEnded {
            self.check_nothing_left(&processes);
        }
    }

    /// Follows what leads on from an object.
    fn look_into(&mut self, address: GuestAddress, kind: ObjectType) {
        match kind {
            ObjectType::PROCESS => self.look_into_process(address),
            ObjectType::THREAD => self.look_into_thread(address),
            ObjectType::VMO => self.look_into_vmo(address),
            ObjectType::VMAR => self.look_into_vmar(address),
            ObjectType::MAPPING => self.look_into_mapping(address),
            ObjectType::PAGER => self.look_into_pager(address),
            ObjectType::PAGE_SOURCE => self.look_into_page_source(address),
            ObjectType::PORT => self.look_into_port(address),
            _ => {}
        }
    }

    /// Every process has ended: only what the kernel keeps for itself may be left.
    fn check_nothing_left(&mut self, processes: &[ProcessView]) {
        if self.root.handle_count != 0 {
            let left = self.root.handle_count;
            self.found(format_args!("{left} handles are left at the end"));
        }
        let last = self.registry.owner_of(self.call_page.thread.address());
        for process in processes {
            if Some(process.address().0) != last {
                let what = self.describe(process.address().0);
                self.found(format_args!("{what} is left at the end"));
            }
        }
        let vdso = self.root.vdso.address();
        for address in self.registry.of_type(ObjectType::VMO) {
            if address != vdso {
                let what = self.describe(address);
                self.found(format_args!("{what} is left at the end"));
            }
        }
    }

    fn found(&mut self, finding: impl Display) {
        self.findings.add(finding);
    }

    /// Notes an error, if there is one.
    fn sound<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.found(error)).ok()
    }

    /// Notes a finding about the object at `address` unless `holds`.
    fn rule(&mut self, address: GuestAddress, holds: bool, finding: fmt::Arguments<'_>) {
        if !holds {
            let what = self.describe(address.0);
            self.found(format_args!("{what}: {finding}"));
        }
    }
}

#[cfg(test)]
mod tests;
