//! The cases of `test-property`: `zx_object_get_property` and `zx_object_set_property`
//! (reference §9.4, §9.5, §15.2, §18).

mod content_size;
mod names;
mod vdso_base;

use crate::suite::Suite;

/// Runs them all.
pub fn run(suite: &mut Suite) {
    content_size::run(suite);
    names::run(suite);
    vdso_base::run(suite);
}
