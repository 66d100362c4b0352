//! The inspector as a whole: the built `vmm` looks at guests that run, and at what was saved
//! of them, and what it says is compared with what the guest itself says.
//!
//! Tests that need a VM are reported as ignored, with the reason, where `/dev/kvm` cannot
//! be used.

#![allow(
    clippy::indexing_slicing,
    reason = "what is not where it should be is a failure"
)]

#[path = "../common/substrate.rs"]
mod substrate;
#[path = "../common/trial.rs"]
mod trial;

mod attach;
mod explain;
mod find;
mod kit;
mod look;
mod robust;
mod save;
mod watch;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use trial::vm;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// A test that needs none.
fn anywhere(name: &str, test: fn() -> Outcome) -> Trial {
    Trial::test(name, test)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = attach::tests();
    trials.extend(look::tests());
    trials.extend(explain::tests());
    trials.extend(find::tests());
    trials.extend(save::tests());
    trials.extend(watch::tests());
    trials.extend(robust::tests());
    let conclusion = libtest_mimic::run(&arguments, trials);
    kit::clean_up();
    conclusion.exit_code()
}
