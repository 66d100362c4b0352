//! From the PVH start info to running programs.

mod command_line;
mod programs;
mod start_info;
mod vdso;

use abi::call_page::Shutdown;

use crate::arch::{cpu, descriptors, paging};
use crate::mem::frames;
use crate::state::{physical, root};
use crate::{host, panic, random, sched};

unsafe extern "C" {
    static kernel_end: u8;
    fn enter_user(registers: *const abi::objects::Registers) -> !;
}

/// The first Rust code of the kernel, on its own stack, in the higher half.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(start_info: u64) -> ! {
    // SAFETY: once, at boot.
    unsafe { descriptors::load() };
    let info = start_info::read(start_info);
    // SAFETY: a symbol of the linker script; only its address is used.
    let image_end = physical(&raw const kernel_end as u64);
    let first_free = info.modules_end().max(image_end);
    let ready = frames::initialise(first_free, info.low_end, info.high_end).and_then(|()| {
        // SAFETY: once, at boot, with the frame allocator ready.
        unsafe { paging::take_over(info.low_end.max(info.high_end)) }
    });
    if let Err(status) = ready {
        panic::stop(format_args!("no memory to start with: {status}"));
    }
    let options = command_line::read(info.command_line);
    random::seed(options.seed);
    let mut root = root();
    root.options = options.boot.bits();
    root.call_page = host::call_page().link();
    cpu::announce_root((root.link().address() >> 12) as u32);

    if let Err(status) = programs::start(&info) {
        panic::stop(format_args!("cannot start the programs: {status}"));
    }
    if host::call_page().runnable == 0 {
        host::shutdown(Shutdown::ALL_ENDED);
    }
    let registers = sched::resume();
    // SAFETY: the registers of a thread made by `thread::set_entry`.
    unsafe { enter_user(registers) }
}
