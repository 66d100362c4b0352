//! The process that is examined, and things to put into it.

use crate::memory::Area;
use crate::probe::{UNTOUCHED, process_read, process_write};
use crate::suite::Failure;
use core::mem::ManuallyDrop;
use libzx::{MapOptions, PAGE_SIZE, Process, Rights, Status, Vmar, Vmo};

pub(super) const RW: MapOptions = MapOptions::READ_WRITE;

pub(super) const R: MapOptions = MapOptions::PERM_READ;

/// A process to examine, and its address space to put things into.
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) process: ManuallyDrop<Process>,
    pub(super) vmar: ManuallyDrop<Vmar>,
}

impl Target {
    pub(super) fn handle(&self) -> u32 {
        self.process.handle().raw()
    }

    /// Maps the VMO into the target.
    pub(super) fn map(
        &self,
        vmo: &Vmo,
        len: usize,
        options: MapOptions,
    ) -> Result<Place<'_>, Failure> {
        let address = self.vmar.map(options, 0, vmo, 0, len)?;
        Ok(Place {
            target: self,
            address,
            len,
        })
    }

    pub(super) fn read(&self, vaddr: u64, buffer: &Area, size: u64) -> (Status, u64) {
        process_read(self.handle(), vaddr, buffer.at(0), size)
    }

    pub(super) fn write(&self, vaddr: u64, buffer: &Area, size: u64) -> (Status, u64) {
        process_write(self.handle(), vaddr, buffer.at(0), size)
    }
}

/// A mapping in the target, unmapped when dropped.
pub(super) struct Place<'a> {
    target: &'a Target,
    address: usize,
    len: usize,
}

impl Place<'_> {
    pub(super) const fn at(&self, offset: u64) -> u64 {
        self.address as u64 + offset
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // SAFETY: the test's own mapping; no reference leads into it.
        let _ = unsafe { self.target.vmar.unmap(self.address, self.len) };
    }
}

/// A VMO with the pattern in it.
pub(super) fn patterned(seed: u64, pages: usize) -> Result<Vmo, Failure> {
    let area = Area::new(pages)?;
    area.fill(seed, pages * PAGE_SIZE);
    Ok(Vmo::from_handle(area.vmo.handle().duplicate(Rights::SAME)?))
}

/// A handle to the VMO that cannot write it.
pub(super) fn unwritable(vmo: &Vmo) -> Result<Vmo, Failure> {
    let handle = vmo.handle().without(Rights::DEFAULT_VMO, Rights::WRITE)?;
    Ok(Vmo::from_handle(handle))
}

pub(super) const fn ok(size: u64) -> (Status, u64) {
    (Status::OK, size)
}

pub(super) const fn error(status: Status) -> (Status, u64) {
    (status, UNTOUCHED)
}
