//! The cases of `test-vmo-ops`.

mod arguments;
mod cache;
mod commit;
mod decommit;
mod hints;
mod lock;
mod zero;

use crate::modes::Modes;
use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    arguments::run(suite, modes);
    commit::run(suite);
    decommit::run(suite);
    lock::run(suite);
    cache::run(suite, modes);
    zero::run(suite);
    hints::run(suite);
    crate::subject::sound(suite);
}
