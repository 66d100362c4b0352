//! `vmm top` and `vmm report`.

mod browser;
mod report;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    report::tests()
}
