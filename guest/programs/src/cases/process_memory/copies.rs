//! Private copies of mappings that never could be writable, of every kind of VMO
//! (reference §6.2 step 5).

use super::place::*;
use crate::inspect::{Maps, koid, vmo};
use crate::memory::PAGE;
use crate::modes::Modes;
use crate::probe::Map;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::ChildOptions;
use libzx::{Rights, Status};

/// A place with a mapping made through a handle without WRITE.
fn read_only(vmo: &Object, pages: u64) -> Result<Place, Status> {
    let weak = vmo.without(Rights::WRITE)?;
    Place::with(&weak, R, pages)
}

fn is_private(place: &Place, wanted: bool) -> Outcome {
    let maps = Maps::of(place.child.process)?;
    let found = maps.mapping(AT).ok_or(Status::NOT_FOUND)?;
    ensure!(
        (found.vmo_koid == 0) == wanted,
        "the mapping's koid is {}",
        found.vmo_koid
    );
    Ok(())
}

fn copy_of(kind: Kind) -> Outcome {
    let vmo = Object::patterned(kind, 3, 121)?;
    let place = read_only(&vmo, 3)?;
    let second = read_only(&vmo, 3)?;
    place.buffer.fill(122, 4096);
    expect_eq!(place.write(PAGE - 5, 10), (Status::OK, 10));
    is_private(&place, true)?;
    is_private(&second, false)?;
    place.shows(121, 0, 0, PAGE - 5)?;
    place.shows(122, PAGE - 5, 0, 10)?;
    place.shows(121, PAGE + 5, PAGE + 5, 2 * PAGE - 5)?;
    // Nobody else sees it, neither now nor when the copy is written again.
    expect_eq!(vmo.mismatch(3, 121)?, None);
    place.buffer.fill(122, 4096);
    expect_eq!(place.write(2 * PAGE, 64), (Status::OK, 64));
    expect_eq!(vmo.mismatch(3, 121)?, None);
    second.shows(121, 0, 0, 3 * PAGE)?;
    // Pages of the copy that were written are its own for good.
    vmo.write([0xEE; 8], PAGE - 4)?;
    place.shows(122, PAGE - 5, 0, 10)
}

fn copies() -> Outcome {
    for kind in [
        Kind::Anonymous,
        Kind::Resizable,
        Kind::Slice,
        Kind::Reference,
        Kind::Snapshot,
    ] {
        copy_of(kind)?;
    }
    Ok(())
}

/// No copy can be made: the status says why, nothing changes, and reading works on.
fn no_copy(kind: Kind, wanted: Status) -> Outcome {
    let vmo = Object::patterned(kind, 2, 123)?;
    let place = read_only(&vmo, 4)?;
    for offset in [0, PAGE + 5, 3 * PAGE] {
        expect_eq!(place.write(offset, 8), failed(wanted));
    }
    is_private(&place, false)?;
    if kind == Kind::Uncached {
        place.unreadable(Status::BAD_STATE, 0, 8)?;
        drop(place);
        expect_eq!(vmo.set_policy(0), Status::OK);
    } else {
        place.shows(123, 0, 0, 2 * PAGE)?;
    }
    expect_eq!(vmo.mismatch(2, 123)?, None);
    Ok(())
}

/// It starts at the mapping's offset, is as long as the mapping, and starts at 0 then.
fn exactly_the_mapping() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 8, 124)?;
    let weak = vmo.without(Rights::WRITE)?;
    let place = Place::new()?;
    let map = Map {
        vmo_offset: 3 * PAGE,
        ..place.map(&weak, R, 0, 2)
    };
    map.call()?;
    place.buffer.map.store(0, b"!");
    expect_eq!(place.write(PAGE, 1), (Status::OK, 1));
    let maps = Maps::of(place.child.process)?;
    let found = maps.mapping(AT).ok_or(Status::NOT_FOUND)?;
    expect_eq!((found.vmo_koid, found.vmo_offset), (0, 0));
    expect_eq!((found.base, found.size), (AT, 2 * PAGE));
    place.shows(124, 0, 3 * PAGE, PAGE)?;
    place.shows(124, PAGE + 1, 4 * PAGE + 1, PAGE - 1)?;
    expect_eq!(vmo.mismatch(8, 124)?, None);
    Ok(())
}

/// The copy is no child of the VMO's that anybody could see.
fn not_counted() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 1, 125)?;
    let place = read_only(&object, 1)?;
    expect_eq!(vmo(object.handle)?.num_mappings, 1);
    expect_eq!(place.write(0, 1), (Status::OK, 1));
    let info = vmo(object.handle)?;
    expect_eq!((info.num_children, info.num_mappings), (0, 0));
    // The VMO can be decommitted or resized as if there were no copy once it is gone.
    drop(place);
    expect_eq!(vmo(object.handle)?.committed_private_bytes, PAGE);
    Ok(())
}

/// Parts with different permissions are one mapping: one copy of it all.
fn across_permissions() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 4, 126)?;
    let place = read_only(&object, 4)?;
    let vmar = place.child.vmar;
    expect_eq!(protect(vmar, 0, AT + PAGE, PAGE), Status::OK);
    place.buffer.fill(127, 4 * 4096);
    expect_eq!(place.write(PAGE / 2, 3 * PAGE), (Status::OK, 3 * PAGE));
    place.shows(126, 0, 0, PAGE / 2)?;
    place.shows(127, PAGE / 2, 0, 3 * PAGE)?;
    place.shows(126, 3 * PAGE + PAGE / 2, 3 * PAGE + PAGE / 2, PAGE / 2)?;
    expect_eq!(object.mismatch(4, 126)?, None);
    expect_eq!(vmo(object.handle)?.num_mappings, 0);
    let maps = Maps::of(place.child.process)?;
    for (page, flags) in [(0, R), (1, 0), (2, R)] {
        let found = maps.mapping(AT + page * PAGE).ok_or(Status::NOT_FOUND)?;
        expect_eq!((found.vmo_koid, found.vmo_offset), (0, page * PAGE));
        expect_eq!(found.mmu_flags, flags);
    }
    Ok(())
}

/// Cut mappings get copies of their own.
fn parts_by_themselves() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 3, 128)?;
    let place = read_only(&object, 3)?;
    let gone = crate::probe::vmar_unmap(place.child.vmar, AT + PAGE, PAGE);
    expect_eq!(gone, Status::OK);
    place.buffer.map.store(0, b"first");
    expect_eq!(place.write(0, 5), (Status::OK, 5));
    place.shows(128, 2 * PAGE, 2 * PAGE, PAGE)?;
    let maps = Maps::of(place.child.process)?;
    let other = maps.mapping(AT + 2 * PAGE).ok_or(Status::NOT_FOUND)?;
    expect_eq!(other.vmo_koid, koid(object.handle)?);
    expect_eq!(other.vmo_offset, 2 * PAGE);
    // A copy that is cut later stays the copy.
    let object = Object::patterned(Kind::Anonymous, 3, 129)?;
    let place = read_only(&object, 3)?;
    place.buffer.map.store(0, b"copied");
    expect_eq!(place.write(2 * PAGE, 6), (Status::OK, 6));
    let gone = crate::probe::vmar_unmap(place.child.vmar, AT, 2 * PAGE);
    expect_eq!(gone, Status::OK);
    expect_eq!(place.read(2 * PAGE, 6), (Status::OK, 6));
    let mut found = [0; 6];
    place.buffer.map.load(0, &mut found);
    expect_eq!(&found, b"copied");
    place.shows(129, 2 * PAGE + 6, 2 * PAGE + 6, PAGE - 6)
}

/// A mapping whose VMAR handle had no WRITE never could be writable either.
fn by_the_vmars_handle() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 1, 130)?;
    let place = Place::new()?;
    let rights = Rights::ROOT_VMAR.difference(Rights::WRITE).bits();
    let weak = crate::probe::duplicate(place.child.vmar, rights)?;
    let map = Map {
        vmar: weak,
        ..place.map(&object, R, 0, 1)
    };
    map.call()?;
    expect_eq!(place.write(0, 4), (Status::OK, 4));
    is_private(&place, true)?;
    expect_eq!(object.mismatch(1, 130)?, None);
    expect_eq!(crate::probe::close(weak), Status::OK);
    Ok(())
}

/// What could be writable is written itself, whatever its permission is now.
fn could_be_writable() -> Outcome {
    for options in [RW, R, 0] {
        let object = Object::patterned(Kind::Anonymous, 1, 131)?;
        let place = Place::with(&object, options, 1)?;
        place.buffer.map.store(0, b"direct");
        expect_eq!(place.write(9, 6), (Status::OK, 6));
        expect_eq!(object.read::<6>(9)?, *b"direct");
        is_private(&place, false)?;
        let maps = Maps::of(place.child.process)?;
        let found = maps.mapping(AT).ok_or(Status::NOT_FOUND)?;
        expect_eq!(found.mmu_flags, options);
    }
    Ok(())
}

/// A write that fails for its buffer leaves the bytes, of the copy as of the VMO.
fn bad_buffers(modes: Modes) -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 1, 132)?;
    let place = read_only(&object, 1)?;
    let given = crate::probe::process_write(place.child.process, AT, 0x7000_0000_0123, 8);
    expect_eq!(given, failed(modes.process_buffer_bad()));
    place.shows(132, 0, 0, PAGE)?;
    expect_eq!(object.mismatch(1, 132)?, None);
    Ok(())
}

/// A snapshot of the VMO that was there before, and one made after, see nothing of it.
fn beside_snapshots() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 2, 133)?;
    let before = object.child(ChildOptions::SNAPSHOT, 0, 2 * PAGE)?;
    let place = read_only(&object, 2)?;
    place.buffer.map.store(0, b"private");
    expect_eq!(place.write(PAGE, 7), (Status::OK, 7));
    let after = object.child(ChildOptions::SNAPSHOT, 0, 2 * PAGE)?;
    for object in [&object, &before, &after] {
        expect_eq!(object.mismatch(2, 133)?, None);
    }
    before.write([1; 4], PAGE)?;
    after.write([2; 4], PAGE)?;
    let mut found = [0; 7];
    expect_eq!(place.read(PAGE, 7), (Status::OK, 7));
    place.buffer.map.load(0, &mut found);
    expect_eq!(&found, b"private");
    Ok(())
}

/// All memory in one VMO, page by page at the end.
fn hog() -> Result<Object, Status> {
    let hog = Object::of(Kind::Unbounded, 1)?;
    let (mut offset, mut pages) = (0, 4096);
    while pages > 0 {
        let args = [
            u64::from(hog.handle),
            u64::from(abi::options::RangeOp::COMMIT),
            offset,
            pages * PAGE,
            0,
            0,
        ];
        match crate::probe::status(libzx::Call::VmoOpRange, &args) {
            Status::OK => offset += pages * PAGE,
            Status::NO_MEMORY => pages /= 2,
            other => return Err(other),
        }
    }
    Ok(hog)
}

/// Without memory there is no copy, and the mapping stays what it was.
fn without_memory() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 1, 134)?;
    let place = read_only(&object, 1)?;
    place.buffer.map.store(0, b"private");
    // Everything that is needed to find out has been used once.
    place.shows(134, 0, 0, PAGE)?;
    let hog = hog()?;
    let given = place.write(0, 7);
    drop(hog);
    expect_eq!(given, failed(Status::NO_MEMORY));
    place.shows(134, 0, 0, PAGE)?;
    expect_eq!(object.mismatch(1, 134)?, None);
    // With memory again it works.
    place.buffer.map.store(0, b"private");
    expect_eq!(place.write(0, 7), (Status::OK, 7));
    is_private(&place, true)
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    if !modes.gate {
        return;
    }
    suite.case(
        "each kind gets a copy that nobody else sees [6.2/6 6.2/10 6.2/2 23/17]",
        copies,
    );
    suite.case(
        "a copy of a contiguous VMO is INVALID_ARGS [6.2/12 23/17]",
        || {
            no_copy(Kind::Contiguous, Status::INVALID_ARGS)?;
            no_copy(Kind::ContiguousSlice, Status::INVALID_ARGS)
        },
    );
    suite.case(
        "a copy of an uncached VMO is BAD_STATE [6.2/13 23/17]",
        || no_copy(Kind::Uncached, Status::BAD_STATE),
    );
    suite.case(
        "a copy covers exactly its mapping [6.2/7]",
        exactly_the_mapping,
    );
    suite.case("a copy is counted nowhere", not_counted);
    suite.case(
        "a copy goes across permissions [6.2/7 5.2/3]",
        across_permissions,
    );
    suite.case(
        "parts of a cut mapping are copied by themselves [6.2/10 5.2/4]",
        parts_by_themselves,
    );
    suite.case(
        "a VMAR handle without WRITE makes for a copy [6.2/17]",
        by_the_vmars_handle,
    );
    suite.case(
        "what could be writable is written itself [6.2/3 6.2/4 6.2/15 22/16]",
        could_be_writable,
    );
    suite.case("a bad buffer writes neither copy nor VMO [6.1/15]", || {
        bad_buffers(modes)
    });
    suite.case(
        "snapshots see nothing of the copy [6.2/10]",
        beside_snapshots,
    );
    if libzx::startup().args().any(|arg| arg == "--exhaust") {
        suite.case("without memory there is no copy [6.2/14]", without_memory);
    }
}
