//! Children of VMOs: slices, references and copy-on-write clones (reference §10).
//!
//! A snapshot shares its parent's frames: both lose the right to write to them, and
//! whoever writes first takes a copy. That has the same visible result as Zircon's hidden
//! common parent, and leaves no tree of hidden nodes. Where a pager stands behind the
//! parent, a clone gets absent pages by looking through to it (`Vmo::source`).

use abi::Status;
use abi::layout::PAGE_SIZE;
use abi::objects::{Vmo, VmoOptions};

use super::{fault_in, header, page_list, vmo};
use crate::state::{Follow, Ptr};

/// What kind of copy-on-write clone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `ZX_VMO_CHILD_SNAPSHOT`: nothing of the parent's changes is ever seen.
    Snapshot,
    /// `ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE`: of a VMO with a pager, pages are the
    /// parent's until they are written.
    AtLeastOnWrite,
    /// `ZX_VMO_CHILD_SNAPSHOT_MODIFIED`: of a clone of a VMO with a pager, a snapshot of
    /// what was written to the clone.
    Modified,
}

/// The part of a parent that a child shows.
#[derive(Clone, Copy)]
pub struct Part {
    /// First byte, a multiple of the page size unless the call is to be refused.
    pub offset: u64,
    /// Bytes, a multiple of the page size, at most as many as a VMO may have.
    pub size: u64,
    /// Bytes, as asked for.
    pub stream_size: u64,
}

/// A slice (reference §10.2). The caller gets the one reference.
///
/// # Errors
/// In the order of the reference; NO_MEMORY.
pub fn slice(parent: Ptr<Vmo>, part: Part) -> Result<Ptr<Vmo>, Status> {
    let Part { offset, size, .. } = part;
    if !offset.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    let inside = offset
        .checked_add(size)
        .is_some_and(|end| end <= vmo::sized(parent).size);
    if !inside {
        return Err(Status::INVALID_ARGS);
    }
    let (source, shift) = vmo::target(parent);
    if vmo::has(source, VmoOptions::RESIZABLE) {
        return Err(Status::NOT_SUPPORTED);
    }
    if !vmo::is_cached(source) && !vmo::has_fixed_frames(source) {
        return Err(Status::BAD_STATE);
    }
    let kept = VmoOptions::from_bits_retain(source.options) & VmoOptions::CONTIGUOUS;
    let child = vmo::create(size, part.stream_size, VmoOptions::SLICE | kept, &[0; 32])?;
    connect(child, source, shift + offset)?;
    vmo::join_family(child, parent);
    Ok(child)
}

/// A reference (reference §10.2). The caller gets the one reference to it.
///
/// # Errors
/// In the order of the reference; NO_MEMORY.
pub fn reference(parent: Ptr<Vmo>, resizable: bool) -> Result<Ptr<Vmo>, Status> {
    let (source, _) = vmo::target(parent);
    if vmo::has(parent, VmoOptions::SLICE) || vmo::has_fixed_frames(source) {
        return Err(Status::NOT_SUPPORTED);
    }
    if resizable && !vmo::has(source, VmoOptions::RESIZABLE) {
        return Err(Status::NOT_SUPPORTED);
    }
    let mut options = VmoOptions::REFERENCE;
    options.set(VmoOptions::RESIZABLE, resizable);
    let child = vmo::create(0, 0, options, &[0; 32])?;
    connect(child, source, 0)?;
    vmo::join_family(child, parent);
    Ok(child)
}

fn connect(child: Ptr<Vmo>, source: Ptr<Vmo>, offset: u64) -> Result<(), Status> {
    vmo::set_source(child, source, offset).inspect_err(|_| header::release(child.cast()))
}

/// A copy-on-write clone (reference §10.3), with these options of its own besides
/// `CLONE`. The caller gets the one reference.
///
/// # Errors
/// In the order of the reference; NO_MEMORY.
pub fn clone(
    parent: Ptr<Vmo>,
    kind: Kind,
    part: Part,
    options: VmoOptions,
) -> Result<Ptr<Vmo>, Status> {
    let (source, shift) = vmo::target(parent);
    let whole_only =
        vmo::has(parent, VmoOptions::SLICE) && !options.contains(VmoOptions::PRIVATE_CLONE);
    check(source, kind, part, shift, whole_only)?;
    let mut child = vmo::create(
        part.size,
        part.stream_size,
        VmoOptions::CLONE | options,
        &[0; 32],
    )?;
    child.root_offset = root_offset(source, shift, part).unwrap_or(0);
    let offset = shift + part.offset;
    // Of a slice, only its own range is there.
    let seen = part
        .size
        .min(vmo::sized(parent).size.saturating_sub(part.offset));
    let filled = match (kind, vmo::pager_root(source)) {
        (_, None) => share(source, offset, seen, child),
        (Kind::Modified, Some(_)) if source.page_source.is_none() => {
            share(source, offset, seen, child).and_then(|()| look_past(child, source, offset, seen))
        }
        (_, Some(_)) => look_through(child, source, offset, seen),
    };
    if let Err(error) = filled {
        header::release(child.cast());
        return Err(error);
    }
    if !options.contains(VmoOptions::PRIVATE_CLONE) {
        vmo::join_family(child, parent);
    }
    Ok(child)
}

fn check(source: Ptr<Vmo>, kind: Kind, part: Part, shift: u64, slice: bool) -> Result<(), Status> {
    if vmo::is_physical(source) {
        return Err(Status::NOT_SUPPORTED);
    }
    if vmo::has(source, VmoOptions::CONTIGUOUS) {
        return Err(Status::INVALID_ARGS);
    }
    if !part.offset.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    if !vmo::is_cached(source) {
        return Err(Status::BAD_STATE);
    }
    let paged = vmo::pager_root(source).is_some();
    if kind == Kind::Snapshot && paged {
        return Err(Status::NOT_SUPPORTED);
    }
    if root_offset(source, shift, part).is_none() {
        return Err(Status::INVALID_ARGS);
    }
    // Of an anonymous VMO only one without a parent can be cloned as MODIFIED.
    let child = kind == Kind::Modified && !source.parent.is_none();
    if !paged && (slice || child) {
        return Err(Status::NOT_SUPPORTED);
    }
    if vmo::has(source, VmoOptions::PINNED) {
        return Err(Status::BAD_STATE);
    }
    Ok(())
}

/// Where a clone starts, counted from the first VMO of its line; none if it would end
/// beyond 64 bits.
fn root_offset(source: Ptr<Vmo>, shift: u64, part: Part) -> Option<u64> {
    let start = source
        .root_offset
        .checked_add(shift)?
        .checked_add(part.offset)?;
    start.checked_add(part.size).map(|_| start)
}

/// The child gets the pages that `source` has: shared, neither may write to them.
fn share(source: Ptr<Vmo>, offset: u64, size: u64, child: Ptr<Vmo>) -> Result<(), Status> {
    vmo::relate(child, source);
    let shared = page_list::share(source, offset, size, child);
    // Even a partly shared parent has pages that its mappings may no longer write to.
    fault_in::forget_pages(source, offset, size, None);
    shared
}

/// The child gets absent pages from `source`.
fn look_through(
    mut child: Ptr<Vmo>,
    source: Ptr<Vmo>,
    offset: u64,
    seen: u64,
) -> Result<(), Status> {
    vmo::set_source(child, source, offset)?;
    child.source_limit = seen;
    Ok(())
}

/// The child gets absent pages from where `sibling` gets its own.
fn look_past(mut child: Ptr<Vmo>, sibling: Ptr<Vmo>, offset: u64, seen: u64) -> Result<(), Status> {
    let Some(source) = sibling.source.get() else {
        return Ok(());
    };
    vmo::set_source(child, source, sibling.source_offset + offset)?;
    child.source_limit = seen.min(sibling.source_limit.saturating_sub(offset));
    Ok(())
}

/// A private copy-on-write clone of the part of `parent` that starts at `offset`
/// (reference §6.2 step 5): never counted, never named. The caller gets the one reference.
///
/// # Errors
/// INVALID_ARGS for a contiguous parent, BAD_STATE for one that is not cached or is
/// pinned, NO_MEMORY.
pub fn private(parent: Ptr<Vmo>, offset: u64, size: u64) -> Result<Ptr<Vmo>, Status> {
    let part = Part {
        offset,
        size,
        stream_size: size,
    };
    let options = VmoOptions::PRIVATE_CLONE;
    let mut child = clone(parent, Kind::AtLeastOnWrite, part, options)?;
    child.name = parent.name;
    child.parent_koid = parent.header.koid;
    Ok(child)
}
