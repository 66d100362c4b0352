//! The handles that a program starts with, as bare numbers; 0 for one that it does not have.

use abi::startup::{
    PA_JOB_DEFAULT, PA_PROC_SELF, PA_RESOURCE, PA_USER2, PA_VMAR_ROOT, PA_VMO_VDSO,
};
use libzx::startup;

fn given(kind: u32) -> u32 {
    startup().raw_handle(kind, 0).unwrap_or(0)
}

/// The own process.
#[must_use]
pub fn own_process() -> u32 {
    given(PA_PROC_SELF)
}

/// The own root VMAR.
#[must_use]
pub fn root() -> u32 {
    given(PA_VMAR_ROOT)
}

/// The job.
#[must_use]
pub fn job() -> u32 {
    given(PA_JOB_DEFAULT)
}

/// The root resource.
#[must_use]
pub fn resource() -> u32 {
    given(PA_RESOURCE)
}

/// The BTI.
#[must_use]
pub fn bti() -> u32 {
    given(PA_USER2)
}

/// The vDSO's VMO.
#[must_use]
pub fn vdso() -> u32 {
    given(PA_VMO_VDSO)
}
