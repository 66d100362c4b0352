//! Status codes (reference §20.1).

use core::fmt;

/// A `zx_status_t`: zero for success, a negative `ZX_ERR_*` otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Status(pub i32);

macro_rules! statuses {
    ($($name:ident = $value:expr, $text:literal;)*) => {
        impl Status {
            $(
                #[doc = concat!("`", $text, "`, ", stringify!($value), ".")]
                pub const $name: Self = Self($value);
            )*

            /// The name as Zircon spells it, `ZX_OK` or `ZX_ERR_…`; `None` for a
            /// number that is no status.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    OK = 0, "ZX_OK";
    INTERNAL = -1, "ZX_ERR_INTERNAL";
    NOT_SUPPORTED = -2, "ZX_ERR_NOT_SUPPORTED";
    NO_RESOURCES = -3, "ZX_ERR_NO_RESOURCES";
    NO_MEMORY = -4, "ZX_ERR_NO_MEMORY";
    INVALID_ARGS = -10, "ZX_ERR_INVALID_ARGS";
    BAD_HANDLE = -11, "ZX_ERR_BAD_HANDLE";
    WRONG_TYPE = -12, "ZX_ERR_WRONG_TYPE";
    BAD_SYSCALL = -13, "ZX_ERR_BAD_SYSCALL";
    OUT_OF_RANGE = -14, "ZX_ERR_OUT_OF_RANGE";
    BUFFER_TOO_SMALL = -15, "ZX_ERR_BUFFER_TOO_SMALL";
    BAD_STATE = -20, "ZX_ERR_BAD_STATE";
    TIMED_OUT = -21, "ZX_ERR_TIMED_OUT";
    SHOULD_WAIT = -22, "ZX_ERR_SHOULD_WAIT";
    CANCELED = -23, "ZX_ERR_CANCELED";
    PEER_CLOSED = -24, "ZX_ERR_PEER_CLOSED";
    NOT_FOUND = -25, "ZX_ERR_NOT_FOUND";
    ALREADY_EXISTS = -26, "ZX_ERR_ALREADY_EXISTS";
    ALREADY_BOUND = -27, "ZX_ERR_ALREADY_BOUND";
    UNAVAILABLE = -28, "ZX_ERR_UNAVAILABLE";
    ACCESS_DENIED = -30, "ZX_ERR_ACCESS_DENIED";
    IO = -40, "ZX_ERR_IO";
    IO_REFUSED = -41, "ZX_ERR_IO_REFUSED";
    IO_DATA_INTEGRITY = -42, "ZX_ERR_IO_DATA_INTEGRITY";
    IO_DATA_LOSS = -43, "ZX_ERR_IO_DATA_LOSS";
    IO_NOT_PRESENT = -44, "ZX_ERR_IO_NOT_PRESENT";
    IO_OVERRUN = -45, "ZX_ERR_IO_OVERRUN";
    IO_MISSED_DEADLINE = -46, "ZX_ERR_IO_MISSED_DEADLINE";
    IO_INVALID = -47, "ZX_ERR_IO_INVALID";
    BAD_PATH = -50, "ZX_ERR_BAD_PATH";
    NOT_DIR = -51, "ZX_ERR_NOT_DIR";
    NOT_FILE = -52, "ZX_ERR_NOT_FILE";
    FILE_BIG = -53, "ZX_ERR_FILE_BIG";
    NO_SPACE = -54, "ZX_ERR_NO_SPACE";
    NOT_EMPTY = -55, "ZX_ERR_NOT_EMPTY";
    STOP = -60, "ZX_ERR_STOP";
    NEXT = -61, "ZX_ERR_NEXT";
    ASYNC = -62, "ZX_ERR_ASYNC";
    PROTOCOL_NOT_SUPPORTED = -70, "ZX_ERR_PROTOCOL_NOT_SUPPORTED";
    ADDRESS_UNREACHABLE = -71, "ZX_ERR_ADDRESS_UNREACHABLE";
    ADDRESS_IN_USE = -72, "ZX_ERR_ADDRESS_IN_USE";
    NOT_CONNECTED = -73, "ZX_ERR_NOT_CONNECTED";
    CONNECTION_REFUSED = -74, "ZX_ERR_CONNECTION_REFUSED";
    CONNECTION_RESET = -75, "ZX_ERR_CONNECTION_RESET";
    CONNECTION_ABORTED = -76, "ZX_ERR_CONNECTION_ABORTED";
}

impl Status {
    /// `Ok(())` for [`Status::OK`], the status itself as the error otherwise.
    ///
    /// # Errors
    /// The status, when it is not `ZX_OK`.
    pub const fn ok(self) -> Result<(), Self> {
        if self.0 == 0 { Ok(()) } else { Err(self) }
    }

    /// The status as a system call returns it: sign-extended into a register
    /// (reference §19.1).
    #[must_use]
    pub const fn to_register(self) -> u64 {
        (self.0 as i64).cast_unsigned()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "status {}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_print_by_zircon_name() {
        assert_eq!(Status::OK.to_string(), "ZX_OK");
        assert_eq!(Status::ACCESS_DENIED.to_string(), "ZX_ERR_ACCESS_DENIED");
        assert_eq!(Status(-999).to_string(), "status -999");
    }

    #[test]
    fn a_status_is_sign_extended_into_a_register() {
        assert_eq!(Status::INTERNAL.to_register(), u64::MAX);
        assert_eq!(Status::OK.to_register(), 0);
    }
}
