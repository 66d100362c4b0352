//! The number of children and `ZX_VMO_ZERO_CHILDREN` (reference §7).

use super::KINDS;
use crate::memory::PAGE;
use crate::subject::Subject;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::ChildOptions;
use libzx::{MapOptions, PAGE_SIZE};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "ZERO_CHILDREN: cleared by a child of any kind, asserted after the last [7/14 7/15 7/16 7/18]",
        kinds,
    );
    suite.case(
        "ZERO_CHILDREN: several children, the last one counts [7/16 7/18]",
        several,
    );
    suite.case(
        "ZERO_CHILDREN: a grandchild counts for the grandparent in the end [7/17]",
        adopted,
    );
    suite.case(
        "ZERO_CHILDREN: a second handle keeps the child [7/16]",
        duplicates,
    );
    suite.case(
        "ZERO_CHILDREN: a mapping keeps the child [7/13 7/16]",
        mapped,
    );
    suite.case(
        "ZERO_CHILDREN: children of a slice are the slice's [7/17 7/18]",
        slices,
    );
}

fn kinds() -> Outcome {
    let vmo = Subject::pages(1)?;
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (true, 0));
    for kind in KINDS {
        let child = vmo.child(kind, 0, 0)?;
        let told = (vmo.zero_children()?, vmo.info()?.num_children);
        ensure!(told == (false, 1), "{kind:?}: {told:?}");
        expect_eq!(
            (child.zero_children()?, child.info()?.num_children),
            (true, 0)
        );
        drop(child);
        let told = (vmo.zero_children()?, vmo.info()?.num_children);
        ensure!(told == (true, 0), "{kind:?} gone: {told:?}");
    }
    Ok(())
}

fn several() -> Outcome {
    let vmo = Subject::pages(1)?;
    let first = vmo.snapshot(0, PAGE)?;
    let (second, third) = (vmo.slice(0, PAGE)?, vmo.reference()?);
    expect_eq!(vmo.info()?.num_children, 3);
    drop(second);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (false, 2));
    drop(first);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (false, 1));
    drop(third);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (true, 0));
    Ok(())
}

fn adopted() -> Outcome {
    let vmo = Subject::pages(1)?;
    let child = vmo.snapshot(0, PAGE)?;
    let grandchild = child.snapshot(0, PAGE)?;
    expect_eq!(
        (vmo.info()?.num_children, child.info()?.num_children),
        (1, 1)
    );
    expect_eq!(
        (vmo.zero_children()?, child.zero_children()?),
        (false, false)
    );
    drop(child);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (false, 1));
    drop(grandchild);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (true, 0));
    Ok(())
}

fn duplicates() -> Outcome {
    let vmo = Subject::pages(1)?;
    let child = vmo.snapshot(0, PAGE)?;
    let second = child.powerless()?;
    drop(child);
    expect_eq!(vmo.zero_children(), Ok(false));
    drop(second);
    expect_eq!(vmo.zero_children(), Ok(true));
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    for kind in KINDS {
        let child = vmo.child(
            kind,
            0,
            if kind == ChildOptions::REFERENCE {
                0
            } else {
                PAGE
            },
        )?;
        let map = child.map_with(0, PAGE_SIZE, MapOptions::PERM_READ)?;
        drop(child);
        let told = (vmo.zero_children()?, vmo.info()?.num_children);
        ensure!(told == (false, 1), "{kind:?}, mapped: {told:?}");
        expect_eq!(map.byte(7), vmo.byte(7)?);
        drop(map);
        expect_eq!(vmo.zero_children(), Ok(true));
    }
    Ok(())
}

fn slices() -> Outcome {
    let vmo = Subject::pages(2)?;
    let outer = vmo.slice(0, 2 * PAGE)?;
    let inner = outer.slice(0, PAGE)?;
    expect_eq!(
        (vmo.info()?.num_children, outer.info()?.num_children),
        (1, 1)
    );
    drop(outer);
    expect_eq!((vmo.zero_children()?, vmo.info()?.num_children), (false, 1));
    drop(inner);
    expect_eq!(vmo.zero_children(), Ok(true));
    Ok(())
}
