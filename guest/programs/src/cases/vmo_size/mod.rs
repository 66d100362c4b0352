//! The cases of `test-vmo-size`.

mod ask;
mod property;
mod set;
mod shared;
mod stream;
mod zeroed;

use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite) {
    ask::run(suite);
    set::run(suite);
    zeroed::run(suite);
    stream::run(suite);
    property::run(suite);
    shared::run(suite);
    crate::subject::sound(suite);
}
