//! A process that was never started, with something mapped in it.

use crate::child::Child;
use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{Map, UNTOUCHED, process_read, process_write};
use crate::regions::{Object, SPECIFIC};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::Status;

/// Where things are mapped in it.
pub(super) const AT: u64 = USER_BASE + (1 << 30);

/// The process, and a buffer to read into and to write from.
pub(super) struct Place {
    pub(super) child: Child,
    pub(super) buffer: Area,
}

impl Place {
    /// Nothing is mapped yet; the buffer has four pages.
    pub(super) fn new() -> Result<Self, Status> {
        Ok(Self {
            child: Child::new("examined")?,
            buffer: Area::touched(4)?,
        })
    }

    /// With pages of a VMO at [`AT`].
    pub(super) fn with(vmo: &Object, options: u32, pages: u64) -> Result<Self, Status> {
        let place = Self::new()?;
        place.child.map(vmo, options, AT, pages)?;
        Ok(place)
    }

    /// The request to map pages of a VMO, from one of its pages on, at a page behind
    /// [`AT`].
    pub(super) const fn map(&self, vmo: &Object, options: u32, page: u64, pages: u64) -> Map {
        Map {
            options: options | SPECIFIC,
            ..self.child.request(vmo, options, AT + page * PAGE, pages)
        }
    }

    pub(super) fn read(&self, offset: u64, size: u64) -> (Status, u64) {
        process_read(self.child.process, AT + offset, self.buffer.at(0), size)
    }

    pub(super) fn write(&self, offset: u64, size: u64) -> (Status, u64) {
        process_write(self.child.process, AT + offset, self.buffer.at(0), size)
    }

    /// Reading gives the pattern.
    pub(super) fn shows(&self, seed: u64, offset: u64, at: u64, size: u64) -> Outcome {
        let given = self.read(offset, size);
        expect_eq!(given, (Status::OK, size));
        let length = usize::try_from(size).unwrap_or(0);
        let differs = self.buffer.mismatch(seed, 0, at, length);
        ensure!(differs.is_none(), "differs at {differs:?}");
        Ok(())
    }

    /// Reading fails, and the buffer and the count are left alone.
    pub(super) fn unreadable(&self, wanted: Status, offset: u64, size: u64) -> Outcome {
        self.buffer.vmo.write(&[0xCC; 4096], 0)?;
        let given = self.read(offset, size);
        ensure!(given == failed(wanted), "read: {given:?}, not {wanted:?}");
        ensure!(self.buffer.all(0, 4096, 0xCC), "bytes were delivered");
        Ok(())
    }

    /// Writing fails, with the gate's status if that is shut.
    pub(super) fn unwritable(
        &self,
        modes: Modes,
        wanted: Status,
        offset: u64,
        size: u64,
    ) -> Outcome {
        let wanted = if modes.gate {
            wanted
        } else {
            Status::NOT_SUPPORTED
        };
        let given = self.write(offset, size);
        ensure!(given == failed(wanted), "write: {given:?}, not {wanted:?}");
        Ok(())
    }
}

pub(super) const fn failed(status: Status) -> (Status, u64) {
    (status, UNTOUCHED)
}
