//! Addresses and sizes that both sides know: the user range, the kernel half, the
//! guest-physical map and the two ports.

/// Bytes in a page; every page of the guest is of this size (reference §19.2).
pub const PAGE_SIZE: u64 = 4096;
/// `log2` of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = 12;
/// Entries in a page table or in a table of a page list.
pub const TABLE_ENTRIES: usize = 512;

/// The lowest address that a program can map (reference §19.2).
pub const USER_BASE: u64 = 0x0100_0000;
/// One past the highest address that a program can map: the last page under the
/// canonical hole is never mappable (reference §19.2).
pub const USER_TOP: u64 = (1 << 47) - PAGE_SIZE;

/// The start of the kernel half (reference §19.2), and of the physmap in it: the
/// kernel sees guest-physical address `a` at `PHYSMAP_BASE + a`.
pub const PHYSMAP_BASE: u64 = 0xFFFF_FF80_0000_0000;
/// Where the first GiB of guest-physical memory stands a second time, for the code
/// model of the kernel image.
pub const KERNEL_IMAGE_BASE: u64 = 0xFFFF_FFFF_8000_0000;
/// The guest-physical address at which the kernel image is linked.
pub const KERNEL_LOAD_ADDRESS: u64 = 0x10_0000;

/// The largest size of a VMO: 2^64 - 256 KiB (reference §1).
pub const MAX_VMO_SIZE: u64 = 0xFFFF_FFFF_FFFC_0000;
/// The most bytes that one `zx_process_read_memory` or `zx_process_write_memory` may
/// ask for: 64 MiB, inclusive (reference §22 item 26).
pub const MAX_PROCESS_TRANSFER: u64 = 64 << 20;
/// The most bytes that the host moves, or asks the kernel to make present, per exit.
/// Longer calls come back through [`crate::call_page::CallState::AGAIN`], so that time
/// limits and Ctrl-C hold whatever a guest asks for.
pub const MAX_TRANSFER_PER_EXIT: u64 = 64 << 20;

/// RAM below this guest-physical address is contiguous from 0; the rest of it starts at
/// [`HIGH_RAM_BASE`], so that the hole below 4 GiB stays free as on a PC.
pub const LOW_RAM_END: u64 = 3 << 30;
/// Where RAM goes on when there is more than [`LOW_RAM_END`] bytes of it.
pub const HIGH_RAM_BASE: u64 = 4 << 30;

/// The port of the hypercall: one write (of any value, one byte) makes the host serve
/// [`crate::CallPage::op`] of this vCPU's call page.
pub const PORT_CALL: u16 = 0xE4;
/// The port of the two boot signals. A one-byte write is the kernel's very first
/// instruction; a four-byte write announces the page number (guest-physical address
/// divided by [`PAGE_SIZE`]) of the [`crate::RootBlock`].
pub const PORT_BOOT: u16 = 0xE5;

/// The interrupt vector that the host injects when a thread's time slice is over.
pub const TICK_VECTOR: u8 = 32;

/// RAM that neither the host nor the kernel uses: what `zx_vmo_create_physical` can be
/// tried on.
pub const SCRATCH_BASE: u64 = 0x9_0000;
/// Bytes of it.
pub const SCRATCH_SIZE: u64 = 0x1_0000;

/// The longest chain of clones in which each looks through to the next
/// ([`crate::objects::Vmo::source`]); more are refused.
pub const MAX_CLONE_DEPTH: u32 = 64;

/// The most VMARs that stand in one another, a root VMAR included; more are refused.
pub const MAX_VMAR_DEPTH: u32 = 64;
