//! Address regions and mappings.

use crate::handle::Handle;
use crate::object::object;
use crate::vmo::Vmo;
use crate::{Result, raw};
use abi::Status;
use core::mem::ManuallyDrop;

pub use abi::options::VmOptions as MapOptions;

/// A VMAR, by an owned handle.
#[derive(Debug)]
pub struct Vmar(Handle);

object!(Vmar);

impl Vmar {
    /// Maps `len` bytes of `vmo` from `vmo_offset` on and returns the address
    /// (`zx_vmar_map`). The VMAR may be another process's.
    ///
    /// # Errors
    /// As reference §13.1.
    pub fn map(
        &self,
        options: MapOptions,
        vmar_offset: usize,
        vmo: &Vmo,
        vmo_offset: u64,
        len: usize,
    ) -> Result<usize> {
        let mut address = 0;
        // SAFETY: `address` is an address's size.
        let status = unsafe {
            raw::zx_vmar_map(
                self.0.raw(),
                options.bits(),
                vmar_offset,
                vmo.handle().raw(),
                vmo_offset,
                len,
                &raw mut address,
            )
        };
        Status(status).ok()?;
        Ok(address)
    }

    /// Unmaps whatever is mapped in the range (`zx_vmar_unmap`).
    ///
    /// # Safety
    /// If it is the own process's VMAR, nothing in the range may be in use.
    ///
    /// # Errors
    /// As reference §13.3.
    pub unsafe fn unmap(&self, address: usize, len: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        Status(unsafe { raw::zx_vmar_unmap(self.0.raw(), address, len) }).ok()
    }

    /// A region inside this one, and its first address (`zx_vmar_allocate`). With
    /// [`MapOptions::SPECIFIC`] it begins at `offset`.
    ///
    /// ```no_run
    /// use libzx::{MapOptions, Result, Status, Vmo, startup};
    ///
    /// fn two_pages_of_my_own() -> Result<usize> {
    ///     let root = startup().vmar_root().ok_or(Status::NOT_FOUND)?;
    ///     let may = MapOptions::CAN_MAP_READ | MapOptions::CAN_MAP_SPECIFIC;
    ///     let (region, _) = root.allocate(may, 0, 0x2000)?;
    ///     let vmo = Vmo::create(0x1000)?;
    ///     let place = MapOptions::PERM_READ | MapOptions::SPECIFIC;
    ///     region.map(place, 0x1000, &vmo, 0, 0x1000)
    /// }
    /// ```
    ///
    /// # Errors
    /// As reference §13.2.
    pub fn allocate(
        &self,
        options: MapOptions,
        offset: usize,
        size: usize,
    ) -> Result<(Self, usize)> {
        let (mut child, mut address) = (0, 0);
        // SAFETY: `child` is a handle's size, `address` an address's.
        let status = unsafe {
            raw::zx_vmar_allocate(
                self.0.raw(),
                options.bits(),
                offset,
                size,
                &raw mut child,
                &raw mut address,
            )
        };
        Ok((Self(Handle::from_call(status, child)?), address))
    }

    /// Changes the permissions of the mappings in the range (`zx_vmar_protect`). An
    /// access that is not permitted any more ends the program with a fault.
    ///
    /// # Errors
    /// As reference §13.4.
    pub fn protect(&self, options: MapOptions, address: usize, len: usize) -> Result<()> {
        // SAFETY: the call touches no memory.
        let status = unsafe { raw::zx_vmar_protect(self.0.raw(), options.bits(), address, len) };
        Status(status).ok()
    }

    /// One of [`RangeOp`](abi::options::RangeOp) on what is mapped in the range
    /// (`zx_vmar_op_range`).
    ///
    /// # Safety
    /// If it is the own process's VMAR, and the operation takes pages away
    /// (`DECOMMIT`, `ZERO`), nothing in the range may be in use.
    ///
    /// # Errors
    /// As reference §13.5.
    pub unsafe fn op_range(&self, op: u32, address: usize, len: usize) -> Result<()> {
        let nothing = core::ptr::null_mut();
        // SAFETY: the caller's promise.
        let status = unsafe { raw::zx_vmar_op_range(self.0.raw(), op, address, len, nothing, 0) };
        Status(status).ok()
    }

    /// Unmaps all that is in it, and lets nobody map there by this region again
    /// (`zx_vmar_destroy`).
    ///
    /// # Safety
    /// If it is the own process's, nothing in it may be in use.
    ///
    /// # Errors
    /// As reference §13.6.
    pub unsafe fn destroy(&self) -> Result<()> {
        // SAFETY: the caller's promise.
        Status(unsafe { raw::zx_vmar_destroy(self.0.raw()) }).ok()
    }
}

/// A mapping in the own address space, unmapped when dropped.
///
/// Its bytes may change at any time (a VMO can be mapped twice, written with
/// `zx_vmo_write` or from another process), so they are reached by volatile accesses
/// only and never by reference.
#[derive(Debug)]
pub struct Mapping {
    address: usize,
    length: usize,
}

impl Mapping {
    /// Maps the first `length` bytes of `vmo` into the own root VMAR.
    ///
    /// # Errors
    /// As reference §13.1; `NOT_FOUND` without a root VMAR handle.
    pub fn new(vmo: &Vmo, length: usize, options: MapOptions) -> Result<Self> {
        Self::at_offset(vmo, 0, length, options)
    }

    /// Maps `length` bytes of `vmo` from `vmo_offset` on.
    ///
    /// # Errors
    /// As [`Mapping::new`].
    pub fn at_offset(
        vmo: &Vmo,
        vmo_offset: u64,
        length: usize,
        options: MapOptions,
    ) -> Result<Self> {
        let address = root()?.map(options, 0, vmo, vmo_offset, length)?;
        Ok(Self { address, length })
    }

    /// Its first address.
    #[must_use]
    pub const fn address(&self) -> usize {
        self.address
    }

    /// Its length in bytes, as asked for.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// Copies bytes from `offset` on out of the mapping, as far as it goes. A place
    /// that is not accessible ends the process with a fault, as any access does.
    pub fn load(&self, offset: usize, data: &mut [u8]) {
        for (at, byte) in (offset..self.length).zip(data) {
            let place = core::ptr::with_exposed_provenance::<u8>(self.address + at);
            // SAFETY: inside the mapping, which lives as long as `self`.
            *byte = unsafe { place.read_volatile() };
        }
    }

    /// Copies bytes into the mapping from `offset` on, as far as it goes. A place that
    /// is not accessible ends the process with a fault, as any access does.
    pub fn store(&self, offset: usize, data: &[u8]) {
        for (at, &byte) in (offset..self.length).zip(data) {
            let place = core::ptr::with_exposed_provenance_mut::<u8>(self.address + at);
            // SAFETY: inside the mapping, which lives as long as `self`; nobody holds a
            // reference to its bytes.
            unsafe { place.write_volatile(byte) };
        }
    }

    /// Changes its permissions (`zx_vmar_protect`).
    ///
    /// # Errors
    /// As reference §13.4.
    pub fn protect(&self, options: MapOptions) -> Result<()> {
        root()?.protect(options, self.address, self.length)
    }

    /// The byte at `offset`; zero beyond the end.
    #[must_use]
    pub fn byte(&self, offset: usize) -> u8 {
        let mut byte = [0];
        self.load(offset, &mut byte);
        let [byte] = byte;
        byte
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Ok(root) = root() {
            // SAFETY: nobody holds a reference to the mapping's bytes. If somebody has
            // unmapped it by hand, the range is empty and unmapping does nothing.
            let _ = unsafe { root.unmap(self.address, self.length) };
        }
    }
}

/// The own root VMAR.
pub(crate) fn root() -> Result<ManuallyDrop<Vmar>> {
    crate::startup().vmar_root().ok_or(Status::NOT_FOUND)
}
