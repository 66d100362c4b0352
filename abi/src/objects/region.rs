//! Address regions: VMARs and the mappings in them (reference §13).

use crate::assert_layout;
use crate::link::Link;
use crate::objects::{ObjectHeader, Process, Vmo};
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

bitflags! {
    /// Access permissions of a mapping; the bits of `ZX_VM_PERM_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Permissions: u32 {
        /// `ZX_VM_PERM_READ`
        const READ = 1;
        /// `ZX_VM_PERM_WRITE`
        const WRITE = 2;
        /// `ZX_VM_PERM_EXECUTE`
        const EXECUTE = 4;
    }
}

bitflags! {
    /// Bits of [`Mapping::flags`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MappingFlags: u32 {
        /// `zx_process_write_memory` has turned it into a private copy (reference §6.2).
        const PRIVATE_COPY = 1;
        /// It maps the vDSO, code or data: never written from outside (reference §6.4).
        const VDSO = 2;
        /// The shared zero frame may be mapped somewhere in it.
        const ZERO_FRAMES = 4;
        /// It is the continuation of the region before it: `zx_vmar_protect` has given a
        /// part of one mapping other permissions (reference §5.2). Both count as one
        /// mapping everywhere else.
        const JOINED = 8;
        /// `ZX_VM_FAULT_BEYOND_STREAM_SIZE`
        const FAULT_BEYOND_STREAM_SIZE = 16;
    }
}

/// What VMARs and mappings have in common; told apart by the header's type.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Region {
    /// See there.
    pub header: ObjectHeader,
    /// First address, a multiple of the page size.
    pub base: u64,
    /// Bytes, a multiple of the page size.
    pub size: u64,
    /// The next region of the same VMAR; they are in ascending order and disjoint.
    pub next: Link<Region>,
    /// The VMAR it stands in; none for a root VMAR.
    pub parent: Link<Vmar>,
}

assert_layout!(
    Region,
    size = 64,
    base @ 32,
    size @ 40,
    next @ 48,
    parent @ 56,
);

/// A virtual memory address region.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Vmar {
    /// See there.
    pub region: Region,
    /// The process whose address space it belongs to; none once that is destroyed.
    pub process: Link<Process>,
    /// Its regions.
    pub first_child: Link<Region>,
    /// What may be mapped in it: `ZX_VM_CAN_MAP_*` and `ZX_VM_COMPACT` bits of
    /// [`crate::options::VmOptions`].
    pub flags: u32,
    /// Number of its regions.
    pub child_count: u32,
    /// Where the search for a free place starts; chosen at random for each process.
    pub search_from: u64,
    /// Zero.
    pub reserved: [u64; 4],
}

assert_layout!(
    Vmar,
    size = 128,
    process @ 64,
    first_child @ 72,
    flags @ 80,
    child_count @ 84,
    search_from @ 88,
);

/// A mapping of a range of a VMO.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Mapping {
    /// See there.
    pub region: Region,
    /// What is mapped.
    pub vmo: Link<Vmo>,
    /// Offset in the VMO of the mapping's first byte, a multiple of the page size.
    pub vmo_offset: u64,
    /// The process whose address space it belongs to.
    pub process: Link<Process>,
    /// The next mapping of the same VMO.
    pub next_of_vmo: Link<Mapping>,
    /// The previous one.
    pub previous_of_vmo: Link<Mapping>,
    /// Permissions now ([`Permissions`]).
    pub permissions: u32,
    /// Permissions that it could be given: the rights of the VMO handle and of the VMAR
    /// handle when it was made.
    pub maximum: u32,
    /// Bits of [`MappingFlags`].
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// Zero.
    pub reserved_tail: u64,
}

assert_layout!(
    Mapping,
    size = 128,
    vmo @ 64,
    vmo_offset @ 72,
    process @ 80,
    next_of_vmo @ 88,
    permissions @ 104,
    maximum @ 108,
    flags @ 112,
);
