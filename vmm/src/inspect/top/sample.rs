//! A guest at one moment, in numbers.

use crate::inspect::look::{ThreadTask, tasks};
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
    pub threads: Vec<ThreadTask>,
    /// Its handles.
    pub handles: u64,
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
        let mut problems = survey.problems.clone();
        let tasks = tasks(&paused, &survey, &mut problems);
        let standstill = paused.resume()?;
        let processes = tasks.processes.into_iter().map(|task| {
            let memory = task.memory.unwrap_or_default();
            TopProcess {
                koid: task.koid,
                name: task.name,
                state: task.state,
                threads: task.threads,
                handles: task.handles,
                private: memory.private,
                shared: memory.shared,
                totals: None,
            }
        });
        let processes = processes.collect();
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
