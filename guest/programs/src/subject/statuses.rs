//! The statuses that VMO calls give, by their short names.

#![allow(missing_docs, reason = "a status is its name")]

use libzx::Status;

pub const OK: Status = Status::OK;
pub const NOT_SUPPORTED: Status = Status::NOT_SUPPORTED;
pub const NO_MEMORY: Status = Status::NO_MEMORY;
pub const INVALID_ARGS: Status = Status::INVALID_ARGS;
pub const BAD_HANDLE: Status = Status::BAD_HANDLE;
pub const WRONG_TYPE: Status = Status::WRONG_TYPE;
pub const OUT_OF_RANGE: Status = Status::OUT_OF_RANGE;
pub const BUFFER_TOO_SMALL: Status = Status::BUFFER_TOO_SMALL;
pub const BAD_STATE: Status = Status::BAD_STATE;
pub const NOT_FOUND: Status = Status::NOT_FOUND;
pub const UNAVAILABLE: Status = Status::UNAVAILABLE;
pub const ACCESS_DENIED: Status = Status::ACCESS_DENIED;
