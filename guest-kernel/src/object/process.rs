//! Processes (reference §16).
//!
//! Who holds references to a process: handles; the records of its threads, ended ones
//! too; itself while it runs; threads of it that wait for a futex; at boot, the kernel
//! until it is started. A process holds one to its root VMAR until its address space
//! goes, and one to each thread that has not ended.

use abi::objects::{
    EndReason, NAME_LENGTH, ObjectType, Process, ProcessState, Thread, ThreadState, Vmar,
};
use abi::options::Signals;
use abi::{Link, Status};

use super::{handle, header, signals, thread, vmar};
use crate::arch::paging;
use crate::mem::pool::Pool;
use crate::state::{Follow, Ptr, new_koid, root};
use crate::{host, random, sched};

static POOL: Pool<Process> = Pool::new();

/// A process that is not started. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create(job_koid: u64, name: [u8; NAME_LENGTH]) -> Result<Ptr<Process>, Status> {
    let mut process = POOL.allocate()?;
    process.header = header::new(ObjectType::PROCESS, new_koid());
    process.name = name;
    process.job_koid = job_koid;
    process.state = ProcessState::INITIAL.0;
    process.handle_secret = (random::next() as u32) & !3;
    insert(process);
    let made = paging::create(process)
        .and_then(|()| vmar::create_root(process))
        .map(|vmar| process.root_vmar = vmar.link());
    if let Err(error) = made {
        header::release(process.cast());
        return Err(error);
    }
    Ok(process)
}

fn insert(mut process: Ptr<Process>) {
    let mut root = root();
    root.process_count += 1;
    let Some(mut last) = root.first_process.get() else {
        root.first_process = process.link();
        return;
    };
    while let Some(next) = last.next.get() {
        last = next;
    }
    last.next = process.link();
    process.previous = last.link();
}

/// Frees a process that nothing refers to any more.
pub fn destroy(process: Ptr<Process>) {
    destroy_address_space(process);
    root().process_count -= 1;
    match process.previous.get() {
        Some(mut previous) => previous.next = process.next,
        None => root().first_process = process.next,
    }
    if let Some(mut next) = process.next.get() {
        next.previous = process.previous;
    }
    POOL.free(process);
}

/// Closing the last handle of a process that never started ends it: nobody can start it.
pub fn last_handle_closed(process: Ptr<Process>) {
    if process.state == ProcessState::INITIAL.0 {
        end(process, EndReason::KILLED);
    }
}

/// The root VMAR of a live process.
pub fn root_vmar(process: Ptr<Process>) -> Option<Ptr<Vmar>> {
    process.root_vmar.get()
}

/// Notes that a thread of it now runs. A running process keeps itself alive.
pub fn started(mut process: Ptr<Process>, now: u64) {
    process.state = ProcessState::RUNNING.0;
    process.start_time = now.cast_signed();
    header::retain(process.cast());
    host::process_started(process);
}

/// Ends a process, running or not yet: threads, handles, address space, in this order
/// (reference §5.4). One that has ended, or is about to, stays as it is.
pub fn end(mut process: Ptr<Process>, return_code: i64) {
    let running = process.state == ProcessState::RUNNING.0;
    if !running && process.state != ProcessState::INITIAL.0 {
        return;
    }
    // What goes on the way may be all that refers to it.
    header::retain(process.cast());
    process.state = ProcessState::DYING.0;
    process.return_code = return_code;
    if running {
        host::process_ending(process);
    }
    while let Some(thread) = process.first_thread.get() {
        thread::end(thread);
    }
    handle::close_all(process);
    destroy_address_space(process);
    process.state = ProcessState::DEAD.0;
    signals::change(process.cast(), Signals::empty(), Signals::TERMINATED);
    if running {
        host::process_ended(process);
        header::release(process.cast());
    }
    header::release(process.cast());
}

/// Ends a process whose last started thread has ended; its return code is 0.
pub fn end_if_threadless(process: Ptr<Process>) {
    let mut next = process.first_thread;
    while let Some(thread) = next.get() {
        if thread.state != ThreadState::INITIAL.0 {
            return;
        }
        next = thread.next_in_process;
    }
    end(process, 0);
}

/// Ends every process of the one job, the calling one last.
pub fn end_all(caller: Ptr<Process>) {
    let mut next = root().first_process;
    while let Some(process) = next.get() {
        // It must be there when the next one is looked for.
        header::retain(process.cast());
        if process != caller {
            end(process, EndReason::KILLED);
        }
        next = process.next;
        header::release(process.cast());
    }
    end(caller, EndReason::KILLED);
}

fn destroy_address_space(mut process: Ptr<Process>) {
    if process.page_table != 0 {
        sched::leave_address_space(process);
        paging::destroy(process);
    }
    if let Some(vmar) = process.root_vmar.get() {
        process.root_vmar = Link::NONE;
        vmar::shut_down(vmar);
        header::release(vmar.cast());
    }
}

/// Adds a thread to the process's list and takes a reference for it.
pub fn add_thread(mut process: Ptr<Process>, mut thread: Ptr<Thread>) {
    header::retain(thread.cast());
    thread.next_in_process = process.first_thread;
    process.first_thread = thread.link();
}

/// Takes a thread off the process's list and drops that reference.
pub fn remove_thread(mut process: Ptr<Process>, mut thread: Ptr<Thread>) {
    if process.first_thread == thread.link() {
        process.first_thread = thread.next_in_process;
    } else {
        let mut before = process.first_thread.get();
        while let Some(mut at) = before {
            if at.next_in_process == thread.link() {
                at.next_in_process = thread.next_in_process;
                break;
            }
            before = at.next_in_process.get();
        }
    }
    thread.next_in_process = Link::NONE;
    header::release(thread.cast());
}
