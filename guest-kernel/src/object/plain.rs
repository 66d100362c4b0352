//! Objects without a state: the job, the root resource, the BTI (reference §8.2 to §8.4,
//! §16).
//!
//! Who holds references: the handles; to the job, also the root block. A process names
//! its job by koid and keeps nothing alive.

use abi::Status;
use abi::objects::{ObjectType, PlainObject};

use super::header;
use crate::mem::pool::Pool;
use crate::state::{Ptr, new_koid};

static POOL: Pool<PlainObject> = Pool::new();

/// An object of that type. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create(object_type: ObjectType, name: &[u8]) -> Result<Ptr<PlainObject>, Status> {
    let mut object = POOL.allocate()?;
    object.header = header::new(object_type, new_koid());
    object.name = header::name(name);
    Ok(object)
}

/// Frees an object that nothing refers to any more.
pub fn destroy(object: Ptr<PlainObject>) {
    POOL.free(object);
}
