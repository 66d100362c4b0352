//! The run loop against guests that are nothing but a few instructions: what no kernel of
//! ours does must stop the machine with a report, and never harm the host.
//!
//! Where `/dev/kvm` cannot be used, the tests are reported as ignored, with the reason.

#[path = "../../../tests/common/substrate.rs"]
mod substrate;
#[path = "../../../tests/common/trial.rs"]
mod trial;

mod guest;
mod instructions;
mod pausing;
mod requests;

use libtest_mimic::{Arguments, Failed};
use std::process::ExitCode;
use trial::vm;

/// What a test comes to.
type Outcome = Result<(), Failed>;

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
