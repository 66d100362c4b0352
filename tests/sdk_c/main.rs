//! The C and C++ SDK: programs built by `scripts/zxcc` and `scripts/zxc++` with each compiler
//! that is there, and run by the built `vmm`.
//!
//! A compiler that is missing, or a `/dev/kvm` that cannot be used, makes tests ignored, with
//! the reason.

#[path = "../common/substrate.rs"]
mod substrate;

mod calls;
mod calls_alone;
mod endings;
mod programs;
mod records;
mod sdk;
mod shapes;
mod wrapper;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sdk::Compiler;
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

    /// A test that builds with a compiler and runs nothing.
    fn build(
        &mut self,
        compiler: Compiler,
        name: &str,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        self.with(compiler, name, None, test);
    }

    /// A test that builds with a compiler and runs the program in a VM.
    fn vm(
        &mut self,
        compiler: Compiler,
        name: &str,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        self.with(compiler, name, self.no_kvm.clone(), test);
    }

    fn with(
        &mut self,
        compiler: Compiler,
        name: &str,
        reason: Option<String>,
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        let reason = compiler.missing().or(reason);
        let name = format!("{}: {name}", compiler.name());
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
    calls::tests(&mut tests);
    for compiler in Compiler::ALL {
        calls_alone::tests(&mut tests, compiler);
        programs::tests(&mut tests, compiler);
        endings::tests(&mut tests, compiler);
        shapes::tests(&mut tests, compiler);
        records::tests(&mut tests, compiler);
        wrapper::tests(&mut tests, compiler);
    }
    libtest_mimic::run(&arguments, tests.trials).exit_code()
}
