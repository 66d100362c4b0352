//! The cases of `test-races`: threads and processes against one another, for a few rounds
//! of different seeds. Whatever the order, only certain outcomes are allowed, and after
//! every round the host must find the kernel's structures sound.

mod handles;
mod memory;
mod pagers;
mod processes;
mod ring;

use crate::modes::Modes;
use crate::suite::{Outcome, Suite};
use libzx::startup;

/// A race by name; it is told its seed.
type Race = (&'static str, fn(u64) -> Outcome);

const RACES: &[Race] = &[
    (
        "reads, writes, sizes and zeroing of one VMO [4.3/7]",
        memory::reads_writes_and_sizes,
    ),
    (
        "snapshots of a VMO that is written",
        memory::snapshots_and_writes,
    ),
    (
        "handles that come and go",
        handles::handles_that_come_and_go,
    ),
    (
        "pages that are supplied and failed [4.5/13]",
        pagers::supply_and_fail,
    ),
    (
        "a pager VMO that shrinks and grows [17.9/2]",
        pagers::shrink_and_grow,
    ),
    ("a pager that goes [17.6/3 17.7/1]", pagers::the_pager_goes),
    (
        "children that wait for pages and are killed [4.5/18]",
        processes::children_that_wait_for_pages,
    ),
    (
        "processes that never start [16/21]",
        processes::processes_that_never_start,
    ),
];

/// Races that write into processes, so that the gate must be open.
const WRITES: &[Race] = &[
    (
        "mappings that come and go under buffers and debuggers [3/13]",
        memory::mappings_that_come_and_go,
    ),
    (
        "children that are looked into and killed [22/10]",
        processes::children_that_are_killed,
    ),
];

/// Runs each for `--rounds N` rounds, with seeds from `--seed N` on.
pub fn run(suite: &mut Suite, modes: Modes) {
    let number = |name: &str, otherwise: u64| {
        let value = startup().value(name).and_then(|text| text.parse().ok());
        value.unwrap_or(otherwise)
    };
    let (first, rounds) = (number("--seed", 1), number("--rounds", 4));
    let only = startup().value("--only").unwrap_or("");
    let writes = if modes.gate { WRITES } else { &[] };
    for &(name, race) in RACES.iter().chain(writes) {
        if name.contains(only) {
            suite.case(name, || (first..first + rounds).try_for_each(race));
        }
    }
}
