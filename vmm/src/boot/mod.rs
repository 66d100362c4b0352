//! From files to a guest that is ready to start: the kernel image, the vDSO and the
//! programs as modules, the command line and the PVH start info, all laid out in guest RAM.
//!
//! ```text
//! 0x0000_6000  start info             ┐
//! 0x0000_7000  memory map             │ the boot area; `layout` has the addresses
//! 0x0000_8000  module list            │
//! 0x0002_0000  command line           ┘
//! 0x0010_0000  kernel image, then the modules, each from a page boundary on: the vDSO,
//!              then the programs
//! ```
//!
//! The checks of files come first and need no RAM, so that a bad file is told of before
//! anything is set up.

mod builtin;
mod command_line;
mod elf;
mod error;
mod kernel;
mod layout;
mod program;
mod start_info;
mod startup_block;
mod vdso;

pub use builtin::{KERNEL, PROGRAMS, VDSO, builtin_program};
pub use command_line::{CommandLine, CommandLineError};
pub use elf::ElfError;
pub use error::BootError;
pub use kernel::{KernelError, KernelImage};
pub(crate) use layout::START_INFO;
pub use layout::required_ram;
pub use program::{
    MAX_MODULE_SIZE, MAX_STACK_SIZE, Program, ProgramError, ProgramImage, STACK_SIZE, default_ram,
};
pub use start_info::{BootState, load};
pub use startup_block::{MAX_STARTUP_SIZE, check_variable};
pub use vdso::{VdsoError, VdsoImage};
