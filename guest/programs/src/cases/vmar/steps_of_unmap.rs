//! The order of the checks of `zx_vmar_unmap` (reference §13.3).

use crate::expect_eq;
use crate::inspect::refused;
use crate::memory::PAGE;
use crate::probe::{close, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use libzx::{Rights, Status};

const INVALID: Status = Status::INVALID_ARGS;

/// A VMAR of 8 pages, a mapping on pages 1 to 3.
fn place() -> Result<(SubVmar, Object), Status> {
    let vmar = SubVmar::new(8)?;
    let vmo = Object::patterned(Kind::Anonymous, 3, 13)?;
    vmar.at(1, vmo.handle, 3).call()?;
    Ok((vmar, vmo))
}

#[track_caller]
fn no(vmar: &SubVmar, wanted: Status, address: u64, len: u64) -> Outcome {
    refused(wanted, || vmar_unmap(vmar.handle, address, len))
}

fn unaligned() -> Outcome {
    let (vmar, vmo) = place()?;
    for more in [1, 8, PAGE - 1] {
        no(&vmar, INVALID, vmar.page(1) + more, PAGE)?;
    }
    expect_eq!(vmo.mismatch(3, 13)?, None);
    Ok(())
}

fn lengths() -> Outcome {
    let (vmar, _vmo) = place()?;
    no(&vmar, INVALID, vmar.page(1), 0)?;
    no(&vmar, INVALID, vmar.page(1), u64::MAX)?;
    // One byte is a page, a page and a byte two.
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(1), 1), Status::OK);
    expect_eq!(access(vmar.page(1))?, FREE);
    expect_eq!(access(vmar.page(2))?, READ_WRITE);
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(1), PAGE + 1), Status::OK);
    expect_eq!(access(vmar.page(2))?, FREE);
    expect_eq!(access(vmar.page(3))?, READ_WRITE);
    Ok(())
}

fn outside() -> Outcome {
    let (vmar, _vmo) = place()?;
    no(&vmar, INVALID, vmar.base - PAGE, PAGE)?;
    no(&vmar, INVALID, vmar.base - PAGE, 4 * PAGE)?;
    no(&vmar, INVALID, vmar.page(8), PAGE)?;
    no(&vmar, INVALID, vmar.page(3), 6 * PAGE)?;
    no(&vmar, INVALID, vmar.page(3), 0_u64.wrapping_sub(PAGE))?;
    expect_eq!(access(vmar.page(1))?, READ_WRITE);
    expect_eq!(access(vmar.page(3))?, READ_WRITE);
    Ok(())
}

/// No right is needed to unmap.
fn no_rights() -> Outcome {
    let (vmar, _vmo) = place()?;
    let weak = vmar.with_rights(Rights::empty())?;
    expect_eq!(vmar_unmap(weak, vmar.page(1), 3 * PAGE), Status::OK);
    expect_eq!(access(vmar.page(1))?, FREE);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn nothing_there() -> Outcome {
    let (vmar, _vmo) = place()?;
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(5), 2 * PAGE), Status::OK);
    expect_eq!(access(vmar.page(1))?, READ_WRITE);
    expect_eq!(vmar_unmap(vmar.handle, vmar.base, 8 * PAGE), Status::OK);
    expect_eq!(vmar_unmap(vmar.handle, vmar.base, 8 * PAGE), Status::OK);
    expect_eq!(access(vmar.page(2))?, FREE);
    Ok(())
}

/// The two rests of a mapping show what they showed, at their own offsets.
fn the_middle() -> Outcome {
    let (vmar, vmo) = place()?;
    expect_eq!(vmar_unmap(vmar.handle, vmar.page(2), PAGE), Status::OK);
    let maps = crate::inspect::Maps::own()?;
    for (page, offset) in [(1, 0), (3, 2 * PAGE)] {
        let rest = maps.mapping(vmar.page(page)).ok_or(Status::NOT_FOUND)?;
        expect_eq!((rest.base, rest.size), (vmar.page(page), PAGE));
        expect_eq!((rest.vmo_offset, rest.mmu_flags), (offset, RW));
    }
    expect_eq!(crate::inspect::vmo(vmo.handle)?.num_mappings, 2);
    expect_eq!(access(vmar.page(2))?, FREE);
    expect_eq!(vmo.mismatch(3, 13)?, None);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("unmap refuses unaligned addresses [13.3/1]", unaligned);
    suite.case(
        "unmap rounds lengths up, and refuses none [13.3/2]",
        lengths,
    );
    suite.case("unmap refuses what is outside the VMAR [13.3/4]", outside);
    suite.case("unmap needs no right", no_rights);
    suite.case("unmapping nothing is OK [13.3/9]", nothing_there);
    suite.case(
        "unmapping the middle leaves two mappings [13.3/10]",
        the_middle,
    );
}
