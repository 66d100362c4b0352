//! Steps on VMOs by their handles.

use super::state::{Kind, PAGES, VmoState};
use super::world::{Done, World, range};
use crate::random::Random;
use crate::{ensure, probe};
use abi::objects::VmoOptions;
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, PAGE_SIZE, Status};

/// A VMO chosen at random that has a handle.
fn pick(world: &World<'_>, random: &mut Random) -> Option<(usize, VmoState)> {
    let index = world.model.some_vmo(random.below(1 << 20))?;
    Some((index, world.model.vmo(index)?))
}

/// A size in bytes, often of whole pages.
fn size(random: &mut Random) -> usize {
    let pages = random.below(PAGES + 1);
    match random.below(3) {
        0 => pages * PAGE_SIZE,
        _ => (pages * PAGE_SIZE).saturating_sub(random.below(PAGE_SIZE)),
    }
}

pub(super) fn create(world: &mut World<'_>, random: &mut Random) -> Done {
    let (stream, resizable) = (size(random), random.once_in(2));
    let Some(index) = world.model.free_vmo() else {
        return Ok(None);
    };
    world.say(format_args!(
        "create vmo {index}: {stream:#x} bytes, resizable {resizable}"
    ));
    let Some(store) = world.model.new_store(stream, resizable) else {
        return Ok(None);
    };
    let options = if resizable {
        VmoOptions::RESIZABLE.bits()
    } else {
        0
    };
    let handle = probe::vmo_create(stream as u64, options)?;
    if let Some(slot) = world.model.vmos.get_mut(index) {
        *slot = Some(VmoState {
            store,
            kind: Kind::Whole,
            handle,
            writable: true,
            resizes: resizable,
        });
    }
    world.check_vmo(index)?;
    Ok(Some(()))
}

/// The arguments of a `zx_vmo_create_child`.
struct Child {
    options: ChildOptions,
    offset: usize,
    size: usize,
}

/// What it should give; `None` if the reference leaves it open.
fn child_status(world: &World<'_>, parent: &VmoState, child: &Child) -> Option<Status> {
    let window = world.model.window(parent)?;
    let resizable = world.model.stores.get(parent.store)?.resizable;
    let slice = matches!(parent.kind, Kind::Slice { .. });
    let options = child.options;
    if options.contains(ChildOptions::NO_WRITE | ChildOptions::RESIZABLE) {
        return Some(Status::INVALID_ARGS);
    }
    let aligned = child.offset.is_multiple_of(PAGE_SIZE);
    let more = options.contains(ChildOptions::RESIZABLE);
    if options.contains(ChildOptions::SLICE) {
        let end = child.offset + child.size.next_multiple_of(PAGE_SIZE);
        let bad = more || !aligned || end > window.size;
        return match (bad, resizable) {
            (true, true) => None,
            (true, false) => Some(Status::INVALID_ARGS),
            (false, true) => Some(Status::NOT_SUPPORTED),
            (false, false) => Some(Status::OK),
        };
    }
    if options.contains(ChildOptions::REFERENCE) {
        let bad = child.offset != 0 || child.size != 0;
        if more && !parent.resizes {
            // Without the right it is refused, but a bad range may be noticed first.
            return (!bad && !slice).then_some(Status::ACCESS_DENIED);
        }
        return match (bad, slice) {
            (true, true) => None,
            (true, false) => Some(Status::INVALID_ARGS),
            (false, true) => Some(Status::NOT_SUPPORTED),
            (false, false) => Some(Status::OK),
        };
    }
    match (aligned, slice) {
        (false, true) => None,
        (false, false) => Some(Status::INVALID_ARGS),
        (true, true) => Some(Status::NOT_SUPPORTED),
        (true, false) => Some(Status::OK),
    }
}

fn child_arguments(world: &World<'_>, parent: &VmoState, random: &mut Random) -> Child {
    let room = world.model.window(parent).map_or(0, |window| window.size);
    let mut options = match random.below(8) {
        0..=2 => ChildOptions::SNAPSHOT,
        3 => ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
        4 | 5 => ChildOptions::SLICE,
        6 => ChildOptions::REFERENCE,
        _ => ChildOptions::SNAPSHOT_MODIFIED,
    };
    // What these do with slices, and the last with what has a parent already, the reference
    // does not say clearly.
    let slice = matches!(parent.kind, Kind::Slice { .. });
    let modified = ChildOptions::SNAPSHOT_MODIFIED;
    let lazy = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE;
    let related = world.model.family_size(parent.store) > 1;
    if (slice && options.intersects(modified | lazy)) || (related && options.contains(modified)) {
        options = ChildOptions::SNAPSHOT;
    }
    if random.once_in(3) {
        options |= ChildOptions::RESIZABLE;
    }
    if random.once_in(5) {
        options |= ChildOptions::NO_WRITE;
    }
    let mut offset = random.below(PAGES) * PAGE_SIZE;
    let mut size = size(random);
    if options.contains(ChildOptions::SLICE) {
        options.remove(ChildOptions::RESIZABLE);
        offset = offset.min(room);
        size = size.min(room - offset);
    }
    if options.contains(ChildOptions::REFERENCE) {
        (offset, size) = (0, 0);
    }
    if random.once_in(20) {
        offset += 512;
    }
    Child {
        options,
        offset,
        size,
    }
}

pub(super) fn create_child(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((from, parent)) = pick(world, random) else {
        return Ok(None);
    };
    let Some(index) = world.model.free_vmo() else {
        return Ok(None);
    };
    let child = child_arguments(world, &parent, random);
    let Some(expected) = child_status(world, &parent, &child) else {
        return Ok(None);
    };
    let Child {
        options,
        offset,
        size,
    } = child;
    world.say(format_args!(
        "create vmo {index}: child {options:?} of vmo {from}, {offset:#x} + {size:#x}"
    ));
    let Some(window) = world.model.window(&parent) else {
        return Ok(None);
    };
    let more = options.contains(ChildOptions::RESIZABLE);
    let (kind, writable) = if options.contains(ChildOptions::SLICE) {
        let slice = Kind::Slice {
            offset: window.offset + offset,
            size: size.next_multiple_of(PAGE_SIZE),
            stream: size,
        };
        (slice, parent.writable)
    } else if options.contains(ChildOptions::REFERENCE) {
        (Kind::Reference, parent.writable)
    } else {
        (Kind::Whole, true)
    };
    let store = match (expected, kind) {
        (Status::OK, Kind::Whole) => {
            let Some(store) = world.model.snapshot(window, offset, size, more) else {
                return Ok(None);
            };
            store
        }
        _ => parent.store,
    };
    let mut handle = 0_u32;
    let args = [
        u64::from(parent.handle),
        u64::from(options.bits()),
        offset as u64,
        size as u64,
        probe::out(&mut handle),
    ];
    let found = probe::status(Call::VmoCreateChild, &args);
    world.status(found, expected)?;
    if expected != Status::OK {
        return Ok(Some(()));
    }
    if let Some(slot) = world.model.vmos.get_mut(index) {
        *slot = Some(VmoState {
            store,
            kind,
            handle: core::hint::black_box(handle),
            writable: writable && !options.contains(ChildOptions::NO_WRITE),
            resizes: more,
        });
    }
    world.check_vmo(index)?;
    world.check_vmo(from)?;
    Ok(Some(()))
}

pub(super) fn write(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    let Some(window) = world.model.window(&vmo) else {
        return Ok(None);
    };
    let (offset, length) = range(random, window.size);
    world.say(format_args!("write vmo {index}: {offset:#x} + {length:#x}"));
    world.fill(length);
    let found = probe::vmo_write(vmo.handle, world.buffer.at(0), offset as u64, length as u64);
    let expected = match () {
        () if !vmo.writable => Status::ACCESS_DENIED,
        () if offset + length > window.size => Status::OUT_OF_RANGE,
        () => Status::OK,
    };
    world.status(found, expected)?;
    if expected == Status::OK {
        world.fill_model(window, offset, length);
    }
    world.check_store(vmo.store)?;
    Ok(Some(()))
}

pub(super) fn read(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    let Some(window) = world.model.window(&vmo) else {
        return Ok(None);
    };
    let (offset, length) = range(random, window.size);
    world.say(format_args!("read vmo {index}: {offset:#x} + {length:#x}"));
    world.fill(length + 16);
    let found = probe::vmo_read(vmo.handle, world.buffer.at(0), offset as u64, length as u64);
    let inside = offset + length <= window.size;
    let expected = if inside {
        Status::OK
    } else {
        Status::OUT_OF_RANGE
    };
    world.status(found, expected)?;
    let moved = if inside { length } else { 0 };
    world.same(window, offset, moved)?;
    for at in moved..(length + 16).min(super::state::BYTES) {
        let kept = crate::pattern::byte(world.step, at as u64);
        ensure!(
            world.buffer.map.byte(at) == kept,
            "byte {at:#x} of the buffer changed"
        );
    }
    Ok(Some(()))
}

pub(super) fn set_size(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    let new = size(random);
    world.say(format_args!("set_size vmo {index}: {new:#x}"));
    let found = probe::status(Call::VmoSetSize, &[u64::from(vmo.handle), new as u64]);
    let Some(store) = world.model.stores.get_mut(vmo.store) else {
        return Ok(None);
    };
    let slice = matches!(vmo.kind, Kind::Slice { .. });
    if !vmo.writable {
        world.status(found, Status::ACCESS_DENIED)?;
    } else if slice || !store.resizable {
        world.status(found, Status::UNAVAILABLE)?;
    } else if !vmo.resizes {
        // A reference without RESIZABLE: the handle lacks the right, and the object may be
        // taken for one that is not resizable.
        let either = found == Status::ACCESS_DENIED
            || (found == Status::UNAVAILABLE && vmo.kind == Kind::Reference);
        ensure!(either, "gave {found} without the right RESIZE");
    } else {
        let old = store.size;
        store.size = new.next_multiple_of(PAGE_SIZE);
        store.stream = new;
        let from = new.min(old);
        if let Some(gone) = store.bytes.get_mut(from..) {
            gone.fill(0);
        }
        world.status(found, Status::OK)?;
    }
    world.check_store(vmo.store)?;
    Ok(Some(()))
}

pub(super) fn set_stream_size(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    let Some(window) = world.model.window(&vmo) else {
        return Ok(None);
    };
    let new = size(random);
    world.say(format_args!("set_stream_size vmo {index}: {new:#x}"));
    let old = world.stream(&vmo).unwrap_or(0);
    let found = probe::status(Call::VmoSetStreamSize, &[u64::from(vmo.handle), new as u64]);
    let expected = match () {
        () if !vmo.writable => Status::ACCESS_DENIED,
        () if new == old => Status::OK,
        () if new > window.size => Status::OUT_OF_RANGE,
        () => Status::OK,
    };
    world.status(found, expected)?;
    if expected == Status::OK && new != old {
        let from = new.min(old);
        world.model.bytes_mut(window, from, window.size).fill(0);
        let slot = world.model.vmos.get_mut(index).and_then(Option::as_mut);
        match slot.map(|slot| &mut slot.kind) {
            Some(Kind::Slice { stream, .. }) => *stream = new,
            _ => {
                if let Some(store) = world.model.stores.get_mut(vmo.store) {
                    store.stream = new;
                }
            }
        }
    }
    world.check_store(vmo.store)?;
    Ok(Some(()))
}

/// ZERO, COMMIT, DECOMMIT, PREFETCH.
pub(super) fn op_range(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    let Some(window) = world.model.window(&vmo) else {
        return Ok(None);
    };
    let ops = [
        (RangeOp::ZERO, "zero"),
        (RangeOp::ZERO, "zero"),
        (RangeOp::DECOMMIT, "decommit"),
        (RangeOp::DECOMMIT, "decommit"),
        (RangeOp::COMMIT, "commit"),
        (RangeOp::PREFETCH, "prefetch"),
    ];
    let Some(&(op, name)) = ops.get(random.below(ops.len())) else {
        return Ok(None);
    };
    let (offset, length) = range(random, window.size);
    world.say(format_args!(
        "{name} vmo {index}: {offset:#x} + {length:#x}"
    ));
    let args = [
        u64::from(vmo.handle),
        u64::from(op),
        offset as u64,
        length as u64,
    ];
    let found = probe::status(Call::VmoOpRange, &args);
    let related = world.model.family_size(vmo.store) > 1;
    let unaligned = !offset.is_multiple_of(PAGE_SIZE) || !length.is_multiple_of(PAGE_SIZE);
    let decommit = op == RangeOp::DECOMMIT;
    let expected = match () {
        () if !vmo.writable && op != RangeOp::PREFETCH => Status::ACCESS_DENIED,
        () if offset + length > window.size => Status::OUT_OF_RANGE,
        () if length == 0 => Status::OK,
        () if decommit && related => Status::NOT_SUPPORTED,
        () if decommit && unaligned => Status::INVALID_ARGS,
        () => Status::OK,
    };
    world.status(found, expected)?;
    if expected == Status::OK && (decommit || op == RangeOp::ZERO) {
        world.model.bytes_mut(window, offset, length).fill(0);
    }
    world.check_store(vmo.store)?;
    Ok(Some(()))
}

pub(super) fn transfer(world: &mut World<'_>, random: &mut Random) -> Done {
    let (Some((to, target)), Some((from, source))) = (pick(world, random), pick(world, random))
    else {
        return Ok(None);
    };
    let whole = |vmo: &VmoState| !matches!(vmo.kind, Kind::Slice { .. });
    let (Some(there), Some(here)) = (world.model.window(&target), world.model.window(&source))
    else {
        return Ok(None);
    };
    // Pages under slices, and overlapping ranges of one VMO, the reference leaves open.
    if !whole(&target) || !whole(&source) || target.store == source.store {
        return Ok(None);
    }
    let (offset, length) = range(random, there.size);
    let src_offset = random.below(PAGES) * PAGE_SIZE;
    world.say(format_args!(
        "transfer to vmo {to} {offset:#x} + {length:#x} from vmo {from} {src_offset:#x}"
    ));
    let args = [
        u64::from(target.handle),
        0,
        offset as u64,
        length as u64,
        u64::from(source.handle),
        src_offset as u64,
    ];
    let found = probe::status(Call::VmoTransferData, &args);
    let unaligned = !offset.is_multiple_of(PAGE_SIZE) || !length.is_multiple_of(PAGE_SIZE);
    let beyond = offset + length > there.size || src_offset + length > here.size;
    let expected = match () {
        () if unaligned => Status::INVALID_ARGS,
        () if !target.writable || !source.writable => Status::ACCESS_DENIED,
        () if beyond => Status::OUT_OF_RANGE,
        () => Status::OK,
    };
    world.status(found, expected)?;
    if expected == Status::OK {
        for at in 0..length {
            let taken = world.model.bytes_mut(here, src_offset + at, 1);
            let byte = taken.first_mut().map(core::mem::take).unwrap_or(0);
            world.model.bytes_mut(there, offset + at, 1).fill(byte);
        }
    }
    world.check_store(target.store)?;
    world.check_store(source.store)?;
    Ok(Some(()))
}

pub(super) fn close(world: &mut World<'_>, random: &mut Random) -> Done {
    let Some((index, vmo)) = pick(world, random) else {
        return Ok(None);
    };
    world.say(format_args!("close vmo {index}"));
    world.status(probe::close(vmo.handle), Status::OK)?;
    if let Some(Some(slot)) = world.model.vmos.get_mut(index) {
        slot.handle = 0;
    }
    world.model.sweep();
    world.check_all()?;
    Ok(Some(()))
}
