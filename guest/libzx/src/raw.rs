//! The system calls as they are: Zircon's names, numbers for handles, pointers for
//! memory, `i32` for a status.
//!
//! # Safety
//! The calls that take an output pointer or a buffer to fill store through it: it must
//! be valid for that many bytes, or be an address that is no object of the program. A
//! bad address is answered with a status, never with undefined behaviour, so the only
//! danger is to overwrite something that the program relies on. The calls that only
//! read a buffer are unsafe too, for the bytes that they read must be initialised.

use abi::Call;

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

fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

macro_rules! status_calls {
    ($($(#[$note:meta])* $name:ident = $call:ident($($arg:ident: $type:ty => $value:expr),*);)*) => {
        $(
            $(#[$note])*
            ///
            /// # Safety
            /// See the [module](self).
            pub unsafe fn $name($($arg: $type),*) -> RawStatus {
                let given = [$($value),*];
                let mut args = [0; 8];
                for (to, from) in args.iter_mut().zip(given) {
                    *to = from;
                }
                // SAFETY: the caller's promise.
                status_of(unsafe { call(Call::$call, args) })
            }
        )*
    };
}

status_calls! {
    /// `zx_vmo_read`
    zx_vmo_read = VmoRead(
        handle: RawHandle => u64::from(handle),
        buffer: *mut u8 => address(buffer),
        offset: u64 => offset,
        buffer_size: usize => buffer_size as u64);
    /// `zx_vmo_write`
    zx_vmo_write = VmoWrite(
        handle: RawHandle => u64::from(handle),
        buffer: *const u8 => address(buffer),
        offset: u64 => offset,
        buffer_size: usize => buffer_size as u64);
    /// `zx_process_read_memory`
    zx_process_read_memory = ProcessReadMemory(
        handle: RawHandle => u64::from(handle),
        vaddr: usize => vaddr as u64,
        buffer: *mut u8 => address(buffer),
        buffer_size: usize => buffer_size as u64,
        actual: *mut usize => address(actual));
    /// `zx_process_write_memory`
    zx_process_write_memory = ProcessWriteMemory(
        handle: RawHandle => u64::from(handle),
        vaddr: usize => vaddr as u64,
        buffer: *const u8 => address(buffer),
        buffer_size: usize => buffer_size as u64,
        actual: *mut usize => address(actual));
    /// `zx_handle_close`
    zx_handle_close = HandleClose(handle: RawHandle => u64::from(handle));
    /// `zx_handle_duplicate`
    zx_handle_duplicate = HandleDuplicate(
        handle: RawHandle => u64::from(handle),
        rights: u32 => u64::from(rights),
        out: *mut RawHandle => address(out));
    /// `zx_handle_replace`
    zx_handle_replace = HandleReplace(
        handle: RawHandle => u64::from(handle),
        rights: u32 => u64::from(rights),
        out: *mut RawHandle => address(out));
    /// `zx_vmo_create`
    zx_vmo_create = VmoCreate(
        size: u64 => size,
        options: u32 => u64::from(options),
        out: *mut RawHandle => address(out));
    /// `zx_vmo_get_size`
    zx_vmo_get_size = VmoGetSize(
        handle: RawHandle => u64::from(handle),
        size: *mut u64 => address(size));
    /// `zx_vmar_map`
    zx_vmar_map = VmarMap(
        handle: RawHandle => u64::from(handle),
        options: u32 => u64::from(options),
        vmar_offset: usize => vmar_offset as u64,
        vmo: RawHandle => u64::from(vmo),
        vmo_offset: u64 => vmo_offset,
        len: usize => len as u64,
        mapped_addr: *mut usize => address(mapped_addr));
    /// `zx_vmar_unmap`
    zx_vmar_unmap = VmarUnmap(
        handle: RawHandle => u64::from(handle),
        addr: usize => addr as u64,
        len: usize => len as u64);
    /// `zx_thread_legacy_yield`
    zx_thread_legacy_yield = ThreadYield(options: u32 => u64::from(options));
    /// `zx_nanosleep`
    zx_nanosleep = Nanosleep(deadline: i64 => deadline.cast_unsigned());
    /// `zx_debug_write`
    zx_debug_write = DebugWrite(
        buffer: *const u8 => address(buffer),
        buffer_size: usize => buffer_size as u64);
}

/// The null call: served by the host, does nothing, `ZX_OK`.
#[must_use]
pub fn vmoscope_null() -> RawStatus {
    // SAFETY: the call touches no memory.
    status_of(unsafe { call(Call::Null, [0; 8]) })
}

/// `zx_clock_get_monotonic`: nanoseconds since the machine started.
#[must_use]
pub fn zx_clock_get_monotonic() -> i64 {
    // SAFETY: the call touches no memory.
    unsafe { call(Call::ClockGetMonotonic, [0; 8]) }.cast_signed()
}

/// `zx_process_exit`
pub fn zx_process_exit(retcode: i64) -> ! {
    loop {
        // SAFETY: the call touches no memory, and it does not return; the loop is for
        // the host's stub.
        unsafe {
            call(
                Call::ProcessExit,
                [retcode.cast_unsigned(), 0, 0, 0, 0, 0, 0, 0],
            )
        };
    }
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
