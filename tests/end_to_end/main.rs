//! End-to-end tests: the built `vmm` binary runs its built-in guests on whole VMs, and
//! what it prints and how it ends is compared with what it promises.
//!
//! Tests that need a VM are reported as ignored, with the reason, where `/dev/kvm` cannot
//! be used; the others run everywhere.

#[path = "../common/hosted.rs"]
mod common_hosted;
#[path = "../common/substrate.rs"]
mod substrate;

mod bad_input;
mod crashes;
mod demo;
mod doctor;
mod endings;
mod exits;
mod harness;
mod hosted;
mod json;
mod machine;
mod model;
mod programs;
mod suites;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// The tests, collected as each module names them.
struct Tests {
    trials: Vec<Trial>,
    /// Why no VM can be had, if so.
    no_kvm: Option<String>,
}

impl Tests {
    /// A test that runs everywhere.
    fn anywhere(&mut self, name: &str, test: impl FnOnce() -> Outcome + Send + 'static) {
        self.trials.push(Trial::test(name, test));
    }

    /// A test of what happens where no VM can be had.
    fn without_vm(&mut self, name: &str, test: impl FnOnce() -> Outcome + Send + 'static) {
        let kvm = self.no_kvm.is_none();
        self.trials
            .push(Trial::ignorable_test(name, move || match kvm {
                true => Ok(Completion::ignored_with("/dev/kvm can be used here")),
                false => test().map(|()| Completion::Completed),
            }));
    }

    /// A test of a run QEMU-hosted, with `/dev/kvm` hidden.
    fn hosted(&mut self, name: &str, test: impl FnOnce() -> Outcome + Send + 'static) {
        let test = move || match hosted::impossible() {
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => test().map(|()| Completion::Completed),
        };
        self.trials.push(Trial::ignorable_test(name, test));
    }

    /// A test that needs a VM.
    fn vm(&mut self, name: &str, test: impl FnOnce() -> Outcome + Send + 'static) {
        self.vm_unless(None, name, test);
    }

    /// A test that needs a VM, and that the machine can do what is meant.
    fn vm_unless(
        &mut self,
        missing: Option<String>,
        name: &str,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        let reason = self.no_kvm.clone().or(missing);
        self.trials
            .push(Trial::ignorable_test(name, move || match reason {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => test().map(|()| Completion::Completed),
            }));
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut tests = Tests {
        trials: Vec::new(),
        no_kvm: substrate::no_kvm(),
    };
    demo::tests(&mut tests);
    suites::tests(&mut tests);
    harness::tests(&mut tests);
    model::tests(&mut tests);
    programs::tests(&mut tests);
    crashes::tests(&mut tests);
    endings::tests(&mut tests);
    exits::tests(&mut tests);
    json::tests(&mut tests);
    bad_input::tests(&mut tests);
    doctor::tests(&mut tests);
    hosted::tests(&mut tests);
    libtest_mimic::run(&arguments, tests.trials).exit_code()
}
