//! Owned handles.

use crate::info::{Info, InfoList, Listed};
use crate::raw::{self, RawHandle};
use abi::options::Signals;
use abi::{Rights, Status};
use core::num::NonZeroU32;
use zerocopy::{FromBytes, IntoBytes};

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

    /// Closes it, and tells what dropping it does not (`zx_handle_close`).
    ///
    /// # Errors
    /// `BAD_HANDLE` if somebody has closed the value by hand.
    pub fn close(self) -> crate::Result<()> {
        // SAFETY: the call touches no memory.
        Status(unsafe { raw::zx_handle_close(self.into_raw()) }).ok()
    }

    /// A second handle to the same object with these rights ([`Rights::SAME`] for those
    /// of this one).
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right DUPLICATE, `INVALID_ARGS` for rights that this
    /// handle lacks (reference §14).
    pub fn duplicate(&self, rights: Rights) -> crate::Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status = unsafe { raw::zx_handle_duplicate(self.raw(), rights.bits(), &raw mut out) };
        Self::from_call(status, out)
    }

    /// Swaps the handle for one with these rights.
    ///
    /// # Errors
    /// `INVALID_ARGS` for rights that this handle lacks; the handle is closed even so
    /// (reference §14).
    pub fn replace(self, rights: Rights) -> crate::Result<Self> {
        let mut out = 0;
        // SAFETY: `out` is a handle's size.
        let status =
            unsafe { raw::zx_handle_replace(self.into_raw(), rights.bits(), &raw mut out) };
        Self::from_call(status, out)
    }

    /// A copy with all rights but these.
    ///
    /// # Errors
    /// As [`Handle::duplicate`].
    pub fn without(&self, all: Rights, taken: Rights) -> crate::Result<Self> {
        self.duplicate(all.difference(taken))
    }

    /// Waits until the object has one of these signals, at most until `deadline`, and
    /// returns all that it has then (`zx_object_wait_one`).
    ///
    /// # Errors
    /// `TIMED_OUT`, `ACCESS_DENIED` without the right WAIT, `CANCELED` when the handle is
    /// closed meanwhile.
    pub fn wait_one(&self, signals: Signals, deadline: i64) -> crate::Result<Signals> {
        let (status, observed) = self.observe(signals, deadline);
        status.ok()?;
        Ok(observed)
    }

    /// The signals that the object has now; no waiting.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right WAIT.
    pub fn signals(&self) -> crate::Result<Signals> {
        match self.observe(Signals::empty(), 0) {
            (Status::OK | Status::TIMED_OUT, observed) => Ok(observed),
            (failed, _) => Err(failed),
        }
    }

    fn observe(&self, signals: Signals, deadline: i64) -> (Status, Signals) {
        let mut observed = 0;
        // SAFETY: `observed` is a mask's size.
        let status = unsafe {
            raw::zx_object_wait_one(self.raw(), signals.bits(), deadline, &raw mut observed)
        };
        (Status(status), Signals::from_bits_retain(observed))
    }

    /// Clears and sets user signals of the object (`zx_object_signal`).
    ///
    /// # Errors
    /// `INVALID_ARGS` for signals that are not the user's, `ACCESS_DENIED` without the
    /// right SIGNAL.
    pub fn signal(&self, clear: Signals, set: Signals) -> crate::Result<()> {
        // SAFETY: the call touches no memory.
        Status(unsafe { raw::zx_object_signal(self.raw(), clear.bits(), set.bits()) }).ok()
    }

    /// What is told about the object, by the type of the record (`zx_object_get_info`).
    ///
    /// # Errors
    /// As reference §15: `WRONG_TYPE` for a topic that the object does not have,
    /// `ACCESS_DENIED` without the right INSPECT.
    pub fn info<T: Info>(&self) -> crate::Result<T> {
        let mut record = T::default();
        // SAFETY: `record` is as large as said, and any bytes make a `T`.
        let status = unsafe {
            raw::zx_object_get_info(
                self.raw(),
                T::TOPIC,
                (&raw mut record).cast(),
                size_of::<T>(),
                core::ptr::null_mut(),
                core::ptr::null_mut(),
            )
        };
        Status(status).ok()?;
        Ok(record)
    }

    /// Records of a list that is told about the object, as many as there is room for
    /// (`zx_object_get_info`).
    ///
    /// # Errors
    /// As [`Handle::info`]. Room that does not suffice is no error.
    pub fn info_list<'a, T: InfoList>(&self, records: &'a mut [T]) -> crate::Result<Listed<'a, T>> {
        let (mut actual, mut available) = (0, 0);
        // SAFETY: `records` is as large as said, and any bytes make a `T`; the others are
        // of a size's size.
        let status = unsafe {
            raw::zx_object_get_info(
                self.raw(),
                T::TOPIC,
                records.as_mut_ptr().cast(),
                size_of_val(records),
                &raw mut actual,
                &raw mut available,
            )
        };
        Status(status).ok()?;
        let records = records.get(..actual).ok_or(Status::INTERNAL)?;
        Ok(Listed { records, available })
    }

    /// A property of `T`'s size (`zx_object_get_property`).
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right `GET_PROPERTY`, `NOT_SUPPORTED` and `WRONG_TYPE`
    /// for one that the object does not have, `BUFFER_TOO_SMALL` for another size.
    pub fn property<T: FromBytes + IntoBytes>(&self, property: u32) -> crate::Result<T> {
        let mut value = T::new_zeroed();
        // SAFETY: `value` is as large as said, and any bytes make a `T`.
        let status = unsafe {
            raw::zx_object_get_property(
                self.raw(),
                property,
                (&raw mut value).cast(),
                size_of::<T>(),
            )
        };
        Status(status).ok()?;
        Ok(value)
    }

    /// Sets a property of `T`'s size (`zx_object_set_property`).
    ///
    /// # Errors
    /// As [`Handle::property`], with the right `SET_PROPERTY`.
    pub fn set_property<T: IntoBytes>(&self, property: u32, value: &T) -> crate::Result<()> {
        // SAFETY: `value` is readable and has no padding.
        let status = unsafe {
            raw::zx_object_set_property(
                self.raw(),
                property,
                core::ptr::from_ref(value).cast(),
                size_of::<T>(),
            )
        };
        Status(status).ok()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the call touches no memory. Its status says only that somebody has
        // closed the value by hand, which is no fault here.
        unsafe { raw::zx_handle_close(self.raw()) };
    }
}
