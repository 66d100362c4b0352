//! Where traps arrive in Rust.

use abi::layout::TICK_VECTOR;
use abi::objects::Registers;

use super::entry::SERVED_VECTOR;
use crate::{calls, fault, panic, resolve, sched};

const PAGE_FAULT: u64 = 14;
const TICK: u64 = TICK_VECTOR as u64;

/// A trap from ring 3, its registers saved in the current thread's record. Returns the
/// registers of the thread that goes on.
pub extern "C" fn trap(registers: *mut Registers) -> *mut Registers {
    // SAFETY: the entry code passes the current thread's registers.
    let vector = unsafe { (*registers).vector };
    let thread = sched::current();
    match vector {
        Registers::SYSCALL_VECTOR => calls::dispatch(thread),
        SERVED_VECTOR => resolve::finish_served_call(thread),
        PAGE_FAULT => fault::page_fault(thread),
        TICK => sched::tick(),
        _ => fault::exception(thread, abi::Status::INTERNAL),
    }
    sched::resume()
}

/// An exception in ring 0: the kernel is broken.
pub extern "C" fn kernel_exception(registers: *const Registers) -> ! {
    // SAFETY: the entry code passes what it has just pushed.
    let registers = unsafe { &*registers };
    panic::stop(format_args!(
        "exception {} (error code {:#x}) in the kernel at {:#x}, cr2 {:#x}, rsp {:#x}",
        registers.vector,
        registers.error_code,
        registers.rip,
        super::cpu::fault_address(),
        registers.rsp,
    ))
}
