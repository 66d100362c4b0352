//! What differs between two guests, or two moments of one.
//!
//! Pages of VMOs are compared by the VMO's koid and the offset: a page that moved to another
//! frame and holds the same has not changed. All other frames are compared where they are.

mod compare;
mod objects;
mod page_lists;
mod physical;
mod vmos;

use super::owner::OwnerIndex;
use super::read::HexBytes;
use crate::inspect::look::FrameKind;
use crate::inspect::{Hex, Origin, Paused, Problems, Survey};
use compare::Ranges;
pub use objects::{DiffHandle, DiffObject, ObjectChanges};
use serde::Serialize;
use std::collections::HashMap;

/// What is wanted of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct DiffOptions {
    /// Ranges that are told one by one.
    pub limit: usize,
    /// Tell the bytes of each range, 64 at most.
    pub bytes: bool,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The first guest.
    pub before: Origin,
    /// The second guest.
    pub after: Origin,
    /// Bytes of RAM that the first and the second have.
    pub ram: (u64, u64),
    /// Pages in which a byte differs.
    pub pages: u64,
    /// Bytes that differ.
    pub bytes: u64,
    /// The same by who has them.
    pub groups: Vec<ChangedGroup>,
    /// The ranges of bytes, in the order of the groups' pages; as many as were asked for.
    pub ranges: Vec<ChangedRange>,
    /// There are more ranges.
    pub more_ranges: bool,
    /// Processes that are new or gone; null if the objects of one guest cannot be found.
    pub processes: Option<ObjectChanges<DiffObject>>,
    /// VMOs that are new or gone, private clones not counted.
    pub vmos: Option<ObjectChanges<DiffObject>>,
    /// Handles that are new or gone. One that leads to another object, or has other rights, is
    /// gone and new.
    pub handles: Option<ObjectChanges<DiffHandle>>,
    /// What could not be compared.
    #[serde(skip)]
    pub problems: Problems,
}

/// What differs of one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedGroup {
    /// What the frames are used for, in the second guest; `vmo_page` for a VMO, whose pages
    /// are compared by offset; null if nobody can tell.
    pub kind: Option<FrameKind>,
    /// The owner for a person.
    pub description: String,
    /// Of a VMO: its koid; 0 for a private clone.
    pub vmo: Option<u64>,
    /// Processes: those that have the VMO mapped, or the one whose page tables they are.
    pub processes: Vec<DiffObject>,
    /// Pages in which a byte differs.
    pub pages: u64,
    /// Of a VMO: pages that only the second guest has.
    pub pages_new: u64,
    /// Of a VMO: pages that only the first guest has.
    pub pages_gone: u64,
    /// Bytes that differ.
    pub bytes: u64,
}

/// Bytes in a row that differ; up to seven equal ones may stand between two of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedRange {
    /// Index in [`Difference::groups`].
    pub group: usize,
    /// Offset in the VMO; of all else the guest-physical address.
    pub address: Hex,
    /// Bytes.
    pub length: u64,
    /// The first 64 of them before; null if they were not asked for.
    pub before: Option<HexBytes>,
    /// The same after.
    pub after: Option<HexBytes>,
}

impl Difference {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let same = |changes: &Option<ObjectChanges<DiffObject>>| {
            changes.as_ref().is_none_or(ObjectChanges::is_empty)
        };
        self.groups.is_empty()
            && self.ram.0 == self.ram.1
            && same(&self.processes)
            && same(&self.vmos)
            && self.handles.as_ref().is_none_or(ObjectChanges::is_empty)
    }
}

/// One of the two guests.
struct Side<'p> {
    paused: &'p Paused<'p>,
    survey: &'p Survey,
    owners: OwnerIndex<'p>,
}

/// Compares two guests that stand still; `progress` is told bytes of RAM that were compared,
/// and all of them. What cannot be compared is noted, and the rest is.
#[must_use]
pub fn diff(
    before: &Paused<'_>,
    after: &Paused<'_>,
    options: &DiffOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Difference {
    let mut problems = before.problems().clone();
    problems.add(after.problems());
    // Without objects there is RAM to compare all the same.
    let surveys = (
        problems.sound(before.survey()),
        problems.sound(after.survey()),
    );
    let mut sides = None;
    let mut objects = (None, None, None);
    if let (Some(first), Some(second)) = (&surveys.0, &surveys.1) {
        problems.add(&first.problems);
        problems.add(&second.problems);
        let (processes, vmos, handles) = objects::changes(first, second);
        objects = (Some(processes), Some(vmos), Some(handles));
        sides = Some((
            Side {
                owners: OwnerIndex::new(before, first, &mut problems),
                paused: before,
                survey: first,
            },
            Side {
                owners: OwnerIndex::new(after, second, &mut problems),
                paused: after,
                survey: second,
            },
        ));
    }
    let mut groups = Groups::new(options);
    if let Some((first, second)) = &sides {
        vmos::compare(first, second, &mut groups, &mut problems);
    }
    physical::compare(
        (before.memory(), after.memory()),
        sides.as_ref(),
        &mut groups,
        progress,
    );
    let sum = |count: fn(&ChangedGroup) -> u64| groups.groups.iter().map(count).sum();
    Difference {
        before: before.origin().clone(),
        after: after.origin().clone(),
        ram: (before.memory().size(), after.memory().size()),
        pages: sum(|group| group.pages),
        bytes: sum(|group| group.bytes),
        ranges: groups.ranges.ranges,
        more_ranges: groups.ranges.more,
        groups: groups.groups,
        processes: objects.0,
        vmos: objects.1,
        handles: objects.2,
        problems,
    }
}

/// Whose pages are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// By where it stands in the second guest, or in the first if it is gone.
    Vmo(u64),
    /// By the use, and the koid of the process or VMO, or the objects' type.
    Frames(Option<FrameKind>, u64, Option<&'static str>),
}

/// All groups, and the ranges.
struct Groups<'o> {
    index: HashMap<Key, usize>,
    groups: Vec<ChangedGroup>,
    ranges: Ranges<'o>,
}

impl<'o> Groups<'o> {
    fn new(options: &'o DiffOptions) -> Self {
        Self {
            index: HashMap::new(),
            groups: Vec::new(),
            ranges: Ranges::new(options),
        }
    }

    /// The group, made if there is none.
    fn index(&mut self, key: Key, make: impl FnOnce() -> ChangedGroup) -> usize {
        *self.index.entry(key).or_insert_with(|| {
            self.groups.push(make());
            self.groups.len() - 1
        })
    }

    /// Compares two pages of a group.
    fn compare(
        &mut self,
        group: usize,
        address: u64,
        before: &compare::PageBytes,
        after: &compare::PageBytes,
    ) {
        let bytes = self.ranges.compare(group, address, before, after);
        if let Some(group) = self.groups.get_mut(group)
            && bytes > 0
        {
            group.pages += 1;
            group.bytes += bytes;
        }
    }
}
