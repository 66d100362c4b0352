//! `crash KIND`: ends itself in the way that KIND names; `crash list` prints the kinds.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::memory::Area;
use guest_programs::probe;
use libzx::{println, startup};

/// How to crash, and its name.
type Kind = (&'static str, fn());

const KINDS: [Kind; 16] = [
    ("null-read", || load(0)),
    ("kernel-read", || load(0xFFFF_FF80_0000_0000)),
    ("non-canonical-read", || load(0x8000_0000_0000_0000)),
    ("unmapped-write", || store(0x7000_0000_0008)),
    ("write-rodata", write_rodata),
    ("write-code", || store(address_of(program))),
    ("execute-data", execute_data),
    ("kernel-jump", || jump(0xFFFF_FF80_0000_0000)),
    ("kernel-image-jump", || jump(0xFFFF_FFFF_8010_0000)),
    ("ud2", invalid_instruction),
    ("divide", divide_by_zero),
    ("int3", breakpoint),
    ("hlt", halt),
    ("out", port_write),
    ("unknown-call", || unknown_call()),
    ("stack-overflow", || {
        core::hint::black_box(overflow(1));
    }),
];

static RODATA: u64 = 0x1122_3344_5566_7788;

fn address_of(function: fn() -> i64) -> usize {
    (function as *const ()).expose_provenance()
}

fn load(address: usize) {
    let place = core::ptr::with_exposed_provenance::<u64>(address);
    // SAFETY: there is nothing to be safe: the access ends the process.
    core::hint::black_box(unsafe { place.read_volatile() });
}

fn store(address: usize) {
    let place = core::ptr::with_exposed_provenance_mut::<u64>(address);
    // SAFETY: as in `load`.
    unsafe { place.write_volatile(0) };
}

fn write_rodata() {
    store((&raw const RODATA).expose_provenance());
}

fn jump(address: usize) {
    // SAFETY: as in `load`; should the call come back, nothing has changed.
    unsafe { core::arch::asm!("call {}", in(reg) address, clobber_abi("sysv64")) };
}

/// Jumps to a `ret` in writable memory.
fn execute_data() {
    if let Ok(area) = Area::new(1) {
        area.map.store(0, &[0xC3]);
        jump(area.map.address());
    }
}

fn invalid_instruction() {
    // SAFETY: the instruction raises an exception and does nothing else.
    unsafe { core::arch::asm!("ud2") };
}

fn divide_by_zero() {
    // SAFETY: the instruction raises an exception and does nothing else.
    unsafe {
        core::arch::asm!("xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
}

fn breakpoint() {
    // SAFETY: the instruction raises an exception and does nothing else.
    unsafe { core::arch::asm!("int3") };
}

fn halt() {
    // SAFETY: a privileged instruction raises an exception in ring 3.
    unsafe { core::arch::asm!("hlt") };
}

/// Tries to make a hypercall, past the kernel.
fn port_write() {
    let port = abi::layout::PORT_CALL;
    // SAFETY: a privileged instruction raises an exception in ring 3.
    unsafe { core::arch::asm!("out dx, al", in("dx") port, in("al") 0_u8) };
}

fn unknown_call() {
    // SAFETY: there is no such call, so it touches no memory.
    let result = unsafe { libzx::raw::syscall(0x7FFF_FFFF, [0; 8]) };
    println!("crash: the unknown call came back with {result:#x}");
}

/// Never comes to its end: the stack does.
#[inline(never)]
fn overflow(depth: u64) -> u64 {
    let mut frame = [depth; 64];
    probe::out(&mut frame);
    match core::hint::black_box(depth) {
        0 => 0,
        depth => overflow(depth + 1) + core::hint::black_box(frame).iter().sum::<u64>(),
    }
}

fn program() -> i64 {
    let wanted = startup().args().nth(1).unwrap_or("list");
    for (name, crash) in KINDS {
        if wanted == "list" {
            println!("{name}");
        } else if wanted == name {
            println!("crash: {name}");
            crash();
            println!("crash: {name} did not end me");
            return 1;
        }
    }
    i64::from(wanted != "list") * 2
}

libzx::main!(program);
