//! The scheduler: round robin over the threads that can run, preempted by the host's
//! tick, and one list of those that wait, in the order of their deadlines.
//!
//! There is one kernel stack: a thread that blocks or is preempted leaves nothing on it.
//! A call that must wait says so ([`block`]) and gives up; when the thread is woken and
//! next runs, the call is taken up again from its registers, and finds out from the
//! thread's record how the wait has ended.

use core::cell::UnsafeCell;

use abi::Link;
use abi::Status;
use abi::call_page::Shutdown;
use abi::objects::{ObjectHeader, Process, ProcessState, Registers, Thread, ThreadState, WaitKind};

use crate::arch::descriptors::{Shared, set_register_save_area};
use crate::arch::{SERVED_VECTOR, cpu, expect_calls_from};
use crate::object::header;
use crate::state::{Follow, Ptr, root};
use crate::{calls, fault, host, resolve};

struct Queues {
    /// Who runs; none if it has ended or waits.
    current: Link<Thread>,
    /// Those who can run, the longest waiting first; the running one is not in it.
    first_ready: Link<Thread>,
    last_ready: Link<Thread>,
    /// Waits so far.
    waits: u64,
    /// Whose registers the next trap saves, and whose x87 and SSE registers the CPU has.
    loaded: Link<Thread>,
}

static QUEUES: Shared<Queues> = Shared(UnsafeCell::new(Queues {
    current: Link::NONE,
    first_ready: Link::NONE,
    last_ready: Link::NONE,
    waits: 0,
    loaded: Link::NONE,
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
    if !root().first_waiting.is_none() {
        wake_overdue();
    }
    yield_now();
}

/// What a thread waits for.
#[derive(Clone, Copy)]
pub struct Wait {
    /// See there.
    pub kind: WaitKind,
    /// The object that it waits for; kept alive until the call is over.
    pub object: Option<Ptr<ObjectHeader>>,
    /// See [`WaitKind`].
    pub key: u64,
    /// Monotonic time at which it stops waiting; `i64::MAX` for never.
    pub deadline: i64,
}

/// Takes the running thread off the vCPU until it is woken or the deadline passes. What
/// it was doing is taken up again then.
pub fn block(wait: Wait) {
    let mut queues = queues();
    let Some(mut thread) = queues.current.get() else {
        return;
    };
    queues.current = Link::NONE;
    queues.waits += 1;
    hold(thread, wait.object);
    thread.state = ThreadState::WAITING.0;
    thread.wait_kind = wait.kind.0;
    thread.wait_key = wait.key;
    thread.wait_order = queues.waits;
    thread.wake_status = Status::OK.0;
    thread.deadline = wait.deadline;
    thread.restart = 1;
    if wait.deadline == i64::MAX {
        // The host need not tick for it.
        host::call_page().runnable -= 1;
    }
    let mut before: Option<Ptr<Thread>> = None;
    let mut next = root().first_waiting;
    while let Some(at) = next.get() {
        if at.deadline > wait.deadline {
            break;
        }
        before = Some(at);
        next = at.next_in_queue;
    }
    thread.next_in_queue = next;
    match before {
        Some(mut before) => before.next_in_queue = thread.link(),
        None => root().first_waiting = thread.link(),
    }
}

/// Ends the wait of a thread that waits; `status` and `value` are what its call is told.
pub fn wake(mut thread: Ptr<Thread>, status: Status, value: u64) {
    stop_waiting(thread);
    thread.wake_status = status.0;
    thread.wake_value = value;
    make_ready(thread);
}

fn stop_waiting(thread: Ptr<Thread>) {
    let mut head = root().first_waiting;
    let mut last = Link::NONE;
    unlink(&mut head, &mut last, thread);
    root().first_waiting = head;
    if thread.deadline != i64::MAX {
        host::call_page().runnable -= 1;
    }
}

/// The thread that waits longest for that.
pub fn waiting(kind: WaitKind, object: Option<Ptr<ObjectHeader>>, key: u64) -> Option<Ptr<Thread>> {
    let mut found: Option<Ptr<Thread>> = None;
    for_each_waiting(kind, object, |thread| {
        let longer = found.is_none_or(|found| thread.wait_order < found.wait_order);
        if thread.wait_key == key && longer {
            found = Some(thread);
        }
    });
    found
}

/// Calls `f` for every thread that waits for something of that kind of that object; `f`
/// may wake the thread.
pub fn for_each_waiting(
    kind: WaitKind,
    object: Option<Ptr<ObjectHeader>>,
    mut f: impl FnMut(Ptr<Thread>),
) {
    let wanted = object.map_or(Link::NONE, Ptr::link);
    let mut next = root().first_waiting;
    while let Some(thread) = next.get() {
        next = thread.next_in_queue;
        if thread.wait_kind == kind.0 && thread.held == wanted {
            f(thread);
        }
    }
}

/// How the wait of that kind has ended that the thread's call was in; none if the call
/// is fresh, or has waited for something else.
pub fn woken(thread: Ptr<Thread>, kind: WaitKind) -> Option<(Status, u64)> {
    (thread.restart != 0 && thread.wait_kind == kind.0)
        .then(|| (Status(thread.wake_status), thread.wake_value))
}

/// The thread's call is over: it waits for nothing any more.
pub fn settle(mut thread: Ptr<Thread>) {
    thread.restart = 0;
    thread.wait_kind = WaitKind::NONE.0;
    hold(thread, None);
}

/// Keeps an object alive on behalf of a thread, in place of the one before.
pub fn hold(mut thread: Ptr<Thread>, object: Option<Ptr<ObjectHeader>>) {
    let before = thread.held.get();
    if let Some(object) = object {
        header::retain(object);
    }
    thread.held = object.map_or(Link::NONE, Ptr::link);
    if let Some(before) = before {
        header::release(before);
    }
}

fn wake_overdue() {
    let now = host::clock().cast_signed();
    while let Some(thread) = root().first_waiting.get() {
        if thread.deadline > now {
            return;
        }
        let status = if thread.wait_kind == WaitKind::TIME.0 {
            Status::OK
        } else {
            Status::TIMED_OUT
        };
        wake(thread, status, 0);
    }
}

/// Takes a thread out of every queue, because it ends.
pub fn remove(thread: Ptr<Thread>) {
    let mut queues = queues();
    let link = thread.link();
    let state = ThreadState(thread.state);
    if queues.current == link {
        queues.current = Link::NONE;
        host::call_page().runnable -= 1;
    } else if state == ThreadState::READY {
        let mut head = queues.first_ready;
        let mut last = Link::NONE;
        unlink(&mut head, &mut last, thread);
        queues.first_ready = head;
        queues.last_ready = last;
        host::call_page().runnable -= 1;
    } else if state == ThreadState::WAITING {
        stop_waiting(thread);
    }
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
    loop {
        let Some(thread) = queues.current.get() else {
            match take_ready() {
                Some(thread) => queues.current = thread.link(),
                None => idle(),
            }
            continue;
        };
        if queues.loaded != thread.link() {
            load(thread);
        }
        if thread.restart == 0 {
            // SAFETY: a field of a live record.
            return unsafe { &raw mut (*thread.raw()).registers };
        }
        take_up(thread);
    }
}

/// Goes on with what the running thread was doing when it blocked.
fn take_up(thread: Ptr<Thread>) {
    match thread.registers.vector {
        Registers::SYSCALL_VECTOR => calls::dispatch(thread),
        SERVED_VECTOR => resolve::take_up(thread),
        _ => fault::take_up(thread),
    }
}

/// Nobody can run: lets time pass, or ends the machine if that cannot help.
fn idle() {
    match root().first_waiting.get() {
        Some(thread) if thread.deadline != i64::MAX => {
            let now = host::clock().cast_signed();
            let left = thread.deadline.saturating_sub(now).max(0);
            if left > 0 {
                host::idle(left.cast_unsigned());
            }
            wake_overdue();
        }
        _ => deadlock(),
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
    if let Some(mut previous) = queues.loaded.get() {
        cpu::save_vectors(&mut previous.vectors);
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
        expect_calls_from(process.vdso_code);
    }
    // Always: a program can change its FS base without the kernel, by loading a selector.
    cpu::set_fs_base(thread.fs_base);
    cpu::load_vectors(&thread.vectors);
    // SAFETY: a field of a live record.
    let registers = unsafe { &raw mut (*thread.raw()).registers };
    set_register_save_area(registers as u64 + size_of::<Registers>() as u64);
}
