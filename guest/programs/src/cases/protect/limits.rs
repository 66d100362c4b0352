//! The most that a mapping can be given: the rights of both handles when it was made
//! (reference §13.1 step 6, §13.4).

use super::Place;
use crate::expect_eq;
use crate::inspect::refused;
use crate::memory::PAGE;
use crate::probe::{Map, close};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Rights, Status};

const DENIED: Status = Status::ACCESS_DENIED;

fn the_vmo_handle() -> Outcome {
    let vmar = SubVmar::within(root(), CAN_RW | CAN_EXECUTE, 1)?;
    let vmo = Object::new(1)?;
    let read_only = vmo.without(Rights::WRITE)?;
    let map = Map {
        options: R | SPECIFIC,
        ..vmar.at(0, read_only.handle, 1)
    };
    map.call()?;
    for options in [RW, RX, RW | X] {
        refused(DENIED, || protect(vmar.handle, options, vmar.base, PAGE))?;
    }
    expect_eq!(access(vmar.base)?, READ_ONLY);
    expect_eq!(protect(vmar.handle, 0, vmar.base, PAGE), Status::OK);
    expect_eq!(protect(vmar.handle, R, vmar.base, PAGE), Status::OK);
    expect_eq!(access(vmar.base)?, READ_ONLY);
    Ok(())
}

fn the_vmar_handle() -> Outcome {
    let vmar = SubVmar::new(1)?;
    let vmo = Object::new(1)?;
    let weak = vmar.with_rights(Rights::READ)?;
    let map = Map {
        vmar: weak,
        options: R | SPECIFIC,
        ..vmar.at(0, vmo.handle, 1)
    };
    map.call()?;
    // Through a handle that could: the mapping cannot.
    refused(DENIED, || protect(vmar.handle, RW, vmar.base, PAGE))?;
    expect_eq!(access(vmar.base)?, READ_ONLY);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// A handle without READ gives a mapping that can never be read.
fn no_read_ever() -> Outcome {
    let vmar = SubVmar::new(1)?;
    let vmo = Object::new(1)?;
    let blind = vmo.without(Rights::READ)?;
    let map = Map {
        options: SPECIFIC,
        ..vmar.at(0, blind.handle, 1)
    };
    map.call()?;
    expect_eq!(access(vmar.base)?, NO_ACCESS);
    for options in [R, RW] {
        refused(DENIED, || protect(vmar.handle, options, vmar.base, PAGE))?;
    }
    expect_eq!(access(vmar.base)?, NO_ACCESS);
    Ok(())
}

/// A mapping made without permissions by able handles can be given all of them.
fn what_was_not_asked_for() -> Outcome {
    let vmar = SubVmar::new(1)?;
    let vmo = Object::new(1)?;
    let map = Map {
        options: SPECIFIC,
        ..vmar.at(0, vmo.handle, 1)
    };
    map.call()?;
    expect_eq!(access(vmar.base)?, NO_ACCESS);
    expect_eq!(protect(vmar.handle, RW, vmar.base, PAGE), Status::OK);
    expect_eq!(access(vmar.base)?, READ_WRITE);
    Ok(())
}

/// Handles that go away, or lose rights, take nothing back.
fn later_rights_do_not_matter() -> Outcome {
    let vmar = SubVmar::new(1)?;
    let vmo = Object::new(1)?;
    let map = Map {
        options: R | SPECIFIC,
        ..vmar.at(0, vmo.handle, 1)
    };
    map.call()?;
    drop(vmo);
    expect_eq!(protect(vmar.handle, RW, vmar.base, PAGE), Status::OK);
    expect_eq!(access(vmar.base)?, READ_WRITE);
    Ok(())
}

/// One page of the range cannot be writable: none becomes so.
fn all_or_nothing() -> Outcome {
    let place = Place::new()?;
    let read_only = place.vmo.without(Rights::WRITE)?;
    expect_eq!(place.protect(R, 2, 4), Status::OK);
    for page in [6, 1] {
        let map = Map {
            options: R | SPECIFIC,
            ..place.vmar.at(page, read_only.handle, 1)
        };
        map.call()?;
        let first = page.min(2);
        refused(DENIED, || place.protect(RW, first, 5))?;
        expect_eq!(place.pages()?, [READ_ONLY; 4]);
        expect_eq!(access(place.vmar.page(page))?, READ_ONLY);
        let vmar = &place.vmar;
        let gone = crate::probe::vmar_unmap(vmar.handle, vmar.page(page), PAGE);
        expect_eq!(gone, Status::OK);
    }
    Ok(())
}

/// A hole behind a page that would do: nothing changes before it is noticed.
fn nothing_before_a_hole() -> Outcome {
    let place = Place::new()?;
    refused(Status::NOT_FOUND, || place.protect(R, 2, 5))?;
    refused(Status::NOT_FOUND, || place.protect(0, 4, 4))?;
    expect_eq!(place.pages()?, [READ_WRITE; 4]);
    Ok(())
}

/// Cutting a mapping or changing a part of it leaves the limit with each part.
fn parts_keep_the_limit() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let vmo = Object::new(4)?;
    let read_only = vmo.without(Rights::WRITE)?;
    let map = Map {
        options: R | SPECIFIC,
        ..vmar.at(0, read_only.handle, 4)
    };
    map.call()?;
    expect_eq!(protect(vmar.handle, 0, vmar.page(1), PAGE), Status::OK);
    let gone = crate::probe::vmar_unmap(vmar.handle, vmar.page(2), PAGE);
    expect_eq!(gone, Status::OK);
    for page in [0, 1, 3] {
        refused(DENIED, || protect(vmar.handle, RW, vmar.page(page), PAGE))?;
        expect_eq!(protect(vmar.handle, R, vmar.page(page), PAGE), Status::OK);
        expect_eq!(access(vmar.page(page))?, READ_ONLY);
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "no more than the VMO's handle allowed [13.4/8 13.1/33]",
        the_vmo_handle,
    );
    suite.case(
        "no more than the VMAR's handle allowed [13.4/8 13.1/33]",
        the_vmar_handle,
    );
    suite.case(
        "without READ at mapping time never readable [13.4/8 13.1/33]",
        no_read_ever,
    );
    suite.case(
        "what could have been asked for can be had later [13.1/33]",
        what_was_not_asked_for,
    );
    suite.case(
        "the limit outlives the handles [13.1/33]",
        later_rights_do_not_matter,
    );
    suite.case(
        "one page beyond its limit leaves all as they were [13.4/8 13.4/13]",
        all_or_nothing,
    );
    suite.case(
        "a hole leaves all before it as they were [13.4/7 13.4/13]",
        nothing_before_a_hole,
    );
    suite.case(
        "parts of a mapping keep its limit [13.1/33]",
        parts_keep_the_limit,
    );
}
