//! Handles, rights, operation numbers and ranges of `zx_vmo_op_range` (reference §11).

use crate::memory::PAGE;
use crate::modes::Modes;
use crate::probe::status;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE, WRONG_TYPE,
};
use crate::subject::{Subject, op_range};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::options::RangeOp;
use libzx::{Call, Rights, Status, startup};

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "op: the handle comes before an unknown operation [11/1 23/52]",
        handle_first,
    );
    suite.case(
        "op: unknown operations and 5 are INVALID_ARGS [11/2]",
        unknown,
    );
    suite.case(
        "op: each needs its right [11/3 11/11 11/24 11/30 11/34 11/42 11/43 11/52 11/54 11/58]",
        || rights(modes),
    );
    suite.case(
        "op: the right comes before the range [11/3 11/11 11/24 11/30 11/34 11/43 11/52 11/58]",
        || right_before_range(modes),
    );
    suite.case(
        "op: ranges outside the VMO are OUT_OF_RANGE [11/4 11/14 11/36 11/42 11/46 11/59]",
        || ranges(modes),
    );
    suite.case(
        "op: length 0 is fine inside the VMO, where it is fine [11/6 11/15 11/47 11/59]",
        nothing,
    );
    suite.case("op: the buffer is ignored [11/62]", buffers);
}

const WRITERS: [u32; 3] = [RangeOp::COMMIT, RangeOp::DECOMMIT, RangeOp::ZERO];
const READERS: [u32; 4] = [
    RangeOp::CACHE_SYNC,
    RangeOp::CACHE_CLEAN,
    RangeOp::CACHE_CLEAN_INVALIDATE,
    RangeOp::PREFETCH,
];

/// What `CACHE_INVALIDATE` gives where others would give that.
fn gated(modes: Modes, open: Status) -> Status {
    if modes.gate { open } else { NOT_SUPPORTED }
}

fn handle_first() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    let stale = Subject::pages(1)?.id();
    for op in (0..20).chain([1000, u32::MAX]) {
        for (handle, wanted) in [(0, BAD_HANDLE), (stale, BAD_HANDLE), (process, WRONG_TYPE)] {
            let given = op_range(handle, op, u64::MAX, u64::MAX);
            ensure!(given == wanted, "op {op} of {handle:#x}: {given}");
        }
    }
    Ok(())
}

fn unknown() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    for vmo in [&vmo, &vmo.powerless()?] {
        for op in [0, 5, 15, 16, 100, u32::MAX] {
            for (offset, size) in [(0, PAGE), (PAGE, PAGE), (0, 0)] {
                let given = vmo.op(op, offset, size);
                ensure!(given == INVALID_ARGS, "op {op}: {given}");
            }
        }
    }
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    Ok(())
}

fn rights(modes: Modes) -> Outcome {
    let vmo = Subject::pages(1)?;
    let (reader, writer) = (
        vmo.with_rights(Rights::READ)?,
        vmo.with_rights(Rights::WRITE)?,
    );
    let check = |op, vmo: &Subject, wanted: Status| {
        let given = vmo.op(op, 0, PAGE);
        ensure!(given == wanted, "op {op}: {given}, not {wanted}");
        Ok(())
    };
    let no_read = vmo.without(Rights::READ)?;
    let no_write = vmo.without(Rights::WRITE)?;
    for op in WRITERS {
        check(op, &writer, OK)?;
        check(op, &no_write, ACCESS_DENIED)?;
    }
    for op in READERS {
        check(op, &reader, OK)?;
        check(op, &no_read, ACCESS_DENIED)?;
    }
    check(RangeOp::CACHE_INVALIDATE, &writer, gated(modes, OK))?;
    check(
        RangeOp::CACHE_INVALIDATE,
        &no_write,
        gated(modes, ACCESS_DENIED),
    )?;
    for op in [RangeOp::DONT_NEED, RangeOp::ALWAYS_NEED] {
        check(op, &vmo.powerless()?, OK)?;
    }
    for op in [RangeOp::LOCK, RangeOp::UNLOCK, RangeOp::TRY_LOCK] {
        check(op, &vmo.powerless()?, ACCESS_DENIED)?;
        check(
            op,
            &vmo.without(Rights::READ | Rights::WRITE)?,
            ACCESS_DENIED,
        )?;
        check(op, &reader, NOT_SUPPORTED)?;
        check(op, &writer, NOT_SUPPORTED)?;
    }
    Ok(())
}

fn right_before_range(modes: Modes) -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::physical(0, 1)?,
        Subject::contiguous(1)?,
    ] {
        let powerless = vmo.powerless()?;
        for (offset, size) in [(0, 2 * PAGE), (PAGE, PAGE), (u64::MAX, 2), (0, 0), (1, 1)] {
            for op in WRITERS.into_iter().chain(READERS) {
                let given = powerless.op(op, offset, size);
                ensure!(given == ACCESS_DENIED, "op {op}: {given}");
            }
            for op in [RangeOp::LOCK, RangeOp::UNLOCK, RangeOp::TRY_LOCK] {
                expect_eq!(powerless.op(op, offset, size), ACCESS_DENIED);
            }
            let given = powerless.op(RangeOp::CACHE_INVALIDATE, offset, size);
            expect_eq!(given, gated(modes, ACCESS_DENIED));
        }
    }
    Ok(())
}

fn ranges(modes: Modes) -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(2, 0, 2 * PAGE)?;
    for (offset, size) in [
        (0, 2 * PAGE + 1),
        (0, 3 * PAGE),
        (PAGE, PAGE + 1),
        (2 * PAGE, 1),
        (3 * PAGE, PAGE),
        (2 * PAGE + 1, 1),
        (u64::MAX, 1),
        (u64::MAX, 2),
        (u64::MAX - PAGE + 1, 2 * PAGE),
        (PAGE, u64::MAX),
        (0, MAX_VMO_SIZE),
    ] {
        for op in WRITERS.into_iter().chain(READERS) {
            let given = vmo.op(op, offset, size);
            ensure!(
                given == OUT_OF_RANGE,
                "op {op}, {size:#x} at {offset:#x}: {given}"
            );
        }
        let given = vmo.op(RangeOp::CACHE_INVALIDATE, offset, size);
        expect_eq!(given, gated(modes, OUT_OF_RANGE));
    }
    expect_eq!(vmo.differs(2, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn nothing() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(3, 0, 2 * PAGE)?;
    for op in WRITERS.into_iter().chain([RangeOp::PREFETCH]) {
        for offset in [0, 1, PAGE, 2 * PAGE - 1, 2 * PAGE] {
            let given = vmo.op(op, offset, 0);
            ensure!(given == OK, "op {op} at {offset:#x}: {given}");
        }
        let given = vmo.op(op, 2 * PAGE + 1, 0);
        ensure!(given == OUT_OF_RANGE, "op {op} past the end: {given}");
    }
    expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn buffers() -> Outcome {
    let vmo = Subject::pages(1)?;
    for op in WRITERS.into_iter().chain(READERS) {
        for (buffer, size) in [(0, 8), (1, 0), (crate::memory::KERNEL_BASE, u64::MAX)] {
            let args = [vmo.arg(), op.into(), 0, PAGE, buffer, size];
            let given = status(Call::VmoOpRange, &args);
            ensure!(given == OK, "op {op}: {given}");
        }
    }
    Ok(())
}
