//! Program modules: the form in which the host hands programs to the kernel.
//!
//! The host checks an ELF file and lays its segments out in whole pages, so that the
//! kernel needs no ELF parser and copies nothing: the frames of the module become the
//! pages of the program's VMOs. A module is
//!
//! ```text
//! page 0        ProgramHeader, zero-filled
//! page 1 …      the start-up block (see crate::startup), its handle slots empty
//! page n …      the file pages of segment 0, zero-filled to whole pages
//! …             the file pages of the other segments
//! ```
//!
//! and starts at a page boundary of guest RAM.

use crate::assert_layout;
use crate::objects::NAME_LENGTH;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`ProgramHeader::magic`].
pub const PROGRAM_MAGIC: u64 = u64::from_le_bytes(*b"VMOSPROG");
/// The most segments of a program.
pub const MAX_SEGMENTS: usize = 32;

/// One loadable segment.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ProgramSegment {
    /// First address in the process, a multiple of the page size; see
    /// [`ProgramHeader::alignment`].
    pub address: u64,
    /// Bytes in the process, a multiple of the page size; what goes beyond
    /// `file_size` reads as zeros.
    pub memory_size: u64,
    /// Where its pages start in the module, a multiple of the page size.
    pub file_offset: u64,
    /// Bytes of pages in the module, a multiple of the page size, at most
    /// `memory_size`.
    pub file_size: u64,
    /// [`crate::objects::Permissions`] bits.
    pub permissions: u32,
    /// Zero.
    pub reserved: u32,
}

assert_layout!(ProgramSegment, size = 40, permissions @ 32);

/// The first page of a module.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ProgramHeader {
    /// [`PROGRAM_MAGIC`].
    pub magic: u64,
    /// [`crate::ABI_VERSION`].
    pub version: u32,
    /// Used entries of `segments`.
    pub segment_count: u32,
    /// Address of the first instruction.
    pub entry: u64,
    /// 0: the program runs at its addresses. Otherwise they and `entry` count from a base
    /// that the kernel chooses, a multiple of this.
    pub alignment: u64,
    /// Bytes of the initial thread's stack, a multiple of the page size.
    pub stack_size: u64,
    /// Where the start-up block stands in the module, a multiple of the page size.
    pub startup_offset: u64,
    /// Bytes of pages of the start-up block, a multiple of the page size.
    pub startup_size: u64,
    /// The process's name, NUL-terminated.
    pub name: [u8; NAME_LENGTH],
    /// The segments, in ascending order of address and disjoint.
    pub segments: [ProgramSegment; MAX_SEGMENTS],
}

assert_layout!(
    ProgramHeader,
    size = 88 + MAX_SEGMENTS * 40,
    segment_count @ 12,
    entry @ 16,
    alignment @ 24,
    stack_size @ 32,
    startup_offset @ 40,
    name @ 56,
    segments @ 88,
);
