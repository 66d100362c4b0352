//! The SDK of guest programs.
//!
//! A program is a `no_std` crate that names its main function with [`main!`] and is
//! linked with this crate's `program.ld`:
//!
//! ```text
//! #![cfg_attr(target_os = "none", no_std, no_main)]
//! use libzx::println;
//!
//! fn program() -> i64 {
//!     println!("hello");
//!     0
//! }
//! libzx::main!(program);
//! ```
//!
//! Calls go through the vDSO ([`vdso`]), as the kernel demands.
//!
//! Two layers: [`raw`] has every system call under Zircon's name with Zircon's order of
//! arguments; [`Vmo`], [`Vmar`], [`Process`], [`Thread`], [`Port`] and [`Handle`] are the typed layer above
//! it, where a handle is closed when its owner is dropped and a status that is not
//! `ZX_OK` is an `Err`.
//!
//! Built for the host (`cargo check --workspace`, unit tests) the crate is whole but for
//! the entry point and the panic handler, and every system call answers
//! `ZX_ERR_BAD_SYSCALL`.

#![cfg_attr(not(test), no_std)]

mod console;
mod handle;
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
