//! `ZX_VMO_OP_COMMIT` (reference §11).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{NOT_SUPPORTED, OK, OUT_OF_RANGE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::RangeOp;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "commit: makes the pages resident, as zeros [11/5 7/5]",
        resident,
    );
    suite.case("commit: ranges are rounded outwards [11/5]", rounded);
    suite.case("commit: leaves bytes alone [11/5]", kept);
    suite.case("commit: out of range commits nothing [11/4]", out_of_range);
    suite.case(
        "commit: a physical VMO is NOT_SUPPORTED, after the range [11/7]",
        physical,
    );
    suite.case("commit: a contiguous VMO has its pages", contiguous);
    suite.case(
        "commit: a clone gets pages of its own, with the bytes it saw",
        clone,
    );
}

fn resident() -> Outcome {
    let vmo = Subject::pages(6)?;
    expect_eq!(vmo.op(RangeOp::COMMIT, PAGE, 3 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.nonzero(0, 6 * PAGE), Ok(None));
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 6 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(6 * PAGE));
    Ok(())
}

fn rounded() -> Outcome {
    for (offset, size, pages) in [(PAGE - 1, 2, 2), (1, 1, 1), (10, 2 * PAGE, 3)] {
        let vmo = Subject::pages(4)?;
        expect_eq!(vmo.op(RangeOp::COMMIT, offset, size), OK);
        expect_eq!(vmo.committed(), Ok(pages * PAGE));
    }
    Ok(())
}

fn kept() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(1, 100, PAGE)?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 3 * PAGE), OK);
    expect_eq!(vmo.differs(1, 100, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(0, 100), Ok(None));
    expect_eq!(vmo.nonzero(PAGE + 100, 2 * PAGE - 100), Ok(None));
    Ok(())
}

fn out_of_range() -> Outcome {
    let vmo = Subject::pages(2)?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 3 * PAGE), OUT_OF_RANGE);
    expect_eq!(vmo.op(RangeOp::COMMIT, PAGE, PAGE + 1), OUT_OF_RANGE);
    expect_eq!(vmo.committed(), Ok(0));
    Ok(())
}

fn physical() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, PAGE), NOT_SUPPORTED);
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 3 * PAGE), OUT_OF_RANGE);
    Ok(())
}

fn contiguous() -> Outcome {
    let vmo = Subject::contiguous(2)?;
    vmo.put(2, 0, 2 * PAGE)?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 2 * PAGE), OK);
    expect_eq!(vmo.differs(2, 0, 2 * PAGE), Ok(None));
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    Ok(())
}

fn clone() -> Outcome {
    let parent = Subject::pages(4)?;
    parent.put(3, 0, 3 * PAGE)?;
    let child = parent.snapshot(0, 4 * PAGE)?;
    expect_eq!(child.op(RangeOp::COMMIT, 0, 4 * PAGE), OK);
    let private = child.info()?.committed_private_bytes;
    ensure!(private == 4 * PAGE, "{private:#x} bytes are its own");
    expect_eq!(child.differs(3, 0, 3 * PAGE), Ok(None));
    expect_eq!(child.nonzero(3 * PAGE, PAGE), Ok(None));
    expect_eq!(parent.differs(3, 0, 3 * PAGE), Ok(None));
    child.put(4, 0, 4 * PAGE)?;
    expect_eq!(parent.differs(3, 0, 3 * PAGE), Ok(None));
    Ok(())
}
