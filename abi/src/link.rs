//! Typed guest-physical links between objects.

use core::fmt;
use core::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The guest-physical address of a `T`, or zero for "none".
///
/// The host must treat the value as hostile: it may point anywhere.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(transparent)]
pub struct Link<T> {
    address: u64,
    target: PhantomData<T>,
}

impl<T> Link<T> {
    /// The link to nothing.
    pub const NONE: Self = Self::new(0);

    /// A link to the object at guest-physical `address`.
    #[must_use]
    pub const fn new(address: u64) -> Self {
        Self {
            address,
            target: PhantomData,
        }
    }

    /// The guest-physical address; zero for "none".
    #[must_use]
    pub const fn address(self) -> u64 {
        self.address
    }

    /// Whether this is the link to nothing.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.address == 0
    }

    /// The same address as a link to another type.
    #[must_use]
    pub const fn cast<U>(self) -> Link<U> {
        Link::new(self.address)
    }
}

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Link<T> {}

impl<T> PartialEq for Link<T> {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl<T> Eq for Link<T> {}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{:#x}", self.address)
    }
}
