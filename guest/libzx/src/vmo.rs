//! Virtual memory objects.

use crate::Result;
use crate::handle::Handle;
use crate::raw;
use abi::Status;

pub use abi::objects::VmoOptions;
pub use abi::options::ChildOptions;

/// A VMO, by an owned handle.
#[derive(Debug)]
pub struct Vmo(Handle);

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
}
