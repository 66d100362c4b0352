//! Random guests: a process with mappings of all kinds, in all states.

use super::P;
use crate::objects::mock::MockGuest;
use abi::call_page::Access;
use abi::entry::{NO_EXECUTE, PRESENT, USER, WRITABLE};
use abi::objects::{CachePolicy, Mapping, MappingFlags, Permissions, Vmo, VmoKind, VmoOptions};
use abi::root::BootOptions;
use abi::{Rights, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use vm_memory::GuestAddress;

/// Where a buffer is that is all there: sixteen pages.
pub(super) const BUFFER: u64 = 0x4000_0000;
/// Where `actual` goes.
pub(super) const ACTUAL: u64 = 0x5000_0000;
/// Where the mappings in question begin.
pub(super) const TARGET: u64 = 0x1_0000_0000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Anonymous,
    Snapshot,
    Pager,
    ClonedPager,
    Slice,
    SliceOfPager,
    Reference,
    Physical,
    UncachedPhysical,
    Uncached,
    Discarded,
    Contiguous,
    Pinned,
}

const KINDS: [Kind; 13] = [
    Kind::Anonymous,
    Kind::Snapshot,
    Kind::Pager,
    Kind::ClonedPager,
    Kind::Slice,
    Kind::SliceOfPager,
    Kind::Reference,
    Kind::Physical,
    Kind::UncachedPhysical,
    Kind::Uncached,
    Kind::Discarded,
    Kind::Contiguous,
    Kind::Pinned,
];

/// How a page-table entry is spoilt.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spoil {
    /// Bits of the last entry that are turned over.
    Last(u64),
    /// Bits of the entry above it.
    Above(u64),
}

/// One mapping.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) kind: Kind,
    /// Permissions now, and more that it could be given.
    pub(super) permissions: u32,
    pub(super) more: u32,
    pub(super) vmo_pages: u64,
    pub(super) pages: u64,
    pub(super) vmo_offset: u64,
    /// Pages left free before it.
    pub(super) gap: u64,
    /// Bit `n`: the VMO has a page `n`.
    pub(super) present: u64,
    /// Bit `n`: page `n` of the mapping was touched before.
    pub(super) touched: u64,
    /// What the mapping is flagged with besides.
    pub(super) flags: u32,
    /// Where it is split, with permissions of the second part.
    pub(super) split: Option<(u64, u32)>,
    pub(super) spoil: Option<(u64, Spoil)>,
}

fn slot() -> impl Strategy<Value = Slot> {
    let bits = prop_oneof![
        Just(PRESENT),
        Just(WRITABLE),
        Just(USER),
        Just(NO_EXECUTE),
        Just(1 << 49),
        Just(1 << 44),
        Just(1 << 7),
    ];
    let spoil = (0..4u64, bits, any::<bool>()).prop_map(|(page, bits, last)| {
        let spoil = if last {
            Spoil::Last(bits)
        } else {
            Spoil::Above(bits)
        };
        (page, spoil)
    });
    let flags = prop_oneof![
        6 => Just(0),
        1 => Just(MappingFlags::VDSO.bits()),
        1 => Just(MappingFlags::PRIVATE_COPY.bits()),
        1 => Just(MappingFlags::FAULT_BEYOND_STREAM_SIZE.bits()),
    ];
    let sizes = (1..5u64, 1..5u64, 0..3u64, 0..2u64);
    let states = (0..16u64, 0..16u64, flags);
    let split = proptest::option::weighted(0.2, (1..4u64, 0..8u32));
    (
        prop::sample::select(&KINDS[..]),
        (0..8u32, 0..8u32),
        sizes,
        states,
        split,
        proptest::option::weighted(0.2, spoil),
    )
        .prop_map(
            |(kind, (permissions, more), sizes, states, split, spoil)| Slot {
                kind,
                permissions,
                more,
                vmo_pages: sizes.0,
                pages: sizes.1,
                vmo_offset: sizes.2 * P,
                gap: sizes.3,
                present: states.0,
                touched: states.1,
                flags: states.2,
                split: split.filter(|(at, _)| *at < sizes.1),
                spoil,
            },
        )
}

/// A whole guest, to be made as often as it is needed.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) slots: Vec<Slot>,
    pub(super) zircon: bool,
    pub(super) debugging: bool,
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let debugging = prop_oneof![9 => Just(true), 1 => Just(false)];
    (vec(slot(), 1..4), any::<bool>(), debugging).prop_map(|(slots, zircon, debugging)| Plan {
        slots,
        zircon,
        debugging,
    })
}

/// An address with a length, most of them near the mappings.
pub(super) fn place() -> impl Strategy<Value = (u64, u64)> {
    let near = (0..16 * P).prop_map(|offset| TARGET - P + offset);
    let address = prop_oneof![
        12 => near,
        1 => Just(0),
        1 => Just(0xFFFF_FF80_0000_1000),
        1 => Just(0x8000_0000_0000),
        1 => Just(abi::layout::USER_BASE - 1),
        1 => Just(abi::layout::USER_TOP - 1),
        1 => Just(u64::MAX),
    ];
    let length = prop_oneof![Just(1), 1..3 * P];
    (address, length)
}

/// A guest as planned.
pub(super) struct World {
    pub(super) guest: MockGuest,
    pub(super) process: GuestAddress,
    /// A VMO of sixteen pages that is all there.
    pub(super) vmo: u64,
    /// The process itself.
    pub(super) own: u64,
    /// The VMOs of the mappings.
    pub(super) vmos: Vec<GuestAddress>,
}

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut guest = MockGuest::new(16 << 20).unwrap();
        let process = guest.process("target").unwrap();
        guest.user_memory(process, BUFFER, 16 * P).unwrap();
        guest.user_memory(process, ACTUAL, P).unwrap();
        let mut vmos = Vec::new();
        let mut spoilt = Vec::new();
        let mut at = TARGET;
        for slot in &plan.slots {
            at += slot.gap * P;
            vmos.push(map(&mut guest, process, at, slot));
            if let Some((page, spoil)) = slot.spoil.filter(|(page, _)| *page < slot.pages) {
                let last = guest.page_table_entry(process, at + page * P).unwrap();
                spoilt.push(match spoil {
                    Spoil::Last(bits) => (last, bits),
                    Spoil::Above(bits) => (above(&guest, process, at + page * P), bits),
                });
            }
            at += slot.pages * P;
        }
        let good = guest.vmo("good", 16 * P).unwrap();
        guest.commit(good, 0, 16 * P).unwrap();
        let vmo = guest.handle(process, good, Rights::DEFAULT_VMO).unwrap();
        let own = guest.handle(process, process, Rights::DEFAULT_PROCESS);
        let mut options = BootOptions::empty();
        options.set(BootOptions::ZIRCON_ERRORS, plan.zircon);
        options.set(BootOptions::DEBUGGING_SYSCALLS, plan.debugging);
        guest.set_options(options).unwrap();
        for (entry, bits) in spoilt {
            guest.edit(entry, |entry: &mut u64| *entry ^= bits).unwrap();
        }
        // Whatever has to wait for a pager ends with this.
        guest.fail_pagers(Status::IO);
        Self {
            process,
            vmo: vmo.into(),
            own: own.unwrap().into(),
            guest,
            vmos,
        }
    }
}

fn map(guest: &mut MockGuest, process: GuestAddress, at: u64, slot: &Slot) -> GuestAddress {
    let size = slot.vmo_pages * P;
    let vmo = vmo(guest, slot, size);
    let length = slot.pages * P;
    let permissions = Permissions::from_bits_truncate(slot.permissions);
    let mapping = guest
        .map(process, at, length, (vmo, slot.vmo_offset), permissions)
        .unwrap();
    guest
        .edit(mapping, |mapping: &mut Mapping| {
            mapping.maximum |= slot.more;
            mapping.flags |= slot.flags;
        })
        .unwrap();
    if let Some((page, permissions)) = slot.split {
        let permissions = Permissions::from_bits_truncate(permissions);
        guest.join(mapping, at + page * P, permissions).unwrap();
    }
    for page in (0..slot.pages).filter(|page| slot.touched >> page & 1 != 0) {
        for access in [Access::READ, Access::WRITE] {
            // It may well be refused.
            let _ = guest.fault(process, at + page * P, access).unwrap();
        }
    }
    vmo
}

/// The entry of level 2 for an address.
fn above(guest: &MockGuest, process: GuestAddress, address: u64) -> GuestAddress {
    let mut table = guest
        .get::<abi::objects::Process>(process)
        .unwrap()
        .page_table;
    for level in [4, 3] {
        let index = address >> (12 + 9 * (level - 1)) & 511;
        table = guest.get::<u64>(GuestAddress(table + index * 8)).unwrap();
        table &= abi::entry::ADDRESS_MASK;
    }
    GuestAddress(table + (address >> 21 & 511) * 8)
}

fn vmo(guest: &mut MockGuest, slot: &Slot, size: u64) -> GuestAddress {
    let fill = |guest: &mut MockGuest, vmo| {
        for page in (0..slot.vmo_pages).filter(|page| slot.present >> page & 1 != 0) {
            guest.write_vmo(vmo, page * P, &[7]).unwrap();
        }
    };
    let option = |guest: &mut MockGuest, vmo, option: VmoOptions| {
        let set = |vmo: &mut Vmo| vmo.options |= option.bits();
        guest.edit(vmo, set).unwrap();
    };
    match slot.kind {
        Kind::Pager | Kind::ClonedPager | Kind::SliceOfPager => {
            let vmo = guest.pager_vmo(size).unwrap();
            for page in (0..slot.vmo_pages).filter(|page| slot.present >> page & 1 != 0) {
                guest.supply(vmo, page * P).unwrap();
            }
            match slot.kind {
                Kind::Pager => vmo,
                Kind::ClonedPager => {
                    let clone = guest.look_through(vmo, 0, size, size).unwrap();
                    if slot.present & 1 != 0 {
                        guest.write_vmo(clone, 0, &[9]).unwrap();
                    }
                    clone
                }
                _ => guest.slice(vmo, 0..size).unwrap(),
            }
        }
        Kind::Slice => {
            let source = guest.vmo("source", size + 2 * P).unwrap();
            fill(guest, source);
            guest.slice(source, P..P + size).unwrap()
        }
        Kind::Reference => {
            let source = guest.vmo("source", size).unwrap();
            fill(guest, source);
            guest.reference(source).unwrap()
        }
        Kind::Snapshot => {
            let source = guest.vmo("source", size).unwrap();
            fill(guest, source);
            let other = guest.vmo("snapshot", size).unwrap();
            for page in (0..slot.vmo_pages).filter(|page| slot.present >> page & 1 != 0) {
                guest.share(source, page * P, other).unwrap();
            }
            other
        }
        kind => {
            let vmo = guest.vmo("memory", size).unwrap();
            fill(guest, vmo);
            match kind {
                Kind::Physical | Kind::UncachedPhysical => {
                    let frame = guest.frame().unwrap();
                    for _ in 1..slot.vmo_pages {
                        guest.frame().unwrap();
                    }
                    guest
                        .edit(vmo, |vmo: &mut Vmo| {
                            vmo.kind = VmoKind::PHYSICAL.0;
                            vmo.physical_base = frame.0;
                            if kind == Kind::UncachedPhysical {
                                vmo.cache_policy = CachePolicy::UNCACHED.0;
                            }
                        })
                        .unwrap();
                }
                Kind::Uncached => guest
                    .edit(vmo, |vmo: &mut Vmo| {
                        vmo.cache_policy = CachePolicy::WRITE_COMBINING.0;
                    })
                    .unwrap(),
                Kind::Discarded => option(guest, vmo, VmoOptions::DISCARDED),
                Kind::Contiguous => {
                    guest.commit(vmo, 0, size).unwrap();
                    option(guest, vmo, VmoOptions::CONTIGUOUS);
                }
                Kind::Pinned => option(guest, vmo, VmoOptions::PINNED),
                _ => {}
            }
            vmo
        }
    }
}
