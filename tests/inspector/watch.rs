//! `vmm top` and `vmm report`.

mod browser;
mod report;
mod top;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = report::tests();
    tests.extend(top::tests());
    tests
}
