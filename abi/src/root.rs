//! The root block: where everything else hangs.

use crate::assert_layout;
use crate::call_page::CallPage;
use crate::link::Link;
use crate::objects::{FrameEntry, HANDLE_CHUNKS, PlainObject, Process, Thread, Vmo};
use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`RootBlock::magic`].
pub const ROOT_MAGIC: u64 = u64::from_le_bytes(*b"VMOSCOPE");

bitflags! {
    /// Bits of [`RootBlock::options`], from the kernel command line.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BootOptions: u64 {
        /// `kernel.enable-debugging-syscalls=true`.
        const DEBUGGING_SYSCALLS = 1;
        /// `vmoscope.errors=zircon`.
        const ZIRCON_ERRORS = 2;
    }
}

/// The root block. Its page number is what the kernel writes to
/// [`PORT_BOOT`](crate::layout::PORT_BOOT).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RootBlock {
    /// [`ROOT_MAGIC`].
    pub magic: u64,
    /// [`crate::ABI_VERSION`].
    pub version: u32,
    /// vCPUs that the kernel uses: 1.
    pub vcpu_count: u32,
    /// The call page of vCPU 0.
    pub call_page: Link<CallPage>,
    /// Bits of [`BootOptions`].
    pub options: u64,
    /// The kernel's own top-level page table; entry 511 is the same in every process.
    pub kernel_page_table: u64,
    /// The frame that stands for absent pages that are only read.
    pub zero_frame: u64,
    /// The frame table; one [`FrameEntry`] per frame number.
    pub frame_table: Link<FrameEntry>,
    /// Entries in the frame table; one past the highest frame number.
    pub frame_count: u64,
    /// Guest-physical address of the next frame that was never used. All of RAM from
    /// here on is zero.
    pub next_fresh: u64,
    /// Frames that can still be given out, whether fresh or freed.
    pub free_frames: u64,
    /// Number of the first frame in the list of freed and zeroed frames; 0 for none.
    pub first_clean: u64,
    /// Number of the first frame in the list of freed frames; 0 for none.
    pub first_dirty: u64,
    /// The list of all processes, oldest first.
    pub first_process: Link<Process>,
    /// The list of all VMOs, newest first.
    pub first_vmo: Link<Vmo>,
    /// The koid that the next object gets.
    pub next_koid: u64,
    /// Live handles.
    pub handle_count: u32,
    /// Slot index of the first free handle slot below [`RootBlock::fresh_handle`]; 0 for
    /// none.
    pub free_handle: u32,
    /// Slot index of the next slot that was never used.
    pub fresh_handle: u32,
    /// Processes in the list.
    pub process_count: u32,
    /// Frames that the kernel gives out: those that are free and those in use.
    pub managed_frames: u64,
    /// Frames that pools of objects use.
    pub pool_frames: u64,
    /// The threads that wait, earliest deadline first, linked through
    /// [`crate::objects::Thread::next_in_queue`].
    pub first_waiting: Link<Thread>,
    /// The vDSO; the kernel keeps it alive.
    pub vdso: Link<Vmo>,
    /// Offset in the vDSO of its code; what is before that is its read-only data.
    pub vdso_code_offset: u64,
    /// Bytes of its code, a multiple of the page size.
    pub vdso_code_size: u64,
    /// The job that all processes are in.
    pub job: Link<PlainObject>,
    /// Zero.
    pub reserved: [u64; 5],
    /// Guest-physical addresses of the handle table's pages; zero for those not yet
    /// needed.
    pub handle_chunks: [u64; HANDLE_CHUNKS],
}

assert_layout!(
    RootBlock,
    size = 232 + HANDLE_CHUNKS * 8,
    version @ 8,
    call_page @ 16,
    options @ 24,
    kernel_page_table @ 32,
    zero_frame @ 40,
    frame_table @ 48,
    frame_count @ 56,
    next_fresh @ 64,
    free_frames @ 72,
    first_process @ 96,
    first_vmo @ 104,
    next_koid @ 112,
    handle_count @ 120,
    process_count @ 132,
    managed_frames @ 136,
    first_waiting @ 152,
    vdso @ 160,
    job @ 184,
    handle_chunks @ 232,
);
