//! The cases of `test-vmo-kinds`.

mod bad_buffer;
mod buffer;
mod large;
mod object;
mod output;
mod process;

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    object::run(suite, modes);
    buffer::run(suite);
    bad_buffer::run(suite);
    large::run(suite);
    output::run(suite);
    process::run(suite, modes);
    crate::subject::sound(suite);
}
