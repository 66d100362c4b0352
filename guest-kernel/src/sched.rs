//! The scheduler: round robin over the threads that can run, preempted by the host's
//! tick, and a list of sleepers in the order of their deadlines.
//!
//! There is one kernel stack: a thread that blocks or is preempted leaves nothing on it.

use core::cell::UnsafeCell;

use abi::Link;
use abi::call_page::Shutdown;
use abi::objects::{Process, ProcessState, Registers, Thread, ThreadState};

use crate::arch::cpu;
use crate::arch::descriptors::{Shared, set_register_save_area};
use crate::host;
use crate::object::header;
use crate::state::{Follow, Ptr, root};

struct Queues {
    /// Who runs; none if it has ended or gone to sleep.
    current: Link<Thread>,
    /// Those who can run, the longest waiting first; the running one is not in it.
    first_ready: Link<Thread>,
    last_ready: Link<Thread>,
    /// Those who sleep, earliest deadline first.
    first_sleeper: Link<Thread>,
    /// Whose registers the next trap saves.
    loaded: Link<Thread>,
    /// The FS base in the CPU.
    fs_base: u64,
}

static QUEUES: Shared<Queues> = Shared(UnsafeCell::new(Queues {
    current: Link::NONE,
    first_ready: Link::NONE,
    last_ready: Link::NONE,
    first_sleeper: Link::NONE,
    loaded: Link::NONE,
    fs_base: 0,
}));

fn queues() -> Ptr<Queues> {
    Ptr::from_raw(QUEUES.0.get())
}

/// The thread that runs. Valid in a trap from ring 3, which comes from a thread.
pub fn current() -> Ptr<Thread> {
    Ptr::new(queues().current)
}

/// Lets a thread run when its turn comes.
pub fn make_ready(mut thread: Ptr<Thread>) {
    let mut queues = queues();
    thread.state = ThreadState::READY.0;
    thread.next_in_queue = Link::NONE;
    match queues.last_ready.get() {
        Some(mut last) => last.next_in_queue = thread.link(),
        None => queues.first_ready = thread.link(),
    }
    queues.last_ready = thread.link();
    host::call_page().runnable += 1;
}

fn take_ready() -> Option<Ptr<Thread>> {
    let mut queues = queues();
    let thread = queues.first_ready.get()?;
    queues.first_ready = thread.next_in_queue;
    if queues.first_ready.is_none() {
        queues.last_ready = Link::NONE;
    }
    Some(thread)
}

/// Gives the rest of the time slice to the others.
pub fn yield_now() {
    let mut queues = queues();
    if queues.first_ready.is_none() {
        return;
    }
    if let Some(thread) = queues.current.get() {
        queues.current = Link::NONE;
        host::call_page().runnable -= 1;
        make_ready(thread);
    }
}

/// The time slice is over.
pub fn tick() {
    if !queues().first_sleeper.is_none() {
        wake_sleepers();
    }
    yield_now();
}

/// Puts the running thread to sleep until `deadline`.
pub fn sleep(deadline: i64) {
    let mut queues = queues();
    let Some(mut thread) = queues.current.get() else {
        return;
    };
    queues.current = Link::NONE;
    thread.state = ThreadState::WAITING.0;
    thread.deadline = deadline;
    let mut before: Option<Ptr<Thread>> = None;
    let mut next = queues.first_sleeper;
    while let Some(at) = next.get() {
        if at.deadline > deadline {
            break;
        }
        before = Some(at);
        next = at.next_in_queue;
    }
    thread.next_in_queue = next;
    match before {
        Some(mut before) => before.next_in_queue = thread.link(),
        None => queues.first_sleeper = thread.link(),
    }
}

fn wake_sleepers() {
    let now = host::clock().cast_signed();
    let mut queues = queues();
    while let Some(thread) = queues.first_sleeper.get() {
        if thread.deadline > now {
            return;
        }
        queues.first_sleeper = thread.next_in_queue;
        // A sleeper counts as runnable already.
        host::call_page().runnable -= 1;
        make_ready(thread);
    }
}

/// Takes a thread out of every queue, because it ends.
pub fn remove(thread: Ptr<Thread>) {
    let mut queues = queues();
    let link = thread.link();
    let state = ThreadState(thread.state);
    if queues.current == link {
        queues.current = Link::NONE;
    } else if state == ThreadState::READY {
        let mut head = queues.first_ready;
        let mut last = Link::NONE;
        unlink(&mut head, &mut last, thread);
        queues.first_ready = head;
        queues.last_ready = last;
    } else if state == ThreadState::WAITING {
        let mut head = queues.first_sleeper;
        let mut last = Link::NONE;
        unlink(&mut head, &mut last, thread);
        queues.first_sleeper = head;
    } else {
        return;
    }
    host::call_page().runnable -= 1;
}

/// Takes `thread` out of the list at `head`; `last` becomes its last element.
fn unlink(head: &mut Link<Thread>, last: &mut Link<Thread>, thread: Ptr<Thread>) {
    if *head == thread.link() {
        *head = thread.next_in_queue;
    }
    let mut at = head.get();
    while let Some(mut element) = at {
        if element.next_in_queue == thread.link() {
            element.next_in_queue = thread.next_in_queue;
        }
        *last = element.link();
        at = element.next_in_queue.get();
    }
}

/// Leaves an address space that is about to go, if the CPU is in it.
pub fn leave_address_space(process: Ptr<Process>) {
    let mut page = host::call_page();
    if page.process == process.link() {
        page.process = Link::NONE;
        // SAFETY: the kernel's own tables.
        unsafe { cpu::set_page_table(root().kernel_page_table) };
    }
}

/// Chooses who runs next and loads it; returns the registers to go on with.
pub fn resume() -> *mut Registers {
    let mut queues = queues();
    let thread = loop {
        if let Some(thread) = queues.current.get() {
            break thread;
        }
        match take_ready() {
            Some(thread) => queues.current = thread.link(),
            None => wait(),
        }
    };
    if queues.loaded != thread.link() {
        load(thread);
    }
    // SAFETY: a field of a live record.
    unsafe { &raw mut (*thread.raw()).registers }
}

/// Nobody can run: lets time pass, or ends the machine if that cannot help.
fn wait() {
    match queues().first_sleeper.get() {
        Some(thread) if thread.deadline == i64::MAX => deadlock(),
        Some(thread) => {
            let now = host::clock().cast_signed();
            let left = thread.deadline.saturating_sub(now).max(0);
            if left > 0 {
                host::idle(left.cast_unsigned());
            }
            wake_sleepers();
        }
        None => deadlock(),
    }
}

fn deadlock() -> ! {
    let mut process = root().first_process.get();
    while let Some(at) = process {
        if at.state == ProcessState::RUNNING.0 {
            host::shutdown(Shutdown::DEADLOCK);
        }
        process = at.next.get();
    }
    host::shutdown(Shutdown::ALL_ENDED)
}

fn load(thread: Ptr<Thread>) {
    let mut queues = queues();
    let mut page = host::call_page();
    if let Some(previous) = queues.loaded.get() {
        header::release(previous.cast());
    }
    // The record must stay while the next trap may be saved into it.
    header::retain(thread.cast());
    queues.loaded = thread.link();
    page.thread = thread.link();
    if page.process != thread.process {
        page.process = thread.process;
        let process: Ptr<Process> = Ptr::new(thread.process);
        // SAFETY: the tables of a process with a thread that can run.
        unsafe { cpu::set_page_table(process.page_table) };
    }
    if queues.fs_base != thread.fs_base {
        queues.fs_base = thread.fs_base;
        // SAFETY: FS is the program's own; the value was checked to be canonical.
        unsafe { cpu::write_msr(0xC000_0100, thread.fs_base) };
    }
    // SAFETY: a field of a live record.
    let registers = unsafe { &raw mut (*thread.raw()).registers };
    set_register_save_area(registers as u64 + size_of::<Registers>() as u64);
}
