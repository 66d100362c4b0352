//! System call numbers and their signatures.
//!
//! A program puts the number into `rax` and the arguments into `rdi, rsi, rdx, r10,
//! r8, r9, r12, r13`, executes `syscall` and finds the result in `rax` (reference
//! §19.1). The numbers are private to a build, as in Zircon; programs call them by name
//! through the SDK.

/// A system call, by number.
///
/// Numbers up to [`Call::LAST_SERVED`] are served by the host in one exit; the rest is
/// answered by the guest kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Call {
    /// Does nothing and returns `ZX_OK`: the price of a served call itself.
    Null = 0,
    /// `zx_vmo_read` (reference §4).
    VmoRead = 1,
    /// `zx_vmo_write` (reference §4).
    VmoWrite = 2,
    /// `zx_process_read_memory` (reference §5).
    ProcessReadMemory = 3,
    /// `zx_process_write_memory` (reference §6).
    ProcessWriteMemory = 4,
    /// `zx_handle_close` (reference §14).
    HandleClose = 16,
    /// `zx_handle_duplicate` (reference §14).
    HandleDuplicate = 17,
    /// `zx_handle_replace` (reference §14).
    HandleReplace = 18,
    /// `zx_vmo_create` (reference §8.1).
    VmoCreate = 19,
    /// `zx_vmo_get_size` (reference §9.1).
    VmoGetSize = 20,
    /// `zx_vmar_map` (reference §13.1).
    VmarMap = 21,
    /// `zx_vmar_unmap` (reference §13.3).
    VmarUnmap = 22,
    /// `zx_process_exit` (reference §16).
    ProcessExit = 23,
    /// `zx_thread_legacy_yield`.
    ThreadYield = 24,
    /// `zx_nanosleep`.
    Nanosleep = 25,
    /// `zx_clock_get_monotonic`.
    ClockGetMonotonic = 26,
    /// `zx_debug_write`.
    DebugWrite = 27,
}

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The host, in one exit.
    Host,
    /// The guest kernel, in none.
    Kernel,
}

/// What an argument means, so that a trace can print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A handle value (32 bits).
    Handle,
    /// A user address in the caller.
    Pointer,
    /// A user address in another process, or an offset, printed in hexadecimal.
    Address,
    /// A number of bytes, printed in decimal.
    Size,
    /// A rights mask (32 bits).
    Rights,
    /// Option bits (32 bits).
    Options,
    /// A time in nanoseconds, signed.
    Time,
    /// A signed number.
    Signed,
}

/// What a call gives back in `rax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// A `zx_status_t`.
    Status,
    /// A time in nanoseconds.
    Time,
    /// It does not return.
    Never,
}

/// The signature of a call.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The name as the SDK exports it.
    pub name: &'static str,
    /// Name and meaning of each argument, in order.
    pub arguments: &'static [(&'static str, ArgKind)],
    /// What comes back.
    pub returns: Returns,
}

impl Call {
    /// The highest number that the host serves.
    pub const LAST_SERVED: u32 = 4;

    /// Every call there is.
    pub const ALL: [Self; 17] = [
        Self::Null,
        Self::VmoRead,
        Self::VmoWrite,
        Self::ProcessReadMemory,
        Self::ProcessWriteMemory,
        Self::HandleClose,
        Self::HandleDuplicate,
        Self::HandleReplace,
        Self::VmoCreate,
        Self::VmoGetSize,
        Self::VmarMap,
        Self::VmarUnmap,
        Self::ProcessExit,
        Self::ThreadYield,
        Self::Nanosleep,
        Self::ClockGetMonotonic,
        Self::DebugWrite,
    ];

    /// The call with that number.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Null,
            1 => Self::VmoRead,
            2 => Self::VmoWrite,
            3 => Self::ProcessReadMemory,
            4 => Self::ProcessWriteMemory,
            16 => Self::HandleClose,
            17 => Self::HandleDuplicate,
            18 => Self::HandleReplace,
            19 => Self::VmoCreate,
            20 => Self::VmoGetSize,
            21 => Self::VmarMap,
            22 => Self::VmarUnmap,
            23 => Self::ProcessExit,
            24 => Self::ThreadYield,
            25 => Self::Nanosleep,
            26 => Self::ClockGetMonotonic,
            27 => Self::DebugWrite,
            _ => return None,
        })
    }

    /// The call's number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Who answers it.
    #[must_use]
    pub const fn server(self) -> Server {
        if self.number() <= Self::LAST_SERVED {
            Server::Host
        } else {
            Server::Kernel
        }
    }

    /// Its name and arguments.
    #[must_use]
    pub const fn signature(self) -> Signature {
        use ArgKind::{Address, Handle, Options, Pointer, Rights, Signed, Size, Time};
        let (name, arguments, returns): (_, &'static [(&'static str, ArgKind)], _) = match self {
            Self::Null => ("vmoscope_null", &[], Returns::Status),
            Self::VmoRead => (
                "zx_vmo_read",
                &[
                    ("handle", Handle),
                    ("buffer", Pointer),
                    ("offset", Address),
                    ("buffer_size", Size),
                ],
                Returns::Status,
            ),
            Self::VmoWrite => (
                "zx_vmo_write",
                &[
                    ("handle", Handle),
                    ("buffer", Pointer),
                    ("offset", Address),
                    ("buffer_size", Size),
                ],
                Returns::Status,
            ),
            Self::ProcessReadMemory => (
                "zx_process_read_memory",
                &[
                    ("handle", Handle),
                    ("vaddr", Address),
                    ("buffer", Pointer),
                    ("buffer_size", Size),
                    ("actual", Pointer),
                ],
                Returns::Status,
            ),
            Self::ProcessWriteMemory => (
                "zx_process_write_memory",
                &[
                    ("handle", Handle),
                    ("vaddr", Address),
                    ("buffer", Pointer),
                    ("buffer_size", Size),
                    ("actual", Pointer),
                ],
                Returns::Status,
            ),
            Self::HandleClose => ("zx_handle_close", &[("handle", Handle)], Returns::Status),
            Self::HandleDuplicate => (
                "zx_handle_duplicate",
                &[("handle", Handle), ("rights", Rights), ("out", Pointer)],
                Returns::Status,
            ),
            Self::HandleReplace => (
                "zx_handle_replace",
                &[("handle", Handle), ("rights", Rights), ("out", Pointer)],
                Returns::Status,
            ),
            Self::VmoCreate => (
                "zx_vmo_create",
                &[("size", Size), ("options", Options), ("out", Pointer)],
                Returns::Status,
            ),
            Self::VmoGetSize => (
                "zx_vmo_get_size",
                &[("handle", Handle), ("size", Pointer)],
                Returns::Status,
            ),
            Self::VmarMap => (
                "zx_vmar_map",
                &[
                    ("handle", Handle),
                    ("options", Options),
                    ("vmar_offset", Address),
                    ("vmo", Handle),
                    ("vmo_offset", Address),
                    ("len", Size),
                    ("mapped_addr", Pointer),
                ],
                Returns::Status,
            ),
            Self::VmarUnmap => (
                "zx_vmar_unmap",
                &[("handle", Handle), ("addr", Address), ("len", Size)],
                Returns::Status,
            ),
            Self::ProcessExit => ("zx_process_exit", &[("retcode", Signed)], Returns::Never),
            Self::ThreadYield => (
                "zx_thread_legacy_yield",
                &[("options", Options)],
                Returns::Status,
            ),
            Self::Nanosleep => ("zx_nanosleep", &[("deadline", Time)], Returns::Status),
            Self::ClockGetMonotonic => ("zx_clock_get_monotonic", &[], Returns::Time),
            Self::DebugWrite => (
                "zx_debug_write",
                &[("buffer", Pointer), ("buffer_size", Size)],
                Returns::Status,
            ),
        };
        Signature {
            name,
            arguments,
            returns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_calls_convert_both_ways() {
        for call in Call::ALL {
            assert_eq!(Call::from_number(call.number()), Some(call));
        }
        assert_eq!(Call::from_number(5), None);
        assert_eq!(Call::from_number(u32::MAX), None);
    }

    #[test]
    fn exactly_the_calls_up_to_last_served_are_the_hosts() {
        for call in Call::ALL {
            let host = call.server() == Server::Host;
            assert_eq!(host, call.number() <= Call::LAST_SERVED, "{call:?}");
        }
    }
}
