//! What stands in the notes of ELF cores, byte for byte: Linux's structures for x86-64 (as
//! `elfcore.h` and `user_64.h` have them), which gdb reads, and QEMU's for a vCPU.

use super::super::{DescriptorTable, GeneralRegisters, Hex, Segment, VcpuState};
use std::mem::size_of;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Owner of Linux's notes.
pub(in crate::inspect) const CORE: &[u8] = b"CORE";
/// Owner of QEMU's note, which is of type 0.
pub(in crate::inspect) const QEMU: &[u8] = b"QEMU";
/// Owner of our own notes.
pub(in crate::inspect) const VMOSCOPE: &[u8] = b"VMOSCOPE";

/// Type of our note that holds a [`super::super::MachineState`] as JSON.
pub(in crate::inspect) const NOTE_MACHINE: u32 = 1;
/// Type of our note that says what a process core leaves out, as JSON.
pub(in crate::inspect) const NOTE_PROCESS: u32 = 2;

/// Registers of a thread; signal it got.
pub(in crate::inspect) const NT_PRSTATUS: u32 = 1;
/// x87 and SSE registers as FXSAVE64 stores them.
pub(in crate::inspect) const NT_FPREGSET: u32 = 2;
/// A process's name and state.
pub(in crate::inspect) const NT_PRPSINFO: u32 = 3;
/// The auxiliary vector.
pub(in crate::inspect) const NT_AUXV: u32 = 6;
/// `siginfo_t`.
pub(in crate::inspect) const NT_SIGINFO: u32 = 0x5349_4749;
/// `struct user_regs_struct`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
#[allow(missing_docs, reason = "a register is its name")]
pub(in crate::inspect) struct UserRegisters {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub orig_rax: u64,
    pub rip: u64,
    pub cs: u64,
    pub eflags: u64,
    pub rsp: u64,
    pub ss: u64,
    pub fs_base: u64,
    pub gs_base: u64,
    pub ds: u64,
    pub es: u64,
    pub fs: u64,
    pub gs: u64,
}

const _: () = assert!(size_of::<UserRegisters>() == 27 * 8);

impl From<&GeneralRegisters> for UserRegisters {
    /// Segments are left zero.
    fn from(general: &GeneralRegisters) -> Self {
        Self {
            r15: general.r15.0,
            r14: general.r14.0,
            r13: general.r13.0,
            r12: general.r12.0,
            rbp: general.rbp.0,
            rbx: general.rbx.0,
            r11: general.r11.0,
            r10: general.r10.0,
            r9: general.r9.0,
            r8: general.r8.0,
            rax: general.rax.0,
            rcx: general.rcx.0,
            rdx: general.rdx.0,
            rsi: general.rsi.0,
            rdi: general.rdi.0,
            rip: general.rip.0,
            eflags: general.rflags.0,
            rsp: general.rsp.0,
            ..Self::default()
        }
    }
}

impl From<&VcpuState> for UserRegisters {
    fn from(vcpu: &VcpuState) -> Self {
        Self {
            cs: vcpu.cs.selector.into(),
            ss: vcpu.ss.selector.into(),
            fs_base: vcpu.fs.base.0,
            gs_base: vcpu.gs.base.0,
            ds: vcpu.ds.selector.into(),
            es: vcpu.es.selector.into(),
            fs: vcpu.fs.selector.into(),
            gs: vcpu.gs.selector.into(),
            ..(&vcpu.general).into()
        }
    }
}

/// `struct elf_prstatus`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(in crate::inspect) struct Prstatus {
    pub signal_number: i32,
    pub signal_code: i32,
    pub signal_errno: i32,
    pub current_signal: u16,
    pub pad: u16,
    pub pending: u64,
    pub held: u64,
    /// The thread.
    pub pid: u32,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// Processor times: none are known.
    pub times: [u64; 8],
    pub registers: UserRegisters,
    /// Whether an `NT_FPREGSET` follows.
    pub has_fpregset: u32,
    pub pad_tail: u32,
}

const _: () = assert!(size_of::<Prstatus>() == 336);

/// `struct elf_prpsinfo`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(in crate::inspect) struct Prpsinfo {
    pub state: u8,
    pub state_name: u8,
    pub zombie: u8,
    pub nice: u8,
    pub pad: u32,
    pub flags: u64,
    pub uid: u32,
    pub gid: u32,
    pub pid: u32,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// NUL-terminated, if it fits.
    pub name: [u8; 16],
    /// NUL-terminated, if it fits.
    pub arguments: [[u8; 16]; 5],
}

const _: () = assert!(size_of::<Prpsinfo>() == 136);

/// `struct QEMUCPUSegment`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(in crate::inspect) struct QemuSegment {
    pub selector: u32,
    pub limit: u32,
    pub flags: u32,
    pub pad: u32,
    pub base: u64,
}

impl From<&Segment> for QemuSegment {
    fn from(segment: &Segment) -> Self {
        Self {
            selector: segment.selector.into(),
            limit: segment.limit,
            flags: segment.flags,
            pad: 0,
            base: segment.base.0,
        }
    }
}

impl From<&DescriptorTable> for QemuSegment {
    fn from(table: &DescriptorTable) -> Self {
        Self {
            limit: table.limit.into(),
            base: table.base.0,
            ..Self::default()
        }
    }
}

impl From<&QemuSegment> for Segment {
    fn from(segment: &QemuSegment) -> Self {
        Self {
            // A selector has 16 bits.
            selector: u16::try_from(segment.selector & 0xFFFF).unwrap_or_default(),
            base: Hex(segment.base),
            limit: segment.limit,
            flags: segment.flags,
        }
    }
}

impl From<&QemuSegment> for DescriptorTable {
    fn from(segment: &QemuSegment) -> Self {
        Self {
            base: Hex(segment.base),
            // A table's limit has 16 bits (SDM vol. 3, 2.4.1).
            limit: u16::try_from(segment.limit & 0xFFFF).unwrap_or_default(),
        }
    }
}

/// `struct QEMUCPUState`, as far as all versions of it have it. Later ones append fields, and
/// say so in `size`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(in crate::inspect) struct QemuCpu {
    /// 1.
    pub version: u32,
    /// Bytes of this structure.
    pub size: u32,
    /// `rax`, `rbx`, `rcx`, `rdx`, `rsi`, `rdi`, `rsp`, `rbp`, `r8` to `r15`, `rip`, `rflags`.
    pub general: [u64; 18],
    /// `cs`, `ds`, `es`, `fs`, `gs`, `ss`, `ldt`, `tr`, `gdt`, `idt`.
    pub segments: [QemuSegment; 10],
    /// CR0 to CR4; there is no CR1.
    pub control: [u64; 5],
}

const _: () = assert!(size_of::<QemuCpu>() == 8 + 18 * 8 + 10 * 24 + 5 * 8);

impl QemuCpu {
    /// Bytes of the note's content since QEMU 4.1: `kernel_gs_base` comes last.
    const SIZE: u32 = 440;

    /// The note's content. What stands in `kernel_gs_base` is not known; our kernel does not
    /// use it.
    pub(in crate::inspect) fn note(&self) -> Vec<u8> {
        let mut bytes = self.as_bytes().to_vec();
        bytes.extend([0; 8]);
        bytes
    }
}

const _: () = assert!(size_of::<QemuCpu>() + 8 == QemuCpu::SIZE as usize);

impl From<&VcpuState> for QemuCpu {
    fn from(vcpu: &VcpuState) -> Self {
        let general = &vcpu.general;
        Self {
            version: 1,
            size: Self::SIZE,
            general: [
                general.rax,
                general.rbx,
                general.rcx,
                general.rdx,
                general.rsi,
                general.rdi,
                general.rsp,
                general.rbp,
                general.r8,
                general.r9,
                general.r10,
                general.r11,
                general.r12,
                general.r13,
                general.r14,
                general.r15,
                general.rip,
                general.rflags,
            ]
            .map(|register| register.0),
            segments: [
                (&vcpu.cs).into(),
                (&vcpu.ds).into(),
                (&vcpu.es).into(),
                (&vcpu.fs).into(),
                (&vcpu.gs).into(),
                (&vcpu.ss).into(),
                (&vcpu.ldt).into(),
                (&vcpu.tr).into(),
                (&vcpu.gdt).into(),
                (&vcpu.idt).into(),
            ],
            control: [vcpu.cr0.0, 0, vcpu.cr2.0, vcpu.cr3.0, vcpu.cr4.0],
        }
    }
}

impl From<&QemuCpu> for VcpuState {
    /// What QEMU does not tell (CR8, EFER, FPU) is left zero.
    fn from(cpu: &QemuCpu) -> Self {
        let [rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, rest @ ..] = cpu.general.map(Hex);
        let [r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags] = rest;
        let [cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt] = &cpu.segments;
        let [cr0, _, cr2, cr3, cr4] = cpu.control.map(Hex);
        let general = GeneralRegisters {
            rax,
            rbx,
            rcx,
            rdx,
            rsi,
            rdi,
            rsp,
            rbp,
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rip,
            rflags,
        };
        Self {
            general,
            cs: cs.into(),
            ds: ds.into(),
            es: es.into(),
            fs: fs.into(),
            gs: gs.into(),
            ss: ss.into(),
            tr: tr.into(),
            ldt: ldt.into(),
            gdt: gdt.into(),
            idt: idt.into(),
            cr0,
            cr2,
            cr3,
            cr4,
            ..Self::default()
        }
    }
}
