//! A guest to look at, and the token that says that it stands still.

use super::{InspectError, InspectedRam, MachineState, Problems, Survey};
use crate::control::Connection;
use crate::memory::PhysicalMemory;
use crate::objects::mock::MockGuest;
use crate::objects::{RootView, ViewError};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vm_memory::GuestAddress;

/// Where a guest comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// A VM that runs.
    Live {
        /// Its control socket.
        path: PathBuf,
        /// The process ID of its monitor.
        monitor: u32,
    },
    /// A saved image.
    Image {
        /// The file.
        path: PathBuf,
        /// `elf` or `raw`.
        format: &'static str,
    },
    /// Made up.
    Mock,
}

/// How long a live guest stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standstill {
    /// From the moment at which its last vCPU stopped to that at which it was let go, in
    /// nanoseconds.
    pub ns: u64,
    /// From the wish to the stop, in nanoseconds: the guest still ran.
    pub waited_ns: u64,
}

impl Standstill {
    /// How long it stood still.
    #[must_use]
    pub const fn time(&self) -> Duration {
        Duration::from_nanos(self.ns)
    }
}

/// A guest to look at.
#[derive(Debug)]
pub struct Inspector {
    origin: Origin,
    memory: InspectedRam,
    source: Source,
    problems: Problems,
    no_guest: Option<String>,
}

#[derive(Debug)]
enum Source {
    Live(Connection),
    /// What was saved, and does not change.
    Still(MachineState),
}

impl Inspector {
    /// Attaches to the VM whose control socket stands at `path`.
    ///
    /// # Errors
    /// [`InspectError`] if there is none, or if it refuses.
    pub fn live(path: &Path) -> Result<Self, InspectError> {
        let (connection, memory) = Connection::open(path)?;
        Ok(Self {
            origin: Origin::Live {
                path: path.to_owned(),
                monitor: connection.monitor(),
            },
            memory,
            source: Source::Live(connection),
            problems: Problems::default(),
            no_guest: None,
        })
    }

    /// Opens a saved image: an ELF core as `vmm dump` or QEMU writes it, or raw memory.
    ///
    /// # Errors
    /// [`InspectError`] if it cannot be read or is none.
    pub fn image(path: &Path) -> Result<Self, InspectError> {
        let image = super::image::open(path)?;
        Ok(Self {
            origin: Origin::Image {
                path: path.to_owned(),
                format: image.format,
            },
            memory: image.memory,
            source: Source::Still(image.machine),
            problems: image.problems,
            no_guest: image.no_guest,
        })
    }

    /// Looks at a mock.
    #[must_use]
    pub fn mock(guest: &MockGuest) -> Self {
        let machine = MachineState {
            root: guest.root().0.into(),
            ram: InspectedRam::mock(Arc::clone(guest.ram())).size(),
            ..MachineState::default()
        };
        Self::mock_machine(guest, machine)
    }

    /// Looks at a mock, of which the rest of the machine is made up too.
    #[must_use]
    pub fn mock_machine(guest: &MockGuest, machine: MachineState) -> Self {
        Self {
            origin: Origin::Mock,
            memory: InspectedRam::mock(Arc::clone(guest.ram())),
            source: Source::Still(machine),
            problems: Problems::default(),
            no_guest: None,
        }
    }

    /// Where it comes from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What is wrong with the image that it comes from. Every survey starts with them.
    #[must_use]
    pub const fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Why an image has no objects to show, though it has bytes; `None` if it has some.
    #[must_use]
    pub fn no_guest(&self) -> Option<&str> {
        self.no_guest.as_deref()
    }

    /// Its RAM, though the guest may run: what is read may be torn.
    #[must_use]
    pub const fn memory(&self) -> &InspectedRam {
        &self.memory
    }

    /// Makes the guest stand still until the result is dropped; an image always does.
    ///
    /// # Errors
    /// [`InspectError::KernelBusy`] if its kernel does not come to rest in time,
    /// [`InspectError::Ended`] if it is gone, [`InspectError::Vm`] if it does not answer. A guest without a usable root block can
    /// be paused all the same.
    pub fn pause(&mut self) -> Result<Paused<'_>, InspectError> {
        let (machine, live) = match &mut self.source {
            Source::Live(connection) => (connection.pause()?, Some(connection)),
            Source::Still(machine) => (machine.clone(), None),
        };
        let root = RootView::read(&self.memory, GuestAddress(machine.root.0));
        Ok(Paused {
            origin: &self.origin,
            memory: &self.memory,
            root,
            machine,
            live,
            problems: &self.problems,
            no_guest: self.no_guest.as_deref(),
        })
    }

    /// Copies every object; the guest stands still meanwhile, and no longer.
    ///
    /// # Errors
    /// Those of [`Inspector::pause`].
    pub fn survey(&mut self) -> Result<(Survey, Option<Standstill>), InspectError> {
        let paused = self.pause()?;
        let survey = paused.survey()?;
        Ok((survey, paused.resume()?))
    }

    /// The control connection; `None` if it is no live guest.
    pub const fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.source {
            Source::Live(connection) => Some(connection),
            Source::Still(_) => None,
        }
    }
}

/// A guest that stands still for as long as this exists. Everything that is read through it
/// belongs to one moment.
#[derive(Debug)]
pub struct Paused<'i> {
    origin: &'i Origin,
    memory: &'i InspectedRam,
    root: Result<RootView, ViewError>,
    machine: MachineState,
    live: Option<&'i mut Connection>,
    problems: &'i Problems,
    no_guest: Option<&'i str>,
}

impl Paused<'_> {
    /// Where the guest comes from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        self.origin
    }

    /// Its RAM.
    #[must_use]
    pub const fn memory(&self) -> &InspectedRam {
        self.memory
    }

    /// Its vCPUs and totals.
    #[must_use]
    pub const fn machine(&self) -> &MachineState {
        &self.machine
    }

    /// What is wrong with the image that it comes from ([`Inspector::problems`]).
    #[must_use]
    pub const fn problems(&self) -> &Problems {
        self.problems
    }

    /// Its root block.
    ///
    /// # Errors
    /// [`InspectError::Root`] if there is none that can be used; [`InspectError::NotAnImage`]
    /// if a file holds none.
    pub fn root(&self) -> Result<&RootView, InspectError> {
        if let (Some(reason), Origin::Image { path, .. }) = (self.no_guest, self.origin) {
            return Err(InspectError::NotAnImage {
                path: path.clone(),
                reason: reason.to_owned(),
            });
        }
        self.root
            .as_ref()
            .map_err(|error| InspectError::Root(*error))
    }

    /// Copies every object.
    ///
    /// # Errors
    /// [`InspectError::Root`] if the root block cannot be read, and those of
    /// [`Paused::root`].
    pub fn survey(&self) -> Result<Survey, InspectError> {
        let mut survey = Survey::new(self.memory, self.root()?, &self.machine)?;
        let mut problems = self.problems.clone();
        problems.add(&survey.problems);
        survey.problems = problems;
        Ok(survey)
    }

    /// Stores bytes in its RAM, past all rules; a live VM notes it in its log.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if it is no live guest; [`InspectError::Access`] if not all
    /// of it is RAM, and then nothing is stored.
    pub fn write_physical(&mut self, at: GuestAddress, bytes: &[u8]) -> Result<(), InspectError> {
        if !self.memory.contains(at, bytes.len() as u64) {
            return Err(InspectError::Access(crate::memory::AccessError {
                address: at,
                length: bytes.len() as u64,
            }));
        }
        match &mut self.live {
            Some(connection) => connection.write(at, bytes),
            None => Err(InspectError::Refused(
                "only a live VM can be written to: an image is what it was".to_owned(),
            )),
        }
    }

    /// Lets the guest go on; says how long it stood still (`None` of an image).
    ///
    /// # Errors
    /// [`InspectError::Vm`] if the guest was let go before, because this took too long: what
    /// was read may belong to several moments.
    pub fn resume(mut self) -> Result<Option<Standstill>, InspectError> {
        self.live.take().map(Connection::resume).transpose()
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.live.take() {
            // Should this fail, the VM sees the connection's end and goes on by itself.
            let _ = connection.resume();
        }
    }
}
