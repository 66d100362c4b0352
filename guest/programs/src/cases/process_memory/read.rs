//! What reading gives, and how much of it (reference §5.2, §5.3).

use super::target::*;
use crate::expect_eq;
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::probe::process_read;
use crate::suite::Outcome;
use libzx::{MapOptions, PAGE_SIZE, Status};

pub(super) fn reads_what_is_there(target: &Target) -> Outcome {
    let vmo = patterned(1, 3)?;
    let place = target.map(&vmo, 3 * PAGE_SIZE, RW)?;
    let buffer = Area::new(4)?;
    for (offset, size) in [
        (0, 1),
        (0, PAGE),
        (5, 64),
        (4090, 100),
        (0, 3 * PAGE),
        (1, 3 * PAGE - 1),
    ] {
        buffer.vmo.write(&[0xCC], size)?;
        expect_eq!(target.read(place.at(offset), &buffer, size), ok(size));
        let length = usize::try_from(size).unwrap_or(0);
        expect_eq!(buffer.mismatch(1, 0, offset, length), None);
        expect_eq!(buffer.map.byte(length), 0xCC);
    }
    Ok(())
}

pub(super) fn reads_are_short_at_the_end_of_a_mapping(target: &Target) -> Outcome {
    let (vmo, other) = (patterned(2, 2)?, patterned(3, 1)?);
    // Two mappings side by side: reading stops at the seam.
    let whole = target.map(&vmo, 3 * PAGE_SIZE, RW)?;
    let seam = whole.at(2 * PAGE);
    let offset = usize::try_from(seam - abi::layout::USER_BASE).unwrap_or(0);
    let options = RW | MapOptions::SPECIFIC_OVERWRITE;
    target.vmar.map(options, offset, &other, 0, PAGE_SIZE)?;
    let buffer = Area::new(4)?;
    buffer.map.store(2 * PAGE_SIZE, &[0xCC]);
    expect_eq!(target.read(whole.at(0), &buffer, 3 * PAGE), ok(2 * PAGE));
    expect_eq!(buffer.mismatch(2, 0, 0, 2 * PAGE_SIZE), None);
    expect_eq!(buffer.map.byte(2 * PAGE_SIZE), 0xCC);
    expect_eq!(target.read(seam - 1, &buffer, 64), ok(1));
    expect_eq!(target.read(seam, &buffer, 2 * PAGE), ok(PAGE));
    expect_eq!(buffer.mismatch(3, 0, 0, PAGE_SIZE), None);
    Ok(())
}

pub(super) fn reads_are_short_at_the_end_of_the_vmo(target: &Target) -> Outcome {
    let vmo = patterned(4, 1)?;
    let place = target.map(&vmo, 3 * PAGE_SIZE, RW)?;
    let buffer = Area::new(3)?;
    expect_eq!(target.read(place.at(0), &buffer, 2 * PAGE), ok(PAGE));
    expect_eq!(target.read(place.at(PAGE - 1), &buffer, 2), ok(1));
    expect_eq!(
        target.read(place.at(PAGE), &buffer, 1),
        error(Status::OUT_OF_RANGE)
    );
    expect_eq!(
        target.read(place.at(2 * PAGE + 9), &buffer, 1),
        error(Status::OUT_OF_RANGE)
    );
    // That comes before the buffer is looked at.
    let given = process_read(target.handle(), place.at(PAGE), KERNEL_BASE, 1);
    expect_eq!(given, error(Status::OUT_OF_RANGE));
    Ok(())
}
