//! Threads.

use abi::objects::{NAME_LENGTH, ObjectType, Process, Registers, Thread, ThreadState};
use abi::{Link, Status};

use super::{header, process};
use crate::arch::descriptors::{USER_CODE, USER_DATA};
use crate::mem::pool::Pool;
use crate::state::{Ptr, new_koid};

static POOL: Pool<Thread> = Pool::new();

/// A thread that is not started. The caller gets one reference, the process another.
///
/// # Errors
/// NO_MEMORY.
pub fn create(process: Ptr<Process>, name: [u8; NAME_LENGTH]) -> Result<Ptr<Thread>, Status> {
    let mut thread = POOL.allocate()?;
    thread.header = header::new(ObjectType::THREAD, new_koid());
    thread.name = name;
    thread.state = ThreadState::INITIAL.0;
    thread.process = process.link();
    header::retain(process.cast());
    process::add_thread(process, thread);
    Ok(thread)
}

/// Sets the registers with which a thread starts (reference §19.2).
pub fn set_entry(mut thread: Ptr<Thread>, pc: u64, sp: u64, arg1: u64, arg2: u64) {
    thread.registers = Registers {
        rip: pc,
        rsp: sp,
        rdi: arg1,
        rsi: arg2,
        cs: USER_CODE,
        ss: USER_DATA,
        // Interrupts on: a program must be preemptible from its first instruction.
        rflags: 0x202,
        ..Registers::default()
    };
}

/// Ends a thread that the scheduler has let go of.
pub fn end(mut thread: Ptr<Thread>) {
    thread.state = ThreadState::DEAD.0;
    process::remove_thread(Ptr::new(thread.process), thread);
}

/// Frees a thread that nothing refers to any more.
pub fn destroy(mut thread: Ptr<Thread>) {
    let process: Ptr<Process> = Ptr::new(thread.process);
    thread.process = Link::NONE;
    POOL.free(thread);
    header::release(process.cast());
}
