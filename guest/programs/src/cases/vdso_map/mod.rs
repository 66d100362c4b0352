//! The cases of `test-vdso-map`: what may be done with mappings of the vDSO (reference
//! §18, §13, §6.4).

mod code;
mod executable;
mod image;
mod memory;

pub use image::{Image, vdso_object};

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    image::run(suite);
    executable::run(suite);
    code::run(suite);
    memory::run(suite, modes);
}
