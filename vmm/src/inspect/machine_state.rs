//! What a machine holds besides its RAM, as it is sent to an inspector and saved in images.

use super::Hex;
use crate::objects::ThreadView;
use abi::objects::Registers;
use serde::{Deserialize, Serialize};

/// The machine around the RAM.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineState {
    /// Guest-physical address of the root block.
    pub root: Hex,
    /// Bytes of RAM.
    pub ram: u64,
    /// The kernel command line.
    pub command_line: String,
    /// Names of the programs that it was started with.
    pub programs: Vec<String>,
    /// Time since the machine was made, in nanoseconds.
    pub elapsed_ns: u64,
    /// Its vCPUs; empty if they are not known (a raw image has none).
    pub vcpus: Vec<VcpuState>,
    /// Totals as `vmm run --json` tells them at the end; null if they are not known.
    pub stats: serde_json::Value,
}

/// What a vCPU was at when it stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a program: the registers are its current thread's.
    Program,
    /// In the kernel, which had nobody to run: every thread's registers are in its record.
    #[default]
    Idle,
}

/// A vCPU's registers. The names are KVM's (`kvm_regs`, `kvm_sregs`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VcpuState {
    /// What it was at.
    pub place: Place,
    /// General registers.
    pub general: GeneralRegisters,
    /// Code segment.
    pub cs: Segment,
    /// Data segments.
    pub ds: Segment,
    /// See [`VcpuState::ds`].
    pub es: Segment,
    /// Its base is the thread pointer of a program.
    pub fs: Segment,
    /// See [`VcpuState::ds`].
    pub gs: Segment,
    /// Stack segment.
    pub ss: Segment,
    /// Task register.
    pub tr: Segment,
    /// Local descriptor table.
    pub ldt: Segment,
    /// Global descriptor table.
    pub gdt: DescriptorTable,
    /// Interrupt descriptor table.
    pub idt: DescriptorTable,
    /// Control registers.
    pub cr0: Hex,
    /// Address of the last page fault.
    pub cr2: Hex,
    /// Topmost page table.
    pub cr3: Hex,
    /// See [`VcpuState::cr0`].
    pub cr4: Hex,
    /// See [`VcpuState::cr0`].
    pub cr8: Hex,
    /// `IA32_EFER`.
    pub efer: Hex,
    /// x87 and SSE registers as FXSAVE64 stores them (512 bytes, SDM vol. 1, 10.5.1), in
    /// hexadecimal digits; empty if they could not be read.
    pub fxsave: String,
}

/// The general registers (`kvm_regs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "a register is its name")]
pub struct GeneralRegisters {
    pub rax: Hex,
    pub rbx: Hex,
    pub rcx: Hex,
    pub rdx: Hex,
    pub rsi: Hex,
    pub rdi: Hex,
    pub rsp: Hex,
    pub rbp: Hex,
    pub r8: Hex,
    pub r9: Hex,
    pub r10: Hex,
    pub r11: Hex,
    pub r12: Hex,
    pub r13: Hex,
    pub r14: Hex,
    pub r15: Hex,
    pub rip: Hex,
    pub rflags: Hex,
}

/// A segment register with its hidden part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// What a program sees.
    pub selector: u16,
    /// First byte.
    pub base: Hex,
    /// Last byte's offset.
    pub limit: u32,
    /// Bits 8 to 23 of the descriptor's second word, in place (SDM vol. 3, 3.4.5).
    pub flags: u32,
}

/// `GDTR` or `IDTR`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescriptorTable {
    /// First byte.
    pub base: Hex,
    /// Last byte's offset.
    pub limit: u16,
}

/// [`GeneralRegisters`] from any structure that has them by their names, and RFLAGS by the
/// name given.
macro_rules! general_registers {
    ($from:expr, $rflags:ident) => {{
        use $crate::inspect::{GeneralRegisters, Hex};
        let from = &$from;
        GeneralRegisters {
            rax: Hex(from.rax),
            rbx: Hex(from.rbx),
            rcx: Hex(from.rcx),
            rdx: Hex(from.rdx),
            rsi: Hex(from.rsi),
            rdi: Hex(from.rdi),
            rsp: Hex(from.rsp),
            rbp: Hex(from.rbp),
            r8: Hex(from.r8),
            r9: Hex(from.r9),
            r10: Hex(from.r10),
            r11: Hex(from.r11),
            r12: Hex(from.r12),
            r13: Hex(from.r13),
            r14: Hex(from.r14),
            r15: Hex(from.r15),
            rip: Hex(from.rip),
            rflags: Hex(from.$rflags),
        }
    }};
}
pub(crate) use general_registers;

impl From<&Registers> for GeneralRegisters {
    /// A thread's registers from its record.
    fn from(registers: &Registers) -> Self {
        general_registers!(registers, rflags)
    }
}

impl GeneralRegisters {
    /// All but RIP and RFLAGS, by name, in rows for a person.
    #[must_use]
    pub const fn rows(&self) -> [[(&'static str, u64); 4]; 4] {
        let r = self;
        [
            [
                ("rax", r.rax.0),
                ("rbx", r.rbx.0),
                ("rcx", r.rcx.0),
                ("rdx", r.rdx.0),
            ],
            [
                ("rsi", r.rsi.0),
                ("rdi", r.rdi.0),
                ("rbp", r.rbp.0),
                ("rsp", r.rsp.0),
            ],
            [
                ("r8", r.r8.0),
                ("r9", r.r9.0),
                ("r10", r.r10.0),
                ("r11", r.r11.0),
            ],
            [
                ("r12", r.r12.0),
                ("r13", r.r13.0),
                ("r14", r.r14.0),
                ("r15", r.r15.0),
            ],
        ]
    }
}

impl MachineState {
    /// The vCPU that runs that thread's program at this moment, so that the thread's
    /// registers are the vCPU's and those in its record are old. `current` is the call
    /// page's thread ([`super::Survey::current_thread`]).
    #[must_use]
    pub fn vcpu_of(&self, thread: &ThreadView, current: u64) -> Option<&VcpuState> {
        let vcpu = self.vcpus.first()?;
        (vcpu.place == Place::Program && thread.address().0 == current).then_some(vcpu)
    }

    /// A thread's registers and the base of its FS segment, as they are now.
    #[must_use]
    pub fn registers_of(&self, thread: &ThreadView, current: u64) -> (GeneralRegisters, Hex) {
        match self.vcpu_of(thread, current) {
            Some(vcpu) => (vcpu.general, vcpu.fs.base),
            None => {
                let raw = thread.raw();
                ((&raw.registers).into(), Hex(raw.fs_base))
            }
        }
    }
}
