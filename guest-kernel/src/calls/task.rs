//! Processes and threads (reference §16).

use abi::objects::{
    EndReason, ObjectType, PlainObject, Process, ProcessState, Thread, ThreadState,
};
use abi::{Rights, Status};

use super::Context;
use super::handle::store_handle;
use crate::object::{handle, header, process, thread};
use crate::state::Ptr;
use crate::{host, user_copy};

/// `ZX_PROCESS_SHARED`: accepted; there are no restricted modes that could tell.
const SHARED: u32 = 1;
/// The end of the lower half: where no program counter and no FS base may be.
pub const LOWER_HALF_END: u64 = 1 << 47;

/// Where a thread starts and with what.
#[derive(Clone, Copy)]
pub struct Entry {
    /// `rip`.
    pub pc: u64,
    /// `rsp`.
    pub sp: u64,
    /// `rdi`; of `zx_process_start` a handle.
    pub arg1: u64,
    /// `rsi`.
    pub arg2: u64,
}

/// Makes a process that is not started, and gives it and its root VMAR to the caller.
pub fn process_create(
    context: Context,
    job: u32,
    name: u64,
    name_size: u64,
    options: u32,
    out: (u64, u64),
) -> Result<(), Status> {
    if options & !SHARED != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let name = user_copy::load_name(context.process, name, name_size)?;
    let (job, _) = handle::find_object::<PlainObject>(
        context.process,
        job,
        ObjectType::JOB,
        Rights::MANAGE_PROCESS,
    )?;
    let new = process::create(job.header.koid, name)?;
    let value = handle::create(context.process, new.cast(), Rights::DEFAULT_PROCESS);
    header::release(new.cast());
    let value = value?;
    // If there is no handle of the VMAR to be had, none of the process is left either.
    let vmar_value = process::root_vmar(new)
        .ok_or(Status::BAD_STATE)
        .and_then(|vmar| handle::create(context.process, vmar.cast(), Rights::ROOT_VMAR));
    let stored = vmar_value
        .and_then(|vmar_value| store_handle(context, vmar_value, out.1))
        .and_then(|()| user_copy::store(context.process, out.0, value));
    if stored.is_err() {
        for value in [Ok(value), vmar_value].into_iter().flatten() {
            // The one that could not be stored is closed already.
            let _ = handle::close_value(context.process, value);
        }
    }
    stored
}

/// Starts a process with its first thread. The handle `entry.arg1` moves into it, and is
/// gone even if the call fails.
pub fn process_start(
    context: Context,
    process: u32,
    thread: u32,
    entry: Entry,
) -> Result<(), Status> {
    let argument = entry.arg1 as u32;
    let (process, thread) =
        check_process_start(context, process, thread, entry).inspect_err(|_| {
            // There need not be one.
            let _ = handle::close_value(context.process, argument);
        })?;
    let value = handle::find(context.process, argument)
        .map_or(0, |found| handle::transfer(context.process, found, process));
    thread::set_entry(thread, entry.pc, entry.sp, u64::from(value), entry.arg2);
    process::started(process, host::clock());
    thread::start(thread);
    Ok(())
}

fn check_process_start(
    context: Context,
    process: u32,
    thread: u32,
    entry: Entry,
) -> Result<(Ptr<Process>, Ptr<Thread>), Status> {
    let (process, _) = handle::find_object::<Process>(
        context.process,
        process,
        ObjectType::PROCESS,
        Rights::WRITE,
    )?;
    let (thread, _) =
        handle::find_object::<Thread>(context.process, thread, ObjectType::THREAD, Rights::WRITE)?;
    if thread.process != process.link() {
        return Err(Status::ACCESS_DENIED);
    }
    let argument = entry.arg1 as u32;
    if argument != 0 {
        let found = handle::find(context.process, argument)?;
        if !found.rights.contains(Rights::TRANSFER) {
            return Err(Status::ACCESS_DENIED);
        }
    }
    check_entry(entry)?;
    if process.state != ProcessState::INITIAL.0 || thread.state != ThreadState::INITIAL.0 {
        return Err(Status::BAD_STATE);
    }
    Ok((process, thread))
}

/// A program counter must be the program's, or 0, which faults. The stack pointer is the
/// program's own affair.
fn check_entry(entry: Entry) -> Result<(), Status> {
    (entry.pc < LOWER_HALF_END)
        .then_some(())
        .ok_or(Status::INVALID_ARGS)
}

/// Makes a thread that is not started.
pub fn thread_create(
    context: Context,
    process: u32,
    name: u64,
    name_size: u64,
    options: u32,
    out: u64,
) -> Result<(), Status> {
    if options != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let name = user_copy::load_name(context.process, name, name_size)?;
    let (process, _) = handle::find_object::<Process>(
        context.process,
        process,
        ObjectType::PROCESS,
        Rights::MANAGE_THREAD,
    )?;
    let state = ProcessState(process.state);
    if state != ProcessState::INITIAL && state != ProcessState::RUNNING {
        return Err(Status::BAD_STATE);
    }
    let new = thread::create(process, name)?;
    let value = handle::create(context.process, new.cast(), Rights::DEFAULT_THREAD);
    if value.is_err() {
        thread::end(new);
    }
    header::release(new.cast());
    store_handle(context, value?, out)
}

/// Starts a further thread of a process that runs.
pub fn thread_start(context: Context, thread: u32, entry: Entry) -> Result<(), Status> {
    let (thread, _) = handle::find_object::<Thread>(
        context.process,
        thread,
        ObjectType::THREAD,
        Rights::MANAGE_THREAD,
    )?;
    check_entry(entry)?;
    let process: Ptr<Process> = Ptr::new(thread.process);
    if thread.state != ThreadState::INITIAL.0 || process.state != ProcessState::RUNNING.0 {
        return Err(Status::BAD_STATE);
    }
    thread::set_entry(thread, entry.pc, entry.sp, entry.arg1, entry.arg2);
    thread::start(thread);
    Ok(())
}

/// Ends the calling thread, and with the last one its process.
pub fn thread_exit(context: Context) {
    thread::end(context.thread);
    process::end_if_threadless(context.process);
}

/// Kills a process, or all of a job. What has ended already is fine.
pub fn kill(context: Context, value: u32) -> Result<(), Status> {
    let found = handle::find(context.process, value)?;
    let object_type = ObjectType(found.object.object_type);
    if object_type != ObjectType::PROCESS && object_type != ObjectType::JOB {
        return Err(Status::WRONG_TYPE);
    }
    if !found.rights.contains(Rights::DESTROY) {
        return Err(Status::ACCESS_DENIED);
    }
    if object_type == ObjectType::PROCESS {
        process::end(found.object.cast(), EndReason::KILLED);
    } else {
        process::end_all(context.process);
    }
    Ok(())
}
