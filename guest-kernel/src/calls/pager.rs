//! Pagers (reference §17).

use abi::info::PageCommand;
use abi::layout::PAGE_SIZE;
use abi::objects::{NAME_LENGTH, ObjectType, PageSource, Pager, Port, Vmo, VmoOptions};
use abi::options::PagerOp;
use abi::{Rights, Status};

use super::Context;
use super::handle::hand_out;
use super::vmo::{check_size, find, fresh_rights};
use super::vmo_ops::in_range;
use crate::object::{handle, header, pager, vmo, writeback};
use crate::state::{Follow, Ptr};

fn find_pager(context: Context, value: u32, rights: Rights) -> Result<Ptr<Pager>, Status> {
    let found = handle::find_object(context.process, value, ObjectType::PAGER, rights)?;
    Ok(found.0)
}

/// What connects a VMO with that pager.
fn source_of(vmo: Ptr<Vmo>, pager: Ptr<Pager>) -> Result<Ptr<PageSource>, Status> {
    let (vmo, _) = vmo::target(vmo);
    vmo.page_source
        .get()
        .filter(|source| source.pager == pager.link())
        .ok_or(Status::INVALID_ARGS)
}

fn check_attached(source: Ptr<PageSource>) -> Result<(), Status> {
    if source.flags == 0 {
        Ok(())
    } else {
        Err(Status::BAD_STATE)
    }
}

fn check_aligned(numbers: &[u64]) -> Result<(), Status> {
    if numbers
        .iter()
        .all(|number| number.is_multiple_of(PAGE_SIZE))
    {
        Ok(())
    } else {
        Err(Status::INVALID_ARGS)
    }
}

/// Makes a pager (reference §17.1).
pub fn create(context: Context, options: u32, out: u64) -> Result<(), Status> {
    if options != 0 {
        return Err(Status::INVALID_ARGS);
    }
    let new = pager::create()?;
    hand_out(context, new, Rights::DEFAULT_PAGER, out)
}

/// Makes a VMO whose pages the pager supplies (reference §17.2).
pub fn create_vmo(
    context: Context,
    value: u32,
    options: u32,
    (port, key): (u32, u64),
    size: u64,
    out: u64,
) -> Result<(), Status> {
    let pager = find_pager(context, value, Rights::ATTACH_VMO)?;
    let (port, _) =
        handle::find_object::<Port>(context.process, port, ObjectType::PORT, Rights::WRITE)?;
    let known = VmoOptions::RESIZABLE | VmoOptions::TRAP_DIRTY | VmoOptions::UNBOUNDED;
    let actual_size = check_size(size, options, known)?;
    let flags = VmoOptions::from_bits_retain(options);
    let new = vmo::create(actual_size, size, flags, &[0; NAME_LENGTH])?;
    if let Err(status) = pager::connect(pager, new, port, key) {
        header::release(new.cast());
        return Err(status);
    }
    hand_out(context, new, fresh_rights(flags), out)
}

/// Moves pages of another VMO to where they are missing (reference §17.4).
pub fn supply_pages(
    context: Context,
    value: u32,
    pager_vmo: u32,
    offset: u64,
    length: u64,
    (aux, aux_offset): (u32, u64),
) -> Result<(), Status> {
    check_aligned(&[offset, length, aux_offset])?;
    let pager = find_pager(context, value, Rights::MANAGE_VMO)?;
    let (vmo, _) = find(context, pager_vmo, Rights::WRITE)?;
    let source = source_of(vmo, pager)?;
    let (aux, _) = find(context, aux, Rights::READ | Rights::WRITE)?;
    if vmo::is_physical(aux) || vmo::pager_root(aux).is_some() {
        return Err(Status::NOT_SUPPORTED);
    }
    let (aux_target, shift) = vmo::target(aux);
    if vmo::has(aux_target, VmoOptions::PINNED) {
        return Err(Status::BAD_STATE);
    }
    if vmo::has_fixed_frames(aux) {
        return Err(Status::NOT_SUPPORTED);
    }
    in_range(aux, aux_offset, length)?;
    in_range(vmo, offset, length)?;
    check_attached(source)?;
    pager::supply(source, offset, length, aux_target, aux_offset + shift)
}

/// Cuts a VMO off from its pager (reference §17.6).
pub fn detach_vmo(context: Context, value: u32, pager_vmo: u32) -> Result<(), Status> {
    let pager = find_pager(context, value, Rights::ATTACH_VMO | Rights::MANAGE_VMO)?;
    let (vmo, _) = find(context, pager_vmo, Rights::WRITE)?;
    pager::detach(source_of(vmo, pager)?);
    Ok(())
}

/// Fails requests, allows pages to become dirty, brackets a write-back (reference §17.5).
pub fn op_range(
    context: Context,
    value: u32,
    op: u32,
    pager_vmo: u32,
    (offset, length): (u64, u64),
    data: u64,
) -> Result<(), Status> {
    check_aligned(&[offset, length])?;
    let pager = find_pager(context, value, Rights::MANAGE_VMO)?;
    let (vmo, _) = find(context, pager_vmo, Rights::WRITE)?;
    let source = source_of(vmo, pager)?;
    let (target, _) = vmo::target(vmo);
    match op {
        PagerOp::FAIL => {
            let status = failure(data)?;
            in_range(vmo, offset, length)?;
            check_attached(source)?;
            for command in [PageCommand::READ, PageCommand::DIRTY] {
                pager::answer(source, offset, length, command, status);
            }
            Ok(())
        }
        PagerOp::DIRTY => {
            if data != 0 {
                return Err(Status::INVALID_ARGS);
            }
            if !vmo::has(target, VmoOptions::TRAP_DIRTY) {
                return Err(Status::NOT_SUPPORTED);
            }
            in_range(vmo, offset, length)?;
            check_attached(source)?;
            writeback::allow_dirty(source, target, offset, length)
        }
        PagerOp::WRITEBACK_BEGIN => {
            if data & !PagerOp::RANGE_IS_ZERO != 0 {
                return Err(Status::INVALID_ARGS);
            }
            in_range(vmo, offset, length)?;
            writeback::begin(target, offset, length);
            Ok(())
        }
        PagerOp::WRITEBACK_END => {
            if data != 0 {
                return Err(Status::INVALID_ARGS);
            }
            in_range(vmo, offset, length)?;
            writeback::end(target, offset, length);
            Ok(())
        }
        _ => Err(Status::NOT_SUPPORTED),
    }
}

/// The status that a pager may fail requests with.
fn failure(data: u64) -> Result<Status, Status> {
    let allowed = [
        Status::IO,
        Status::IO_DATA_INTEGRITY,
        Status::BAD_STATE,
        Status::NO_SPACE,
        Status::BUFFER_TOO_SMALL,
    ];
    let status = Status(data as i32);
    let extended = i64::from(status.0).cast_unsigned() == data;
    if extended && allowed.contains(&status) {
        Ok(status)
    } else {
        Err(Status::INVALID_ARGS)
    }
}
