//! Reference counts, and what happens when one drops to zero.

use abi::objects::{OBJECT_MAGIC, ObjectHeader, ObjectType, Pager, Process, Thread, Vmar, Vmo};

use super::{pager, process, thread, vmar, vmo};
use crate::state::Ptr;

/// A header for a new object with one reference.
pub fn new(object_type: ObjectType, koid: u64) -> ObjectHeader {
    ObjectHeader {
        magic: OBJECT_MAGIC,
        object_type: object_type.0,
        koid,
        references: 1,
        ..ObjectHeader::default()
    }
}

/// Takes a reference.
pub fn retain(mut object: Ptr<ObjectHeader>) {
    object.references += 1;
}

/// Drops a reference; the last one destroys the object.
pub fn release(mut object: Ptr<ObjectHeader>) {
    object.references -= 1;
    if object.references > 0 {
        return;
    }
    match ObjectType(object.object_type) {
        ObjectType::VMO => vmo::destroy(object.cast::<Vmo>()),
        ObjectType::VMAR => vmar::destroy(object.cast::<Vmar>()),
        ObjectType::PROCESS => process::destroy(object.cast::<Process>()),
        ObjectType::THREAD => thread::destroy(object.cast::<Thread>()),
        ObjectType::PAGER => pager::destroy(object.cast::<Pager>()),
        _ => {}
    }
}

/// Notes that the last handle is gone; the object may live on through references.
pub fn last_handle_closed(object: Ptr<ObjectHeader>) {
    match ObjectType(object.object_type) {
        ObjectType::PROCESS => process::last_handle_closed(object.cast::<Process>()),
        ObjectType::VMO => vmo::last_handle_closed(object.cast::<Vmo>()),
        ObjectType::PAGER => pager::last_handle_closed(object.cast::<Pager>()),
        _ => {}
    }
}
