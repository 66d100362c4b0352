//! The order of the checks of `zx_vmar_map`, from the rights on: each step against the
//! next that can apply with it (reference §13.1 steps 6 to 13).

use crate::expect_eq;
use crate::inspect::refused;
use crate::memory::PAGE;
use crate::probe::{Map, close};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;
const DENIED: Status = Status::ACCESS_DENIED;
const UNSUPPORTED: Status = Status::NOT_SUPPORTED;

#[track_caller]
fn no(wanted: Status, map: Map) -> Outcome {
    refused(wanted, || map.call().err().unwrap_or(Status::OK))
}

fn missing_rights() -> Outcome {
    let vmo = Object::of(Kind::Resizable, 1)?;
    let blind = vmo.with(Rights::MAP)?;
    let map = anywhere(blind.handle, 1);
    for options in [R, RW, RX, RW | X] {
        no(DENIED, Map { options, ..map })?;
    }
    // Before resizability, unknown bits and everything behind.
    no(
        DENIED,
        Map {
            options: R | NON_RESIZABLE,
            ..map
        },
    )?;
    no(
        DENIED,
        Map {
            options: R | BEYOND_STREAM,
            ..map
        },
    )?;
    no(
        DENIED,
        Map {
            options: R | UNKNOWN_BIT,
            ..map
        },
    )?;
    no(
        DENIED,
        Map {
            options: R,
            vmo_offset: 1,
            ..map
        },
    )?;
    no(
        DENIED,
        Map {
            options: R,
            len: 0,
            ..map
        },
    )?;
    // EXECUTE is not among a VMO's default rights.
    let plain = Object::new(1)?;
    no(
        DENIED,
        Map {
            options: RX,
            ..anywhere(plain.handle, 1)
        },
    )?;
    // Nor may a VMAR without it have code.
    let code = plain.executable()?;
    let sub = SubVmar::new(1)?;
    let map = Map {
        options: RX | SPECIFIC,
        ..sub.at(0, code.handle, 1)
    };
    no(DENIED, map)
}

fn resizable() -> Outcome {
    let vmo = Object::of(Kind::Resizable, 1)?;
    let map = anywhere(vmo.handle, 1);
    no(
        UNSUPPORTED,
        Map {
            options: RW | NON_RESIZABLE,
            ..map
        },
    )?;
    // Before unknown bits and everything behind.
    no(
        UNSUPPORTED,
        Map {
            options: RW | NON_RESIZABLE | UNKNOWN_BIT,
            ..map
        },
    )?;
    no(
        UNSUPPORTED,
        Map {
            options: RW | NON_RESIZABLE | align(9),
            ..map
        },
    )?;
    no(
        UNSUPPORTED,
        Map {
            options: RW | NON_RESIZABLE,
            vmo_offset: 1,
            ..map
        },
    )?;
    no(
        UNSUPPORTED,
        Map {
            options: RW | NON_RESIZABLE,
            len: 0,
            ..map
        },
    )?;
    // With neither flag, or with ALLOW_FAULTS, it is mapped.
    for options in [RW, RW | ALLOW_FAULTS] {
        let address = Map { options, ..map }.call()?;
        expect_eq!(access(address)?, READ_WRITE);
        expect_eq!(crate::probe::vmar_unmap(root(), address, PAGE), Status::OK);
    }
    // A VMO of a fixed size is what the flag asks for.
    let fixed = Object::new(1)?;
    let options = RW | NON_RESIZABLE;
    let address = Map {
        options,
        ..anywhere(fixed.handle, 1)
    }
    .call()?;
    expect_eq!(access(address)?, READ_WRITE);
    expect_eq!(crate::probe::vmar_unmap(root(), address, PAGE), Status::OK);
    Ok(())
}

fn discardable() -> Outcome {
    let vmo = Object::of(Kind::Discardable, 1)?;
    let map = anywhere(vmo.handle, 1);
    no(UNSUPPORTED, map)?;
    no(
        UNSUPPORTED,
        Map {
            options: RW | UNKNOWN_BIT,
            ..map
        },
    )?;
    no(UNSUPPORTED, Map { len: 0, ..map })?;
    let address = Map {
        options: RW | ALLOW_FAULTS,
        ..map
    }
    .call()?;
    expect_eq!(access(address)?, READ_WRITE);
    expect_eq!(crate::probe::vmar_unmap(root(), address, PAGE), Status::OK);
    Ok(())
}

fn beyond_stream_without_faults() -> Outcome {
    let vmo = Object::of(Kind::Resizable, 1)?;
    let options = RW | BEYOND_STREAM;
    no(
        INVALID,
        Map {
            options,
            ..anywhere(vmo.handle, 1)
        },
    )?;
    let both = RW | BEYOND_STREAM | NON_RESIZABLE;
    no(
        INVALID,
        Map {
            options: both,
            ..anywhere(vmo.handle, 1)
        },
    )
}

fn unknown_bits() -> Outcome {
    let vmo = Object::new(1)?;
    let map = anywhere(vmo.handle, 1);
    for bits in [
        UNKNOWN_BIT,
        0x2_0000,
        0x80_0000,
        align(1),
        align(9),
        align(33),
    ] {
        no(
            INVALID,
            Map {
                options: RW | bits,
                ..map
            },
        )?;
        // Before the ranges.
        no(
            INVALID,
            Map {
                options: RW | bits,
                len: u64::MAX,
                ..map
            },
        )?;
    }
    Ok(())
}

fn unaligned_vmo_offset() -> Outcome {
    let vmo = Object::new(2)?;
    let map = anywhere(vmo.handle, 1);
    for vmo_offset in [1, PAGE - 1, PAGE + 8] {
        no(INVALID, Map { vmo_offset, ..map })?;
        no(
            INVALID,
            Map {
                vmo_offset,
                len: u64::MAX,
                ..map
            },
        )?;
    }
    Ok(())
}

fn lengths_that_wrap() -> Outcome {
    let vmo = Object::new(2)?;
    let map = anywhere(vmo.handle, 1);
    let last = 0_u64.wrapping_sub(PAGE);
    for (vmo_offset, len) in [
        (0, u64::MAX),
        (0, last + 1),
        (last, PAGE + 1),
        (last, 2 * PAGE),
        (PAGE, last),
    ] {
        no(
            Status::OUT_OF_RANGE,
            Map {
                vmo_offset,
                len,
                ..map
            },
        )?;
        // Before the place is looked at.
        let options = RW | SPECIFIC;
        let nowhere = Map {
            options,
            vmar_offset: 1,
            vmo_offset,
            len,
            ..map
        };
        no(Status::OUT_OF_RANGE, nowhere)?;
    }
    Ok(())
}

fn no_length() -> Outcome {
    let vmo = Object::new(1)?;
    no(
        INVALID,
        Map {
            len: 0,
            ..anywhere(vmo.handle, 1)
        },
    )?;
    // Behind the rights.
    let read_only = SubVmar::within(root(), CAN_SPECIFIC | CAN_READ, 1)?;
    let map = Map {
        len: 0,
        ..read_only.at(0, vmo.handle, 1)
    };
    no(DENIED, map)?;
    no(
        INVALID,
        Map {
            options: R | SPECIFIC,
            ..map
        },
    )
}

fn more_than_the_vmar_allows() -> Outcome {
    let vmo = Object::new(1)?;
    let code = vmo.executable()?;
    for (can, options) in [
        (CAN_SPECIFIC | CAN_READ, RW),
        (CAN_SPECIFIC | CAN_READ, RX),
        (CAN_SPECIFIC, R),
        (CAN_RW, RX),
    ] {
        let sub = SubVmar::within(root(), can, 1)?;
        let map = sub.at(0, code.handle, 1);
        no(
            DENIED,
            Map {
                options: options | SPECIFIC,
                ..map
            },
        )?;
        // Even where the place is no good.
        let vmar_offset = 8 * PAGE;
        no(
            DENIED,
            Map {
                options: options | SPECIFIC,
                vmar_offset,
                ..map
            },
        )?;
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "missing rights beat the later options [13.1/6]",
        missing_rights,
    );
    suite.case("a resizable VMO can be refused [13.1/7 13.1/23]", resizable);
    suite.case(
        "a discardable VMO needs ALLOW_FAULTS [13.1/22]",
        discardable,
    );
    suite.case(
        "beyond the stream needs ALLOW_FAULTS [13.1/21]",
        beyond_stream_without_faults,
    );
    suite.case("unknown bits beat lengths [13.1/8]", unknown_bits);
    suite.case(
        "an unaligned VMO offset beats lengths [13.1/9]",
        unaligned_vmo_offset,
    );
    suite.case("lengths that wrap beat places [13.1/10]", lengths_that_wrap);
    suite.case(
        "no length is INVALID_ARGS, behind the rights [13.1/12]",
        no_length,
    );
    suite.case(
        "a VMAR allows what its CAN_MAP bits say [13.1/13]",
        more_than_the_vmar_allows,
    );
}
