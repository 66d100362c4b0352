//! The program's first and last instructions.

use crate::{println, process_exit, startup, vdso};
use core::panic::PanicInfo;

/// The return code of a program that panicked.
const PANICKED: i64 = 63;

unsafe extern "Rust" {
    /// What [`main!`](crate::main) defines.
    safe fn libzx_main() -> i64;
}

// A position-independent program has addresses in its data that are right only once the
// place where it was loaded is added to them: the table that `_DYNAMIC` leads to says
// where (System V ABI, chapters 4 and 5). It is done here, before there is any Rust, for
// nothing says which of Rust's own code relies on such addresses. A program that is linked
// to a fixed place has no such table, and its `_DYNAMIC` is 0. An entry of another kind
// than R_X86_64_RELATIVE would need a dynamic linker; there should be none.
//
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
    ".weak _DYNAMIC",
    ".hidden _DYNAMIC",
    ".weak __ehdr_start",
    ".hidden __ehdr_start",
    "lea r8, [rip + _DYNAMIC]",
    "lea r9, [rip + __ehdr_start]",
    "xor r10d, r10d",
    "xor r11d, r11d",
    "test r8, r8",
    "jz 5f",
    // The table's address (DT_RELA) and its size in bytes (DT_RELASZ).
    "2:",
    "mov rax, [r8]",
    "mov rcx, [r8 + 8]",
    "add r8, 16",
    "cmp rax, 7",
    "cmove r10, rcx",
    "cmp rax, 8",
    "cmove r11, rcx",
    "test rax, rax",
    "jnz 2b",
    "add r10, r9",
    "add r11, r10",
    // Each entry: where, of which kind, what.
    "3:",
    "cmp r10, r11",
    "jae 5f",
    "cmp qword ptr [r10 + 8], 8",
    "jne 4f",
    "mov rax, [r10]",
    "mov rcx, [r10 + 16]",
    "add rcx, r9",
    "mov [r9 + rax], rcx",
    "add r10, 24",
    "jmp 3b",
    "4:",
    "ud2",
    "5:",
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
    crate::test::panicked(info);
    process_exit(PANICKED)
}
