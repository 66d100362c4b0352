//! Regions in regions, seen and unmapped from above (reference §5.1 step 5, §13.1 step
//! 17, §13.3).

use crate::inspect::{Maps, refused};
use crate::memory::PAGE;
use crate::probe::{UNTOUCHED, close, out, process_read, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::MapsKind;
use abi::layout::USER_BASE;
use libzx::{Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;

/// A VMAR of 16 pages, in it one of 8 from page 4 on, in that one of 4 from its page 2
/// on, with a mapping of 2 pages in each.
struct Nest {
    outer: SubVmar,
    middle: SubVmar,
    inner: SubVmar,
    vmo: Object,
}

impl Nest {
    fn new() -> Result<Self, Status> {
        let outer = SubVmar::new(16)?;
        let middle = outer.child(CAN_RW, 4, 8)?;
        let inner = middle.child(CAN_RW, 2, 4)?;
        let vmo = Object::patterned(Kind::Anonymous, 2, 21)?;
        outer.at(0, vmo.handle, 2).call()?;
        middle.at(6, vmo.handle, 2).call()?;
        inner.at(1, vmo.handle, 2).call()?;
        Ok(Self {
            outer,
            middle,
            inner,
            vmo,
        })
    }

    /// Which pages of the outer VMAR are mapped.
    const MAPPED: [u64; 6] = [0, 1, 7, 8, 10, 11];

    /// What every page gives, and whether the mapped ones show the VMO.
    fn expect(&self, gone: &[u64]) -> Outcome {
        for page in 0..16 {
            let mapped = Self::MAPPED.contains(&page) && !gone.contains(&page);
            let wanted = if mapped { READ_WRITE } else { FREE };
            let found = access(self.outer.page(page))?;
            ensure!(found == wanted, "page {page}: {found:?}");
        }
        expect_eq!(self.vmo.mismatch(2, 21)?, None);
        Ok(())
    }
}

/// A mapping at any depth is found by its address.
fn any_depth_is_read() -> Outcome {
    let nest = Nest::new()?;
    for page in 0..16 {
        let mut bytes = [0_u8; 64];
        let place = nest.outer.page(page) + 8;
        let found = process_read(own_process(), place, out(&mut bytes), 64);
        let bytes = core::hint::black_box(bytes);
        if Nest::MAPPED.contains(&page) {
            ensure!(found == (Status::OK, 64), "page {page}: {found:?}");
            let offset = 8 + PAGE * u64::from(matches!(page, 1 | 8 | 11));
            expect_eq!(crate::pattern::mismatch(21, offset, &bytes), None);
        } else {
            let gap = (Status::NO_MEMORY, UNTOUCHED);
            ensure!(found == gap, "page {page}: {found:?}");
        }
    }
    Ok(())
}

/// One read takes one mapping, even if the next page belongs to a region that stands
/// elsewhere in the tree.
fn reads_stop_at_the_edge_of_a_region() -> Outcome {
    let outer = SubVmar::new(4)?;
    let inner = outer.child(CAN_RW, 1, 2)?;
    let vmo = Object::patterned(Kind::Anonymous, 4, 22)?;
    // All four pages are the VMO's in order, but by three mappings.
    outer.at(0, vmo.handle, 1).call()?;
    let mut middle = inner.at(0, vmo.handle, 2);
    middle.vmo_offset = PAGE;
    middle.call()?;
    let mut last = outer.at(3, vmo.handle, 1);
    last.vmo_offset = 3 * PAGE;
    last.call()?;
    let buffer = crate::memory::Area::new(4)?;
    for (page, pages) in [(0, 1), (1, 2), (2, 1), (3, 1)] {
        let found = process_read(own_process(), outer.page(page), buffer.at(0), 4 * PAGE);
        ensure!(
            found == (Status::OK, pages * PAGE),
            "from page {page}: {found:?}"
        );
        let length = usize::try_from(pages * PAGE).unwrap_or(0);
        expect_eq!(buffer.mismatch(22, 0, page * PAGE, length), None);
    }
    Ok(())
}

fn the_map_shows_the_tree() -> Outcome {
    let nest = Nest::new()?;
    let maps = Maps::own()?;
    let mut found = maps.records().iter().filter(|record| {
        (nest.outer.base..nest.outer.page(16)).contains(&record.base)
            && record.base + record.size <= nest.outer.page(16)
    });
    let (vmar, mapping) = (MapsKind::VMAR, MapsKind::MAPPING);
    for (kind, page, pages, depth) in [
        (vmar, 0, 16, 2),
        (mapping, 0, 2, 3),
        (vmar, 4, 8, 3),
        (vmar, 6, 4, 4),
        (mapping, 7, 2, 5),
        (mapping, 10, 2, 4),
    ] {
        let record = found.next().ok_or(Status::NOT_FOUND)?;
        expect_eq!((record.kind, record.depth), (kind, depth));
        expect_eq!(record.base, nest.outer.page(page));
        expect_eq!(record.size, pages * PAGE);
    }
    ensure!(found.next().is_none(), "more records than regions");
    Ok(())
}

fn parts_of_children() -> Outcome {
    let nest = Nest::new()?;
    let (outer, middle) = (nest.outer.handle, nest.middle.handle);
    for (vmar, page, pages) in [
        (root(), 0, 15),
        (root(), 4, 1),
        (outer, 4, 4),
        (outer, 0, 5),
        (outer, 11, 2),
        (outer, 5, 1),
        (outer, 7, 1),
        (middle, 6, 1),
        (middle, 4, 3),
        (middle, 9, 3),
    ] {
        refused(INVALID, || {
            vmar_unmap(vmar, nest.outer.page(page), pages * PAGE)
        })?;
    }
    nest.expect(&[])
}

fn without_op_children() -> Outcome {
    let nest = Nest::new()?;
    let rights = Rights::READ | Rights::WRITE;
    let powerless = nest.outer.with_rights(rights)?;
    // Wholly covered and in part.
    for (page, pages) in [(4, 8), (0, 16), (2, 12), (4, 4), (7, 1)] {
        refused(INVALID, || {
            vmar_unmap(powerless, nest.outer.page(page), pages * PAGE)
        })?;
    }
    nest.expect(&[])?;
    // Its own mappings it may unmap.
    expect_eq!(
        vmar_unmap(powerless, nest.outer.page(0), 2 * PAGE),
        Status::OK
    );
    expect_eq!(close(powerless), Status::OK);
    nest.expect(&[0, 1])
}

fn covered_children_are_destroyed() -> Outcome {
    let nest = Nest::new()?;
    let start = nest.outer.page(3);
    expect_eq!(vmar_unmap(nest.outer.handle, start, 9 * PAGE), Status::OK);
    nest.expect(&[7, 8, 10, 11])?;
    // The child and its child are dead, the outer one is not.
    for dead in [&nest.middle, &nest.inner] {
        let map = dead.at(0, nest.vmo.handle, 1);
        expect_eq!(map.call(), Err(Status::BAD_STATE));
        expect_eq!(vmar_unmap(dead.handle, dead.base, PAGE), Status::BAD_STATE);
    }
    nest.outer.at(7, nest.vmo.handle, 1).call()?;
    expect_eq!(access(nest.outer.page(7))?, READ_WRITE);
    Ok(())
}

fn overwriting_spares_children() -> Outcome {
    let nest = Nest::new()?;
    let new = Object::new(16)?;
    for (page, pages) in [(4, 8), (0, 16), (5, 1), (7, 1), (3, 2), (11, 2), (1, 4)] {
        let mut over = nest.outer.at(page, new.handle, pages);
        over.options = RW | OVERWRITE;
        refused(INVALID, || over.call().err().unwrap_or(Status::OK))?;
    }
    nest.expect(&[])?;
    // Beside them it works.
    let mut over = nest.outer.at(1, new.handle, 3);
    over.options = RW | OVERWRITE;
    expect_eq!(over.call(), Ok(nest.outer.page(1)));
    for page in 1..4 {
        expect_eq!(access(nest.outer.page(page))?, READ_WRITE);
        let mut byte = [1_u8];
        let place = nest.outer.page(page);
        let found = process_read(own_process(), place, out(&mut byte), 1);
        expect_eq!((found, core::hint::black_box(byte)), ((Status::OK, 1), [0]));
    }
    Ok(())
}

fn nobody_reaches_beyond_its_region() -> Outcome {
    let nest = Nest::new()?;
    for (vmar, page, pages) in [
        (&nest.inner, 2, 1),
        (&nest.inner, 7, 4),
        (&nest.middle, 0, 2),
        (&nest.middle, 10, 3),
        (&nest.middle, 12, 1),
    ] {
        let start = nest.outer.page(page);
        refused(INVALID, || vmar_unmap(vmar.handle, start, pages * PAGE))?;
        refused(INVALID, || protect(vmar.handle, R, start, pages * PAGE))?;
    }
    nest.expect(&[])
}

fn children_unmap_their_own() -> Outcome {
    let nest = Nest::new()?;
    let inner = &nest.inner;
    expect_eq!(vmar_unmap(inner.handle, inner.page(1), PAGE), Status::OK);
    nest.expect(&[7])?;
    // The whole of it, gaps included, does not destroy it.
    expect_eq!(vmar_unmap(inner.handle, inner.base, 4 * PAGE), Status::OK);
    nest.expect(&[7, 8])?;
    inner.at(0, nest.vmo.handle, 1).call()?;
    expect_eq!(access(inner.page(0))?, READ_WRITE);
    Ok(())
}

fn handles_are_not_what_keeps_a_region() -> Outcome {
    let outer = SubVmar::new(4)?;
    let inner = outer.child(CAN_RW, 1, 2)?;
    let vmo = Object::patterned(Kind::Anonymous, 1, 23)?;
    inner.at(0, vmo.handle, 1).call()?;
    expect_eq!(close(inner.handle), Status::OK);
    expect_eq!(access(outer.page(1))?, READ_WRITE);
    let mut over = outer.at(2, vmo.handle, 1);
    over.options = RW;
    over.vmar_offset = 0;
    // Two of four pages are left for others.
    for _ in 0..2 {
        let address = over.call()?;
        ensure!(
            address == outer.page(0) || address == outer.page(3),
            "{address:#x} is in the child"
        );
    }
    expect_eq!(over.call(), Err(Status::NO_RESOURCES));
    Ok(())
}

/// A child's offset counts from its own base, and its CAN_MAP bits limit all below it.
fn limits_are_inherited() -> Outcome {
    let readable = SubVmar::within(root(), CAN_SPECIFIC | CAN_READ, 4)?;
    let vmo = Object::new(1)?;
    let map = readable.at(2, vmo.handle, 1);
    refused(Status::ACCESS_DENIED, || {
        map.call().err().unwrap_or(Status::OK)
    })?;
    let map = crate::probe::Map {
        options: R | SPECIFIC,
        ..map
    };
    expect_eq!(map.call(), Ok(readable.base + 2 * PAGE));
    expect_eq!(access(readable.page(2))?, READ_ONLY);
    // From the root nothing else can be put there.
    let over = crate::probe::Map {
        options: RW | OVERWRITE,
        vmar_offset: readable.page(2) - USER_BASE,
        ..anywhere(vmo.handle, 1)
    };
    refused(INVALID, || over.call().err().unwrap_or(Status::OK))
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a mapping at any depth is read [5.1/12 5.1/10]",
        any_depth_is_read,
    );
    suite.case(
        "a read stops at the edge of a region [5.2/1 22/12]",
        reads_stop_at_the_edge_of_a_region,
    );
    suite.case(
        "the map shows the tree depth first [15.2/1]",
        the_map_shows_the_tree,
    );
    suite.case(
        "unmapping a part of a child is INVALID_ARGS [13.3/6]",
        parts_of_children,
    );
    suite.case(
        "unmapping a child needs OP_CHILDREN [13.3/7]",
        without_op_children,
    );
    suite.case(
        "unmapping the whole of a child destroys it [13.3/8 13.6/5 13.6/6]",
        covered_children_are_destroyed,
    );
    suite.case(
        "overwriting a child is INVALID_ARGS [13.1/26 13.1/25]",
        overwriting_spares_children,
    );
    suite.case(
        "a VMAR's handle reaches no further than itself [13.3/4 13.4/6]",
        nobody_reaches_beyond_its_region,
    );
    suite.case(
        "a child unmaps its own mappings [13.3/9]",
        children_unmap_their_own,
    );
    suite.case(
        "a child lives on without handles",
        handles_are_not_what_keeps_a_region,
    );
    suite.case(
        "CAN_MAP bits limit mappings in the child [13.1/6 13.1/13]",
        limits_are_inherited,
    );
}
