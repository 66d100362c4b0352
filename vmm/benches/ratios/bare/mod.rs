//! A virtual machine with nothing around it: RAM, a vCPU and a few instructions, straight
//! on `/dev/kvm`. What it cannot do faster, nobody can.

mod long_mode;

use crate::support::{check, host_size, must};
use kvm_bindings::{
    CpuId, KVM_MAX_CPUID_ENTRIES, kvm_regs, kvm_segment, kvm_userspace_memory_region,
};
use kvm_ioctls::{Kvm, VcpuExit, VcpuFd, VmFd};
use rustix::fs::MemfdFlags;
use std::fs::File;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use vm_memory::{Bytes, FileOffset, GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

/// The port that the guests here write to.
const PORT: u16 = 0xE4;
/// Where the code of a 32-bit guest stands.
const CODE: u64 = 0x1000;

/// A bare virtual machine.
pub struct BareVm {
    // The order matters: the vCPU and the VM must go before the RAM that they use.
    vcpu: VcpuFd,
    vm: VmFd,
    ram: GuestMemoryMmap,
}

impl BareVm {
    /// One with so many bytes of RAM, whose ring 0 writes to a port over and over.
    pub fn ring_0(ram: u64) -> Self {
        let bare = Self::new(ram);
        // out PORT, al; jmp to it
        bare.store(CODE, &[0xE6, 0xE4, 0xEB, 0xFC]);
        let mut sregs = must("KVM_GET_SREGS", bare.vcpu.get_sregs());
        sregs.cs = flat(0x08, 11);
        let data = flat(0x10, 3);
        (sregs.ds, sregs.es, sregs.ss) = (data, data, data);
        // Protected mode.
        sregs.cr0 = 1 | 1 << 4;
        must("KVM_SET_SREGS", bare.vcpu.set_sregs(&sregs));
        bare.set_rip(CODE);
        bare
    }

    /// One whose ring 3 makes system calls over and over; each leads to one write to a
    /// port by the shortest kernel there can be.
    pub fn system_call() -> Self {
        let bare = Self::new(1 << 20);
        long_mode::enter(&bare);
        bare
    }

    fn new(size: u64) -> Self {
        let kvm = must("/dev/kvm", Kvm::new());
        let ram = ram(size);
        let vm = must("KVM_CREATE_VM", kvm.create_vm());
        let region = kvm_userspace_memory_region {
            slot: 0,
            flags: 0,
            guest_phys_addr: 0,
            memory_size: size,
            userspace_addr: must("RAM", ram.get_host_address(GuestAddress(0))).addr() as u64,
        };
        // SAFETY: the region is a mapping of `ram`, which is dropped after the VM.
        must("KVM_SET_USER_MEMORY_REGION", unsafe {
            vm.set_user_memory_region(region)
        });
        let vcpu = must("KVM_CREATE_VCPU", vm.create_vcpu(0));
        must("KVM_SET_CPUID2", vcpu.set_cpuid2(supported_cpuid(&kvm)));
        Self { vcpu, vm, ram }
    }

    fn store(&self, at: u64, bytes: &[u8]) {
        must("RAM", self.ram.write_slice(bytes, GuestAddress(at)));
    }

    fn set_rip(&self, rip: u64) {
        let regs = kvm_regs {
            rip,
            rflags: 2,
            ..kvm_regs::default()
        };
        must("KVM_SET_REGS", self.vcpu.set_regs(&regs));
    }

    /// Runs to the next write to the port.
    #[inline]
    pub fn exit(&mut self) {
        let exit = must("KVM_RUN", self.vcpu.run());
        if !matches!(exit, VcpuExit::IoOut(PORT, [_])) {
            must("a bare VM", Err(format!("it gave the exit {exit:?}")))
        }
    }

    /// Times so many exits.
    pub fn time(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            self.exit();
        }
        start.elapsed()
    }
}

/// A memory file, mapped; nothing of it is touched.
fn ram(size: u64) -> GuestMemoryMmap {
    let file = rustix::fs::memfd_create(c"bare-ram", MemfdFlags::CLOEXEC);
    let file = File::from(must("memfd_create", file));
    must("ftruncate", file.set_len(size));
    let place = (
        GuestAddress(0),
        host_size(size),
        Some(FileOffset::new(file, 0)),
    );
    must("mmap", GuestMemoryMmap::from_ranges_with_files([place]))
}

/// What KVM can show to a guest, asked once, as the machine does.
fn supported_cpuid(kvm: &Kvm) -> &'static CpuId {
    static ANSWER: OnceLock<CpuId> = OnceLock::new();
    ANSWER.get_or_init(|| {
        let answer = kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES);
        must("KVM_GET_SUPPORTED_CPUID", answer)
    })
}

/// A flat 32-bit segment of that type (SDM vol. 3, 3.4.5.1).
fn flat(selector: u16, type_: u8) -> kvm_segment {
    kvm_segment {
        limit: 0xFFFF_FFFF,
        selector,
        type_,
        present: 1,
        db: 1,
        s: 1,
        g: 1,
        ..kvm_segment::default()
    }
}

/// Checks that a bare machine comes as far as its first exit, before anything is timed.
pub fn probe(mut bare: BareVm) -> BareVm {
    bare.exit();
    bare.exit();
    check(
        bare.vm.check_extension_int(kvm_ioctls::Cap::UserMemory) > 0,
        "KVM has RAM",
    );
    bare
}
