//! /dev/kvm itself.

use super::KvmError;
use kvm_ioctls::{Cap, Kvm};

/// Opens /dev/kvm and checks that it can do what a machine needs.
///
/// # Errors
/// [`KvmError`] says what is missing and what to do about it.
pub fn open() -> Result<Kvm, KvmError> {
    let kvm = Kvm::new().map_err(|error| match error.errno() {
        libc::ENOENT | libc::ENODEV | libc::ENXIO => KvmError::Missing,
        libc::EACCES | libc::EPERM => KvmError::NoPermission,
        _ => KvmError::Open(error),
    })?;
    let version = kvm.get_api_version();
    if version != 12 {
        return Err(KvmError::Version(version));
    }
    for (capability, name) in [
        (Cap::UserMemory, "KVM_CAP_USER_MEMORY"),
        (Cap::ExtCpuid, "KVM_CAP_EXT_CPUID"),
        (Cap::ImmediateExit, "KVM_CAP_IMMEDIATE_EXIT"),
    ] {
        if !kvm.check_extension(capability) {
            return Err(KvmError::MissingCapability(name));
        }
    }
    Ok(kvm)
}
