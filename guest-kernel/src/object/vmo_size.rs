//! Sizes of VMOs (reference §9).

use abi::Status;
use abi::objects::Vmo;

use crate::state::Ptr;

/// Sets the stream size.
pub fn set_stream_size(_vmo: Ptr<Vmo>, _size: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
