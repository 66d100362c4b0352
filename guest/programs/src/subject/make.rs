//! Making VMOs of every kind (reference §8, §10).

use super::Subject;
use crate::memory::PAGE;
use crate::probe::{out, status, vmo_create};
use abi::layout::SCRATCH_BASE;
use abi::objects::VmoOptions;
use abi::startup::{PA_RESOURCE, PA_USER2, PA_VMO_VDSO};
use libzx::{Call, Result, startup};

/// The root resource.
#[must_use]
pub fn resource() -> u32 {
    startup().raw_handle(PA_RESOURCE, 0).unwrap_or(0)
}

/// The BTI.
#[must_use]
pub fn bti() -> u32 {
    startup().raw_handle(PA_USER2, 0).unwrap_or(0)
}

/// The vDSO's VMO.
#[must_use]
pub fn vdso() -> u32 {
    startup().raw_handle(PA_VMO_VDSO, 0).unwrap_or(0)
}

/// Makes a call that stores a handle through its last argument.
fn made(call: Call, args: [u64; 4], count: usize) -> Result<u32> {
    let mut handle = 0_u32;
    let mut all = [0; 5];
    for (to, from) in all.iter_mut().zip(args.into_iter().take(count)) {
        *to = from;
    }
    if let Some(last) = all.get_mut(count) {
        *last = out(&mut handle);
    }
    status(call, &all).ok()?;
    Ok(core::hint::black_box(handle))
}

/// `zx_vmo_create_child` with bare numbers.
///
/// # Errors
/// As reference §10.
pub fn child(handle: u32, options: u32, offset: u64, size: u64) -> Result<u32> {
    let args = [u64::from(handle), u64::from(options), offset, size];
    made(Call::VmoCreateChild, args, 4)
}

/// `zx_vmo_create_contiguous` with bare numbers.
///
/// # Errors
/// As reference §8.2.
pub fn create_contiguous(bti: u32, size: u64, alignment: u32) -> Result<u32> {
    let args = [u64::from(bti), size, u64::from(alignment), 0];
    made(Call::VmoCreateContiguous, args, 3)
}

/// `zx_vmo_create_physical` with bare numbers.
///
/// # Errors
/// As reference §8.3.
pub fn create_physical(resource: u32, paddr: u64, size: u64) -> Result<u32> {
    let args = [u64::from(resource), paddr, size, 0];
    made(Call::VmoCreatePhysical, args, 3)
}

/// `zx_vmo_replace_as_executable` with bare numbers.
///
/// # Errors
/// As reference §8.4.
pub fn replace_as_executable(handle: u32, vmex: u32) -> Result<u32> {
    let args = [u64::from(handle), u64::from(vmex), 0, 0];
    made(Call::VmoReplaceAsExecutable, args, 2)
}

impl Subject {
    /// An anonymous VMO with options.
    ///
    /// # Errors
    /// As reference §8.1.
    pub fn create(size: u64, options: VmoOptions) -> Result<Self> {
        vmo_create(size, options.bits()).and_then(Self::own)
    }

    /// An anonymous VMO of that many pages.
    ///
    /// # Errors
    /// As reference §8.1.
    pub fn pages(count: u64) -> Result<Self> {
        Self::create(count * PAGE, VmoOptions::empty())
    }

    /// A resizable VMO of that many bytes.
    ///
    /// # Errors
    /// As reference §8.1.
    pub fn resizable(size: u64) -> Result<Self> {
        Self::create(size, VmoOptions::RESIZABLE)
    }

    /// A discardable VMO of that many pages.
    ///
    /// # Errors
    /// As reference §8.1.
    pub fn discardable(count: u64) -> Result<Self> {
        Self::create(count * PAGE, VmoOptions::DISCARDABLE)
    }

    /// A contiguous VMO of that many pages.
    ///
    /// # Errors
    /// As reference §8.2.
    pub fn contiguous(count: u64) -> Result<Self> {
        create_contiguous(bti(), count * PAGE, 0).and_then(Self::own)
    }

    /// A physical VMO of that many pages of the scratch memory from page `first` on.
    ///
    /// # Errors
    /// As reference §8.3.
    pub fn physical(first: u64, count: u64) -> Result<Self> {
        let base = SCRATCH_BASE + first * PAGE;
        create_physical(resource(), base, count * PAGE).and_then(Self::own)
    }

    /// An anonymous VMO of that many pages whose handle may also be executed.
    ///
    /// # Errors
    /// As reference §8.4.
    pub fn executable(count: u64) -> Result<Self> {
        let plain = Self::pages(count)?.give_up();
        replace_as_executable(plain, resource()).and_then(Self::own)
    }
}
