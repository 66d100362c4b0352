//! A thread's fatal fault in words.

use super::register_rows::rows;
use crate::events::ProcessId;
use abi::objects::{Registers, Thread};
use abi::{Call, Status};
use std::fmt::Write as _;

const PAGE_FAULT: u64 = 14;

/// Error code bits of a page fault (SDM vol. 3, 4.7).
const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
const FETCH: u64 = 1 << 4;

/// The name of an exception (SDM vol. 3, table 6-1).
const fn exception(vector: u64) -> &'static str {
    match vector {
        0 => "divide error",
        1 => "debug exception",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "no coprocessor",
        11 => "segment not present",
        12 => "stack fault",
        13 => "general protection",
        PAGE_FAULT => "page fault",
        16 => "x87 floating-point error",
        17 => "alignment check",
        19 => "SIMD floating-point exception",
        _ => "exception",
    }
}

/// What happened, in a line.
pub(super) fn describe(thread: &Thread) -> String {
    let registers = &thread.registers;
    match registers.vector {
        Registers::SYSCALL_VECTOR => {
            let number = registers.rax;
            match u32::try_from(number).ok().and_then(Call::from_number) {
                Some(call) => format!(
                    "system call {number:#x} ({}) from outside its place in the vDSO",
                    call.signature().name
                ),
                None => {
                    format!("system call {number:#x}, which there is none, from outside the vDSO")
                }
            }
        }
        PAGE_FAULT => {
            let code = registers.error_code;
            let access = if code & FETCH != 0 {
                "executing"
            } else if code & WRITE != 0 {
                "writing"
            } else {
                "reading"
            };
            let why = if code & PRESENT != 0 {
                "protection"
            } else {
                "not present"
            };
            format!(
                "page fault {access} {:#x} ({why}, {})",
                thread.fault_address,
                status(thread)
            )
        }
        vector => format!(
            "{} (vector {vector}, error code {:#x})",
            exception(vector),
            registers.error_code
        ),
    }
}

/// The address of a page fault.
pub(super) const fn address(thread: &Thread) -> Option<u64> {
    if thread.registers.vector == PAGE_FAULT {
        Some(thread.fault_address)
    } else {
        None
    }
}

/// The status that belongs to the fault.
pub(super) fn status(thread: &Thread) -> Status {
    i32::try_from(thread.fault_status).map_or(Status::INTERNAL, Status)
}

/// What the guest's console shows.
pub(super) fn console_text(process: &ProcessId, thread: &Thread, what: &str) -> String {
    let r = &thread.registers;
    let mut text = format!(
        "<== process {} (koid {}), thread {}: {what} at rip {:#x}\n",
        process.name, process.koid, thread.header.koid, r.rip
    );
    for row in rows(&r.into(), r.cs, r.ss) {
        text.push_str("   ");
        for (name, value) in row {
            let _ = write!(text, " {name:>5} {value:016x}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_system_call_is_named_and_so_is_the_rule() {
        let mut thread = Thread::default();
        thread.registers.vector = Registers::SYSCALL_VECTOR;
        thread.registers.rax = 1;
        assert_eq!(
            describe(&thread),
            "system call 0x1 (zx_vmo_read) from outside its place in the vDSO"
        );
        thread.registers.rax = 1 << 32 | 1;
        assert_eq!(
            describe(&thread),
            "system call 0x100000001, which there is none, from outside the vDSO"
        );
    }

    #[test]
    fn a_page_fault_names_access_address_and_status() {
        let mut thread = Thread {
            fault_address: 0x1000,
            fault_status: -25,
            ..Thread::default()
        };
        thread.registers.vector = PAGE_FAULT;
        thread.registers.error_code = 6;
        assert_eq!(
            describe(&thread),
            "page fault writing 0x1000 (not present, ZX_ERR_NOT_FOUND)"
        );
        thread.registers.error_code = 0x15;
        thread.fault_status = -30;
        assert_eq!(
            describe(&thread),
            "page fault executing 0x1000 (protection, ZX_ERR_ACCESS_DENIED)"
        );
        assert_eq!(address(&thread), Some(0x1000));
        thread.registers.vector = 6;
        assert_eq!(address(&thread), None);
    }
}
