//! `ZX_VMO_OP_ZERO` (reference §11).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{BAD_STATE, OK, OUT_OF_RANGE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::objects::VmoOptions;
use abi::options::RangeOp;
use libzx::PAGE_SIZE;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "zero: every byte range, the bytes around stay [11/44 11/50]",
        bytes,
    );
    suite.case(
        "zero: whole pages are given back, parts of pages not [11/48 7/10]",
        pages,
    );
    suite.case("zero: absent pages stay absent [7/5 7/10]", absent);
    suite.case(
        "zero: an uncached VMO is BAD_STATE, before the range [11/45]",
        uncached,
    );
    suite.case("zero: out of range zeroes nothing [11/46]", out_of_range);
    suite.case("zero: a contiguous VMO keeps its pages [11/49]", contiguous);
    suite.case("zero: mappings see it [7/12]", mapped);
    suite.case("zero: snapshots do not, on either side [7/7 7/11]", family);
    suite.case("zero: a slice zeroes the parent's bytes [10.2/9]", slice);
    suite.case("zero: the largest VMO in one call [11/44]", largest);
}

fn zero(vmo: &Subject, offset: u64, size: u64) -> libzx::Status {
    vmo.op(RangeOp::ZERO, offset, size)
}

fn bytes() -> Outcome {
    for (offset, size) in [
        (0, 1),
        (1, 1),
        (100, 50),
        (PAGE - 1, 2),
        (PAGE - 3, PAGE + 7),
        (0, PAGE),
        (5, 3 * PAGE - 9),
    ] {
        let vmo = Subject::pages(3)?;
        vmo.put(1, 0, 3 * PAGE)?;
        expect_eq!(zero(&vmo, offset, size), OK);
        expect_eq!(vmo.differs(1, 0, offset), Ok(None));
        let dirt = vmo.nonzero(offset, size)?;
        ensure!(dirt.is_none(), "{size:#x} at {offset:#x}: {dirt:?}");
        let end = offset + size;
        expect_eq!(vmo.differs(1, end, 3 * PAGE - end), Ok(None));
    }
    Ok(())
}

fn pages() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(2, 0, 4 * PAGE)?;
    expect_eq!(zero(&vmo, PAGE - 10, PAGE + 20), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(zero(&vmo, 0, 4 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(0));
    expect_eq!(vmo.nonzero(0, 4 * PAGE), Ok(None));
    Ok(())
}

fn absent() -> Outcome {
    let vmo = Subject::pages(3)?;
    expect_eq!(zero(&vmo, 10, 2 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(0));
    expect_eq!(vmo.nonzero(0, 3 * PAGE), Ok(None));
    Ok(())
}

fn uncached() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.put(3, 0, 2 * PAGE)?;
        vmo.set_policy(policy).ok()?;
        for (offset, size) in [(0, PAGE), (1, 1), (0, 0), (0, 3 * PAGE), (u64::MAX, 2)] {
            expect_eq!(zero(&vmo, offset, size), BAD_STATE);
        }
        vmo.set_policy(0).ok()?;
        expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn out_of_range() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(4, 0, 2 * PAGE)?;
    for (offset, size) in [(0, 2 * PAGE + 1), (2 * PAGE - 1, 2), (5, u64::MAX)] {
        expect_eq!(zero(&vmo, offset, size), OUT_OF_RANGE);
    }
    expect_eq!(vmo.differs(4, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn contiguous() -> Outcome {
    let vmo = Subject::contiguous(3)?;
    vmo.put(5, 0, 3 * PAGE)?;
    expect_eq!(zero(&vmo, 10, 2 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.differs(5, 0, 10), Ok(None));
    expect_eq!(vmo.nonzero(10, 2 * PAGE), Ok(None));
    let rest = 2 * PAGE + 10;
    expect_eq!(vmo.differs(5, rest, 3 * PAGE - rest), Ok(None));
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::pages(2)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(0, &[1, 2, 3]);
    map.store(PAGE_SIZE, &[4]);
    expect_eq!(zero(&vmo, 1, 1), OK);
    expect_eq!((map.byte(0), map.byte(1), map.byte(2)), (1, 0, 3));
    expect_eq!(zero(&vmo, PAGE, PAGE), OK);
    expect_eq!(map.byte(PAGE_SIZE), 0);
    map.store(PAGE_SIZE, &[5]);
    expect_eq!(vmo.byte(PAGE), Ok(5));
    Ok(())
}

fn family() -> Outcome {
    let parent = Subject::pages(3)?;
    parent.put(6, 0, 3 * PAGE)?;
    let child = parent.snapshot(0, 3 * PAGE)?;
    expect_eq!(zero(&child, 0, PAGE + 5), OK);
    expect_eq!(zero(&parent, 2 * PAGE - 5, PAGE + 5), OK);
    expect_eq!(child.nonzero(0, PAGE + 5), Ok(None));
    expect_eq!(child.differs(6, PAGE + 5, 2 * PAGE - 5), Ok(None));
    expect_eq!(parent.differs(6, 0, 2 * PAGE - 5), Ok(None));
    expect_eq!(parent.nonzero(2 * PAGE - 5, PAGE + 5), Ok(None));
    // What the child zeroed stays zero, whatever the parent does or if it goes.
    parent.put(7, 0, PAGE)?;
    expect_eq!(child.nonzero(0, PAGE), Ok(None));
    drop(parent);
    expect_eq!(child.nonzero(0, PAGE + 5), Ok(None));
    expect_eq!(child.differs(6, PAGE + 5, 2 * PAGE - 5), Ok(None));
    Ok(())
}

fn slice() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(8, 0, 3 * PAGE)?;
    let slice = vmo.slice(PAGE, PAGE)?;
    expect_eq!(zero(&slice, 10, PAGE - 10), OK);
    expect_eq!(vmo.differs(8, 0, PAGE + 10), Ok(None));
    expect_eq!(vmo.nonzero(PAGE + 10, PAGE - 10), Ok(None));
    expect_eq!(vmo.differs(8, 2 * PAGE, PAGE), Ok(None));
    expect_eq!(zero(&slice, 0, PAGE + 1), OUT_OF_RANGE);
    expect_eq!(vmo.differs(8, 2 * PAGE, PAGE), Ok(None));
    Ok(())
}

fn largest() -> Outcome {
    let vmo = Subject::create(0, VmoOptions::UNBOUNDED)?;
    let size = vmo.size()?;
    vmo.put_byte(5, 1)?;
    vmo.put_byte(1 << 60, 2)?;
    vmo.put_byte(size - 1, 3)?;
    expect_eq!(zero(&vmo, 1, size - 2), OK);
    expect_eq!((vmo.byte(5)?, vmo.byte(1 << 60)?), (0, 0));
    expect_eq!(vmo.byte(size - 1), Ok(3));
    Ok(())
}
