//! `zx_vmar_destroy`, and what is left of a destroyed VMAR (reference §13.6).

use crate::inspect::{Maps, refused};
use crate::memory::PAGE;
use crate::probe::{Map, close, process_read, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use abi::options::RangeOp;
use libzx::{Rights, Status};

const BAD: Status = Status::BAD_STATE;

fn map_status(map: Map) -> Status {
    map.call().err().unwrap_or(Status::OK)
}

fn handles() -> Outcome {
    let vmo = Object::new(1)?;
    refused(Status::BAD_HANDLE, || destroy(0))?;
    refused(Status::WRONG_TYPE, || destroy(vmo.handle))?;
    let child = SubVmar::new(1)?;
    child.at(0, vmo.handle, 1).call()?;
    let without = Rights::DEFAULT_VMAR.difference(Rights::OP_CHILDREN) | Rights::IO;
    let powerless = child.with_rights(without)?;
    refused(Status::ACCESS_DENIED, || destroy(powerless))?;
    expect_eq!(access(child.base)?, READ_WRITE);
    // The right is all it takes.
    let able = child.with_rights(Rights::OP_CHILDREN)?;
    expect_eq!(destroy(able), Status::OK);
    expect_eq!(access(child.base)?, FREE);
    expect_eq!((close(powerless), close(able)), (Status::OK, Status::OK));
    Ok(())
}

fn the_root() -> Outcome {
    refused(Status::NOT_SUPPORTED, || destroy(root()))?;
    let rights = Rights::ROOT_VMAR.difference(Rights::OP_CHILDREN);
    let powerless = crate::probe::duplicate(root(), rights.bits())?;
    refused(Status::ACCESS_DENIED, || destroy(powerless))?;
    expect_eq!(close(powerless), Status::OK);
    Ok(())
}

/// Everything inside is unmapped, at any depth; what stands around it stays.
fn everything_inside_goes() -> Outcome {
    let before = Maps::own()?.digest();
    let outer = SubVmar::new(8)?;
    let middle = outer.child(CAN_RW, 1, 6)?;
    let inner = middle.child(CAN_RW, 1, 4)?;
    let vmo = Object::patterned(Kind::Anonymous, 8, 31)?;
    outer.at(0, vmo.handle, 1).call()?;
    outer.at(7, vmo.handle, 1).call()?;
    middle.at(0, vmo.handle, 1).call()?;
    inner.at(1, vmo.handle, 2).call()?;
    expect_eq!(access(inner.page(2))?, READ_WRITE);
    expect_eq!(destroy(middle.handle), Status::OK);
    for page in 0..8 {
        let wanted = if page == 0 || page == 7 {
            READ_WRITE
        } else {
            FREE
        };
        let found = access(outer.page(page))?;
        ensure!(found == wanted, "page {page}: {found:?}");
    }
    // Destroyed regions are none in the tree any more; the VMO keeps its bytes.
    let buffer = crate::memory::Area::touched(1)?;
    let (given, _) = process_read(own_process(), inner.page(1), buffer.at(0), 8);
    expect_eq!(given, Status::NO_MEMORY);
    drop(buffer);
    expect_eq!(vmo.mismatch(8, 31)?, None);
    expect_eq!(destroy(outer.handle), Status::OK);
    expect_eq!(Maps::own()?.digest(), before);
    Ok(())
}

/// A destroyed VMAR with a mapping in it before, and a VMO.
fn dead() -> Result<(SubVmar, Object), Status> {
    let vmo = Object::new(2)?;
    let vmar = SubVmar::new(4)?;
    vmar.at(1, vmo.handle, 2).call()?;
    destroy(vmar.handle).ok()?;
    Ok((vmar, vmo))
}

fn nothing_works() -> Outcome {
    let (vmar, vmo) = dead()?;
    refused(BAD, || map_status(vmar.at(0, vmo.handle, 1)))?;
    let anywhere = Map {
        options: RW,
        ..vmar.at(0, vmo.handle, 1)
    };
    refused(BAD, || map_status(anywhere))?;
    let child = Allocate {
        parent: vmar.handle,
        options: CAN_RW,
        offset: 0,
        size: PAGE,
    };
    refused(BAD, || child.call().err().unwrap_or(Status::OK))?;
    refused(BAD, || vmar_unmap(vmar.handle, vmar.page(1), PAGE))?;
    refused(BAD, || protect(vmar.handle, R, vmar.page(1), PAGE))?;
    refused(BAD, || {
        op_range(vmar.handle, RangeOp::COMMIT, vmar.page(1), PAGE)
    })?;
    refused(BAD, || destroy(vmar.handle))
}

fn the_handle_stays_valid() -> Outcome {
    let (vmar, _vmo) = dead()?;
    let info = crate::inspect::basic(vmar.handle)?;
    expect_eq!(info.object_type, abi::objects::ObjectType::VMAR.0);
    let second = vmar.with_rights(Rights::OP_CHILDREN)?;
    expect_eq!(destroy(second), BAD);
    expect_eq!(
        (close(second), close(vmar.handle)),
        (Status::OK, Status::OK)
    );
    Ok(())
}

fn children_of_the_destroyed() -> Outcome {
    let outer = SubVmar::new(4)?;
    let inner = outer.child(CAN_RW, 1, 2)?;
    let vmo = Object::new(1)?;
    expect_eq!(destroy(outer.handle), Status::OK);
    refused(BAD, || map_status(inner.at(0, vmo.handle, 1)))?;
    refused(BAD, || destroy(inner.handle))
}

fn the_place_is_free_again() -> Outcome {
    let (vmar, vmo) = dead()?;
    let again = Map {
        options: RW | SPECIFIC,
        vmar_offset: vmar.base - USER_BASE,
        ..anywhere(vmo.handle, 4)
    };
    expect_eq!(again.call(), Ok(vmar.base));
    expect_eq!(access(vmar.page(1))?, READ_WRITE);
    // The old handle has no power over what stands there now.
    refused(BAD, || vmar_unmap(vmar.handle, vmar.base, PAGE))?;
    refused(BAD, || destroy(vmar.handle))?;
    expect_eq!(access(vmar.page(1))?, READ_WRITE);
    expect_eq!(vmar_unmap(root(), vmar.base, 4 * PAGE), Status::OK);
    Ok(())
}

/// Arguments that need no VMAR come before the look at whether it is destroyed.
fn what_comes_before_destroyed() -> Outcome {
    let (vmar, vmo) = dead()?;
    let (v, base) = (vmar.handle, vmar.base);
    let invalid = Status::INVALID_ARGS;
    // Map: step 10 before step 11, step 11 before steps 12 and 14.
    let map = vmar.at(0, vmo.handle, 1);
    refused(Status::OUT_OF_RANGE, || {
        map_status(Map {
            len: u64::MAX,
            ..map
        })
    })?;
    refused(invalid, || {
        map_status(Map {
            vmo_offset: 1,
            ..map
        })
    })?;
    refused(BAD, || map_status(Map { len: 0, ..map }))?;
    refused(BAD, || {
        map_status(Map {
            vmar_offset: 1,
            ..map
        })
    })?;
    refused(BAD, || {
        map_status(Map {
            vmar_offset: 4 * PAGE,
            ..map
        })
    })?;
    // Unmap and protect: base and length before, the range behind.
    refused(invalid, || vmar_unmap(v, base + 1, PAGE))?;
    refused(invalid, || vmar_unmap(v, base, 0))?;
    refused(BAD, || vmar_unmap(v, base + 4 * PAGE, PAGE))?;
    refused(invalid, || protect(v, W, base, PAGE))?;
    refused(invalid, || protect(v, R | CAN_READ, base, PAGE))?;
    refused(invalid, || protect(v, R, base + 1, PAGE))?;
    refused(invalid, || protect(v, R, base, 0))?;
    refused(BAD, || protect(v, R, base + 4 * PAGE, PAGE))
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case("destroy needs a VMAR and OP_CHILDREN [13.6/1]", handles);
    suite.case("the root VMAR cannot be destroyed [13.6/2 22/23]", the_root);
    suite.case(
        "destroying unmaps everything inside [13.6/5]",
        everything_inside_goes,
    );
    suite.case(
        "all calls on a destroyed VMAR are BAD_STATE [13.6/3 13.6/6 13.1/11 13.3/3 13.4/5]",
        nothing_works,
    );
    suite.case(
        "the handle of a destroyed VMAR stays valid [13.6/6]",
        the_handle_stays_valid,
    );
    suite.case(
        "children of a destroyed VMAR are destroyed [13.6/5 13.6/6]",
        children_of_the_destroyed,
    );
    suite.case(
        "the place of a destroyed VMAR is free [13.6/5 13.6/6]",
        the_place_is_free_again,
    );
    suite.case(
        "bad arguments beat a destroyed VMAR, bad ranges do not [13.1/10 13.1/11 13.3/3 13.4/5]",
        what_comes_before_destroyed,
    );
}
