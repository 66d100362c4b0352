//! The cases of `test-vmo-child`.

mod alias;
mod clone_checks;
mod counted;
mod isolation;
mod order;
mod private;
mod rights;
mod visible;

use crate::modes::Modes;
use crate::suite::Suite;
use abi::options::ChildOptions;

/// The kinds of child that are copies on write.
const CLONES: [ChildOptions; 3] = [
    ChildOptions::SNAPSHOT,
    ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
    ChildOptions::SNAPSHOT_MODIFIED,
];

/// Every kind of child.
const KINDS: [ChildOptions; 5] = [
    ChildOptions::SNAPSHOT,
    ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE,
    ChildOptions::SNAPSHOT_MODIFIED,
    ChildOptions::SLICE,
    ChildOptions::REFERENCE,
];

/// Runs them all.
pub fn run(suite: &mut Suite, modes: Modes) {
    order::run(suite);
    alias::run(suite);
    clone_checks::run(suite);
    visible::run(suite);
    isolation::run(suite);
    rights::run(suite);
    counted::run(suite);
    private::run(suite, modes);
    crate::subject::sound(suite);
}
