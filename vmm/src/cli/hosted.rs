//! The way into QEMU: this process becomes `scripts/qemu-hosted`, which carries this very
//! binary into a Linux and runs it there with the same arguments.
//!
//! Becoming it, in place of starting it, hands through everything by itself: streams, exit
//! code, signals; and nothing is left that could outlive anything.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The script; one binary is the whole product.
const SCRIPT: &str = include_str!("../../../scripts/qemu-hosted");
/// What a start may take beyond the run's own time limit, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// The script cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum HostedError {
    /// This binary is needed as a file.
    #[error("vmm cannot find its own file to run it QEMU-hosted: {0}")]
    OwnFile(std::io::Error),
    /// bash.
    #[error("cannot start bash, which QEMU-hosted needs (sudo apt-get install bash): {0}")]
    Bash(std::io::Error),
    /// A socket is not carried out of the Linux under QEMU.
    #[error(
        "--control and --name do not work QEMU-hosted: no socket leads out of the Linux that \
         runs there; leave them out, or use a host with /dev/kvm"
    )]
    Control,
}

/// What a run QEMU-hosted has beyond its arguments.
#[derive(Debug, Default)]
pub struct Cargo {
    /// The run's own time limit.
    pub timeout: Option<Duration>,
    /// Files that it reads and that its arguments do not name: carried in, to the same
    /// paths.
    pub inward: Vec<PathBuf>,
    /// A file that it writes: carried out.
    pub outward: Option<PathBuf>,
    /// Bytes of RAM that its guests take, if its arguments do not say so.
    pub ram: Option<u64>,
}

/// Replaces this process by the script, which runs `vmm` with `arguments`. Returns only if
/// that fails.
///
/// # Errors
/// [`HostedError`] says what is missing.
pub fn replace(arguments: impl Iterator<Item = OsString>, cargo: &Cargo) -> HostedError {
    match std::env::current_exe() {
        Ok(binary) => HostedError::Bash(command(binary.as_os_str(), arguments, cargo).exec()),
        Err(error) => HostedError::OwnFile(error),
    }
}

fn command(binary: &OsStr, arguments: impl Iterator<Item = OsString>, cargo: &Cargo) -> Command {
    let mut command = Command::new("bash");
    // The word after the script is its `$0`.
    command
        .args(["-c", SCRIPT, "qemu-hosted", "--vmm"])
        .arg(binary);
    if let Some(limit) = cargo.timeout {
        // vmm in there keeps the limit; this one is for a Linux that does not come up.
        let limit = limit.saturating_add(START).as_secs();
        command.arg("--time-limit").arg(limit.to_string());
    }
    for file in &cargo.inward {
        command.arg("--in").arg(file);
    }
    if let Some(file) = &cargo.outward {
        command.arg("--out").arg(file);
    }
    if let Some(bytes) = cargo.ram {
        command.arg("--ram").arg(bytes.to_string());
    }
    command.arg("--").args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_reach_the_script_as_they_are() {
        let arguments = ["run", "--timeout", "1.5", "a b", "--", "--vmm"];
        let command = command(
            OsStr::new("/bin/vmm"),
            arguments.iter().map(OsString::from),
            &Cargo {
                timeout: Some(Duration::from_millis(1500)),
                ..Cargo::default()
            },
        );
        let words: Vec<_> = command.get_args().skip(2).collect();
        let wanted = "qemu-hosted --vmm /bin/vmm --time-limit 121 -- run --timeout 1.5";
        assert_eq!(words[..words.len() - 3].join(OsStr::new(" ")), wanted);
        assert_eq!(words[words.len() - 3..], ["a b", "--", "--vmm"]);
    }

    #[test]
    fn the_script_fits_into_one_argument() {
        // Linux takes 32 pages (MAX_ARG_STRLEN).
        assert!(SCRIPT.starts_with("#!/usr/bin/env bash") && SCRIPT.len() < 100_000);
    }
}
