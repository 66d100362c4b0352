//! Calls that make VMOs or change what they are (reference §8, §12.1).

use abi::layout::{MAX_VMO_SIZE, PAGE_SHIFT, PAGE_SIZE, SCRATCH_BASE, SCRATCH_SIZE};
use abi::objects::{
    CachePolicy, NAME_LENGTH, ObjectHeader, ObjectType, PlainObject, Vmo, VmoKind, VmoOptions,
};
use abi::{Rights, Status};

use super::Context;
use super::handle::{hand_out, store_handle, wait_for_place};
use crate::object::{handle, header, pages, vmo};
use crate::state::Ptr;

/// The VMO that a handle with those rights leads to.
pub fn find(context: Context, value: u32, rights: Rights) -> Result<(Ptr<Vmo>, Rights), Status> {
    handle::find_object(context.process, value, ObjectType::VMO, rights)
}

/// The sizes of a VMO to be made: its size in bytes, a multiple of the page size.
///
/// # Errors
/// In the order of reference §8.1, steps 2 to 5; `known` are the options allowed.
pub fn check_size(size: u64, options: u32, known: VmoOptions) -> Result<u64, Status> {
    let flags = VmoOptions::from_bits_retain(options);
    let unbounded = flags.contains(VmoOptions::UNBOUNDED);
    if unbounded && flags.contains(VmoOptions::RESIZABLE) {
        return Err(Status::INVALID_ARGS);
    }
    let rounded = round_up(size);
    if !unbounded && rounded.is_none() {
        return Err(Status::OUT_OF_RANGE);
    }
    if !known.contains(flags) {
        return Err(Status::INVALID_ARGS);
    }
    if unbounded && size > MAX_VMO_SIZE {
        return Err(Status::OUT_OF_RANGE);
    }
    Ok(if unbounded {
        MAX_VMO_SIZE
    } else {
        rounded.unwrap_or(0)
    })
}

/// Rounded up to whole pages; none beyond the largest size of a VMO.
pub fn round_up(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(PAGE_SIZE)
        .filter(|rounded| *rounded <= MAX_VMO_SIZE)
}

/// The rights of a fresh handle to a VMO with these options.
pub fn fresh_rights(options: VmoOptions) -> Rights {
    if options.contains(VmoOptions::RESIZABLE) {
        Rights::DEFAULT_VMO | Rights::RESIZE
    } else {
        Rights::DEFAULT_VMO
    }
}

/// Makes an anonymous VMO.
pub fn create(context: Context, size: u64, options: u32, out: u64) -> Result<(), Status> {
    let known = VmoOptions::RESIZABLE | VmoOptions::DISCARDABLE | VmoOptions::UNBOUNDED;
    let actual_size = check_size(size, options, known)?;
    let flags = VmoOptions::from_bits_retain(options);
    let new = vmo::create(actual_size, size, flags, &[0; NAME_LENGTH])?;
    hand_out(context, new, fresh_rights(flags), out)
}

/// Makes a physically contiguous VMO, all of it committed (reference §8.2).
pub fn create_contiguous(
    context: Context,
    bti: u32,
    size: u64,
    alignment_log2: u32,
    out: u64,
) -> Result<(), Status> {
    if size == 0 || !size.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    let alignment_log2 = match alignment_log2 {
        0 => PAGE_SHIFT,
        12..=63 => alignment_log2,
        _ => return Err(Status::INVALID_ARGS),
    };
    let kind = ObjectType::BTI;
    handle::find_object::<PlainObject>(context.process, bti, kind, Rights::MAP)?;
    let new = vmo::create(size, 0, VmoOptions::CONTIGUOUS, &[0; NAME_LENGTH])?;
    if let Err(status) = pages::fill_in_a_row(new, alignment_log2) {
        header::release(new.cast());
        return Err(status);
    }
    hand_out(context, new, Rights::DEFAULT_VMO, out)
}

/// Makes a VMO of a range of guest-physical addresses (reference §8.3). This machine has
/// no devices: the root resource covers the scratch RAM only.
pub fn create_physical(
    context: Context,
    resource: u32,
    base: u64,
    size: u64,
    out: u64,
) -> Result<(), Status> {
    if size == 0 || !size.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    let kind = ObjectType::RESOURCE;
    handle::find_object::<PlainObject>(context.process, resource, kind, Rights::empty())?;
    let end = base.checked_add(size).ok_or(Status::INVALID_ARGS)?;
    if !base.is_multiple_of(PAGE_SIZE) {
        return Err(Status::INVALID_ARGS);
    }
    if base < SCRATCH_BASE || end > SCRATCH_BASE + SCRATCH_SIZE {
        return Err(Status::OUT_OF_RANGE);
    }
    let mut new = vmo::create(size, 0, VmoOptions::empty(), &[0; NAME_LENGTH])?;
    new.kind = VmoKind::PHYSICAL.0;
    new.cache_policy = CachePolicy::UNCACHED.0;
    new.physical_base = base;
    hand_out(context, new, Rights::DEFAULT_VMO, out)
}

/// Exchanges a handle for one with the right EXECUTE as well; the old one is gone whatever
/// happens, once it was found (reference §8.4).
pub fn replace_as_executable(
    context: Context,
    value: u32,
    vmex: u32,
    out: u64,
) -> Result<(), Status> {
    let kind = ObjectType::RESOURCE;
    let allowed = if vmex == 0 {
        Ok(())
    } else {
        handle::find_object::<PlainObject>(context.process, vmex, kind, Rights::empty()).map(|_| ())
    };
    let source = handle::find(context.process, value)?;
    wait_for_place(context, out)?;
    let object: Ptr<ObjectHeader> = source.object;
    let new = allowed.and_then(|()| {
        if object.object_type != ObjectType::VMO.0 {
            return Err(Status::BAD_HANDLE);
        }
        handle::create(context.process, object, source.rights | Rights::EXECUTE)
    });
    handle::close(context.process, source);
    store_handle(context, new?, out)
}

/// Sets the cache policy (reference §12.1).
pub fn set_cache_policy(context: Context, value: u32, policy: u32) -> Result<(), Status> {
    if policy > CachePolicy::WRITE_COMBINING.0 {
        return Err(Status::INVALID_ARGS);
    }
    let (vmo, _) = find(context, value, Rights::MAP)?;
    let (mut target, _) = vmo::target(vmo);
    let mapped = !vmo.first_mapping.is_none();
    let family = vmo.child_count > 0 || target.alias_count > 0;
    if vmo::is_physical(vmo) {
        if policy == target.cache_policy {
            return Ok(());
        }
        if mapped || family || vmo::is_alias(vmo) {
            return Err(Status::BAD_STATE);
        }
        target.cache_policy = policy;
        return Ok(());
    }
    let child = !vmo.parent.is_none() || vmo::has_relatives(vmo);
    let pinned = vmo::has(target, VmoOptions::PINNED);
    if pinned || mapped || family || child || vmo::is_alias(vmo) {
        return Err(Status::BAD_STATE);
    }
    let special = vmo::has(vmo, VmoOptions::DISCARDABLE) || vmo::pager_root(vmo).is_some();
    if special && policy != CachePolicy::CACHED.0 {
        return Err(Status::BAD_STATE);
    }
    target.cache_policy = policy;
    Ok(())
}
