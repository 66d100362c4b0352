//! A VMO under test: every VMO call with bare numbers, its bytes, what is told about it.

mod bytes;
pub mod make;
pub mod statuses;
mod told;
mod touch;

pub use touch::{soft_load, soft_store};

use crate::probe::{duplicate, out, status};
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, Handle, MapOptions, Mapping, Result, Rights, Status, Vmo};

/// A VMO by an owned handle, closed when dropped.
#[derive(Debug)]
pub struct Subject(Vmo);

impl Subject {
    /// Takes over a handle value.
    ///
    /// # Errors
    /// `BAD_HANDLE` for `ZX_HANDLE_INVALID`.
    pub fn own(value: u32) -> Result<Self> {
        let handle = Handle::from_raw(value).ok_or(Status::BAD_HANDLE)?;
        Ok(Self(Vmo::from_handle(handle)))
    }

    /// The handle's value.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.0.handle().raw()
    }

    /// The same as an argument of a call.
    #[must_use]
    pub fn arg(&self) -> u64 {
        u64::from(self.id())
    }

    /// The handle's value, which is now somebody else's.
    #[must_use]
    pub fn give_up(self) -> u32 {
        let value = self.id();
        core::mem::forget(self);
        value
    }

    /// A second handle with exactly these rights.
    ///
    /// # Errors
    /// As reference §14.
    pub fn with_rights(&self, rights: Rights) -> Result<Self> {
        duplicate(self.id(), rights.bits()).and_then(Self::own)
    }

    /// A second handle with all rights of this one but those.
    ///
    /// # Errors
    /// As reference §14 and §15.
    pub fn without(&self, rights: Rights) -> Result<Self> {
        self.with_rights(self.rights()?.difference(rights))
    }

    /// A second handle with no right at all.
    ///
    /// # Errors
    /// As reference §14.
    pub fn powerless(&self) -> Result<Self> {
        self.with_rights(Rights::empty())
    }

    /// `zx_vmo_create_child`
    ///
    /// # Errors
    /// As reference §10.
    pub fn child(&self, options: ChildOptions, offset: u64, size: u64) -> Result<Self> {
        make::child(self.id(), options.bits(), offset, size).and_then(Self::own)
    }

    /// A snapshot of the bytes from `offset` on.
    ///
    /// # Errors
    /// As reference §10.3.
    pub fn snapshot(&self, offset: u64, size: u64) -> Result<Self> {
        self.child(ChildOptions::SNAPSHOT, offset, size)
    }

    /// A slice of those bytes.
    ///
    /// # Errors
    /// As reference §10.2.
    pub fn slice(&self, offset: u64, size: u64) -> Result<Self> {
        self.child(ChildOptions::SLICE, offset, size)
    }

    /// A reference.
    ///
    /// # Errors
    /// As reference §10.2.
    pub fn reference(&self) -> Result<Self> {
        self.child(ChildOptions::REFERENCE, 0, 0)
    }

    /// `zx_vmo_set_size`
    #[must_use]
    pub fn set_size(&self, size: u64) -> Status {
        status(Call::VmoSetSize, &[self.arg(), size])
    }

    /// `zx_vmo_set_stream_size`
    #[must_use]
    pub fn set_stream_size(&self, size: u64) -> Status {
        status(Call::VmoSetStreamSize, &[self.arg(), size])
    }

    /// `zx_vmo_set_cache_policy`
    #[must_use]
    pub fn set_policy(&self, policy: u32) -> Status {
        status(Call::VmoSetCachePolicy, &[self.arg(), u64::from(policy)])
    }

    /// `zx_vmo_op_range` without a buffer.
    #[must_use]
    pub fn op(&self, op: u32, offset: u64, size: u64) -> Status {
        op_range(self.id(), op, offset, size)
    }

    /// Locks it (`ZX_VMO_OP_LOCK`) and returns what is stored.
    ///
    /// # Errors
    /// As reference §11.
    pub fn lock(&self, offset: u64, size: u64) -> Result<abi::info::LockState> {
        let mut state = abi::info::LockState::default();
        let args = [
            self.arg(),
            u64::from(RangeOp::LOCK),
            offset,
            size,
            out(&mut state),
            32,
        ];
        status(Call::VmoOpRange, &args).ok()?;
        Ok(core::hint::black_box(state))
    }

    /// Maps bytes of it into the own root VMAR.
    ///
    /// # Errors
    /// As reference §13.1.
    pub fn map_with(&self, offset: u64, length: usize, options: MapOptions) -> Result<Mapping> {
        Mapping::at_offset(&self.0, offset, length, options)
    }

    /// Maps bytes of it, readable and writable, whatever becomes of its pages.
    ///
    /// # Errors
    /// As reference §13.1.
    pub fn map(&self, offset: u64, length: usize) -> Result<Mapping> {
        let options = MapOptions::READ_WRITE | MapOptions::ALLOW_FAULTS;
        self.map_with(offset, length, options)
    }
}

/// `zx_vmo_op_range` without a buffer.
#[must_use]
pub fn op_range(handle: u32, op: u32, offset: u64, size: u64) -> Status {
    let args = [u64::from(handle), u64::from(op), offset, size, 0, 0];
    status(Call::VmoOpRange, &args)
}

/// `vmoscope_reclaim`: discards every unlocked discardable VMO.
///
/// # Errors
/// The call's status.
pub fn reclaim() -> Result<()> {
    status(Call::Reclaim, &[]).ok()
}

/// The last case of a suite: whatever it did has left the kernel's structures whole.
pub fn sound(suite: &mut crate::suite::Suite) {
    suite.case("the kernel's structures are whole in the end", || {
        status(Call::DebugCheck, &[]).ok()?;
        Ok(())
    });
}

/// Fails the case unless the call fails with that status.
#[macro_export]
macro_rules! refused {
    ($call:expr, $status:expr) => {
        $crate::expect_eq!($call.err(), Some($status))
    };
}
