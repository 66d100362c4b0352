//! The SDK of guest programs.
//!
//! A program is a `no_std` crate that depends on this one, names its main function with
//! [`main!`] and is built for the target `x86_64-unknown-none`; nothing else is needed, no
//! link script and no flags:
//!
//! ```no_run
//! #![cfg_attr(target_os = "none", no_std, no_main)]
//! use libzx::{Mapping, MapOptions, Result, Signals, TIME_INFINITE, Thread, Vmo};
//! use libzx::{Object, println, startup};
//!
//! /// A second thread writes to a VMO, and the first looks at it through a mapping.
//! fn greet() -> Result<()> {
//!     let vmo = Vmo::create(0x1000)?;
//!     let map = Mapping::new(&vmo, 0x1000, MapOptions::PERM_READ)?;
//!     let shared = vmo.duplicate(libzx::Rights::SAME)?;
//!     let thread = Thread::spawn(move || {
//!         shared.write(b"hello", 0).unwrap();
//!     })?;
//!     thread.wait_one(Signals::TERMINATED, TIME_INFINITE)?;
//!     let mut bytes = [0; 5];
//!     map.load(0, &mut bytes);
//!     println!("{}", core::str::from_utf8(&bytes).unwrap_or("?"));
//!     thread.join()
//! }
//!
//! fn program() -> i64 {
//!     for argument in startup().args() {
//!         println!("argument: {argument}");
//!     }
//!     i64::from(greet().is_err())
//! }
//!
//! libzx::main!(program);
//! ```
//!
//! What `program` returns is the process's return code; a panic prints where it was and
//! ends the process with 63. A program with test cases is made with [`mod@test`].
//!
//! Calls go through the vDSO ([`vdso`]), as the kernel demands, and there are two ways to
//! make them:
//!
//! - typed: [`Vmo`], [`Vmar`], [`Process`], [`Thread`], [`Port`], [`Pager`] and the others
//!   own a handle, which is closed when they are dropped, and have the calls as methods; a
//!   status that is not `ZX_OK` is an `Err`. What all of them can do is in [`Object`].
//!   [`Mapping`] is a mapping that is unmapped when it is dropped.
//! - [`raw`]: every call under Zircon's name with Zircon's arguments, for arguments that
//!   are wrong on purpose.
//!
//! The feature `alloc` gives the program a heap, and with it `extern crate alloc`.
//!
//! Built for the host (`cargo check`, unit tests) the crate is whole but for the entry
//! point, the panic handler and the heap, and every system call answers
//! `ZX_ERR_BAD_SYSCALL`.

#![cfg_attr(not(test), no_std)]

mod console;
mod handle;
#[cfg(all(feature = "alloc", target_os = "none"))]
mod heap;
mod info;
mod object;
mod pager;
mod port;
mod process;
pub mod raw;
mod resource;
#[cfg(target_os = "none")]
mod runtime;
mod startup;
mod task;
pub mod test;
mod thread;
pub mod vdso;
mod vmar;
mod vmo;

pub use abi::info::{
    InfoHandleBasic, InfoMaps, InfoProcess, InfoTaskStats, InfoVmar, InfoVmo, InfoVmoFlags,
    LockState, MapsKind, PacketType, PageCommand, PageRequest, PortPacket,
};
pub use abi::objects::{CachePolicy, VmoOptions};
pub use abi::options::{ChildOptions, PagerOp, RangeOp, Signals, TIME_INFINITE};
pub use abi::{Call, Rights, Status};
pub use console::write_fmt;
pub use handle::Handle;
pub use info::{HandleCount, Info, InfoList, Listed, Name, ThreadKoid};
pub use libzx_macros::guest_test;
pub use object::Object;
pub use pager::Pager;
pub use port::{Port, futex_wait, futex_wake};
pub use process::Process;
pub use resource::{Bti, Job, Resource};
pub use startup::{Other, Startup, startup};
pub use task::{deadline_after, monotonic, process_exit, sleep_for, sleep_until, yield_now};
pub use thread::{STACK_SIZE, Thread};
pub use vmar::{MapOptions, Mapping, Vmar};
pub use vmo::Vmo;

/// What a fallible call of the typed layer gives: a value, or the kernel's status.
pub type Result<T> = core::result::Result<T, Status>;

/// Bytes in a page, as a program counts them.
pub const PAGE_SIZE: usize = 4096;

/// Makes `fn() -> i64` the program's main function; what it returns is the process's
/// return code.
///
/// On the host the program is a stub that says where it belongs.
#[macro_export]
macro_rules! main {
    ($function:path) => {
        #[cfg(target_os = "none")]
        #[unsafe(no_mangle)]
        fn libzx_main() -> i64 {
            $function()
        }

        #[cfg(not(target_os = "none"))]
        fn main() -> ::std::process::ExitCode {
            let _program: fn() -> i64 = $function;
            ::std::eprintln!("this program runs in a vmoscope guest only: vmm run PROGRAM");
            ::std::process::ExitCode::FAILURE
        }
    };
}
