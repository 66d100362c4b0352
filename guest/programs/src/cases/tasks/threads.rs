//! Threads: made, started, ended.

use super::code::{COUNT, call, code, point_to_data, running, until, word};
use super::end::{signals, wait_for};
use crate::child::{CODE, Child, SPIN, STACK};
use crate::expect_eq;
use crate::memory::BAD_ADDRESSES;
use crate::probe::{close, duplicate, out, status};
use crate::regions::{Object, own_process};
use crate::suite::{Failure, Outcome};
use abi::options::Signals;
use core::sync::atomic::{AtomicU32, Ordering};
use libzx::{Call, Rights, Status, Thread};

const UNTOUCHED: u32 = 0x5A5A_5A5A;

/// Makes the call and tells the handle, which is [`UNTOUCHED`] if it fails.
fn create(process: u32, name: u64, length: u64, options: u64) -> (Status, u32) {
    let mut thread = UNTOUCHED;
    let place = out(&mut thread);
    let args = [u64::from(process), name, length, options, place];
    let status = status(Call::ThreadCreate, &args);
    (status, core::hint::black_box(thread))
}

fn name() -> u64 {
    "a thread".as_ptr().expose_provenance() as u64
}

pub fn create_checks_its_arguments() -> Outcome {
    let own = own_process();
    for options in [1, 2, 0x8000_0000] {
        let refused = (Status::INVALID_ARGS, UNTOUCHED);
        expect_eq!(create(own, name(), 8, options), refused);
        expect_eq!(create(0, name(), 8, options), refused);
    }
    for (_, address, _) in BAD_ADDRESSES {
        let refused = (Status::INVALID_ARGS, UNTOUCHED);
        expect_eq!(create(own, address, 8, 0), refused);
        expect_eq!(create(0, address, 8, 0), refused);
        let args = [u64::from(own), name(), 8, 0, address];
        expect_eq!(status(Call::ThreadCreate, &args), Status::INVALID_ARGS);
    }
    expect_eq!(create(0, name(), 8, 0), (Status::BAD_HANDLE, UNTOUCHED));
    let vmo = Object::new(1)?;
    let wrong = create(vmo.handle, name(), 8, 0);
    expect_eq!(wrong, (Status::WRONG_TYPE, UNTOUCHED));
    let rights = Rights::DEFAULT_PROCESS.difference(Rights::MANAGE_THREAD);
    let weak = duplicate(own, rights.bits())?;
    let denied = create(weak, name(), 8, 0);
    expect_eq!(denied, (Status::ACCESS_DENIED, UNTOUCHED));
    expect_eq!(close(weak), Status::OK);
    let dead = Child::new("dead")?;
    dead.kill()?;
    let late = create(dead.process, name(), 8, 0);
    expect_eq!(late, (Status::BAD_STATE, UNTOUCHED));
    Ok(())
}

fn start(thread: u32, pc: u64) -> Status {
    status(Call::ThreadStart, &[u64::from(thread), pc, STACK, 0, 0])
}

pub fn start_checks_its_arguments() -> Outcome {
    let (child, _) = Child::running("child", SPIN)?;
    let thread = child.thread()?;
    let weak = Rights::DEFAULT_THREAD.difference(Rights::MANAGE_THREAD);
    let weak = duplicate(thread, weak.bits())?;
    expect_eq!(start(0, CODE), Status::BAD_HANDLE);
    expect_eq!(start(child.process, CODE), Status::WRONG_TYPE);
    expect_eq!(start(weak, CODE), Status::ACCESS_DENIED);
    for pc in [1 << 47, 0x8000_0000_0000_0000, u64::MAX] {
        expect_eq!(start(thread, pc), Status::INVALID_ARGS);
    }
    expect_eq!(signals(thread)?, Signals::empty());
    expect_eq!(start(thread, CODE), Status::OK);
    expect_eq!(signals(thread)?, Signals::THREAD_RUNNING);
    expect_eq!(start(thread, CODE), Status::BAD_STATE);
    expect_eq!(close(weak), Status::OK);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

pub fn start_needs_a_running_process() -> Outcome {
    let (child, _) = Child::prepared("child", SPIN)?;
    let (thread, second) = (child.thread()?, child.thread()?);
    expect_eq!(start(thread, CODE), Status::BAD_STATE);
    expect_eq!(signals(thread)?, Signals::empty());
    child.start(0, 0)?;
    expect_eq!(start(thread, CODE), Status::OK);
    child.kill()?;
    expect_eq!(start(thread, CODE), Status::BAD_STATE);
    expect_eq!(start(second, CODE), Status::BAD_STATE);
    expect_eq!(close(thread), Status::OK);
    expect_eq!(close(second), Status::OK);
    Ok(())
}

static RAN: AtomicU32 = AtomicU32::new(0);

fn add(what: u32) {
    RAN.fetch_add(what, Ordering::SeqCst);
}

pub fn a_thread_runs_and_ends() -> Outcome {
    RAN.store(0, Ordering::SeqCst);
    let threads = [
        Thread::spawn(|| add(1))?,
        Thread::spawn(|| add(20))?,
        Thread::spawn(|| add(300))?,
    ];
    for thread in threads {
        let handle = thread.handle().duplicate(Rights::SAME)?;
        thread.join()?;
        expect_eq!(signals(handle.raw())?, Signals::TERMINATED);
    }
    expect_eq!(RAN.load(Ordering::SeqCst), 321);
    Ok(())
}

/// One thread of a process ends; the others and the process go on.
pub fn a_process_outlives_one_of_its_threads() -> Outcome {
    let exit = call(Call::ThreadExit)?;
    let (child, data) = running("child", code(&[&point_to_data(), &COUNT, &exit]))?;
    let thread = child.thread()?;
    // Where the thread exits: behind the loop.
    let place = CODE + (point_to_data().len() + COUNT.len()) as u64;
    expect_eq!(start(thread, place), Status::OK);
    wait_for(thread, Signals::TERMINATED)?;
    expect_eq!(signals(thread)?, Signals::TERMINATED);
    expect_eq!(signals(child.process)?, Signals::empty());
    let before = word(&data, 0)?;
    until("the first thread does not count on", || {
        Ok(word(&data, 0)? > before)
    })?;
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

/// A thread that nobody can start any more is gone; its process is as it was.
pub fn threads_that_never_start_come_and_go() -> Outcome {
    let own = own_process();
    for _ in 0..300 {
        let (status, thread) = create(own, name(), 8, 0);
        expect_eq!(status, Status::OK);
        expect_eq!(close(thread), Status::OK);
    }
    Ok(())
}

pub fn many_threads_come_and_go() -> Outcome {
    RAN.store(0, Ordering::SeqCst);
    for round in 0..100 {
        let first = Thread::spawn(|| add(1))?;
        let second = Thread::spawn(|| add(1))?;
        first.join()?;
        second.join()?;
        expect_eq!(RAN.load(Ordering::SeqCst), 2 * (round + 1));
    }
    Ok(())
}

/// What a killed thread was in the middle of is undone with it.
pub fn sleepers_are_killed_too() -> Result<(), Failure> {
    // mov rdi, a deadline that never comes: i64::MAX
    let deadline = [0x48, 0xBF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
    let sleep = call(Call::Nanosleep)?;
    let (child, _) = running("sleeping", code(&[&deadline, &sleep, &crate::child::FAULT]))?;
    crate::background::settle();
    expect_eq!(signals(child.process)?, Signals::empty());
    child.kill()?;
    expect_eq!(signals(child.process)?, Signals::TERMINATED);
    Ok(())
}
