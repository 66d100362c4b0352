//! Control sockets: where they stand, who may use them, which one is meant.

use super::raw::Counter;
use crate::kit::{Guest, PATIENCE, json, run, scratch, vmm};
use crate::{Outcome, anywhere, vm};
use libtest_mimic::{Completion, Failed, Trial};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

/// A `vmm run` with a runtime folder of its own.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder() -> Result<PathBuf, Failed> {
    let folder = scratch("run");
    fs::create_dir(&folder)?;
    Ok(folder)
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = vmm();
    command.env("XDG_RUNTIME_DIR", folder).args(arguments);
    command
}

fn start(folder: &Path, arguments: &[&str]) -> Result<Run, Failed> {
    let child = command(folder, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Run(child))
}

fn said(folder: &Path, arguments: &[&str], code: i32) -> Result<String, Failed> {
    let output = command(folder, arguments).output()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() != Some(code) {
        return Err(format!("{arguments:?}: {}, not {code}: {text}", output.status).into());
    }
    Ok(text)
}

fn wait_for(path: &Path) -> Outcome {
    let until = Instant::now() + PATIENCE;
    while !path.exists() {
        if Instant::now() > until {
            return Err(format!("no {}", path.display()).into());
        }
        std::thread::yield_now();
    }
    Ok(())
}

fn mode(path: &Path) -> Result<u32, Failed> {
    Ok(fs::symlink_metadata(path)?.permissions().mode() & 0o777)
}

fn names_lead_to_vms() -> Outcome {
    let folder = folder()?;
    let none = said(&folder, &["ps"], 66)?;
    if !none.contains("vmm run") {
        return Err(none.into());
    }
    let one = start(&folder, &["run", "spin"])?;
    let sockets = folder.join("vmoscope");
    let path = sockets.join(format!("{}.sock", one.0.id()));
    wait_for(&path)?;
    if (mode(&path)?, mode(&sockets)?) != (0o600, 0o700) {
        return Err(format!("modes {:o}, {:o}", mode(&path)?, mode(&sockets)?).into());
    }
    // The only one need not be named.
    said(&folder, &["ps"], 0)?;
    said(&folder, &["ps", "--vm", &one.0.id().to_string()], 0)?;

    let named = start(&folder, &["run", "--name", "my-vm", "spin"])?;
    wait_for(&sockets.join("my-vm.sock"))?;
    said(&folder, &["ps", "--vm", "my-vm"], 0)?;
    let both = said(&folder, &["ps"], 66)?;
    if !both.contains("--vm my-vm") || !both.contains(&one.0.id().to_string()) {
        return Err(format!("which ones? {both}").into());
    }
    let other = said(&folder, &["ps", "--vm", "my-vn"], 66)?;
    if !other.contains("my-vm") {
        return Err(format!("the names are not listed: {other}").into());
    }
    let taken = said(&folder, &["run", "--name", "my-vm", "hello"], 71)?;
    if !taken.contains("my-vm") || !taken.contains("a VM that runs") {
        return Err(taken.into());
    }
    said(&folder, &["ps", "--vm", "my-vm"], 0)?;

    // A monitor that is killed leaves its socket behind; the next of that name takes it.
    drop(named);
    let again = start(&folder, &["run", "--name", "my-vm", "spin"])?;
    let until = Instant::now() + PATIENCE;
    while said(&folder, &["ps", "--vm", "my-vm"], 0).is_err() {
        if Instant::now() > until {
            return Err("a dead VM's name cannot be used again".into());
        }
    }
    drop(again);
    Ok(())
}

fn a_socket_goes_with_its_vm() -> Outcome {
    let folder = folder()?;
    let socket = folder.join("s");
    let path = socket.to_str().ok_or("no text")?;
    said(&folder, &["run", "--control", path, "hello"], 0)?;
    if socket.exists() {
        return Err("the socket is still there".into());
    }
    said(&folder, &["run", "--control", "none", "hello"], 0)?;
    if folder.join("vmoscope").exists() {
        return Err("--control none makes a folder".into());
    }
    said(&folder, &["run", "hello"], 0)?;
    let left = fs::read_dir(folder.join("vmoscope"))?.count();
    if left != 0 {
        return Err(format!("{left} sockets are left").into());
    }
    Ok(())
}

fn a_socket_that_cannot_be_made_is_told_if_it_was_asked_for() -> Outcome {
    let folder = folder()?;
    let missing = folder.join("missing/s");
    let path = missing.to_str().ok_or("no text")?;
    let told = said(&folder, &["run", "--control", path, "hello"], 71)?;
    if !told.contains(path) || !told.contains("--control") {
        return Err(told.into());
    }
    let file = folder.join("file");
    fs::write(&file, "precious")?;
    let path = file.to_str().ok_or("no text")?;
    said(&folder, &["run", "--control", path, "hello"], 71)?;
    if fs::read_to_string(&file)? != "precious" {
        return Err("a file was taken for a dead socket".into());
    }
    let long = folder.join("x".repeat(120));
    let path = long.to_str().ok_or("no text")?;
    said(&folder, &["run", "--control", path, "hello"], 71)?;
    for name in ["", "a/b", ".hidden", "-x"] {
        let argument = format!("--name={name}");
        said(&folder, &["run", &argument, "hello"], 64)?;
    }
    // Where nobody asked for it, it is no reason not to run: here others could use it.
    let open = folder.join("vmoscope");
    fs::create_dir(&open)?;
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755))?;
    said(&folder, &["run", "hello"], 0)?;
    // And nobody is led to a socket there.
    said(&folder, &["ps"], 66)?;
    fs::remove_dir(&open)?;
    std::os::unix::fs::symlink("/tmp", &open)?;
    said(&folder, &["run", "hello"], 0)?;
    Ok(())
}

fn a_run_that_nobody_can_attach_to_says_so() -> Outcome {
    let missing = scratch("missing");
    let mut child = command(&missing, &["run", "spin"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stderr = child.stderr.take().ok_or("no standard error")?;
    let run = Run(child);
    BufReader::new(stderr).read_line(&mut line)?;
    drop(run);
    if !line.contains("no inspector") || !line.contains(missing.to_str().ok_or("no text")?) {
        return Err(line.into());
    }
    // Who wants none is told nothing.
    let output = command(&missing, &["run", "--control", "none", "hello"]).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !stderr.is_empty() {
        return Err(format!("{}: {stderr}", output.status).into());
    }
    Ok(())
}

/// Runs only as root, who alone can become another user.
fn a_folder_that_cannot_be_read_is_told() -> Result<Completion, Failed> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Completion::ignored_with(
            "only root can try what another user may do",
        ));
    }
    let folder = folder()?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let binary = scratch("vmm");
    fs::copy(env!("CARGO_BIN_EXE_vmm"), &binary)?;
    for arguments in [&["ps"][..], &["ps", "--vm", "name"]] {
        let output = Command::new(&binary)
            .env("XDG_RUNTIME_DIR", &folder)
            .args(arguments)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let named = stderr.contains(folder.to_str().ok_or("no text")?);
        if output.status.code() != Some(77) || !named {
            return Err(format!("{arguments:?}: {}: {stderr}", output.status).into());
        }
    }
    let _ = fs::remove_file(&binary);
    Ok(Completion::Completed)
}

fn there_is_no_way_out_of_qemu() -> Outcome {
    for option in ["--control=/tmp/x", "--name=x"] {
        let output = run(&["run", "--backend", "qemu", option, "hello"])?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(125) || !stderr.contains("QEMU-hosted") {
            return Err(format!("{}: {stderr}", output.status).into());
        }
    }
    Ok(())
}

fn nobody_listens() -> Outcome {
    let socket = scratch("nobody");
    let path = socket.to_str().ok_or("no text")?;
    let output = run(&["ps", "--vm", path])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(66) || !stderr.contains(path) {
        return Err(format!("{}: {stderr}", output.status).into());
    }
    // A socket that nobody answers at, as of a stopped process.
    let listener = std::os::unix::net::UnixListener::bind(&socket)?;
    let output = run(&["ps", "--vm", path])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    drop(listener);
    if output.status.success() || !stderr.contains("does not answer") {
        return Err(format!("{}: {stderr}", output.status).into());
    }
    Ok(())
}

/// Runs only as root, who alone can become another user.
fn other_users_are_refused() -> Result<Completion, Failed> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Completion::ignored_with(
            "only root can try what another user may do",
        ));
    }
    let guest = Guest::start(&["counter"])?;
    let counter = Counter::attach(guest.socket())?;
    let path = guest.socket().to_str().ok_or("no text")?;
    // A copy, for the one in the target folder may be out of the other user's reach.
    let binary = scratch("vmm");
    fs::copy(env!("CARGO_BIN_EXE_vmm"), &binary)?;
    let look = || {
        Command::new(&binary)
            .args(["ps", "--vm", path])
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
    };
    let output = look()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(77) {
        return Err(format!("the socket's mode: {}: {stderr}", output.status).into());
    }
    // Where the mode does not keep them out, the VM does.
    fs::set_permissions(guest.socket(), fs::Permissions::from_mode(0o666))?;
    let output = look()?;
    let _ = fs::remove_file(&binary);
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !stderr.contains("another user") {
        return Err(format!("the peer's user: {}: {stderr}", output.status).into());
    }
    counter.moves()?;
    json(&["ps", "--vm", path, "--json"], 0)?;
    Ok(Completion::Completed)
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        vm("attach::names_lead_to_vms", names_lead_to_vms),
        vm(
            "attach::a_socket_goes_with_its_vm",
            a_socket_goes_with_its_vm,
        ),
        vm(
            "attach::a_socket_that_cannot_be_made_is_told_if_it_was_asked_for",
            a_socket_that_cannot_be_made_is_told_if_it_was_asked_for,
        ),
        vm(
            "attach::a_run_that_nobody_can_attach_to_says_so",
            a_run_that_nobody_can_attach_to_says_so,
        ),
        Trial::ignorable_test(
            "attach::a_folder_that_cannot_be_read_is_told",
            a_folder_that_cannot_be_read_is_told,
        ),
        anywhere(
            "attach::there_is_no_way_out_of_qemu",
            there_is_no_way_out_of_qemu,
        ),
        anywhere(
            "attach::a_socket_that_nobody_serves_is_told",
            nobody_listens,
        ),
        Trial::ignorable_test(
            "attach::other_users_are_refused",
            || match crate::substrate::no_kvm() {
                None => other_users_are_refused(),
                Some(reason) => Ok(Completion::ignored_with(reason)),
            },
        ),
    ]
}
