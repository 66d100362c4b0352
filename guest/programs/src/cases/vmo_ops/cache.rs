//! The cache operations (reference §11).

use crate::memory::PAGE;
use crate::modes::Modes;
use crate::subject::statuses::{ACCESS_DENIED, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE};
use crate::subject::{Subject, op_range};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use abi::options::RangeOp;
use libzx::Status;

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "cache: length 0 is INVALID_ARGS, before the range [11/35]",
        move || nothing(modes),
    );
    suite.case(
        "cache: physical is NOT_SUPPORTED, after the range [11/36 11/37]",
        move || physical(modes),
    );
    suite.case(
        "cache: unaligned ranges are fine, no byte changes [11/38 11/40 11/42]",
        || bytes(modes),
    );
    suite.case("cache: huge sparse VMOs are fine [11/39]", move || {
        sparse(modes)
    });
    suite.case(
        "cache: the switch comes before right and range [11/41 23/51]",
        move || switch(modes),
    );
}

/// The operations that this machine does, the gated one only with its gate open.
fn ops(modes: Modes) -> impl Iterator<Item = u32> {
    let always = [
        RangeOp::CACHE_SYNC,
        RangeOp::CACHE_CLEAN,
        RangeOp::CACHE_CLEAN_INVALIDATE,
    ];
    let gated = modes.gate.then_some(RangeOp::CACHE_INVALIDATE);
    always.into_iter().chain(gated)
}

/// Each operation on that range must give that status.
fn all(modes: Modes, vmo: &Subject, offset: u64, size: u64, wanted: Status) -> Outcome {
    for op in ops(modes) {
        let given = vmo.op(op, offset, size);
        ensure!(
            given == wanted,
            "op {op}, {size:#x} at {offset:#x}: {given}, not {wanted}"
        );
    }
    Ok(())
}

fn nothing(modes: Modes) -> Outcome {
    for vmo in [Subject::pages(1)?, Subject::physical(0, 1)?] {
        for offset in [0, 1, PAGE, PAGE + 1, u64::MAX] {
            all(modes, &vmo, offset, 0, INVALID_ARGS)?;
        }
    }
    Ok(())
}

fn physical(modes: Modes) -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    all(modes, &vmo, 0, PAGE, NOT_SUPPORTED)?;
    all(modes, &vmo, 5, 1, NOT_SUPPORTED)?;
    all(modes, &vmo, 0, 2 * PAGE + 1, OUT_OF_RANGE)?;
    all(modes, &vmo, u64::MAX, 2, OUT_OF_RANGE)
}

fn bytes(modes: Modes) -> Outcome {
    for vmo in [Subject::pages(3)?, Subject::contiguous(3)?] {
        vmo.put(1, 0, 2 * PAGE)?;
        let committed = vmo.committed()?;
        for (offset, size) in [(0, 3 * PAGE), (1, 1), (PAGE - 1, 2), (100, 2 * PAGE)] {
            all(modes, &vmo, offset, size, OK)?;
        }
        expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
        expect_eq!(vmo.nonzero(2 * PAGE, PAGE), Ok(None));
        expect_eq!(vmo.committed(), Ok(committed));
    }
    Ok(())
}

fn sparse(modes: Modes) -> Outcome {
    let vmo = Subject::create(MAX_VMO_SIZE, VmoOptions::empty())?;
    vmo.put_byte(1 << 50, 7)?;
    all(modes, &vmo, 0, MAX_VMO_SIZE, OK)?;
    all(modes, &vmo, 1, MAX_VMO_SIZE, OUT_OF_RANGE)?;
    expect_eq!((vmo.byte(1 << 50)?, vmo.committed()?), (7, PAGE));
    Ok(())
}

fn switch(modes: Modes) -> Outcome {
    let vmo = Subject::pages(1)?;
    let wanted = |open| if modes.gate { open } else { NOT_SUPPORTED };
    let op = RangeOp::CACHE_INVALIDATE;
    for (offset, size, right) in [(0, PAGE, OK), (0, 0, INVALID_ARGS), (PAGE, 1, OUT_OF_RANGE)] {
        expect_eq!(vmo.powerless()?.op(op, offset, size), wanted(ACCESS_DENIED));
        expect_eq!(vmo.op(op, offset, size), wanted(right));
    }
    // The handle itself is looked up before.
    expect_eq!(op_range(0, op, 0, PAGE), Status::BAD_HANDLE);
    Ok(())
}
