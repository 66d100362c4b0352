//! The inspector's end of a control socket.

use crate::inspect::{InspectError, InspectedRam, MachineState, Standstill};
use std::path::{Path, PathBuf};
use vm_memory::GuestAddress;

/// A connection to a running VM.
#[derive(Debug)]
pub struct Connection {
    path: PathBuf,
}

impl Connection {
    /// Connects, and maps the guest's RAM.
    ///
    /// # Errors
    /// [`InspectError`] if there is no VM, or if it refuses.
    pub fn open(path: &Path) -> Result<(Self, InspectedRam), InspectError> {
        let connection = Self {
            path: path.to_owned(),
        };
        Err(connection.not_yet())
    }

    /// The process ID of the VM's monitor.
    #[must_use]
    pub const fn monitor(&self) -> u32 {
        0
    }

    /// Makes the guest stand still.
    ///
    /// # Errors
    /// [`InspectError::KernelBusy`] if it does not come to rest in time.
    pub fn pause(&mut self) -> Result<MachineState, InspectError> {
        Err(self.not_yet())
    }

    /// Lets the guest go on.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if it was let go before.
    pub fn resume(&mut self) -> Result<Standstill, InspectError> {
        Err(self.not_yet())
    }

    /// Stores bytes in the guest's RAM.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if the VM refuses.
    pub fn write(&mut self, _at: GuestAddress, _bytes: &[u8]) -> Result<(), InspectError> {
        Err(self.not_yet())
    }

    fn not_yet(&self) -> InspectError {
        InspectError::Vm {
            path: self.path.clone(),
            reason: "attaching to running VMs is not possible yet".to_owned(),
        }
    }
}
