//! Where control sockets stand, and which VM is meant.

use crate::inspect::InspectError;
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

/// What a control socket's name ends with.
const EXTENSION: &str = "sock";
/// The most bytes of a VM's name.
const MAX_NAME: usize = 40;
/// A socket that nobody listens at is forgotten by whom it belonged to if it is older.
const STALE: Duration = Duration::from_secs(10);

/// Whether this can be a VM's name: letters, digits, `.`, `_`, `-`, not a dot first, and
/// short, for the path of a socket has little room.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=MAX_NAME).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with(['.', '-'])
}

/// The folder of this user's control sockets: `vmoscope` in `XDG_RUNTIME_DIR`, or
/// `/tmp/vmoscope-UID`.
#[must_use]
pub fn runtime_folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => folder.join("vmoscope"),
        _ => PathBuf::from(format!("/tmp/vmoscope-{}", geteuid().as_raw())),
    }
}

/// Where the control socket of a VM of that name stands.
#[must_use]
pub fn socket_of(name: &str) -> PathBuf {
    runtime_folder().join(format!("{name}.{EXTENSION}"))
}

/// Makes the folder unless it is there, and checks that nobody else can do anything in it.
pub(super) fn make() -> io::Result<PathBuf> {
    let folder = runtime_folder();
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    check(&folder)?;
    Ok(folder)
}

fn check(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    let wrong = if !found.is_dir() {
        "is no folder"
    } else if found.uid() != geteuid().as_raw() {
        "belongs to another user"
    } else if found.mode() & 0o077 != 0 {
        "can be used by other users"
    } else {
        return Ok(());
    };
    Err(io::Error::other(format!("{} {wrong}", folder.display())))
}

/// The control socket of the VM that is meant: a path (with a slash), a name, or the only
/// one that runs.
///
/// # Errors
/// [`InspectError::NoVm`] if there is none, or more than one; it lists those that run.
/// [`InspectError::File`] if the folder of the sockets cannot be read.
pub fn find(wanted: Option<&Path>) -> Result<PathBuf, InspectError> {
    let Some(wanted) = wanted else {
        let mut running = running()?;
        let path = running.pop().ok_or_else(|| InspectError::NoVm(none()))?;
        if running.is_empty() {
            return Ok(path);
        }
        running.push(path);
        return Err(InspectError::NoVm(format!(
            "more than one VM runs, choose one: {}",
            options(&running)
        )));
    };
    if wanted.as_os_str().as_encoded_bytes().contains(&b'/') {
        return Ok(wanted.to_owned());
    }
    let named = wanted.to_str().filter(|name| is_name(name)).map(socket_of);
    match named {
        Some(path) if path.exists() => Ok(path),
        _ if wanted.exists() => Ok(wanted.to_owned()),
        _ => {
            let running = running()?;
            let others = match *running {
                [] => none(),
                _ => format!("those that run: {}", options(&running)),
            };
            let name = wanted.display();
            Err(InspectError::NoVm(format!("no VM `{name}` runs; {others}")))
        }
    }
}

fn none() -> String {
    format!(
        "no VM runs that can be attached to: `vmm run` serves one in {}, or at `--control PATH` \
         (then name it by `--vm PATH`)",
        runtime_folder().display()
    )
}

fn options(paths: &[PathBuf]) -> String {
    let mut names: Vec<_> = paths
        .iter()
        .filter_map(|path| path.file_stem())
        .map(|name| format!("--vm {}", name.to_string_lossy()))
        .collect();
    names.sort();
    names.join(", ")
}

/// The sockets of this user's VMs that somebody listens at. Others are removed if they are
/// old: their monitors were killed.
fn running() -> Result<Vec<PathBuf>, InspectError> {
    let folder = runtime_folder();
    let entries = match check(&folder).and_then(|()| fs::read_dir(&folder)) {
        Ok(entries) => entries,
        Err(error) => {
            return match error.kind() {
                // No VM has run yet.
                io::ErrorKind::NotFound => Ok(Vec::new()),
                // What `check` says names the folder.
                io::ErrorKind::Other => Err(InspectError::NoVm(format!("{}; {error}", none()))),
                _ => Err(InspectError::File {
                    path: folder,
                    source: error,
                }),
            };
        }
    };
    Ok(entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new(EXTENSION)))
        .filter(|path| {
            let Ok(found) = fs::symlink_metadata(path) else {
                return false;
            };
            if !found.file_type().is_socket() {
                return false;
            }
            let listens = super::socket::listens(path);
            let age = found
                .modified()
                .ok()
                .and_then(|made| SystemTime::now().duration_since(made).ok());
            if !listens && age.is_some_and(|age| age > STALE) {
                let _ = fs::remove_file(path);
            }
            listens
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_no_option() {
        for name in ["a", "1234", "my-vm_2.x"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for name in ["", ".", "..", ".a", "-a", "a/b", "a b", "é", "a\n", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        let path = Path::new("./some/where");
        assert_eq!(find(Some(path)).unwrap(), path);
    }
}
