//! What a program finds when it starts.
//!
//! The initial thread starts with `rip` at the entry, `rsp` 8 below a 16-byte boundary at
//! the top of its stack, `rdi` holding a handle of the **start-up VMO** (rights READ,
//! MAP, DUPLICATE, TRANSFER, GET_PROPERTY), `rsi` the address of the vDSO's first byte, and
//! all other registers zero (reference §19.2).
//!
//! The start-up VMO holds a block in the layout of Zircon's `zx_proc_args_t`: the
//! header below, an array of handle infos (`PA_HND(type, arg)`), argument strings,
//! environment strings and names, each NUL-terminated and back to back. As there is no
//! channel to carry the handles, their values stand in a second array, in the order of
//! the infos; that is the one addition, and the header is longer for it.
//!
//! Every program gets its own process, initial thread and root VMAR, the job, the vDSO, the
//! root resource and a BTI. The **first**
//! program also gets, for each other program in the order of the command line, with
//! `arg` counting from 0: [`PA_USER0`] its process (default process rights) and
//! [`PA_USER1`] its root VMAR (root VMAR rights). The name of that program is the
//! `arg`-th of the names.

use crate::assert_layout;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `ZX_PROCARGS_PROTOCOL`.
pub const PROCARGS_PROTOCOL: u32 = 0x4150_585d;
/// `ZX_PROCARGS_VERSION`.
pub const PROCARGS_VERSION: u32 = 0x1000;

/// `PA_PROC_SELF`: the process itself.
pub const PA_PROC_SELF: u32 = 0x01;
/// `PA_THREAD_SELF`: its initial thread.
pub const PA_THREAD_SELF: u32 = 0x02;
/// `PA_JOB_DEFAULT`: the job that all processes are in.
pub const PA_JOB_DEFAULT: u32 = 0x03;
/// `PA_VMO_VDSO`: the vDSO.
pub const PA_VMO_VDSO: u32 = 0x11;
/// `PA_RESOURCE`: the root resource, for `zx_vmo_create_physical` and
/// `zx_vmo_replace_as_executable`.
pub const PA_RESOURCE: u32 = 0x3F;
/// `PA_USER2`: here, a BTI, for `zx_vmo_create_contiguous`.
pub const PA_USER2: u32 = 0xF2;
/// `PA_VMAR_ROOT`: its root VMAR.
pub const PA_VMAR_ROOT: u32 = 0x04;
/// `PA_USER0`: here, the process of another program.
pub const PA_USER0: u32 = 0xF0;
/// `PA_USER1`: here, the root VMAR of another program.
pub const PA_USER1: u32 = 0xF1;

/// `PA_HND(type, arg)`: a handle info.
#[must_use]
pub const fn handle_info(kind: u32, argument: u32) -> u32 {
    (kind & 0xFF) | ((argument & 0xFFFF) << 16)
}

/// `PA_HND_TYPE(info)`.
#[must_use]
pub const fn handle_info_kind(info: u32) -> u32 {
    info & 0xFF
}

/// `PA_HND_ARG(info)`.
#[must_use]
pub const fn handle_info_argument(info: u32) -> u32 {
    (info >> 16) & 0xFFFF
}

/// The header of a start-up block; offsets count from its first byte.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct StartupHeader {
    /// [`PROCARGS_PROTOCOL`].
    pub protocol: u32,
    /// [`PROCARGS_VERSION`].
    pub version: u32,
    /// Offset of the handle infos, `u32` each.
    pub handle_info_offset: u32,
    /// Offset of the argument strings.
    pub args_offset: u32,
    /// Number of argument strings; the first is the program's name.
    pub args_count: u32,
    /// Offset of the environment strings.
    pub environ_offset: u32,
    /// Number of environment strings.
    pub environ_count: u32,
    /// Offset of the names.
    pub names_offset: u32,
    /// Number of names: the other programs, for the first program.
    pub names_count: u32,
    /// Offset of the handle values, `u32` each; the kernel fills them in.
    pub handles_offset: u32,
    /// Number of handle infos, and of handle values.
    pub handles_count: u32,
    /// Bytes of the whole block.
    pub total_size: u32,
}

assert_layout!(
    StartupHeader,
    size = 48,
    handle_info_offset @ 8,
    args_offset @ 12,
    names_count @ 32,
    handles_offset @ 36,
    total_size @ 44,
);
