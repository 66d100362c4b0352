//! Protecting mappings that stand in a sub-VMAR (reference §13.4).

use crate::expect_eq;
use crate::inspect::refused;
use crate::memory::PAGE;
use crate::probe::{Map, close};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Rights, Status};

/// A VMAR with a child whose two pages are mapped, and one page of its own behind them.
struct Family {
    outer: SubVmar,
    inner: SubVmar,
    _vmo: Object,
}

impl Family {
    fn new(options: u32) -> Result<Self, Status> {
        let outer = SubVmar::new(4)?;
        let inner = outer.child(CAN_RW, 1, 2)?;
        let vmo = Object::new(2)?;
        let map = Map {
            options: options | SPECIFIC,
            ..inner.at(0, vmo.handle, 2)
        };
        map.call()?;
        outer.at(3, vmo.handle, 1).call()?;
        Ok(Self {
            outer,
            inner,
            _vmo: vmo,
        })
    }

    fn both(&self) -> Result<[Access; 2], Status> {
        Ok([access(self.inner.page(0))?, access(self.inner.page(1))?])
    }
}

fn without_op_children() -> Outcome {
    let family = Family::new(RW)?;
    let weak = family.outer.with_rights(Rights::READ | Rights::WRITE)?;
    for (options, page, pages) in [(R, 1, 2), (0, 1, 1), (R, 2, 2), (RW, 1, 1)] {
        refused(Status::INVALID_ARGS, || {
            protect(weak, options, family.outer.page(page), pages * PAGE)
        })?;
    }
    expect_eq!(family.both()?, [READ_WRITE; 2]);
    expect_eq!(access(family.outer.page(3))?, READ_WRITE);
    // Its own mapping it may change.
    expect_eq!(protect(weak, R, family.outer.page(3), PAGE), Status::OK);
    expect_eq!(access(family.outer.page(3))?, READ_ONLY);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn from_above_less() -> Outcome {
    for vmar in [None, Some(root())] {
        let family = Family::new(RW)?;
        let vmar = vmar.unwrap_or(family.outer.handle);
        let first = family.inner.page(0);
        expect_eq!(protect(vmar, R, first, PAGE), Status::OK);
        expect_eq!(family.both()?, [READ_ONLY, READ_WRITE]);
        expect_eq!(protect(vmar, 0, first, 2 * PAGE), Status::OK);
        expect_eq!(family.both()?, [NO_ACCESS; 2]);
    }
    Ok(())
}

fn from_above_more() -> Outcome {
    let family = Family::new(R)?;
    let outer = &family.outer;
    for vmar in [outer.handle, root()] {
        for pages in [1, 2, 3] {
            refused(Status::ACCESS_DENIED, || {
                protect(vmar, RW, outer.page(1), pages * PAGE)
            })?;
        }
    }
    expect_eq!(family.both()?, [READ_ONLY; 2]);
    // The child itself may, for its mapping could be writable.
    let inner = &family.inner;
    expect_eq!(protect(inner.handle, RW, inner.base, 2 * PAGE), Status::OK);
    expect_eq!(family.both()?, [READ_WRITE; 2]);
    Ok(())
}

/// Giving a mapping what it has is no more than it has.
fn from_above_the_same() -> Outcome {
    let family = Family::new(RW)?;
    let outer = &family.outer;
    expect_eq!(
        protect(outer.handle, RW, outer.page(1), 3 * PAGE),
        Status::OK
    );
    expect_eq!(family.both()?, [READ_WRITE; 2]);
    Ok(())
}

fn holes_in_the_child() -> Outcome {
    let family = Family::new(RW)?;
    let (outer, inner) = (&family.outer, &family.inner);
    let gone = crate::probe::vmar_unmap(inner.handle, inner.page(0), PAGE);
    expect_eq!(gone, Status::OK);
    refused(Status::NOT_FOUND, || {
        protect(outer.handle, R, outer.page(1), 3 * PAGE)
    })?;
    expect_eq!(family.both()?, [FREE, READ_WRITE]);
    expect_eq!(access(outer.page(3))?, READ_WRITE);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a child's mappings need OP_CHILDREN [13.4/10]",
        without_op_children,
    );
    suite.case(
        "from above permissions may be taken away [13.4/11]",
        from_above_less,
    );
    suite.case(
        "from above permissions may not be given [13.4/11]",
        from_above_more,
    );
    suite.case(
        "from above the same permissions are fine [13.4/11]",
        from_above_the_same,
    );
    suite.case(
        "a hole in a child is NOT_FOUND [13.4/7 13.4/13]",
        holes_in_the_child,
    );
}
