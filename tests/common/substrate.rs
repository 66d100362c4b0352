//! Whether this machine can run guests, said in words where it cannot.
//!
//! KVM is asked directly, not through the crate under test: should that refuse a good
//! `/dev/kvm`, the tests fail and are not skipped.

/// Why no VM can be had here; `None` if one can.
pub fn no_kvm() -> Option<String> {
    let vm = kvm_ioctls::Kvm::new().and_then(|kvm| kvm.create_vm());
    vm.err()
        .map(|error| format!("/dev/kvm cannot be used: {error}"))
}
