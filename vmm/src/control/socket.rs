//! Control sockets as files: made, taken over, removed.

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, thread};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 16;
/// A socket that was bound a moment ago may not be listened at yet: how often, and how far
/// apart, it is tried.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(5);

/// A socket that is listened at.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file.
    identity: Option<(u64, u64)>,
}

impl Bound {
    /// Makes a socket that only this user can connect to, from its creation on. One that
    /// nobody listens at is replaced.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path.as_os_str().is_empty() {
            // It would be an abstract socket, which anybody can connect to.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no path"));
        }
        let mut bound = Self::bind(path);
        if let Err(Errno::ADDRINUSE) = bound {
            remove_stale(path)?;
            bound = Self::bind(path);
        }
        let listener = bound?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            identity: identity(path),
        })
    }

    fn bind(path: &Path) -> Result<UnixListener, Errno> {
        let address = SocketAddrUnix::new(path)?;
        let socket = socket(SocketFlags::CLOEXEC)?;
        // Linux makes the file with the mode of the socket (and the umask).
        rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        rustix::net::bind(&socket, &address)?;
        if let Err(error) = rustix::net::listen(&socket, BACKLOG) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(socket.into())
    }

    /// Removes the file, if it still is this socket, and ends all waiting for clients.
    pub(super) fn remove(&self) {
        if self.identity.is_some() && self.identity == identity(&self.path) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok()?;
    found
        .file_type()
        .is_socket()
        .then(|| (found.dev(), found.ino()))
}

fn socket(flags: SocketFlags) -> Result<OwnedFd, Errno> {
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// Removes a socket that nobody listens at.
fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |what: &str| Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    if identity(path).is_none() {
        return in_use("something that is no socket stands there");
    }
    if listens(path) {
        return in_use("a VM that runs is served there");
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether somebody listens at a socket.
pub(super) fn listens(path: &Path) -> bool {
    !matches!(
        connect(path),
        Err(Errno::CONNREFUSED | Errno::NOENT | Errno::NOTSOCK)
    )
}

/// Connects without waiting for the other side to accept.
pub(super) fn connect(path: &Path) -> Result<UnixStream, Errno> {
    let address = SocketAddrUnix::new(path)?;
    let mut tries = TRIES;
    loop {
        let socket = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        tries -= 1;
        match rustix::net::connect(&socket, &address) {
            // Bound and not listened at yet, or too many clients at once.
            Err(Errno::CONNREFUSED | Errno::AGAIN) if tries > 0 => thread::sleep(BETWEEN),
            result => {
                result?;
                rustix::io::ioctl_fionbio(&socket, false)?;
                return Ok(socket.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn scratch(name: &str) -> PathBuf {
        let name = format!("vmm-socket-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_file(&path);
        path
    }

    #[test]
    fn a_socket_is_its_users_alone_and_goes_with_its_owner() {
        let path = scratch("own");
        let bound = Bound::new(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(listens(&path));
        assert!(connect(&path).is_ok());
        bound.remove();
        assert!(!path.exists());
        assert!(!listens(&path));
    }

    #[test]
    fn a_socket_that_is_served_is_never_replaced_and_a_dead_one_is() {
        let path = scratch("stale");
        let first = Bound::new(&path).unwrap();
        let error = Bound::new(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{error}");
        // As if its owner had been killed: the file stays.
        drop(first.listener);
        let second = Bound::new(&path).unwrap();
        assert!(connect(&path).is_ok());
        second.remove();
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let path = scratch("file");
        fs::write(&path, "precious").unwrap();
        assert!(Bound::new(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_socket_that_took_our_place_is_left_alone() {
        let path = scratch("taken");
        let ours = Bound::new(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let theirs = Bound::new(&path).unwrap();
        ours.remove();
        assert!(connect(&path).is_ok());
        theirs.remove();
    }
}
