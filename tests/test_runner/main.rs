//! `vmm test` as a whole: the built binary runs suites made of the built-in program
//! `case-script`, whose cases do what its arguments say, and the reports are read as their
//! readers would.
//!
//! Tests that need a VM are reported as ignored, with the reason, where `/dev/kvm` cannot
//! be used.

#[path = "../common/substrate.rs"]
mod substrate;

mod choice;
mod ends;
mod kit;
mod reports;
mod usage;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// A test that needs a VM.
fn vm(name: &str, test: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match substrate::no_kvm() {
        None => test().map(|()| Completion::Completed),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = ends::tests();
    trials.extend(choice::tests());
    trials.extend(reports::tests());
    trials.extend(usage::tests());
    libtest_mimic::run(&arguments, trials).exit_code()
}
