//! The way into QEMU: this process becomes `scripts/qemu-hosted`, which carries this very
//! binary into a Linux and runs it there with the same arguments.
//!
//! Becoming it, in place of starting it, hands through everything by itself: streams, exit
//! code, signals; and nothing is left that could outlive anything.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
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
}

/// Replaces this process by the script, which runs `vmm` with `arguments`. Returns only if
/// that fails.
///
/// # Errors
/// [`HostedError`] says what is missing.
pub fn replace(
    arguments: impl Iterator<Item = OsString>,
    timeout: Option<Duration>,
) -> HostedError {
    match std::env::current_exe() {
        Ok(binary) => HostedError::Bash(command(binary.as_os_str(), arguments, timeout).exec()),
        Err(error) => HostedError::OwnFile(error),
    }
}

fn command(
    binary: &OsStr,
    arguments: impl Iterator<Item = OsString>,
    timeout: Option<Duration>,
) -> Command {
    let mut command = Command::new("bash");
    // The word after the script is its `$0`.
    command
        .args(["-c", SCRIPT, "qemu-hosted", "--vmm"])
        .arg(binary);
    if let Some(limit) = timeout {
        // vmm in there keeps the limit; this one is for a Linux that does not come up.
        let limit = limit.saturating_add(START).as_secs();
        command.arg("--time-limit").arg(limit.to_string());
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
            Some(Duration::from_millis(1500)),
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
