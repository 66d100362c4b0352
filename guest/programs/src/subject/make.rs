//! Making VMOs of every kind (reference §8, §10).

use super::Subject;
use crate::given::{bti, resource};
use crate::memory::PAGE;
use crate::probe::{make, vmo_create};
use abi::layout::SCRATCH_BASE;
use abi::objects::VmoOptions;
use libzx::{Call, Result};

/// `zx_vmo_create_child` with bare numbers.
///
/// # Errors
/// As reference §10.
pub fn child(handle: u32, options: u32, offset: u64, size: u64) -> Result<u32> {
    let args = [u64::from(handle), u64::from(options), offset, size];
    make(Call::VmoCreateChild, &args)
}

/// `zx_vmo_create_contiguous` with bare numbers.
///
/// # Errors
/// As reference §8.2.
pub fn create_contiguous(bti: u32, size: u64, alignment: u32) -> Result<u32> {
    let args = [u64::from(bti), size, u64::from(alignment)];
    make(Call::VmoCreateContiguous, &args)
}

/// `zx_vmo_create_physical` with bare numbers.
///
/// # Errors
/// As reference §8.3.
pub fn create_physical(resource: u32, paddr: u64, size: u64) -> Result<u32> {
    make(Call::VmoCreatePhysical, &[u64::from(resource), paddr, size])
}

/// `zx_vmo_replace_as_executable` with bare numbers.
///
/// # Errors
/// As reference §8.4.
pub fn replace_as_executable(handle: u32, vmex: u32) -> Result<u32> {
    let args = [u64::from(handle), u64::from(vmex)];
    make(Call::VmoReplaceAsExecutable, &args)
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
