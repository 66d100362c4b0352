//! `crash KIND`: ends itself in the way that KIND names; `crash list` prints the kinds.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::memory::Area;
use guest_programs::probe;
use libzx::{Call, println, startup, vdso};

/// How to crash, and its name.
type Kind = (&'static str, fn());

const KINDS: [Kind; 27] = [
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
    ("x87-divide", x87_divide),
    ("sse-divide", sse_divide),
    ("int3", breakpoint),
    ("hlt", halt),
    ("out", port_write),
    ("unknown-call", || bare_call(UNKNOWN)),
    ("bare-kernel-call", || bare_call(number(Call::HandleClose))),
    ("bare-served-call", || bare_call(number(Call::Null))),
    ("wrong-kernel-stub", || {
        stub_call(Call::HandleClose, number(Call::ThreadYield));
    }),
    ("wrong-served-stub", || {
        stub_call(Call::VmoRead, number(Call::Null));
    }),
    ("unknown-in-stub", || stub_call(Call::HandleClose, UNKNOWN)),
    // Times the length of a stub it is the same as the right number.
    ("wrapped-number", || {
        stub_call(Call::HandleClose, number(Call::HandleClose) | 1 << 58);
    }),
    ("write-vdso-data", || store(vdso_data())),
    ("write-vdso-code", || store(vdso_code())),
    ("execute-vdso-data", || jump(vdso_data())),
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

/// Divides by zero on the x87 with that exception unmasked.
fn x87_divide() {
    let control: u16 = 0x37B;
    // SAFETY: the instructions raise an exception; compiled code uses no x87.
    unsafe {
        core::arch::asm!("fldcw [{}]", "fld1", "fldz", "fdivp", "fwait", in(reg) &raw const control)
    };
}

/// The same with SSE.
fn sse_divide() {
    let control: u32 = 0x1F80 & !(1 << 9);
    // SAFETY: the instructions raise an exception; compiled code uses no SSE.
    unsafe {
        core::arch::asm!(
            "ldmxcsr [{}]",
            "mov {one:e}, 1",
            "cvtsi2sd xmm0, {one:e}",
            "xorpd xmm1, xmm1",
            "divsd xmm0, xmm1",
            in(reg) &raw const control,
            one = out(reg) _,
        );
    }
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

/// A number that no call has.
const UNKNOWN: u64 = 0x7FFF_FFFF;

fn number(call: Call) -> u64 {
    u64::from(call.number())
}

/// Makes a call from here, where none may come from.
fn bare_call(number: u64) {
    // SAFETY: none of the calls that are made in this way touches memory.
    let result = unsafe { libzx::raw::syscall(number, [0; 8]) };
    println!("crash: the bare call came back with {result:#x}");
}

/// Makes a call with that number from the `syscall` instruction of another.
fn stub_call(other: Call, number: u64) {
    let result: u64;
    // SAFETY: as in `bare_call`; behind the instruction is a `ret`.
    unsafe {
        core::arch::asm!(
            "call r10",
            inlateout("rax") number => result,
            inlateout("r10") vdso::instruction(other.number()) => _,
            in("rdi") 0, in("rsi") 0, in("rdx") 0, in("r8") 0,
            clobber_abi("sysv64"),
        );
    }
    println!("crash: the call from another's stub came back with {result:#x}");
}

/// The address of the vDSO's first byte.
fn vdso_data() -> usize {
    vdso::image().map_or(0, |image| image.base())
}

/// The address of the vDSO's first instruction.
fn vdso_code() -> usize {
    let code = vdso::image().and_then(|image| image.code());
    code.map_or(0, |code| code.start)
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
