//! Processes (reference §16).

use abi::objects::{NAME_LENGTH, ObjectType, Process, ProcessState, Thread, Vmar};
use abi::{Link, Status};

use super::{handle, header, thread, vmar};
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
    match process.previous.get() {
        Some(mut previous) => previous.next = process.next,
        None => root().first_process = process.next,
    }
    if let Some(mut next) = process.next.get() {
        next.previous = process.previous;
    }
    POOL.free(process);
}

/// Closing the last handle of a process that never started ends it (reference §16).
pub fn last_handle_closed(process: Ptr<Process>) {
    if process.state == ProcessState::INITIAL.0 {
        handle::close_all(process);
        destroy_address_space(process);
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

/// Ends a running process: threads, handles, address space, in this order (reference
/// §5.4).
pub fn end(mut process: Ptr<Process>, return_code: i64) {
    if process.state != ProcessState::RUNNING.0 {
        return;
    }
    process.state = ProcessState::DYING.0;
    process.return_code = return_code;
    while let Some(thread) = process.first_thread.get() {
        sched::remove(thread);
        thread::end(thread);
    }
    handle::close_all(process);
    destroy_address_space(process);
    process.state = ProcessState::DEAD.0;
    host::process_ended(process);
    header::release(process.cast());
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
