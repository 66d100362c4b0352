//! Records that the kernel stores into a program's memory: `zx_object_get_info`
//! (reference §15), port packets (§17.3) and lock states (§11).

use crate::assert_layout;
use crate::objects::NAME_LENGTH;
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `zx_info_handle_basic_t`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoHandleBasic {
    /// Koid of the object.
    pub koid: u64,
    /// [`crate::Rights`] of the handle.
    pub rights: u32,
    /// [`crate::objects::ObjectType`].
    pub object_type: u32,
    /// Of a process its job, of a thread its process, otherwise 0.
    pub related_koid: u64,
    /// Zero.
    pub reserved: u64,
}

assert_layout!(InfoHandleBasic, size = 32, object_type @ 12, related_koid @ 16);

/// `zx_info_process_t`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoProcess {
    /// Its return code, once it has ended (reference §15.5).
    pub return_code: i64,
    /// Monotonic time of its start in nanoseconds.
    pub start_time: i64,
    /// `STARTED` 1, `EXITED` 2.
    pub flags: u32,
    /// Zero.
    pub padding: u32,
}

assert_layout!(InfoProcess, size = 24, flags @ 16);

/// `zx_info_vmar_t`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoVmar {
    /// Its first address.
    pub base: u64,
    /// Bytes.
    pub len: u64,
}

/// `zx_info_task_stats_t`; version 1 lacks the last field.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoTaskStats {
    /// Bytes of all mappings.
    pub mapped: u64,
    /// Bytes of pages that only this process maps.
    pub private: u64,
    /// Bytes of pages that others map too.
    pub shared: u64,
    /// The shared bytes, each divided by the number of those that map it.
    pub scaled_shared: u64,
    /// The fraction that the division leaves; 2^63 is one byte.
    pub fractional_scaled_shared: u64,
}

assert_layout!(InfoTaskStats, size = 40, fractional_scaled_shared @ 32);

bitflags! {
    /// `ZX_INFO_VMO_*`: [`InfoVmo::flags`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InfoVmoFlags: u32 {
        /// `ZX_INFO_VMO_TYPE_PAGED`; a physical VMO lacks it.
        const TYPE_PAGED = 1;
        /// `ZX_INFO_VMO_RESIZABLE`
        const RESIZABLE = 2;
        /// `ZX_INFO_VMO_IS_COW_CLONE`
        const IS_COW_CLONE = 4;
        /// `ZX_INFO_VMO_VIA_HANDLE`
        const VIA_HANDLE = 8;
        /// `ZX_INFO_VMO_VIA_MAPPING`
        const VIA_MAPPING = 0x10;
        /// `ZX_INFO_VMO_PAGER_BACKED`
        const PAGER_BACKED = 0x20;
        /// `ZX_INFO_VMO_CONTIGUOUS`
        const CONTIGUOUS = 0x40;
        /// `ZX_INFO_VMO_DISCARDABLE`
        const DISCARDABLE = 0x80;
        /// `ZX_INFO_VMO_IMMUTABLE`
        const IMMUTABLE = 0x100;
    }
}

/// `zx_info_vmo_t`; versions 1 to 3 are its first 104, 120 and 128 bytes.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoVmo {
    /// Koid; 0 for a private clone.
    pub koid: u64,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// Bytes, a multiple of the page size.
    pub size_bytes: u64,
    /// Koid of the VMO that it was made a child of; 0 for none.
    pub parent_koid: u64,
    /// Children, slices and references included.
    pub num_children: u64,
    /// Mappings of it.
    pub num_mappings: u64,
    /// Address spaces that it is mapped in.
    pub share_count: u64,
    /// [`InfoVmoFlags`].
    pub flags: u32,
    /// Zero.
    pub padding: u32,
    /// Bytes of pages now resident.
    pub committed_bytes: u64,
    /// Rights of the handle; 0 if it was found through a mapping.
    pub handle_rights: u32,
    /// [`crate::objects::CachePolicy`].
    pub cache_policy: u32,
    /// Bytes of the kernel's that describe it.
    pub metadata_bytes: u64,
    /// Times that the kernel took a page from it on its own account.
    pub committed_change_events: u64,
    /// As `committed_bytes`: nothing is compressed.
    pub populated_bytes: u64,
    /// Bytes of pages that no snapshot shares.
    pub committed_private_bytes: u64,
    /// The same.
    pub populated_private_bytes: u64,
    /// Bytes, each shared page divided by the number of its sharers.
    pub committed_scaled_bytes: u64,
    /// The same.
    pub populated_scaled_bytes: u64,
    /// The fraction that the division leaves; 2^63 is one byte.
    pub committed_fractional_scaled_bytes: u64,
    /// The same.
    pub populated_fractional_scaled_bytes: u64,
}

assert_layout!(
    InfoVmo,
    size = 176,
    name @ 8,
    size_bytes @ 40,
    flags @ 80,
    committed_bytes @ 88,
    cache_policy @ 100,
    metadata_bytes @ 104,
    populated_bytes @ 120,
    committed_private_bytes @ 128,
);

/// Values of [`InfoMaps::kind`].
#[derive(Debug)]
pub struct MapsKind;

#[allow(missing_docs, reason = "a kind is its name")]
impl MapsKind {
    pub const ASPACE: u32 = 1;
    pub const VMAR: u32 = 2;
    pub const MAPPING: u32 = 3;
}

/// `zx_info_maps_t`, newest version (reference §15.2). Version 1 ends after
/// `committed_bytes`, which it counts in pages, version 2 after `populated_bytes`, both
/// in pages.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct InfoMaps {
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// First address.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// 0 for the address space, 1 for its root VMAR, and so on.
    pub depth: u64,
    /// One of [`MapsKind`].
    pub kind: u32,
    /// Zero.
    pub padding: u32,
    /// Current permissions ([`crate::objects::Permissions`]).
    pub mmu_flags: u32,
    /// Zero.
    pub mapping_padding: u32,
    /// Koid of the VMO; 0 for a private clone.
    pub vmo_koid: u64,
    /// Offset in the VMO of the first byte.
    pub vmo_offset: u64,
    /// Bytes of resident pages of the VMO in this range.
    pub committed_bytes: u64,
    /// The same.
    pub populated_bytes: u64,
    /// As the fields of [`InfoVmo`], for this range.
    pub committed_private_bytes: u64,
    /// The same.
    pub populated_private_bytes: u64,
    /// The same.
    pub committed_scaled_bytes: u64,
    /// The same.
    pub populated_scaled_bytes: u64,
    /// The same.
    pub committed_fractional_scaled_bytes: u64,
    /// The same.
    pub populated_fractional_scaled_bytes: u64,
}

assert_layout!(InfoMaps, size = 152, kind @ 56, mmu_flags @ 64, committed_bytes @ 88);

/// Values of [`PortPacket::packet_type`] (`ZX_PKT_TYPE_*`).
#[derive(Debug)]
pub struct PacketType;

impl PacketType {
    /// `ZX_PKT_TYPE_USER`: queued by `zx_port_queue`.
    pub const USER: u32 = 0;
    /// `ZX_PKT_TYPE_PAGE_REQUEST`: queued by the kernel for a pager; the payload starts
    /// with a [`PageRequest`].
    pub const PAGE_REQUEST: u32 = 9;
}

/// `zx_port_packet_t`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PortPacket {
    /// What the packet is about, as its sender chose.
    pub key: u64,
    /// One of [`PacketType`].
    pub packet_type: u32,
    /// A `zx_status_t`.
    pub status: i32,
    /// The payload.
    pub payload: [u8; 32],
}

assert_layout!(PortPacket, size = 48, packet_type @ 8, payload @ 16);

impl PortPacket {
    /// What the payload asks of a pager, if the packet is from the kernel.
    #[must_use]
    pub fn page_request(&self) -> Option<PageRequest> {
        let asks = self.packet_type == PacketType::PAGE_REQUEST;
        PageRequest::read_from_bytes(&self.payload)
            .ok()
            .filter(|_| asks)
    }
}

/// `zx_packet_page_request_t` (reference §17.3).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PageRequest {
    /// One of [`PageCommand`].
    pub command: u16,
    /// Zero.
    pub flags: u16,
    /// Zero.
    pub reserved0: u32,
    /// First byte in the VMO, a multiple of the page size.
    pub offset: u64,
    /// Bytes, a multiple of the page size.
    pub length: u64,
    /// Zero.
    pub reserved1: u64,
}

assert_layout!(PageRequest, size = 32, offset @ 8, length @ 16);

/// Values of [`PageRequest::command`] (`ZX_PAGER_VMO_*`).
#[derive(Debug)]
pub struct PageCommand;

impl PageCommand {
    /// `ZX_PAGER_VMO_READ`
    pub const READ: u16 = 0;
    /// `ZX_PAGER_VMO_COMPLETE`
    pub const COMPLETE: u16 = 1;
    /// `ZX_PAGER_VMO_DIRTY`
    pub const DIRTY: u16 = 2;
}

/// `zx_vmo_lock_state_t`, stored by [`crate::options::RangeOp::LOCK`] (reference §11).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct LockState {
    /// 0.
    pub offset: u64,
    /// The VMO's size.
    pub size: u64,
    /// First byte that was discarded.
    pub discarded_offset: u64,
    /// Bytes that were discarded since it was last locked.
    pub discarded_size: u64,
}

assert_layout!(LockState, size = 32, discarded_offset @ 16);
