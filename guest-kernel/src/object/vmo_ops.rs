//! Operations on ranges of VMOs (reference §11).

use abi::Status;
use abi::objects::Vmo;

use crate::state::Ptr;

/// Makes pages present.
pub fn commit(_vmo: Ptr<Vmo>, _offset: u64, _length: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Gives pages back.
pub fn decommit(_vmo: Ptr<Vmo>, _offset: u64, _length: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Makes bytes zero.
pub fn zero(_vmo: Ptr<Vmo>, _offset: u64, _length: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}

/// Fetches pages.
pub fn prefetch(_vmo: Ptr<Vmo>, _offset: u64, _length: u64) -> Result<(), Status> {
    Err(Status::NOT_SUPPORTED)
}
