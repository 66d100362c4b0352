//! `vmm test` as a whole: the built binary runs suites made of the built-in program
//! `case-script`, whose cases do what its arguments say, and the reports are read as their
//! readers would.
//!
//! Tests that need a VM are reported as ignored, with the reason, where `/dev/kvm` cannot
//! be used.

#[path = "../common/substrate.rs"]
mod substrate;
#[path = "../common/trial.rs"]
mod trial;

mod choice;
mod ends;
mod kit;
mod reports;
mod usage;

use libtest_mimic::{Arguments, Failed};
use std::process::ExitCode;
use trial::vm;

/// What a test comes to.
type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = ends::tests();
    trials.extend(choice::tests());
    trials.extend(reports::tests());
    trials.extend(usage::tests());
    libtest_mimic::run(&arguments, trials).exit_code()
}
