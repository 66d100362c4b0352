//! Sizes of VMOs (reference §9).

use abi::objects::{ObjectType, Vmo};
use abi::{Rights, Status};

use super::Context;
use crate::object::handle;
use crate::user_copy;

/// Tells the size, rounded up to pages. No right is needed.
pub fn get_size(context: Context, value: u32, out: u64) -> Result<(), Status> {
    let (vmo, _) =
        handle::find_object::<Vmo>(context.process, value, ObjectType::VMO, Rights::empty())?;
    user_copy::store(context.process, out, vmo.size)
}

/// Sets the size.
pub fn set_size(_context: Context, _value: u32, _size: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Tells the stream size.
pub fn get_stream_size(_context: Context, _value: u32, _out: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Sets the stream size.
pub fn set_stream_size(_context: Context, _value: u32, _size: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
