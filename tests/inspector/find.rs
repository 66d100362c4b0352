//! `vmm read`, `write`, `search`, `diff`.

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    Vec::new()
}
