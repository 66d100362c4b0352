//! Served calls that the host could not finish alone: provides what it asks for and
//! asks it again.

use abi::Status;
use abi::call_page::{Access, CallState, ResolveRequest, Want};
use abi::objects::{Mapping, MappingFlags, Permissions, Process, Thread};

use crate::arch::cpu;
use crate::calls::BLOCKED;
use crate::object::{header, mapping, pages};
use crate::state::{Follow, Ptr};
use crate::{fault, host, sched};

/// Goes on with the served call that is in the call page until it is answered or blocks.
pub fn finish_served_call(mut thread: Ptr<Thread>) {
    let mut page = host::call_page();
    // Providing pages may take requests of the kernel's own, which use the same page.
    let (op, args) = (page.op, page.args);
    loop {
        match page.state {
            CallState::DONE => break,
            CallState::RESOLVE => {
                let (status, failed) = resolve(page.resolve, Ptr::new(thread.process));
                if status == BLOCKED {
                    // It goes on from here, with whatever there is then.
                    thread.progress = page.progress;
                    if let Some(vmo) = thread.progress.vmo.get() {
                        header::retain(vmo.cast());
                    }
                    page.resolve.wants = 0;
                    return;
                }
                page.op = op;
                page.args = args;
                page.resolve.status = status.0;
                page.resolve.failed = failed;
            }
            _ => {}
        }
        cpu::hypercall();
    }
    thread.registers.rax = page.result;
    sched::settle(thread);
}

/// Goes on with the served call of a thread that was blocked in it.
pub fn take_up(mut thread: Ptr<Thread>) {
    let mut page = host::call_page();
    let registers = thread.registers;
    page.op = registers.rax as u32;
    page.args = [
        registers.rdi,
        registers.rsi,
        registers.rdx,
        registers.r10,
        registers.r8,
        0,
        0,
        0,
    ];
    page.progress = core::mem::take(&mut thread.progress);
    page.resolve.wants = 0;
    let kept = page.progress.vmo.get();
    cpu::hypercall();
    finish_served_call(thread);
    if let Some(vmo) = kept {
        header::release(vmo.cast());
    }
}

/// Lets go of what a blocked served call keeps, because its thread ends.
pub fn abandon(mut thread: Ptr<Thread>) {
    let progress = core::mem::take(&mut thread.progress);
    if let Some(vmo) = progress.vmo.get() {
        header::release(vmo.cast());
    }
}

/// Works through the wants in the order of their bits; the first page of a range that
/// cannot be had is the answer.
fn resolve(request: ResolveRequest, process: Ptr<Process>) -> (Status, u32) {
    let mut target = request.vmo;
    if request.wants & Want::CLONE_MAPPING != 0 {
        let mapping: Ptr<Mapping> = Ptr::new(request.mapping);
        if mapping.flags & MappingFlags::PRIVATE_COPY.bits() == 0
            && let Err(status) = mapping::make_private(mapping)
        {
            return (status, Want::CLONE_MAPPING);
        }
        target = mapping.vmo;
    }
    if request.wants & Want::VMO != 0 {
        let target = Ptr::new(target);
        let (offset, length) = (request.vmo_offset, request.vmo_length);
        let (done, status) = if request.vmo_access & Access::WRITE != 0 {
            pages::make_writable(target, offset, length)
        } else {
            pages::make_readable(target, offset, length)
        };
        if done == 0 {
            return (status, Want::VMO);
        }
    }
    if request.wants & Want::USER != 0 {
        let access = if request.user_access & Access::WRITE != 0 {
            Permissions::WRITE
        } else {
            Permissions::READ
        };
        let (done, status) =
            fault::resolve(process, request.user_address, request.user_length, access);
        if done == 0 {
            return (status, Want::USER);
        }
    }
    (Status::OK, 0)
}
