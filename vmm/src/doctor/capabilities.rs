//! What this KVM says that it can do, of what vmoscope asks for.

use kvm_ioctls::{Cap, Kvm};
use serde::Serialize;
use std::ffi::c_ulong;

/// How much vmoscope needs a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Without it nothing runs.
    Required,
    /// It is used where it is there, and not missed where it is not needed.
    Used,
    /// Not used today; it tells flavours apart.
    Informative,
}

/// A capability and KVM's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// Its name in the kernel's headers.
    pub name: &'static str,
    /// KVM has it.
    pub present: bool,
    /// What KVM answered: 0 for no, else 1 or a number of its own meaning.
    pub value: i32,
    /// How much it is needed.
    pub need: Need,
    /// What for.
    pub purpose: &'static str,
}

/// Name, number, need, purpose.
type Entry = (&'static str, c_ulong, Need, &'static str);

const MULTI_ADDRESS_SPACE: c_ulong = kvm_bindings::KVM_CAP_MULTI_ADDRESS_SPACE as c_ulong;

const LIST: [Entry; 16] = [
    entry(
        "KVM_CAP_USER_MEMORY",
        Cap::UserMemory,
        Need::Required,
        "guest RAM",
    ),
    entry(
        "KVM_CAP_EXT_CPUID",
        Cap::ExtCpuid,
        Need::Required,
        "the CPU that the guest sees",
    ),
    entry(
        "KVM_CAP_IMMEDIATE_EXIT",
        Cap::ImmediateExit,
        Need::Required,
        "ticks and limits",
    ),
    entry(
        "KVM_CAP_SET_TSS_ADDR",
        Cap::SetTssAddr,
        Need::Used,
        "VT-x's own pages",
    ),
    entry(
        "KVM_CAP_SET_IDENTITY_MAP_ADDR",
        Cap::SetIdentityMapAddr,
        Need::Used,
        "VT-x's own pages",
    ),
    entry(
        "KVM_CAP_NR_MEMSLOTS",
        Cap::NrMemslots,
        Need::Used,
        "two slots above 3 GiB of RAM",
    ),
    entry("KVM_CAP_MAX_VCPUS", Cap::MaxVcpus, Need::Used, "one vCPU"),
    entry(
        "KVM_CAP_INTERNAL_ERROR_DATA",
        Cap::InternalErrorData,
        Need::Informative,
        "details of a fault",
    ),
    entry(
        "KVM_CAP_SYNC_REGS",
        Cap::SyncRegs,
        Need::Informative,
        "registers without calls",
    ),
    entry(
        "KVM_CAP_READONLY_MEM",
        Cap::ReadonlyMem,
        Need::Informative,
        "read-only RAM",
    ),
    entry(
        "KVM_CAP_COALESCED_PIO",
        Cap::CoalescedPio,
        Need::Informative,
        "port writes without exits",
    ),
    entry(
        "KVM_CAP_DIRTY_LOG_RING",
        Cap::DirtyLogRing,
        Need::Informative,
        "which pages were written",
    ),
    entry(
        "KVM_CAP_X86_USER_SPACE_MSR",
        Cap::X86UserSpaceMsr,
        Need::Informative,
        "MSRs answered here",
    ),
    entry(
        "KVM_CAP_NESTED_STATE",
        Cap::NestedState,
        Need::Informative,
        "VMs in the guest",
    ),
    entry(
        "KVM_CAP_TSC_CONTROL",
        Cap::TscControl,
        Need::Informative,
        "the guest's clock rate",
    ),
    (
        "KVM_CAP_MULTI_ADDRESS_SPACE",
        MULTI_ADDRESS_SPACE,
        Need::Informative,
        "system management mode",
    ),
];

const fn entry(name: &'static str, cap: Cap, need: Need, purpose: &'static str) -> Entry {
    (name, cap as c_ulong, need, purpose)
}

/// Asks for all of them.
pub(super) fn ask(kvm: &Kvm) -> Vec<Capability> {
    let ask = |(name, number, need, purpose)| {
        let value = kvm.check_extension_raw(number);
        Capability {
            name,
            present: value > 0,
            value,
            need,
            purpose,
        }
    };
    LIST.into_iter().map(ask).collect()
}
