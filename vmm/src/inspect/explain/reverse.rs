//! Which addresses lead to a frame.

use super::entry::{is_leaf, level_name, span, target};
use crate::inspect::{Hex, InspectedRam, Paused, Problems, Survey};
use crate::memory::PhysicalMemory;
use abi::entry::{NO_EXECUTE, PRESENT, USER, WRITABLE};
use abi::layout::{PAGE_SIZE, TABLE_ENTRIES};
use serde::Serialize;
use std::collections::HashSet;
use vm_memory::GuestAddress;

/// Addresses that are told at most.
const MAX_FOUND: usize = 1000;
/// Tables that are looked through at most, for all processes together.
const MAX_TABLES: u32 = 1 << 17;
/// The entries of the topmost table for the lower half.
const USER_ENTRIES: usize = TABLE_ENTRIES / 2;

/// An address that leads to the frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappedAt {
    /// Koid of the process; null for the kernel's half, which all share.
    pub process: Option<u64>,
    /// Its name; `"kernel"`.
    pub name: String,
    /// The address of the frame's byte that was asked about.
    pub address: Hex,
    /// Bytes of the page: 4 KiB, 2 MiB or 1 GiB.
    pub page_size: u64,
    /// What the entries grant together: `"read"`, `"write"`, `"execute"`, and `"user"` if it
    /// is for ring 3.
    pub rights: Vec<&'static str>,
    /// Koid of the VMO that is mapped there; null if none is, 0 for a private copy.
    pub vmo: Option<u64>,
}

/// The addresses that lead to a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reverse {
    /// The guest-physical address.
    pub physical: Hex,
    /// Whether it is RAM.
    pub in_ram: bool,
    /// Whether it is in the frame of zeros that all processes share.
    pub zero_frame: bool,
    /// The addresses, process by process, the kernel last.
    pub mapped_at: Vec<MappedAt>,
    /// Whether there are more, which are left out.
    pub more: bool,
}

/// What the tables above have gathered.
#[derive(Clone, Copy)]
struct Way {
    level: u8,
    table: u64,
    address: u64,
    /// The AND of the bits that grant, and the OR of the bit that denies.
    all: u64,
    any: u64,
}

struct Search<'m> {
    memory: &'m InspectedRam,
    wanted: u64,
    /// Tables that lead nowhere near, by level: looked through once, however often they are
    /// used. A table may lead to itself.
    barren: HashSet<(u64, u8)>,
    found: Vec<(u64, u64, u64, u64)>,
    tables: u32,
    more: bool,
}

impl Search<'_> {
    /// Looks through a table; whether something was found behind it. It recurses at most
    /// three times.
    fn table(&mut self, way: Way, entries: std::ops::Range<usize>) -> bool {
        if self.barren.contains(&(way.table, way.level)) {
            return false;
        }
        if self.tables >= MAX_TABLES || self.found.len() >= MAX_FOUND {
            self.more = true;
            return false;
        }
        self.tables += 1;
        let mut bytes = [0; TABLE_ENTRIES * 8];
        if self
            .memory
            .read_bytes(GuestAddress(way.table), &mut bytes)
            .is_err()
        {
            self.barren.insert((way.table, way.level));
            return false;
        }
        let mut hit = false;
        let words = bytes.as_chunks::<8>().0.iter().enumerate();
        for (index, word) in words.skip(entries.start).take(entries.len()) {
            let entry = u64::from_le_bytes(*word);
            if entry & PRESENT == 0 {
                continue;
            }
            let size = span(way.level);
            let next = Way {
                level: way.level - 1,
                table: target(way.level, entry),
                address: way.address + index as u64 * size,
                all: way.all & entry,
                any: way.any | entry,
            };
            if !is_leaf(way.level, entry) {
                hit |= next.level > 0 && self.table(next, 0..TABLE_ENTRIES);
            } else if let Some(offset) = self.wanted.checked_sub(next.table)
                && offset < size
            {
                hit = true;
                if self.found.len() < MAX_FOUND {
                    let address = next.address + offset;
                    self.found.push((address, size, next.all, next.any));
                } else {
                    self.more = true;
                }
            }
        }
        if !hit && !self.more && entries.len() == TABLE_ENTRIES {
            self.barren.insert((way.table, way.level));
        }
        hit
    }

    fn space(&mut self, root: u64, entries: std::ops::Range<usize>) -> Vec<(u64, u64, u64, u64)> {
        let way = Way {
            level: 4,
            table: root & !(PAGE_SIZE - 1),
            address: 0,
            all: u64::MAX,
            any: 0,
        };
        self.table(way, entries);
        std::mem::take(&mut self.found)
    }
}

impl Reverse {
    /// The addresses that lead to a guest-physical one.
    #[must_use]
    pub fn new(
        memory: &InspectedRam,
        survey: &Survey,
        physical: u64,
        problems: &mut Problems,
    ) -> Self {
        let mut search = Search {
            memory,
            wanted: physical,
            barren: HashSet::new(),
            found: Vec::new(),
            tables: 0,
            more: false,
        };
        let mut mapped_at = Vec::new();
        for process in &survey.processes {
            let Some(space) = process.view.address_space() else {
                continue;
            };
            let found = search.space(space.root().0, 0..USER_ENTRIES);
            mapped_at.extend(found.into_iter().map(|found| {
                let mapping = process.mapping_at(found.0);
                let vmo = mapping.and_then(|mapping| survey.vmo_at(mapping.vmo()));
                let vmo = vmo.map(crate::objects::VmoView::koid);
                let name = process.view.name().into_owned();
                hit(Some(process.koid()), name, found, vmo)
            }));
        }
        let kernel = search.space(survey.root.kernel_page_table, USER_ENTRIES..TABLE_ENTRIES);
        mapped_at.extend(kernel.into_iter().map(|mut found| {
            // The upper half's bits 48 to 63 are all set.
            found.0 |= 0xFFFF_0000_0000_0000;
            hit(None, "kernel".to_owned(), found, None)
        }));
        let more = search.more || mapped_at.len() > MAX_FOUND;
        mapped_at.truncate(MAX_FOUND);
        if search.tables >= MAX_TABLES {
            problems.note(format_args!(
                "more than {MAX_TABLES} page tables ({} to {}): the rest is left out",
                level_name(4),
                level_name(1)
            ));
        }
        Self {
            physical: Hex(physical),
            in_ram: memory.contiguous_from(GuestAddress(physical)) > 0,
            zero_frame: physical & !(PAGE_SIZE - 1) == survey.root.zero_frame,
            mapped_at,
            more,
        }
    }
}

fn hit(
    process: Option<u64>,
    name: String,
    (address, page_size, all, any): (u64, u64, u64, u64),
    vmo: Option<u64>,
) -> MappedAt {
    let rights = [
        ("read", true),
        ("write", all & WRITABLE != 0),
        ("execute", any & NO_EXECUTE == 0),
        ("user", all & USER != 0),
    ];
    let rights = rights.into_iter().filter(|(_, has)| *has);
    MappedAt {
        process,
        name,
        address: Hex(address),
        page_size,
        rights: rights.map(|(name, _)| name).collect(),
        vmo,
    }
}

impl Paused<'_> {
    /// Which addresses lead to a guest-physical one: of programs, and of the kernel. The
    /// search is bounded; what it leaves out it notes.
    #[must_use]
    pub fn mapped_at(&self, survey: &Survey, physical: u64, problems: &mut Problems) -> Reverse {
        Reverse::new(self.memory(), survey, physical, problems)
    }
}
