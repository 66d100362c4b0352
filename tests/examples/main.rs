//! The examples of `guest/examples`, built as their readers would build them, with every
//! compiler that is installed, and run by `vmm test` on `/dev/kvm` and QEMU-hosted.
//!
//! What a compiler or a machine is missing for is reported as ignored, with the reason.

#[path = "../common/hosted.rs"]
mod hosted;
#[path = "../common/substrate.rs"]
mod substrate;

mod build;
#[path = "../test_runner/kit.rs"]
#[allow(dead_code, reason = "the other tests of `vmm test` use the rest")]
mod kit;
mod reports;

use build::Toolchain;
use kit::{Output, output, vmm};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;

/// What a test comes to.
type Outcome = Result<(), Failed>;

/// What each case of the examples in C and C++ is to come to.
const C: &[&str] = &[
    "debugger++ passed",
    "hello passed",
    "hello++ passed",
    "pager passed",
    "shared-vmo passed",
    "suite::Vmo.ReadsBackWhatWasWritten passed",
    "suite::Vmo.RefusesToReadBehindItsEnd passed",
    "suite::Vmo.ThisOneFailsOnPurpose failed",
    "suite::Handle.IsGoneWhenItIsClosed passed",
    "suite++::MappedVmo.ShowsWhatACallWrites passed",
    "suite++::MappedVmo.IsSeenByACall passed",
    "suite++::MappedVmo.ThisOneFailsOnPurpose failed",
    "suite++::Snapshot.KeepsWhatItWasMadeOf passed",
];

/// The same in Rust.
const RUST: &[&str] = &[
    "hello passed",
    "pager passed",
    "suite::a_vmo_reads_back_what_was_written passed",
    "suite::a_snapshot_keeps_what_it_was_made_of passed",
    "suite::this_one_fails_on_purpose failed",
    "suite::a handle without the right to write is refused passed",
];

fn trial(
    name: String,
    missing: Option<String>,
    test: impl FnOnce() -> Outcome + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match missing {
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => test().map(|()| Completion::Completed),
    })
}

/// Runs a folder of programs; a person's view goes to standard error.
fn run(folder: &Path, options: &[&str]) -> Result<Output, Failed> {
    let mut command = vmm();
    command
        .args(["test", "--check", "--format", "json"])
        .args(options)
        .arg(folder);
    output(command)
}

/// Every case comes to what it should, and exactly the suites' bad cases fail.
fn as_told(toolchain: Toolchain, options: &[&str]) -> Outcome {
    let folder = toolchain.build()?;
    let mut wanted = match toolchain {
        Toolchain::Rust => RUST.to_vec(),
        _ => C.to_vec(),
    };
    let report = run(&folder, options)?;
    let mut found = report.outcomes()?;
    found.sort();
    wanted.sort_unstable();
    report.expect(
        found == wanted,
        &format!("the outcomes should be {wanted:#?}, not {found:#?}"),
    )?;
    report.expect_code(1)?;
    Ok(())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for toolchain in Toolchain::ALL {
        let name = toolchain.name();
        let kvm = toolchain.missing().or_else(substrate::no_kvm);
        trials.push(trial(
            format!("examples built with {name}"),
            kvm,
            move || as_told(toolchain, &["--backend", "kvm"]),
        ));
        let hosted = toolchain.missing().or_else(hosted::not_hosted);
        let name = format!("examples built with {name}, QEMU-hosted");
        trials.push(trial(name, hosted, move || {
            as_told(toolchain, &["--backend", "qemu"])
        }));
    }
    let missing = Toolchain::Gcc.missing().or_else(substrate::no_kvm);
    trials.extend(reports::tests(missing.as_deref()));
    libtest_mimic::run(&arguments, trials).exit_code()
}
