//! The cases of `test-vmo-cache`.

mod effects;
mod policy;
mod transfer;

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    policy::run(suite);
    effects::run(suite, modes);
    transfer::run(suite);
    crate::subject::sound(suite);
}
