//! Objects without a state: a job, a resource, a BTI.

use crate::assert_layout;
use crate::objects::{NAME_LENGTH, ObjectHeader};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// An object that is only there to be named by a handle.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PlainObject {
    /// See there; the type is job, resource or BTI.
    pub header: ObjectHeader,
    /// NUL-terminated.
    pub name: [u8; NAME_LENGTH],
}

assert_layout!(PlainObject, size = 64, name @ 32);
