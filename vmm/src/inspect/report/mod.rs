//! `vmm report`: one page that shows all of a guest.
//!
//! The page needs nothing but itself: styles and script are in it, and its content security
//! policy lets it load nothing and run no script but its own. The tables are HTML, and are
//! there without the script too; the map is drawn by the script from one block of JSON.

mod claim;
mod data;
mod frames;
mod index;
mod page;
mod spaces;
mod tables;
mod text;

#[cfg(test)]
mod tests;

pub use frames::{FrameKind, FrameMap, FrameOwner, FrameRun};

use super::look::{TaskTree, tasks};
use super::{InspectError, Inspector, Origin, Problems, Standstill, Survey};
use serde::Serialize;
use std::io::{self, Write};
use std::time::SystemTime;

/// What a page is made of.
#[derive(Debug)]
pub struct Report {
    /// Where the guest comes from.
    pub origin: Origin,
    /// When it was looked at.
    pub taken: SystemTime,
    /// How long a live guest stood still for it.
    pub standstill: Option<Standstill>,
    /// Its objects.
    pub survey: Survey,
    /// What its processes have in memory, in the order of [`Survey::processes`].
    pub tasks: TaskTree,
    /// Its frames.
    pub frames: FrameMap,
    /// What could not be read, of objects and of frames.
    pub problems: Problems,
}

/// What a page shows, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportSummary {
    /// Processes.
    pub processes: usize,
    /// Threads of all processes.
    pub threads: usize,
    /// Mappings of all processes.
    pub mappings: usize,
    /// Handles of all processes.
    pub handles: usize,
    /// VMOs.
    pub vmos: usize,
    /// Frames of RAM, by use.
    pub frames: Vec<FrameTotal>,
}

/// How many frames have a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FrameTotal {
    /// The use.
    pub kind: FrameKind,
    /// How many.
    pub frames: u64,
}

impl Report {
    /// Looks at everything that a page shows; a live guest stands still meanwhile.
    ///
    /// # Errors
    /// [`InspectError`] if the guest cannot be looked at, or has no root block.
    pub fn take(inspector: &mut Inspector) -> Result<Self, InspectError> {
        let paused = inspector.pause()?;
        let survey = paused.survey()?;
        let mut problems = survey.problems.clone();
        let frames = claim::frames(&paused, &survey, &mut problems);
        let tasks = tasks(&paused, &survey, &mut problems);
        let standstill = paused.resume()?;
        Ok(Self {
            origin: inspector.origin().clone(),
            taken: SystemTime::now(),
            standstill,
            survey,
            tasks,
            frames,
            problems,
        })
    }

    /// What the page shows, in numbers.
    #[must_use]
    pub fn summary(&self) -> ReportSummary {
        let processes = &self.survey.processes;
        ReportSummary {
            processes: processes.len(),
            threads: processes.iter().map(|p| p.threads.len()).sum(),
            mappings: processes.iter().map(|p| p.mappings().count()).sum(),
            handles: processes.iter().map(|p| p.handles.len()).sum(),
            vmos: self.survey.vmos.len(),
            frames: FrameKind::ALL
                .into_iter()
                .map(|kind| FrameTotal {
                    kind,
                    frames: self.frames.of_kind(kind),
                })
                .collect(),
        }
    }

    /// Writes the page (HTML, UTF-8).
    ///
    /// # Errors
    /// Those of the stream.
    pub fn write(&self, stream: &mut dyn Write) -> io::Result<()> {
        page::write(self, stream)
    }
}
