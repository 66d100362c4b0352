//! Who may read and change the vDSO's bytes (reference §6.4, §18).

use super::{failure, image, segments, vmo};
use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{self, UNTOUCHED, process_read, process_write, vmo_read, vmo_write};
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::options::Property;
use libzx::{Call, MapOptions, PAGE_SIZE, Rights, Status, Vmo, startup};

/// The value of the own process's handle.
pub(super) fn process() -> Result<u32, Failure> {
    let process = startup().process_self();
    let process = process.ok_or_else(|| failure("no handle of the process"))?;
    Ok(process.handle().raw())
}

pub(super) fn the_handle_cannot_write_and_can_execute() -> Outcome {
    let handle = vmo()?.handle().raw();
    expect_eq!(
        Rights::VDSO,
        (Rights::DEFAULT_VMO - Rights::WRITE) | Rights::EXECUTE
    );
    // A right that the handle lacks cannot be given to a copy.
    for bit in 0..25 {
        let right = Rights::from_bits_retain(1 << bit);
        let copy = probe::duplicate(handle, right.bits());
        if Rights::VDSO.contains(right) {
            expect_eq!(probe::close(copy?), Status::OK);
        } else {
            expect_eq!((bit, copy), (bit, Err(Status::INVALID_ARGS)));
        }
    }
    let bytes = Area::touched(1)?;
    expect_eq!(vmo_write(handle, bytes.at(0), 0, 1), Status::ACCESS_DENIED);
    Ok(())
}

pub(super) fn the_vmo_holds_the_image() -> Outcome {
    let vmo = vmo()?;
    let [(_, data_size), (code, code_size)] = segments()?;
    let pages = usize::try_from((data_size + code_size) / PAGE).unwrap_or(0);
    let copy = Area::new(pages)?;
    expect_eq!(
        vmo_read(vmo.handle().raw(), copy.at(0), 0, data_size + code_size),
        Status::OK
    );
    let data = image()?.data();
    for (at, &byte) in data.iter().enumerate() {
        expect_eq!((at, copy.map.byte(at)), (at, byte));
    }
    let code = usize::try_from(code).unwrap_or(0);
    for at in 0..usize::try_from(code_size).unwrap_or(0) {
        let place = core::ptr::with_exposed_provenance::<u8>(code + at);
        // SAFETY: code of the vDSO, which can be read and never changes.
        let byte = unsafe { place.read_volatile() };
        expect_eq!((at, copy.map.byte(data.len() + at)), (at, byte));
    }
    Ok(())
}

/// As the kernel sees it: as the caller's buffer. `crash write-vdso` shows how the CPU does.
pub(super) fn both_segments_are_only_for_reading() -> Outcome {
    let scratch = Vmo::create(PAGE)?;
    let handle = scratch.handle().raw();
    for (start, size) in segments()? {
        for address in [start, start + size - 1] {
            expect_eq!(vmo_read(handle, address, 0, 1), Status::ACCESS_DENIED);
            expect_eq!(vmo_write(handle, address, 0, 1), Status::OK);
        }
    }
    Ok(())
}

pub(super) fn the_process_can_be_read_there() -> Outcome {
    let process = process()?;
    let copy = Area::touched(1)?;
    let [(base, data_size), (code, _)] = segments()?;
    expect_eq!(
        process_read(process, base, copy.at(0), PAGE),
        (Status::OK, PAGE)
    );
    let data = image()?.data();
    let same = data.iter().take(PAGE_SIZE).enumerate();
    for (at, &byte) in same {
        expect_eq!((at, copy.map.byte(at)), (at, byte));
    }
    // Data and code are two mappings: a read ends with the first.
    let end = base + data_size;
    expect_eq!(
        process_read(process, end - 8, copy.at(0), 64),
        (Status::OK, 8)
    );
    expect_eq!(process_read(process, code, copy.at(0), 5), (Status::OK, 5));
    let mut start = [0; 5];
    copy.map.load(0, &mut start);
    // mov eax, 0: the stub of call 0.
    expect_eq!(start, [0xB8, 0, 0, 0, 0]);
    Ok(())
}

/// The first and last bytes of a segment of a process, to see whether they change.
fn ends(process: u32, start: u64, size: u64) -> Result<[[u8; 16]; 2], Failure> {
    let mut found = [[0; 16]; 2];
    for (address, bytes) in [start, start + size - 16].into_iter().zip(&mut found) {
        let (status, _) = process_read(process, address, probe::out(bytes), 16);
        status.ok()?;
    }
    Ok(core::hint::black_box(found))
}

/// That no byte of these segments of a process can be written.
fn writes_are_denied(process: u32, segments: [(u64, u64); 2], modes: Modes) -> Outcome {
    let denied = if modes.gate {
        Status::ACCESS_DENIED
    } else {
        Status::NOT_SUPPORTED
    };
    let junk = Area::touched(2)?;
    junk.fill(1, 2 * PAGE_SIZE);
    for (start, size) in segments {
        let before = ends(process, start, size)?;
        for address in [start, start + 1, start + PAGE - 1, start + size - 1] {
            for length in [1, 16, PAGE, 2 * PAGE] {
                let given = process_write(process, address, junk.at(0), length);
                let wanted = (denied, UNTOUCHED);
                expect_eq!((address, length, given), (address, length, wanted));
            }
        }
        // Before the buffer is looked at.
        let given = process_write(process, start, 0x7000_0000_0000, 1);
        expect_eq!(given, (denied, UNTOUCHED));
        expect_eq!(ends(process, start, size)?, before);
    }
    Ok(())
}

pub(super) fn neither_segment_can_be_written_from_outside(modes: Modes) -> Outcome {
    writes_are_denied(process()?, segments()?, modes)
}

/// Where a process has its vDSO, as the kernel says.
pub(super) fn base_of(process: u32) -> Result<u64, Failure> {
    let mut base = 0_u64;
    let property = u64::from(Property::PROCESS_VDSO_BASE_ADDRESS);
    let arguments = [u64::from(process), property, probe::out(&mut base), 8];
    probe::status(Call::ObjectGetProperty, &arguments).ok()?;
    Ok(core::hint::black_box(base))
}

/// The vDSO of the other program, which stands somewhere else.
pub(super) fn anothers_neither(modes: Modes) -> Outcome {
    let other = startup().other(0);
    let other = other.ok_or_else(|| failure("there is no second program"))?;
    let process = other.process.handle().raw();
    let base = base_of(process)?;
    let [(own, data_size), (code, code_size)] = segments()?;
    ensure!(base != own && base != 0, "its vDSO is at {base:#x}, too");
    let theirs = [(base, data_size), (base + (code - own), code_size)];
    // It is there, and it is the same image.
    for ((start, size), (own, _)) in theirs.into_iter().zip(segments()?) {
        let found = ends(process, start, size)?;
        expect_eq!(found, ends(self::process()?, own, size)?);
    }
    writes_are_denied(process, theirs, modes)
}

/// Of a mapping that ends where the vDSO begins, a write changes what is there and no
/// more; nothing is given to it if there is no such place.
pub(super) fn a_write_that_starts_below_does_not_reach_it(modes: Modes) -> Outcome {
    let [(base, size), _] = segments()?;
    let before = ends(process()?, base, size)?;
    let below = Vmo::create(PAGE)?;
    let root = startup().vmar_root();
    let root = root.ok_or_else(|| failure("no handle of the root VMAR"))?;
    let offset = base - PAGE - abi::layout::USER_BASE;
    let address = root.map(
        MapOptions::READ_WRITE | MapOptions::SPECIFIC,
        usize::try_from(offset).unwrap_or(0),
        &below,
        0,
        PAGE_SIZE,
    )?;
    expect_eq!(address as u64, base - PAGE);
    let junk = Area::touched(1)?;
    junk.fill(2, 64);
    let given = process_write(process()?, base - 16, junk.at(0), 64);
    let wanted = if modes.gate {
        (Status::OK, 16)
    } else {
        (Status::NOT_SUPPORTED, UNTOUCHED)
    };
    expect_eq!(given, wanted);
    let mut found = [0; 16];
    below.read(&mut found, PAGE - 16)?;
    let arrived = found.iter().enumerate();
    let arrived = arrived
        .filter(|&(at, &byte)| byte == junk.map.byte(at))
        .count();
    ensure!(
        !modes.gate || arrived == 16,
        "{arrived} of 16 bytes arrived"
    );
    expect_eq!(ends(process()?, base, size)?, before);
    // SAFETY: nothing else is in that page.
    unsafe { root.unmap(address, PAGE_SIZE) }?;
    Ok(())
}
