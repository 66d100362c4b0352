//! Who sees whose bytes: the table's columns for anonymous parents, slices and references
//! (reference §10.4), and trees of snapshots (§7).

use super::CLONES;
use crate::memory::PAGE;
use crate::pattern;
use crate::subject::Subject;
use crate::subject::statuses::OK;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::{ChildOptions, RangeOp};
use libzx::PAGE_SIZE;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "clone: the parent's later writes are not seen [10.4/1 7/7]",
        parent_writes,
    );
    suite.case(
        "clone: its own writes are not seen in the parent [10.4/2 7/7 4.3/3]",
        child_writes,
    );
    suite.case(
        "clone: an absent page is zeros [10.4/3 4.3/1 4.3/2]",
        absent,
    );
    suite.case(
        "clone: the first write copies the whole page [10.4/11 4.3/3]",
        whole_page,
    );
    suite.case(
        "clone: keeps its bytes when the parent is zeroed or emptied [10.4/4 10.4/5 9.2/15]",
        parent_cleared,
    );
    suite.case(
        "clone: grown past its end it sees zeros, never the parent [10.4/6]",
        grown,
    );
    suite.case(
        "clone: mappings on both sides are apart [7/7 7/12 4.3/6]",
        mappings,
    );
    suite.case(
        "clone: mappings made before are apart too [7/7 3/9]",
        mappings_before,
    );
    suite.case(
        "clone: zeroing hides the parent's bytes [7/11]",
        zeroed_child,
    );
    suite.case(
        "clone: pages unshared by one side stay with the other [7/8]",
        accounts,
    );
    suite.case(
        "slice and reference: both directions [10.4/1 10.4/2 10.4/3 10.2/9]",
        aliases,
    );
}

fn parent_writes() -> Outcome {
    for kind in CLONES {
        let parent = Subject::pages(3)?;
        parent.put(1, 0, 2 * PAGE)?;
        let child = parent.child(kind, 0, 3 * PAGE)?;
        parent.put(2, 100, 2 * PAGE)?;
        expect_eq!(child.differs(1, 0, 2 * PAGE), Ok(None));
        expect_eq!(child.nonzero(2 * PAGE, PAGE), Ok(None));
        expect_eq!(parent.differs(1, 0, 100), Ok(None));
        expect_eq!(parent.differs(2, 100, 2 * PAGE), Ok(None));
    }
    Ok(())
}

fn child_writes() -> Outcome {
    for kind in CLONES {
        let parent = Subject::pages(3)?;
        parent.put(3, 0, 2 * PAGE)?;
        let child = parent.child(kind, PAGE, 2 * PAGE)?;
        child.put(4, 50, PAGE)?;
        expect_eq!(parent.differs(3, 0, 2 * PAGE), Ok(None));
        expect_eq!(parent.nonzero(2 * PAGE, PAGE), Ok(None));
        expect_eq!(child.differs_from(3, 0, PAGE, 50), Ok(None));
        expect_eq!(child.differs(4, 50, PAGE), Ok(None));
        expect_eq!(child.nonzero(PAGE + 50, PAGE - 50), Ok(None));
    }
    Ok(())
}

fn absent() -> Outcome {
    for kind in CLONES {
        let parent = Subject::pages(2)?;
        let child = parent.child(kind, 0, 2 * PAGE)?;
        expect_eq!(child.nonzero(0, 2 * PAGE), Ok(None));
        expect_eq!(child.committed(), Ok(0));
        parent.put(5, 0, PAGE)?;
        expect_eq!(child.nonzero(0, PAGE), Ok(None));
    }
    Ok(())
}

fn whole_page() -> Outcome {
    let parent = Subject::pages(1)?;
    parent.put(6, 0, PAGE)?;
    let child = parent.snapshot(0, PAGE)?;
    child.put_byte(2000, 0xAB)?;
    parent.put(7, 0, PAGE)?;
    expect_eq!(child.differs(6, 0, 2000), Ok(None));
    expect_eq!(child.byte(2000), Ok(0xAB));
    expect_eq!(child.differs(6, 2001, PAGE - 2001), Ok(None));
    Ok(())
}

fn parent_cleared() -> Outcome {
    let parent = Subject::resizable(2 * PAGE)?;
    parent.put(8, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, 2 * PAGE)?;
    expect_eq!(parent.op(RangeOp::ZERO, 0, PAGE), OK);
    expect_eq!(child.differs(8, 0, 2 * PAGE), Ok(None));
    expect_eq!(parent.nonzero(0, PAGE), Ok(None));
    expect_eq!(parent.set_size(0), OK);
    expect_eq!(child.differs(8, 0, 2 * PAGE), Ok(None));
    drop(parent);
    expect_eq!(child.differs(8, 0, 2 * PAGE), Ok(None));
    child.put(9, 0, 2 * PAGE)?;
    expect_eq!(child.differs(9, 0, 2 * PAGE), Ok(None));
    Ok(())
}

fn grown() -> Outcome {
    for kind in CLONES {
        let parent = Subject::pages(3)?;
        parent.put(1, 0, 3 * PAGE)?;
        let child = parent.child(kind | ChildOptions::RESIZABLE, 0, PAGE)?;
        expect_eq!(child.set_size(4 * PAGE), OK);
        expect_eq!(child.differs(1, 0, PAGE), Ok(None));
        expect_eq!(child.nonzero(PAGE, 3 * PAGE), Ok(None));
    }
    Ok(())
}

fn mappings() -> Outcome {
    let parent = Subject::pages(2)?;
    parent.put(2, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, 2 * PAGE)?;
    let (outer, inner) = (parent.map(0, 2 * PAGE_SIZE)?, child.map(0, 2 * PAGE_SIZE)?);
    expect_eq!(outer.byte(5), inner.byte(5));
    outer.store(5, &[0x01]);
    expect_eq!(inner.byte(5), pattern::byte(2, 5));
    inner.store(PAGE_SIZE + 5, &[0x02]);
    expect_eq!(outer.byte(PAGE_SIZE + 5), pattern::byte(2, PAGE + 5));
    expect_eq!((parent.byte(5)?, child.byte(PAGE + 5)?), (0x01, 0x02));
    // The same pages once more, from the other side.
    inner.store(5, &[0x03]);
    outer.store(PAGE_SIZE + 5, &[0x04]);
    expect_eq!((parent.byte(5)?, child.byte(PAGE + 5)?), (0x01, 0x02));
    expect_eq!((child.byte(5)?, parent.byte(PAGE + 5)?), (0x03, 0x04));
    Ok(())
}

/// The parent's mapping has its pages in the page tables, writable, when the snapshot
/// is taken.
fn mappings_before() -> Outcome {
    let parent = Subject::pages(2)?;
    let outer = parent.map(0, 2 * PAGE_SIZE)?;
    outer.store(0, &[0x11]);
    outer.store(PAGE_SIZE, &[0x12]);
    let child = parent.snapshot(0, 2 * PAGE)?;
    outer.store(0, &[0x21]);
    expect_eq!((child.byte(0)?, parent.byte(0)?), (0x11, 0x21));
    // Through a call into the mapping as a buffer.
    crate::subject::soft_store(outer.address() as u64 + PAGE, 0x22)?;
    expect_eq!((child.byte(PAGE)?, parent.byte(PAGE)?), (0x12, 0x22));
    Ok(())
}

fn zeroed_child() -> Outcome {
    let parent = Subject::pages(3)?;
    parent.put(3, 0, 3 * PAGE)?;
    let child = parent.snapshot(0, 3 * PAGE)?;
    expect_eq!(child.op(RangeOp::ZERO, 100, PAGE + 200), OK);
    expect_eq!(child.differs(3, 0, 100), Ok(None));
    expect_eq!(child.nonzero(100, PAGE + 200), Ok(None));
    let rest = PAGE + 300;
    expect_eq!(child.differs(3, rest, 3 * PAGE - rest), Ok(None));
    expect_eq!(parent.differs(3, 0, 3 * PAGE), Ok(None));
    // A whole page.
    expect_eq!(child.op(RangeOp::ZERO, 2 * PAGE, PAGE), OK);
    expect_eq!(child.nonzero(2 * PAGE, PAGE), Ok(None));
    expect_eq!(parent.differs(3, 0, 3 * PAGE), Ok(None));
    Ok(())
}

fn accounts() -> Outcome {
    let parent = Subject::pages(4)?;
    parent.put(4, 0, 4 * PAGE)?;
    let child = parent.snapshot(0, 4 * PAGE)?;
    child.put(5, 0, PAGE)?;
    parent.put(6, PAGE, PAGE)?;
    drop(parent);
    let twin = child.snapshot(0, 4 * PAGE)?;
    for vmo in [&child, &twin] {
        expect_eq!(vmo.differs(5, 0, PAGE), Ok(None));
        expect_eq!(vmo.differs(4, PAGE, 3 * PAGE), Ok(None));
    }
    drop(child);
    expect_eq!(twin.differs(5, 0, PAGE), Ok(None));
    expect_eq!(twin.differs(4, PAGE, 3 * PAGE), Ok(None));
    // Now it is alone with its pages: a write copies none.
    let before = twin.committed()?;
    twin.put(7, 0, 4 * PAGE)?;
    expect_eq!((before, twin.committed()?), (4 * PAGE, 4 * PAGE));
    Ok(())
}

fn aliases() -> Outcome {
    let parent = Subject::pages(2)?;
    parent.put(8, 0, 2 * PAGE)?;
    for alias in [parent.slice(0, 2 * PAGE)?, parent.reference()?] {
        parent.put_byte(9, 1)?;
        expect_eq!(alias.byte(9), Ok(1));
        alias.put_byte(10, 2)?;
        expect_eq!(parent.byte(10), Ok(2));
        alias.put_byte(9, 3)?;
        let found = parent.byte(9)?;
        ensure!(found == 3, "the parent holds {found}");
        expect_eq!(alias.op(RangeOp::ZERO, PAGE, 10), OK);
        expect_eq!(parent.nonzero(PAGE, 10), Ok(None));
        expect_eq!(parent.byte(PAGE + 10), Ok(pattern::byte(8, PAGE + 10)));
    }
    Ok(())
}
