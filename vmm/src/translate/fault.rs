//! Why a walk of page tables ended without a page.

use crate::memory::GuestVirtAddr;
use std::fmt;
use vm_memory::GuestAddress;

/// What is to be done at an address, always with the privilege of ring 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Fetch an instruction.
    Execute,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "fetch",
        })
    }
}

/// The rule that stopped a walk (SDM vol. 3, 4.5 to 4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultReason {
    /// Bits 47 to 63 of the address are not all equal.
    NotCanonical,
    /// The entry is not present.
    NotPresent,
    /// Ring 3 may not use what the entry leads to.
    Supervisor,
    /// The entry forbids stores, and the access is one.
    ReadOnly,
    /// The entry forbids fetches, and the access is one.
    NoExecute,
    /// A bit is set that must be zero.
    ReservedBit,
    /// The table that should be looked into is not RAM.
    TableOutsideRam,
    /// The page is not RAM.
    PageOutsideRam,
}

/// A failed translation, with what the one who handles it wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// The address that was translated.
    pub address: GuestVirtAddr,
    /// The topmost table.
    pub root: GuestAddress,
    /// What was to be done there.
    pub access: Access,
    /// The level of the entry that stopped the walk: 4 for the topmost table, 1 for the
    /// one that leads to 4 KiB pages.
    pub level: u8,
    /// That entry; 0 if there was none to look at.
    pub entry: u64,
    /// The rule.
    pub reason: FaultReason,
}

impl Fault {
    /// Whether the guest's own page-fault handler could cure it. If not, the tables
    /// themselves are broken.
    #[must_use]
    pub const fn is_resolvable(&self) -> bool {
        match self.reason {
            FaultReason::NotPresent
            | FaultReason::Supervisor
            | FaultReason::ReadOnly
            | FaultReason::NoExecute
            | FaultReason::NotCanonical => true,
            FaultReason::ReservedBit
            | FaultReason::TableOutsideRam
            | FaultReason::PageOutsideRam => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            access,
            level,
            entry,
            ..
        } = self;
        write!(f, "{access} at {address} under {:#x}: ", self.root.0)?;
        match self.reason {
            FaultReason::NotCanonical => f.write_str("the address is not canonical"),
            FaultReason::NotPresent => write!(f, "nothing present at level {level} ({entry:#x})"),
            FaultReason::Supervisor => {
                write!(f, "level {level} is for ring 0 only ({entry:#x})")
            }
            FaultReason::ReadOnly => write!(f, "level {level} is read-only ({entry:#x})"),
            FaultReason::NoExecute => write!(f, "level {level} is not executable ({entry:#x})"),
            FaultReason::ReservedBit => {
                write!(f, "a reserved bit is set at level {level} ({entry:#x})")
            }
            FaultReason::TableOutsideRam => {
                write!(f, "the table of level {level} is outside RAM ({entry:#x})")
            }
            FaultReason::PageOutsideRam => {
                write!(f, "the page of level {level} is outside RAM ({entry:#x})")
            }
        }
    }
}
