//! All about one access to one address.

use super::cpu::CpuVerdict;
use super::fault::FaultHandler;
use super::place::Place;
use super::rights::Control;
use super::verdict::{CallVerdict, Court};
use super::walk::Translation;
use crate::inspect::{Hex, InspectError, InspectedRam, Paused, Problems, ProcessRecord, Survey};
use crate::translate::Access;
use abi::layout::MAX_PROCESS_TRANSFER;
use abi::objects::ProcessState;
use serde::Serialize;

/// The most bytes that an explanation is about: what the calls for debuggers take.
pub const MAX_LENGTH: u64 = MAX_PROCESS_TRANSFER;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// First byte.
    pub address: u64,
    /// Bytes, from 1 to [`MAX_LENGTH`].
    pub length: u64,
    /// What is to be done there.
    pub access: Access,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessName {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
}

impl ProcessName {
    /// That of a process.
    #[must_use]
    pub fn of(process: &ProcessRecord) -> Self {
        Self {
            koid: process.koid(),
            name: process.view.name().into_owned(),
        }
    }
}

/// What an access to an address would come to, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whose address space.
    pub process: ProcessName,
    /// The first byte.
    pub address: Hex,
    /// Bytes.
    pub length: u64,
    /// `"read"`, `"write"` or `"fetch"`.
    pub access: String,
    /// What the page tables say about the first byte.
    pub translation: Translation,
    /// What stands behind the first byte.
    pub place: Place,
    /// What the CPU does; null for a process that is dead.
    pub cpu: Option<CpuVerdict>,
    /// What the calls would give.
    pub calls: Vec<CallVerdict>,
}

impl Explanation {
    /// What that access of a process would come to. What cannot be read is noted.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if the length is 0 or too large.
    pub fn new(
        memory: &InspectedRam,
        survey: &Survey,
        process: &ProcessRecord,
        ask: Ask,
        problems: &mut Problems,
    ) -> Result<Self, InspectError> {
        let Ask {
            address,
            length,
            access,
        } = ask;
        if length == 0 || length > MAX_LENGTH {
            return Err(InspectError::Refused(format!(
                "a length of {length}: from 1 to {MAX_LENGTH} bytes can be explained"
            )));
        }
        let control = Control::of(&survey.machine);
        let translation = Translation::new(memory, &process.view, address, access, control);
        let at = (address, translation.physical);
        let (place, behind) = Place::new(memory, &survey.root, process, at, problems);
        let mut handler = FaultHandler::new(memory, process.view, survey.root);
        let dead = process.view.state() == ProcessState::DEAD;
        let range = (address, length);
        let cpu = (!dead)
            .then(|| CpuVerdict::new(memory, &process.view, &mut handler, range, access, problems));
        let court = Court {
            memory,
            process: process.view,
            root: survey.root,
            address,
            length,
        };
        let mut calls = court.verdicts(behind);
        if dead {
            // It makes no calls any more.
            calls.retain(|verdict| verdict.role != "buffer");
        }
        Ok(Self {
            process: ProcessName::of(process),
            address: Hex(address),
            length,
            access: access.to_string(),
            translation,
            place,
            cpu,
            calls,
        })
    }
}

impl Paused<'_> {
    /// What an access of a process would come to, and why. What cannot be read is noted in
    /// `problems`.
    ///
    /// # Errors
    /// [`InspectError::Refused`] if the length is 0 or too large.
    pub fn explain(
        &self,
        survey: &Survey,
        process: &ProcessRecord,
        ask: Ask,
        problems: &mut Problems,
    ) -> Result<Explanation, InspectError> {
        Explanation::new(self.memory(), survey, process, ask, problems)
    }
}
