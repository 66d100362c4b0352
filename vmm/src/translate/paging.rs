//! Four-level page tables as the CPU walks them (SDM vol. 3, 4.5), seen from ring 3.
//!
//! The kernel runs with `EFER.NXE` and `CR0.WP` set, without SMEP, SMAP and protection
//! keys; so a user access needs the user bit, a store the writable bit and a fetch the
//! absence of the no-execute bit, at every level.

use super::fault::{Access, Fault, FaultReason};
use crate::memory::{GuestVirtAddr, PhysicalMemory};
use abi::entry::{ADDRESS_MASK, LARGE, NO_EXECUTE, PRESENT, TABLE_MASK, USER, WRITABLE};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use vm_memory::GuestAddress;

/// Bits of an address that each level adds.
const LEVEL_SHIFT: u32 = 9;
/// Address bits that no supported guest reaches: they must be zero.
const RESERVED_ADDRESS: u64 = 0x000F_0000_0000_0000;
/// Bytes that one table of level 1 covers.
const LEAF_SPAN: u64 = PAGE_SIZE << LEVEL_SHIFT;

/// An entry that denies nothing.
const OPEN: u64 = USER | WRITABLE;

/// An address space: the topmost table of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSpace {
    root: GuestAddress,
}

impl AddressSpace {
    /// The address space that CR3 would name by `root`; its twelve low bits do not count.
    #[must_use]
    pub const fn new(root: u64) -> Self {
        Self {
            root: GuestAddress(root & ADDRESS_MASK),
        }
    }

    /// The guest-physical address of the topmost table.
    #[must_use]
    pub const fn root(self) -> GuestAddress {
        self.root
    }
}

/// Contiguous guest-physical bytes, all of them RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first byte.
    pub start: GuestAddress,
    /// Bytes; at least 1.
    pub length: u64,
}

/// Where `address` leads, and how far: to the end of its page.
///
/// # Errors
/// [`Fault`] as the CPU would raise it, or because a table or the page is not RAM.
#[inline]
pub fn translate<M: PhysicalMemory>(
    memory: &M,
    space: AddressSpace,
    address: GuestVirtAddr,
    access: Access,
) -> Result<Run, Fault> {
    PageCursor::new(memory, space, access).page(address)
}

/// Translates ascending addresses, looking each table of level 1 up once per 2 MiB.
///
/// It must not outlive the service of one call: what it remembers is valid only while
/// the guest does not run.
#[derive(Debug)]
pub struct PageCursor<'m, M> {
    memory: &'m M,
    space: AddressSpace,
    access: Access,
    /// First address and table of the 2 MiB that were looked up last.
    leaf: Option<(u64, GuestAddress)>,
}

impl<'m, M: PhysicalMemory> PageCursor<'m, M> {
    /// A cursor for accesses of one kind in one address space.
    #[inline]
    #[must_use]
    pub const fn new(memory: &'m M, space: AddressSpace, access: Access) -> Self {
        Self {
            memory,
            space,
            access,
            leaf: None,
        }
    }

    /// The longest physically contiguous run at `address`, at most `limit` bytes (and
    /// at least 1).
    ///
    /// # Errors
    /// [`Fault`] if the first byte cannot be accessed.
    #[inline]
    pub fn run(&mut self, address: GuestVirtAddr, limit: u64) -> Result<Run, Fault> {
        let mut run = self.page(address)?;
        while run.length < limit {
            let Some(next) = address.checked_add(run.length) else {
                break;
            };
            match self.page(next) {
                Ok(more) if run.start.0.checked_add(run.length) == Some(more.start.0) => {
                    run.length += more.length;
                }
                _ => break,
            }
        }
        run.length = run.length.min(limit.max(1));
        Ok(run)
    }

    /// Bytes from `address` on, at most `limit`, until the first that cannot be
    /// accessed; and the fault there, if there is one.
    #[inline]
    pub fn accessible(&mut self, address: GuestVirtAddr, limit: u64) -> (u64, Option<Fault>) {
        let mut length = 0;
        while length < limit {
            let Some(next) = address.checked_add(length) else {
                break;
            };
            match self.page(next) {
                Ok(run) => length += run.length,
                Err(fault) => return (length, Some(fault)),
            }
        }
        (length.min(limit), None)
    }

    /// From `address` to the end of its page.
    ///
    /// # Errors
    /// [`Fault`] if the first byte cannot be accessed.
    #[inline]
    pub fn page(&mut self, address: GuestVirtAddr) -> Result<Run, Fault> {
        if let Some((start, table)) = self.leaf
            && address.0 & !(LEAF_SPAN - 1) == start
        {
            let entry = self.entry(address, 1, table)?;
            return self.frame(address, 1, entry, [OPEN; 3]);
        }
        self.walk(address)
    }

    fn walk(&mut self, address: GuestVirtAddr) -> Result<Run, Fault> {
        if !address.is_canonical() {
            return Err(self.fault(address, 4, 0, FaultReason::NotCanonical));
        }
        let fourth = self.entry(address, 4, self.space.root)?;
        if fourth & LARGE != 0 {
            return Err(self.fault(address, 4, fourth, FaultReason::ReservedBit));
        }
        let third = self.entry(address, 3, GuestAddress(fourth & ADDRESS_MASK))?;
        if third & LARGE != 0 {
            return self.frame(address, 3, third, [fourth, OPEN, OPEN]);
        }
        let second = self.entry(address, 2, GuestAddress(third & ADDRESS_MASK))?;
        if second & LARGE != 0 {
            return self.frame(address, 2, second, [fourth, third, OPEN]);
        }
        let table = GuestAddress(second & ADDRESS_MASK);
        let first = self.entry(address, 1, table)?;
        let run = self.frame(address, 1, first, [fourth, third, second])?;
        // That the page was granted means that the levels above grant all of the 2 MiB.
        self.leaf = Some((address.0 & !(LEAF_SPAN - 1), table));
        Ok(run)
    }

    /// The entry for `address` in a table of that level, if it is present.
    #[inline]
    fn entry(&self, address: GuestVirtAddr, level: u8, table: GuestAddress) -> Result<u64, Fault> {
        let shift = PAGE_SHIFT + LEVEL_SHIFT * (u32::from(level) - 1);
        let index = (address.0 >> shift) & TABLE_MASK;
        let Ok(entry) = self.memory.read_u64(GuestAddress(table.0 | (index * 8))) else {
            return Err(self.fault(address, level, table.0, FaultReason::TableOutsideRam));
        };
        if entry & (PRESENT | RESERVED_ADDRESS) == PRESENT {
            return Ok(entry);
        }
        let reason = if entry & PRESENT == 0 {
            FaultReason::NotPresent
        } else {
            FaultReason::ReservedBit
        };
        Err(self.fault(address, level, entry, reason))
    }

    /// What a leaf entry of that level leads to, from `address` on. Permissions are looked
    /// at only now, as the CPU does: `above` are the entries of levels 4, 3 and 2 on the
    /// way, [`OPEN`] for those that there are none of.
    #[inline]
    fn frame(
        &self,
        address: GuestVirtAddr,
        level: u8,
        entry: u64,
        above: [u64; 3],
    ) -> Result<Run, Fault> {
        let size = PAGE_SIZE << (LEVEL_SHIFT * (u32::from(level) - 1));
        // A large page's address starts above bit 12, which is the PAT bit there.
        let low = ADDRESS_MASK & (size - 1) & !PAGE_SIZE;
        if entry & low != 0 {
            return Err(self.fault(address, level, entry, FaultReason::ReservedBit));
        }
        let [fourth, third, second] = above;
        let all = fourth & third & second & entry;
        let any = fourth | third | second | entry;
        if self.denies(all, any).is_some() {
            return Err(self.denial(address, level, entry, above));
        }
        let offset = address.0 & (size - 1);
        let start = GuestAddress((entry & ADDRESS_MASK & !(size - 1)) | offset);
        let length = self.memory.contiguous_from(start).min(size - offset);
        if length == 0 {
            return Err(self.fault(address, level, entry, FaultReason::PageOutsideRam));
        }
        Ok(Run { start, length })
    }

    /// Why entries deny the access, given the bits that `all` of them have and those that
    /// `any` of them has.
    #[inline]
    fn denies(&self, all: u64, any: u64) -> Option<FaultReason> {
        if all & USER == 0 {
            Some(FaultReason::Supervisor)
        } else if self.access == Access::Write && all & WRITABLE == 0 {
            Some(FaultReason::ReadOnly)
        } else if self.access == Access::Execute && any & NO_EXECUTE != 0 {
            Some(FaultReason::NoExecute)
        } else {
            None
        }
    }

    /// The fault of the topmost entry that denies the access.
    #[cold]
    fn denial(&self, address: GuestVirtAddr, level: u8, entry: u64, above: [u64; 3]) -> Fault {
        let denies = |entry| self.denies(entry, entry);
        [4, 3, 2]
            .into_iter()
            .zip(above)
            .find_map(|(level, entry)| Some(self.fault(address, level, entry, denies(entry)?)))
            .unwrap_or_else(|| {
                let reason = denies(entry).unwrap_or(FaultReason::Supervisor);
                self.fault(address, level, entry, reason)
            })
    }

    #[cold]
    const fn fault(
        &self,
        address: GuestVirtAddr,
        level: u8,
        entry: u64,
        reason: FaultReason,
    ) -> Fault {
        Fault {
            address,
            root: self.space.root,
            access: self.access,
            level,
            entry,
            reason,
        }
    }
}
