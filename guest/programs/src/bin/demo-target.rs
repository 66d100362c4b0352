//! The demo's second program: hangs out its board, waits, and tells what it finds once
//! the debugger has been through its memory.

#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::Ordering;
use guest_programs::board::{
    ARGUMENT, AS_EXPECTED, Board, COMPUTED, GO, GREETING, NOT_AS_EXPECTED, PATCHED_COMPUTED,
    PATCHED_GREETING, PATIENCE, PAUSE,
};
use guest_programs::probe;
use libzx::{Status, Vmo, monotonic, println, sleep_for};

/// The bytes of [`guest_programs::board::COMPUTE`]; the padding keeps the patch from
/// reaching anything else.
#[unsafe(naked)]
extern "sysv64" fn compute(x: u64) -> u64 {
    core::arch::naked_asm!("mov rax, rdi", "imul rax, rdi", "ret", ".balign 16, 0xCC")
}

static GREETING_PLACE: [u8; 32] = GREETING;
static BOARD: Board = Board::new();

/// The greeting as it is in memory now, whatever the compiler knows of it.
fn greeting() -> [u8; 32] {
    // SAFETY: a static of this type; volatile, for the debugger changes it.
    unsafe { (&raw const GREETING_PLACE).read_volatile() }
}

/// What the code at `compute` gives now.
fn computed() -> u64 {
    let function: extern "sysv64" fn(u64) -> u64 = core::hint::black_box(compute);
    function(ARGUMENT)
}

fn text(bytes: &[u8; 32]) -> &str {
    let used = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    core::str::from_utf8(used).unwrap_or("(not text)")
}

fn look(when: &str) -> ([u8; 32], u64) {
    let (greeting, computed) = (greeting(), computed());
    println!(
        "target: {when} my string says \"{}\" and compute({ARGUMENT}) = {computed}",
        text(&greeting)
    );
    (greeting, computed)
}

/// Whether this process itself is refused to store into the page at `address`: a VMO is
/// read into it, which stores there on this program's behalf.
fn may_not_write(address: u64) -> bool {
    let Ok(vmo) = Vmo::create(1) else {
        return false;
    };
    probe::vmo_read(vmo.handle().raw(), address, 0, 8) == Status::ACCESS_DENIED
}

fn program() -> i64 {
    let greeting_address = (&raw const GREETING_PLACE).expose_provenance() as u64;
    let compute_address = core::hint::black_box(compute as extern "sysv64" fn(u64) -> u64);
    let compute_address = compute_address as *const ();
    let compute_address = compute_address.expose_provenance() as u64;

    let mut good = look("at first") == (GREETING, COMPUTED);
    let locked = may_not_write(greeting_address) && may_not_write(compute_address);
    println!("target: I may write neither of the two: {locked}");
    good &= locked;

    BOARD.publish(greeting_address, compute_address);
    let deadline = monotonic().saturating_add(PATIENCE);
    while BOARD.go.load(Ordering::Acquire) != GO {
        if monotonic() > deadline {
            println!("target: nobody came");
            return 2;
        }
        sleep_for(PAUSE);
    }

    good &= look("now") == (PATCHED_GREETING, PATCHED_COMPUTED);
    let verdict = if good { AS_EXPECTED } else { NOT_AS_EXPECTED };
    BOARD.verdict.store(verdict, Ordering::Release);
    // The debugger reads the verdict from this memory, so it must outlive the look.
    while BOARD.go.load(Ordering::Acquire) == GO && monotonic() < deadline {
        sleep_for(PAUSE);
    }
    i64::from(!good)
}

libzx::main!(program);
