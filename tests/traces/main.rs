//! The same guests give the same answers on every KVM: every guest runs here and in a
//! Linux under QEMU, and the traces of its calls are compared.
//!
//! With `--record FILE` the program only writes the traces of the machine it is on; that
//! is how it runs under QEMU.

#[path = "../common/substrate.rs"]
mod substrate;

mod guests;
mod record;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let [option, file] = words.as_slice()
        && option == OsStr::new("--record")
    {
        return match std::fs::write(file, record::all()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("cannot write the traces: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let trial =
        Trial::ignorable_test(
            "traces::equal on /dev/kvm and QEMU-hosted",
            || match reason_to_ignore() {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => compare().map(|()| Completion::Completed),
            },
        );
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn reason_to_ignore() -> Option<String> {
    if let Some(reason) = substrate::no_kvm() {
        return Some(reason);
    }
    for program in ["qemu-system-x86_64", "cpio"] {
        if Command::new(program).arg("--version").output().is_err() {
            return Some(format!("{program} is not installed"));
        }
    }
    None
}

/// Runs every guest on both and compares guest by guest.
fn compare() -> Result<(), Failed> {
    let hosted = std::env::temp_dir().join(format!("vmoscope-traces-{}", std::process::id()));
    let mut recorded = qemu_hosted(&hosted);
    if let Err(Hosted::Stopped(said)) = &recorded {
        println!("the Linux under QEMU stopped, once more: {said}");
        recorded = qemu_hosted(&hosted);
    }
    let theirs = std::fs::read_to_string(&hosted);
    // Nothing is left behind, whatever came of it.
    let _ = std::fs::remove_file(&hosted);
    if let Err(Hosted::Stopped(said) | Hosted::Failed(said)) = recorded {
        return Err(said.into());
    }
    let ours = record::all();
    let theirs = theirs?;
    let (ours, theirs) = (record::split(&ours), record::split(&theirs));
    if ours.len() != guests::all().len() || theirs.len() != ours.len() {
        let count = format!("{} and {}", ours.len(), theirs.len());
        return Err(format!("{count} guests were recorded, not {}", guests::all().len()).into());
    }
    let mut differences = Vec::new();
    let mut lines = 0;
    for ((name, ours), (other, theirs)) in ours.iter().zip(&theirs) {
        lines += ours.len();
        if ours.is_empty() || name != other {
            differences.push(format!("{name}: nothing was recorded here"));
        }
        if let Some(difference) = record::difference(ours, theirs) {
            differences.push(format!("{name}: {difference}"));
        }
    }
    if differences.is_empty() {
        println!("{} guests, {lines} lines of trace, all equal", ours.len());
        return Ok(());
    }
    Err(differences.join("\n").into())
}

/// Why there is no recording from under QEMU.
enum Hosted {
    /// QEMU or its Linux stopped: nothing is said about guests.
    Stopped(String),
    /// The recording went wrong.
    Failed(String),
}

/// Records the traces in a Linux under QEMU into `file`.
fn qemu_hosted(file: &Path) -> Result<(), Hosted> {
    let failed = |error: std::io::Error| Hosted::Failed(error.to_string());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/qemu-hosted");
    let output = Command::new(script)
        .args([
            "--time-limit",
            "300",
            "--vmm",
            env!("CARGO_BIN_EXE_vmm"),
            "--exec",
        ])
        .arg(std::env::current_exe().map_err(failed)?)
        .arg("--out")
        .arg(file)
        .args(["--", "--record"])
        .arg(file)
        .output()
        .map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = format!("qemu-hosted ended with {}: {said}", output.status);
    Err(match output.status.code() {
        Some(124 | 125) => Hosted::Stopped(said),
        _ => Hosted::Failed(said),
    })
}
