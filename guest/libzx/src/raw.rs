//! The system calls as they are: Zircon's names, numbers for handles, pointers for
//! memory, `i32` for a status.
//!
//! # Safety
//! The calls that take an output pointer or a buffer to fill store through it: it must
//! be valid for that many bytes, or be an address that is no object of the program. A
//! bad address is answered with a status, never with undefined behaviour, so the only
//! danger is to overwrite something that the program relies on. The calls that only
//! read a buffer are unsafe too, for the bytes that they read must be initialised.

mod calls;

use abi::Call;

pub use calls::*;

/// A `zx_handle_t`.
pub type RawHandle = u32;
/// A `zx_status_t`.
pub type RawStatus = i32;

/// Executes `syscall` right here and returns `rax`. The kernel takes calls from the vDSO
/// only, so this ends the process; it is for tests of that. [`call`] makes a call.
///
/// # Safety
/// See the [module](self).
#[cfg(target_os = "none")]
pub unsafe fn syscall(number: u64, args: [u64; 8]) -> u64 {
    let [a, b, c, d, e, f, g, h] = args;
    let result;
    // SAFETY: registers are as reference §19.1 says; all of them may come back changed,
    // and memory is the caller's promise.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number => result,
            inlateout("rdi") a => _,
            inlateout("rsi") b => _,
            inlateout("rdx") c => _,
            inlateout("r10") d => _,
            inlateout("r8") e => _,
            inlateout("r9") f => _,
            inlateout("r12") g => _,
            inlateout("r13") h => _,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// The host has none of these calls.
///
/// # Safety
/// See the [module](self).
#[cfg(not(target_os = "none"))]
pub unsafe fn syscall(_number: u64, _args: [u64; 8]) -> u64 {
    abi::Status::BAD_SYSCALL.to_register()
}

/// Makes a call, by the vDSO, and returns `rax`.
///
/// # Safety
/// See the [module](self).
#[cfg(target_os = "none")]
pub unsafe fn call(call: Call, args: [u64; 8]) -> u64 {
    let [a, b, c, d, e, f, g, h] = args;
    // SAFETY: memory is the caller's promise. Arguments that the call does not have go
    // into registers and onto the stack in vain.
    unsafe { crate::vdso::stub(call)(a, b, c, d, e, f, g, h) }
}

/// The host has none of these calls.
///
/// # Safety
/// See the [module](self).
#[cfg(not(target_os = "none"))]
pub unsafe fn call(_call: Call, _args: [u64; 8]) -> u64 {
    abi::Status::BAD_SYSCALL.to_register()
}

/// The low half of a register, which is where a status stands.
#[must_use]
pub const fn status_of(register: u64) -> RawStatus {
    let [a, b, c, d, ..] = register.to_le_bytes();
    RawStatus::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_the_low_half_of_the_register() {
        assert_eq!(status_of(abi::Status::ACCESS_DENIED.to_register()), -30);
        assert_eq!(status_of(0xDEAD_BEEF_0000_0000), 0);
    }
}
