//! The cases of `test-pager`: this thread is the pager, a second one makes the accesses.

mod buffers;
mod clones;
mod create;
mod detach;
mod dirty;
mod fail;
mod faults;
mod kit;
mod ops;
mod process;
mod requests;
mod resize;
mod supply;

use crate::modes::Modes;
use crate::suite::{Outcome, Suite};
use libzx::startup;

/// Cases by name.
type Cases = &'static [(&'static str, fn() -> Outcome)];

/// Runs them all, or those whose name contains what `--only` says.
pub fn run(suite: &mut Suite, modes: Modes) {
    let only = startup().value("--only").unwrap_or("");
    let tables = [
        create::CASES,
        requests::CASES,
        supply::CASES,
        fail::CASES,
        dirty::CASES,
        detach::CASES,
        clones::CASES,
        resize::CASES,
        buffers::CASES,
        process::CASES,
        if modes.gate { process::WRITES } else { &[] },
        faults::CASES,
        ops::CASES,
    ];
    for &(name, case) in tables.into_iter().flatten() {
        if name.contains(only) {
            suite.case(name, case);
        }
    }
    let name = "buffers: the page comes before the buffer [23/41 22/3 22/3z]";
    if name.contains(only) {
        suite.case(name, || buffers::the_page_comes_before_the_buffer(modes));
    }
}
