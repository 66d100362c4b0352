//! The program's first and last instructions.

use crate::{println, process_exit, startup, vdso};
use core::panic::PanicInfo;

/// The return code of a program that panicked.
const PANICKED: i64 = 63;

unsafe extern "Rust" {
    /// What [`main!`](crate::main) defines.
    safe fn libzx_main() -> i64;
}

// rdi holds the handle of the start-up VMO, rsi the address of the vDSO; both travel on
// as the arguments of `libzx_start`. The stack is aligned anew so that nothing depends
// on how the kernel left it, and a zero frame pointer ends every backtrace.
core::arch::global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {start}",
    "ud2",
    ".size _start, . - _start",
    ".text",
    start = sym libzx_start,
);

extern "C" fn libzx_start(startup_vmo: u32, vdso: usize) -> ! {
    vdso::remember(vdso);
    match startup::take_over(startup_vmo) {
        Ok(()) => process_exit(libzx_main()),
        Err(status) => {
            println!("libzx: the start-up block cannot be used: {status}");
            process_exit(PANICKED)
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    process_exit(PANICKED)
}
