//! A guest at one moment, in numbers.

use crate::inspect::report::thread_state;
use crate::inspect::{InspectError, Inspector, Problems, Standstill, Survey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Totals of calls since the guest's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTotals {
    /// Calls that were answered.
    pub calls: u64,
    /// Those of them that were answered with an error.
    pub errors: u64,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopThread {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// Its state in Zircon's words, such as `blocked.futex`.
    pub state: &'static str,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopProcess {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// `initial`, `running`, `dying` or `dead`.
    pub state: &'static str,
    /// Its threads.
    pub threads: Vec<TopThread>,
    /// Its handles.
    pub handles: usize,
    /// Bytes of resident pages that only it maps.
    pub private: u64,
    /// Bytes of resident pages that others map too.
    pub shared: u64,
    /// Its calls that the host served; null if the guest does not tell.
    pub totals: Option<CallTotals>,
}

/// A guest at one moment.
#[derive(Debug)]
pub struct TopSample {
    /// Time since the machine was made, in nanoseconds; 0 if that is not known.
    pub elapsed_ns: u64,
    /// How long a live guest stood still for the sample.
    pub standstill: Option<Standstill>,
    /// Frames that the kernel gives out.
    pub managed_frames: u64,
    /// Those of them that are free.
    pub free_frames: u64,
    /// Its processes, oldest first.
    pub processes: Vec<TopProcess>,
    /// Served calls by name; none if they are not known.
    pub calls: Option<BTreeMap<String, CallTotals>>,
    /// What could not be read.
    pub problems: Problems,
    /// What all of it was taken from.
    pub survey: Survey,
}

impl TopSample {
    /// Looks at a guest; a live one stands still meanwhile.
    ///
    /// # Errors
    /// [`InspectError`] if it cannot be looked at, or has no root block.
    pub fn take(inspector: &mut Inspector) -> Result<Self, InspectError> {
        let paused = inspector.pause()?;
        let survey = paused.survey()?;
        let problems = survey.problems.clone();
        let standstill = paused.resume()?;
        let memory = memory_of(&survey);
        let processes = survey.processes.iter().zip(memory);
        let processes = processes
            .map(|(process, (private, shared))| {
                let koid = process.koid();
                let threads = process.threads.iter().map(|thread| TopThread {
                    koid: thread.raw().header.koid,
                    name: thread.name().into_owned(),
                    state: thread_state(thread),
                });
                TopProcess {
                    koid,
                    name: process.view.name().into_owned(),
                    state: process.view.state().name(),
                    threads: threads.collect(),
                    handles: process.handles.len(),
                    private,
                    shared,
                    totals: None,
                }
            })
            .collect();
        let stats = survey.machine.stats.clone();
        let mut sample = Self {
            elapsed_ns: survey.machine.elapsed_ns,
            standstill,
            managed_frames: survey.root.managed_frames,
            free_frames: survey.root.free_frames.min(survey.root.managed_frames),
            processes,
            calls: None,
            problems,
            survey,
        };
        sample.tell(&stats);
        Ok(sample)
    }

    /// Takes over a machine's statistics ([`crate::inspect::MachineState::stats`]).
    pub(super) fn tell(&mut self, stats: &serde_json::Value) {
        self.calls = stats.get("calls").and_then(totals_by_name);
        let Some(totals) = stats.get("processes").and_then(totals_by_name) else {
            return;
        };
        for process in &mut self.processes {
            // One that has made no call yet is not in the list.
            let known = totals.get(&process.koid.to_string());
            process.totals = Some(known.copied().unwrap_or_default());
        }
    }
}

/// An object of totals, as the statistics of a machine have it. Entries that are none are
/// left out.
fn totals_by_name(value: &serde_json::Value) -> Option<BTreeMap<String, CallTotals>> {
    let entries = value.as_object()?.iter();
    Some(
        entries
            .filter_map(|(name, totals)| {
                let totals = CallTotals::deserialize(totals).ok()?;
                Some((name.clone(), totals))
            })
            .collect(),
    )
}

/// For each process: bytes resident in VMOs that it alone maps, and in those that others map
/// too.
fn memory_of(survey: &Survey) -> Vec<(u64, u64)> {
    use std::collections::{HashMap, HashSet};
    let mut users: HashMap<u64, HashSet<usize>> = HashMap::new();
    for (place, process) in survey.processes.iter().enumerate() {
        for mapping in process.mappings() {
            users.entry(mapping.vmo().0).or_default().insert(place);
        }
    }
    let mut memory = vec![(0_u64, 0_u64); survey.processes.len()];
    for vmo in &survey.vmos {
        let bytes = vmo.raw().page_count.saturating_mul(4096);
        let Some(users) = users.get(&vmo.address().0) else {
            continue;
        };
        for place in users {
            if let Some((private, shared)) = memory.get_mut(*place) {
                let sum = if users.len() == 1 { private } else { shared };
                *sum = sum.saturating_add(bytes);
            }
        }
    }
    memory
}
