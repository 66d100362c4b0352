//! Keys of the guest's kernel command line.
//!
//! The command line is ASCII words separated by spaces; a word is `key` or
//! `key=value`, the last of equal keys wins, and keys that are not listed here are
//! ignored by the kernel.

/// `true` allows `zx_process_write_memory` (reference §6.1 step 1); `false`, `0` and
/// `off` refuse it, as does leaving the key out.
pub const DEBUGGING_SYSCALLS: &str = "kernel.enable-debugging-syscalls";

/// `documented` (the default) or `zircon`: which statuses to give where the documents
/// and the kernel differ (reference §22).
pub const ERRORS: &str = "vmoscope.errors";

/// A number in decimal or `0x` hexadecimal: the seed of handle secrets and of address
/// randomisation. Absent means 0: runs are reproducible unless asked otherwise.
pub const SEED: &str = "vmoscope.seed";

/// The most bytes of a command line, its terminating NUL not counted.
pub const MAX_LENGTH: usize = 4095;
