//! How processes end, and what is left of them.

use super::code::{
    COUNT, COUNT_UNTIL_TOLD, RAISE_FLAG, call, code, failure, first_argument, point_to_data,
    prepared, running, until, word,
};
use crate::child::{Child, DATA, FAULT, SPIN};
use crate::inspect::record;
use crate::memory::PAGE;
use crate::probe::{close, duplicate, process_read, status, vmar_unmap};
use crate::regions::{Object, R, own_process};
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::info::InfoProcess;
use abi::objects::EndReason;
use abi::options::{ChildOptions, Signals, Topic};
use libzx::{Call, Rights, Status, monotonic, sleep_for};

const EXITED: u32 = 3;

fn information(process: u32) -> Result<InfoProcess, Failure> {
    Ok(record(process, Topic::PROCESS)?)
}

/// The signals of an object now.
pub fn signals(handle: u32) -> Result<Signals, Failure> {
    let mut observed = 0_u32;
    let place = crate::probe::out(&mut observed);
    let given = status(Call::ObjectWaitOne, &[u64::from(handle), 0, 0, place]);
    ensure!(given == Status::TIMED_OUT, "looking gives {given}");
    Ok(Signals::from_bits_retain(core::hint::black_box(observed)))
}

/// Waits until the object has the signal.
pub fn wait_for(handle: u32, signal: Signals) -> Outcome {
    let deadline = monotonic().saturating_add(10_000_000_000);
    let signal = u64::from(signal.bits());
    let args = [u64::from(handle), signal, deadline.cast_unsigned(), 0];
    expect_eq!(status(Call::ObjectWaitOne, &args), Status::OK);
    Ok(())
}

fn kill(handle: u32) -> Status {
    status(Call::TaskKill, &[u64::from(handle)])
}

/// A child that exits with that code, and would tell if it came back from there.
fn exiting(call_number: Call, exit_code: u32) -> Result<(Child, Object), Failure> {
    let exit = call(call_number)?;
    let argument = first_argument(exit_code);
    let program = code(&[&argument, &exit, &point_to_data(), &RAISE_FLAG, &FAULT]);
    running("exiting", program)
}

pub fn process_exit_does_not_return() -> Outcome {
    for exit_code in [0, 7, 0x7FFF_FFFF] {
        let (child, data) = exiting(Call::ProcessExit, exit_code)?;
        child.wait()?;
        let information = information(child.process)?;
        expect_eq!(information.return_code, i64::from(exit_code));
        expect_eq!(information.flags, EXITED);
        expect_eq!(word(&data, super::code::FLAG)?, 0);
    }
    Ok(())
}

pub fn the_last_thread_ends_its_process() -> Outcome {
    let (child, data) = exiting(Call::ThreadExit, 9)?;
    child.wait()?;
    let information = information(child.process)?;
    expect_eq!(information.return_code, 0);
    expect_eq!(information.flags, EXITED);
    expect_eq!(word(&data, super::code::FLAG)?, 0);
    Ok(())
}

pub fn kill_needs_destroy() -> Outcome {
    let (child, data) = running("child", code(&[&point_to_data(), &COUNT]))?;
    let rights = Rights::DEFAULT_PROCESS.difference(Rights::DESTROY);
    let weak = duplicate(child.process, rights.bits())?;
    expect_eq!(kill(weak), Status::ACCESS_DENIED);
    expect_eq!(close(weak), Status::OK);
    expect_eq!(kill(0), Status::BAD_HANDLE);
    ensure!(
        !signals(child.process)?.contains(Signals::TERMINATED),
        "the child has ended"
    );
    // It still counts.
    let before = word(&data, 0)?;
    until("the child does not count", || Ok(word(&data, 0)? > before))?;
    let enough = duplicate(child.process, Rights::DESTROY.bits())?;
    expect_eq!(kill(enough), Status::OK);
    expect_eq!(close(enough), Status::OK);
    child.wait()?;
    expect_eq!(information(child.process)?.return_code, EndReason::KILLED);
    Ok(())
}

pub fn kill_takes_no_thread() -> Outcome {
    let (child, _) = Child::prepared("child", SPIN)?;
    let thread = child.thread()?;
    let weak = duplicate(thread, 0)?;
    let vmo = Object::new(1)?;
    for handle in [thread, weak, vmo.handle, child.vmar] {
        expect_eq!(kill(handle), Status::WRONG_TYPE);
    }
    expect_eq!(signals(thread)?, Signals::empty());
    expect_eq!(close(weak), Status::OK);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

pub fn the_dead_can_be_killed() -> Outcome {
    let (child, _) = exiting(Call::ProcessExit, 5)?;
    child.wait()?;
    for _ in 0..3 {
        expect_eq!(kill(child.process), Status::OK);
    }
    // It has not died of that.
    expect_eq!(information(child.process)?.return_code, 5);
    Ok(())
}

pub fn the_dead_assert_terminated() -> Outcome {
    let (child, _) = Child::prepared("child", SPIN)?;
    let thread = child.thread()?;
    let second = child.thread()?;
    let args = super::code::start_arguments(child.process, thread, 0);
    expect_eq!(signals(thread)?, Signals::empty());
    expect_eq!(status(Call::ProcessStart, &args), Status::OK);
    expect_eq!(signals(child.process)?, Signals::empty());
    expect_eq!(signals(thread)?, Signals::THREAD_RUNNING);
    expect_eq!(kill(child.process), Status::OK);
    for task in [child.process, thread, second] {
        wait_for(task, Signals::TERMINATED)?;
        expect_eq!(signals(task)?, Signals::TERMINATED);
    }
    expect_eq!(close(thread), Status::OK);
    expect_eq!(close(second), Status::OK);
    Ok(())
}

/// Whether the VMO has no children.
fn childless(vmo: &Object) -> Result<bool, Failure> {
    Ok(signals(vmo.handle)?.contains(Signals::ZERO_CHILDREN))
}

pub fn everything_of_the_dead_goes() -> Outcome {
    let (child, data) = prepared("child", code(&[&point_to_data(), &COUNT]))?;
    let (given, mapped) = (Object::new(1)?, Object::new(1)?);
    let size = PAGE;
    let argument = given.child(ChildOptions::SNAPSHOT, 0, size)?;
    let value = argument.handle;
    core::mem::forget(argument);
    let place = DATA + 0x10_0000;
    {
        let piece = mapped.child(ChildOptions::SNAPSHOT, 0, size)?;
        child.map(&piece, R, place, 1)?;
    }
    child.start(value, 0)?;
    until("the child does not count", || Ok(word(&data, 0)? > 1000))?;
    ensure!(
        !childless(&given)? && !childless(&mapped)?,
        "the child has not what it was given"
    );
    let mut byte = 0_u8;
    let buffer = crate::probe::out(&mut byte);
    expect_eq!(process_read(child.process, place, buffer, 1).0, Status::OK);
    child.kill()?;
    // Its handles are closed, its mappings gone, its threads stand.
    ensure!(childless(&given)?, "its handles are still open");
    ensure!(childless(&mapped)?, "its mappings are still there");
    let (given, _) = process_read(child.process, place, buffer, 1);
    expect_eq!(given, Status::BAD_STATE);
    expect_eq!(vmar_unmap(child.vmar, place, PAGE), Status::BAD_STATE);
    let count = word(&data, 0)?;
    sleep_for(30_000_000);
    expect_eq!(word(&data, 0)?, count);
    Ok(())
}

/// It counts on, and exits by itself when it is told to.
pub fn the_running_need_no_handles() -> Outcome {
    let exit = call(Call::ProcessExit)?;
    let program = code(&[
        &point_to_data(),
        &COUNT_UNTIL_TOLD,
        &first_argument(0),
        &exit,
    ]);
    let (child, data) = running("free", program)?;
    let whole = Object::new(1)?;
    {
        let piece = whole.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
        child.map(&piece, R, DATA + 0x10_0000, 1)?;
    }
    expect_eq!(close(child.vmar), Status::OK);
    expect_eq!(close(child.process), Status::OK);
    core::mem::forget(child);
    let before = word(&data, 0)?;
    until("it does not count on", || {
        Ok(word(&data, 0)? > before + 1000)
    })?;
    ensure!(!childless(&whole)?, "its mapping has gone");
    data.write(1_u64.to_le_bytes(), 8)?;
    until("it does not end when told to", || childless(&whole))
}

pub fn the_last_handle_ends_what_never_started() -> Outcome {
    let (child, _) = Child::prepared("child", SPIN)?;
    let whole = Object::new(1)?;
    {
        let piece = whole.child(ChildOptions::SNAPSHOT, 0, PAGE)?;
        child.map(&piece, R, DATA + 0x10_0000, 1)?;
    }
    let thread = child.thread()?;
    let second = duplicate(child.process, Rights::SAME_RIGHTS)?;
    expect_eq!(close(second), Status::OK);
    expect_eq!(signals(thread)?, Signals::empty());
    ensure!(!childless(&whole)?, "one of two handles is left");
    expect_eq!(close(child.process), Status::OK);
    expect_eq!(signals(thread)?, Signals::TERMINATED);
    ensure!(childless(&whole)?, "its mapping is still there");
    let unmapped = vmar_unmap(child.vmar, DATA, PAGE);
    expect_eq!(unmapped, Status::BAD_STATE);
    expect_eq!(close(thread), Status::OK);
    expect_eq!(close(child.vmar), Status::OK);
    core::mem::forget(child);
    Ok(())
}

pub fn the_handle_of_the_dead_is_good() -> Outcome {
    let (child, _) = exiting(Call::ProcessExit, 11)?;
    child.wait()?;
    let information = information(child.process)?;
    expect_eq!((information.flags, information.return_code), (EXITED, 11));
    ensure!(information.start_time > 0, "it has never started");
    let second = duplicate(child.process, Rights::SAME_RIGHTS)?;
    wait_for(second, Signals::TERMINATED)?;
    expect_eq!(close(second), Status::OK);
    Ok(())
}

/// A thread that faults takes its process along, and nobody else.
pub fn a_fault_ends_the_process() -> Outcome {
    let (child, _) = Child::prepared("faulting", FAULT)?;
    let thread = child.thread()?;
    child.start(0, 0)?;
    child.wait()?;
    expect_eq!(
        information(child.process)?.return_code,
        EndReason::EXCEPTION
    );
    wait_for(thread, Signals::TERMINATED)?;
    expect_eq!(information(own_process())?.flags, 1);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

/// As many as a program can make one after the other.
pub fn processes_come_and_go() -> Outcome {
    for round in 0..1000 {
        let child = Child::new("short")?;
        let thread = child.thread()?;
        if round % 8 == 0 {
            expect_eq!(kill(child.process), Status::OK);
        }
        close(thread).ok()?;
    }
    for _ in 0..40 {
        let (child, _) = Child::running("short", SPIN)?;
        child.kill()?;
    }
    Ok(())
}

/// The last case: after all that, every count and list is right.
pub fn the_host_finds_nothing_wrong() -> Outcome {
    match Status(libzx::raw::vmoscope_check()) {
        Status::OK => Ok(()),
        _ => Err(failure("something is")),
    }
}
