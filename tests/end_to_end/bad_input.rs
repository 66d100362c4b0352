//! Input that `vmm run` refuses: one clear message with the way out, and a code that
//! says which kind of thing is wrong.

use super::machine::{Output, output, run, vmm, vmm_path};
use super::{Outcome, Tests};
use libtest_mimic::Failed;
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

pub(crate) fn tests(tests: &mut Tests) {
    tests.anywhere("bad_input::unknown_options_are_64", usage);
    tests.anywhere("bad_input::a_missing_file_is_66", missing_file);
    tests.anywhere("bad_input::what_is_no_program_is_65", no_program);
    tests.anywhere(
        "bad_input::a_program_for_another_machine_is_65",
        other_machine,
    );
    tests.anywhere("bad_input::a_broken_command_line_is_65", command_line);
    tests.vm("bad_input::too_little_ram_is_named", little_ram);
    tests.without_vm("bad_input::without_kvm_the_code_is_69_or_77", without_kvm);
    tests.vm("bad_input::nothing_is_left_behind_after_a_signal", signal);
}

/// The message is short, on standard error, and a person's: no panic, no backtrace.
fn refused(output: &Output, code: i32, words: &[&str]) -> Outcome {
    output.expect_code(code)?;
    output.expect(
        output.stdout.is_empty(),
        "nothing should be on standard output",
    )?;
    for word in words {
        output.expect_stderr(word)?;
    }
    let mut said = HashSet::new();
    let parts = output
        .stderr
        .trim()
        .split(": ")
        .filter(|part| part.len() > 12);
    let twice = parts.into_iter().find(|part| !said.insert(*part));
    output.expect(twice.is_none(), &format!("{twice:?} is said twice"))?;
    let clean = !output.stderr.contains("panicked") && !output.stderr.contains("RUST_BACKTRACE");
    output.expect(clean, "there should be no panic")?;
    output.expect(
        output.stderr.lines().count() <= 12,
        "the message should be short",
    )?;
    Ok(())
}

fn plain(args: &[&str]) -> Result<Output, Failed> {
    let mut command = vmm();
    command.args(args);
    output(command, Duration::from_secs(60))
}

fn usage() -> Outcome {
    refused(
        &plain(&["run", "--no-such-option"])?,
        64,
        &["--no-such-option", "--help"],
    )?;
    refused(&plain(&["no-such-command"])?, 64, &["no-such-command"])?;
    for size in ["", "lots", "12X", "-1", "99999999999G"] {
        let arg = format!("--mem={size}");
        refused(&plain(&["run", &arg, "hello"])?, 64, &["--mem"])?;
    }
    for time in ["", "soon", "-1", "NaN"] {
        let arg = format!("--timeout={time}");
        refused(&plain(&["run", &arg, "hello"])?, 64, &["--timeout"])?;
    }
    for variable in ["", "A", "=1"] {
        let arg = format!("--env={variable}");
        refused(
            &plain(&["run", &arg, "hello"])?,
            64,
            &["--env", "NAME=value"],
        )?;
    }
    Ok(())
}

fn missing_file() -> Outcome {
    let path = "./no-such-program.elf";
    refused(&run(&[path]).output()?, 66, &[path])?;
    let path = "no-such-kernel.elf";
    refused(
        &run(&["hello"]).options(&["--kernel", path]).output()?,
        66,
        &[path],
    )?;
    // A folder is no file.
    refused(&run(&["/"]).output()?, 66, &["/"])
}

/// A file of the test's own, removed when dropped.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, bytes: &[u8]) -> Result<Self, Failed> {
        let name = format!("vmoscope-test-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes)?;
        Ok(Self(path))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        // A file that stays behind in the folder for temporary files does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

fn no_program() -> Outcome {
    for (name, bytes) in [
        ("empty", b"".as_slice()),
        ("text", b"#!/bin/sh\necho hello\n".as_slice()),
        ("magic-only", b"\x7fELF".as_slice()),
        ("zeros", &[0; 4096]),
    ] {
        let file = TestFile::new(name, bytes)?;
        refused(&run(&[&file.path()]).output()?, 65, &["ELF", name])?;
        let kernel = run(&["hello"])
            .options(&["--kernel", &file.path()])
            .output()?;
        refused(&kernel, 65, &["kernel"])?;
    }
    Ok(())
}

/// `vmm` itself is an ELF file, but one for Linux; with its machine field changed, it is
/// one for another processor.
fn other_machine() -> Outcome {
    refused(&run(&[&vmm_path()]).output()?, 65, &["vmm"])?;
    let mut bytes = fs::read(vmm_path())?;
    // e_machine (ELF-64 header, offset 18): 183 is AArch64.
    if let Some(field) = bytes.get_mut(18..20) {
        field.copy_from_slice(&183_u16.to_le_bytes());
    }
    let file = TestFile::new("aarch64", &bytes)?;
    refused(&run(&[&file.path()]).output()?, 65, &["x86-64"])
}

fn command_line() -> Outcome {
    let long = "x".repeat(5000);
    for (line, word) in [
        ("kernel.enable-debugging-syscalls=perhaps", "perhaps"),
        ("vmoscope.errors=strict", "strict"),
        ("vmoscope.seed=many", "many"),
        ("=1", "=1"),
        ("tab\there", "printable"),
        (long.as_str(), "5000"),
    ] {
        let output = run(&["hello"]).options(&["--cmdline", line]).output()?;
        refused(&output, 65, &[word])?;
    }
    Ok(())
}

fn little_ram() -> Outcome {
    for size in ["4K", "1M"] {
        let output = run(&["hello"]).options(&["--mem", size]).output()?;
        let code = output.code;
        let known = matches!(code, Some(64 | 65));
        output.expect(known, &format!("{size}: the exit code is {code:?}"))?;
        output.expect_stderr("--mem")?;
    }
    Ok(())
}

/// Where there is no KVM, `vmm run` says so and names the way out.
fn without_kvm() -> Outcome {
    let output = run(&["hello"]).options(&["--backend", "kvm"]).output()?;
    let known = matches!(output.code, Some(69 | 77));
    output.expect(known, "the code should be 69 or 77")?;
    output.expect_stderr("/dev/kvm")?;
    Ok(())
}

/// Ctrl-C ends a run with 130 and at once.
fn signal() -> Outcome {
    for signal in ["INT", "TERM"] {
        let mut command = Command::new("sh");
        let script = r#""$0" run spin & sleep 1; kill -$1 $!; wait $!"#;
        command.args(["-c", script, &vmm_path(), signal]);
        let output = output(command, Duration::from_secs(30))?;
        output.expect_code(130)?;
    }
    Ok(())
}
