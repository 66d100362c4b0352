//! Virtual memory objects (reference §7): what they are, whose they are, who maps them.
//!
//! Who holds a reference: each handle, each mapping, each VMO whose `source` it is, each
//! thread that waits for one of its pages or is blocked in a call on it, and the root
//! block for the vDSO.

use abi::layout::{MAX_CLONE_DEPTH, PAGE_SIZE};
use abi::objects::{
    CachePolicy, Mapping, MappingFlags, NAME_LENGTH, ObjectType, Vmo, VmoKind, VmoOptions,
};
use abi::options::Signals;
use abi::{Link, Status};

use super::{header, page_list, pager, signals};
use crate::mem::pool::Pool;
use crate::state::{Follow, Ptr, new_koid, root};

static POOL: Pool<Vmo> = Pool::new();

/// A paged VMO without a page. `size` is a multiple of the page size. The caller gets the
/// one reference.
///
/// # Errors
/// NO_MEMORY.
pub fn create(
    size: u64,
    stream_size: u64,
    options: VmoOptions,
    name: &[u8; NAME_LENGTH],
) -> Result<Ptr<Vmo>, Status> {
    let mut vmo = POOL.allocate()?;
    let koid = if options.contains(VmoOptions::PRIVATE_CLONE) {
        0
    } else {
        new_koid()
    };
    vmo.header = header::new(ObjectType::VMO, koid);
    vmo.header.signals = Signals::ZERO_CHILDREN.bits();
    vmo.name = *name;
    vmo.size = size;
    vmo.stream_size = stream_size;
    vmo.kind = VmoKind::PAGED.0;
    vmo.options = options.bits();
    vmo.levels = Vmo::levels_for(size);
    let mut root = root();
    vmo.next = root.first_vmo;
    if let Some(mut next) = vmo.next.get() {
        next.previous = vmo.link();
    }
    root.first_vmo = vmo.link();
    Ok(vmo)
}

/// Ends a VMO that nothing refers to any more. Recursion, through the source, is bounded
/// by the depth of clones.
pub fn destroy(vmo: Ptr<Vmo>) {
    leave_family(vmo);
    if let Some(source) = vmo.page_source.get() {
        pager::vmo_gone(source);
    }
    page_list::destroy(vmo);
    leave_relatives(vmo);
    leave_source(vmo);
    match vmo.previous.get() {
        Some(mut previous) => previous.next = vmo.next,
        None => root().first_vmo = vmo.next,
    }
    if let Some(mut next) = vmo.next.get() {
        next.previous = vmo.previous;
    }
    POOL.free(vmo);
}

/// Whether it has that option.
pub fn has(vmo: Ptr<Vmo>, option: VmoOptions) -> bool {
    vmo.options & option.bits() != 0
}

/// Sets or clears an option.
pub fn set_option(mut vmo: Ptr<Vmo>, option: VmoOptions, on: bool) {
    if on {
        vmo.options |= option.bits();
    } else {
        vmo.options &= !option.bits();
    }
}

/// Whether it is a slice or a reference, without pages of its own.
pub fn is_alias(vmo: Ptr<Vmo>) -> bool {
    has(vmo, VmoOptions::SLICE.union(VmoOptions::REFERENCE))
}

/// Whether it is a range of addresses rather than pages.
pub fn is_physical(vmo: Ptr<Vmo>) -> bool {
    target(vmo).0.kind == VmoKind::PHYSICAL.0
}

/// Whether its frames are what they are: physical or contiguous, slices of those too.
pub fn has_fixed_frames(vmo: Ptr<Vmo>) -> bool {
    is_physical(vmo) || has(target(vmo).0, VmoOptions::CONTIGUOUS)
}

/// Where its bytes are: the VMO that has them, and the offset of the first in that one.
pub fn target(vmo: Ptr<Vmo>) -> (Ptr<Vmo>, u64) {
    match vmo.source.get() {
        Some(source) if is_alias(vmo) => (source, vmo.source_offset),
        _ => (vmo, 0),
    }
}

/// The VMO whose sizes count: a reference has its source's.
pub fn sized(vmo: Ptr<Vmo>) -> Ptr<Vmo> {
    match vmo.source.get() {
        Some(source) if has(vmo, VmoOptions::REFERENCE) => source,
        _ => vmo,
    }
}

/// Its cache policy; slices and references have their source's.
pub fn cache_policy(vmo: Ptr<Vmo>) -> u32 {
    target(vmo).0.cache_policy
}

/// Whether bulk access and clones are allowed.
pub fn is_cached(vmo: Ptr<Vmo>) -> bool {
    cache_policy(vmo) == CachePolicy::CACHED.0
}

/// Whether an absent page of it is simply zeros: nothing stands behind it.
pub fn is_plain(vmo: Ptr<Vmo>) -> bool {
    vmo.source_limit == 0 && vmo.pager_limit == 0
}

/// The VMO with a pager that its bytes come from in the end.
pub fn pager_root(vmo: Ptr<Vmo>) -> Option<Ptr<Vmo>> {
    let mut at = vmo;
    while let Some(source) = at.source.get() {
        at = source;
    }
    (!at.page_source.is_none()).then_some(at)
}

/// Makes `child` a child of `parent`, for those who count children (reference §7).
pub fn join_family(mut child: Ptr<Vmo>, parent: Ptr<Vmo>) {
    child.parent_koid = parent.header.koid;
    adopt(child, parent);
    signals::change(parent.cast(), Signals::ZERO_CHILDREN, Signals::empty());
}

fn adopt(mut child: Ptr<Vmo>, mut parent: Ptr<Vmo>) {
    child.parent = parent.link();
    child.previous_sibling = Link::NONE;
    child.next_sibling = parent.first_child;
    if let Some(mut next) = child.next_sibling.get() {
        next.previous_sibling = child.link();
    }
    parent.first_child = child.link();
    parent.child_count += 1;
}

/// Takes it out of the tree; its children become those of its parent.
fn leave_family(mut vmo: Ptr<Vmo>) {
    let parent = vmo.parent.get();
    if let Some(mut parent) = parent {
        match vmo.previous_sibling.get() {
            Some(mut previous) => previous.next_sibling = vmo.next_sibling,
            None => parent.first_child = vmo.next_sibling,
        }
        if let Some(mut next) = vmo.next_sibling.get() {
            next.previous_sibling = vmo.previous_sibling;
        }
        parent.child_count -= 1;
        vmo.parent = Link::NONE;
    }
    let mut next = vmo.first_child;
    vmo.first_child = Link::NONE;
    vmo.child_count = 0;
    while let Some(mut child) = next.get() {
        next = child.next_sibling;
        match parent {
            Some(parent) => adopt(child, parent),
            None => {
                child.parent = Link::NONE;
                child.next_sibling = Link::NONE;
                child.previous_sibling = Link::NONE;
            }
        }
    }
    if let Some(parent) = parent
        && parent.child_count == 0
    {
        signals::change(parent.cast(), Signals::empty(), Signals::ZERO_CHILDREN);
    }
}

/// Nobody can name it any more, though others may need its pages.
fn leave_if_unseen(vmo: Ptr<Vmo>) {
    if vmo.header.handles == 0 && vmo.first_mapping.is_none() {
        set_option(vmo, VmoOptions::ORPHAN, true);
        leave_family(vmo);
    }
}

/// The last handle is gone; mappings may still show it.
pub fn last_handle_closed(vmo: Ptr<Vmo>) {
    leave_if_unseen(vmo);
}

/// Makes `source` the source of `vmo`, from `offset` on, and takes a reference to it.
///
/// # Errors
/// NO_RESOURCES if too many stand one behind the other.
pub fn set_source(mut vmo: Ptr<Vmo>, mut source: Ptr<Vmo>, offset: u64) -> Result<(), Status> {
    if source.depth >= MAX_CLONE_DEPTH {
        return Err(Status::NO_RESOURCES);
    }
    header::retain(source.cast());
    vmo.source = source.link();
    vmo.source_offset = offset;
    vmo.depth = source.depth + 1;
    vmo.next_dependent = source.first_dependent;
    if let Some(mut next) = vmo.next_dependent.get() {
        next.previous_dependent = vmo.link();
    }
    source.first_dependent = vmo.link();
    if is_alias(vmo) {
        source.alias_count += 1;
    } else {
        source.clone_count += 1;
    }
    Ok(())
}

fn leave_source(mut vmo: Ptr<Vmo>) {
    let Some(mut source) = vmo.source.get() else {
        return;
    };
    match vmo.previous_dependent.get() {
        Some(mut previous) => previous.next_dependent = vmo.next_dependent,
        None => source.first_dependent = vmo.next_dependent,
    }
    if let Some(mut next) = vmo.next_dependent.get() {
        next.previous_dependent = vmo.previous_dependent;
    }
    if is_alias(vmo) {
        source.alias_count -= 1;
    } else {
        source.clone_count -= 1;
    }
    vmo.source = Link::NONE;
    header::release(source.cast());
}

/// Notes that two VMOs share pages: `vmo`, which has no relatives yet, and `with`.
pub fn relate(mut vmo: Ptr<Vmo>, mut with: Ptr<Vmo>) {
    let mut after = with.next_relative.get().unwrap_or(with);
    vmo.previous_relative = with.link();
    vmo.next_relative = after.link();
    after.previous_relative = vmo.link();
    with.next_relative = vmo.link();
}

/// Whether it shares pages with others that live, or could.
pub fn has_relatives(vmo: Ptr<Vmo>) -> bool {
    !vmo.next_relative.is_none()
}

fn leave_relatives(mut vmo: Ptr<Vmo>) {
    let ring = (vmo.previous_relative.get(), vmo.next_relative.get());
    let (Some(mut previous), Some(mut next)) = ring else {
        return;
    };
    // The other one of two is alone then.
    let alone = previous == next;
    previous.next_relative = if alone { Link::NONE } else { next.link() };
    next.previous_relative = if alone { Link::NONE } else { previous.link() };
    vmo.next_relative = Link::NONE;
    vmo.previous_relative = Link::NONE;
}

/// Adds a mapping to the VMO's list and takes a reference for it.
pub fn attach(mut vmo: Ptr<Vmo>, mut mapping: Ptr<Mapping>) {
    header::retain(vmo.cast());
    mapping.vmo = vmo.link();
    mapping.previous_of_vmo = Link::NONE;
    mapping.next_of_vmo = vmo.first_mapping;
    if let Some(mut next) = mapping.next_of_vmo.get() {
        next.previous_of_vmo = mapping.link();
    }
    vmo.first_mapping = mapping.link();
}

/// Takes a mapping off the VMO's list and drops its reference.
pub fn detach(mut vmo: Ptr<Vmo>, mut mapping: Ptr<Mapping>) {
    match mapping.previous_of_vmo.get() {
        Some(mut previous) => previous.next_of_vmo = mapping.next_of_vmo,
        None => vmo.first_mapping = mapping.next_of_vmo,
    }
    if let Some(mut next) = mapping.next_of_vmo.get() {
        next.previous_of_vmo = mapping.previous_of_vmo;
    }
    mapping.vmo = Link::NONE;
    leave_if_unseen(vmo);
    header::release(vmo.cast());
}

/// How far into a VMO a mapping of it may reach now, in bytes: its size, or the end of the
/// page that its stream size ends in.
pub fn mappable_size(mapping: Ptr<Mapping>) -> u64 {
    let vmo = sized(Ptr::new(mapping.vmo));
    if mapping.flags & MappingFlags::FAULT_BEYOND_STREAM_SIZE.bits() != 0 {
        vmo.size.min(vmo.stream_size.next_multiple_of(PAGE_SIZE))
    } else {
        vmo.size
    }
}

/// Whether zero frames may be mapped somewhere in a mapping.
pub fn may_show_zero_frames(mapping: Ptr<Mapping>) -> bool {
    mapping.flags & MappingFlags::ZERO_FRAMES.bits() != 0
}
