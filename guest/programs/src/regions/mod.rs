//! Address regions for tests: the VMAR calls with bare numbers, sub-VMARs that clean up
//! after themselves, and what an address can be used for.

mod kinds;

pub use crate::given::{bti, own_process, resource, root, vdso};
pub use kinds::{Kind, Object};

use crate::memory::PAGE;
use crate::probe::{Map, close, out, status, vmar_unmap, vmo_create, vmo_read, vmo_write};
use abi::options::VmOptions;
use libzx::{Call, Result, Status};

/// `ZX_VM_PERM_READ`
pub const R: u32 = VmOptions::PERM_READ.bits();
/// `ZX_VM_PERM_WRITE`
pub const W: u32 = VmOptions::PERM_WRITE.bits();
/// `ZX_VM_PERM_EXECUTE`
pub const X: u32 = VmOptions::PERM_EXECUTE.bits();
/// Readable and writable.
pub const RW: u32 = R | W;
/// Readable and executable.
pub const RX: u32 = R | X;
/// `ZX_VM_COMPACT`
pub const COMPACT: u32 = VmOptions::COMPACT.bits();
/// `ZX_VM_SPECIFIC`
pub const SPECIFIC: u32 = VmOptions::SPECIFIC.bits();
/// `ZX_VM_SPECIFIC_OVERWRITE`
pub const OVERWRITE: u32 = VmOptions::SPECIFIC_OVERWRITE.bits();
/// `ZX_VM_OFFSET_IS_UPPER_LIMIT`
pub const UPPER_LIMIT: u32 = VmOptions::OFFSET_IS_UPPER_LIMIT.bits();
/// `ZX_VM_MAP_RANGE`
pub const MAP_RANGE: u32 = VmOptions::MAP_RANGE.bits();
/// `ZX_VM_REQUIRE_NON_RESIZABLE`
pub const NON_RESIZABLE: u32 = VmOptions::REQUIRE_NON_RESIZABLE.bits();
/// `ZX_VM_ALLOW_FAULTS`
pub const ALLOW_FAULTS: u32 = VmOptions::ALLOW_FAULTS.bits();
/// `ZX_VM_FAULT_BEYOND_STREAM_SIZE`
pub const BEYOND_STREAM: u32 = VmOptions::FAULT_BEYOND_STREAM_SIZE.bits();
/// `ZX_VM_CAN_MAP_SPECIFIC`
pub const CAN_SPECIFIC: u32 = VmOptions::CAN_MAP_SPECIFIC.bits();
/// `ZX_VM_CAN_MAP_READ`
pub const CAN_READ: u32 = VmOptions::CAN_MAP_READ.bits();
/// `ZX_VM_CAN_MAP_WRITE`
pub const CAN_WRITE: u32 = VmOptions::CAN_MAP_WRITE.bits();
/// `ZX_VM_CAN_MAP_EXECUTE`
pub const CAN_EXECUTE: u32 = VmOptions::CAN_MAP_EXECUTE.bits();
/// Everything that data needs: places of its own, reading and writing.
pub const CAN_RW: u32 = CAN_SPECIFIC | CAN_READ | CAN_WRITE;
/// A bit that no option has.
pub const UNKNOWN_BIT: u32 = 0x1_0000;

/// The request that the result stand at a multiple of `2^exponent`.
#[must_use]
pub const fn align(exponent: u32) -> u32 {
    exponent << abi::options::VM_ALIGN_SHIFT
}

/// What can be done at an address: store and load.
pub type Access = (Status, Status);
/// Nothing is mapped there.
pub const FREE: Access = (Status::NOT_FOUND, Status::NOT_FOUND);
/// It can be read and written.
pub const READ_WRITE: Access = (Status::OK, Status::OK);
/// It can be read only.
pub const READ_ONLY: Access = (Status::ACCESS_DENIED, Status::OK);
/// It is mapped without permissions.
pub const NO_ACCESS: Access = (Status::ACCESS_DENIED, Status::ACCESS_DENIED);
/// Its VMO does not reach that far.
pub const PAST_END: Access = (Status::OUT_OF_RANGE, Status::OUT_OF_RANGE);

/// Whether this process may store into, and whether it may load from, the byte at
/// `address`: the caller's buffer of a served call tells (reference §3). The byte keeps
/// its value; a byte that cannot be loaded is not stored either, but for zero.
///
/// # Errors
/// A scratch VMO could not be made.
pub fn access(address: u64) -> Result<Access> {
    let scratch = vmo_create(PAGE, 0)?;
    let load = vmo_write(scratch, address, 0, 1);
    let store = vmo_read(scratch, address, 0, 1);
    close(scratch).ok()?;
    Ok((store, load))
}

/// The arguments of a `zx_vmar_allocate` but for where the results go.
#[derive(Clone, Copy, Debug)]
pub struct Allocate {
    /// The parent's handle.
    pub parent: u32,
    /// Option bits.
    pub options: u32,
    /// Where in the parent.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

impl Allocate {
    /// Makes the call; handle and address of the new VMAR.
    ///
    /// # Errors
    /// The call's status.
    pub fn call(self) -> Result<(u32, u64)> {
        let (mut child, mut address) = (0_u32, 0_u64);
        self.call_into(out(&mut child), out(&mut address)).ok()?;
        let found = (core::hint::black_box(child), core::hint::black_box(address));
        Ok(found)
    }

    /// Makes the call with those addresses for its results.
    #[must_use]
    pub fn call_into(self, child_vmar: u64, child_addr: u64) -> Status {
        let args = [
            u64::from(self.parent),
            u64::from(self.options),
            self.offset,
            self.size,
            child_vmar,
            child_addr,
        ];
        status(Call::VmarAllocate, &args)
    }
}

/// `zx_vmar_protect`
#[must_use]
pub fn protect(vmar: u32, options: u32, address: u64, len: u64) -> Status {
    let args = [u64::from(vmar), u64::from(options), address, len];
    status(Call::VmarProtect, &args)
}

/// `zx_vmar_op_range` with no buffer.
#[must_use]
pub fn op_range(vmar: u32, op: u32, address: u64, len: u64) -> Status {
    let args = [u64::from(vmar), u64::from(op), address, len, 0, 0];
    status(Call::VmarOpRange, &args)
}

/// `zx_vmar_destroy`
#[must_use]
pub fn destroy(vmar: u32) -> Status {
    status(Call::VmarDestroy, &[u64::from(vmar)])
}

/// A sub-VMAR, destroyed and its handle closed when dropped.
#[derive(Debug)]
pub struct SubVmar {
    /// Its handle.
    pub handle: u32,
    /// Its first address.
    pub base: u64,
    /// Bytes.
    pub size: u64,
}

impl SubVmar {
    /// A sub-VMAR of `pages` pages for data, somewhere in the root VMAR.
    ///
    /// # Errors
    /// The call's status.
    pub fn new(pages: u64) -> Result<Self> {
        Self::within(root(), CAN_RW, pages)
    }

    /// A sub-VMAR with those options, somewhere in that parent.
    ///
    /// # Errors
    /// The call's status.
    pub fn within(parent: u32, options: u32, pages: u64) -> Result<Self> {
        Self::make(Allocate {
            parent,
            options,
            offset: 0,
            size: pages * PAGE,
        })
    }

    /// The sub-VMAR of that request.
    ///
    /// # Errors
    /// The call's status.
    pub fn make(request: Allocate) -> Result<Self> {
        let (handle, base) = request.call()?;
        Ok(Self {
            handle,
            base,
            size: request.size,
        })
    }

    /// A sub-VMAR of this one at that page.
    ///
    /// # Errors
    /// The call's status.
    pub fn child(&self, options: u32, page: u64, pages: u64) -> Result<Self> {
        Self::make(Allocate {
            parent: self.handle,
            options: options | SPECIFIC,
            offset: page * PAGE,
            size: pages * PAGE,
        })
    }

    /// The address of a page in it.
    #[must_use]
    pub const fn page(&self, page: u64) -> u64 {
        self.base + page * PAGE
    }

    /// The request to map `pages` pages of a VMO at that page of it, for reading and
    /// writing.
    #[must_use]
    pub const fn at(&self, page: u64, vmo: u32, pages: u64) -> Map {
        Map {
            vmar: self.handle,
            options: RW | SPECIFIC,
            vmar_offset: page * PAGE,
            vmo,
            vmo_offset: 0,
            len: pages * PAGE,
        }
    }

    /// A second handle with exactly these rights.
    ///
    /// # Errors
    /// As reference §14.
    pub fn with_rights(&self, rights: libzx::Rights) -> Result<u32> {
        crate::probe::duplicate(self.handle, rights.bits())
    }
}

impl Drop for SubVmar {
    fn drop(&mut self) {
        // It may have been destroyed or closed on purpose.
        let _ = destroy(self.handle);
        let _ = close(self.handle);
    }
}

/// The request to map `pages` pages of a VMO somewhere in the root VMAR, for reading and
/// writing.
#[must_use]
pub fn anywhere(vmo: u32, pages: u64) -> Map {
    Map {
        vmar: root(),
        options: RW,
        vmar_offset: 0,
        vmo,
        vmo_offset: 0,
        len: pages * PAGE,
    }
}

/// Where the root VMAR has `pages` free pages.
///
/// # Errors
/// The status of a call that failed.
pub fn hole(pages: u64) -> Result<u64> {
    let vmo = vmo_create(PAGE, 0)?;
    let address = anywhere(vmo, pages).call()?;
    vmar_unmap(root(), address, pages * PAGE).ok()?;
    close(vmo).ok()?;
    Ok(address)
}
