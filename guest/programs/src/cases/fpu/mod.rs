//! The cases of `test-fpu`: x87 and SSE registers, and the FS base, belong to a thread.

mod keep;
mod register_fs;
mod state;

use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite) {
    keep::run(suite);
    register_fs::run(suite);
}
