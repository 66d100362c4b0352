//! Handles that other objects are made with.

use crate::handle::Handle;
use crate::object::object;

/// A job, which processes are made in (`zx_process_create`).
#[derive(Debug)]
pub struct Job(Handle);

object!(Job);

/// The root resource: the permission to make physical VMOs and executable handles.
#[derive(Debug)]
pub struct Resource(Handle);

object!(Resource);

/// A bus transaction initiator, which contiguous VMOs are made with.
#[derive(Debug)]
pub struct Bti(Handle);

object!(Bti);
