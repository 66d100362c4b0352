//! Who owns each frame of RAM (`vmm frames`).

mod claims;
mod kind;
mod objects;
mod owner;
mod table;

pub use kind::FrameKind;
pub use owner::{FrameOwner, FrameRun, FrameTotal, Named, PageShare};

use crate::inspect::{Hex, Paused, Problems, Survey};
use abi::layout::{PAGE_SHIFT, PAGE_SIZE};
use std::collections::HashMap;
use table::{Entry, Table};
use vm_memory::GuestAddress;

/// Names of what pools of objects hold; an entry's `who` counts in it.
const POOLS: [&str; 11] = [
    "process",
    "thread",
    "vmo",
    "vmar",
    "mapping",
    "pager",
    "page source",
    "port",
    "plain object",
    "packet",
    "standing request",
];

/// Who owns each frame of a guest's RAM: one entry of twelve bytes a frame, and the names.
///
/// Every frame has exactly one kind, so that the totals are the RAM. What is broken in the
/// guest is noted; a frame that two say is theirs is the one's that came first.
#[derive(Debug)]
pub struct FrameOwners {
    table: Table,
    /// Of frames that several VMOs have: the others. By frame number.
    shares: HashMap<u64, Vec<(u32, u64)>>,
    /// In the order of [`Survey::vmos`].
    vmos: Vec<Named>,
    /// In the order of [`Survey::processes`].
    processes: Vec<Named>,
}

/// Looks up who owns each frame. It reads every page list and page table, so the guest must
/// stand still for it: a copy of all tables of a guest takes about a millisecond for 100 MiB.
#[must_use]
pub fn frame_owners(paused: &Paused<'_>, survey: &Survey, problems: &mut Problems) -> FrameOwners {
    let mut owners = FrameOwners {
        table: Table::new(paused.memory(), problems),
        shares: HashMap::new(),
        vmos: survey.vmos.iter().map(Named::vmo).collect(),
        processes: survey.processes.iter().map(Named::process).collect(),
    };
    claims::claim_all(&mut owners, paused.memory(), survey, problems);
    owners
}

impl FrameOwners {
    /// What the frame is used for that an address is in; `None` if that is no RAM.
    #[must_use]
    pub fn kind_of(&self, address: GuestAddress) -> Option<FrameKind> {
        self.table
            .get(address.0 >> PAGE_SHIFT)
            .map(|entry| entry.kind())
    }

    /// Who owns the frame that an address is in; `None` if that is no RAM.
    #[must_use]
    pub fn owner_of(&self, address: GuestAddress) -> Option<FrameOwner<'_>> {
        let frame = address.0 >> PAGE_SHIFT;
        self.table.get(frame).map(|entry| self.owner(frame, entry))
    }

    /// The place of the owner of the frame that an address is in: of a page or a table of a
    /// VMO in [`Survey::vmos`], of a page table in [`Survey::processes`].
    #[must_use]
    pub fn place_of(&self, address: GuestAddress) -> Option<usize> {
        let entry = self.table.get(address.0 >> PAGE_SHIFT)?;
        let has_owner = matches!(
            entry.kind(),
            FrameKind::PageTable
                | FrameKind::PageListTable
                | FrameKind::VmoPage
                | FrameKind::PhysicalVmo
        );
        has_owner.then_some(entry.who as usize)
    }

    /// The VMOs that have the page that an address is in: their places in [`Survey::vmos`],
    /// and the page's offset in each. None of what is no page of a VMO.
    pub fn sharers_of(&self, address: GuestAddress) -> impl Iterator<Item = (usize, u64)> {
        let frame = address.0 >> PAGE_SHIFT;
        let paged = |kind| matches!(kind, FrameKind::VmoPage | FrameKind::PhysicalVmo);
        let first = self.table.get(frame).filter(|entry| paged(entry.kind()));
        let others = first.and_then(|_| self.shares.get(&frame));
        let all = first.map(|entry| (entry.who, entry.page())).into_iter();
        all.chain(others.into_iter().flatten().copied())
            .map(|(who, page)| (who as usize, page.wrapping_mul(PAGE_SIZE)))
    }

    /// Every frame (its first address) with its kind, in ascending order.
    pub fn kinds(&self) -> impl Iterator<Item = (GuestAddress, FrameKind)> {
        let frames = self.table.all();
        frames.map(|(frame, entry)| (GuestAddress(frame << PAGE_SHIFT), entry.kind()))
    }

    /// All of RAM in runs of frames that are alike, in ascending order.
    pub fn runs(&self) -> impl Iterator<Item = FrameRun<'_>> {
        let mut frames = self.table.all().peekable();
        std::iter::from_fn(move || {
            let (first, entry) = frames.next()?;
            let mut last = (first, entry);
            while let Some(next) = frames.next_if(|next| self.continues(last, *next)) {
                last = next;
            }
            let count = last.0 - first + 1;
            Some(FrameRun {
                start: Hex(first << PAGE_SHIFT),
                end: Hex((last.0 + 1) << PAGE_SHIFT),
                frames: count,
                owner: self.owner(first, entry),
            })
        })
    }

    /// How many frames there are of each kind; their sum is all of RAM.
    #[must_use]
    pub fn totals(&self) -> Vec<FrameTotal> {
        let mut counts = HashMap::new();
        for (_, entry) in self.table.all() {
            let kind = entry.kind();
            let object = (kind == FrameKind::Pool).then_some(entry.who);
            *counts.entry((kind, object)).or_insert(0) += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        let total = |((kind, object), frames): ((FrameKind, Option<u32>), u64)| FrameTotal {
            kind,
            object: object.and_then(pool_name),
            frames,
            bytes: frames.saturating_mul(PAGE_SIZE),
        };
        counts.into_iter().map(total).collect()
    }

    fn owner(&self, frame: u64, entry: Entry) -> FrameOwner<'_> {
        let kind = entry.kind();
        let who = entry.who as usize;
        let mut owner = FrameOwner::of(kind);
        let place = entry.page().wrapping_mul(PAGE_SIZE);
        match kind {
            FrameKind::Pool => owner.object = pool_name(entry.who),
            FrameKind::PageTable => {
                owner.process = self.processes.get(who);
                owner.level = Some(entry.level()).filter(|level| *level != 0);
                owner.address = owner.level.map(|_| Hex(place));
            }
            FrameKind::PageListTable => {
                owner.vmo = self.vmos.get(who);
                owner.level = Some(entry.level());
                owner.offset = Some(place);
            }
            FrameKind::VmoPage | FrameKind::PhysicalVmo => {
                owner.vmo = self.vmos.get(who);
                owner.offset = Some(place);
                let shares = self.shares.get(&frame).into_iter().flatten();
                let share = |(who, page): &(u32, u64)| PageShare {
                    vmo: self.vmos.get(*who as usize),
                    offset: page.wrapping_mul(PAGE_SIZE),
                };
                owner.shared_with = shares.map(share).collect();
            }
            _ => {}
        }
        owner
    }

    /// Whether a frame goes on with what the one before it is.
    fn continues(&self, (frame, entry): (u64, Entry), (next, after): (u64, Entry)) -> bool {
        let alike = next == frame + 1
            && entry.kind() == after.kind()
            && entry.who == after.who
            && entry.level() == after.level();
        let paged = matches!(entry.kind(), FrameKind::VmoPage | FrameKind::PhysicalVmo);
        if !paged || !alike {
            return alike;
        }
        let step = |(who, page): (u32, u64)| (who, page.wrapping_add(1));
        let shares = |frame| self.shares.get(&frame).map_or(&[][..], Vec::as_slice);
        let (these, those) = (shares(frame), shares(next));
        after.page() == entry.page().wrapping_add(1)
            && these.len() == those.len()
            && these.iter().zip(those).all(|(a, b)| step(*a) == *b)
    }
}

fn pool_name(number: u32) -> Option<&'static str> {
    POOLS.get(number as usize).copied()
}

#[cfg(test)]
mod tests;
