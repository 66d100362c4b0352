//! `zx_vmar_op_range` (reference §13.5).

use crate::inspect::vmo;
use crate::memory::{KERNEL_BASE, PAGE};
use crate::probe::{out, process_read, status};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;

/// Every operation there is.
const ALL: [u32; 7] = [
    RangeOp::COMMIT,
    RangeOp::DECOMMIT,
    RangeOp::MAP_RANGE,
    RangeOp::ZERO,
    RangeOp::DONT_NEED,
    RangeOp::ALWAYS_NEED,
    RangeOp::PREFETCH,
];

/// A VMAR of 8 pages with 4 of a patterned VMO from page 2 on.
fn place() -> Result<(SubVmar, Object), Status> {
    let vmar = SubVmar::new(8)?;
    let vmo = Object::patterned(Kind::Anonymous, 4, 41)?;
    vmar.at(2, vmo.handle, 4).call()?;
    Ok((vmar, vmo))
}

fn op(vmar: &SubVmar, op: u32, page: u64, pages: u64) -> Status {
    op_range(vmar.handle, op, vmar.page(page), pages * PAGE)
}

/// The operation is refused whatever it is, and every byte stays.
fn all_refused(wanted: Status, address: u64, len: u64, vmar: u32, vmo: &Object) -> Outcome {
    for op in ALL {
        let given = op_range(vmar, op, address, len);
        ensure!(given == wanted, "op {op}: {given:?}");
    }
    expect_eq!(vmo.mismatch(4, 41)?, None);
    Ok(())
}

fn handles() -> Outcome {
    let (vmar, vmo) = place()?;
    all_refused(Status::BAD_HANDLE, vmar.page(2), PAGE, 0, &vmo)?;
    all_refused(Status::WRONG_TYPE, vmar.page(2), PAGE, vmo.handle, &vmo)
}

fn no_buffer() -> Outcome {
    let (vmar, vmo) = place()?;
    let mut byte = 0_u64;
    for (buffer, size) in [(out(&mut byte), 8), (out(&mut byte), 0), (0, 8)] {
        for op in ALL {
            let args = [
                u64::from(vmar.handle),
                u64::from(op),
                vmar.page(2),
                PAGE,
                buffer,
                size,
            ];
            let given = status(Call::VmarOpRange, &args);
            ensure!(given == INVALID, "op {op}: {given:?}");
        }
    }
    expect_eq!(vmo.mismatch(4, 41)?, None);
    Ok(())
}

fn zeroed(page: u64, pages: u64) -> Outcome {
    let (vmar, vmo) = place()?;
    for operation in [RangeOp::ZERO, RangeOp::DECOMMIT] {
        vmo.fill(4, 41)?;
        expect_eq!(op(&vmar, operation, 2 + page, pages), Status::OK);
        for at in 0..4 {
            let through = {
                let mut bytes = [1_u8; 4096];
                let found = process_read(own_process(), vmar.page(2 + at), out(&mut bytes), PAGE);
                expect_eq!(found, (Status::OK, PAGE));
                core::hint::black_box(bytes)
            };
            let bytes = vmo.read::<4096>(at * PAGE)?;
            let gone = (page..page + pages).contains(&at);
            for bytes in [bytes, through] {
                if gone {
                    ensure!(bytes == [0; 4096], "page {at} is not zero");
                } else {
                    let kept = crate::pattern::mismatch(41, at * PAGE, &bytes);
                    ensure!(kept.is_none(), "page {at} changed");
                }
            }
        }
    }
    Ok(())
}

fn committed(object: &Object) -> Result<u64, Status> {
    Ok(vmo(object.handle)?.committed_bytes)
}

fn commits_and_decommits() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let object = Object::new(4)?;
    vmar.at(0, object.handle, 4).call()?;
    expect_eq!(committed(&object)?, 0);
    expect_eq!(op(&vmar, RangeOp::COMMIT, 1, 2), Status::OK);
    expect_eq!(committed(&object)?, 2 * PAGE);
    expect_eq!(op(&vmar, RangeOp::DECOMMIT, 2, 2), Status::OK);
    expect_eq!(committed(&object)?, PAGE);
    expect_eq!(op(&vmar, RangeOp::ZERO, 0, 4), Status::OK);
    expect_eq!(access(vmar.page(3))?, READ_WRITE);
    Ok(())
}

/// The operation works on the part of the VMO that the mapping shows.
fn offsets_of_the_mapping_count() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let object = Object::patterned(Kind::Anonymous, 4, 41)?;
    let mut map = vmar.at(1, object.handle, 2);
    map.vmo_offset = 2 * PAGE;
    map.call()?;
    expect_eq!(op(&vmar, RangeOp::ZERO, 2, 1), Status::OK);
    expect_eq!(object.read::<4096>(3 * PAGE)?, [0; 4096]);
    expect_eq!(object.mismatch(3, 41)?, None);
    Ok(())
}

/// A range may cover several mappings.
fn several_mappings() -> Outcome {
    let vmar = SubVmar::new(4)?;
    let objects = [
        Object::patterned(Kind::Anonymous, 2, 41)?,
        Object::patterned(Kind::Anonymous, 2, 42)?,
    ];
    for (object, page) in objects.iter().zip([0, 2]) {
        vmar.at(page, object.handle, 2).call()?;
    }
    expect_eq!(op(&vmar, RangeOp::ZERO, 1, 2), Status::OK);
    let [first, second] = &objects;
    expect_eq!(first.mismatch(1, 41)?, None);
    expect_eq!(first.read::<4096>(PAGE)?, [0; 4096]);
    expect_eq!(second.read::<4096>(0)?, [0; 4096]);
    let rest = second.read::<4096>(PAGE)?;
    expect_eq!(crate::pattern::mismatch(42, PAGE, &rest), None);
    Ok(())
}

fn holes() -> Outcome {
    let (vmar, vmo) = place()?;
    for (page, pages) in [(0, 1), (0, 8), (1, 1), (6, 1)] {
        let (base, len) = (vmar.page(page), pages * PAGE);
        all_refused(Status::BAD_STATE, base, len, vmar.handle, &vmo)?;
    }
    Ok(())
}

fn never_writable() -> Outcome {
    let object = Object::patterned(Kind::Anonymous, 4, 41)?;
    let read_only = object.without(Rights::WRITE)?;
    let vmar = SubVmar::new(4)?;
    let mut map = vmar.at(0, read_only.handle, 4);
    map.options = R | SPECIFIC;
    map.call()?;
    for operation in [RangeOp::COMMIT, RangeOp::DECOMMIT, RangeOp::ZERO] {
        let given = op(&vmar, operation, 0, 4);
        ensure!(given == Status::ACCESS_DENIED, "op {operation}: {given:?}");
    }
    expect_eq!(object.mismatch(4, 41)?, None);
    for operation in [
        RangeOp::MAP_RANGE,
        RangeOp::DONT_NEED,
        RangeOp::ALWAYS_NEED,
        RangeOp::PREFETCH,
    ] {
        let given = op(&vmar, operation, 0, 4);
        ensure!(given == Status::OK, "op {operation}: {given:?}");
    }
    expect_eq!(object.mismatch(4, 41)?, None);
    Ok(())
}

/// Writable is what the mapping could be, not what it is.
fn could_be_writable() -> Outcome {
    let (vmar, vmo) = place()?;
    expect_eq!(protect(vmar.handle, R, vmar.page(2), 4 * PAGE), Status::OK);
    expect_eq!(op(&vmar, RangeOp::ZERO, 2, 4), Status::OK);
    expect_eq!(vmo.read::<4096>(PAGE)?, [0; 4096]);
    expect_eq!(access(vmar.page(2))?, READ_ONLY);
    Ok(())
}

fn harmless_ones() -> Outcome {
    let (vmar, vmo) = place()?;
    for operation in [
        RangeOp::MAP_RANGE,
        RangeOp::DONT_NEED,
        RangeOp::ALWAYS_NEED,
        RangeOp::PREFETCH,
    ] {
        let given = op(&vmar, operation, 2, 4);
        ensure!(given == Status::OK, "op {operation}: {given:?}");
        expect_eq!(access(vmar.page(3))?, READ_WRITE);
    }
    expect_eq!(vmo.mismatch(4, 41)?, None);
    Ok(())
}

/// What the VMO's own operation refuses, this refuses too.
fn as_the_vmo_does() -> Outcome {
    let (vmar, vmo) = place()?;
    let snapshot = vmo.child(ChildOptions::SNAPSHOT, 0, 4 * PAGE)?;
    expect_eq!(op(&vmar, RangeOp::DECOMMIT, 2, 4), Status::NOT_SUPPORTED);
    expect_eq!(vmo.mismatch(4, 41)?, None);
    drop(snapshot);
    let short = Object::of(Kind::Resizable, 4)?;
    let vmar = SubVmar::new(4)?;
    vmar.at(0, short.handle, 4).call()?;
    expect_eq!(short.set_size(2 * PAGE), Status::OK);
    for operation in [RangeOp::COMMIT, RangeOp::DECOMMIT, RangeOp::ZERO] {
        let given = op(&vmar, operation, 2, 2);
        ensure!(given == Status::OUT_OF_RANGE, "op {operation}: {given:?}");
    }
    let uncached = Object::of(Kind::Uncached, 1)?;
    let vmar = SubVmar::new(1)?;
    vmar.at(0, uncached.handle, 1).call()?;
    expect_eq!(op(&vmar, RangeOp::ZERO, 0, 1), Status::BAD_STATE);
    Ok(())
}

/// From above a child's mappings either take an operation or are left alone.
fn from_above() -> Outcome {
    let outer = SubVmar::new(8)?;
    let inner = outer.child(CAN_RW, 2, 4)?;
    let vmo = Object::patterned(Kind::Anonymous, 4, 41)?;
    inner.at(0, vmo.handle, 4).call()?;
    let mut refusals = 0;
    for operation in ALL {
        vmo.fill(4, 41)?;
        let given = op(&outer, operation, 2, 4);
        ensure!(
            given == Status::OK || given == INVALID,
            "op {operation}: {given:?}"
        );
        let changes = matches!(operation, RangeOp::DECOMMIT | RangeOp::ZERO);
        if given == INVALID || !changes {
            expect_eq!(vmo.mismatch(4, 41)?, None);
        } else {
            expect_eq!(vmo.read::<4096>(PAGE)?, [0; 4096]);
        }
        refusals += u32::from(given == INVALID);
    }
    ensure!(refusals > 0, "no operation is refused from above");
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("op_range wants a VMAR [2.2/1 2.2/2]", handles);
    suite.case("op_range takes no buffer [13.5/1]", no_buffer);
    suite.case(
        "op_range refuses lengths that are no whole pages [13.5/2]",
        || {
            let (vmar, vmo) = place()?;
            for len in [0, 1, PAGE - 1, PAGE + 1] {
                all_refused(INVALID, vmar.page(2), len, vmar.handle, &vmo)?;
            }
            Ok(())
        },
    );
    suite.case(
        "op_range refuses addresses that are no page's [13.5/2]",
        || {
            let (vmar, vmo) = place()?;
            all_refused(INVALID, vmar.page(2) + 1, PAGE, vmar.handle, &vmo)
        },
    );
    suite.case("op_range outside the VMAR is OUT_OF_RANGE [13.5/3]", || {
        let (vmar, vmo) = place()?;
        let (v, out) = (vmar.handle, Status::OUT_OF_RANGE);
        all_refused(out, vmar.page(8), PAGE, v, &vmo)?;
        all_refused(out, vmar.page(2), 7 * PAGE, v, &vmo)?;
        all_refused(out, vmar.base - PAGE, PAGE, v, &vmo)?;
        all_refused(out, KERNEL_BASE, PAGE, v, &vmo)?;
        all_refused(out, vmar.page(2), 0_u64.wrapping_sub(PAGE), v, &vmo)
    });
    suite.case(
        "op_range over a hole is BAD_STATE and does nothing [13.5/5]",
        holes,
    );
    suite.case(
        "ZERO and DECOMMIT empty exactly the range [13.5/8 13.5/9]",
        || {
            zeroed(0, 4)?;
            zeroed(1, 2)?;
            zeroed(3, 1)
        },
    );
    suite.case(
        "COMMIT and DECOMMIT change what is committed [13.5/7 13.5/8]",
        commits_and_decommits,
    );
    suite.case(
        "op_range starts at the mapping's offset in the VMO [13.5/9]",
        offsets_of_the_mapping_count,
    );
    suite.case(
        "op_range goes over several mappings [13.5/9]",
        several_mappings,
    );
    suite.case(
        "COMMIT, DECOMMIT and ZERO need a mapping that could be writable [13.5/6]",
        never_writable,
    );
    suite.case(
        "ZERO works where write permission was taken away [13.5/6 13.5/9]",
        could_be_writable,
    );
    suite.case(
        "MAP_RANGE, DONT_NEED, ALWAYS_NEED and PREFETCH change no byte [13.5/10]",
        harmless_ones,
    );
    suite.case(
        "op_range refuses what the VMO's operation refuses [13.5/7 13.5/8 13.5/9]",
        as_the_vmo_does,
    );
    suite.case(
        "a child's mappings are refused some operations from above [13.5/11]",
        from_above,
    );
    suite.case("an unknown operation is INVALID_ARGS", || {
        let (vmar, vmo) = place()?;
        for operation in [0, 4, 5, 11, 15, u32::MAX] {
            let given = op(&vmar, operation, 2, 1);
            ensure!(given == INVALID, "op {operation}: {given:?}");
        }
        expect_eq!(vmo.mismatch(4, 41)?, None);
        Ok(())
    });
}
