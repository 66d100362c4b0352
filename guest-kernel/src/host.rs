//! Requests to the host (`abi::call_page`).

use core::cell::UnsafeCell;

use abi::CallPage;
use abi::call_page::{CallProgress, KernelRequest, ResolveRequest};
use abi::objects::{Process, Thread};
use abi::{Call, Link};

use crate::arch::cpu;
use crate::arch::descriptors::Shared;
use crate::state::{Ptr, physical};

/// A page of its own for the call page.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct CallPageFrame {
    page: CallPage,
    rest: [u8; 4096 - size_of::<CallPage>()],
}

/// vCPU 0's call page.
pub static CALL_PAGE: Shared<CallPageFrame> = Shared(UnsafeCell::new(CallPageFrame {
    page: CallPage {
        op: 0,
        state: 0,
        result: 0,
        args: [0; 8],
        process: Link::NONE,
        thread: Link::NONE,
        progress: CallProgress {
            phase: 0,
            reserved: 0,
            vmo: Link::NONE,
            vmo_koid: 0,
            vmo_offset: 0,
            length: 0,
            done: 0,
        },
        resolve: ResolveRequest {
            wants: 0,
            vmo_access: 0,
            user_access: 0,
            status: 0,
            failed: 0,
            reserved: 0,
            mapping: Link::NONE,
            vmo: Link::NONE,
            vmo_offset: 0,
            vmo_length: 0,
            user_address: 0,
            user_length: 0,
        },
        runnable: 0,
        trace_kernel_calls: 0,
    },
    rest: [0; 4096 - size_of::<CallPage>()],
}));

/// The call page.
pub fn call_page() -> Ptr<CallPage> {
    Ptr::from_raw(CALL_PAGE.0.get().cast())
}

fn request(what: KernelRequest, args: [u64; 3]) -> u64 {
    let mut page = call_page();
    page.op = what as u32;
    for (slot, value) in page.args.iter_mut().zip(args) {
        *slot = value;
    }
    cpu::hypercall();
    page.result
}

/// Prints bytes that lie in one run of guest-physical memory.
pub fn console(physical_address: u64, length: u64, from_kernel: bool) {
    request(
        KernelRequest::Console,
        [physical_address, length, u64::from(from_kernel)],
    );
}

/// Lets `nanoseconds` pass, or less.
pub fn idle(nanoseconds: u64) {
    request(KernelRequest::Idle, [nanoseconds, 0, 0]);
}

/// Nanoseconds since the machine started.
pub fn clock() -> u64 {
    request(KernelRequest::Clock, [0; 3])
}

/// Zeroes the frames whose addresses stand in `list`.
pub fn zero_frames(list: *const u64, count: u64) {
    request(KernelRequest::ZeroFrames, [physical(list as u64), count, 0]);
}

/// Zeroes bytes of one frame.
pub fn zero_bytes(physical_address: u64, length: u64) {
    request(KernelRequest::ZeroBytes, [physical_address, length, 0]);
}

/// Copies frames: `list` holds pairs of source and destination.
pub fn copy_frames(list: *const [u64; 2], count: u64) {
    request(KernelRequest::CopyFrames, [physical(list as u64), count, 0]);
}

/// Tells that a process now runs.
pub fn process_started(process: Ptr<Process>) {
    request(
        KernelRequest::ProcessStarted,
        [process.link().address(), 0, 0],
    );
}

/// Tells that a process will be taken apart.
pub fn process_ending(process: Ptr<Process>) {
    request(
        KernelRequest::ProcessEnding,
        [process.link().address(), 0, 0],
    );
}

/// Tells that a process has ended.
pub fn process_ended(process: Ptr<Process>) {
    request(
        KernelRequest::ProcessEnded,
        [process.link().address(), 0, 0],
    );
}

/// Tells that a thread has faulted for good.
pub fn thread_faulted(thread: Ptr<Thread>) {
    request(
        KernelRequest::ThreadFaulted,
        [thread.link().address(), 0, 0],
    );
}

/// Tells how the kernel answered a call, if anybody wants to know.
pub fn call_answered(call: Call, result: u64, arguments: [u64; 8]) {
    let mut page = call_page();
    if page.trace_kernel_calls == 0 {
        return;
    }
    page.op = KernelRequest::CallAnswered as u32;
    let [a, b, c, d, e, f, ..] = arguments;
    page.args = [u64::from(call.number()), result, a, b, c, d, e, f];
    cpu::hypercall();
}

/// Stops the machine.
pub fn shutdown(reason: u64) -> ! {
    loop {
        request(KernelRequest::Shutdown, [reason, 0, 0]);
    }
}

/// Stops the machine because the kernel is broken.
pub fn panic(text: *const u8, length: u64) -> ! {
    loop {
        request(KernelRequest::Panic, [physical(text as u64), length, 0]);
    }
}
