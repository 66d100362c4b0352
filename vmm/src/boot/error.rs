//! Why a guest cannot be laid out in RAM.

use super::{CommandLineError, KernelError, ProgramError, VdsoError};

const MIB: u64 = 1 << 20;

/// Why a guest cannot be booted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootError {
    /// The kernel's file.
    #[error("the kernel image cannot be used: {0}")]
    Kernel(#[from] KernelError),
    /// The vDSO's file.
    #[error("the vDSO cannot be used: {0}")]
    Vdso(#[from] VdsoError),
    /// A program's file or its arguments.
    #[error("the program `{name}` cannot be used: {problem}")]
    Program {
        /// The program's name.
        name: String,
        /// What is wrong with it.
        #[source]
        problem: ProgramError,
    },
    /// The kernel's command line.
    #[error("the command line cannot be used: {0}")]
    CommandLine(#[from] CommandLineError),
    /// More programs than the module list has room for.
    #[error("{count} programs are too many for one machine: at most {limit} can start")]
    TooManyPrograms {
        /// Programs asked for.
        count: usize,
        /// The most there can be.
        limit: usize,
    },
    /// RAM is smaller than what has to be in it from the start.
    #[error(
        "{} MiB of RAM are too little: kernel, programs and the kernel's tables need \
         {} MiB; ask for that much with --mem {}M", .size / MIB, .needed / MIB, .needed / MIB
    )]
    RamTooSmall {
        /// RAM there is, in bytes.
        size: u64,
        /// RAM that would do, in bytes: a whole number of MiB.
        needed: u64,
    },
    /// More RAM than the kernel's map of it can hold.
    #[error(
        "{} GiB of RAM are too much: the guest kernel can use at most {} GiB",
        .size >> 30, .limit >> 30
    )]
    RamTooLarge {
        /// RAM asked for, in bytes.
        size: u64,
        /// The most there can be, in bytes.
        limit: u64,
    },
    /// A module or a table could not be written into RAM, against all calculation.
    #[error("cannot write the boot data into guest RAM: {0}")]
    Write(String),
}
