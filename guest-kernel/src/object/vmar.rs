//! Virtual memory address regions (reference §13): the tree of a process's address space.
//!
//! A VMAR has a list of regions, mappings and VMARs, in ascending order. Who holds a
//! reference to a VMAR: each of its handles; its process, to the root VMAR; the list of
//! its parent, to any other. A destroyed VMAR is in no list, has no regions, no process
//! and no parent, and lives on for its handles. The links to process and parent hold no
//! references: they are cut before those go.

mod change;
mod place;

use abi::layout::{MAX_VMAR_DEPTH, USER_BASE, USER_TOP};
use abi::objects::{Mapping, ObjectType, Process, Region, Vmar};
use abi::options::VmOptions;
use abi::{Link, Status};

use super::{header, mapping};
use crate::arch::paging;
use crate::mem::pool::Pool;
use crate::random;
use crate::state::{Follow, Ptr, new_koid};

pub use change::{check_unmap, check_vdso_code, map, protect, unmap};
pub use place::{choose, is_free};

static POOL: Pool<Vmar> = Pool::new();

/// `ZX_VM_CAN_MAP_READ`, `_WRITE` and `_EXECUTE`.
pub const CAN_MAP_RWX: VmOptions = VmOptions::CAN_MAP_READ
    .union(VmOptions::CAN_MAP_WRITE)
    .union(VmOptions::CAN_MAP_EXECUTE);

/// The options that a VMAR keeps, what it allows and how it is filled.
pub const FLAGS: VmOptions = CAN_MAP_RWX
    .union(VmOptions::CAN_MAP_SPECIFIC)
    .union(VmOptions::COMPACT);

/// The root VMAR of a process. The caller gets the one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create_root(process: Ptr<Process>) -> Result<Ptr<Vmar>, Status> {
    let mut vmar = create(process, USER_BASE, USER_TOP - USER_BASE)?;
    vmar.flags = (CAN_MAP_RWX | VmOptions::CAN_MAP_SPECIFIC).bits();
    // Somewhere in the lower half of the user range, in steps of 2 MiB.
    vmar.search_from = USER_BASE + (random::next() & ((1 << 46) - (2 << 20)));
    Ok(vmar)
}

/// A VMAR in a free range of another one, which gets the one reference. `flags` are
/// some of [`FLAGS`].
///
/// # Errors
/// NO_RESOURCES if too many stand in one another; NO_MEMORY.
pub fn create_sub(
    parent: Ptr<Vmar>,
    base: u64,
    size: u64,
    flags: VmOptions,
) -> Result<Ptr<Vmar>, Status> {
    if depth(parent) >= MAX_VMAR_DEPTH {
        return Err(Status::NO_RESOURCES);
    }
    let mut vmar = create(Ptr::new(parent.process), base, size)?;
    vmar.region.parent = parent.link();
    vmar.flags = flags.bits();
    vmar.search_from = place::random_start(base, size);
    insert(parent, vmar.cast());
    Ok(vmar)
}

/// VMARs from the root to this one, both included.
fn depth(vmar: Ptr<Vmar>) -> u32 {
    let ancestors = core::iter::successors(Some(vmar), |vmar| vmar.region.parent.get());
    ancestors.fold(0, |depth, _| depth + 1)
}

fn create(process: Ptr<Process>, base: u64, size: u64) -> Result<Ptr<Vmar>, Status> {
    let mut vmar = POOL.allocate()?;
    vmar.region = Region {
        header: header::new(ObjectType::VMAR, new_koid()),
        base,
        size,
        ..Region::default()
    };
    vmar.process = process.link();
    Ok(vmar)
}

/// Frees a VMAR that nothing refers to any more.
pub fn destroy(vmar: Ptr<Vmar>) {
    POOL.free(vmar);
}

/// Whether it allows all of that.
pub fn allows(vmar: Ptr<Vmar>, flags: VmOptions) -> bool {
    VmOptions::from_bits_retain(vmar.flags).contains(flags)
}

/// Whether the range lies in it. False for one that wraps.
pub fn contains(vmar: Ptr<Vmar>, base: u64, size: u64) -> bool {
    base >= vmar.region.base
        && base
            .checked_add(size)
            .is_some_and(|end| end <= vmar.region.base + vmar.region.size)
}

/// The region itself, if it is a VMAR.
pub fn of_region(region: Ptr<Region>) -> Option<Ptr<Vmar>> {
    (region.header.object_type == ObjectType::VMAR.0).then(|| region.cast())
}

/// The mapping that contains `address`, in the VMAR or in those inside it.
pub fn find(vmar: Ptr<Vmar>, address: u64) -> Option<Ptr<Mapping>> {
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        if address < region.base {
            return None;
        }
        next = region.next;
        if address - region.base < region.size {
            match of_region(region) {
                Some(inner) => next = inner.first_child,
                None => return Some(region.cast()),
            }
        }
    }
    None
}

/// The last region that starts below `address`, and the one after it.
fn neighbours(vmar: Ptr<Vmar>, address: u64) -> (Option<Ptr<Region>>, Link<Region>) {
    let mut before = None;
    let mut next = vmar.first_child;
    while let Some(region) = next.get() {
        if region.base >= address {
            break;
        }
        before = Some(region);
        next = region.next;
    }
    (before, next)
}

fn insert(mut vmar: Ptr<Vmar>, mut region: Ptr<Region>) {
    let (before, next) = neighbours(vmar, region.base);
    region.next = next;
    set_next(vmar, before, region.link());
    vmar.child_count += 1;
}

/// Makes `next` the region after `before`, or the VMAR's first.
fn set_next(mut vmar: Ptr<Vmar>, before: Option<Ptr<Region>>, next: Link<Region>) {
    match before {
        Some(mut before) => before.next = next,
        None => vmar.first_child = next,
    }
}

/// Every region in a VMAR and in those inside it, parents first, in ascending order, with
/// its depth: 0 for those in the VMAR itself. Between two steps the region that came last
/// may be split or may absorb its successors; it must not go.
pub struct Walk {
    top: Ptr<Vmar>,
    last: Option<(Ptr<Region>, u64)>,
}

/// Starts one.
pub fn walk(top: Ptr<Vmar>) -> Walk {
    Walk { top, last: None }
}

impl Iterator for Walk {
    type Item = (Ptr<Region>, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let next = match self.last {
            None => (self.top.first_child.get()?, 0),
            Some((last, depth)) => match of_region(last).and_then(|vmar| vmar.first_child.get()) {
                Some(child) => (child, depth + 1),
                None => self.after(last, depth)?,
            },
        };
        self.last = Some(next);
        Some(next)
    }
}

impl Walk {
    /// What comes after a region and all that is in it.
    fn after(&self, region: Ptr<Region>, depth: u64) -> Option<(Ptr<Region>, u64)> {
        let (mut at, mut depth) = (region, depth);
        loop {
            if let Some(next) = at.next.get() {
                return Some((next, depth));
            }
            if at.parent == self.top.link() {
                return None;
            }
            at = at.parent.get()?.cast();
            depth -= 1;
        }
    }
}

/// The mappings that intersect `[base, base + size)`, in ascending order; the rules of
/// [`Walk`] hold.
pub fn mappings_in(top: Ptr<Vmar>, base: u64, size: u64) -> impl Iterator<Item = Ptr<Mapping>> {
    walk(top)
        .take_while(move |(region, _)| region.base < base + size)
        .filter(move |(region, _)| region.base + region.size > base)
        .filter_map(|(region, _)| mapping::of_region(region))
}

/// Destroys a VMAR other than a root (reference §13.6): unmaps all that is in it.
pub fn remove(vmar: Ptr<Vmar>) {
    let Some(mut parent) = vmar.region.parent.get() else {
        return;
    };
    if let Some(process) = vmar.process.get() {
        paging::unmap(process, vmar.region.base, vmar.region.size, None);
    }
    let (before, _) = neighbours(parent, vmar.region.base);
    set_next(parent, before, vmar.region.next);
    parent.child_count -= 1;
    discard(vmar.cast());
}

/// Ends a region that was taken out of its list and whose pages are unmapped.
fn discard(region: Ptr<Region>) {
    match of_region(region) {
        Some(mut vmar) => {
            shut_down(vmar);
            vmar.region.parent = Link::NONE;
            header::release(vmar.cast());
        }
        None => discard_mapping(region.cast()),
    }
}

fn discard_mapping(mapping: Ptr<Mapping>) {
    let mut process: Ptr<Process> = Ptr::new(mapping.process);
    if process.vdso_code == mapping.region.base {
        process.vdso_code = 0;
    }
    mapping::destroy(mapping);
}

/// Takes everything out of a VMAR whose pages are unmapped already; it stays as long as
/// handles refer to it, but leads nowhere.
pub fn shut_down(top: Ptr<Vmar>) {
    let mut vmar = top;
    loop {
        if let Some(region) = vmar.first_child.get() {
            vmar.first_child = region.next;
            vmar.child_count -= 1;
            match of_region(region) {
                Some(inner) => vmar = inner,
                None => discard_mapping(region.cast()),
            }
            continue;
        }
        vmar.process = Link::NONE;
        if vmar == top {
            return;
        }
        let Some(parent) = vmar.region.parent.get() else {
            return;
        };
        vmar.region.parent = Link::NONE;
        header::release(vmar.cast());
        vmar = parent;
    }
}
