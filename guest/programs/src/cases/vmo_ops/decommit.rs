//! `ZX_VMO_OP_DECOMMIT` (reference §11).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::statuses::{INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::RangeOp;
use libzx::PAGE_SIZE;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "decommit: the range reads zero and its pages are free [11/22 7/10]",
        zero_and_free,
    );
    suite.case(
        "decommit: mapped pages fault in as zeros again [11/22]",
        mapped,
    );
    suite.case(
        "decommit: contiguous and physical, before everything [11/12 11/13]",
        not_supported,
    );
    suite.case(
        "decommit: out of range beats unaligned, nothing is trimmed [11/14 23/49]",
        out_of_range,
    );
    suite.case(
        "decommit: length 0 beats unaligned and family [11/15]",
        nothing,
    );
    suite.case("decommit: out of range beats family [11/14]", family_range);
    suite.case(
        "decommit: a clone and its parent are NOT_SUPPORTED, unaligned too [11/16 11/17 23/50]",
        family,
    );
    suite.case(
        "decommit: works again when the snapshot is gone [11/23]",
        again,
    );
    suite.case("decommit: unaligned is INVALID_ARGS [11/19]", unaligned);
    suite.case(
        "decommit: slices and references of it do not hinder it [11/22]",
        aliases,
    );
}

fn decommit(vmo: &Subject, offset: u64, size: u64) -> libzx::Status {
    vmo.op(RangeOp::DECOMMIT, offset, size)
}

fn zero_and_free() -> Outcome {
    let vmo = Subject::pages(5)?;
    vmo.put(1, 0, 5 * PAGE)?;
    expect_eq!(decommit(&vmo, PAGE, 2 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(PAGE, 2 * PAGE), Ok(None));
    expect_eq!(vmo.differs(1, 3 * PAGE, 2 * PAGE), Ok(None));
    vmo.put(2, PAGE, PAGE)?;
    expect_eq!(vmo.differs(2, PAGE, PAGE), Ok(None));
    expect_eq!(decommit(&vmo, 0, 5 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(0));
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::pages(2)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(1, &[0x11]);
    map.store(PAGE_SIZE + 1, &[0x12]);
    expect_eq!(decommit(&vmo, PAGE, PAGE), OK);
    expect_eq!((map.byte(1), map.byte(PAGE_SIZE + 1)), (0x11, 0));
    map.store(PAGE_SIZE + 2, &[0x13]);
    expect_eq!((vmo.byte(PAGE + 1)?, vmo.byte(PAGE + 2)?), (0, 0x13));
    Ok(())
}

fn not_supported() -> Outcome {
    let contiguous = Subject::contiguous(2)?;
    contiguous.put(3, 0, 2 * PAGE)?;
    for vmo in [&contiguous, &Subject::physical(0, 2)?] {
        for (offset, size) in [(0, PAGE), (0, 3 * PAGE), (1, 1), (0, 0), (u64::MAX, 2)] {
            let given = decommit(vmo, offset, size);
            ensure!(given == NOT_SUPPORTED, "{size:#x} at {offset:#x}: {given}");
        }
    }
    expect_eq!(contiguous.differs(3, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn out_of_range() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(4, 0, 2 * PAGE)?;
    for (offset, size) in [
        (1, 2 * PAGE),
        (0, 2 * PAGE + 1),
        (PAGE + 1, PAGE),
        (PAGE, 5 * PAGE),
        (u64::MAX, 1),
        (2 * PAGE + 1, 0),
    ] {
        let given = decommit(&vmo, offset, size);
        ensure!(given == OUT_OF_RANGE, "{size:#x} at {offset:#x}: {given}");
    }
    expect_eq!(vmo.differs(4, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn nothing() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(5, 0, 2 * PAGE)?;
    expect_eq!(decommit(&vmo, 1, 0), OK);
    let child = vmo.snapshot(0, 2 * PAGE)?;
    for vmo in [&vmo, &child] {
        expect_eq!((decommit(vmo, 0, 0), decommit(vmo, 5, 0)), (OK, OK));
        expect_eq!(vmo.differs(5, 0, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn family_range() -> Outcome {
    let vmo = Subject::pages(2)?;
    let child = vmo.snapshot(0, 2 * PAGE)?;
    for vmo in [&vmo, &child] {
        expect_eq!(decommit(vmo, 0, 3 * PAGE), OUT_OF_RANGE);
        expect_eq!(decommit(vmo, 1, 2 * PAGE), OUT_OF_RANGE);
    }
    Ok(())
}

fn family() -> Outcome {
    let parent = Subject::pages(2)?;
    parent.put(6, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, PAGE)?;
    for vmo in [&parent, &child] {
        expect_eq!(decommit(vmo, 0, PAGE), NOT_SUPPORTED);
        expect_eq!(decommit(vmo, 1, 5), NOT_SUPPORTED);
    }
    // Also of a page that the child does not see.
    expect_eq!(decommit(&parent, PAGE, PAGE), NOT_SUPPORTED);
    expect_eq!(parent.differs(6, 0, 2 * PAGE), Ok(None));
    expect_eq!(child.differs(6, 0, PAGE), Ok(None));
    Ok(())
}

fn again() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(7, 0, 2 * PAGE)?;
    let child = vmo.snapshot(0, 2 * PAGE)?;
    expect_eq!(decommit(&vmo, 0, PAGE), NOT_SUPPORTED);
    drop(child);
    expect_eq!(decommit(&vmo, 0, PAGE), OK);
    expect_eq!(vmo.nonzero(0, PAGE), Ok(None));
    expect_eq!(vmo.differs(7, PAGE, PAGE), Ok(None));
    Ok(())
}

fn unaligned() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(8, 0, 3 * PAGE)?;
    for (offset, size) in [
        (1, PAGE),
        (0, PAGE - 1),
        (PAGE - 1, 2),
        (PAGE, 1),
        (1, PAGE - 1),
    ] {
        let given = decommit(&vmo, offset, size);
        ensure!(given == INVALID_ARGS, "{size:#x} at {offset:#x}: {given}");
    }
    expect_eq!(vmo.differs(8, 0, 3 * PAGE), Ok(None));
    Ok(())
}

fn aliases() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(9, 0, 2 * PAGE)?;
    let (slice, reference) = (vmo.slice(0, PAGE)?, vmo.reference()?);
    expect_eq!(decommit(&vmo, 0, PAGE), OK);
    expect_eq!(slice.nonzero(0, PAGE), Ok(None));
    expect_eq!(decommit(&reference, PAGE, PAGE), OK);
    expect_eq!(vmo.nonzero(0, 2 * PAGE), Ok(None));
    Ok(())
}
