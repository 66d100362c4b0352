//! Entries of page tables and of page lists.
//!
//! A VMO's page list is a radix tree of 512-entry tables with the same entry format as
//! a page table of the CPU (SDM vol. 3, 4.5.4), so that one walker serves both. A leaf
//! of a page list is *present* when the VMO owns a page there and *writable* unless the
//! frame is shared with a snapshot and must be copied first, or, in a VMO with a pager of its
//! own, unless the page is clean.

/// The entry leads somewhere (SDM vol. 3, table 4-20, bit 0).
pub const PRESENT: u64 = 1;
/// Writes are allowed; in a page list: the frame belongs to this VMO alone.
pub const WRITABLE: u64 = 1 << 1;
/// Ring 3 may access it (page tables only).
pub const USER: u64 = 1 << 2;
/// Write-through caching (page tables only).
pub const WRITE_THROUGH: u64 = 1 << 3;
/// Caching disabled (page tables only).
pub const CACHE_DISABLE: u64 = 1 << 4;
/// The entry maps a 2 MiB or 1 GiB page instead of leading to a table.
pub const LARGE: u64 = 1 << 7;
/// Page lists of pager-backed VMOs: the page was dirty and is being written back.
pub const AWAITING_CLEAN: u64 = 1 << 9;
/// Instruction fetches are refused (page tables only).
pub const NO_EXECUTE: u64 = 1 << 63;
/// Bits 12 to 51: the guest-physical address of the frame or of the next table.
pub const ADDRESS_MASK: u64 = 0x000F_FFFF_FFFF_F000;
/// Bits that hold neither an address nor a flag known here. Bits 52 to 62 are ignored
/// by the CPU; 48 to 51 are address bits that no supported guest reaches.
pub const TABLE_MASK: u64 = 0x1FF;
