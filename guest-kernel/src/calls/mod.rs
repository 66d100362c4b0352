//! System calls that the kernel answers: thin shells that look handles up, check
//! arguments in the order of the reference, and call the object.
//!
//! A call that must wait puts its thread to sleep (`sched::block`) and returns
//! [`BLOCKED`]. When the thread is woken, the call is dispatched again from its registers;
//! it must not have done anything by then that it cannot do twice.

mod futex;
mod handle;
mod info;
mod pager;
mod port;
mod property;
mod task;
mod thread;
mod vmar;
mod vmo;
mod vmo_child;
mod vmo_ops;
mod vmo_size;
mod wait;

use abi::objects::{EndReason, Process, Thread, ThreadState, WaitKind};
use abi::{Call, Status};

use crate::arch::return_address;
use crate::object::process;
use crate::state::Ptr;
use crate::{host, sched};

/// "The thread waits; the call will be dispatched again." No program ever sees it.
pub const BLOCKED: Status = Status(1);

/// A call being answered: who made it.
#[derive(Clone, Copy)]
pub struct Context {
    /// The calling thread's process.
    pub process: Ptr<Process>,
    /// The calling thread.
    pub thread: Ptr<Thread>,
}

impl Context {
    /// How the wait of that kind has ended which this call was in; none when it is
    /// dispatched for the first time, or has waited for something else.
    pub fn woken(self, kind: WaitKind) -> Option<(Status, u64)> {
        sched::woken(self.thread, kind)
    }
}

/// Answers the call that the registers of `thread` ask for (reference §19.1).
pub fn dispatch(mut thread: Ptr<Thread>) {
    let number = thread.registers.rax;
    let call = u32::try_from(number).ok().and_then(Call::from_number);
    let process: Ptr<Process> = Ptr::new(thread.process);
    let (place, code) = (thread.registers.rip, process.vdso_code);
    let Some(call) = call.filter(|call| place == return_address(code, call.number())) else {
        return refuse(thread);
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
    let context = Context { process, thread };
    match call {
        Call::ProcessExit => {
            host::call_answered(call, 0, arguments);
            return process::end(context.process, arguments[0].cast_signed());
        }
        Call::ThreadExit => {
            host::call_answered(call, 0, arguments);
            return task::thread_exit(context);
        }
        _ => {}
    }
    let fresh = thread.restart == 0;
    let result = match serve(context, call, arguments) {
        Ok(value) => value,
        Err(BLOCKED) => return,
        Err(status) => status.to_register(),
    };
    if thread.state == ThreadState::DEAD.0 {
        // It has ended itself. Its record is there until the next switch.
        return;
    }
    thread.registers.rax = result;
    sched::settle(thread);
    host::call_answered(call, result, arguments);
    // What takes the thread off the vCPU comes last: its result must be in place.
    if matches!(call, Call::ThreadYield | Call::Nanosleep) && result == 0 && fresh {
        sched::yield_now();
    }
}

/// What goes into `rax`.
fn serve(context: Context, call: Call, arguments: [u64; 8]) -> Result<u64, Status> {
    let [a, b, c, d, e, f, g, _] = arguments;
    let done = match call {
        Call::ClockGetMonotonic | Call::TicksGet => return Ok(host::clock()),
        Call::DebugWrite => thread::debug_write(context, a, b),
        Call::ThreadYield => thread::check_yield(a as u32),
        Call::Nanosleep => thread::sleep(context, a.cast_signed()),

        Call::HandleClose => handle::close(context, a as u32),
        Call::HandleCloseMany => handle::close_many(context, a, b),
        Call::HandleDuplicate => handle::duplicate(context, a as u32, b as u32, c),
        Call::HandleReplace => handle::replace(context, a as u32, b as u32, c),

        Call::VmoCreate => vmo::create(context, a, b as u32, c),
        Call::VmoCreateContiguous => vmo::create_contiguous(context, a as u32, b, c as u32, d),
        Call::VmoCreatePhysical => vmo::create_physical(context, a as u32, b, c, d),
        Call::VmoReplaceAsExecutable => vmo::replace_as_executable(context, a as u32, b as u32, c),
        Call::VmoSetCachePolicy => vmo::set_cache_policy(context, a as u32, b as u32),
        Call::VmoGetSize => vmo_size::get_size(context, a as u32, b),
        Call::VmoSetSize => vmo_size::set_size(context, a as u32, b),
        Call::VmoGetStreamSize => vmo_size::get_stream_size(context, a as u32, b),
        Call::VmoSetStreamSize => vmo_size::set_stream_size(context, a as u32, b),
        Call::VmoCreateChild => vmo_child::create_child(context, a as u32, b as u32, c, d, e),
        Call::VmoOpRange => {
            let buffer = (e, f);
            vmo_ops::op_range(context, a as u32, b as u32, c, d, buffer)
        }
        Call::VmoTransferData => {
            let source = (e as u32, f);
            vmo_ops::transfer_data(context, a as u32, b as u32, c, d, source)
        }
        Call::Reclaim => vmo_ops::reclaim(),

        Call::VmarAllocate => {
            let out = (e, f);
            vmar::allocate(context, a as u32, b as u32, c, d, out)
        }
        Call::VmarMap => vmar::map(
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
        ),
        Call::VmarUnmap => vmar::unmap(context, a as u32, b, c),
        Call::VmarProtect => vmar::protect(context, a as u32, b as u32, c, d),
        Call::VmarOpRange => {
            let buffer = (e, f);
            vmar::op_range(context, a as u32, b as u32, c, d, buffer)
        }
        Call::VmarDestroy => vmar::destroy(context, a as u32),

        Call::ObjectGetInfo => {
            let out = (e, f);
            info::get(context, a as u32, b as u32, c, d, out)
        }
        Call::ObjectGetProperty => property::get(context, a as u32, b as u32, c, d),
        Call::ObjectSetProperty => property::set(context, a as u32, b as u32, c, d),
        Call::ObjectWaitOne => wait::wait_one(context, a as u32, b as u32, c.cast_signed(), d),
        Call::ObjectSignal => wait::signal(context, a as u32, b as u32, c as u32),

        Call::ProcessCreate => {
            let out = (e, f);
            task::process_create(context, a as u32, b, c, d as u32, out)
        }
        Call::ProcessStart => {
            let entry = task::Entry {
                pc: c,
                sp: d,
                arg1: e,
                arg2: f,
            };
            task::process_start(context, a as u32, b as u32, entry)
        }
        Call::ThreadCreate => task::thread_create(context, a as u32, b, c, d as u32, e),
        Call::ThreadStart => {
            let entry = task::Entry {
                pc: b,
                sp: c,
                arg1: d,
                arg2: e,
            };
            task::thread_start(context, a as u32, entry)
        }
        Call::TaskKill => task::kill(context, a as u32),
        Call::FutexWait => futex::wait(context, a, b as u32, c as u32, d.cast_signed()),
        Call::FutexWake => futex::wake(context, a, b as u32),

        Call::PortCreate => port::create(context, a as u32, b),
        Call::PortQueue => port::queue(context, a as u32, b),
        Call::PortWait => port::wait(context, a as u32, b.cast_signed(), c),

        Call::PagerCreate => pager::create(context, a as u32, b),
        Call::PagerCreateVmo => {
            let port = (c as u32, d);
            pager::create_vmo(context, a as u32, b as u32, port, e, f)
        }
        Call::PagerSupplyPages => {
            let aux = (e as u32, f);
            pager::supply_pages(context, a as u32, b as u32, c, d, aux)
        }
        Call::PagerDetachVmo => pager::detach_vmo(context, a as u32, b as u32),
        Call::PagerOpRange => {
            let range = (d, e);
            pager::op_range(context, a as u32, b as u32, c as u32, range, f)
        }
        Call::BtiPin => Err(Status::NOT_SUPPORTED),

        // The entry code has sent the host's calls to the host; the others are above.
        _ => Err(Status::BAD_SYSCALL),
    };
    done.map(|()| 0)
}

/// A call that does not come from its stub in the vDSO, which includes every unknown
/// number: newer Zircon kernels raise a policy exception, which nobody handles here
/// (reference §19.1, §21).
fn refuse(mut thread: Ptr<Thread>) {
    thread.fault_status = i64::from(Status::BAD_SYSCALL.0);
    host::thread_faulted(thread);
    process::end(Ptr::new(thread.process), EndReason::VDSO);
}
