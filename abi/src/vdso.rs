//! The vDSO: what its image, the kernel and the loader agree on (reference §18).
//!
//! The image has a **data segment** (read-only: ELF headers, symbols, constants) and a
//! **code segment** behind it, each of whole pages. The code segment starts with one stub
//! of [`STUB_SIZE`] bytes for each call number from 0 to [`crate::Call::LAST`], in that
//! order; the `syscall` instruction in it ends [`SYSCALL_END`] bytes into the stub. The
//! kernel accepts call `n` only if the address behind the instruction is
//! `code + n * STUB_SIZE + SYSCALL_END`; numbers that no call has are empty stubs.
//!
//! The host hands the image to the kernel as a module in the format of
//! [`crate::program`], with [`VDSO_MAGIC`] and exactly two segments: data (readable), then
//! code (readable and executable), at addresses that count from the image's first byte.

/// [`crate::program::ProgramHeader::magic`] of the vDSO's module.
pub const VDSO_MAGIC: u64 = u64::from_le_bytes(*b"VMOSVDSO");
/// Bytes of a stub.
pub const STUB_SIZE: u64 = 64;
/// Where in a stub the `syscall` instruction ends.
pub const SYSCALL_END: u64 = 40;
