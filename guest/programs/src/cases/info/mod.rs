//! The cases of `test-info`: `zx_object_get_info` (reference §15, §19.2).

mod buffers;
mod handles;
mod maps;
mod processes;
mod start;
mod vmo_flags;
mod vmo_pages;
mod vmo_tree;
mod vmos;

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    buffers::run(suite);
    handles::run(suite);
    processes::run(suite);
    start::run(suite);
    maps::run(suite, modes);
    vmos::run(suite);
    vmo_flags::run(suite);
    vmo_tree::run(suite);
    vmo_pages::run(suite);
}
