//! What copy-on-write children are refused for, in order (reference §10.3).

use super::CLONES;
use crate::given::vdso;
use crate::inspect;
use crate::memory::PAGE;
use crate::subject::Subject;
use crate::subject::make::child;
use crate::subject::statuses::{
    BAD_STATE, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE, UNAVAILABLE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::info::InfoVmoFlags;
use abi::layout::MAX_VMO_SIZE;
use abi::options::ChildOptions;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "clone: a physical parent, before the offset [10.3/1 10.1/6]",
        physical,
    );
    suite.case("clone: a contiguous parent [10.3/1]", contiguous);
    suite.case(
        "clone: an unaligned offset, before the policy [10.3/2 10.1/9]",
        unaligned,
    );
    suite.case(
        "clone: an uncached parent, before an overflow [10.3/3]",
        uncached,
    );
    suite.case(
        "clone: an end past 2^64, added up from the root [10.3/5]",
        overflow,
    );
    suite.case(
        "clone: a snapshot of a slice, after an overflow [10.3/6]",
        of_slice,
    );
    suite.case("clone: pinned pages in the range [10.3/7]", pinned);
    suite.case(
        "clone: at and past the parent's end there are zeros [10.3/8]",
        past_the_end,
    );
    suite.case(
        "clone: at least on write is a snapshot of an anonymous VMO [10.3/9]",
        upgraded,
    );
    suite.case(
        "clone: modified is a snapshot of an anonymous VMO [10.3/10]",
        modified,
    );
    suite.case("clone: resizable or not, as asked for [10.5/1]", resizable);
}

fn physical() -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    for kind in CLONES {
        for (offset, size) in [(0, PAGE), (1, PAGE), (u64::MAX - PAGE + 1, 2 * PAGE)] {
            refused!(vmo.child(kind, offset, size), NOT_SUPPORTED);
        }
        refused!(vmo.child(kind, 0, MAX_VMO_SIZE + 1), OUT_OF_RANGE);
    }
    Ok(())
}

fn contiguous() -> Outcome {
    let vmo = Subject::contiguous(2)?;
    for kind in CLONES {
        refused!(vmo.child(kind, 0, PAGE), INVALID_ARGS);
    }
    // Also when there would be another reason.
    vmo.set_policy(1).ok()?;
    for kind in CLONES {
        refused!(vmo.child(kind, 0, PAGE), INVALID_ARGS);
    }
    expect_eq!(vmo.info()?.num_children, 0);
    Ok(())
}

fn unaligned() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.set_policy(1).ok()?;
    for kind in CLONES {
        refused!(vmo.child(kind, 1, PAGE), INVALID_ARGS);
        refused!(vmo.child(kind, 2 * PAGE - 1, 0), INVALID_ARGS);
    }
    Ok(())
}

fn uncached() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.put(1, 0, 2 * PAGE)?;
        vmo.set_policy(policy).ok()?;
        for kind in CLONES {
            for (offset, size) in [(0, PAGE), (0, 0), (u64::MAX - PAGE + 1, 2 * PAGE)] {
                refused!(vmo.child(kind, offset, size), BAD_STATE);
            }
        }
        expect_eq!(vmo.zero_children(), Ok(true));
        vmo.set_policy(0).ok()?;
        let child = vmo.snapshot(0, 2 * PAGE)?;
        expect_eq!(child.differs(1, 0, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn overflow() -> Outcome {
    let vmo = Subject::pages(1)?;
    let last = u64::MAX - PAGE + 1;
    for (offset, size) in [(last, 2 * PAGE), (1 << 20, MAX_VMO_SIZE)] {
        refused!(vmo.snapshot(offset, size), INVALID_ARGS);
    }
    refused!(vmo.snapshot(1 << 63, 1 << 63), INVALID_ARGS);
    // The offset counts from the root: two halves make a whole.
    let child = vmo.snapshot(1 << 63, PAGE)?;
    refused!(child.snapshot(1 << 63, PAGE), INVALID_ARGS);
    refused!(child.snapshot(1 << 62, 1 << 62), INVALID_ARGS);
    let grandchild = child.snapshot(1 << 62, PAGE)?;
    refused!(grandchild.snapshot(1 << 62, PAGE), INVALID_ARGS);
    expect_eq!(grandchild.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn of_slice() -> Outcome {
    let vmo = Subject::pages(2)?;
    let slice = vmo.slice(0, PAGE)?;
    for kind in [
        ChildOptions::SNAPSHOT,
        ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
    ] {
        refused!(slice.child(kind, 0, PAGE), NOT_SUPPORTED);
        refused!(slice.child(kind, 1, PAGE), INVALID_ARGS);
        refused!(
            slice.child(kind, u64::MAX - PAGE + 1, 2 * PAGE),
            INVALID_ARGS
        );
    }
    expect_eq!(slice.info()?.num_children, 0);
    Ok(())
}

fn pinned() -> Outcome {
    let told = inspect::vmo(vdso())?;
    ensure!(told.size_bytes > 0, "there is no vDSO");
    let snapshot = ChildOptions::SNAPSHOT.bits();
    refused!(child(vdso(), snapshot, 0, PAGE), BAD_STATE);
    refused!(child(vdso(), snapshot, 0, told.size_bytes), BAD_STATE);
    let after = inspect::vmo(vdso())?;
    expect_eq!(after.num_children, told.num_children);
    Ok(())
}

fn past_the_end() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(2, 0, 2 * PAGE)?;
    for kind in CLONES {
        let child = vmo.child(kind, PAGE, 3 * PAGE)?;
        expect_eq!(child.differs_from(2, 0, PAGE, PAGE), Ok(None));
        expect_eq!(child.nonzero(PAGE, 2 * PAGE), Ok(None));
        child.put(3, PAGE, 2 * PAGE)?;
        expect_eq!(child.differs(3, PAGE, 2 * PAGE), Ok(None));
        for offset in [2 * PAGE, 1 << 40] {
            let beyond = vmo.child(kind, offset, PAGE)?;
            expect_eq!(beyond.nonzero(0, PAGE), Ok(None));
            beyond.put_byte(0, 1)?;
            expect_eq!(beyond.byte(0), Ok(1));
        }
        let empty = vmo.child(kind, 0, 0)?;
        expect_eq!((empty.size()?, empty.stream_size()?), (0, 0));
    }
    expect_eq!(vmo.differs(2, 0, 2 * PAGE), Ok(None));
    Ok(())
}

/// The child keeps the bytes of its birth although the parent goes on.
fn is_snapshot(kind: ChildOptions) -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.put(3, 0, PAGE)?;
    let child = vmo.child(kind, 0, 2 * PAGE)?;
    vmo.put(4, 0, 2 * PAGE)?;
    expect_eq!(child.differs(3, 0, PAGE), Ok(None));
    expect_eq!(child.nonzero(PAGE, PAGE), Ok(None));
    let flags = InfoVmoFlags::from_bits_retain(child.info()?.flags);
    expect_eq!(flags.contains(InfoVmoFlags::IS_COW_CLONE), true);
    expect_eq!(flags.contains(InfoVmoFlags::IMMUTABLE), false);
    Ok(())
}

fn upgraded() -> Outcome {
    is_snapshot(ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE)
}

fn modified() -> Outcome {
    is_snapshot(ChildOptions::SNAPSHOT_MODIFIED)
}

fn resizable() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    for kind in CLONES {
        let fixed = vmo.child(kind, 0, PAGE)?;
        expect_eq!(fixed.set_size(PAGE), UNAVAILABLE);
        let free = vmo.child(kind | ChildOptions::RESIZABLE, 0, PAGE)?;
        expect_eq!(free.set_size(5000), OK);
        expect_eq!((free.size()?, free.stream_size()?), (2 * PAGE, 5000));
        expect_eq!(vmo.size(), Ok(2 * PAGE));
    }
    Ok(())
}
