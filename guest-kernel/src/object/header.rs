//! Reference counts, and what happens when one drops to zero.

use abi::objects::{
    NAME_LENGTH, OBJECT_MAGIC, ObjectHeader, ObjectType, Pager, PlainObject, Port, Process, Thread,
    Vmar, Vmo,
};

use super::{pager, plain, port, process, thread, vmar, vmo};
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

/// A name as objects hold it: cut to 31 bytes, the rest zero.
pub fn name(text: &[u8]) -> [u8; NAME_LENGTH] {
    let mut name = [0; NAME_LENGTH];
    for (slot, byte) in name.iter_mut().take(NAME_LENGTH - 1).zip(text) {
        *slot = *byte;
    }
    name
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
        ObjectType::PORT => port::destroy(object.cast::<Port>()),
        ObjectType::JOB | ObjectType::RESOURCE | ObjectType::BTI => {
            plain::destroy(object.cast::<PlainObject>());
        }
        ObjectType::PAGER => pager::destroy(object.cast::<Pager>()),
        _ => {}
    }
}

/// Notes that the last handle is gone; the object may live on through references.
pub fn last_handle_closed(object: Ptr<ObjectHeader>) {
    match ObjectType(object.object_type) {
        ObjectType::PROCESS => process::last_handle_closed(object.cast::<Process>()),
        ObjectType::THREAD => thread::last_handle_closed(object.cast::<Thread>()),
        ObjectType::PORT => port::last_handle_closed(object.cast::<Port>()),
        ObjectType::VMO => vmo::last_handle_closed(object.cast::<Vmo>()),
        ObjectType::PAGER => pager::last_handle_closed(object.cast::<Pager>()),
        _ => {}
    }
}
