//! Running `vmm`, alone and beside a guest.

use libtest_mimic::Failed;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// How long a test waits for something that must come: long, for machines are busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command under test.
pub(crate) fn vmm() -> Command {
    // QEMU-hosted, it is elsewhere.
    let path = std::env::var("VMOSCOPE_VMM");
    let mut command = Command::new(path.unwrap_or_else(|_| env!("CARGO_BIN_EXE_vmm").to_owned()));
    // Each test run sees its own VMs only.
    command.env("XDG_RUNTIME_DIR", runtime_folder());
    command
}

fn runtime_folder() -> PathBuf {
    // Socket paths have little room (108 bytes), so it is not in the target folder.
    let folder = std::env::temp_dir().join(format!("vmm-t-{}", std::process::id()));
    let _ = fs::create_dir_all(&folder);
    folder
}

/// Removes what the tests have written.
pub(crate) fn clean_up() {
    // What cannot be removed harms no one.
    let _ = fs::remove_dir_all(runtime_folder());
}

/// A path that no other test uses.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    runtime_folder().join(format!("{number}-{name}"))
}

/// Runs `vmm` with these arguments.
pub(crate) fn run(arguments: &[&str]) -> Result<Output, Failed> {
    Ok(vmm().args(arguments).output()?)
}

/// Runs it and takes its `--json` answer; the exit code must be `code`.
pub(crate) fn json(arguments: &[&str], code: i32) -> Result<serde_json::Value, Failed> {
    let output = run(arguments)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(code) {
        return Err(format!("{arguments:?}: {}, not {code}\n{stderr}", output.status).into());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let text = String::from_utf8_lossy(&output.stdout);
        format!("{arguments:?}: {error}\n{text}\n{stderr}").into()
    })
}

/// A guest that runs beside the test, and ends with it.
pub(crate) struct Guest {
    child: Child,
    socket: PathBuf,
}

impl Guest {
    /// `vmm run --control SOCKET` with these further arguments; waits until it can be
    /// attached to.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, Failed> {
        let socket = scratch("vm");
        let child = vmm()
            .arg("run")
            .arg("--control")
            .arg(&socket)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut guest = Self { child, socket };
        let until = Instant::now() + PATIENCE;
        // The file is there a moment before anybody listens.
        while UnixStream::connect(&guest.socket).is_err() {
            if let Some(status) = guest.child.try_wait()? {
                return Err(format!("the guest ended with {status}").into());
            }
            if Instant::now() > until {
                return Err("no control socket".into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(guest)
    }

    /// Its control socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its process, for what it prints.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.socket);
    }
}
