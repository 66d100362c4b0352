//! Why a machine cannot be made or run.

use crate::boot::BootError;
use crate::memory::MemoryError;
use thiserror::Error;

/// KVM cannot be used.
#[derive(Debug, Error)]
pub enum KvmError {
    /// There is no such device.
    #[error(
        "there is no /dev/kvm: enable virtualisation in the firmware and load the kvm module \
         (modprobe kvm_intel or kvm_amd)"
    )]
    Missing,
    /// It may not be opened.
    #[error("no permission to open /dev/kvm: `vmm doctor` says how to get it")]
    NoPermission,
    /// It cannot be opened for another reason.
    #[error("cannot open /dev/kvm: {0}")]
    Open(kvm_ioctls::Error),
    /// It speaks another version.
    #[error("/dev/kvm has API version {0}; 12 is needed")]
    Version(i32),
    /// It lacks something.
    #[error("this KVM has no {0}, which is needed")]
    MissingCapability(&'static str),
    /// A call to it failed.
    #[error("KVM: {what} failed: {source}")]
    Call {
        /// Which.
        what: &'static str,
        /// Why.
        source: kvm_ioctls::Error,
    },
}

/// A machine cannot be made, or the host failed while it ran.
#[derive(Debug, Error)]
pub enum MachineError {
    /// KVM.
    #[error(transparent)]
    Kvm(#[from] KvmError),
    /// What it is to boot.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// Its RAM.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The host refuses a thread.
    #[error("cannot start the control thread: {0}")]
    Thread(std::io::Error),
    /// A signal handler cannot be installed.
    #[error("cannot install a signal handler: {0}")]
    Signal(vmm_sys_util::errno::Error),
    /// The control thread panicked: a bug of ours.
    #[error("the control thread has panicked; this is a bug in vmm")]
    Panicked,
}

/// Names the KVM call that failed.
pub(super) fn failed(what: &'static str) -> impl FnOnce(kvm_ioctls::Error) -> KvmError {
    move |source| KvmError::Call { what, source }
}
