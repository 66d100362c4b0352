//! One VMO of every kind, with a pattern in it.

use crate::memory::PAGE;
use crate::probe::{close, duplicate, out, replace, status, vmo_create, vmo_read, vmo_write};
use abi::options::ChildOptions;
use libzx::{Call, Result, Rights, Status, VmoOptions, startup};

/// The BTI's handle.
#[must_use]
pub fn bti() -> u32 {
    let found = startup().raw_handle(abi::startup::PA_USER2, 0);
    found.unwrap_or(0)
}

/// The root resource's handle.
#[must_use]
pub fn resource() -> u32 {
    let found = startup().raw_handle(abi::startup::PA_RESOURCE, 0);
    found.unwrap_or(0)
}

/// The vDSO's handle.
#[must_use]
pub fn vdso() -> u32 {
    let found = startup().raw_handle(abi::startup::PA_VMO_VDSO, 0);
    found.unwrap_or(0)
}

/// What a VMO is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anonymous memory of a fixed size.
    Anonymous,
    /// Anonymous memory that can be resized.
    Resizable,
    /// Anonymous memory that memory pressure may take.
    Discardable,
    /// As large as can be.
    Unbounded,
    /// Physically contiguous.
    Contiguous,
    /// A range of guest-physical addresses, not cached.
    Physical,
    /// Anonymous memory whose cache policy is UNCACHED.
    Uncached,
    /// A slice of anonymous memory.
    Slice,
    /// A reference to anonymous memory.
    Reference,
    /// A snapshot of anonymous memory.
    Snapshot,
    /// A slice of contiguous memory.
    ContiguousSlice,
}

/// A VMO by an owned handle, closed when dropped.
#[derive(Debug)]
pub struct Object {
    /// Its handle.
    pub handle: u32,
    /// The handle of what it is a child of; 0 for none.
    pub parent: u32,
}

impl Object {
    /// Anonymous memory of so many pages.
    ///
    /// # Errors
    /// The call's status.
    pub fn new(pages: u64) -> Result<Self> {
        Self::of(Kind::Anonymous, pages)
    }

    /// A VMO of that kind and so many pages, nothing written.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn of(kind: Kind, pages: u64) -> Result<Self> {
        let size = pages * PAGE;
        let plain = |options: VmoOptions| vmo_create(size, options.bits()).map(Self::alone);
        match kind {
            Kind::Anonymous => plain(VmoOptions::empty()),
            Kind::Resizable => plain(VmoOptions::RESIZABLE),
            Kind::Discardable => plain(VmoOptions::DISCARDABLE),
            Kind::Unbounded => plain(VmoOptions::UNBOUNDED),
            Kind::Contiguous => {
                let args = [u64::from(bti()), size, 0];
                make(Call::VmoCreateContiguous, &args).map(Self::alone)
            }
            Kind::Physical => {
                let args = [u64::from(resource()), abi::layout::SCRATCH_BASE, size];
                make(Call::VmoCreatePhysical, &args).map(Self::alone)
            }
            Kind::Uncached => {
                let made = plain(VmoOptions::empty())?;
                made.set_policy(1).ok()?;
                Ok(made)
            }
            Kind::Slice => Self::child_of(Kind::Anonymous, ChildOptions::SLICE, pages, size),
            Kind::Reference => Self::child_of(Kind::Anonymous, ChildOptions::REFERENCE, pages, 0),
            Kind::Snapshot => Self::child_of(Kind::Anonymous, ChildOptions::SNAPSHOT, pages, size),
            Kind::ContiguousSlice => {
                Self::child_of(Kind::Contiguous, ChildOptions::SLICE, pages, size)
            }
        }
    }

    /// The same with a pattern in it, as far as it can be written.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn patterned(kind: Kind, pages: u64, seed: u64) -> Result<Self> {
        if kind == Kind::Uncached {
            let made = Self::patterned(Kind::Anonymous, pages, seed)?;
            made.set_policy(1).ok()?;
            return Ok(made);
        }
        let made = Self::of(kind, pages)?;
        if kind != Kind::Physical {
            made.fill(pages, seed)?;
        }
        Ok(made)
    }

    fn child_of(kind: Kind, options: ChildOptions, pages: u64, size: u64) -> Result<Self> {
        let parent = Self::of(kind, pages)?;
        let handle = child(parent.handle, options, 0, size)?;
        let parent = parent.give_up();
        Ok(Self { handle, parent })
    }

    const fn alone(handle: u32) -> Self {
        Self { handle, parent: 0 }
    }

    fn give_up(self) -> u32 {
        let handle = self.handle;
        core::mem::forget(self);
        handle
    }

    /// Writes the pattern with that seed into the first pages.
    ///
    /// # Errors
    /// The call's status.
    pub fn fill(&self, pages: u64, seed: u64) -> Result<()> {
        let mut bytes = [0; 4096];
        for page in 0..pages {
            crate::pattern::fill(seed, page * PAGE, &mut bytes);
            vmo_write(self.handle, out(&mut bytes), page * PAGE, PAGE).ok()?;
        }
        Ok(())
    }

    /// Writes these bytes at `offset`.
    ///
    /// # Errors
    /// The call's status.
    pub fn write<const N: usize>(&self, bytes: [u8; N], offset: u64) -> Result<()> {
        let mut bytes = bytes;
        vmo_write(self.handle, out(&mut bytes), offset, N as u64).ok()
    }

    /// The bytes at `offset`.
    ///
    /// # Errors
    /// The call's status.
    pub fn read<const N: usize>(&self, offset: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        vmo_read(self.handle, out(&mut bytes), offset, N as u64).ok()?;
        Ok(core::hint::black_box(bytes))
    }

    /// Where the first pages first differ from the pattern.
    ///
    /// # Errors
    /// The call's status.
    pub fn mismatch(&self, pages: u64, seed: u64) -> Result<Option<u64>> {
        for page in 0..pages {
            let bytes = self.read::<4096>(page * PAGE)?;
            if let Some(at) = crate::pattern::mismatch(seed, page * PAGE, &bytes) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// `zx_vmo_set_cache_policy`
    #[must_use]
    pub fn set_policy(&self, policy: u32) -> Status {
        let args = [u64::from(self.handle), u64::from(policy)];
        status(Call::VmoSetCachePolicy, &args)
    }

    /// `zx_vmo_set_size`
    #[must_use]
    pub fn set_size(&self, size: u64) -> Status {
        status(Call::VmoSetSize, &[u64::from(self.handle), size])
    }

    /// `zx_vmo_set_stream_size`
    #[must_use]
    pub fn set_stream_size(&self, size: u64) -> Status {
        status(Call::VmoSetStreamSize, &[u64::from(self.handle), size])
    }

    /// A child of it.
    ///
    /// # Errors
    /// As reference §10.
    pub fn child(&self, options: ChildOptions, offset: u64, size: u64) -> Result<Self> {
        child(self.handle, options, offset, size).map(Self::alone)
    }

    /// A second handle with the default rights but for those.
    ///
    /// # Errors
    /// As reference §14.
    pub fn without(&self, rights: Rights) -> Result<Self> {
        let rights = Rights::DEFAULT_VMO.difference(rights);
        duplicate(self.handle, rights.bits()).map(Self::alone)
    }

    /// A second handle with these rights.
    ///
    /// # Errors
    /// As reference §14.
    pub fn with(&self, rights: Rights) -> Result<Self> {
        duplicate(self.handle, rights.bits()).map(Self::alone)
    }

    /// A second handle that may be mapped as code.
    ///
    /// # Errors
    /// As reference §8.4.
    pub fn executable(&self) -> Result<Self> {
        let copy = duplicate(self.handle, Rights::SAME_RIGHTS)?;
        let args = [u64::from(copy), u64::from(resource())];
        make(Call::VmoReplaceAsExecutable, &args).map(Self::alone)
    }

    /// The same VMO by a handle with those rights instead.
    ///
    /// # Errors
    /// As reference §14.
    pub fn narrowed(self, rights: Rights) -> Result<Self> {
        let parent = self.parent;
        let handle = replace(self.give_up(), rights.bits())?;
        Ok(Self { handle, parent })
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let _ = close(self.handle);
        let _ = close(self.parent);
    }
}

fn child(parent: u32, options: ChildOptions, offset: u64, size: u64) -> Result<u32> {
    let args = [u64::from(parent), u64::from(options.bits()), offset, size];
    make(Call::VmoCreateChild, &args)
}

/// A call whose last argument says where the new handle goes.
fn make(call: Call, args: &[u64]) -> Result<u32> {
    let mut handle = 0_u32;
    let mut all = [0; 8];
    let place = out(&mut handle);
    let given = args.iter().copied().chain(core::iter::once(place));
    for (to, from) in all.iter_mut().zip(given) {
        *to = from;
    }
    status(call, &all).ok()?;
    Ok(core::hint::black_box(handle))
}
