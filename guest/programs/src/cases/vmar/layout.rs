//! The user range (reference §19.2).

use crate::child::Child;
use crate::expect_eq;
use crate::inspect::{record, refused, refused_in};
use crate::memory::{KERNEL_BASE, PAGE};
use crate::probe::{Map, vmar_unmap};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use abi::info::InfoVmar;
use abi::layout::{USER_BASE, USER_TOP};
use abi::options::Topic;
use libzx::Status;

fn at(vmo: &Object, address: u64, pages: u64) -> Map {
    Map {
        options: RW | SPECIFIC,
        vmar_offset: address.wrapping_sub(USER_BASE),
        ..anywhere(vmo.handle, pages)
    }
}

fn map_status(map: Map) -> Status {
    map.call().err().unwrap_or(Status::OK)
}

fn nothing_below() -> Outcome {
    let vmo = Object::new(2)?;
    for address in [0, PAGE, 0xFF_E000, 0xFF_F000] {
        refused(Status::INVALID_ARGS, || map_status(at(&vmo, address, 1)))?;
    }
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, 0xFF_F000, 2)))?;
    // In a fresh process the first page of all can be had.
    let child = Child::new("lowest")?;
    refused_in(child.process, Status::INVALID_ARGS, || {
        map_status(Map {
            vmar: child.vmar,
            ..at(&vmo, 0xFF_F000, 1)
        })
    })?;
    expect_eq!(child.map(&vmo, RW, 0x100_0000, 1), Ok(0x100_0000));
    Ok(())
}

fn the_last_page() -> Outcome {
    let vmo = Object::new(2)?;
    let end = 1_u64 << 47;
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, end - PAGE, 1)))?;
    refused(Status::INVALID_ARGS, || {
        map_status(at(&vmo, end - 2 * PAGE, 2))
    })?;
    refused(Status::INVALID_ARGS, || map_status(at(&vmo, end, 1)))?;
    expect_eq!(at(&vmo, end - 2 * PAGE, 1).call(), Ok(end - 2 * PAGE));
    expect_eq!(access(end - PAGE - 1)?, READ_WRITE);
    expect_eq!(vmar_unmap(root(), end - 2 * PAGE, PAGE), Status::OK);
    Ok(())
}

fn the_root() -> Outcome {
    let info: InfoVmar = record(root(), Topic::VMAR)?;
    expect_eq!(info.base, 16 << 20);
    expect_eq!(info.len, (1 << 47) - 4096 - (16 << 20));
    expect_eq!(info.base + info.len, USER_TOP);
    expect_eq!(KERNEL_BASE, 0xFFFF_FF80_0000_0000);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "nothing below 16 MiB can be mapped [19.2/1 13.1/16]",
        nothing_below,
    );
    suite.case(
        "the last page under 2^47 cannot be mapped [19.2/2]",
        the_last_page,
    );
    suite.case(
        "the root VMAR is all of the user range [19.2/3 15/5]",
        the_root,
    );
}
