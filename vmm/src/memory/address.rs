//! Addresses as types: guest-virtual addresses, offsets in VMOs and user ranges.

use abi::layout::{PAGE_SIZE, USER_BASE, USER_TOP};
use std::fmt;

macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The position `bytes` further on; `None` if it would wrap.
            #[must_use]
            pub const fn checked_add(self, bytes: u64) -> Option<Self> {
                match self.0.checked_add(bytes) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// Bytes from `start` to here; `None` if `start` is further on.
            #[must_use]
            pub const fn checked_offset_from(self, start: Self) -> Option<u64> {
                self.0.checked_sub(start.0)
            }

            /// The first byte of the page that this is in.
            #[must_use]
            pub const fn page(self) -> Self {
                Self(self.0 & !(PAGE_SIZE - 1))
            }

            /// Where in its page this is, in bytes.
            #[must_use]
            pub const fn page_offset(self) -> u64 {
                self.0 & (PAGE_SIZE - 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }
    };
}

position! {
    /// A guest-virtual (linear) address.
    GuestVirtAddr
}

position! {
    /// An offset in a VMO, in bytes.
    VmoOffset
}

impl GuestVirtAddr {
    /// Whether bits 47 to 63 are all equal, as four-level paging demands (SDM vol. 1,
    /// 3.3.7.1).
    #[must_use]
    pub const fn is_canonical(self) -> bool {
        let high = self.0 >> 47;
        high == 0 || high == 0x1_FFFF
    }
}

/// A range of user addresses: not empty, it does not wrap, and it lies between
/// [`USER_BASE`] and [`USER_TOP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRange {
    start: GuestVirtAddr,
    length: u64,
}

impl UserRange {
    /// The range of `length` bytes from `start`; `None` if a byte of it is not a user
    /// address or if there is none in it.
    #[must_use]
    pub const fn new(start: GuestVirtAddr, length: u64) -> Option<Self> {
        match start.0.checked_add(length) {
            Some(end) if length > 0 && start.0 >= USER_BASE && end <= USER_TOP => {
                Some(Self { start, length })
            }
            _ => None,
        }
    }

    /// Its first byte.
    #[must_use]
    pub const fn start(self) -> GuestVirtAddr {
        self.start
    }

    /// Its bytes, at least 1.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.length
    }

    /// The address `bytes` into the range; `None` beyond its last byte.
    #[must_use]
    pub const fn at(self, bytes: u64) -> Option<GuestVirtAddr> {
        if bytes < self.length {
            self.start.checked_add(bytes)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_addresses_are_those_with_equal_high_bits() {
        for address in [0, (1 << 47) - 1, 0xFFFF_8000_0000_0000, u64::MAX] {
            assert!(GuestVirtAddr(address).is_canonical(), "{address:#x}");
        }
        for address in [1 << 47, 0xFFFF_7FFF_FFFF_FFFF, 1 << 63] {
            assert!(!GuestVirtAddr(address).is_canonical(), "{address:#x}");
        }
    }

    #[test]
    fn a_user_range_ends_where_the_user_half_ends() {
        let range = |start, length| UserRange::new(GuestVirtAddr(start), length);
        assert!(range(USER_BASE, 1).is_some());
        assert!(range(USER_BASE, USER_TOP - USER_BASE).is_some());
        assert!(range(USER_TOP - 1, 1).is_some());
        assert_eq!(range(USER_BASE, 0), None);
        assert_eq!(range(USER_BASE - 1, 1), None);
        assert_eq!(range(USER_BASE, USER_TOP - USER_BASE + 1), None);
        assert_eq!(range(USER_TOP - 1, 2), None);
        assert_eq!(range(USER_TOP, 1), None);
        assert_eq!(range(0, 8), None);
        assert_eq!(range(USER_BASE, u64::MAX), None);
        assert_eq!(range(u64::MAX, 2), None);
    }

    #[test]
    fn positions_do_not_wrap() {
        assert_eq!(VmoOffset(u64::MAX).checked_add(1), None);
        assert_eq!(VmoOffset(5).checked_offset_from(VmoOffset(6)), None);
        assert_eq!(VmoOffset(0x1FFF).page(), VmoOffset(0x1000));
        assert_eq!(VmoOffset(0x1FFF).page_offset(), 0xFFF);
    }
}
