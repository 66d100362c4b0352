//! What the code mapping withstands.

use super::image::Image;
use crate::child::Child;
use crate::inspect::{refused, refused_in};
use crate::memory::PAGE;
use crate::probe::{Map, close, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::{USER_BASE, USER_TOP};
use abi::options::RangeOp;
use libzx::Status;

const DENIED: Status = Status::ACCESS_DENIED;

/// A process with the vDSO's code in the middle of 64 pages, at page 16, and a page of
/// data on both sides of it.
struct Guarded {
    child: Child,
    code: u64,
    size: u64,
    _vmo: Object,
}

const START: u64 = USER_BASE + (1 << 30);

impl Guarded {
    fn new() -> Result<Self, Status> {
        let image = Image::read()?;
        let child = Child::new("guarded")?;
        let code = START + 16 * PAGE;
        let map = Map {
            options: RX | SPECIFIC,
            vmar_offset: code - USER_BASE,
            ..image.code_in(&child)
        };
        map.call()?;
        let vmo = Object::new(1)?;
        child.map(&vmo, RW, code - PAGE, 1)?;
        child.map(&vmo, RW, code + image.code_size, 1)?;
        Ok(Self {
            child,
            code,
            size: image.code_size,
            _vmo: vmo,
        })
    }

    /// Ranges that the code intersects.
    fn ranges(&self) -> [(u64, u64); 6] {
        [
            (self.code, self.size),
            (self.code, PAGE),
            (self.code + self.size - PAGE, PAGE),
            (self.code - PAGE, 2 * PAGE),
            (self.code + self.size - PAGE, 2 * PAGE),
            (self.code - PAGE, self.size + 2 * PAGE),
        ]
    }

    fn refused(&self, wanted: Status, call: impl FnOnce() -> Status) -> Outcome {
        refused_in(self.child.process, wanted, call)
    }
}

fn not_unmapped() -> Outcome {
    let guarded = Guarded::new()?;
    let vmar = guarded.child.vmar;
    for (start, len) in guarded.ranges() {
        guarded.refused(DENIED, || vmar_unmap(vmar, start, len))?;
    }
    // The neighbours can be.
    expect_eq!(vmar_unmap(vmar, guarded.code - PAGE, PAGE), Status::OK);
    let behind = guarded.code + guarded.size;
    expect_eq!(vmar_unmap(vmar, behind, PAGE), Status::OK);
    // Outside of the VMAR comes first.
    guarded.refused(Status::INVALID_ARGS, || {
        vmar_unmap(vmar, guarded.code, USER_TOP - guarded.code + PAGE)
    })
}

fn not_protected() -> Outcome {
    let guarded = Guarded::new()?;
    let vmar = guarded.child.vmar;
    for (start, len) in guarded.ranges() {
        for options in [0, R] {
            guarded.refused(DENIED, || protect(vmar, options, start, len))?;
        }
    }
    // Even to what it is.
    guarded.refused(DENIED, || protect(vmar, RX, guarded.code, guarded.size))?;
    // A hole comes first.
    let behind = guarded.code + guarded.size;
    expect_eq!(vmar_unmap(vmar, guarded.code - PAGE, PAGE), Status::OK);
    guarded.refused(Status::NOT_FOUND, || {
        protect(vmar, R, guarded.code - PAGE, 2 * PAGE)
    })?;
    expect_eq!(protect(vmar, R, behind, PAGE), Status::OK);
    Ok(())
}

fn not_overwritten() -> Outcome {
    let guarded = Guarded::new()?;
    let vmo = Object::new(1)?;
    for (start, len) in guarded.ranges() {
        let over = Map {
            vmar: guarded.child.vmar,
            options: RW | OVERWRITE,
            vmar_offset: start - USER_BASE,
            len,
            ..anywhere(vmo.handle, 1)
        };
        guarded.refused(DENIED, || over.call().err().unwrap_or(Status::OK))?;
        let specific = Map {
            options: RW | SPECIFIC,
            ..over
        };
        guarded.refused(Status::ALREADY_EXISTS, || {
            specific.call().err().unwrap_or(Status::OK)
        })?;
    }
    Ok(())
}

fn not_operated_on() -> Outcome {
    let guarded = Guarded::new()?;
    let vmar = guarded.child.vmar;
    for operation in [RangeOp::COMMIT, RangeOp::DECOMMIT, RangeOp::ZERO] {
        guarded.refused(DENIED, || {
            op_range(vmar, operation, guarded.code, guarded.size)
        })?;
    }
    Ok(())
}

/// The code mapped in a VMAR of a VMAR: neither can go.
fn not_destroyed() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("nested")?;
    let can = CAN_RW | CAN_EXECUTE;
    let outer = SubVmar::make(Allocate {
        parent: child.vmar,
        options: can | SPECIFIC,
        offset: START - USER_BASE,
        size: image.code_size + 4 * PAGE,
    })?;
    let inner = SubVmar::make(Allocate {
        parent: outer.handle,
        options: can | SPECIFIC,
        offset: PAGE,
        size: image.code_size + 2 * PAGE,
    })?;
    let code = Map {
        options: RX | SPECIFIC,
        vmar_offset: PAGE,
        ..image.code(inner.handle)
    };
    let address = code.call()?;
    expect_eq!(address, inner.page(1));
    let vmo = Object::new(1)?;
    let beside = Map {
        vmar: inner.handle,
        vmar_offset: 0,
        ..inner.at(0, vmo.handle, 1)
    };
    beside.call()?;
    let process = child.process;
    refused_in(process, DENIED, || destroy(inner.handle))?;
    refused_in(process, DENIED, || destroy(outer.handle))?;
    for (vmar, region) in [(child.vmar, &outer), (outer.handle, &inner)] {
        refused_in(process, DENIED, || {
            vmar_unmap(vmar, region.base, region.size)
        })?;
    }
    // A child without it is destroyed as ever.
    let free = inner.child(CAN_RW, image.code_size / PAGE + 1, 1)?;
    expect_eq!(destroy(free.handle), Status::OK);
    // When the process ends, it goes all the same.
    child.kill()?;
    expect_eq!(destroy(inner.handle), Status::BAD_STATE);
    ensure!(close(0) == Status::OK, "closing nothing");
    Ok(())
}

/// The own one, on which this program stands.
fn ones_own() -> Outcome {
    let image = Image::read()?;
    let code = Image::own_base()? + image.code_offset;
    refused(DENIED, || vmar_unmap(root(), code, image.code_size))?;
    refused(DENIED, || vmar_unmap(root(), code, PAGE))?;
    refused(DENIED, || protect(root(), 0, code, PAGE))?;
    refused(DENIED, || protect(root(), R, code, image.code_size))?;
    let vmo = Object::new(1)?;
    let over = Map {
        options: R | OVERWRITE,
        vmar_offset: code - USER_BASE,
        ..anywhere(vmo.handle, 1)
    };
    refused(DENIED, || over.call().err().unwrap_or(Status::OK))
}

/// The data is a mapping like any other.
fn the_data_may_go() -> Outcome {
    let image = Image::read()?;
    let child = Child::new("dataless")?;
    image.map_whole(&child, START)?;
    let vmar = child.vmar;
    expect_eq!(protect(vmar, 0, START, image.code_offset), Status::OK);
    expect_eq!(vmar_unmap(vmar, START, image.code_offset), Status::OK);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "the code cannot be unmapped [18/7 13.3/5 13.3/4]",
        not_unmapped,
    );
    suite.case("the code cannot be protected [18/8 13.4/9]", not_protected);
    suite.case(
        "the code cannot be mapped over [18/9 13.1/27 13.1/17]",
        not_overwritten,
    );
    suite.case("the code cannot be operated on [13.5/4]", not_operated_on);
    suite.case(
        "the code cannot be destroyed with its VMAR [18/10 13.6/4]",
        not_destroyed,
    );
    suite.case("one's own code stays [18/7 18/8 18/9]", ones_own);
    suite.case(
        "the data may be protected and unmapped [18/6]",
        the_data_may_go,
    );
}
