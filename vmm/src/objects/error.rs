//! What is wrong with a structure of the guest.

use crate::memory::AccessError;
use vm_memory::GuestAddress;

/// A broken structure in guest memory: a fault of the guest's kernel, never an answer to
/// a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{structure} at guest-physical {:#x}: {problem}", .address.0)]
pub struct ViewError {
    /// What should be there, in lower case.
    pub structure: &'static str,
    /// Where it should be.
    pub address: GuestAddress,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong in a [`ViewError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A link that must lead somewhere leads nowhere.
    #[error("there is none where one must be")]
    Missing,
    /// The address is no multiple of what the structure's fields need.
    #[error("it is not aligned to {alignment} bytes")]
    Unaligned {
        /// Bytes.
        alignment: u64,
    },
    /// Not all of it is RAM.
    #[error("{0}")]
    NotRam(#[from] AccessError),
    /// The magic number is another.
    #[error("its magic number is {found:#x}, not {expected:#x}")]
    Magic {
        /// The number of a live structure.
        expected: u64,
        /// The number that is there.
        found: u64,
    },
    /// The guest's kernel has another version of the ABI.
    #[error("it is of ABI version {found}, and this vmm knows version {expected} only")]
    Version {
        /// Ours.
        expected: u32,
        /// The kernel's.
        found: u32,
    },
    /// It is an object of another type.
    #[error("it is an object of type {found}, not {expected}")]
    Type {
        /// The type that the link promises.
        expected: u32,
        /// The type that the header names.
        found: u32,
    },
    /// A field holds what it cannot.
    #[error("its field `{name}` holds {value:#x}: {rule}")]
    Field {
        /// The field.
        name: &'static str,
        /// What it holds.
        value: u64,
        /// The rule that this breaks.
        rule: &'static str,
    },
    /// A list has more entries than the guest can have, or runs in a circle.
    #[error("the list that starts there does not end after {limit} entries")]
    EndlessList {
        /// Entries that were looked at.
        limit: usize,
    },
    /// Clones look through to each other in a longer chain than there can be, or in a
    /// circle.
    #[error("clones look through to each other for more than {limit} steps from there")]
    LongChain {
        /// Steps that were taken.
        limit: usize,
    },
    /// Regions stand in each other, or VMARs in themselves.
    #[error("VMARs are nested more than {limit} deep there")]
    TooDeep {
        /// VMARs that were looked into.
        limit: usize,
    },
}

impl ViewError {
    pub(crate) const fn new(
        structure: &'static str,
        address: GuestAddress,
        problem: Problem,
    ) -> Self {
        Self {
            structure,
            address,
            problem,
        }
    }
}
