//! Option bits, operation numbers, topics and properties of the calls, as programs pass
//! them (reference §8 to §17).

use bitflags::bitflags;

bitflags! {
    /// `ZX_VM_*`: options of `zx_vmar_map`, `zx_vmar_allocate` and `zx_vmar_protect`
    /// (reference §13). An alignment request stands above them ([`VM_ALIGN_SHIFT`]).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VmOptions: u32 {
        /// `ZX_VM_PERM_READ`
        const PERM_READ = 1;
        /// `ZX_VM_PERM_WRITE`
        const PERM_WRITE = 2;
        /// `ZX_VM_PERM_EXECUTE`
        const PERM_EXECUTE = 4;
        /// `ZX_VM_COMPACT`
        const COMPACT = 0x8;
        /// `ZX_VM_SPECIFIC`
        const SPECIFIC = 0x10;
        /// `ZX_VM_SPECIFIC_OVERWRITE`
        const SPECIFIC_OVERWRITE = 0x20;
        /// `ZX_VM_CAN_MAP_SPECIFIC`
        const CAN_MAP_SPECIFIC = 0x40;
        /// `ZX_VM_CAN_MAP_READ`
        const CAN_MAP_READ = 0x80;
        /// `ZX_VM_CAN_MAP_WRITE`
        const CAN_MAP_WRITE = 0x100;
        /// `ZX_VM_CAN_MAP_EXECUTE`
        const CAN_MAP_EXECUTE = 0x200;
        /// `ZX_VM_MAP_RANGE`
        const MAP_RANGE = 0x400;
        /// `ZX_VM_REQUIRE_NON_RESIZABLE`
        const REQUIRE_NON_RESIZABLE = 0x800;
        /// `ZX_VM_ALLOW_FAULTS`
        const ALLOW_FAULTS = 0x1000;
        /// `ZX_VM_OFFSET_IS_UPPER_LIMIT`
        const OFFSET_IS_UPPER_LIMIT = 0x2000;
        /// `ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED`
        const PERM_READ_IF_XOM_UNSUPPORTED = 0x4000;
        /// `ZX_VM_FAULT_BEYOND_STREAM_SIZE`
        const FAULT_BEYOND_STREAM_SIZE = 0x8000;
    }
}

impl VmOptions {
    /// Readable and writable.
    pub const READ_WRITE: Self = Self::PERM_READ.union(Self::PERM_WRITE);

    /// The request that the result stand at a multiple of `2^exponent` (10 to 32).
    #[must_use]
    pub const fn align(exponent: u32) -> Self {
        Self::from_bits_retain(exponent << VM_ALIGN_SHIFT)
    }
}

/// Where `log2` of an alignment request stands in the options of a VMAR call; 0 asks for
/// none, otherwise 10 to 32.
pub const VM_ALIGN_SHIFT: u32 = 24;

bitflags! {
    /// `ZX_VMO_CHILD_*`: options of `zx_vmo_create_child` (reference §10).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ChildOptions: u32 {
        /// `ZX_VMO_CHILD_SNAPSHOT`
        const SNAPSHOT = 0x01;
        /// `ZX_VMO_CHILD_RESIZABLE`
        const RESIZABLE = 0x04;
        /// `ZX_VMO_CHILD_SLICE`
        const SLICE = 0x08;
        /// `ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE`
        const SNAPSHOT_AT_LEAST_ON_WRITE = 0x10;
        /// `ZX_VMO_CHILD_NO_WRITE`
        const NO_WRITE = 0x20;
        /// `ZX_VMO_CHILD_REFERENCE`
        const REFERENCE = 0x40;
        /// `ZX_VMO_CHILD_SNAPSHOT_MODIFIED`
        const SNAPSHOT_MODIFIED = 0x80;
    }
}

bitflags! {
    /// Signals of objects that are asserted or cleared by the kernel or by programs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Signals: u32 {
        /// `ZX_TASK_TERMINATED`, of processes and threads (reference §16).
        const TERMINATED = 1 << 3;
        /// `ZX_VMO_ZERO_CHILDREN` (reference §7).
        const ZERO_CHILDREN = 1 << 3;
        /// `ZX_THREAD_RUNNING`
        const THREAD_RUNNING = 1 << 4;
        /// `ZX_USER_SIGNAL_ALL`: what `zx_object_signal` may change.
        const USER_ALL = 0xFF << 24;
    }
}

/// `ZX_VMO_OP_*` and `ZX_VMAR_OP_*` (reference §11, §13.5).
#[derive(Debug)]
pub struct RangeOp;

#[allow(missing_docs, reason = "an operation is its name")]
impl RangeOp {
    pub const COMMIT: u32 = 1;
    pub const DECOMMIT: u32 = 2;
    pub const LOCK: u32 = 3;
    /// `ZX_VMAR_OP_MAP_RANGE`, the same number as [`RangeOp::LOCK`].
    pub const MAP_RANGE: u32 = 3;
    pub const UNLOCK: u32 = 4;
    pub const CACHE_SYNC: u32 = 6;
    pub const CACHE_INVALIDATE: u32 = 7;
    pub const CACHE_CLEAN: u32 = 8;
    pub const CACHE_CLEAN_INVALIDATE: u32 = 9;
    pub const ZERO: u32 = 10;
    pub const TRY_LOCK: u32 = 11;
    pub const DONT_NEED: u32 = 12;
    pub const ALWAYS_NEED: u32 = 13;
    pub const PREFETCH: u32 = 14;
}

/// `ZX_PAGER_OP_*` (reference §17.5).
#[derive(Debug)]
pub struct PagerOp;

#[allow(missing_docs, reason = "an operation is its name")]
impl PagerOp {
    pub const FAIL: u32 = 1;
    pub const DIRTY: u32 = 2;
    pub const WRITEBACK_BEGIN: u32 = 3;
    pub const WRITEBACK_END: u32 = 4;
    /// `ZX_VMO_DIRTY_RANGE_IS_ZERO`, for the data of [`PagerOp::WRITEBACK_BEGIN`].
    pub const RANGE_IS_ZERO: u64 = 1;
}

/// Topics of `zx_object_get_info`: number and version (reference §15).
#[derive(Debug)]
pub struct Topic;

#[allow(missing_docs, reason = "a topic is its name")]
impl Topic {
    pub const HANDLE_VALID: u32 = 1;
    pub const HANDLE_BASIC: u32 = 2;
    pub const PROCESS: u32 = 3 | 1 << 28;
    pub const PROCESS_THREADS: u32 = 4;
    pub const VMAR: u32 = 7;
    pub const TASK_STATS_V1: u32 = 12;
    pub const TASK_STATS: u32 = 12 | 1 << 28;
    pub const PROCESS_MAPS_V1: u32 = 13;
    pub const PROCESS_MAPS_V2: u32 = 13 | 1 << 28;
    pub const PROCESS_MAPS: u32 = 13 | 2 << 28;
    pub const PROCESS_VMOS_V1: u32 = 14;
    pub const PROCESS_VMOS_V2: u32 = 14 | 1 << 28;
    pub const PROCESS_VMOS_V3: u32 = 14 | 2 << 28;
    pub const PROCESS_VMOS: u32 = 14 | 3 << 28;
    pub const HANDLE_COUNT: u32 = 19;
    pub const BTI: u32 = 20;
    pub const VMO_V1: u32 = 23;
    pub const VMO_V2: u32 = 23 | 1 << 28;
    pub const VMO_V3: u32 = 23 | 2 << 28;
    pub const VMO: u32 = 23 | 3 << 28;
    pub const VMAR_MAPS: u32 = 36;
}

/// Properties of `zx_object_get_property` and `zx_object_set_property`.
#[derive(Debug)]
pub struct Property;

impl Property {
    /// `ZX_PROP_NAME`: 32 bytes, NUL-terminated.
    pub const NAME: u32 = 3;
    /// `ZX_PROP_REGISTER_FS`: u64, the FS base of the calling thread; x86-64 only.
    pub const REGISTER_FS: u32 = 4;
    /// `ZX_PROP_PROCESS_VDSO_BASE_ADDRESS`: u64; 0 while no vDSO is mapped.
    pub const PROCESS_VDSO_BASE_ADDRESS: u32 = 6;
    /// `ZX_PROP_VMO_CONTENT_SIZE`: u64 (reference §9.4).
    pub const VMO_CONTENT_SIZE: u32 = 17;
}

/// `ZX_TIME_INFINITE`: a deadline that never comes.
pub const TIME_INFINITE: i64 = i64::MAX;
