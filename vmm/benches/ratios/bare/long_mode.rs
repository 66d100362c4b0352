//! The shortest 64-bit kernel that serves system calls: one write to a port each.
//!
//! ```text
//! 0x1000  page tables, four pages     0x8000  kernel: fault handler, syscall entry
//! 0x5000  GDT                         0x9000  program
//! 0x6000  IDT                         0xA000  kernel stack
//! 0x7000  TSS
//! ```
//!
//! On software KVM, `syscall` jumps to its target without leaving ring 3 and faults there
//! (`docs/design.md`, backend quirks): the fault handler is the entry then, as in the
//! guest kernel.

use super::BareVm;
use crate::support::must;
use kvm_bindings::{Msrs, kvm_dtable, kvm_msr_entry, kvm_segment};

const TABLES: u64 = 0x1000;
const GDT: u64 = 0x5000;
const IDT: u64 = 0x6000;
const TSS: u64 = 0x7000;
const FAULT_HANDLER: u64 = 0x8000;
const SYSCALL_ENTRY: u64 = 0x8100;
const PROGRAM: u64 = 0x9000;
const STACK_TOP: u64 = 0xB000;

const PRESENT_WRITABLE: u64 = 3;
const USER: u64 = 4;
const PAGE_FAULT: u64 = 14;
const TSS_SELECTOR: u16 = 0x40;

const MSR_STAR: u32 = 0xC000_0081;
const MSR_LSTAR: u32 = 0xC000_0082;
const MSR_FMASK: u32 = 0xC000_0084;

/// out PORT, al; mov [rsp+8], rcx; add rsp, 8; iretq
const FAULT_CODE: [u8; 13] = [
    0xE6, 0xE4, 0x48, 0x89, 0x4C, 0x24, 0x08, 0x48, 0x83, 0xC4, 0x08, 0x48, 0xCF,
];
/// out PORT, al; sysretq
const SYSCALL_CODE: [u8; 5] = [0xE6, 0xE4, 0x48, 0x0F, 0x07];
/// syscall; jmp to it
const PROGRAM_CODE: [u8; 4] = [0x0F, 0x05, 0xEB, 0xFC];

/// Lays all of it out and puts the vCPU into ring 3 before the first system call.
pub(super) fn enter(bare: &BareVm) {
    let word = |at: u64, value: u64| bare.store(at, &value.to_le_bytes());
    for level in 0..3 {
        let table = TABLES + level * 0x1000;
        word(table, (table + 0x1000) | PRESENT_WRITABLE | USER);
    }
    for page in 0..16 {
        let address = page * 0x1000;
        let user = if address == PROGRAM { USER } else { 0 };
        word(
            TABLES + 0x3000 + page * 8,
            address | PRESENT_WRITABLE | user,
        );
    }
    // Code and data of ring 0 at 0x10 and 0x18, data and code of ring 3 at 0x28 and 0x30.
    for (selector, descriptor) in [
        (0x10, 0x00AF_9B00_0000_FFFF),
        (0x18, 0x00CF_9300_0000_FFFF),
        (0x28, 0x00CF_F300_0000_FFFF),
        (0x30, 0x00AF_FB00_0000_FFFF),
        (u64::from(TSS_SELECTOR), 0x0000_8B00_0000_0067 | TSS << 16),
    ] {
        word(GDT + selector, descriptor);
    }
    // An interrupt gate to ring 0's code.
    word(IDT + PAGE_FAULT * 16, 0x0000_8E00_0010_0000 | FAULT_HANDLER);
    // RSP0.
    bare.store(TSS + 4, &STACK_TOP.to_le_bytes());
    bare.store(FAULT_HANDLER, &FAULT_CODE);
    bare.store(SYSCALL_ENTRY, &SYSCALL_CODE);
    bare.store(PROGRAM, &PROGRAM_CODE);
    set_registers(bare);
}

fn set_registers(bare: &BareVm) {
    let mut sregs = must("KVM_GET_SREGS", bare.vcpu.get_sregs());
    sregs.cr0 = 0x8001_0031; // PG, WP, NE, ET, PE
    sregs.cr3 = TABLES;
    sregs.cr4 = 1 << 5; // PAE
    sregs.efer = 0xD01; // NXE, LMA, LME, SCE
    sregs.gdt = table(GDT, 0x4F);
    sregs.idt = table(IDT, 0xFFF);
    let user = kvm_segment {
        dpl: 3,
        ..super::flat(0x2B, 3)
    };
    (sregs.ds, sregs.es, sregs.ss) = (user, user, user);
    sregs.cs = kvm_segment {
        selector: 0x33,
        type_: 11,
        db: 0,
        l: 1,
        ..user
    };
    sregs.tr = kvm_segment {
        base: TSS,
        limit: 0x67,
        selector: TSS_SELECTOR,
        type_: 11,
        db: 0,
        s: 0,
        g: 0,
        dpl: 0,
        ..user
    };
    must("KVM_SET_SREGS", bare.vcpu.set_sregs(&sregs));
    let msrs = [
        (MSR_STAR, 0x0023_0010 << 32),
        (MSR_LSTAR, SYSCALL_ENTRY),
        (MSR_FMASK, 0),
    ]
    .map(|(index, data)| kvm_msr_entry {
        index,
        data,
        ..kvm_msr_entry::default()
    });
    let msrs = must(
        "MSRs",
        Msrs::from_entries(&msrs).map_err(|error| format!("{error:?}")),
    );
    must("KVM_SET_MSRS", bare.vcpu.set_msrs(&msrs));
    bare.set_rip(PROGRAM);
}

fn table(base: u64, limit: u16) -> kvm_dtable {
    kvm_dtable {
        base,
        limit,
        ..kvm_dtable::default()
    }
}
