//! The processes of a few instructions beside `inspected`.

use crate::memory::PAGE;
use crate::suite::{Failure, Outcome};
use abi::layout::USER_BASE;
use libzx::{
    MapOptions, Object, PAGE_SIZE, Process, Signals, Status, TIME_INFINITE, Thread, Vmar, Vmo,
    startup, vdso,
};

/// Where their code stands.
const CODE: usize = 0x1000_0000;
/// Where their stack of two pages stands.
const STACK: usize = 0x2000_0000;
/// Where the memory stands that one shares with `inspected`.
pub(super) const SHARED: usize = 0x3000_0000;
/// Where the vDSO stands.
const VDSO: usize = 0x4000_0000;

fn place(
    vmar: &Vmar,
    options: MapOptions,
    at: usize,
    vmo: &Vmo,
    from: usize,
    len: usize,
) -> Outcome {
    let base = usize::try_from(USER_BASE).unwrap_or(0);
    let options = options | MapOptions::SPECIFIC;
    vmar.map(options, at - base, vmo, from as u64, len)?;
    Ok(())
}

/// A process with that code and a stack, not started.
fn prepared(name: &str, code: &[u8]) -> Result<(Process, Vmar), Failure> {
    let (process, vmar) = Process::create(name)?;
    let program = Vmo::create(PAGE)?;
    program.write(code, 0)?;
    program.set_name("code")?;
    let resource = startup().resource().ok_or(Status::NOT_FOUND)?;
    let program = program.replace_as_executable(&resource)?;
    let execute = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
    place(&vmar, execute, CODE, &program, 0, PAGE_SIZE)?;
    let stack = Vmo::create(2 * PAGE)?;
    stack.set_name("stack")?;
    place(
        &vmar,
        MapOptions::READ_WRITE,
        STACK,
        &stack,
        0,
        2 * PAGE_SIZE,
    )?;
    Ok((process, vmar))
}

fn start(process: &Process, name: &str, argument: Option<libzx::Handle>, second: usize) -> Outcome {
    let thread = Thread::create(process, name)?;
    Ok(process.start(&thread, CODE, STACK + 2 * PAGE_SIZE, argument, second)?)
}

/// A process that sleeps until then, with a page of `shared` that it may write and two that
/// it may only read, and one handle, to `shared`.
pub(super) fn sleeper(name: &str, shared: &Vmo, until: i64) -> Result<Process, Failure> {
    // push rbp; mov rbp, rsp; mov rdi, rsi; mov rax, STUB; call rax; jmp $
    let mut code = [
        0x55, 0x48, 0x89, 0xE5, 0x48, 0x89, 0xF7, 0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xD0,
        0xEB, 0xFE,
    ];
    let image = vdso::image().ok_or(Status::NOT_FOUND)?;
    let sleep = image.symbol("zx_nanosleep").ok_or(Status::NOT_FOUND)?;
    let stub = sleep - image.base() + VDSO;
    if let Some(slot) = code.get_mut(9..17) {
        slot.copy_from_slice(&stub.to_le_bytes());
    }
    let (process, vmar) = prepared(name, &code)?;
    let vmo = startup().vdso().ok_or(Status::NOT_FOUND)?;
    let range = image.code().ok_or(Status::NOT_FOUND)?;
    let data = range.start - image.base();
    let execute = MapOptions::PERM_READ | MapOptions::PERM_EXECUTE;
    place(&vmar, MapOptions::PERM_READ, VDSO, &vmo, 0, data)?;
    let length = range.len().next_multiple_of(PAGE_SIZE);
    place(&vmar, execute, VDSO + data, &vmo, data, length)?;
    // Without the right, the mapping can never be made writable.
    let read_only = shared.duplicate(libzx::Rights::READ | libzx::Rights::MAP)?;
    place(
        &vmar,
        MapOptions::PERM_READ,
        SHARED,
        &read_only,
        PAGE_SIZE,
        2 * PAGE_SIZE,
    )?;
    let writable = SHARED + 4 * PAGE_SIZE;
    place(
        &vmar,
        MapOptions::READ_WRITE,
        writable,
        shared,
        0,
        PAGE_SIZE,
    )?;
    let given =
        shared.duplicate(libzx::Rights::READ | libzx::Rights::MAP | libzx::Rights::TRANSFER)?;
    let until = usize::try_from(until).unwrap_or(0);
    start(&process, "sleeper", Some(given.into_handle()), until)?;
    Ok(process)
}

/// A process that is never started.
pub(super) fn stillborn(name: &str) -> Result<Process, Failure> {
    Ok(prepared(name, &[0x90])?.0)
}

/// A process that an exception has ended.
pub(super) fn victim(name: &str) -> Result<Process, Failure> {
    // ud2
    let (process, _vmar) = prepared(name, &[0x0F, 0x0B])?;
    start(&process, "victim", None, 0)?;
    process.wait_one(Signals::TERMINATED, TIME_INFINITE)?;
    Ok(process)
}

/// A process that never rests.
pub(super) fn spinner(name: &str) -> Result<Process, Failure> {
    // jmp $
    let (process, _vmar) = prepared(name, &[0xEB, 0xFE])?;
    start(&process, "spinner", None, 0)?;
    Ok(process)
}
