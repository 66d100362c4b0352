//! Which bytes one call reaches: the mapping that contains the address (reference §5.2,
//! §5.3, §6.3).

use super::place::*;
use crate::memory::PAGE;
use crate::modes::Modes;
use crate::probe::{Map, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::{Rights, Status};

/// Two mappings side by side, of different VMOs.
fn neighbours(modes: Modes) -> Outcome {
    let (first, second) = (
        Object::patterned(Kind::Anonymous, 2, 151)?,
        Object::patterned(Kind::Anonymous, 2, 152)?,
    );
    let place = Place::with(&first, RW, 2)?;
    place.map(&second, RW, 2, 2).call()?;
    place.buffer.vmo.write(&[0xCC; 64], 2 * PAGE - 8)?;
    expect_eq!(place.read(8, 4 * PAGE), (Status::OK, 2 * PAGE - 8));
    let end = 2 * 4096 - 8;
    expect_eq!(place.buffer.mismatch(151, 0, 8, end), None);
    ensure!(place.buffer.all(end, 64, 0xCC), "more than the count");
    place.shows(152, 2 * PAGE, 0, 2 * PAGE)?;
    if modes.gate {
        place.buffer.fill(153, 4 * 4096);
        let given = place.write(2 * PAGE - 3, PAGE);
        expect_eq!(given, (Status::OK, 3));
        expect_eq!(second.mismatch(2, 152)?, None);
        let tail = first.read::<3>(2 * PAGE - 3)?;
        expect_eq!(crate::pattern::mismatch(153, 0, &tail), None);
    }
    Ok(())
}

/// One mapping, its parts with all sorts of permissions.
fn across_permissions(modes: Modes) -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 4, 154)?;
    let place = Place::with(&vmo, RW, 4)?;
    let vmar = place.child.vmar;
    expect_eq!(protect(vmar, R, AT, PAGE), Status::OK);
    expect_eq!(protect(vmar, 0, AT + 2 * PAGE, PAGE), Status::OK);
    place.shows(154, 0, 0, 4 * PAGE)?;
    place.shows(154, 2 * PAGE - 5, 2 * PAGE - 5, PAGE + 10)?;
    if modes.gate {
        place.buffer.fill(155, 4 * 4096);
        let size = 3 * PAGE;
        expect_eq!(place.write(PAGE / 2, 3 * PAGE), (Status::OK, size));
        let middle = vmo.read::<4096>(2 * PAGE)?;
        let at = PAGE + PAGE / 2;
        expect_eq!(crate::pattern::mismatch(155, at, &middle), None);
        let head = vmo.read::<2048>(0)?;
        expect_eq!(crate::pattern::mismatch(154, 0, &head), None);
    }
    Ok(())
}

fn after_cutting() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 4, 156)?;
    let place = Place::with(&vmo, RW, 4)?;
    let gone = vmar_unmap(place.child.vmar, AT + PAGE, PAGE);
    expect_eq!(gone, Status::OK);
    expect_eq!(place.read(0, 4 * PAGE), (Status::OK, PAGE));
    place.unreadable(Status::NO_MEMORY, PAGE, 8)?;
    expect_eq!(place.read(2 * PAGE, 4 * PAGE), (Status::OK, 2 * PAGE));
    expect_eq!(place.buffer.mismatch(156, 0, 2 * PAGE, 8192), None);
    Ok(())
}

/// In VMARs of VMARs; what is reserved is no memory.
fn down_the_tree(modes: Modes) -> Outcome {
    let place = Place::new()?;
    let vmo = Object::patterned(Kind::Anonymous, 1, 157)?;
    let outer = Allocate {
        parent: place.child.vmar,
        options: CAN_RW | SPECIFIC,
        offset: AT - USER_BASE,
        size: 8 * PAGE,
    };
    let (outer, _) = outer.call()?;
    let inner = Allocate {
        parent: outer,
        options: CAN_RW | SPECIFIC,
        offset: 2 * PAGE,
        size: 4 * PAGE,
    };
    let (inner, _) = inner.call()?;
    let map = Map {
        vmar: inner,
        vmar_offset: PAGE,
        ..place.map(&vmo, RW, 0, 1)
    };
    map.call()?;
    place.shows(157, 3 * PAGE, 0, PAGE)?;
    for page in [0, 1, 2, 4, 5, 6, 7, 8] {
        place.unreadable(Status::NO_MEMORY, page * PAGE, 8)?;
        place.unwritable(modes, Status::NO_MEMORY, page * PAGE, 8)?;
    }
    if modes.gate {
        expect_eq!(place.write(3 * PAGE + 9, 2), (Status::OK, 2));
    }
    for handle in [inner, outer] {
        expect_eq!(crate::probe::close(handle), Status::OK);
    }
    Ok(())
}

/// Every permission that a mapping can have is read alike.
fn all_permissions() -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 158)?;
    let code = vmo.executable()?;
    for options in [0, R, RW, RX, RW | X] {
        let place = Place::with(&code, options, 1)?;
        place.shows(158, 0, 0, PAGE)?;
    }
    // Even one that can never be read by the process itself.
    let blind = vmo.without(Rights::READ)?;
    let place = Place::with(&blind, 0, 1)?;
    place.shows(158, 0, 0, PAGE)
}

/// The mapping goes on behind its VMO.
fn past_the_vmo(modes: Modes) -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 159)?;
    let place = Place::with(&vmo, RW, 2)?;
    expect_eq!(place.read(0, 2 * PAGE), (Status::OK, PAGE));
    expect_eq!(place.read(PAGE - 1, 64), (Status::OK, 1));
    place.unreadable(Status::OUT_OF_RANGE, PAGE, 8)?;
    place.unreadable(Status::OUT_OF_RANGE, 2 * PAGE - 1, 1)?;
    place.unreadable(Status::NO_MEMORY, 2 * PAGE, 1)?;
    if modes.gate {
        place.buffer.fill(160, 4096);
        expect_eq!(place.write(PAGE - 1, 64), (Status::OK, 1));
        expect_eq!(vmo.read::<1>(PAGE - 1)?, [crate::pattern::byte(160, 0)]);
    }
    place.unwritable(modes, Status::OUT_OF_RANGE, PAGE, 8)?;
    place.unwritable(modes, Status::OUT_OF_RANGE, 2 * PAGE - 1, 1)
}

/// A mapping of a VMO that has no bytes at all, and of one that was cut off.
fn nothing_left(modes: Modes) -> Outcome {
    let vmo = Object::of(Kind::Resizable, 2)?;
    let place = Place::with(&vmo, RW, 2)?;
    expect_eq!(vmo.set_size(0), Status::OK);
    place.unreadable(Status::OUT_OF_RANGE, 0, 1)?;
    place.unwritable(modes, Status::OUT_OF_RANGE, 0, 1)?;
    expect_eq!(vmo.set_size(PAGE), Status::OK);
    expect_eq!(place.read(0, 2 * PAGE), (Status::OK, PAGE));
    ensure!(place.buffer.all(0, 4096, 0), "not zeros");
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "a neighbour is not reached [5.2/1 5.3/4 6.3/1 22/12 23/18]",
        || neighbours(modes),
    );
    suite.case("protected parts are one mapping [5.2/3 5.2/2]", || {
        across_permissions(modes)
    });
    suite.case("unmapping a part splits [5.2/4]", after_cutting);
    suite.case("the walk goes down the tree [5.1/12 5.1/10]", || {
        down_the_tree(modes)
    });
    suite.case("all permissions are read alike [5.2/2]", all_permissions);
    suite.case(
        "the VMO's end ends the transfer [5.2/5 5.2/6 6.1/9 6.1/13 5.1/15 22/13 23/20]",
        || past_the_vmo(modes),
    );
    suite.case(
        "nothing left of the VMO is OUT_OF_RANGE [5.1/15 6.1/13]",
        || nothing_left(modes),
    );
}
