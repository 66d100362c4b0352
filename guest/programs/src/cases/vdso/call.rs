//! The way from the C calling convention to the kernel's and back (reference §19.1).

use super::stub;
use crate::expect_eq;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::{Failure, Outcome};
use libzx::{Call, MapOptions, Status, startup};

/// What the callee-saved registers hold before each call: rbx, rbp, r12, r13, r14, r15.
const KEPT: [u64; 6] = [0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6];

// rdi = function, rsi = its eight arguments, rdx = room for the six registers that a
// function must keep. Seven pushes make the stack a multiple of 16 again.
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
    "pop rdx",
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
    fn test_vdso_call(function: u64, arguments: &[u64; 8], kept: &mut [u64; 6]) -> u64;
}

/// Calls a stub; `rax`, and what is then in the registers that it must keep.
#[cfg(target_os = "none")]
fn call(call: Call, arguments: [u64; 8]) -> Result<(u64, [u64; 6]), Failure> {
    let mut kept = [0; 6];
    // SAFETY: the rule of `probe`, which the callers keep.
    let rax = unsafe { test_vdso_call(stub(call)?, &arguments, &mut kept) };
    Ok((rax, kept))
}

/// The host has no vDSO.
#[cfg(not(target_os = "none"))]
fn call(call: Call, _arguments: [u64; 8]) -> Result<(u64, [u64; 6]), Failure> {
    stub(call).map(|_| (0, KEPT))
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
    let (rax, _) = call(Call::VmarMap, map_arguments(vmo, probe::out(&mut address)))?;
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
    expect_eq!(call(Call::VmoRead, arguments)?.0, 0);
    expect_eq!(&core::hint::black_box(bytes), b"seventh!");
    expect_eq!(probe::vmar_unmap(root(), address, PAGE), Status::OK);
    expect_eq!(probe::close(vmo), Status::OK);
    // A status fills the whole of rax.
    let (rax, _) = call(Call::VmoGetSize, [0; 8])?;
    expect_eq!(rax, Status::BAD_HANDLE.to_register());
    Ok(())
}

pub(super) fn the_callers_registers_are_kept() -> Outcome {
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
        let (_, kept) = call(number, arguments)?;
        expect_eq!((number, kept), (number, KEPT));
    }
    Ok(())
}
