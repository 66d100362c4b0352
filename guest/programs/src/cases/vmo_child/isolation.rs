//! Trees of snapshots: every one keeps the bytes of its birth (reference §7, §10.4).

use crate::memory::PAGE;
use crate::subject::Subject;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::Result;

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "tree: three generations, each its own bytes [7/7 4.3/1]",
        generations,
    );
    suite.case("tree: snapshots taken one after the other [7/7]", series);
    suite.case(
        "tree: members go in every order, the others keep their bytes [7/8 10.4/5]",
        closing,
    );
    suite.case(
        "tree: a window on a window adds up the offsets [4.3/1]",
        windows,
    );
    suite.case(
        "tree: a narrow child never sees what lies beyond it [10.4/3]",
        narrow,
    );
    suite.case(
        "tree: a chain of forty generations [7/7 7/8 4.3/1]",
        long_chain,
    );
    suite.case(
        "tree: a snapshot of a reference is one of the parent [7/7]",
        of_reference,
    );
}

fn generations() -> Outcome {
    let root = Subject::pages(4)?;
    root.put(1, 0, 4 * PAGE)?;
    let child = root.snapshot(0, 4 * PAGE)?;
    child.put(2, PAGE, PAGE)?;
    let grandchild = child.snapshot(0, 4 * PAGE)?;
    grandchild.put(3, 2 * PAGE, PAGE)?;
    root.put(4, 0, PAGE)?;
    child.put(5, 3 * PAGE, PAGE)?;
    // Of each page, who wrote it last before it was passed on.
    for (vmo, seeds) in [
        (&root, [4, 1, 1, 1]),
        (&child, [1, 2, 1, 5]),
        (&grandchild, [1, 2, 3, 1]),
    ] {
        for (page, seed) in (0..).zip(seeds) {
            let wrong = vmo.differs(seed, page * PAGE, PAGE)?;
            ensure!(wrong.is_none(), "page {page}, seed {seed}: {wrong:?}");
        }
    }
    Ok(())
}

fn series() -> Outcome {
    let root = Subject::pages(2)?;
    let mut snapshots = [const { None }; 6];
    for (seed, place) in (0..).zip(&mut snapshots) {
        root.put(seed, 0, 2 * PAGE)?;
        *place = Some(root.snapshot(0, 2 * PAGE)?);
    }
    root.put(99, 0, 2 * PAGE)?;
    for (seed, snapshot) in (0..).zip(snapshots.iter().flatten()) {
        expect_eq!(snapshot.differs(seed, 0, 2 * PAGE), Ok(None));
    }
    Ok(())
}

/// Root, child and grandchild with three pages each: one common to all, two their own.
fn family() -> Result<[Option<Subject>; 3]> {
    let root = Subject::pages(3)?;
    root.put(1, 0, 3 * PAGE)?;
    let child = root.snapshot(0, 3 * PAGE)?;
    child.put(2, PAGE, PAGE)?;
    let grandchild = child.snapshot(0, 3 * PAGE)?;
    grandchild.put(3, 2 * PAGE, PAGE)?;
    Ok([Some(root), Some(child), Some(grandchild)])
}

fn closing() -> Outcome {
    const SEEDS: [[u64; 3]; 3] = [[1, 1, 1], [1, 2, 1], [1, 2, 3]];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut members = family()?;
        for gone in order {
            for (vmo, seeds) in members.iter().zip(SEEDS) {
                let Some(vmo) = vmo else { continue };
                for (page, seed) in (0..).zip(seeds) {
                    let wrong = vmo.differs(seed, page * PAGE, PAGE)?;
                    ensure!(wrong.is_none(), "{order:?} at {gone}: {wrong:?}");
                }
            }
            if let Some(member) = members.get_mut(gone) {
                *member = None;
            }
        }
    }
    Ok(())
}

fn windows() -> Outcome {
    let root = Subject::pages(8)?;
    root.put(1, 0, 8 * PAGE)?;
    let outer = root.snapshot(2 * PAGE, 5 * PAGE)?;
    let inner = outer.snapshot(PAGE, 3 * PAGE)?;
    expect_eq!(inner.differs_from(1, 0, 3 * PAGE, 3 * PAGE), Ok(None));
    inner.put(2, PAGE, PAGE)?;
    expect_eq!(outer.differs_from(1, 0, 2 * PAGE, 5 * PAGE), Ok(None));
    expect_eq!(root.differs(1, 0, 8 * PAGE), Ok(None));
    expect_eq!(inner.differs(2, PAGE, PAGE), Ok(None));
    expect_eq!(inner.differs_from(1, 2 * PAGE, 5 * PAGE, PAGE), Ok(None));
    Ok(())
}

fn narrow() -> Outcome {
    let root = Subject::pages(4)?;
    root.put(1, 0, 4 * PAGE)?;
    let narrow = root.snapshot(0, PAGE)?;
    // Wider than the one between, whose end hides the rest of the root.
    let wide = narrow.snapshot(0, 4 * PAGE)?;
    expect_eq!(wide.differs(1, 0, PAGE), Ok(None));
    expect_eq!(wide.nonzero(PAGE, 3 * PAGE), Ok(None));
    drop(narrow);
    expect_eq!(wide.differs(1, 0, PAGE), Ok(None));
    expect_eq!(wide.nonzero(PAGE, 3 * PAGE), Ok(None));
    Ok(())
}

fn long_chain() -> Outcome {
    const LENGTH: u64 = 40;
    const COUNT: usize = 40;
    let root = Subject::pages(LENGTH + 1)?;
    root.put(0, 0, (LENGTH + 1) * PAGE)?;
    let mut chain = [const { None::<Subject> }; COUNT];
    let mut last = root.with_rights(root.rights()?)?;
    for (generation, place) in (1..).zip(&mut chain) {
        let next = last.snapshot(0, (LENGTH + 1) * PAGE)?;
        next.put_byte(generation * PAGE, 0xC0)?;
        last = next.with_rights(next.rights()?)?;
        *place = Some(next);
    }
    // Each has its own byte and those of its ancestors, none of its descendants.
    for (generation, vmo) in (1_u64..).zip(chain.iter().flatten()) {
        for page in [1, generation, (generation + 1).min(LENGTH)] {
            let wanted = if page <= generation {
                0xC0
            } else {
                crate::pattern::byte(0, page * PAGE)
            };
            let found = vmo.byte(page * PAGE)?;
            ensure!(
                found == wanted,
                "{generation}: page {page} holds {found:#x}"
            );
        }
    }
    // Those between go; the ends keep their bytes.
    chain = [const { None }; COUNT];
    expect_eq!(chain.iter().flatten().count(), 0);
    expect_eq!(last.byte(PAGE), Ok(0xC0));
    expect_eq!(last.differs(0, PAGE + 1, PAGE - 1), Ok(None));
    expect_eq!(root.differs(0, 0, (LENGTH + 1) * PAGE), Ok(None));
    Ok(())
}

fn of_reference() -> Outcome {
    let root = Subject::pages(2)?;
    root.put(1, 0, 2 * PAGE)?;
    let reference = root.reference()?;
    let snapshot = reference.snapshot(0, 2 * PAGE)?;
    root.put(2, 0, PAGE)?;
    reference.put(3, PAGE, PAGE)?;
    expect_eq!(snapshot.differs(1, 0, 2 * PAGE), Ok(None));
    snapshot.put(4, 0, PAGE)?;
    expect_eq!(root.differs(2, 0, PAGE), Ok(None));
    expect_eq!(root.differs(3, PAGE, PAGE), Ok(None));
    Ok(())
}
