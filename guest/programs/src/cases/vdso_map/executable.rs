//! Which mappings of the vDSO may be executable.

use super::image::{Image, vdso_object};
use crate::child::Child;
use crate::inspect::{Maps, refused, refused_in};
use crate::memory::PAGE;
use crate::probe::{Map, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::Status;

const DENIED: Status = Status::ACCESS_DENIED;

fn map_status(map: Map) -> Status {
    map.call().err().unwrap_or(Status::OK)
}

fn exactly_the_code() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("code")?;
    let code = image.code_in(&child);
    for (what, vmo_offset, len) in [
        ("the data", 0, image.code_offset),
        ("all of it", 0, image.size),
        (
            "a page before",
            image.code_offset - PAGE,
            image.code_size + PAGE,
        ),
        ("a page too much", image.code_offset, image.code_size + PAGE),
        ("a page of data", 0, PAGE),
        ("behind the end", image.size, PAGE),
    ] {
        let map = Map {
            vmo_offset,
            len,
            ..code
        };
        refused_in(child.process, DENIED, || map_status(map))?;
        ensure!(map_status(map) == DENIED, "{what}");
    }
    if image.code_size > PAGE {
        for (vmo_offset, len) in [
            (image.code_offset, image.code_size - PAGE),
            (image.code_offset + PAGE, image.code_size - PAGE),
        ] {
            let map = Map {
                vmo_offset,
                len,
                ..code
            };
            refused_in(child.process, DENIED, || map_status(map))?;
        }
    }
    let address = code.call()?;
    let maps = Maps::of(child.process)?;
    let found = maps.mapping(address).ok_or(Status::NOT_FOUND)?;
    expect_eq!((found.base, found.size), (address, image.code_size));
    expect_eq!(found.mmu_flags, RX);
    Ok(())
}

/// The length is rounded up before it is compared.
fn rounded_up() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("rounded")?;
    let map = Map {
        len: image.code_size - 1,
        ..image.code_in(&child)
    };
    map.call()?;
    Ok(())
}

fn once() -> Outcome {
    let image = Image::read()?;
    // This process has it already.
    refused(DENIED, || map_status(image.code(root())))?;
    let child = Child::new("once")?;
    image.code_in(&child).call()?;
    refused_in(child.process, DENIED, || map_status(image.code_in(&child)))?;
    // Another process is another matter.
    let other = Child::new("other")?;
    image.code_in(&other).call()?;
    Ok(())
}

/// Pages that are not executable may be mapped anywhere, any number of times.
fn not_executable() -> Outcome {
    let image = Image::read()?;
    let object = vdso_object()?;
    for (vmo_offset, len) in [
        (0, PAGE),
        (0, image.size),
        (image.code_offset, image.code_size),
        (image.code_offset, PAGE),
        (0, image.size + PAGE),
    ] {
        for options in [R, 0] {
            let map = Map {
                options,
                vmo_offset,
                len,
                ..image.code(root())
            };
            let address = map.call()?;
            let wanted = if options == R { READ_ONLY } else { NO_ACCESS };
            expect_eq!(access(address)?, wanted);
            if options == R {
                let mut bytes = [0_u8; 64];
                let place = crate::probe::out(&mut bytes);
                let read = crate::probe::process_read(own_process(), address, place, 64);
                expect_eq!(read, (Status::OK, 64));
                let wanted = object.read::<64>(vmo_offset)?;
                expect_eq!(core::hint::black_box(bytes), wanted);
            }
            expect_eq!(vmar_unmap(root(), address, len), Status::OK);
        }
    }
    Ok(())
}

/// A readable mapping of the code cannot be made executable later.
fn not_made_executable() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("later")?;
    let map = Map {
        options: R,
        ..image.code_in(&child)
    };
    let address = map.call()?;
    refused_in(child.process, DENIED, || {
        protect(child.vmar, RX, address, image.code_size)
    })?;
    let data = Map {
        options: R,
        vmo_offset: 0,
        len: PAGE,
        ..map
    };
    let data = data.call()?;
    refused_in(child.process, DENIED, || {
        protect(child.vmar, RX, data, PAGE)
    })
}

fn never_writable() -> Outcome {
    let image = Image::read()?;
    for vmo_offset in [0, image.code_offset] {
        let map = Map {
            options: RW,
            vmo_offset,
            len: PAGE,
            ..image.code(root())
        };
        refused(DENIED, || map_status(map))?;
    }
    Ok(())
}

/// The reasons of the earlier steps come first.
fn what_beats_it() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("order")?;
    let whole = Map {
        vmo_offset: 0,
        len: image.size,
        ..image.code_in(&child)
    };
    let cases = [
        (
            Map {
                vmo_offset: 1,
                ..whole
            },
            Status::INVALID_ARGS,
        ),
        (Map { len: 0, ..whole }, Status::INVALID_ARGS),
        (
            Map {
                len: u64::MAX,
                ..whole
            },
            Status::OUT_OF_RANGE,
        ),
        (
            Map {
                vmar_offset: PAGE,
                ..whole
            },
            Status::INVALID_ARGS,
        ),
        (
            Map {
                options: X,
                ..whole
            },
            Status::INVALID_ARGS,
        ),
    ];
    for (map, wanted) in cases {
        refused_in(child.process, wanted, || map_status(map))?;
    }
    let vmo = Object::new(1)?;
    child.map(&vmo, R, USER_BASE + 16 * PAGE, 1)?;
    let over = Map {
        options: RX | SPECIFIC,
        vmar_offset: 16 * PAGE,
        ..whole
    };
    refused_in(child.process, Status::ALREADY_EXISTS, || map_status(over))
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "exactly the code may be executable [18/4 13.1/19]",
        exactly_the_code,
    );
    suite.case(
        "the length of the code is rounded up [18/4 13.1/28]",
        rounded_up,
    );
    suite.case(
        "the code is executable once per process [18/5 13.1/19]",
        once,
    );
    suite.case(
        "any page may be mapped without EXECUTE [18/6]",
        not_executable,
    );
    suite.case(
        "the vDSO cannot be made executable later [18/4]",
        not_made_executable,
    );
    suite.case("the vDSO cannot be mapped writable [18/3]", never_writable);
    suite.case(
        "earlier steps of mapping beat the vDSO's [13.1/19]",
        what_beats_it,
    );
}
