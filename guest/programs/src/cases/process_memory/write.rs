//! What writing changes (reference §6.2, §6.3).

use super::target::*;
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::probe::{process_write, vmo_read};
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq, pattern};
use libzx::{PAGE_SIZE, Rights, Status, Vmo, startup};

pub(super) fn writes_go_through(target: &Target) -> Outcome {
    let vmo = patterned(9, 3)?;
    let place = target.map(&vmo, 3 * PAGE_SIZE, RW)?;
    let window = target.map(&vmo, 3 * PAGE_SIZE, R)?;
    let (buffer, back) = (Area::new(3)?, Area::new(3)?);
    buffer.fill(10, 3 * PAGE_SIZE);
    expect_eq!(target.write(place.at(100), &buffer, 2 * PAGE), ok(2 * PAGE));
    // The VMO, this mapping and the other one show the new bytes.
    for vaddr in [place.at(0), window.at(0)] {
        expect_eq!(target.read(vaddr, &back, 3 * PAGE), ok(3 * PAGE));
        expect_eq!(back.mismatch(9, 0, 0, 100), None);
        expect_eq!(back.mismatch(10, 100, 0, 2 * PAGE_SIZE), None);
        expect_eq!(
            back.mismatch(9, 2 * PAGE_SIZE + 100, 2 * PAGE + 100, 50),
            None
        );
    }
    let mut found = [0; 64];
    vmo.read(&mut found, PAGE)?;
    expect_eq!(pattern::mismatch(10, PAGE - 100, &found), None);
    // Short at the end of the mapping, and of the VMO.
    expect_eq!(target.write(place.at(3 * PAGE - 5), &buffer, 64), ok(5));
    let beyond = target.map(&vmo, 4 * PAGE_SIZE, RW)?;
    expect_eq!(target.write(beyond.at(3 * PAGE - 5), &buffer, 64), ok(5));
    let given = target.write(beyond.at(3 * PAGE), &buffer, 64);
    expect_eq!(given, error(Status::OUT_OF_RANGE));
    Ok(())
}

pub(super) fn writes_into_absent_pages(target: &Target) -> Outcome {
    let vmo = Vmo::create(64 * PAGE)?;
    let place = target.map(&vmo, 64 * PAGE_SIZE, R)?;
    let (buffer, back) = (Area::new(64)?, Area::new(64)?);
    buffer.fill(11, 60 * PAGE_SIZE);
    expect_eq!(
        target.write(place.at(77), &buffer, 60 * PAGE),
        ok(60 * PAGE)
    );
    expect_eq!(target.read(place.at(0), &back, 64 * PAGE), ok(64 * PAGE));
    ensure!(back.all(0, 77, 0), "bytes before changed");
    expect_eq!(back.mismatch(11, 77, 0, 60 * PAGE_SIZE), None);
    ensure!(
        back.all(60 * PAGE_SIZE + 77, 4 * PAGE_SIZE - 77, 0),
        "bytes behind changed"
    );
    Ok(())
}

pub(super) fn the_gate_comes_first(target: &Target) -> Outcome {
    let buffer = Area::touched(1)?;
    let vmo = patterned(8, 1)?;
    let place = target.map(&vmo, PAGE_SIZE, RW)?;
    for (handle, vaddr, buffer, size) in [
        (target.handle(), place.at(0), buffer.at(0), 8),
        (0, 0, 0, 0),
        (buffer.handle(), u64::MAX, KERNEL_BASE, u64::MAX),
    ] {
        expect_eq!(
            process_write(handle, vaddr, buffer, size),
            error(Status::NOT_SUPPORTED)
        );
    }
    let mut found = [0; 64];
    vmo.read(&mut found, 0)?;
    expect_eq!(pattern::mismatch(8, 0, &found), None);
    Ok(())
}

/// The processor must see what was written into this very process at once.
pub(super) fn the_own_eyes_see_the_change() -> Outcome {
    let Some(own) = startup().process_self() else {
        return Err(Failure::from(Status::NOT_FOUND));
    };
    let buffer = Area::touched(1)?;
    buffer.map.store(0, b"seen");
    for writable in [true, false] {
        let vmo = patterned(16, 1)?;
        let source = if writable {
            Vmo::from_handle(vmo.handle().duplicate(Rights::SAME)?)
        } else {
            unwritable(&vmo)?
        };
        let map = libzx::Mapping::new(&source, PAGE_SIZE, R)?;
        expect_eq!(map.byte(64), pattern::byte(16, 64));
        let vaddr = map.address() as u64 + 64;
        expect_eq!(
            process_write(own.handle().raw(), vaddr, buffer.at(0), 4),
            ok(4)
        );
        let mut found = [0; 4];
        map.load(64, &mut found);
        expect_eq!(&found, b"seen");
        expect_eq!(map.byte(68), pattern::byte(16, 68));
        // To this process the page is as read-only as before.
        let given = vmo_read(vmo.handle().raw(), map.address() as u64, 0, 8);
        expect_eq!(given, Status::ACCESS_DENIED);
        vmo.read(&mut found, 64)?;
        expect_eq!(&found == b"seen", writable);
    }
    Ok(())
}
