//! What `zx_vmar_protect` refuses, and in which order.

use super::Place;
use crate::expect_eq;
use crate::inspect::refused;
use crate::memory::{KERNEL_BASE, PAGE};
use crate::probe::close;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;

/// The call is refused; the pages stay as they are.
fn no(place: &Place, wanted: Status, options: u32, address: u64, len: u64) -> Outcome {
    let vmar = place.vmar.handle;
    refused(wanted, || protect(vmar, options, address, len))?;
    expect_eq!(place.pages()?, [READ_WRITE; 4]);
    Ok(())
}

fn handles() -> Outcome {
    let place = Place::new()?;
    let page = place.vmar.page(2);
    refused(Status::BAD_HANDLE, || protect(0, R, page, PAGE))?;
    refused(Status::WRONG_TYPE, || {
        protect(place.vmo.handle, R, page, PAGE)
    })
}

fn rights() -> Outcome {
    let place = Place::new()?;
    let all = Rights::READ | Rights::WRITE | Rights::EXECUTE;
    for (right, asking, fine) in [(Rights::READ, R, 0), (Rights::WRITE, RW, R)] {
        let rights = all.difference(right) & (Rights::READ | Rights::WRITE);
        let weak = place.vmar.with_rights(rights)?;
        refused(Status::ACCESS_DENIED, || {
            protect(weak, asking, place.vmar.page(2), PAGE)
        })?;
        expect_eq!(place.pages()?, [READ_WRITE; 4]);
        expect_eq!(protect(weak, fine, place.vmar.page(2), PAGE), Status::OK);
        expect_eq!(place.protect(RW, 2, 4), Status::OK);
        expect_eq!(close(weak), Status::OK);
    }
    // A VMAR that may not map code: its handle has no right to execute.
    refused(Status::ACCESS_DENIED, || place.protect(RX, 2, 4))
}

fn no_right_is_needed_for_nothing() -> Outcome {
    let place = Place::new()?;
    let weak = place.vmar.with_rights(Rights::empty())?;
    expect_eq!(protect(weak, 0, place.vmar.page(2), 4 * PAGE), Status::OK);
    expect_eq!(place.pages()?, [NO_ACCESS; 4]);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn a_missing_right_beats_all_arguments() -> Outcome {
    let place = Place::new()?;
    let weak = place.vmar.with_rights(Rights::READ)?;
    let page = place.vmar.page(2);
    let denied = Status::ACCESS_DENIED;
    for (options, address, len) in [
        (W, page, PAGE),
        (RW | CAN_READ, page, PAGE),
        (RW | UNKNOWN_BIT, page, PAGE),
        (RW, page + 1, PAGE),
        (RW, page, 0),
        (RW, page + 6 * PAGE, PAGE),
        (RW, place.vmar.base, PAGE),
    ] {
        refused(denied, || protect(weak, options, address, len))?;
    }
    expect_eq!(place.pages()?, [READ_WRITE; 4]);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn write_without_read() -> Outcome {
    let place = Place::new()?;
    no(&place, INVALID, W, place.vmar.page(2), PAGE)?;
    let vmar = SubVmar::within(root(), CAN_RW | CAN_EXECUTE, 2)?;
    vmar.at(0, place.vmo.handle, 2).call()?;
    for options in [X, W | X] {
        refused(INVALID, || protect(vmar.handle, options, vmar.base, PAGE))?;
    }
    expect_eq!(access(vmar.base)?, READ_WRITE);
    Ok(())
}

fn other_options() -> Outcome {
    let place = Place::new()?;
    let page = place.vmar.page(2);
    for options in [
        CAN_READ,
        CAN_WRITE,
        CAN_EXECUTE,
        CAN_SPECIFIC,
        SPECIFIC,
        OVERWRITE,
        COMPACT,
        MAP_RANGE,
        UNKNOWN_BIT,
        1 << 31,
    ] {
        no(&place, INVALID, R | options, page, PAGE)?;
    }
    Ok(())
}

fn unaligned() -> Outcome {
    let place = Place::new()?;
    for more in [1, 8, PAGE - 1] {
        no(&place, INVALID, R, place.vmar.page(2) + more, PAGE)?;
    }
    Ok(())
}

fn lengths() -> Outcome {
    let place = Place::new()?;
    no(&place, INVALID, R, place.vmar.page(2), 0)?;
    // It would be rounded up past the end of all addresses.
    no(&place, INVALID, R, place.vmar.page(2), u64::MAX)
}

fn outside() -> Outcome {
    let place = Place::new()?;
    let vmar = &place.vmar;
    for (address, len) in [
        (vmar.page(8), PAGE),
        (vmar.page(5), 4 * PAGE),
        (vmar.base - PAGE, PAGE),
        (vmar.base - PAGE, 4 * PAGE),
        (vmar.page(2), 1 << 48),
        (vmar.page(2), 0_u64.wrapping_sub(PAGE)),
        (0, PAGE),
        (KERNEL_BASE, PAGE),
        (0_u64.wrapping_sub(PAGE), PAGE),
    ] {
        no(&place, INVALID, R, address, len)?;
    }
    Ok(())
}

fn holes() -> Outcome {
    let place = Place::new()?;
    let vmar = &place.vmar;
    for (page, pages) in [(0, 1), (0, 8), (1, 2), (5, 2), (6, 1), (6, 2)] {
        no(&place, Status::NOT_FOUND, R, vmar.page(page), pages * PAGE)?;
    }
    // A hole in the middle.
    expect_eq!(
        crate::probe::vmar_unmap(vmar.handle, vmar.page(3), PAGE),
        Status::OK
    );
    refused(Status::NOT_FOUND, || place.protect(R, 2, 4))?;
    expect_eq!(place.pages()?, [READ_WRITE, FREE, READ_WRITE, READ_WRITE]);
    Ok(())
}

fn outside_beats_a_hole() -> Outcome {
    let place = Place::new()?;
    let vmar = &place.vmar;
    no(&place, INVALID, R, vmar.page(6), 3 * PAGE)?;
    no(&place, INVALID, R, vmar.base - PAGE, 9 * PAGE)
}

fn a_hole_beats_permissions() -> Outcome {
    let place = Place::new()?;
    let read_only = place.vmo.without(Rights::WRITE)?;
    let mut map = place.vmar.at(7, read_only.handle, 1);
    map.options = R | SPECIFIC;
    map.call()?;
    refused(Status::NOT_FOUND, || place.protect(RW, 6, 2))?;
    expect_eq!(access(place.vmar.page(7))?, READ_ONLY);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("protect wants a VMAR", handles);
    suite.case("a permission asked for needs the right [13.4/1]", rights);
    suite.case(
        "taking all permissions away needs no right [13.4/1 13.4/12]",
        no_right_is_needed_for_nothing,
    );
    suite.case(
        "a missing right beats bad arguments [13.4/1]",
        a_missing_right_beats_all_arguments,
    );
    suite.case(
        "WRITE or EXECUTE without READ is INVALID_ARGS [13.4/2]",
        write_without_read,
    );
    suite.case(
        "CAN_MAP and unknown bits are INVALID_ARGS [13.4/3]",
        other_options,
    );
    suite.case("an unaligned base is INVALID_ARGS [13.4/4]", unaligned);
    suite.case(
        "length 0 and lengths that wrap are INVALID_ARGS [13.4/4]",
        lengths,
    );
    suite.case("a range outside the VMAR is INVALID_ARGS [13.4/6]", outside);
    suite.case("a hole in the range is NOT_FOUND [13.4/7]", holes);
    suite.case("outside beats a hole [13.4/6 13.4/7]", outside_beats_a_hole);
    suite.case(
        "a hole beats permissions [13.4/7 13.4/8]",
        a_hole_beats_permissions,
    );
}
