//! Steps on mappings, and calls whose buffers are mappings.

use super::state::{MapState, PAGES, READ, Source, WRITE};
use super::world::{Done, World, range, store};
use crate::probe::{self, Map};
use crate::random::Random;
use crate::suite::Failure;
use crate::{ensure, expect_eq, pattern};
use libzx::{Call, PAGE_SIZE, Rights, Status, startup};

fn root() -> Result<u32, Failure> {
    let root = startup().vmar_root().ok_or(Status::NOT_FOUND)?;
    Ok(root.handle().raw())
}

fn own_process() -> Result<u32, Failure> {
    let process = startup().process_self().ok_or(Status::NOT_FOUND)?;
    Ok(process.handle().raw())
}

pub(super) fn map(world: &mut World<'_>, random: &mut Random) -> Done {
    let (Some(index), Some(vmo_index)) = (
        world.model.free_map(),
        world.model.some_vmo(random.below(1 << 20)),
    ) else {
        return Ok(None);
    };
    let Some(vmo) = world.model.vmo(vmo_index) else {
        return Ok(None);
    };
    let offset = random.below(PAGES) * PAGE_SIZE;
    let pages = random.below(PAGES) + 1;
    let permissions = [READ | WRITE, READ | WRITE, READ, 0];
    let wanted = permissions.get(random.below(4)).copied().unwrap_or(0);
    // A handle without WRITE makes a mapping that never can be written.
    let weak = random.once_in(3);
    world.say(format_args!(
        "map {index}: vmo {vmo_index} {offset:#x}, {pages} pages, permissions {wanted}, weak {weak}"
    ));
    let handle = match weak {
        true => {
            let all = Rights::DEFAULT_VMO.difference(Rights::WRITE);
            probe::duplicate(vmo.handle, all.bits())?
        }
        false => vmo.handle,
    };
    let writable = vmo.writable && !weak;
    let mapped = Map {
        vmar: root()?,
        options: wanted,
        vmar_offset: 0,
        vmo: handle,
        vmo_offset: offset as u64,
        len: (pages * PAGE_SIZE) as u64,
    }
    .call();
    if weak {
        expect_eq!(probe::close(handle), Status::OK);
    }
    if wanted & WRITE != 0 && !writable {
        expect_eq!(mapped, Err(Status::ACCESS_DENIED));
        return Ok(Some(()));
    }
    let address = usize::try_from(mapped?).unwrap_or(0);
    if let Some(slot) = world.model.maps.get_mut(index) {
        *slot = Some(MapState {
            address,
            pages,
            source: Source::Vmo(vmo_index),
            offset,
            permissions: [wanted; PAGES],
            may_write: writable,
        });
    }
    world.check_map(index)?;
    Ok(Some(()))
}

pub(super) fn protect(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, map, offset, length)) = world.map_range(random) else {
        return Ok(None);
    };
    let choices = [0, READ, READ | WRITE];
    let wanted = choices.get(random.below(3)).copied().unwrap_or(0);
    let first = offset / PAGE_SIZE;
    let last = (offset + length - 1) / PAGE_SIZE;
    world.say(format_args!(
        "protect map {index}: pages {first} to {last}: {wanted}"
    ));
    let args = [
        u64::from(root()?),
        u64::from(wanted),
        (map.address + first * PAGE_SIZE) as u64,
        ((last + 1 - first) * PAGE_SIZE) as u64,
    ];
    let found = probe::status(Call::VmarProtect, &args);
    if wanted & WRITE != 0 && !map.may_write {
        world.status(found, Status::ACCESS_DENIED)?;
        world.check_map(index)?;
        return Ok(Some(()));
    }
    world.status(found, Status::OK)?;
    if let Some(Some(slot)) = world.model.maps.get_mut(index) {
        for page in first..=last {
            if let Some(now) = slot.permissions.get_mut(page) {
                *now = wanted;
            }
        }
    }
    world.check_map(index)?;
    Ok(Some(()))
}

pub(super) fn unmap(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, map, offset, length)) = world.map_range(random) else {
        return Ok(None);
    };
    let (first, last) = match random.once_in(2) {
        true => (0, map.pages - 1),
        false => (offset / PAGE_SIZE, (offset + length - 1) / PAGE_SIZE),
    };
    // Cutting out the middle leaves a second mapping.
    let cut = first > 0 && last + 1 < map.pages;
    let Some(rest) = world.model.free_map().or((!cut).then_some(0)) else {
        return Ok(None);
    };
    world.say(format_args!("unmap map {index}: pages {first} to {last}"));
    let from = (map.address + first * PAGE_SIZE) as u64;
    let bytes = ((last + 1 - first) * PAGE_SIZE) as u64;
    world.status(probe::vmar_unmap(root()?, from, bytes), Status::OK)?;
    let part = |first: usize, pages: usize| {
        let mut part = map;
        part.address += first * PAGE_SIZE;
        part.offset += first * PAGE_SIZE;
        part.pages = pages;
        for (page, now) in part.permissions.iter_mut().enumerate() {
            *now = map.permissions.get(first + page).copied().unwrap_or(0);
        }
        (pages > 0).then_some(part)
    };
    let before = part(0, first);
    let behind = part(last + 1, map.pages - last - 1);
    let slots = [(index, before.or(behind)), (rest, behind)];
    for (slot, now) in slots.into_iter().take(if cut { 2 } else { 1 }) {
        if let Some(place) = world.model.maps.get_mut(slot) {
            *place = now;
        }
    }
    world.model.sweep();
    world.check_all()?;
    // Nothing is there any more.
    let own = own_process()?;
    let (status, _) = probe::process_read(own, from, world.buffer.at(0), 1);
    expect_eq!(status, Status::NO_MEMORY);
    Ok(Some(()))
}

/// Stores by the program itself, where they are allowed.
pub(super) fn store_bytes(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, map, offset, length)) = world.map_range(random) else {
        return Ok(None);
    };
    let Some(window) = world.model.map_window(&map) else {
        return Ok(None);
    };
    let page = offset / PAGE_SIZE;
    if !World::page_is_writable(&map, page) || offset >= window.size {
        return Ok(None);
    }
    let length = length.min((page + 1) * PAGE_SIZE - offset);
    world.say(format_args!("store map {index}: {offset:#x} + {length:#x}"));
    for at in 0..length {
        store(
            map.address + offset + at,
            pattern::byte(world.step, at as u64),
        );
    }
    world.fill_model(window, offset, length);
    world.check_store(window.store)?;
    Ok(Some(()))
}

/// `zx_process_read_memory` of the own process.
pub(super) fn process_read(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, map, offset, length)) = world.map_range(random) else {
        return Ok(None);
    };
    let Some(window) = world.model.map_window(&map) else {
        return Ok(None);
    };
    let asked = length + if random.once_in(3) { PAGE_SIZE } else { 0 };
    world.say(format_args!(
        "process_read map {index}: {offset:#x} + {asked:#x}"
    ));
    let vaddr = (map.address + offset) as u64;
    let (status, actual) =
        probe::process_read(own_process()?, vaddr, world.buffer.at(0), asked as u64);
    let end = (map.pages * PAGE_SIZE).min(window.size);
    if offset >= end {
        world.status(status, Status::OUT_OF_RANGE)?;
        expect_eq!(actual, probe::UNTOUCHED);
        return Ok(Some(()));
    }
    let count = asked.min(end - offset);
    world.status(status, Status::OK)?;
    expect_eq!(actual, count as u64);
    world.same(window, offset, count)?;
    Ok(Some(()))
}

/// `zx_process_write_memory` into the own process; a mapping that never could be written
/// becomes a private copy.
pub(super) fn process_write(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, map, offset, length)) = world.map_range(random) else {
        return Ok(None);
    };
    let Some(mut window) = world.model.map_window(&map) else {
        return Ok(None);
    };
    let through = World::writes_through(&map);
    let whole = map.pages * PAGE_SIZE;
    if !through {
        // A private copy of a slice, the reference leaves open.
        if let Source::Vmo(vmo) = map.source {
            let slice = |kind| matches!(kind, super::state::Kind::Slice { .. });
            if world.model.vmo(vmo).is_none_or(|vmo| slice(vmo.kind)) {
                return Ok(None);
            }
        }
    }
    world.say(format_args!(
        "process_write map {index}: {offset:#x} + {length:#x}, private {}",
        !through
    ));
    if !through {
        let Some(copy) = world.model.snapshot(window, 0, whole, false) else {
            return Ok(None);
        };
        if let Some(Some(slot)) = world.model.maps.get_mut(index) {
            slot.source = Source::Private(copy);
            slot.offset = 0;
            window.store = copy;
            window.offset = 0;
            window.size = whole;
        }
        world.model.sweep();
    }
    world.fill(length);
    let vaddr = (map.address + offset) as u64;
    let (status, actual) =
        probe::process_write(own_process()?, vaddr, world.buffer.at(0), length as u64);
    let end = whole.min(window.size);
    if offset >= end {
        world.status(status, Status::OUT_OF_RANGE)?;
        expect_eq!(actual, probe::UNTOUCHED);
        return Ok(Some(()));
    }
    let count = length.min(end - offset);
    world.status(status, Status::OK)?;
    expect_eq!(actual, count as u64);
    world.fill_model(window, offset, count);
    world.check_all()?;
    Ok(Some(()))
}

/// A VMO, a range in it, a mapping of other bytes and a place in that: the two sides of a
/// call whose buffer is a mapping.
struct Sides {
    vmo: usize,
    handle: u32,
    vmo_window: super::state::Window,
    vmo_offset: usize,
    map: usize,
    map_state: MapState,
    map_window: super::state::Window,
    map_offset: usize,
    length: usize,
    writable: bool,
}

fn sides(world: &World<'_>, random: &mut Random) -> Option<Sides> {
    let vmo = world.model.some_vmo(random.below(1 << 20))?;
    let state = world.model.vmo(vmo)?;
    let vmo_window = world.model.window(&state)?;
    let (map, map_state, map_offset, length) = world.map_range(random)?;
    let map_window = world.model.map_window(&map_state)?;
    let (vmo_offset, more) = range(random, vmo_window.size);
    // What copying between overlapping places gives, nobody promises.
    (map_window.store != vmo_window.store).then_some(Sides {
        vmo,
        handle: state.handle,
        vmo_window,
        vmo_offset,
        map,
        map_state,
        map_window,
        map_offset,
        length: length.min(more),
        writable: state.writable,
    })
}

/// `zx_vmo_read` into a mapping.
pub(super) fn read_into_map(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some(sides) = sides(world, random) else {
        return Ok(None);
    };
    let Sides {
        vmo, map, length, ..
    } = sides;
    let hindrance = world.buffer_hindrance(&sides.map_state, sides.map_offset, length, WRITE);
    let Some(hindrance) = hindrance else {
        return Ok(None);
    };
    world.say(format_args!(
        "read vmo {vmo} {:#x} + {length:#x} into map {map} {:#x}",
        sides.vmo_offset, sides.map_offset
    ));
    let address = (sides.map_state.address + sides.map_offset) as u64;
    let offset = sides.vmo_offset as u64;
    let found = probe::vmo_read(sides.handle, address, offset, length as u64);
    let (expected, moved) = match hindrance {
        _ if sides.vmo_offset + length > sides.vmo_window.size => (Status::OUT_OF_RANGE, 0),
        None => (Status::OK, length),
        Some((at, status)) => (status, at - sides.map_offset),
    };
    world.status(found, expected)?;
    if expected == Status::OK {
        copy(world, &sides, moved);
    } else {
        adopt_prefix(world, &sides, moved)?;
    }
    world.check_store(sides.map_window.store)?;
    Ok(Some(()))
}

fn copy(world: &mut World<'_>, sides: &Sides, count: usize) {
    for at in 0..count {
        let from = world
            .model
            .bytes(sides.vmo_window, sides.vmo_offset + at, 1);
        let byte = from.first().copied().unwrap_or(0);
        let place = sides.map_offset + at;
        world.model.bytes_mut(sides.map_window, place, 1).fill(byte);
    }
}

/// After a failure each byte before the place of failure may have been moved or not: takes
/// over what is there, if it is one of the two.
fn adopt_prefix(world: &mut World<'_>, sides: &Sides, count: usize) -> Result<(), Failure> {
    let own = own_process()?;
    let vaddr = (sides.map_state.address + sides.map_offset) as u64;
    if count == 0 {
        return Ok(());
    }
    let (status, actual) = probe::process_read(own, vaddr, world.buffer.at(0), count as u64);
    expect_eq!((status, actual), (Status::OK, count as u64));
    for at in 0..count {
        let found = world.buffer.map.byte(at);
        let byte = |window, offset| world.model.bytes(window, offset, 1).first().copied();
        let new = byte(sides.vmo_window, sides.vmo_offset + at);
        let old = byte(sides.map_window, sides.map_offset + at);
        ensure!(
            Some(found) == new || Some(found) == old,
            "byte {at:#x} before the failure is neither old nor new"
        );
        let place = sides.map_offset + at;
        world
            .model
            .bytes_mut(sides.map_window, place, 1)
            .fill(found);
    }
    Ok(())
}

/// `zx_vmo_write` from a mapping.
pub(super) fn write_from_map(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some(sides) = sides(world, random) else {
        return Ok(None);
    };
    let Sides {
        vmo, map, length, ..
    } = sides;
    let hindrance = world.buffer_hindrance(&sides.map_state, sides.map_offset, length, READ);
    let Some(hindrance) = hindrance else {
        return Ok(None);
    };
    world.say(format_args!(
        "write vmo {vmo} {:#x} + {length:#x} from map {map} {:#x}",
        sides.vmo_offset, sides.map_offset
    ));
    let address = (sides.map_state.address + sides.map_offset) as u64;
    let offset = sides.vmo_offset as u64;
    let found = probe::vmo_write(sides.handle, address, offset, length as u64);
    let (expected, moved) = match hindrance {
        _ if !sides.writable => (Status::ACCESS_DENIED, 0),
        _ if sides.vmo_offset + length > sides.vmo_window.size => (Status::OUT_OF_RANGE, 0),
        None => (Status::OK, length),
        Some((at, status)) => (status, at - sides.map_offset),
    };
    world.status(found, expected)?;
    let whole = expected == Status::OK;
    let read = probe::vmo_read(sides.handle, world.buffer.at(0), offset, moved as u64);
    if moved > 0 {
        expect_eq!(read, Status::OK);
    }
    for at in 0..moved {
        let byte = |window, offset| world.model.bytes(window, offset, 1).first().copied();
        let new = byte(sides.map_window, sides.map_offset + at).unwrap_or(0);
        let old = byte(sides.vmo_window, sides.vmo_offset + at).unwrap_or(0);
        let found = world.buffer.map.byte(at);
        ensure!(
            found == new || (found == old && !whole),
            "byte {at:#x} of the VMO is neither old nor new"
        );
        let place = sides.vmo_offset + at;
        world
            .model
            .bytes_mut(sides.vmo_window, place, 1)
            .fill(found);
    }
    world.check_store(sides.vmo_window.store)?;
    Ok(Some(()))
}
