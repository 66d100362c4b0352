//! The vCPU before its first instruction: CPUID, and the state that PVH asks for.

use super::KvmError;
use super::error::failed;
use crate::boot::BootState;
use kvm_bindings::{CpuId, KVM_MAX_CPUID_ENTRIES, kvm_regs, kvm_segment};
use kvm_ioctls::{Kvm, VcpuFd, VmFd};
use std::sync::OnceLock;

/// CR0.PE and CR0.ET (SDM vol. 3, 2.5).
const PROTECTED_MODE: u64 = 1 | (1 << 4);
/// Accessed code, execute and read; accessed data, read and write; busy 32-bit TSS (SDM
/// vol. 3, 3.4.5.1, 3.5).
const CODE: u8 = 11;
const DATA: u8 = 3;
const BUSY_TSS: u8 = 11;

/// A vCPU in the state of a PVH entry: 32-bit protected mode, flat segments, no paging,
/// the start info in `ebx` (Xen's docs/misc/pvh).
pub(super) fn create(kvm: &Kvm, vm: &VmFd, boot: BootState) -> Result<VcpuFd, KvmError> {
    let vcpu = vm.create_vcpu(0).map_err(failed("KVM_CREATE_VCPU"))?;
    vcpu.set_cpuid2(supported_cpuid(kvm)?)
        .map_err(failed("KVM_SET_CPUID2"))?;

    let mut sregs = vcpu.get_sregs().map_err(failed("KVM_GET_SREGS"))?;
    sregs.cs = segment(0x08, CODE, 1);
    let data = segment(0x10, DATA, 1);
    (sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss) = (data, data, data, data, data);
    sregs.tr = kvm_segment {
        limit: 0x67,
        g: 0,
        ..segment(0, BUSY_TSS, 0)
    };
    sregs.cr0 = PROTECTED_MODE;
    sregs.cr4 = 0;
    vcpu.set_sregs(&sregs).map_err(failed("KVM_SET_SREGS"))?;
    vcpu.set_regs(&kvm_regs {
        rip: boot.entry.0,
        rbx: boot.start_info.0,
        // Bit 1 is always set (SDM vol. 1, 3.4.3).
        rflags: 2,
        ..kvm_regs::default()
    })
    .map_err(failed("KVM_SET_REGS"))?;
    Ok(vcpu)
}

/// What KVM can show to a guest. Asking takes a third of the time in which a machine
/// starts, and the answer never changes, so a process asks once.
fn supported_cpuid(kvm: &Kvm) -> Result<&'static CpuId, KvmError> {
    static ANSWER: OnceLock<CpuId> = OnceLock::new();
    if let Some(answer) = ANSWER.get() {
        return Ok(answer);
    }
    let answer = kvm
        .get_supported_cpuid(KVM_MAX_CPUID_ENTRIES)
        .map_err(failed("KVM_GET_SUPPORTED_CPUID"))?;
    Ok(ANSWER.get_or_init(|| answer))
}

fn segment(selector: u16, type_: u8, code_or_data: u8) -> kvm_segment {
    kvm_segment {
        base: 0,
        limit: 0xFFFF_FFFF,
        selector,
        type_,
        present: 1,
        dpl: 0,
        db: code_or_data,
        s: code_or_data,
        l: 0,
        g: 1,
        ..kvm_segment::default()
    }
}
