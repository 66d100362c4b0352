//! Whether this machine can run guests, said in words where it cannot.

/// Why no VM can be had here; `None` if one can.
pub fn no_vm() -> Option<String> {
    match vmm::machine::open_kvm().map(|kvm| kvm.create_vm().is_ok()) {
        Ok(true) => None,
        Ok(false) => Some("/dev/kvm makes no VM".to_owned()),
        Err(reason) => Some(reason.to_string()),
    }
}
