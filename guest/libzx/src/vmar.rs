//! Address regions and mappings.

use crate::Result;
use crate::handle::Handle;
use crate::raw;
use crate::vmo::Vmo;
use abi::Status;
use bitflags::bitflags;
use core::mem::ManuallyDrop;

bitflags! {
    /// Options of `zx_vmar_map` (reference §13).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MapOptions: u32 {
        /// `ZX_VM_PERM_READ`
        const PERM_READ = 1 << 0;
        /// `ZX_VM_PERM_WRITE`
        const PERM_WRITE = 1 << 1;
        /// `ZX_VM_PERM_EXECUTE`
        const PERM_EXECUTE = 1 << 2;
        /// `ZX_VM_COMPACT`
        const COMPACT = 1 << 3;
        /// `ZX_VM_SPECIFIC`
        const SPECIFIC = 1 << 4;
        /// `ZX_VM_SPECIFIC_OVERWRITE`
        const SPECIFIC_OVERWRITE = 1 << 5;
        /// `ZX_VM_CAN_MAP_READ`: of `zx_vmar_allocate`, refused by `zx_vmar_map`.
        const CAN_MAP_READ = 1 << 7;
        /// `ZX_VM_CAN_MAP_WRITE`: likewise.
        const CAN_MAP_WRITE = 1 << 8;
        /// `ZX_VM_CAN_MAP_EXECUTE`: likewise.
        const CAN_MAP_EXECUTE = 1 << 9;
        /// `ZX_VM_MAP_RANGE`
        const MAP_RANGE = 1 << 10;
        /// `ZX_VM_REQUIRE_NON_RESIZABLE`
        const REQUIRE_NON_RESIZABLE = 1 << 11;
        /// `ZX_VM_ALLOW_FAULTS`
        const ALLOW_FAULTS = 1 << 12;
        /// `ZX_VM_OFFSET_IS_UPPER_LIMIT`
        const OFFSET_IS_UPPER_LIMIT = 1 << 13;
        /// `ZX_VM_FAULT_BEYOND_STREAM_SIZE`
        const FAULT_BEYOND_STREAM_SIZE = 1 << 15;
    }
}

impl MapOptions {
    /// Readable and writable.
    pub const READ_WRITE: Self = Self::PERM_READ.union(Self::PERM_WRITE);
}

/// A VMAR, by an owned handle.
#[derive(Debug)]
pub struct Vmar(Handle);

impl Vmar {
    /// Takes over a handle.
    #[must_use]
    pub const fn from_handle(handle: Handle) -> Self {
        Self(handle)
    }

    /// The handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

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

fn root() -> Result<ManuallyDrop<Vmar>> {
    crate::startup().vmar_root().ok_or(Status::NOT_FOUND)
}
