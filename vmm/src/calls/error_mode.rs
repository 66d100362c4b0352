//! The one place where the two error modes differ (reference §22, items marked "mode").

use abi::Status;
use abi::root::BootOptions;

/// What a program is told where the documents and the kernel contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorMode {
    /// What the documents promise; the default.
    Documented,
    /// What the newest Zircon kernel does.
    Zircon,
}

/// The calls that share their statuses for a bad buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `zx_vmo_read` and `zx_vmo_write`.
    Vmo,
    /// `zx_process_read_memory` and `zx_process_write_memory`.
    Process,
}

impl ErrorMode {
    /// The mode that the guest was booted with.
    #[must_use]
    pub const fn from_options(options: BootOptions) -> Self {
        if options.contains(BootOptions::ZIRCON_ERRORS) {
            Self::Zircon
        } else {
            Self::Documented
        }
    }

    /// The buffer is NULL, or not all of it is in the user half (items 2, 3 and 9).
    #[must_use]
    pub const fn buffer_out_of_range(self) -> Status {
        match self {
            Self::Documented => Status::INVALID_ARGS,
            Self::Zircon => Status::NOT_FOUND,
        }
    }

    /// The fault handler of the guest gave `status` for a byte of the buffer (items 3b, 4
    /// and 9).
    #[must_use]
    pub const fn buffer_fault(self, family: Family, status: Status) -> Status {
        match (self, family, status) {
            (Self::Documented, Family::Process, Status::NOT_FOUND) => Status::INVALID_ARGS,
            _ => status,
        }
    }

    /// The VMO is physical (item 8).
    #[must_use]
    pub const fn physical_vmo(self, cached: bool) -> Status {
        match (self, cached) {
            (Self::Documented, false) => Status::BAD_STATE,
            _ => Status::NOT_SUPPORTED,
        }
    }

    /// Nothing is mapped at `vaddr` in the target (item 1: the same in both modes).
    #[must_use]
    pub const fn nothing_mapped(self) -> Status {
        Status::NO_MEMORY
    }
}
