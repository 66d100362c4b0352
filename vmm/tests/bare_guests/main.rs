//! The run loop against guests that are nothing but a few instructions: what no kernel of
//! ours does must stop the machine with a report, and never harm the host.
//!
//! Where `/dev/kvm` cannot be used, the tests are reported as ignored, with the reason.

#[path = "../../../tests/common/substrate.rs"]
mod substrate;

mod guest;
mod instructions;
mod pausing;
mod requests;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// A test that needs a VM.
fn vm(name: &'static str, test: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match substrate::no_kvm() {
        None => test().map(|()| Completion::Completed),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// Fails with what was found unless `holds`.
fn check(holds: bool, found: &dyn std::fmt::Debug) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(format!("found {found:#?}").into())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = instructions::tests();
    trials.extend(requests::tests());
    trials.extend(pausing::tests());
    libtest_mimic::run(&arguments, trials).exit_code()
}
