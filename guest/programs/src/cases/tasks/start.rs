//! `zx_process_start`.

use super::code::{
    FLAG, RAISE_FLAG, STAY, call, code, point_to_data, prepared, running, start_arguments, until,
    word,
};
use crate::child::{Child, DATA, STACK};
use crate::inspect::record;
use crate::probe::{close, duplicate, status};
use crate::regions::Object;
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::info::InfoProcess;
use abi::options::{Signals, Topic};
use libzx::{Call, Rights, Status};

/// Starts `process` with `thread` and one more handle to the VMO, which must be gone
/// afterwards, however the call ends.
fn consumes(wanted: Status, process: u32, thread: u32, vmo: &Object, rights: Rights) -> Outcome {
    let argument = duplicate(vmo.handle, rights.bits())?;
    let args = start_arguments(process, thread, argument);
    expect_eq!(status(Call::ProcessStart, &args), wanted);
    expect_eq!(close(argument), Status::BAD_HANDLE);
    Ok(())
}

const ALL: Rights = Rights::DEFAULT_VMO;

pub fn both_handles_need_write() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let thread = child.thread()?;
    let process = duplicate(
        child.process,
        Rights::DEFAULT_PROCESS.difference(Rights::WRITE).bits(),
    )?;
    consumes(Status::ACCESS_DENIED, process, thread, &vmo, ALL)?;
    let weak = Rights::DEFAULT_THREAD.difference(Rights::WRITE);
    let weak = duplicate(thread, weak.bits())?;
    consumes(Status::ACCESS_DENIED, child.process, weak, &vmo, ALL)?;
    consumes(Status::BAD_HANDLE, 0, thread, &vmo, ALL)?;
    consumes(Status::BAD_HANDLE, child.process, 0, &vmo, ALL)?;
    consumes(Status::WRONG_TYPE, thread, thread, &vmo, ALL)?;
    consumes(Status::WRONG_TYPE, child.process, child.process, &vmo, ALL)?;
    // WRITE alone is enough.
    let process_write = duplicate(child.process, Rights::WRITE.bits())?;
    let thread_write = duplicate(thread, Rights::WRITE.bits())?;
    consumes(Status::OK, process_write, thread_write, &vmo, ALL)?;
    for handle in [process, weak, process_write, thread_write, thread] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

pub fn the_thread_must_be_its_own() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let other = Child::new("other")?;
    let thread = other.thread()?;
    consumes(Status::ACCESS_DENIED, child.process, thread, &vmo, ALL)?;
    let own = child.thread()?;
    consumes(Status::OK, child.process, own, &vmo, ALL)?;
    expect_eq!(close(own), Status::OK);
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

pub fn the_argument_needs_transfer() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let thread = child.thread()?;
    let rights = ALL.difference(Rights::TRANSFER);
    consumes(Status::ACCESS_DENIED, child.process, thread, &vmo, rights)?;
    let args = start_arguments(child.process, thread, 0xABCD_EF02);
    expect_eq!(status(Call::ProcessStart, &args), Status::BAD_HANDLE);
    consumes(Status::OK, child.process, thread, &vmo, Rights::TRANSFER)?;
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

pub fn nobody_starts_twice() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let (thread, second) = (child.thread()?, child.thread()?);
    consumes(Status::OK, child.process, thread, &vmo, ALL)?;
    consumes(Status::BAD_STATE, child.process, thread, &vmo, ALL)?;
    consumes(Status::BAD_STATE, child.process, second, &vmo, ALL)?;
    child.kill()?;
    consumes(Status::BAD_STATE, child.process, thread, &vmo, ALL)?;
    consumes(Status::BAD_STATE, child.process, second, &vmo, ALL)?;
    let never = Child::new("never started")?;
    let its = never.thread()?;
    never.kill()?;
    consumes(Status::BAD_STATE, never.process, its, &vmo, ALL)?;
    for handle in [thread, second, its] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

pub fn a_place_that_is_no_programs_is_refused() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let thread = child.thread()?;
    for pc in [
        1 << 47,
        0x8000_0000_0000_0000,
        u64::MAX,
        0xFFFF_FF80_0000_0000,
    ] {
        let argument = duplicate(vmo.handle, Rights::SAME_RIGHTS)?;
        let mut args = start_arguments(child.process, thread, argument);
        args[2] = pc;
        expect_eq!(status(Call::ProcessStart, &args), Status::INVALID_ARGS);
        expect_eq!(close(argument), Status::BAD_HANDLE);
    }
    consumes(Status::OK, child.process, thread, &vmo, ALL)?;
    expect_eq!(close(thread), Status::OK);
    Ok(())
}

/// `or rax, r` for every other register but rdi, rsi and rsp.
const COLLECT: [u8; 36] = [
    0x48, 0x09, 0xD8, 0x48, 0x09, 0xC8, 0x48, 0x09, 0xD0, 0x48, 0x09, 0xE8, 0x4C, 0x09, 0xC0, 0x4C,
    0x09, 0xC8, 0x4C, 0x09, 0xD0, 0x4C, 0x09, 0xD8, 0x4C, 0x09, 0xE0, 0x4C, 0x09, 0xE8, 0x4C, 0x09,
    0xF0, 0x4C, 0x09, 0xF8,
];
/// Stores rdi, rsi, rax, rsp at `[rcx]` on.
const STORE: [u8; 15] = [
    0x48, 0x89, 0x39, 0x48, 0x89, 0x71, 0x08, 0x48, 0x89, 0x41, 0x10, 0x48, 0x89, 0x61, 0x18,
];

pub fn the_child_starts_with_what_it_is_given() -> Outcome {
    let program = code(&[&COLLECT, &point_to_data(), &STORE, &RAISE_FLAG, &STAY]);
    let (child, data) = prepared("child", program)?;
    let vmo = Object::new(1)?;
    let argument = duplicate(vmo.handle, Rights::SAME_RIGHTS)?;
    let second = 0x0123_4567_89AB_CDEF;
    child.start(argument, second)?;
    until("the child does not start", || Ok(word(&data, FLAG)? != 0))?;
    let value = word(&data, 0)?;
    expect_eq!(value >> 32, 0);
    expect_eq!(value & 3, 3);
    expect_eq!(word(&data, 8)?, second);
    // All the others are zero.
    expect_eq!(word(&data, 16)?, 0);
    expect_eq!(word(&data, 24)?, STACK);
    // Here the value is nobody's any more.
    expect_eq!(close(argument), Status::BAD_HANDLE);
    Ok(())
}

/// The child asserts a signal of the object whose handle it was given.
pub fn the_childs_handle_leads_to_the_object() -> Outcome {
    // xor esi, esi; mov edx, 1 << 24
    let arguments = [0x31, 0xF6, 0xBA, 0, 0, 0, 1];
    let signal = call(Call::ObjectSignal)?;
    let (child, _) = prepared("child", code(&[&arguments, &signal, &STAY]))?;
    let vmo = libzx::Vmo::create(4096)?;
    let user = Signals::from_bits_retain(1 << 24);
    expect_eq!(vmo.handle().signals()? & user, Signals::empty());
    let argument = vmo.handle().duplicate(Rights::SAME)?;
    child.start(argument.into_raw(), 0)?;
    until("the child's signal does not come", || {
        Ok(vmo.handle().signals()?.contains(user))
    })
}

pub fn a_handle_has_another_value_in_the_child() -> Outcome {
    let program = code(&[&point_to_data(), &STORE, &RAISE_FLAG, &STAY]);
    let (child, data) = prepared("child", program)?;
    let vmo = libzx::Vmo::create(4096)?;
    let argument = vmo.handle().duplicate(Rights::SAME)?.into_raw();
    child.start(argument, 0)?;
    until("the child does not start", || Ok(word(&data, FLAG)? != 0))?;
    let theirs = u32::try_from(word(&data, 0)?).unwrap_or(0);
    ensure!(theirs & 3 == 3, "{theirs:#x} is no handle");
    ensure!(theirs != argument, "the value went along");
    ensure!(
        theirs != vmo.handle().raw(),
        "both have the value {theirs:#x}"
    );
    // There it leads to the VMO, here to nothing.
    expect_eq!(crate::probe::vmo_get_size(theirs), Err(Status::BAD_HANDLE));
    Ok(())
}

pub fn no_argument_is_handle_zero() -> Outcome {
    let program = code(&[&point_to_data(), &STORE, &RAISE_FLAG, &STAY]);
    let (_child, data) = running("child", program)?;
    until("the child does not start", || Ok(word(&data, FLAG)? != 0))?;
    expect_eq!(word(&data, 0)?, 0);
    Ok(())
}

pub fn a_refused_start_leaves_the_process_as_it_was() -> Outcome {
    let (child, vmo) = Child::prepared("child", crate::child::SPIN)?;
    let thread = child.thread()?;
    let rights = ALL.difference(Rights::TRANSFER);
    consumes(Status::ACCESS_DENIED, child.process, thread, &vmo, rights)?;
    expect_eq!(
        record::<InfoProcess>(child.process, Topic::PROCESS)?.flags,
        0
    );
    // It can still be mapped into, and started.
    child.map(&vmo, crate::regions::R, DATA + 0x10_0000, 1)?;
    consumes(Status::OK, child.process, thread, &vmo, ALL)?;
    expect_eq!(
        record::<InfoProcess>(child.process, Topic::PROCESS)?.flags,
        1
    );
    expect_eq!(close(thread), Status::OK);
    Ok(())
}
