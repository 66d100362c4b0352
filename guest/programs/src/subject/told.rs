//! What the kernel tells about a VMO: sizes, rights, counts, signals, properties.

use super::Subject;
use crate::inspect::{property, put_property, rights, vmo};
use crate::probe::{out, status, vmo_get_size};
use abi::info::InfoVmo;
use abi::options::{Property, Signals};
use libzx::{Call, Result, Rights, Status};

impl Subject {
    /// `zx_vmo_get_size`
    ///
    /// # Errors
    /// As reference §9.1.
    pub fn size(&self) -> Result<u64> {
        vmo_get_size(self.id())
    }

    /// `zx_vmo_get_stream_size`
    ///
    /// # Errors
    /// As reference §9.1.
    pub fn stream_size(&self) -> Result<u64> {
        let mut size = 0_u64;
        status(Call::VmoGetStreamSize, &[self.arg(), out(&mut size)]).ok()?;
        Ok(core::hint::black_box(size))
    }

    /// `ZX_INFO_VMO`
    ///
    /// # Errors
    /// As reference §15.
    pub fn info(&self) -> Result<InfoVmo> {
        vmo(self.id())
    }

    /// Its pages now resident, in bytes.
    ///
    /// # Errors
    /// As reference §15.
    pub fn committed(&self) -> Result<u64> {
        Ok(self.info()?.committed_bytes)
    }

    /// The handle's rights.
    ///
    /// # Errors
    /// As reference §15.
    pub fn rights(&self) -> Result<Rights> {
        rights(self.id())
    }

    /// Whether `ZX_VMO_ZERO_CHILDREN` is asserted.
    ///
    /// # Errors
    /// As `zx_object_wait_one`, but for `TIMED_OUT`.
    pub fn zero_children(&self) -> Result<bool> {
        let mut observed = 0_u32;
        let signals = Signals::ZERO_CHILDREN.bits();
        let args = [self.arg(), u64::from(signals), 0, out(&mut observed)];
        let waited = status(Call::ObjectWaitOne, &args);
        let asserted = core::hint::black_box(observed) & signals != 0;
        match (waited, asserted) {
            (Status::OK, true) | (Status::TIMED_OUT, false) => Ok(asserted),
            // A status that does not fit to the signals is as wrong as any other.
            (Status::OK | Status::TIMED_OUT, _) => Err(Status::INTERNAL),
            (failed, _) => Err(failed),
        }
    }

    /// `ZX_PROP_VMO_CONTENT_SIZE`
    ///
    /// # Errors
    /// As reference §9.4.
    pub fn content_size(&self) -> Result<u64> {
        property(self.id(), Property::VMO_CONTENT_SIZE)
    }

    /// Sets `ZX_PROP_VMO_CONTENT_SIZE`.
    #[must_use]
    pub fn set_content_size(&self, size: u64) -> Status {
        put_property(self.id(), Property::VMO_CONTENT_SIZE, size)
    }
}
