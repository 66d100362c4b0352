//! What every object starts with.

use crate::assert_layout;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`ObjectHeader::magic`] of a live object; a freed slot holds zero.
pub const OBJECT_MAGIC: u32 = u32::from_le_bytes(*b"zobj");

/// Values of [`ObjectHeader::object_type`] (`zx_obj_type_t`, reference §20.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectType(pub u32);

impl ObjectType {
    /// `ZX_OBJ_TYPE_PROCESS`
    pub const PROCESS: Self = Self(1);
    /// `ZX_OBJ_TYPE_THREAD`
    pub const THREAD: Self = Self(2);
    /// `ZX_OBJ_TYPE_VMO`
    pub const VMO: Self = Self(3);
    /// `ZX_OBJ_TYPE_PORT`
    pub const PORT: Self = Self(6);
    /// `ZX_OBJ_TYPE_RESOURCE`
    pub const RESOURCE: Self = Self(15);
    /// `ZX_OBJ_TYPE_JOB`
    pub const JOB: Self = Self(17);
    /// `ZX_OBJ_TYPE_VMAR`
    pub const VMAR: Self = Self(18);
    /// `ZX_OBJ_TYPE_BTI`
    pub const BTI: Self = Self(24);
    /// `ZX_OBJ_TYPE_PAGER`
    pub const PAGER: Self = Self(28);
    /// A mapping: internal, never behind a handle.
    pub const MAPPING: Self = Self(0x1000);
    /// A page source: internal, never behind a handle.
    pub const PAGE_SOURCE: Self = Self(0x1001);

    /// A lower-case word for it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::PROCESS => "process",
            Self::THREAD => "thread",
            Self::VMO => "vmo",
            Self::PORT => "port",
            Self::RESOURCE => "resource",
            Self::JOB => "job",
            Self::VMAR => "vmar",
            Self::BTI => "bti",
            Self::PAGER => "pager",
            Self::MAPPING => "mapping",
            Self::PAGE_SOURCE => "page source",
            _ => return None,
        })
    }
}

/// The first fields of every object.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ObjectHeader {
    /// [`OBJECT_MAGIC`] while the object lives.
    pub magic: u32,
    /// One of [`ObjectType`].
    pub object_type: u32,
    /// Unique for ever; 0 for objects without a dispatcher (mappings, private clones).
    pub koid: u64,
    /// Everything that keeps the object alive: handles, mappings, threads, the kernel.
    pub references: u32,
    /// Handles to it, in all processes.
    pub handles: u32,
    /// Signals now asserted ([`crate::options::Signals`]).
    pub signals: u32,
    /// Zero.
    pub reserved: u32,
}

assert_layout!(
    ObjectHeader,
    size = 32,
    object_type @ 4,
    koid @ 8,
    references @ 16,
    handles @ 20,
    signals @ 24,
);
