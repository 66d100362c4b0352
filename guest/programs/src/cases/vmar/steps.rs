//! The order of the checks of `zx_vmar_map`: each step against the next that can apply
//! with it (reference §13.1 steps 1 to 5).

use crate::expect_eq;
use crate::inspect::refused;
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

/// Options that are `INVALID_ARGS` before the look at the rights, and with them.
#[track_caller]
fn invalid(options: &[u32]) -> Outcome {
    let vmo = Object::new(1)?;
    let powerless = vmo.with(Rights::MAP)?;
    for &options in options {
        for vmo in [vmo.handle, powerless.handle] {
            let map = anywhere(vmo, 1);
            no(INVALID, Map { options, ..map })?;
        }
    }
    Ok(())
}

fn write_without_read() -> Outcome {
    invalid(&[W, X, W | X])
}

fn options_that_are_none() -> Outcome {
    invalid(&[
        RW | MAP_RANGE | OVERWRITE,
        RW | CAN_READ,
        RW | CAN_WRITE,
        RW | CAN_EXECUTE,
    ])
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
}
