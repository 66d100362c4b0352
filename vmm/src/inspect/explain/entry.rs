//! Entries of page tables, with Intel's names (SDM vol. 3, 4.5, tables 4-15 to 4-20).

use crate::inspect::Hex;
use abi::entry::{
    ADDRESS_MASK, CACHE_DISABLE, LARGE, NO_EXECUTE, PRESENT, USER, WRITABLE, WRITE_THROUGH,
};
use serde::Serialize;

const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const GLOBAL: u64 = 1 << 8;
/// The PAT bit of an entry that maps a large page.
const LARGE_PAT: u64 = 1 << 12;

/// A bit with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// As Intel's manual calls it: `"P"`, `"R/W"`, `"U/S"`, `"XD"`.
    pub name: &'static str,
    /// Its number, 0 for the lowest.
    pub bit: u32,
    /// Whether it is set.
    pub set: bool,
    /// What that says.
    pub meaning: &'static str,
}

impl Flag {
    pub(super) const fn new(
        name: &'static str,
        mask: u64,
        word: u64,
        [clear, set]: [&'static str; 2],
    ) -> Self {
        let is_set = word & mask != 0;
        Self {
            name,
            bit: mask.trailing_zeros(),
            set: is_set,
            meaning: if is_set { set } else { clear },
        }
    }
}

/// Where an entry leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum LeadsTo {
    /// Nowhere: it is not present, or cannot be read.
    Nothing,
    /// To the table of the next level.
    Table {
        /// Its guest-physical address.
        address: Hex,
        /// Whether that is RAM.
        in_ram: bool,
    },
    /// To a page.
    Page {
        /// Its guest-physical address.
        address: Hex,
        /// Its bytes: 4 KiB, 2 MiB or 1 GiB.
        size: u64,
        /// Whether its first byte is RAM.
        in_ram: bool,
    },
}

/// What a walk looks at on one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// 4 for the topmost table, 1 for the last.
    pub level: u8,
    /// What its entries are called: `"PML4E"`, `"PDPTE"`, `"PDE"`, `"PTE"`.
    pub name: &'static str,
    /// Guest-physical address of the table.
    pub table: Hex,
    /// Which of its 512 entries.
    pub index: u64,
    /// Guest-physical address of the entry.
    pub at: Hex,
    /// The entry; null if it is not in RAM.
    pub raw: Option<Hex>,
    /// Its bits; of an entry that is not present only that one means anything.
    pub flags: Vec<Flag>,
    /// Where it leads.
    pub leads_to: LeadsTo,
    /// What it denies the access that was asked about, or why the walk ends here; null if
    /// neither.
    pub stops: Option<String>,
}

/// What the entries of a level are called.
pub(super) const fn level_name(level: u8) -> &'static str {
    match level {
        4 => "PML4E",
        3 => "PDPTE",
        2 => "PDE",
        _ => "PTE",
    }
}

/// Bytes that an entry of that level covers.
pub(super) const fn span(level: u8) -> u64 {
    match level {
        4 => 1 << 39,
        3 => 1 << 30,
        2 => 1 << 21,
        _ => 1 << 12,
    }
}

/// Whether a present entry of that level maps a page.
pub(super) const fn is_leaf(level: u8, entry: u64) -> bool {
    level == 1 || (level < 4 && entry & LARGE != 0)
}

/// The guest-physical address of what a present entry of that level leads to.
pub(super) const fn target(level: u8, entry: u64) -> u64 {
    if is_leaf(level, entry) {
        entry & ADDRESS_MASK & !(span(level) - 1)
    } else {
        entry & ADDRESS_MASK
    }
}

/// The bits of an entry of that level.
pub(super) fn flags(level: u8, entry: u64) -> Vec<Flag> {
    let flag = |name, mask, meanings| Flag::new(name, mask, entry, meanings);
    let present = flag("P", PRESENT, ["not present", "present"]);
    if !present.set {
        return vec![present];
    }
    let mut flags = vec![
        present,
        flag("R/W", WRITABLE, ["read-only", "writable"]),
        flag("U/S", USER, ["ring 0 only", "ring 3 may use it"]),
        flag("PWT", WRITE_THROUGH, ["write-back", "write-through"]),
        flag("PCD", CACHE_DISABLE, ["cached", "not cached"]),
        flag("A", ACCESSED, ["not used yet", "was used"]),
    ];
    let leaf = is_leaf(level, entry);
    if leaf {
        flags.push(flag("D", DIRTY, ["not written yet", "was written"]));
    }
    if level > 1 {
        flags.push(flag("PS", LARGE, ["leads to a table", "maps a large page"]));
    }
    if leaf {
        let pat = if level == 1 { LARGE } else { LARGE_PAT };
        flags.push(flag(
            "PAT",
            pat,
            ["PAT entries 0 to 3", "PAT entries 4 to 7"],
        ));
        flags.push(flag("G", GLOBAL, ["this address space's", "global"]));
    }
    flags.push(flag("XD", NO_EXECUTE, ["executable", "not executable"]));
    flags
}
