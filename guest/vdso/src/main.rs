//! The vDSO (reference §18): an ELF shared object that the kernel maps into every program,
//! and the one place from which it accepts system calls. `docs/abi/vdso.md` describes it.
//!
//! There is no Rust in it: the build script writes its code and its constants from the
//! lists in `abi`, and the linker script gives it the two segments that it must have.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
core::arch::global_asm!(include_str!(concat!(env!("OUT_DIR"), "/vdso.s")));

/// What the language asks for; nothing refers to it, and the linker leaves it out.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    eprintln!("the vDSO is part of vmm, not a program");
    std::process::ExitCode::FAILURE
}
