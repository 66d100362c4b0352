//! Virtual memory objects.

use crate::handle::Handle;
use crate::object::object;
use crate::{Bti, Resource, Result, raw};
use abi::Status;
use abi::info::LockState;
use abi::objects::{CachePolicy, VmoOptions};
use abi::options::{ChildOptions, Property, RangeOp};

/// A VMO, by an owned handle.
///
/// ```no_run
/// use libzx::{ChildOptions, Result, Vmo};
///
/// fn snapshots_keep_their_bytes() -> Result<bool> {
///     let vmo = Vmo::create(0x2000)?;
///     vmo.write(b"before", 0)?;
///     let snapshot = vmo.create_child(ChildOptions::SNAPSHOT, 0, 0x2000)?;
///     vmo.write(b"after!", 0)?;
///     let mut bytes = [0; 6];
///     snapshot.read(&mut bytes, 0)?;
///     Ok(bytes == *b"before")
/// }
/// ```
#[derive(Debug)]
pub struct Vmo(Handle);

object!(Vmo);

impl Vmo {
    /// A fixed-size VMO of `size` bytes, rounded up to pages (`zx_vmo_create`).
    ///
    /// # Errors
    /// `OUT_OF_RANGE` beyond the largest size, `NO_MEMORY`.
    pub fn create(size: u64) -> Result<Self> {
        Self::create_with(size, VmoOptions::empty())
    }

    /// A VMO with options.
    ///
    /// # Errors
    /// As reference §8.1.
    pub fn create_with(size: u64, options: VmoOptions) -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_vmo_create(size, options.bits(), &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// Physically contiguous memory, aligned to `2^alignment_log2` bytes, at least a page
    /// (`zx_vmo_create_contiguous`).
    ///
    /// # Errors
    /// As reference §8.2.
    pub fn create_contiguous(bti: &Bti, size: u64, alignment_log2: u32) -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status =
            unsafe { raw::zx_vmo_create_contiguous(bti.raw(), size, alignment_log2, &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// The memory at a guest-physical address (`zx_vmo_create_physical`).
    ///
    /// # Errors
    /// As reference §8.3.
    pub fn create_physical(resource: &Resource, address: u64, size: u64) -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status =
            unsafe { raw::zx_vmo_create_physical(resource.raw(), address, size, &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// Swaps the handle for one that may be mapped as code
    /// (`zx_vmo_replace_as_executable`).
    ///
    /// # Errors
    /// As reference §8.4; the handle is closed even so.
    pub fn replace_as_executable(self, resource: &Resource) -> Result<Self> {
        let mut out = 0;
        let handle = self.0.into_raw();
        // SAFETY: `out` is a handle's size.
        let status =
            unsafe { raw::zx_vmo_replace_as_executable(handle, resource.raw(), &raw mut out) };
        Handle::from_call(status, out).map(Self)
    }

    /// Fills `data` from the VMO's bytes at `offset` (`zx_vmo_read`).
    ///
    /// # Errors
    /// As reference §4.
    pub fn read(&self, data: &mut [u8], offset: u64) -> Result<()> {
        // SAFETY: `data` is writable for its length.
        let status =
            unsafe { raw::zx_vmo_read(self.0.raw(), data.as_mut_ptr(), offset, data.len()) };
        Status(status).ok()
    }

    /// Stores `data` into the VMO at `offset` (`zx_vmo_write`).
    ///
    /// # Errors
    /// As reference §4.
    pub fn write(&self, data: &[u8], offset: u64) -> Result<()> {
        // SAFETY: `data` is readable for its length.
        let status = unsafe { raw::zx_vmo_write(self.0.raw(), data.as_ptr(), offset, data.len()) };
        Status(status).ok()
    }

    /// A slice, reference or clone of `size` bytes from `offset` on
    /// (`zx_vmo_create_child`).
    ///
    /// # Errors
    /// As reference §10.
    pub fn create_child(&self, options: ChildOptions, offset: u64, size: u64) -> Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe {
            raw::zx_vmo_create_child(self.0.raw(), options.bits(), offset, size, &raw mut out)
        };
        Handle::from_call(status, out).map(Self)
    }

    /// Its size in bytes, a multiple of the page size (`zx_vmo_get_size`).
    ///
    /// # Errors
    /// `BAD_HANDLE`, `WRONG_TYPE`.
    pub fn size(&self) -> Result<u64> {
        let mut size = 0;
        // SAFETY: `size` is eight bytes.
        let status = unsafe { raw::zx_vmo_get_size(self.0.raw(), &raw mut size) };
        Status(status).ok()?;
        Ok(size)
    }

    /// Changes its size, rounded up to pages (`zx_vmo_set_size`).
    ///
    /// # Errors
    /// As reference §9.2.
    pub fn set_size(&self, size: u64) -> Result<()> {
        // SAFETY: the call touches no memory; to shrink what is mapped makes accesses
        // fault and nothing worse.
        Status(unsafe { raw::zx_vmo_set_size(self.0.raw(), size) }).ok()
    }

    /// The size of its content in bytes (`zx_vmo_get_stream_size`).
    ///
    /// # Errors
    /// As reference §9.1.
    pub fn stream_size(&self) -> Result<u64> {
        let mut size = 0;
        // SAFETY: `size` is eight bytes.
        let status = unsafe { raw::zx_vmo_get_stream_size(self.0.raw(), &raw mut size) };
        Status(status).ok()?;
        Ok(size)
    }

    /// Changes the size of its content; the bytes behind it become zero
    /// (`zx_vmo_set_stream_size`).
    ///
    /// # Errors
    /// As reference §9.3.
    pub fn set_stream_size(&self, size: u64) -> Result<()> {
        // SAFETY: as for `set_size`.
        Status(unsafe { raw::zx_vmo_set_stream_size(self.0.raw(), size) }).ok()
    }

    /// The property `ZX_PROP_VMO_CONTENT_SIZE`, in bytes.
    ///
    /// # Errors
    /// As reference §9.4.
    pub fn content_size(&self) -> Result<u64> {
        self.0.property(Property::VMO_CONTENT_SIZE)
    }

    /// Sets the property `ZX_PROP_VMO_CONTENT_SIZE`.
    ///
    /// # Errors
    /// As reference §9.4.
    pub fn set_content_size(&self, size: u64) -> Result<()> {
        self.0.set_property(Property::VMO_CONTENT_SIZE, &size)
    }

    /// One of [`RangeOp`] that needs no buffer, on a range (`zx_vmo_op_range`).
    ///
    /// # Errors
    /// As reference §11.
    pub fn op_range(&self, op: u32, offset: u64, size: u64) -> Result<()> {
        // SAFETY: without a buffer the call stores nothing.
        let status = unsafe {
            raw::zx_vmo_op_range(self.0.raw(), op, offset, size, core::ptr::null_mut(), 0)
        };
        Status(status).ok()
    }

    /// Locks a discardable VMO, whole, and tells what was discarded
    /// (`ZX_VMO_OP_LOCK`); [`RangeOp::UNLOCK`] unlocks it.
    ///
    /// # Errors
    /// As reference §11.
    pub fn lock(&self) -> Result<LockState> {
        let mut state = LockState::default();
        let size = self.size()?;
        // SAFETY: `state` is as large as said.
        let status = unsafe {
            raw::zx_vmo_op_range(
                self.0.raw(),
                RangeOp::LOCK,
                0,
                size,
                (&raw mut state).cast(),
                size_of::<LockState>(),
            )
        };
        Status(status).ok()?;
        Ok(state)
    }

    /// How mappings of it are cached (`zx_vmo_set_cache_policy`).
    ///
    /// # Errors
    /// As reference §12.1.
    pub fn set_cache_policy(&self, policy: CachePolicy) -> Result<()> {
        // SAFETY: the call touches no memory.
        Status(unsafe { raw::zx_vmo_set_cache_policy(self.0.raw(), policy.0) }).ok()
    }

    /// Moves pages of `source` here; there, zeros are left (`zx_vmo_transfer_data`).
    ///
    /// # Errors
    /// As reference §12.2.
    pub fn transfer_data(
        &self,
        offset: u64,
        length: u64,
        source: &Self,
        source_offset: u64,
    ) -> Result<()> {
        // SAFETY: the call touches VMOs only, to whose bytes nobody holds references.
        let status = unsafe {
            raw::zx_vmo_transfer_data(
                self.0.raw(),
                0,
                offset,
                length,
                source.0.raw(),
                source_offset,
            )
        };
        Status(status).ok()
    }
}
