//! The cases of `test-vmar-tree`: regions in regions (reference §13.2, §13.3, §13.5,
//! §13.6).

mod allocate;
mod destroy;
mod nested;
mod operations;
mod place;
mod walk;

use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite) {
    allocate::run(suite);
    place::run(suite);
    nested::run(suite);
    operations::run(suite);
    destroy::run(suite);
    walk::run(suite);
}
