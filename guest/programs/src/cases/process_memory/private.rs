//! Writing into mappings that could never be writable (reference §6.2, step 5).

use super::target::*;
use crate::memory::{Area, PAGE};
use crate::suite::Outcome;
use crate::{expect_eq, pattern};
use libzx::{PAGE_SIZE, Status};

/// A mapping that could never be writable gets a copy of its own.
pub(super) fn never_writable_mappings_become_private(target: &Target) -> Outcome {
    let vmo = patterned(12, 2)?;
    let read_only = unwritable(&vmo)?;
    let place = target.map(&read_only, 2 * PAGE_SIZE, R)?;
    let other = target.map(&read_only, 2 * PAGE_SIZE, R)?;
    let shared = target.map(&vmo, 2 * PAGE_SIZE, RW)?;
    let (buffer, back) = (Area::touched(2)?, Area::new(2)?);
    buffer.map.store(0, b"private");
    expect_eq!(target.write(place.at(PAGE - 3), &buffer, 7), ok(7));
    expect_eq!(target.read(place.at(0), &back, 2 * PAGE), ok(2 * PAGE));
    expect_eq!(back.mismatch(12, 0, 0, PAGE_SIZE - 3), None);
    let mut found = [0; 7];
    back.map.load(PAGE_SIZE - 3, &mut found);
    expect_eq!(&found, b"private");
    expect_eq!(
        back.mismatch(12, PAGE_SIZE + 4, PAGE + 4, PAGE_SIZE - 4),
        None
    );
    // Nobody else sees it.
    for vaddr in [other.at(0), shared.at(0)] {
        expect_eq!(target.read(vaddr, &back, 2 * PAGE), ok(2 * PAGE));
        expect_eq!(back.mismatch(12, 0, 0, 2 * PAGE_SIZE), None);
    }
    vmo.read(&mut found, PAGE - 3)?;
    expect_eq!(pattern::mismatch(12, PAGE - 3, &found), None);
    // And what is written elsewhere does not reach the written page of the copy.
    vmo.write(b"changed", PAGE - 3)?;
    expect_eq!(target.read(place.at(PAGE - 3), &back, 7), ok(7));
    back.map.load(0, &mut found);
    expect_eq!(&found, b"private");
    // A second write goes into the same copy.
    buffer.map.store(0, b"second");
    expect_eq!(target.write(place.at(0), &buffer, 6), ok(6));
    expect_eq!(target.read(place.at(PAGE - 3), &back, 7), ok(7));
    back.map.load(0, &mut found);
    expect_eq!(&found, b"private");
    Ok(())
}

/// The private copy is as long as the mapping, so writing behind the end of the VMO
/// works there.
pub(super) fn private_copies_span_the_mapping(target: &Target) -> Outcome {
    let vmo = patterned(13, 1)?;
    let place = target.map(&unwritable(&vmo)?, 2 * PAGE_SIZE, R)?;
    let (buffer, back) = (Area::touched(1)?, Area::new(2)?);
    expect_eq!(
        target.read(place.at(PAGE), &back, 8),
        error(Status::OUT_OF_RANGE)
    );
    buffer.map.store(0, b"behind");
    expect_eq!(target.write(place.at(PAGE + 5), &buffer, 6), ok(6));
    expect_eq!(target.read(place.at(0), &back, 2 * PAGE), ok(2 * PAGE));
    expect_eq!(back.mismatch(13, 0, 0, PAGE_SIZE), None);
    let mut found = [0; 8];
    back.map.load(PAGE_SIZE + 4, &mut found);
    expect_eq!(&found, b"\0behind\0");
    expect_eq!(vmo.size(), Ok(PAGE));
    Ok(())
}
