//! The way from the C calling convention to the kernel's and back (reference §19.1).

use super::stub;
use crate::expect_eq;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::{Failure, Outcome};
use libzx::{Call, MapOptions, Status, startup};

/// What the callee-saved registers hold before each call: rbx, rbp, r12, r13, r14, r15.
const KEPT: [u64; 6] = [0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6];

/// What a call leaves in the registers.
struct Left {
    rax: u64,
    /// Those that a function must keep.
    kept: [u64; 6],
    /// Those of the arguments: rdi, rsi, rdx, r10, r8, r9.
    arguments: [u64; 6],
}

// rdi = function, rsi = its eight arguments, rdx = room for twelve registers: those that a
// function must keep, then those of the arguments. Seven pushes make the stack a multiple of 16 again.
#[cfg(target_os = "none")]
core::arch::global_asm!(
    ".globl test_vdso_call",
    ".type test_vdso_call, @function",
    "test_vdso_call:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rdx",
    "mov rax, rdi",
    "mov r11, rsi",
    "push [r11 + 56]",
    "push [r11 + 48]",
    "mov r9, [r11 + 40]",
    "mov r8, [r11 + 32]",
    "mov rcx, [r11 + 24]",
    "mov rdx, [r11 + 16]",
    "mov rsi, [r11 + 8]",
    "mov rdi, [r11]",
    "mov ebx, 0xB1",
    "mov ebp, 0xB2",
    "mov r12d, 0xB3",
    "mov r13d, 0xB4",
    "mov r14d, 0xB5",
    "mov r15d, 0xB6",
    "call rax",
    "add rsp, 16",
    "mov r11, rdx",
    "pop rdx",
    "mov [rdx + 48], rdi",
    "mov [rdx + 56], rsi",
    "mov [rdx + 64], r11",
    "mov [rdx + 72], r10",
    "mov [rdx + 80], r8",
    "mov [rdx + 88], r9",
    "mov [rdx], rbx",
    "mov [rdx + 8], rbp",
    "mov [rdx + 16], r12",
    "mov [rdx + 24], r13",
    "mov [rdx + 32], r14",
    "mov [rdx + 40], r15",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    ".size test_vdso_call, . - test_vdso_call",
);

#[cfg(target_os = "none")]
unsafe extern "C" {
    fn test_vdso_call(function: u64, arguments: &[u64; 8], left: &mut [[u64; 6]; 2]) -> u64;
}

/// Calls a stub.
#[cfg(target_os = "none")]
fn call(call: Call, arguments: [u64; 8]) -> Result<Left, Failure> {
    let mut left = [[0; 6]; 2];
    // SAFETY: the rule of `probe`, which the callers keep.
    let rax = unsafe { test_vdso_call(stub(call)?, &arguments, &mut left) };
    let [kept, arguments] = left;
    Ok(Left {
        rax,
        kept,
        arguments,
    })
}

/// The host has no vDSO.
#[cfg(not(target_os = "none"))]
fn call(call: Call, _arguments: [u64; 8]) -> Result<Left, Failure> {
    stub(call).map(|_| Left {
        rax: 0,
        kept: KEPT,
        arguments: [0; 6],
    })
}

fn root() -> u32 {
    startup().vmar_root().map_or(0, |vmar| vmar.handle().raw())
}

/// The arguments of a mapping of one page, but for the last: the seventh.
fn map_arguments(vmo: u32, out: u64) -> [u64; 8] {
    let options = u64::from(MapOptions::READ_WRITE.bits());
    [
        u64::from(root()),
        options,
        0,
        u64::from(vmo),
        PAGE,
        PAGE,
        out,
        0,
    ]
}

pub(super) fn arguments_and_results_go_where_c_has_them() -> Outcome {
    let vmo = probe::vmo_create(2 * PAGE, 0)?;
    let mut address = 0_u64;
    let rax = call(Call::VmarMap, map_arguments(vmo, probe::out(&mut address)))?.rax;
    let address = core::hint::black_box(address);
    expect_eq!(rax, 0);
    // It is the second page that is mapped: all seven have arrived.
    let mut bytes = *b"seventh!";
    let given = probe::out(&mut bytes);
    expect_eq!(probe::vmo_write(vmo, given, PAGE, 8), Status::OK);
    expect_eq!(probe::vmo_read(vmo, address + 100, PAGE, 8), Status::OK);
    let arguments = [u64::from(vmo), given, PAGE + 100, 8, 0, 0, 0, 0];
    bytes = [0; 8];
    core::hint::black_box(&mut bytes);
    expect_eq!(call(Call::VmoRead, arguments)?.rax, 0);
    expect_eq!(&core::hint::black_box(bytes), b"seventh!");
    expect_eq!(probe::vmar_unmap(root(), address, PAGE), Status::OK);
    expect_eq!(probe::close(vmo), Status::OK);
    // A status fills the whole of rax.
    let rax = call(Call::VmoGetSize, [0; 8])?.rax;
    expect_eq!(rax, Status::BAD_HANDLE.to_register());
    Ok(())
}

pub(super) fn registers_are_kept_or_zeroed() -> Outcome {
    // Few arguments and many, of the host and of the kernel, one that waits, one that
    // gives the vCPU away.
    let junk = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7];
    for (number, arguments) in [
        (Call::Null, junk),
        (Call::VmoRead, junk),
        (Call::ProcessReadMemory, junk),
        (Call::HandleClose, junk),
        (Call::VmarMap, junk),
        (Call::BtiPin, junk),
        (Call::ThreadYield, [0; 8]),
        (Call::Nanosleep, [1; 8]),
    ] {
        let left = call(number, arguments)?;
        expect_eq!((number, left.kept), (number, KEPT));
        expect_eq!((number, left.arguments), (number, [0; 6]));
    }
    Ok(())
}
