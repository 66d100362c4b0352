//! Page faults and other exceptions of programs.

use abi::Status;
use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use abi::objects::{EndReason, Permissions, Process, Thread};

use crate::arch::cpu;
use crate::calls::BLOCKED;
use crate::object::{fault_in, process, vmar};
use crate::state::{Follow, Ptr};
use crate::{host, sched};

/// Error code bits of a page fault (SDM vol. 3, 4.7).
const WRITE: u64 = 1 << 1;
const RESERVED_BIT: u64 = 1 << 3;
const FETCH: u64 = 1 << 4;

/// The fault of the running thread: provides the page, or ends the process.
pub fn page_fault(mut thread: Ptr<Thread>) {
    thread.fault_address = cpu::fault_address();
    take_up(thread);
}

/// Goes on with the fault whose address stands in the thread's record.
pub fn take_up(thread: Ptr<Thread>) {
    let address = thread.fault_address;
    let code = thread.registers.error_code;
    let access = if code & FETCH != 0 {
        Permissions::EXECUTE
    } else if code & WRITE != 0 {
        Permissions::WRITE
    } else {
        Permissions::READ
    };
    if code & RESERVED_BIT != 0 {
        crate::panic::stop(format_args!("reserved bit in the tables for {address:#x}"));
    }
    let process: Ptr<Process> = Ptr::new(thread.process);
    let (done, status) = resolve(process, address, 1, access);
    if status == BLOCKED {
        return;
    }
    sched::settle(thread);
    let mapping = process
        .root_vmar
        .get()
        .and_then(|vmar| vmar::find(vmar, address));
    if done > 0 {
        if let Some(mapping) = mapping {
            fault_in::map_ahead(mapping, address);
        }
    } else {
        exception(thread, status);
    }
}

/// Makes pages of an address space accessible, in ascending order. Returns how many
/// bytes from `address`'s page on are so now, and why it stopped there if it did
/// (reference §13.7); none, and BLOCKED, if the running thread now waits for a pager.
pub fn resolve(
    process: Ptr<Process>,
    address: u64,
    length: u64,
    access: Permissions,
) -> (u64, Status) {
    let Some(vmar) = process.root_vmar.get() else {
        return (0, Status::NOT_FOUND);
    };
    if address < USER_BASE {
        return (0, Status::NOT_FOUND);
    }
    let start = address & !(PAGE_SIZE - 1);
    let end = address
        .checked_add(length)
        .unwrap_or(USER_TOP)
        .min(USER_TOP);
    // Everything in `[start, at)` is accessible.
    let mut at = start;
    while at < end {
        let Some(mapping) = vmar::find(vmar, at) else {
            return (at - start, Status::NOT_FOUND);
        };
        let (done, status) = fault_in::fault_in(mapping, at, end - at, access);
        at += done;
        if status == BLOCKED {
            return (0, status);
        }
        if status != Status::OK {
            return (at - start, status);
        }
    }
    if at == start {
        return (0, Status::NOT_FOUND);
    }
    (at - start, Status::OK)
}

/// An exception that nobody handles: tells the host, which prints the report, and ends
/// the process. The others live on.
pub fn exception(mut thread: Ptr<Thread>, status: Status) {
    thread.fault_status = i64::from(status.0);
    host::thread_faulted(thread);
    process::end(Ptr::new(thread.process), EndReason::EXCEPTION);
}
