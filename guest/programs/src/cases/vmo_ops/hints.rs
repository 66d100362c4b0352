//! `DONT_NEED`, `ALWAYS_NEED` and `PREFETCH` on VMOs without a pager (reference §11).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{OK, OUT_OF_RANGE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::RangeOp;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "hints: OK without any right, whatever the range [11/54 11/55]",
        any_range,
    );
    suite.case(
        "hints: no byte changes and nothing is allocated [11/55]",
        no_effect,
    );
    suite.case(
        "prefetch: rounds outwards, within the VMO [11/59 11/60]",
        prefetch,
    );
    suite.case(
        "prefetch: allocates nothing on an anonymous VMO [11/61]",
        no_allocation,
    );
    suite.case("prefetch: a snapshot's pages stay shared [11/61]", shared);
}

const HINTS: [u32; 2] = [RangeOp::DONT_NEED, RangeOp::ALWAYS_NEED];

fn any_range() -> Outcome {
    for vmo in [
        Subject::pages(2)?,
        Subject::contiguous(2)?,
        Subject::physical(0, 2)?,
        Subject::discardable(2)?,
    ] {
        let powerless = vmo.powerless()?;
        for op in HINTS {
            for (offset, size) in [
                (0, 2 * PAGE),
                (0, 0),
                (1, 5),
                (0, 3 * PAGE),
                (5 * PAGE, PAGE),
                (u64::MAX, u64::MAX),
            ] {
                let given = powerless.op(op, offset, size);
                ensure!(given == OK, "op {op}, {size:#x} at {offset:#x}: {given}");
            }
        }
    }
    Ok(())
}

fn no_effect() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(1, 0, 2 * PAGE)?;
    for op in HINTS {
        expect_eq!(vmo.op(op, 0, 3 * PAGE), OK);
        expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
        expect_eq!(vmo.nonzero(2 * PAGE, PAGE), Ok(None));
        expect_eq!(vmo.committed(), Ok(2 * PAGE));
    }
    Ok(())
}

fn prefetch() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(2, 0, 2 * PAGE)?;
    for (offset, size, wanted) in [
        (1, 1, OK),
        (PAGE - 1, 2, OK),
        (2 * PAGE - 1, 1, OK),
        (0, 2 * PAGE, OK),
        (2 * PAGE, 0, OK),
        (2 * PAGE + 1, 0, OUT_OF_RANGE),
        (2 * PAGE - 1, 2, OUT_OF_RANGE),
        (u64::MAX, 2, OUT_OF_RANGE),
    ] {
        let given = vmo.op(RangeOp::PREFETCH, offset, size);
        ensure!(given == wanted, "{size:#x} at {offset:#x}: {given}");
    }
    expect_eq!(vmo.differs(2, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn no_allocation() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put_byte(PAGE, 1)?;
    expect_eq!(vmo.op(RangeOp::PREFETCH, 0, 4 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(PAGE));
    expect_eq!((vmo.byte(PAGE)?, vmo.nonzero(2 * PAGE, PAGE)?), (1, None));
    Ok(())
}

fn shared() -> Outcome {
    let parent = Subject::pages(2)?;
    parent.put(3, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, 2 * PAGE)?;
    let before = child.info()?.committed_private_bytes;
    expect_eq!(child.op(RangeOp::PREFETCH, 0, 2 * PAGE), OK);
    expect_eq!(child.info()?.committed_private_bytes, before);
    expect_eq!(child.differs(3, 0, 2 * PAGE), Ok(None));
    Ok(())
}
