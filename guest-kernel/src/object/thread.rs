//! Threads.
//!
//! Who holds references to a thread: handles; its process's list, until it has ended; the
//! scheduler, for the one whose registers the next trap saves. A thread holds one to its
//! process for as long as its record is there, and while it is in a call that blocked,
//! one to what it waits for and one to the VMO of a served call.

use abi::objects::{
    NAME_LENGTH, ObjectType, Port, Process, Registers, Thread, ThreadState, WaitKind,
};
use abi::options::Signals;
use abi::{Link, Status};

use super::{header, port, process, signals};
use crate::arch::descriptors::{USER_CODE, USER_DATA};
use crate::mem::pool::Pool;
use crate::state::{Follow, Ptr, new_koid};
use crate::{resolve, sched};

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

/// Lets a thread run whose registers are set.
pub fn start(thread: Ptr<Thread>) {
    signals::change(thread.cast(), Signals::empty(), Signals::THREAD_RUNNING);
    sched::make_ready(thread);
}

/// A thread that was never started ends with its last handle: nobody can start it.
pub fn last_handle_closed(thread: Ptr<Thread>) {
    if thread.state == ThreadState::INITIAL.0 {
        end(thread);
    }
}

/// Ends a thread, wherever it is and whatever it waits for. Its record stays as long as
/// something refers to it.
pub fn end(mut thread: Ptr<Thread>) {
    if thread.state == ThreadState::DEAD.0 {
        return;
    }
    sched::remove(thread);
    thread.state = ThreadState::DEAD.0;
    if let Some((Status::OK, _)) = sched::woken(thread, WaitKind::PORT)
        && let Some(port) = thread.held.get()
    {
        // The packet that it was woken for is for the next one.
        port::rouse(port.cast::<Port>());
    }
    sched::settle(thread);
    resolve::abandon(thread);
    signals::change(thread.cast(), Signals::THREAD_RUNNING, Signals::TERMINATED);
    process::remove_thread(Ptr::new(thread.process), thread);
}

/// Frees a thread that nothing refers to any more.
pub fn destroy(mut thread: Ptr<Thread>) {
    let process: Ptr<Process> = Ptr::new(thread.process);
    thread.process = Link::NONE;
    POOL.free(thread);
    header::release(process.cast());
}
