//! Pages that a VMO does not have: past its end, past its stream size; and pages mapped
//! beforehand (reference §13.1, §13.7).

use crate::inspect::vmo;
use crate::memory::PAGE;
use crate::probe::{Map, vmo_read, vmo_write};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::Status;

/// What each page of the VMAR gives.
fn pages(vmar: &SubVmar) -> Result<[Access; 4], Status> {
    let mut found = [FREE; 4];
    for (page, slot) in (0..).zip(&mut found) {
        *slot = access(vmar.page(page))?;
    }
    Ok(found)
}

/// A resized VMO: what is cut off cannot be touched, what grows back is zero.
fn past_the_end() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let object = Object::patterned(Kind::Resizable, 4, 11)?;
    vmar.at(0, object.handle, 4).call()?;
    expect_eq!(pages(&vmar)?, [READ_WRITE; 4]);
    expect_eq!(object.set_size(PAGE + 1), Status::OK);
    expect_eq!(pages(&vmar)?, [READ_WRITE, READ_WRITE, PAST_END, PAST_END]);
    expect_eq!(object.set_size(0), Status::OK);
    expect_eq!(pages(&vmar)?, [PAST_END; 4]);
    expect_eq!(object.set_size(3 * PAGE), Status::OK);
    expect_eq!(
        pages(&vmar)?,
        [READ_WRITE, READ_WRITE, READ_WRITE, PAST_END]
    );
    let place = core::ptr::with_exposed_provenance::<u64>(usize::try_from(vmar.base).unwrap_or(0));
    // SAFETY: the case's own mapping, readable now.
    expect_eq!(unsafe { place.read_volatile() }, 0);
    Ok(())
}

/// The permission comes before the end of the VMO.
fn permission_first() -> Outcome {
    let vmar = SubVmar::new(2)?;
    let object = Object::new(1)?;
    let map = Map {
        options: R | SPECIFIC,
        ..vmar.at(0, object.handle, 2)
    };
    map.call()?;
    let past = access(vmar.page(1))?;
    expect_eq!(past.1, Status::OUT_OF_RANGE);
    Ok(())
}

/// With FAULT_BEYOND_STREAM_SIZE a page behind the last one with content faults, to
/// follow the stream size when it changes.
fn past_the_stream() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let object = Object::patterned(Kind::Anonymous, 4, 12)?;
    let map = Map {
        options: RW | SPECIFIC | ALLOW_FAULTS | BEYOND_STREAM,
        ..vmar.at(0, object.handle, 4)
    };
    map.call()?;
    expect_eq!(pages(&vmar)?, [READ_WRITE; 4]);
    expect_eq!(object.set_stream_size(PAGE + 1), Status::OK);
    expect_eq!(pages(&vmar)?, [READ_WRITE, READ_WRITE, PAST_END, PAST_END]);
    expect_eq!(object.set_stream_size(PAGE), Status::OK);
    expect_eq!(pages(&vmar)?, [READ_WRITE, PAST_END, PAST_END, PAST_END]);
    expect_eq!(object.set_stream_size(0), Status::OK);
    expect_eq!(pages(&vmar)?, [PAST_END; 4]);
    expect_eq!(object.set_stream_size(3 * PAGE), Status::OK);
    expect_eq!(
        pages(&vmar)?,
        [READ_WRITE, READ_WRITE, READ_WRITE, PAST_END]
    );
    // The VMO itself ends where it did, and another mapping does not mind.
    let other = SubVmar::new(4)?;
    other.at(0, object.handle, 4).call()?;
    expect_eq!(pages(&other)?, [READ_WRITE; 4]);
    object.write([5], 3 * PAGE)?;
    expect_eq!(object.read::<1>(3 * PAGE)?, [5]);
    Ok(())
}

/// MAP_RANGE maps what is there and makes no pages; a range that has no VMO behind it is
/// no failure.
fn mapped_beforehand() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let object = Object::new(3)?;
    object.write([7], PAGE)?;
    let map = Map {
        options: RW | SPECIFIC | MAP_RANGE,
        ..vmar.at(0, object.handle, 4)
    };
    expect_eq!(map.call(), Ok(vmar.base));
    expect_eq!(vmo(object.handle)?.committed_bytes, PAGE);
    expect_eq!(
        pages(&vmar)?,
        [READ_WRITE, READ_WRITE, READ_WRITE, PAST_END]
    );
    expect_eq!(object.read::<1>(PAGE)?, [7]);
    Ok(())
}

/// Addresses without SPECIFIC are random: neither all in a row nor the same again.
fn random_places() -> Outcome {
    let object = Object::new(1)?;
    let mut places = [0_u64; 8];
    for place in &mut places {
        *place = anywhere(object.handle, 1).call()?;
    }
    let step = |pair: &[u64]| match pair {
        [first, second] => second.wrapping_sub(*first),
        _ => 0,
    };
    let mut steps = places.windows(2).map(step);
    let first = steps.next().unwrap_or(0);
    let regular = steps.all(|step| step == first);
    for place in places {
        ensure!(place % PAGE == 0, "{place:#x} is unaligned");
        let gone = crate::probe::vmar_unmap(root(), place, PAGE);
        expect_eq!(gone, Status::OK);
    }
    ensure!(!regular, "every step is {first:#x}");
    Ok(())
}

/// The statuses of accesses, by way of a buffer there.
fn access_statuses() -> Outcome {
    let object = Object::new(2)?;
    let scratch = Object::new(1)?;
    let vmar = SubVmar::new(4)?;
    let map = Map {
        options: R | SPECIFIC,
        ..vmar.at(1, object.handle, 3)
    };
    map.call()?;
    let store = |page| vmo_read(scratch.handle, vmar.page(page), 0, 8);
    let load = |page| vmo_write(scratch.handle, vmar.page(page), 0, 8);
    expect_eq!((store(0), load(0)), FREE);
    expect_eq!((store(1), load(1)), READ_ONLY);
    expect_eq!(load(3), Status::OUT_OF_RANGE);
    // A range fails where it first does: pages that are fine are moved before.
    let mut seven = [7_u8; 64];
    let given = vmo_write(object.handle, crate::probe::out(&mut seven), 0, 64);
    expect_eq!(given, Status::OK);
    let given = vmo_write(scratch.handle, vmar.page(3) - 64, 0, 128);
    expect_eq!(given, Status::OUT_OF_RANGE);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "past the VMO's end is OUT_OF_RANGE until it grows [13.7/5 13.1/29 3/5]",
        past_the_end,
    );
    suite.case(
        "past the VMO's end loading is OUT_OF_RANGE [13.7/5]",
        permission_first,
    );
    suite.case(
        "past the stream size is OUT_OF_RANGE if asked for [13.7/6]",
        past_the_stream,
    );
    suite.case(
        "MAP_RANGE makes no pages and ignores failures [13.1/32]",
        mapped_beforehand,
    );
    suite.case(
        "without SPECIFIC the address is random [13.1/30 19.2/4]",
        random_places,
    );
    suite.case(
        "accesses tell no mapping, permission and end [13.7/1 13.7/4 13.7/5]",
        access_statuses,
    );
}
