//! Reads, writes, sizes, mappings and private copies against one another.

use super::ring::{allow, breathe, race, random, set_word, word, wrong};
use crate::memory::{Area, PAGE};
use crate::probe::{self, Map, vmo_read, vmo_write};
use crate::random::Random;
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::options::{ChildOptions, RangeOp, VmOptions};
use libzx::{Call, PAGE_SIZE, Rights, Status, Vmo, VmoOptions, startup};

/// Words of these races.
const VMO: usize = 0;
const OTHER: usize = 1;
const VMAR: usize = 2;
const BASE: usize = 3;
const OWN: usize = 4;
/// A buffer for each thread, of two pages.
const BUFFERS: usize = 8;

const PAGES: u64 = 8;
const TURNS: usize = 60;

fn handle(index: usize) -> u32 {
    u32::try_from(word(index)).unwrap_or(0)
}

fn byte_at(address: u64) -> u8 {
    let address = usize::try_from(address).unwrap_or(0);
    let place = core::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: a byte of the thread's own buffer.
    unsafe { place.read_volatile() }
}

fn fill_at(address: u64, length: usize, value: u8) {
    let address = usize::try_from(address).unwrap_or(0);
    for at in address..address + length {
        let place = core::ptr::with_exposed_provenance_mut::<u8>(at);
        // SAFETY: a byte of the thread's own buffer, to which nobody holds a reference.
        unsafe { place.write_volatile(value) };
    }
}

/// A page and a length of up to two pages.
fn range(random: &mut Random) -> (u64, u64) {
    let page = random.below(8) as u64;
    let length = match random.below(3) {
        0 => PAGE,
        1 => 2 * PAGE,
        _ => random.below(2 * PAGE_SIZE) as u64 + 1,
    };
    (page * PAGE, length)
}

const MOVED: [Status; 2] = [Status::OK, Status::OUT_OF_RANGE];

/// Reads; all that may be there are zeros and what the writers write.
fn reader(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for _ in 0..TURNS {
        let (offset, length) = range(&mut random);
        let status = vmo_read(handle(VMO), buffer, offset, length);
        allow(number, status, &MOVED);
        if status == Status::OK {
            for at in (0..length).step_by(97) {
                let byte = byte_at(buffer + at);
                if byte > 9 {
                    wrong(number, u64::from(byte));
                }
            }
        }
        breathe(&mut random);
    }
}

fn writer(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for turn in 0..TURNS {
        let [value, ..] = (turn % 9 + 1).to_le_bytes();
        fill_at(buffer, 2 * PAGE_SIZE, value);
        let (offset, length) = range(&mut random);
        allow(
            number,
            vmo_write(handle(VMO), buffer, offset, length),
            &MOVED,
        );
        breathe(&mut random);
    }
}

fn resizer(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let size = random.below(9) as u64 * PAGE;
        let status = probe::status(Call::VmoSetSize, &[word(VMO), size]);
        allow(number, status, &[Status::OK]);
        breathe(&mut random);
    }
}

/// Zeroes and gives back ranges. Snapshots that live for a moment may hinder the latter.
fn zeroer(number: usize) {
    let mut random = random(number);
    for _ in 0..TURNS {
        let (offset, length) = range(&mut random);
        let length = length.next_multiple_of(PAGE);
        let ops = [RangeOp::ZERO, RangeOp::DECOMMIT, RangeOp::COMMIT];
        let op = ops.get(random.below(3)).copied().unwrap_or(0);
        let args = [word(VMO), u64::from(op), offset, length];
        let status = probe::status(Call::VmoOpRange, &args);
        let allowed = [Status::OK, Status::OUT_OF_RANGE, Status::NOT_SUPPORTED];
        allow(number, status, &allowed);
        breathe(&mut random);
    }
}

/// Makes snapshots and looks at each twice: it must not change.
fn snapshotter(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    for _ in 0..TURNS / 2 {
        let mut child = 0_u32;
        let options = u64::from(ChildOptions::SNAPSHOT.bits());
        let args = [word(VMO), options, 0, PAGES * PAGE, probe::out(&mut child)];
        let status = probe::status(Call::VmoCreateChild, &args);
        allow(number, status, &[Status::OK]);
        if status != Status::OK {
            continue;
        }
        let child = core::hint::black_box(child);
        let page = random.below(8) as u64 * PAGE;
        allow(number, vmo_read(child, buffer, page, PAGE), &[Status::OK]);
        libzx::yield_now();
        let again = vmo_read(child, buffer + PAGE, page, PAGE);
        allow(number, again, &[Status::OK]);
        for at in (0..PAGE).step_by(61) {
            let (first, second) = (byte_at(buffer + at), byte_at(buffer + PAGE + at));
            if first != second || first > 9 {
                wrong(number, u64::from(second));
            }
        }
        allow(number, probe::close(child), &[Status::OK]);
        breathe(&mut random);
    }
}

/// A buffer for each of `count` threads, at the words for them.
fn buffers(count: usize) -> Result<Area, Status> {
    let area = Area::touched(2 * count)?;
    for number in 0..count {
        set_word(BUFFERS + number, area.at(2 * PAGE * number as u64));
    }
    Ok(area)
}

pub(super) fn reads_writes_and_sizes(seed: u64) -> Outcome {
    let vmo = Vmo::create_with(PAGES * PAGE, VmoOptions::RESIZABLE)?;
    let _buffers = buffers(5)?;
    set_word(VMO, u64::from(vmo.handle().raw()));
    let threads: [fn(usize); 5] = [reader, writer, resizer, writer, zeroer];
    race(seed, &threads, || Ok(()))?;
    let size = vmo.size()?;
    ensure!(
        size <= PAGES * PAGE && size % PAGE == 0,
        "the size is {size:#x}"
    );
    Ok(())
}

pub(super) fn snapshots_and_writes(seed: u64) -> Outcome {
    let vmo = Vmo::create_with(PAGES * PAGE, VmoOptions::RESIZABLE)?;
    let _buffers = buffers(6)?;
    set_word(VMO, u64::from(vmo.handle().raw()));
    let threads: [fn(usize); 6] = [snapshotter, writer, snapshotter, resizer, zeroer, reader];
    race(seed, &threads, || Ok(()))
}

/// Maps and unmaps, protects and replaces in a region of eight pages.
fn mapper(number: usize) {
    let mut random = random(number);
    let base = word(BASE);
    for _ in 0..TURNS {
        let page = random.below(8) as u64;
        let pages = random.below(3) as u64 + 1;
        let pages = pages.min(8 - page);
        let rights = [
            VmOptions::PERM_READ,
            VmOptions::PERM_READ | VmOptions::PERM_WRITE,
        ];
        let rights = rights.get(random.below(2)).copied();
        let rights = rights.unwrap_or(VmOptions::empty());
        let (at, len) = (base + page * PAGE, pages * PAGE);
        match random.below(4) {
            0 => {
                let status = probe::vmar_unmap(handle(VMAR), at, len);
                allow(number, status, &[Status::OK]);
            }
            1 => {
                let args = [word(VMAR), u64::from(rights.bits()), at, len];
                let status = probe::status(Call::VmarProtect, &args);
                let allowed = [Status::OK, Status::NOT_FOUND, Status::ACCESS_DENIED];
                allow(number, status, &allowed);
            }
            _ => {
                let place = Map {
                    vmar: handle(VMAR),
                    options: (rights | VmOptions::SPECIFIC_OVERWRITE).bits(),
                    vmar_offset: page * PAGE,
                    vmo: handle(if random.once_in(2) { VMO } else { OTHER }),
                    vmo_offset: page * PAGE,
                    len,
                };
                // The other VMO's handle cannot write.
                if let Err(status) = place.call() {
                    allow(number, status, &[Status::ACCESS_DENIED]);
                }
            }
        }
        breathe(&mut random);
    }
}

/// Reads into and writes from what the mapper maps.
fn buffer_user(number: usize) {
    let mut random = random(number);
    let allowed = [
        Status::OK,
        Status::NOT_FOUND,
        Status::ACCESS_DENIED,
        Status::OUT_OF_RANGE,
    ];
    for _ in 0..TURNS {
        let at = word(BASE) + random.below(8 * PAGE_SIZE) as u64;
        let left = word(BASE) + 8 * PAGE - at;
        let length = (random.below(2 * PAGE_SIZE) as u64 + 1).min(left);
        let status = match random.once_in(2) {
            true => vmo_read(handle(VMO), at, 0, length),
            false => vmo_write(handle(VMO), at, 0, length),
        };
        allow(number, status, &allowed);
        breathe(&mut random);
    }
}

/// Reads and writes the region from outside, as a debugger does.
fn debugger(number: usize) {
    let mut random = random(number);
    let buffer = word(BUFFERS + number);
    let own = handle(OWN);
    for _ in 0..TURNS {
        let at = word(BASE) + random.below(8 * PAGE_SIZE) as u64;
        let length = random.below(2 * PAGE_SIZE) as u64 + 1;
        let (status, actual) = match random.once_in(2) {
            true => probe::process_read(own, at, buffer, length),
            false => probe::process_write(own, at, buffer, length),
        };
        let allowed = [Status::OK, Status::NO_MEMORY, Status::OUT_OF_RANGE];
        allow(number, status, &allowed);
        let counted = match status {
            Status::OK => (1..=length).contains(&actual),
            _ => actual == probe::UNTOUCHED,
        };
        if !counted {
            wrong(number, actual);
        }
        breathe(&mut random);
    }
}

/// Both with the gate of `zx_process_write_memory` open: a mapping of the VMO that cannot
/// be written becomes private, so that VMO never changes.
pub(super) fn mappings_that_come_and_go(seed: u64) -> Outcome {
    let vmo = Vmo::create_with(PAGES * PAGE, VmoOptions::RESIZABLE)?;
    let other = Area::touched(8)?;
    other.fill(seed, 8 * PAGE_SIZE);
    let unwritable = other.vmo.handle();
    let unwritable = unwritable.without(Rights::DEFAULT_VMO, Rights::WRITE)?;
    let _buffers = buffers(5)?;
    let (Some(root), Some(own)) = (startup().vmar_root(), startup().process_self()) else {
        return Err(Status::NOT_FOUND.into());
    };
    let (mut region, mut base) = (0_u32, 0_u64);
    let options = VmOptions::CAN_MAP_SPECIFIC | VmOptions::CAN_MAP_READ | VmOptions::CAN_MAP_WRITE;
    let args = [
        u64::from(root.handle().raw()),
        u64::from(options.bits()),
        0,
        8 * PAGE,
        probe::out(&mut region),
        probe::out(&mut base),
    ];
    probe::status(Call::VmarAllocate, &args).ok()?;
    let region = core::hint::black_box(region);
    set_word(VMO, u64::from(vmo.handle().raw()));
    set_word(OTHER, u64::from(unwritable.raw()));
    set_word(VMAR, u64::from(region));
    set_word(BASE, core::hint::black_box(base));
    set_word(OWN, u64::from(own.handle().raw()));
    let threads: [fn(usize); 5] = [mapper, buffer_user, debugger, mapper, resizer];
    race(seed, &threads, || Ok(()))?;
    // Nobody has reached the bytes of the one that cannot be written.
    expect_eq!(other.mismatch(seed, 0, 0, 8 * PAGE_SIZE), None);
    let status = probe::status(Call::VmarDestroy, &[u64::from(region)]);
    expect_eq!(status, Status::OK);
    expect_eq!(probe::close(region), Status::OK);
    super::ring::sound(seed)
}
