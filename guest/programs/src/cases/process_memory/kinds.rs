//! Mappings of every kind of VMO, read and written from outside (reference §5.1 step 7,
//! §6.1 step 9, §4.4).

use super::place::*;
use crate::memory::{KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{out, process_read, process_write};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::ChildOptions;
use libzx::{Call, Status};

/// Kinds whose bytes can be reached.
const OPEN: [Kind; 8] = [
    Kind::Anonymous,
    Kind::Resizable,
    Kind::Unbounded,
    Kind::Contiguous,
    Kind::Slice,
    Kind::Reference,
    Kind::Snapshot,
    Kind::ContiguousSlice,
];

fn read_all(kind: Kind) -> Outcome {
    let vmo = Object::patterned(kind, 3, 101)?;
    let place = Place::with(&vmo, R, 3)?;
    place.shows(101, 0, 0, 3 * PAGE)?;
    place.shows(101, PAGE - 7, PAGE - 7, 20)?;
    place.shows(101, 3 * PAGE - 1, 3 * PAGE - 1, 1)
}

/// What is written shows in the VMO, in its parent if the bytes are its parent's, and
/// nowhere else.
fn write_all(kind: Kind) -> Outcome {
    let vmo = Object::patterned(kind, 3, 102)?;
    let place = Place::with(&vmo, RW, 3)?;
    place.buffer.fill(103, 8192);
    expect_eq!(place.write(PAGE - 100, 200), (Status::OK, 200));
    let written = vmo.read::<200>(PAGE - 100)?;
    expect_eq!(crate::pattern::mismatch(103, 0, &written), None);
    let before = vmo.read::<100>(PAGE - 200)?;
    expect_eq!(crate::pattern::mismatch(102, PAGE - 200, &before), None);
    let behind = vmo.read::<100>(PAGE + 100)?;
    expect_eq!(crate::pattern::mismatch(102, PAGE + 100, &behind), None);
    let shown = vmo.parent().map(|parent| parent.read::<200>(PAGE - 100));
    let shown = shown.transpose()?;
    let own = match kind {
        Kind::Slice | Kind::Reference | Kind::ContiguousSlice => shown == Some(written),
        Kind::Snapshot => shown == Some([0; 200]),
        _ => true,
    };
    ensure!(own, "the parent does not show what it should");
    Ok(())
}

fn physical(modes: Modes) -> Outcome {
    let vmo = Object::of(Kind::Physical, 2)?;
    let uncached = modes.pick(Status::BAD_STATE, Status::NOT_SUPPORTED);
    for options in [RW, R] {
        let place = Place::with(&vmo, options, 4)?;
        place.unreadable(uncached, 0, 8)?;
        place.unwritable(modes, uncached, 0, 8)?;
        // Before the look whether anything is left of it, and before the buffer.
        place.unreadable(uncached, 3 * PAGE, 8)?;
        place.unwritable(modes, uncached, 3 * PAGE, 8)?;
        let given = process_read(place.child.process, AT, KERNEL_BASE, 8);
        expect_eq!(given, failed(uncached));
    }
    Ok(())
}

fn physical_cached(modes: Modes) -> Outcome {
    let vmo = Object::of(Kind::Physical, 1)?;
    expect_eq!(vmo.set_policy(0), Status::OK);
    let place = Place::with(&vmo, RW, 1)?;
    place.unreadable(Status::NOT_SUPPORTED, 0, 8)?;
    place.unwritable(modes, Status::NOT_SUPPORTED, 0, 8)
}

/// A mapping of a physical VMO that never could be writable gets no copy.
fn physical_never_writable(modes: Modes) -> Outcome {
    let vmo = Object::of(Kind::Physical, 1)?;
    let read_only = vmo.without(libzx::Rights::WRITE)?;
    let place = Place::with(&read_only, R, 1)?;
    let wanted = modes.pick(Status::BAD_STATE, Status::NOT_SUPPORTED);
    place.unwritable(modes, wanted, 0, 8)?;
    let maps = crate::inspect::Maps::of(place.child.process)?;
    let found = maps.mapping(AT).ok_or(Status::NOT_FOUND)?;
    expect_eq!(found.vmo_koid, crate::inspect::koid(vmo.handle)?);
    Ok(())
}

fn uncached(modes: Modes) -> Outcome {
    for policy in [1, 2, 3] {
        let vmo = Object::patterned(Kind::Anonymous, 2, 104)?;
        expect_eq!(vmo.set_policy(policy), Status::OK);
        let place = Place::with(&vmo, RW, 4)?;
        place.unreadable(Status::BAD_STATE, 0, 8)?;
        place.unwritable(modes, Status::BAD_STATE, 0, 8)?;
        // Before the look whether anything is left of it, and before the buffer.
        place.unreadable(Status::BAD_STATE, 3 * PAGE, 8)?;
        place.unwritable(modes, Status::BAD_STATE, 3 * PAGE, 8)?;
        let given = process_read(place.child.process, AT, KERNEL_BASE, 8);
        expect_eq!(given, failed(Status::BAD_STATE));
        drop(place);
        expect_eq!(vmo.set_policy(0), Status::OK);
        expect_eq!(vmo.mismatch(2, 104)?, None);
    }
    Ok(())
}

fn discarded(modes: Modes) -> Outcome {
    let vmo = Object::patterned(Kind::Discardable, 2, 105)?;
    let place = Place::with(&vmo, RW | ALLOW_FAULTS, 2)?;
    place.shows(105, 0, 0, PAGE)?;
    let args = [
        u64::from(vmo.handle),
        u64::from(abi::options::RangeOp::LOCK),
        0,
        2 * PAGE,
        place.buffer.at(0),
        32,
    ];
    expect_eq!(crate::probe::status(Call::VmoOpRange, &args), Status::OK);
    let args = [
        u64::from(vmo.handle),
        u64::from(abi::options::RangeOp::UNLOCK),
        0,
        2 * PAGE,
        0,
        0,
    ];
    expect_eq!(crate::probe::status(Call::VmoOpRange, &args), Status::OK);
    expect_eq!(crate::probe::status(Call::Reclaim, &[]), Status::OK);
    place.unreadable(Status::NOT_FOUND, 0, 8)?;
    place.unwritable(modes, Status::NOT_FOUND, 0, 8)
}

/// A pager's VMO that was detached: its pages cannot be had any more.
fn detached(modes: Modes) -> Outcome {
    let (mut port, mut pager, mut backed) = (0_u32, 0_u32, 0_u32);
    crate::probe::status(Call::PortCreate, &[0, out(&mut port)]).ok()?;
    crate::probe::status(Call::PagerCreate, &[0, out(&mut pager)]).ok()?;
    let (port, pager) = (core::hint::black_box(port), core::hint::black_box(pager));
    let args = [
        u64::from(pager),
        0,
        u64::from(port),
        7,
        2 * PAGE,
        out(&mut backed),
    ];
    crate::probe::status(Call::PagerCreateVmo, &args).ok()?;
    let vmo = Object::own(core::hint::black_box(backed))?;
    let args = [u64::from(pager), u64::from(vmo.handle)];
    crate::probe::status(Call::PagerDetachVmo, &args).ok()?;
    let place = Place::with(&vmo, RW, 3)?;
    place.unreadable(Status::BAD_STATE, 0, 8)?;
    place.unwritable(modes, Status::BAD_STATE, PAGE, 8)?;
    // Before a bad buffer: the page is had before the bytes are copied.
    let given = process_read(place.child.process, AT, KERNEL_BASE, 8);
    expect_eq!(given, failed(Status::BAD_STATE));
    // Behind its end nothing is left to ask for.
    place.unreadable(Status::OUT_OF_RANGE, 2 * PAGE, 8)?;
    for handle in [pager, port] {
        expect_eq!(crate::probe::close(handle), Status::OK);
    }
    Ok(())
}

/// A mapping that starts somewhere in its VMO, of a slice that starts somewhere in its
/// parent.
fn offsets_add_up() -> Outcome {
    let parent = Object::patterned(Kind::Anonymous, 8, 106)?;
    let slice = parent.child(ChildOptions::SLICE, 3 * PAGE, 4 * PAGE)?;
    let place = Place::new()?;
    let map = crate::probe::Map {
        vmo_offset: 2 * PAGE,
        ..place.map(&slice, R, 0, 2)
    };
    map.call()?;
    place.shows(106, 9, 5 * PAGE + 9, PAGE)
}

/// The end of the VMO ends a slice's and a reference's mapping, too.
fn ends_of_children() -> Outcome {
    let parent = Object::patterned(Kind::Anonymous, 8, 107)?;
    let slice = parent.child(ChildOptions::SLICE, 0, PAGE)?;
    let place = Place::with(&slice, R, 3)?;
    expect_eq!(place.read(0, 3 * PAGE), (Status::OK, PAGE));
    place.unreadable(Status::OUT_OF_RANGE, PAGE, 8)?;
    let resizable = Object::patterned(Kind::Resizable, 2, 107)?;
    let reference = resizable.child(ChildOptions::REFERENCE, 0, 0)?;
    let place = Place::with(&reference, R, 3)?;
    expect_eq!(place.read(0, 3 * PAGE), (Status::OK, 2 * PAGE));
    expect_eq!(resizable.set_size(PAGE), Status::OK);
    expect_eq!(place.read(0, 3 * PAGE), (Status::OK, PAGE));
    place.unreadable(Status::OUT_OF_RANGE, PAGE, 8)
}

/// What a mapping shows is what reading it gives: a snapshot made later does not.
fn snapshots(modes: Modes) -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 2, 108)?;
    let snapshot = vmo.child(ChildOptions::SNAPSHOT, 0, 2 * PAGE)?;
    let place = Place::with(&vmo, RW, 2)?;
    let other = Place::with(&snapshot, RW, 2)?;
    place.shows(108, 0, 0, 2 * PAGE)?;
    other.shows(108, 0, 0, 2 * PAGE)?;
    vmo.write(*b"parent", 10)?;
    other.shows(108, 0, 0, 2 * PAGE)?;
    if modes.gate {
        other.buffer.map.store(0, b"child!");
        expect_eq!(other.write(PAGE + 10, 6), (Status::OK, 6));
        expect_eq!(snapshot.read::<6>(PAGE + 10)?, *b"child!");
        place.shows(108, PAGE, PAGE, PAGE)?;
    }
    expect_eq!(vmo.read::<6>(10)?, *b"parent");
    Ok(())
}

/// The buffer is a mapping of the very VMO behind the target's mapping.
fn the_same_vmo_twice(modes: Modes) -> Outcome {
    let area = crate::memory::Area::new(4)?;
    area.fill(109, 4 * 4096);
    let vmo = Object::own(area.vmo.handle().duplicate(libzx::Rights::SAME)?.into_raw())?;
    let place = Place::with(&vmo, RW, 4)?;
    drop(vmo);
    // Pages 2 and 3 become copies of pages 0 and 1.
    let given = process_read(place.child.process, AT, area.at(2 * PAGE), 2 * PAGE);
    expect_eq!(given, (Status::OK, 2 * PAGE));
    expect_eq!(area.mismatch(109, 2 * 4096, 0, 2 * 4096), None);
    expect_eq!(area.mismatch(109, 0, 0, 2 * 4096), None);
    // Onto itself.
    let given = process_read(place.child.process, AT, area.at(0), PAGE);
    expect_eq!(given, (Status::OK, PAGE));
    expect_eq!(area.mismatch(109, 0, 0, 4096), None);
    if modes.gate {
        let given = process_write(place.child.process, AT + 3 * PAGE, area.at(0), PAGE);
        expect_eq!(given, (Status::OK, PAGE));
        expect_eq!(area.mismatch(109, 3 * 4096, 0, 4096), None);
        expect_eq!(area.mismatch(109, 0, 0, 3 * 4096 - 4096), None);
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case("every kind of VMO is read [5.1/7 5.4/2]", || {
        OPEN.into_iter().try_for_each(read_all)
    });
    if modes.gate {
        suite.case("every kind of VMO is written [6.1/10 6.2/3]", || {
            OPEN.into_iter().try_for_each(write_all)
        });
    }
    let name = if modes.documented {
        "a physical VMO that is not cached is BAD_STATE [5.1/13 6.1/11 22/8 23/19]"
    } else {
        "a physical VMO that is not cached is NOT_SUPPORTED [5.1/13 6.1/11 22/8z 23/19]"
    };
    suite.case(name, || physical(modes));
    let name = if modes.documented {
        "a physical VMO that is cached is NOT_SUPPORTED [5.1/13 6.1/11 22/8b]"
    } else {
        "a physical VMO is NOT_SUPPORTED even if cached [5.1/13 6.1/11 22/8z]"
    };
    suite.case(name, || physical_cached(modes));
    suite.case("a physical VMO gets no private copy [6.2/5]", || {
        physical_never_writable(modes)
    });
    suite.case(
        "an uncached VMO is BAD_STATE before its end [5.1/14 6.1/12 23/19]",
        || uncached(modes),
    );
    suite.case("a discarded VMO is NOT_FOUND [5.1/16 23/21]", || {
        discarded(modes)
    });
    suite.case(
        "a detached pager's VMO is BAD_STATE [5.1/16 6.1/14 23/21]",
        || detached(modes),
    );
    suite.case(
        "offsets of mapping and slice add up [5.1/7]",
        offsets_add_up,
    );
    suite.case(
        "slices and references end where they do [5.2/5 5.2/6 22/13]",
        ends_of_children,
    );
    suite.case("snapshots are read as they are [5.1/7]", || {
        snapshots(modes)
    });
    suite.case(
        "the buffer may be of the VMO behind the mapping [3/12]",
        || the_same_vmo_twice(modes),
    );
}
