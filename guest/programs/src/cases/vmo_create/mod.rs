//! The cases of `test-vmo-create`.

mod anonymous;
mod contiguous;
mod executable;
mod model;
mod physical;

use crate::inspect::property;
use crate::modes::Modes;
use crate::suite::Suite;
use abi::options::Property;
use libzx::{Call, Result, Status};

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    anonymous::run(suite);
    contiguous::run(suite);
    physical::run(suite, modes);
    executable::run(suite);
    model::run(suite);
    crate::subject::sound(suite);
}

/// How many VMO handles and mappings of VMOs this process has.
fn vmos_here() -> Result<u64> {
    let process = libzx::startup().process_self().ok_or(Status::NOT_FOUND)?;
    let mut avail = 0_u64;
    let args = [
        u64::from(process.handle().raw()),
        u64::from(abi::options::Topic::PROCESS_VMOS),
        0,
        0,
        0,
        crate::probe::out(&mut avail),
    ];
    crate::probe::status(Call::ObjectGetInfo, &args).ok()?;
    Ok(core::hint::black_box(avail))
}

/// The first bytes of an object's name.
fn name(handle: u32) -> Result<[u8; 32]> {
    property(handle, Property::NAME)
}
