//! Running `vmm` with a bound on its time and memory.

use crate::kit::{PATIENCE, scratch, vmm};
use libtest_mimic::Failed;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// KiB of address space that a command may have: debug builds, regular expressions and their
/// threads included.
const MOST_KIB: u32 = 2 << 20;

/// What a command came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl Ran {
    /// Expects that exit code and those words on standard error.
    pub(super) fn expect(&self, code: i32, words: &str) -> Result<(), Failed> {
        if self.code == code && self.stderr.contains(words) {
            return Ok(());
        }
        Err(format!("{self:?}, not {code} with `{words}`").into())
    }
}

/// Runs `vmm` with these arguments. It must come to an end of its own in time, without a
/// panic, and nothing that it prints may steer a terminal.
pub(super) fn bounded<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Ran, Failed> {
    let (out, err) = (scratch("out"), scratch("err"));
    let vmm = vmm();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -v {MOST_KIB}; exec \"$@\""), "sh"])
        .arg(vmm.get_program())
        .args(arguments)
        .envs(
            vmm.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?);
    let mut child = command.spawn()?;
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Err(format!("{:?} does not end", command.get_args()).into());
        }
        thread::sleep(Duration::from_millis(2));
    };
    let stdout = fs::read(&out)?;
    let stderr = String::from_utf8_lossy(&fs::read(&err)?).into_owned();
    fs::remove_file(&out)?;
    fs::remove_file(&err)?;
    let what = format!("{:?}: {status}: {stderr}", command.get_args());
    let Some(code) = status.code() else {
        return Err(what.into());
    };
    if stderr.contains("panicked") || stderr.contains("overflowed its stack") {
        return Err(what.into());
    }
    let steers = |byte: &u8| *byte < 0x20 && !b"\n\t".contains(byte);
    let raw = arguments.iter().any(|it| it.as_ref() == "--raw");
    if stderr.bytes().any(|byte| steers(&byte)) || !raw && stdout.iter().any(steers) {
        return Err(format!("control characters are printed: {what}").into());
    }
    if code != 0 && stderr.is_empty() {
        return Err(format!("no word of what is wrong: {what}").into());
    }
    Ok(Ran {
        code,
        stdout,
        stderr,
    })
}

/// Every way to look at an image, with the exit codes of whoever was asked for what cannot be
/// found added to those of broken images.
pub(super) fn every_look(image: &Path) -> Result<(), Failed> {
    let image = image.to_str().ok_or("a path that is no text")?;
    for command in [
        &["ps", "-t"][..],
        &["ps", "--json"],
        &["maps", "first"],
        &["vmos"],
        &["vmos", "first"],
        &["handles", "first"],
        &["threads", "first"],
        &["frames"],
        &["lineage", "data"],
        &["translate", "first", "0x2000000"],
        &["explain", "first", "0x2000000"],
        &["read", "first", "0x2000000", "64"],
        &["read", "vmo:data", "0", "64"],
        &["read", "phys", "0x1000", "64"],
        &["search", "needle"],
        &["dump", "-o", "/dev/null"],
        &["core", "first", "-o", "/dev/null"],
        &["report", "-o", "/dev/null"],
        &["top", "--json"],
    ] {
        let ran = bounded(&[command, &["--image", image]].concat())?;
        // Fine, broken in part, nothing found, no image, no such process or not readable.
        if ![0, 1, 3, 65, 66].contains(&ran.code) {
            return Err(format!("{command:?}: {ran:?}").into());
        }
    }
    bounded(&["diff", image, image])?;
    Ok(())
}
