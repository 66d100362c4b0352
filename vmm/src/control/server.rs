//! The control socket's server: accepts clients, each of which is a session of its own.

use super::protocol::{Attached, PROTOCOL, Piece, Refusal, Status};
use super::session::Session;
use super::socket::Bound;
use super::traces::{TraceServer, Traces};
use super::{folder, is_name, socket_of};
use crate::machine::{Held, Machine, Remote};
use crate::memory::GuestRam;
use rustix::fs::SealFlags;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

/// Clients at a time.
const MAX_CLIENTS: usize = 16;
/// How long to wait if the host cannot accept a client at the moment.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long the last events may take to be sent when the machine has ended.
const LAST_EVENTS: Duration = Duration::from_millis(500);
/// How long a client is waited for that does not take what is sent to it.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves a machine's control socket until it is dropped. The guest runs on whatever
/// clients do: each has a thread of its own, a pause is a lease, and there are bounds on all
/// that they can send.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
}

/// What the sessions share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) remote: Remote,
    pub(super) ram: Arc<GuestRam>,
    /// Told what a client did to the guest, a line each.
    pub(super) notice: fn(&str),
    pub(super) traces: Arc<Traces>,
    ending: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    bound: Option<Arc<Bound>>,
    clients: HashMap<u64, Arc<UnixStream>>,
    next_client: u64,
    /// The pause that outlives its client.
    hold: Option<Held>,
}

impl Server {
    /// Serves at `path`; the machine's name is that of its monitor's process.
    ///
    /// # Errors
    /// Those of making a socket there: it must not be in use.
    pub fn at(path: &Path, machine: &Machine, notice: fn(&str)) -> io::Result<Self> {
        let name = path.file_stem().map(|stem| stem.to_string_lossy());
        let name = name.map_or_else(String::new, std::borrow::Cow::into_owned);
        let server = Self::new(name, machine, notice);
        server.shared.serve(|| Bound::new(path))?;
        Ok(server)
    }

    /// Serves in the user's runtime folder, under that name.
    ///
    /// # Errors
    /// Those of making a socket there: the name must be one ([`is_name`]), and not in use.
    pub fn named(name: &str, machine: &Machine, notice: fn(&str)) -> io::Result<Self> {
        if !is_name(name) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a name is of letters, digits, `.`, `_` and `-`, and has at most 40 of them",
            ));
        }
        let server = Self::new(name.to_owned(), machine, notice);
        folder::make()?;
        server.shared.serve(|| Bound::new(&socket_of(name)))?;
        Ok(server)
    }

    /// Serves in the user's runtime folder, under the number of this process, and makes the
    /// socket beside the calling thread, which need not wait. If there can be none, there
    /// is none, and `notice` is told why.
    #[must_use]
    pub fn beside(machine: &Machine, notice: fn(&str)) -> Self {
        let server = Self::new(std::process::id().to_string(), machine, notice);
        let shared = Arc::clone(&server.shared);
        let spawned = thread::Builder::new()
            .name("control socket".to_owned())
            .spawn(move || {
                // It is told behind the lock, too, so that the end waits for it.
                let make = || {
                    let path = socket_of(&shared.name);
                    let made = folder::make().and_then(|_| Bound::new(&path));
                    made.inspect_err(|error| {
                        (shared.notice)(&format!(
                            "no inspector can attach to this run, for there can be no {}: \
                             {error}; `--control PATH` puts it elsewhere, `--control none` \
                             does without",
                            path.display()
                        ));
                    })
                };
                match shared.own(make) {
                    Ok(Some(bound)) => shared.accept(&bound.listener),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%error, "no control socket"),
                }
            });
        if let Err(error) = spawned {
            tracing::debug!(%error, "no control socket");
        }
        server
    }

    /// The sink that hands events to those who follow them (`vmm trace`): it is to be one of
    /// the machine's.
    #[must_use]
    pub fn sink(&self) -> TraceServer {
        TraceServer {
            traces: Arc::clone(&self.shared.traces),
        }
    }

    fn new(name: String, machine: &Machine, notice: fn(&str)) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                traces: Arc::new(Traces::new(
                    machine.remote().clone(),
                    machine.deadline().clock(),
                )),
                remote: machine.remote().clone(),
                ram: Arc::clone(machine.ram()),
                notice,
                ending: AtomicBool::new(false),
                inner: Mutex::default(),
            }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        let mut inner = self.shared.lock();
        if let Some(bound) = inner.bound.take() {
            bound.remove();
        }
        drop(inner);
        self.shared.traces.close(LAST_EVENTS);
        let mut inner = self.shared.lock();
        for (_, client) in inner.clients.drain() {
            let _ = client.shutdown(Shutdown::Both);
        }
        let hold = inner.hold.take();
        drop(inner);
        drop(hold);
    }
}

impl Shared {
    /// Serves the socket in a thread of its own.
    fn serve(self: &Arc<Self>, make: impl FnOnce() -> io::Result<Bound>) -> io::Result<()> {
        let Some(bound) = self.own(make)? else {
            return Ok(());
        };
        let shared = Arc::clone(self);
        thread::Builder::new()
            .name("control socket".to_owned())
            .spawn(move || shared.accept(&bound.listener))?;
        Ok(())
    }

    /// Makes the socket and keeps it for the server's end, unless that has come. Both happen
    /// behind the lock, so that no end comes between them and leaves the file behind.
    fn own(&self, make: impl FnOnce() -> io::Result<Bound>) -> io::Result<Option<Arc<Bound>>> {
        let mut inner = self.lock();
        if self.ending() {
            return Ok(None);
        }
        let bound = Arc::new(make()?);
        inner.bound = Some(Arc::clone(&bound));
        Ok(Some(bound))
    }

    fn accept(self: &Arc<Self>, listener: &UnixListener) {
        while !self.ending() {
            match listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if !self.ending() => {
                    tracing::debug!(%error, "the control socket cannot accept a client");
                    thread::sleep(ACCEPT_AGAIN);
                }
                Err(_) => return,
            }
        }
    }

    /// Begins a client's session, or says why not.
    fn welcome(self: &Arc<Self>, stream: UnixStream) {
        let prepared = stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let peer = match prepared.and_then(|()| Ok(rustix::net::sockopt::socket_peercred(&stream)?))
        {
            Ok(peer) => peer,
            Err(error) => {
                tracing::debug!(%error, "a client of the control socket is gone already");
                return;
            }
        };
        let own = rustix::process::geteuid();
        if peer.uid != own && !peer.uid.is_root() {
            tracing::warn!(
                uid = peer.uid.as_raw(),
                "another user's client was refused at the control socket"
            );
            refuse(&stream, "this VM is another user's");
            return;
        }
        let stream = Arc::new(stream);
        let Some(number) = self.admit(&stream) else {
            refuse(
                &stream,
                &format!("{MAX_CLIENTS} clients are attached already"),
            );
            return;
        };
        let shared = Arc::clone(self);
        let session = thread::Builder::new()
            .name("control client".to_owned())
            .spawn(move || {
                let ended = Session::new(&shared, &stream, peer.pid).run();
                if let Err(error) = ended {
                    tracing::debug!(%error, "a client of the control socket was given up");
                }
                // The other side sees the end even if a copy of the stream is still held.
                let _ = stream.shutdown(Shutdown::Both);
                shared.lock().clients.remove(&number);
            });
        if let Err(error) = session {
            tracing::debug!(%error, "no thread for a client of the control socket");
            self.lock().clients.remove(&number);
        }
    }

    fn admit(&self, stream: &Arc<UnixStream>) -> Option<u64> {
        let mut inner = self.lock();
        if inner.clients.len() >= MAX_CLIENTS || self.ending() {
            return None;
        }
        inner.next_client += 1;
        let number = inner.next_client;
        inner.clients.insert(number, Arc::clone(stream));
        Some(number)
    }

    pub(super) fn ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Keeps a pause beyond its client's end. If there is one already, that stays; says
    /// whether there is.
    pub(super) fn hold(&self, held: Held) -> bool {
        let mut inner = self.lock();
        let already = inner.hold.is_some();
        if !self.ending() && !already {
            inner.hold = Some(held);
        }
        already
    }

    /// The pause that was kept.
    pub(super) fn release(&self) -> Option<Held> {
        self.lock().hold.take()
    }

    pub(super) fn status(&self) -> Status {
        let stands_still = self.remote.stands_still();
        let inner = self.lock();
        Status {
            monitor: std::process::id(),
            name: self.name.clone(),
            stands_still,
            held: inner.hold.is_some(),
            held_ns: inner.hold.as_ref().map(Held::stood_ns),
            clients: inner.clients.len(),
            traces: self.traces.count(),
        }
    }

    pub(super) fn attached(&self) -> Attached {
        let ram = self.ram.regions().map(|region| Piece {
            base: region.base.0.into(),
            length: region.length,
            file_offset: region.file_offset,
        });
        Attached {
            protocol: PROTOCOL,
            monitor: std::process::id(),
            name: self.name.clone(),
            abi_version: abi::ABI_VERSION,
            ram: ram.collect(),
        }
    }

    /// The memory file, opened anew for reading. From the first time on nobody can map it
    /// for writing any more, nor write to it, however it is opened: the guest's own mapping
    /// is there already.
    pub(super) fn memory_file(&self) -> io::Result<File> {
        let file = self.ram.file();
        if let Err(error) = rustix::fs::fcntl_add_seals(file, SealFlags::FUTURE_WRITE) {
            // Linux before 5.1 has no such seal; the file is handed out read-only anyway.
            tracing::debug!(%error, "the memory file cannot be sealed against writing");
        }
        File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is behind the lock is whole at every moment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says why not; whether that arrives is the client's business.
fn refuse(mut stream: &UnixStream, error: &str) {
    if let Ok(mut line) = serde_json::to_vec(&Refusal { error }) {
        line.push(b'\n');
        let _ = stream.write_all(&line);
    }
}
