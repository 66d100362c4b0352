//! The order of the checks of `zx_vmar_map`: each step against the next that can apply
//! with it (reference §13.1).

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

fn handles() -> Outcome {
    let vmo = Object::new(1)?;
    let good = anywhere(vmo.handle, 1);
    // Left to right: whatever is wrong with the VMAR's handle comes first.
    no(
        Status::BAD_HANDLE,
        Map {
            vmar: 0,
            vmo: root(),
            ..good
        },
    )?;
    no(
        Status::WRONG_TYPE,
        Map {
            vmar: vmo.handle,
            vmo: 0,
            ..good
        },
    )?;
    no(Status::BAD_HANDLE, Map { vmo: 0, ..good })?;
    no(
        Status::WRONG_TYPE,
        Map {
            vmo: root(),
            ..good
        },
    )?;
    // A handle of the wrong type without rights is of the wrong type.
    let powerless = crate::probe::duplicate(root(), 0)?;
    no(
        Status::WRONG_TYPE,
        Map {
            vmo: powerless,
            ..good
        },
    )?;
    expect_eq!(close(powerless), Status::OK);
    Ok(())
}

fn handles_beat_options() -> Outcome {
    let good = anywhere(0, 1);
    for options in [W, UNKNOWN_BIT, BEYOND_STREAM, R | CAN_READ] {
        no(Status::BAD_HANDLE, Map { options, ..good })?;
    }
    no(Status::BAD_HANDLE, Map { len: 0, ..good })?;
    no(
        Status::BAD_HANDLE,
        Map {
            vmo_offset: 1,
            ..good
        },
    )
}

/// No right is needed of a VMAR to map without permissions.
fn no_right_for_no_permission() -> Outcome {
    let sub = SubVmar::new(1)?;
    let vmo = Object::new(1)?;
    let weak = sub.with_rights(Rights::empty())?;
    let map = Map {
        vmar: weak,
        options: SPECIFIC,
        ..sub.at(0, vmo.handle, 1)
    };
    expect_eq!(map.call(), Ok(sub.base));
    expect_eq!(access(sub.base)?, NO_ACCESS);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn beyond_stream_on_not_paged() -> Outcome {
    for kind in [Kind::Contiguous, Kind::Physical] {
        let vmo = Object::of(kind, 1)?;
        let options = RW | BEYOND_STREAM | ALLOW_FAULTS;
        let map = Map {
            options,
            ..anywhere(vmo.handle, 1)
        };
        no(UNSUPPORTED, map)?;
        // Before the right to map, permissions and the other options.
        let powerless = vmo.with(Rights::empty())?;
        no(
            UNSUPPORTED,
            Map {
                vmo: powerless.handle,
                ..map
            },
        )?;
        no(
            UNSUPPORTED,
            Map {
                options: W | BEYOND_STREAM,
                ..map
            },
        )?;
        no(
            UNSUPPORTED,
            Map {
                options: options | UNKNOWN_BIT,
                ..map
            },
        )?;
        no(UNSUPPORTED, Map { len: 0, ..map })?;
    }
    Ok(())
}

fn map_right() -> Outcome {
    let vmo = Object::new(1)?;
    let weak = vmo.without(Rights::MAP)?;
    let map = anywhere(weak.handle, 1);
    no(DENIED, map)?;
    no(DENIED, Map { options: 0, ..map })?;
    for options in [
        W,
        X,
        R | CAN_READ,
        RW | UNKNOWN_BIT,
        RW | MAP_RANGE | OVERWRITE,
    ] {
        no(DENIED, Map { options, ..map })?;
    }
    no(
        DENIED,
        Map {
            len: u64::MAX,
            ..map
        },
    )
}

fn write_without_read() -> Outcome {
    let vmo = Object::new(1)?;
    let powerless = vmo.with(Rights::MAP)?;
    for options in [W, X, W | X] {
        no(
            INVALID,
            Map {
                options,
                ..anywhere(vmo.handle, 1)
            },
        )?;
        // Before the look at the rights.
        no(
            INVALID,
            Map {
                options,
                ..anywhere(powerless.handle, 1)
            },
        )?;
    }
    Ok(())
}

fn options_that_are_none() -> Outcome {
    let vmo = Object::new(1)?;
    let powerless = vmo.with(Rights::MAP)?;
    for options in [
        RW | MAP_RANGE | OVERWRITE,
        RW | CAN_READ,
        RW | CAN_WRITE,
        RW | CAN_EXECUTE,
    ] {
        no(
            INVALID,
            Map {
                options,
                ..anywhere(vmo.handle, 1)
            },
        )?;
        no(
            INVALID,
            Map {
                options,
                ..anywhere(powerless.handle, 1)
            },
        )?;
    }
    Ok(())
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
    suite.case("the VMAR's handle comes before the VMO's [13.1/1]", handles);
    suite.case("handles come before options [13.1/1]", handles_beat_options);
    suite.case(
        "mapping nothing needs no right of the VMAR [13.1/1]",
        no_right_for_no_permission,
    );
    suite.case(
        "beyond the stream of what is not paged is NOT_SUPPORTED [13.1/2]",
        beyond_stream_on_not_paged,
    );
    suite.case(
        "a VMO's handle needs MAP before all options [13.1/3]",
        map_right,
    );
    suite.case(
        "WRITE or EXECUTE without READ beats missing rights [13.1/4 22/24]",
        write_without_read,
    );
    suite.case(
        "CAN_MAP and MAP_RANGE with OVERWRITE beat missing rights [13.1/5]",
        options_that_are_none,
    );
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
