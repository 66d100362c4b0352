//! Where `zx_vmar_allocate` and `zx_vmar_map` put things in a VMAR (reference §13.2,
//! §13.1 steps 14 to 18).

use crate::inspect::refused;
use crate::memory::{KERNEL_BASE, PAGE};
use crate::probe::Map;
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::{USER_BASE, USER_TOP};
use libzx::Status;

const INVALID: Status = Status::INVALID_ARGS;

fn in_parent(parent: &SubVmar, options: u32, offset: u64, pages: u64) -> Allocate {
    Allocate {
        parent: parent.handle,
        options: CAN_READ | CAN_WRITE | options,
        offset,
        size: pages * PAGE,
    }
}

fn no(request: Allocate, wanted: Status) -> Outcome {
    refused(wanted, || request.call().err().unwrap_or(Status::OK))
}

fn no_map(request: Map, wanted: Status) -> Outcome {
    refused(wanted, || request.call().err().unwrap_or(Status::OK))
}

fn exactly_there() -> Outcome {
    let parent = SubVmar::new(8)?;
    for page in [0, 7, 3] {
        let child = SubVmar::make(in_parent(&parent, SPECIFIC, page * PAGE, 1))?;
        expect_eq!(child.base, parent.page(page));
    }
    let whole = SubVmar::make(in_parent(&parent, SPECIFIC, 0, 8))?;
    expect_eq!(whole.base, parent.base);
    Ok(())
}

fn taken_places() -> Outcome {
    let parent = SubVmar::new(8)?;
    let vmo = Object::new(2)?;
    parent.at(1, vmo.handle, 2).call()?;
    let _child = parent.child(CAN_RW, 5, 2)?;
    for (page, pages) in [
        (1, 1),
        (2, 1),
        (0, 2),
        (0, 8),
        (5, 2),
        (6, 2),
        (4, 2),
        (5, 1),
    ] {
        no(
            in_parent(&parent, SPECIFIC, page * PAGE, pages),
            Status::ALREADY_EXISTS,
        )?;
        no_map(parent.at(page, vmo.handle, pages), Status::ALREADY_EXISTS)?;
    }
    expect_eq!(access(parent.page(1))?, READ_WRITE);
    expect_eq!(access(parent.page(5))?, FREE);
    Ok(())
}

fn a_place_without_asking_for_it() -> Outcome {
    let parent = SubVmar::new(8)?;
    no(in_parent(&parent, 0, PAGE, 1), INVALID)?;
    let vmo = Object::new(1)?;
    let map = Map {
        options: RW,
        ..parent.at(1, vmo.handle, 1)
    };
    no_map(map, INVALID)
}

fn unaligned_places() -> Outcome {
    let parent = SubVmar::new(8)?;
    for offset in [1, PAGE - 1, PAGE + 8] {
        no(in_parent(&parent, SPECIFIC, offset, 1), INVALID)?;
        no(
            in_parent(&parent, UPPER_LIMIT, 4 * PAGE + offset, 1),
            INVALID,
        )?;
    }
    Ok(())
}

fn outside() -> Outcome {
    let parent = SubVmar::new(8)?;
    for (offset, pages) in [
        (8 * PAGE, 1),
        (7 * PAGE, 2),
        (0, 9),
        (0_u64.wrapping_sub(PAGE), 1),
        (0_u64.wrapping_sub(PAGE), 2),
        (KERNEL_BASE, 1),
    ] {
        no(in_parent(&parent, SPECIFIC, offset, pages), INVALID)?;
    }
    let vmo = Object::new(2)?;
    no_map(parent.at(8, vmo.handle, 1), INVALID)?;
    no_map(parent.at(7, vmo.handle, 2), INVALID)?;
    // What surrounds the VMAR was not touched either.
    expect_eq!(access(parent.base + parent.size)?, FREE);
    Ok(())
}

fn ends_of_the_user_range() -> Outcome {
    let last = USER_TOP - USER_BASE - PAGE;
    let at = |offset, pages| Allocate {
        parent: root(),
        options: CAN_RW | SPECIFIC,
        offset,
        size: pages * PAGE,
    };
    let child = SubVmar::make(at(last, 1))?;
    expect_eq!(child.base, USER_TOP - PAGE);
    drop(child);
    no(at(last + PAGE, 1), INVALID)?;
    no(at(last, 2), INVALID)
}

fn both_ways_to_place() -> Outcome {
    let parent = SubVmar::new(8)?;
    no(
        in_parent(&parent, SPECIFIC | UPPER_LIMIT, 4 * PAGE, 1),
        INVALID,
    )?;
    // The same where nothing may be placed at all: step 14 before step 15.
    let closed = SubVmar::within(root(), CAN_READ | CAN_WRITE, 8)?;
    no(
        in_parent(&closed, SPECIFIC | UPPER_LIMIT, 4 * PAGE, 1),
        INVALID,
    )
}

fn a_vmar_that_does_not_place() -> Outcome {
    let closed = SubVmar::within(root(), CAN_READ | CAN_WRITE, 8)?;
    let denied = Status::ACCESS_DENIED;
    no(in_parent(&closed, SPECIFIC, PAGE, 1), denied)?;
    no(in_parent(&closed, UPPER_LIMIT, 4 * PAGE, 1), denied)?;
    let vmo = Object::new(1)?;
    no_map(closed.at(1, vmo.handle, 1), denied)?;
    let limit = Map {
        options: RW | UPPER_LIMIT,
        ..closed.at(4, vmo.handle, 1)
    };
    no_map(limit, denied)?;
    // Outside of it: step 15 before step 16.
    no(in_parent(&closed, SPECIFIC, 8 * PAGE, 1), denied)?;
    no_map(closed.at(8, vmo.handle, 1), denied)?;
    // Unaligned: step 14 before step 15.
    no(in_parent(&closed, SPECIFIC, 1, 1), INVALID)?;
    // Anywhere is fine.
    let address = Map {
        options: RW,
        ..closed.at(0, vmo.handle, 1)
    }
    .call()?;
    ensure!(
        (closed.base..closed.page(8)).contains(&address),
        "{address:#x} is outside"
    );
    Ok(())
}

fn below_the_limit() -> Outcome {
    let parent = SubVmar::new(64)?;
    for limit in [1_u64, 2, 17, 64] {
        let child = SubVmar::make(in_parent(&parent, UPPER_LIMIT, limit * PAGE, 1))?;
        let end = child.base + PAGE;
        ensure!(end <= parent.page(limit), "limit {limit}: up to {end:#x}");
        ensure!(child.base >= parent.base, "limit {limit}: below");
    }
    // No room below it, though there is above.
    let vmo = Object::new(8)?;
    parent.at(0, vmo.handle, 8).call()?;
    let under = in_parent(&parent, UPPER_LIMIT, 8 * PAGE, 1);
    no(under, Status::NO_RESOURCES)
}

fn limits_beyond_the_end() -> Outcome {
    let parent = SubVmar::new(4)?;
    no(in_parent(&parent, UPPER_LIMIT, 5 * PAGE, 1), INVALID)
}

fn aligned() -> Outcome {
    for exponent in [10, 12, 13, 16, 21] {
        let child = SubVmar::within(root(), CAN_RW | align(exponent), 1)?;
        let rest = child.base % (1 << exponent);
        ensure!(rest == 0, "2^{exponent}: {:#x}", child.base);
    }
    for exponent in [1, 9, 33, 63] {
        let request = Allocate {
            parent: root(),
            options: CAN_RW | align(exponent),
            offset: 0,
            size: PAGE,
        };
        no(request, INVALID)?;
    }
    Ok(())
}

fn misaligned_places() -> Outcome {
    let parent = SubVmar::within(root(), CAN_RW | align(16), 32)?;
    let child = SubVmar::make(in_parent(&parent, SPECIFIC | align(16), 16 * PAGE, 1))?;
    expect_eq!(child.base, parent.page(16));
    no(
        in_parent(&parent, SPECIFIC | align(16), 17 * PAGE, 1),
        INVALID,
    )?;
    // Even where something is: step 16 before step 17.
    let _taken = parent.child(CAN_RW, 3, 1)?;
    no(
        in_parent(&parent, SPECIFIC | align(16), 3 * PAGE, 1),
        INVALID,
    )
}

fn full() -> Outcome {
    let parent = SubVmar::new(4)?;
    let vmo = Object::new(4)?;
    parent.at(0, vmo.handle, 4).call()?;
    no(in_parent(&parent, 0, 0, 1), Status::NO_RESOURCES)?;
    let more = Map {
        options: RW,
        ..parent.at(0, vmo.handle, 1)
    };
    no_map(more, Status::NO_RESOURCES)?;
    // Room enough, but not in one piece.
    let parted = SubVmar::new(5)?;
    parted.at(2, vmo.handle, 1).call()?;
    no(in_parent(&parted, 0, 0, 3), Status::NO_RESOURCES)?;
    let larger = Map {
        options: RW,
        ..parted.at(0, vmo.handle, 3)
    };
    no_map(larger, Status::NO_RESOURCES)
}

/// A VMAR can be filled to its last page whatever the order, though places are random.
fn every_page_is_found() -> Outcome {
    for options in [CAN_RW, CAN_RW | COMPACT] {
        let parent = SubVmar::within(root(), options, 8)?;
        let vmo = Object::new(1)?;
        let anywhere = Map {
            options: RW,
            ..parent.at(0, vmo.handle, 1)
        };
        for _ in 0..8 {
            let address = anywhere.call()?;
            ensure!(
                (parent.base..parent.page(8)).contains(&address),
                "{address:#x} is outside"
            );
        }
        no_map(anywhere, Status::NO_RESOURCES)?;
        for page in 0..8 {
            expect_eq!(access(parent.page(page))?, READ_WRITE);
        }
    }
    Ok(())
}

/// In a COMPACT VMAR what is mapped stands together.
fn compact_packs() -> Outcome {
    let parent = SubVmar::within(root(), CAN_RW | COMPACT, 256)?;
    let vmo = Object::new(1)?;
    let (mut low, mut high) = (u64::MAX, 0);
    for _ in 0..6 {
        let address = Map {
            options: RW,
            ..parent.at(0, vmo.handle, 1)
        }
        .call()?;
        (low, high) = (low.min(address), high.max(address + PAGE));
    }
    expect_eq!(high - low, 6 * PAGE);
    Ok(())
}

/// Nothing that goes anywhere goes into a place that is taken.
fn places_do_not_collide() -> Outcome {
    let children = [SubVmar::new(3)?, SubVmar::new(1)?, SubVmar::new(7)?];
    let vmo = Object::new(2)?;
    for _ in 0..8 {
        let address = anywhere(vmo.handle, 2).call()?;
        let apart = children
            .iter()
            .all(|child| address + 2 * PAGE <= child.base || child.base + child.size <= address);
        ensure!(apart, "{address:#x} is in a child");
        expect_eq!(
            crate::probe::vmar_unmap(root(), address, 2 * PAGE),
            Status::OK
        );
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a SPECIFIC child stands exactly there [13.2/4]",
        exactly_there,
    );
    suite.case(
        "a place that is taken is ALREADY_EXISTS [13.2/6 13.1/17 22/25]",
        taken_places,
    );
    suite.case(
        "an offset needs SPECIFIC or UPPER_LIMIT [13.2/4 13.1/14]",
        a_place_without_asking_for_it,
    );
    suite.case(
        "an offset must be aligned [13.2/4 13.1/14]",
        unaligned_places,
    );
    suite.case(
        "a place outside the VMAR is INVALID_ARGS [13.2/4 13.1/16]",
        outside,
    );
    suite.case(
        "a child may stand at the end of the user range [19.2/2]",
        ends_of_the_user_range,
    );
    suite.case(
        "SPECIFIC and UPPER_LIMIT exclude each other [13.2/4 13.1/24]",
        both_ways_to_place,
    );
    suite.case(
        "a VMAR without CAN_MAP_SPECIFIC places nothing [13.2/4 13.1/15]",
        a_vmar_that_does_not_place,
    );
    suite.case(
        "a child ends below its upper limit [13.2/4 13.1/34]",
        below_the_limit,
    );
    suite.case(
        "an upper limit beyond the VMAR is INVALID_ARGS [13.1/16]",
        limits_beyond_the_end,
    );
    suite.case(
        "an alignment request is kept, a bad one refused [13.2/4 13.1/16]",
        aligned,
    );
    suite.case(
        "a place must keep the alignment asked for [13.2/4 13.1/16]",
        misaligned_places,
    );
    suite.case(
        "a VMAR without room is NO_RESOURCES [13.2/4 13.1/18 22/25]",
        full,
    );
    suite.case(
        "a VMAR can be filled to its last page [13.1/18]",
        every_page_is_found,
    );
    suite.case("a COMPACT VMAR packs [13.1/31]", compact_packs);
    suite.case(
        "what goes anywhere keeps clear of children",
        places_do_not_collide,
    );
}
