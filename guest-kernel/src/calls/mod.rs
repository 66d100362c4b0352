//! System calls that the kernel answers: thin shells that look handles up, check
//! arguments in the order of the reference, and call the object.

mod handle;
mod thread;
mod vmar;
mod vmo;

use abi::objects::{EndReason, Process, Thread};
use abi::{Call, Status};

use crate::host;
use crate::object::process;
use crate::state::Ptr;

/// A call being answered: who made it.
#[derive(Clone, Copy)]
pub struct Context {
    /// The calling thread's process.
    pub process: Ptr<Process>,
}

/// Answers the call that the registers of `thread` ask for (reference §19.1).
pub fn dispatch(mut thread: Ptr<Thread>) {
    let number = thread.registers.rax;
    let call = u32::try_from(number).ok().and_then(Call::from_number);
    let Some(call) = call else {
        return unknown(thread);
    };
    let registers = thread.registers;
    let arguments = [
        registers.rdi,
        registers.rsi,
        registers.rdx,
        registers.r10,
        registers.r8,
        registers.r9,
        registers.r12,
        registers.r13,
    ];
    let context = Context {
        process: Ptr::new(thread.process),
    };
    let [a, b, c, d, e, f, g, _] = arguments;
    let result = match call {
        Call::HandleClose => status(handle::close(context, a as u32)),
        Call::HandleDuplicate => status(handle::duplicate(context, a as u32, b as u32, c)),
        Call::HandleReplace => status(handle::replace(context, a as u32, b as u32, c)),
        Call::VmoCreate => status(vmo::create(context, a, b as u32, c)),
        Call::VmoGetSize => status(vmo::get_size(context, a as u32, b)),
        Call::VmarMap => status(vmar::map(
            context,
            a as u32,
            vmar::MapRequest {
                options: b as u32,
                vmar_offset: c,
                vmo: d as u32,
                vmo_offset: e,
                length: f,
                out: g,
            },
        )),
        Call::VmarUnmap => status(vmar::unmap(context, a as u32, b, c)),
        Call::ClockGetMonotonic => host::clock(),
        Call::DebugWrite => status(thread::debug_write(context, a, b)),
        Call::ThreadYield => status(thread::check_yield(a as u32)),
        Call::Nanosleep => 0,
        Call::ProcessExit => {
            host::call_answered(call, 0, arguments);
            process::end(context.process, a.cast_signed());
            return;
        }
        // The entry code has sent the host's calls to the host.
        _ => return unknown(thread),
    };
    thread.registers.rax = result;
    host::call_answered(call, result, arguments);
    // What takes the thread off the vCPU comes last: its result must be in place.
    match call {
        Call::ThreadYield if result == 0 => crate::sched::yield_now(),
        Call::Nanosleep => thread::sleep(a.cast_signed()),
        _ => {}
    }
}

fn status(result: Result<(), Status>) -> u64 {
    match result {
        Ok(()) => 0,
        Err(status) => status.to_register(),
    }
}

/// An unknown number: newer Zircon kernels raise a policy exception, which nobody
/// handles here (reference §19.1, §21).
fn unknown(mut thread: Ptr<Thread>) {
    thread.fault_status = i64::from(Status::BAD_SYSCALL.0);
    host::thread_faulted(thread);
    process::end(Ptr::new(thread.process), EndReason::POLICY);
}
