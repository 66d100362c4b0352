//! The walk of the page tables for one address, as `translate` makes it.

use super::entry::{self, LeadsTo, Level};
use super::rights::{Control, Rights};
use crate::inspect::{Hex, Paused};
use crate::memory::{AccessError, GuestVirtAddr, PhysicalMemory};
use crate::objects::ProcessView;
use crate::translate::{Access, AddressSpace, Fault, FaultReason, Run, translate};
use abi::entry::PRESENT;
use abi::layout::{USER_BASE, USER_TOP};
use serde::Serialize;
use std::cell::RefCell;
use vm_memory::GuestAddress;

/// Which part of the address space an address is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// Programs can have mappings there.
    User,
    /// In the lower half, but below or above what programs can map.
    NeverMapped,
    /// In the upper half: the kernel's.
    Kernel,
    /// Bits 47 to 63 are not all equal: no address at all.
    NonCanonical,
}

impl AddressKind {
    /// Of that address (reference §19.2).
    #[must_use]
    pub const fn of(address: u64) -> Self {
        match address {
            USER_BASE..USER_TOP => Self::User,
            0..0x8000_0000_0000 => Self::NeverMapped,
            0xFFFF_8000_0000_0000.. => Self::Kernel,
            _ => Self::NonCanonical,
        }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::User => "in the user range",
            Self::NeverMapped => "in the lower half, outside what programs can map",
            Self::Kernel => "in the kernel's half",
            Self::NonCanonical => "not canonical: bits 47 to 63 are not all equal",
        }
    }
}

/// What the page tables of a process say about an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// The address.
    pub address: Hex,
    /// Which part of the address space it is in.
    pub kind: AddressKind,
    /// Guest-physical address of the topmost table (CR3); null if the process has no page
    /// tables any more.
    pub page_table: Option<Hex>,
    /// The entries that the CPU looks at, topmost first; at most four.
    pub levels: Vec<Level>,
    /// Guest-physical address that it leads to, whoever may use it; null if to none.
    pub physical: Option<Hex>,
    /// Bytes of the page that it is in; null if it leads nowhere.
    pub page_size: Option<u64>,
    /// Why it leads nowhere; null if it does not.
    pub failure: Option<String>,
    /// What the entries grant together; null if they lead nowhere.
    pub rights: Option<Rights>,
}

/// Memory that notes which words are read from it.
struct Watched<'m, M> {
    memory: &'m M,
    reads: RefCell<Vec<Read>>,
}

/// An address and the word there; none if it is not RAM.
type Read = (GuestAddress, Option<u64>);

impl<M: PhysicalMemory> PhysicalMemory for Watched<'_, M> {
    fn contiguous_from(&self, at: GuestAddress) -> u64 {
        self.memory.contiguous_from(at)
    }

    fn read_bytes(&self, at: GuestAddress, into: &mut [u8]) -> Result<(), AccessError> {
        self.memory.read_bytes(at, into)
    }

    fn read_u64(&self, at: GuestAddress) -> Result<u64, AccessError> {
        let word = self.memory.read_u64(at);
        self.reads.borrow_mut().push((at, word.ok()));
        word
    }
}

/// A translation and the entries that it looks at, topmost first.
pub(super) fn watch<M: PhysicalMemory>(
    memory: &M,
    space: AddressSpace,
    address: GuestVirtAddr,
    access: Access,
) -> (Result<Run, Fault>, Vec<Read>) {
    let watched = Watched {
        memory,
        reads: RefCell::default(),
    };
    let result = translate(&watched, space, address, access);
    (result, watched.reads.into_inner())
}

impl Translation {
    /// What the page tables of `process` say about `address`, and about `access` to it.
    #[must_use]
    pub fn new<M: PhysicalMemory>(
        memory: &M,
        process: &ProcessView,
        address: u64,
        access: Access,
        control: Control,
    ) -> Self {
        let mut this = Self {
            address: Hex(address),
            kind: AddressKind::of(address),
            page_table: None,
            levels: Vec::new(),
            physical: None,
            page_size: None,
            failure: None,
            rights: None,
        };
        let Some(space) = process.address_space() else {
            this.failure = Some("the process has no page tables any more".to_owned());
            return this;
        };
        this.page_table = Some(Hex(space.root().0));
        this.walk(memory, space, access, control);
        this
    }

    fn walk<M: PhysicalMemory>(
        &mut self,
        memory: &M,
        space: AddressSpace,
        access: Access,
        control: Control,
    ) {
        let address = GuestVirtAddr(self.address.0);
        let (result, reads) = watch(memory, space, address, access);
        self.levels = (1..=4)
            .rev()
            .zip(&reads)
            .map(|(level, (at, raw))| decode(memory, level, *at, *raw))
            .collect();
        let fault = result.err();
        if let Some(fault) = fault {
            self.note(&fault);
        }
        let denied = |reason| {
            matches!(
                reason,
                FaultReason::Supervisor | FaultReason::ReadOnly | FaultReason::NoExecute
            )
        };
        if fault.is_some_and(|fault| !denied(fault.reason)) {
            return;
        }
        // All entries are there, whatever they deny.
        if let Some(Level {
            leads_to: LeadsTo::Page { address, size, .. },
            ..
        }) = self.levels.last()
        {
            self.physical = Some(Hex(address.0 | (self.address.0 & (size - 1))));
            self.page_size = Some(*size);
            let grants = |access| translate(memory, space, address_of(self), access).is_ok();
            self.rights = Some(Rights::new(&self.levels, control, grants));
        }
    }

    /// Marks the entry that stops the walk.
    fn note(&mut self, fault: &Fault) {
        let reason = match fault.reason {
            FaultReason::NotCanonical => "the address is not canonical",
            FaultReason::NotPresent => "P = 0: nothing is there",
            FaultReason::Supervisor => "U/S = 0: ring 3 may not use it",
            FaultReason::ReadOnly => "R/W = 0: ring 3 may not store here",
            FaultReason::NoExecute => "XD = 1: no instructions may be fetched here",
            FaultReason::ReservedBit => "a bit is set that must be zero",
            FaultReason::TableOutsideRam => "the table is not RAM",
            FaultReason::PageOutsideRam => "the page is not RAM",
        };
        match self
            .levels
            .iter_mut()
            .find(|level| level.level == fault.level)
        {
            Some(level) => {
                level.stops = Some(reason.to_owned());
                self.failure = Some(format!("{}[{}]: {reason}", level.name, level.index));
            }
            None => self.failure = Some(reason.to_owned()),
        }
        if matches!(
            fault.reason,
            FaultReason::Supervisor | FaultReason::ReadOnly | FaultReason::NoExecute
        ) {
            // It leads somewhere all the same.
            self.failure = None;
        }
    }
}

const fn address_of(translation: &Translation) -> GuestVirtAddr {
    GuestVirtAddr(translation.address.0)
}

fn decode<M: PhysicalMemory>(memory: &M, level: u8, at: GuestAddress, raw: Option<u64>) -> Level {
    let leads_to = match raw {
        Some(raw) if raw & PRESENT != 0 => {
            let address = entry::target(level, raw);
            let in_ram = memory.contiguous_from(GuestAddress(address)) > 0;
            if entry::is_leaf(level, raw) {
                LeadsTo::Page {
                    address: Hex(address),
                    size: entry::span(level),
                    in_ram,
                }
            } else {
                LeadsTo::Table {
                    address: Hex(address),
                    in_ram,
                }
            }
        }
        _ => LeadsTo::Nothing,
    };
    Level {
        level,
        name: entry::level_name(level),
        table: Hex(at.0 & !0xFFF),
        index: (at.0 & 0xFFF) / 8,
        at: Hex(at.0),
        raw: raw.map(Hex),
        flags: raw.map_or_else(Vec::new, |raw| entry::flags(level, raw)),
        leads_to,
        stops: None,
    }
}

impl Paused<'_> {
    /// What the page tables of a process say about an address; the entry that denies ring 3
    /// an `access`, if one does, is marked.
    #[must_use]
    pub fn translate(&self, process: &ProcessView, address: u64, access: Access) -> Translation {
        let control = Control::of(self.machine());
        Translation::new(self.memory(), process, address, access, control)
    }
}
