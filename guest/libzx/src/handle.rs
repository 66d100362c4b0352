//! Owned handles.

use crate::raw::{self, RawHandle};
use abi::{Rights, Status};
use core::num::NonZeroU32;

/// A handle that this process owns; closed when dropped.
#[derive(Debug)]
pub struct Handle(NonZeroU32);

impl Handle {
    /// Takes over a handle value; `None` for `ZX_HANDLE_INVALID`.
    #[must_use]
    pub const fn from_raw(value: RawHandle) -> Option<Self> {
        match NonZeroU32::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// What a call that has made a handle stored.
    pub(crate) fn from_call(status: raw::RawStatus, value: RawHandle) -> crate::Result<Self> {
        Status(status).ok()?;
        Self::from_raw(value).ok_or(Status::INTERNAL)
    }

    /// The value; the handle stays owned.
    #[must_use]
    pub const fn raw(&self) -> RawHandle {
        self.0.get()
    }

    /// The value; whoever has it now closes it.
    #[must_use]
    pub const fn into_raw(self) -> RawHandle {
        let value = self.0.get();
        core::mem::forget(self);
        value
    }

    /// A second handle to the same object with these rights
    /// ([`Rights::SAME_RIGHTS`] for those of this one).
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right DUPLICATE, `INVALID_ARGS` for rights that this
    /// handle lacks (reference §14).
    pub fn duplicate(&self, rights: u32) -> crate::Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_handle_duplicate(self.raw(), rights, &raw mut out) };
        Self::from_call(status, out)
    }

    /// Swaps the handle for one with these rights.
    ///
    /// # Errors
    /// `INVALID_ARGS` for rights that this handle lacks; the handle is closed even so
    /// (reference §14).
    pub fn replace(self, rights: u32) -> crate::Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_handle_replace(self.into_raw(), rights, &raw mut out) };
        Self::from_call(status, out)
    }

    /// A copy with all rights but these.
    ///
    /// # Errors
    /// As [`Handle::duplicate`].
    pub fn without(&self, all: Rights, taken: Rights) -> crate::Result<Self> {
        self.duplicate(all.difference(taken).bits())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the call touches no memory. Its status says only that somebody has
        // closed the value by hand, which is no fault here.
        unsafe { raw::zx_handle_close(self.raw()) };
    }
}
