//! The objects that live in guest memory.

mod frame;
mod handle;
mod header;
mod pager;
mod plain;
mod process;
mod region;
mod thread;
mod vmo;

pub use frame::{FREE_FRAME, FrameEntry};
pub use handle::{
    HANDLE_CHUNK_ENTRIES, HANDLE_CHUNKS, HANDLE_FIXED_BITS, HANDLE_GENERATION_SHIFT,
    HANDLE_INDEX_MASK, HANDLE_VALUE_SHIFT, HandleEntry, decode_handle, encode_handle,
};
pub use header::{OBJECT_MAGIC, ObjectHeader, ObjectType};
pub use pager::{PageSource, PageSourceFlags, Pager, Port, QueuedPacket, StandingRequest};
pub use plain::PlainObject;
pub use process::{EndReason, Process, ProcessState};
pub use region::{Mapping, MappingFlags, Permissions, Region, Vmar};
pub use thread::{Registers, Thread, ThreadState, VectorState, WaitKind};
pub use vmo::{CachePolicy, Vmo, VmoKind, VmoOptions};

/// Length of the name of an object, its terminating NUL included (`ZX_MAX_NAME_LEN`).
pub const NAME_LENGTH: usize = 32;
