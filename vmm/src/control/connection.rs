//! The inspector's end of a control socket.

use super::lines::{Line, Lines};
use super::protocol::{
    Answer, Attached, DEFAULT_WAIT_MS, MAX_ANSWER, MAX_WRITE, PROTOCOL, Request, Status,
};
use super::socket;
use super::trace_filter::TraceFilter;
use crate::inspect::{InspectError, InspectedRam, MachineState, RamPiece, Standstill, digits};
use rustix::fs::SealFlags;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use std::fs::File;
use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vm_memory::GuestAddress;

/// How long an answer may take, beyond what it has to wait for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a pause of ours lasts at most: a dump of a large guest takes its time, and a
/// guest must not stand still for ever if we do.
const LEASE: Duration = Duration::from_secs(30);
/// The most bytes that are taken together with a file descriptor.
const FIRST_BYTES: usize = 16 << 10;

/// A connection to a running VM.
#[derive(Debug)]
pub struct Connection {
    path: PathBuf,
    stream: UnixStream,
    lines: Lines,
    attached: Attached,
}

impl Connection {
    /// Connects, and maps the guest's RAM.
    ///
    /// # Errors
    /// [`InspectError`] if there is no VM, or if it refuses.
    pub fn open(path: &Path) -> Result<(Self, InspectedRam), InspectError> {
        let stream = socket::connect(path).map_err(|error| no_vm(path, error))?;
        let mut connection = Self {
            path: path.to_owned(),
            stream,
            lines: Lines::default(),
            attached: Attached {
                protocol: 0,
                monitor: 0,
                name: String::new(),
                abi_version: 0,
                ram: Vec::new(),
            },
        };
        connection
            .stream
            .set_write_timeout(Some(PATIENCE))
            .map_err(|error| connection.broken(&error))?;
        connection.send(&Request::Attach {})?;
        let (file, until) = (connection.receive_file()?, Instant::now() + PATIENCE);
        connection.attached = match connection.receive(until)? {
            Answer::Attached(attached) => attached,
            other => return Err(connection.unexpected(&other)),
        };
        let attached = &connection.attached;
        if (attached.protocol, attached.abi_version) != (PROTOCOL, abi::ABI_VERSION) {
            return Err(connection.vm(format!(
                "it is of another version of vmm (protocol {}, ABI {}; here {PROTOCOL}, {})",
                attached.protocol,
                attached.abi_version,
                abi::ABI_VERSION
            )));
        }
        let file = file.ok_or_else(|| connection.vm("it sent no memory file".to_owned()))?;
        let ram = connection.map(file)?;
        Ok((connection, ram))
    }

    /// The process ID of the VM's monitor.
    #[must_use]
    pub const fn monitor(&self) -> u32 {
        self.attached.monitor
    }

    /// The VM's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.attached.name
    }

    /// Makes the guest stand still.
    ///
    /// # Errors
    /// [`InspectError::KernelBusy`] if it does not come to rest in time.
    pub fn pause(&mut self) -> Result<MachineState, InspectError> {
        let answer = self.ask(
            &Request::Pause {
                wait_ms: DEFAULT_WAIT_MS,
                lease_ms: u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX),
            },
            waiting(),
        )?;
        match answer {
            Answer::Paused { machine, .. } => Ok(*machine),
            Answer::Busy {} => Err(busy()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Lets the guest go on.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if it was let go before.
    pub fn resume(&mut self) -> Result<Standstill, InspectError> {
        match self.ask(&Request::Resume {}, PATIENCE)? {
            Answer::Resumed { ns, waited_ns } => Ok(Standstill { ns, waited_ns }),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Stores bytes in the guest's RAM, during a pause.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if the VM refuses.
    pub fn write(&mut self, at: GuestAddress, bytes: &[u8]) -> Result<(), InspectError> {
        for (index, part) in (0..).zip(bytes.chunks(MAX_WRITE)) {
            let offset: u64 = index * MAX_WRITE as u64;
            let request = Request::Write {
                at: at.0.wrapping_add(offset).into(),
                bytes: digits(part),
            };
            match self.ask(&request, PATIENCE)? {
                Answer::Written { .. } => {}
                other => return Err(self.unexpected(&other)),
            }
        }
        Ok(())
    }

    /// Makes the guest stand still until somebody releases it, beyond this connection's end;
    /// says how long it took to come to rest, `None` if it was held already.
    ///
    /// # Errors
    /// [`InspectError::KernelBusy`] if it does not come to rest in time.
    pub fn hold(&mut self) -> Result<Option<Duration>, InspectError> {
        let request = Request::Hold {
            wait_ms: DEFAULT_WAIT_MS,
        };
        match self.ask(&request, waiting())? {
            Answer::Held { already: true, .. } => Ok(None),
            Answer::Held { waited_ns, .. } => Ok(Some(Duration::from_nanos(waited_ns))),
            Answer::Busy {} => Err(busy()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Lets a guest go on that is held; says how long it stood still.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if it is not held.
    pub fn release(&mut self) -> Result<Duration, InspectError> {
        match self.ask(&Request::Release {}, PATIENCE)? {
            Answer::Released { ns } => Ok(Duration::from_nanos(ns)),
            other => Err(self.unexpected(&other)),
        }
    }

    /// How the VM is.
    ///
    /// # Errors
    /// [`InspectError`] if it does not answer.
    pub fn status(&mut self) -> Result<Status, InspectError> {
        match self.ask(&Request::Status {}, PATIENCE)? {
            Answer::Status(status) => Ok(status),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Follows the events that the filter lets through.
    ///
    /// # Errors
    /// [`InspectError::Vm`] if the filter makes no sense.
    pub fn trace(mut self, filter: TraceFilter) -> Result<TraceStream, InspectError> {
        match self.ask(&Request::Trace(filter), PATIENCE)? {
            Answer::Tracing {} => Ok(TraceStream(self)),
            other => Err(self.unexpected(&other)),
        }
    }

    fn ask(&mut self, request: &Request, patience: Duration) -> Result<Answer, InspectError> {
        self.send(request)?;
        match self.receive(Instant::now() + patience)? {
            Answer::Ended {} => Err(InspectError::Ended),
            answer => Ok(answer),
        }
    }

    fn send(&self, request: &Request) -> Result<(), InspectError> {
        let mut line = serde_json::to_vec(request).map_err(|error| self.broken(&error.into()))?;
        line.push(b'\n');
        // A VM that has ended, or that refuses us, may have said so before it hung up.
        match (&self.stream).write_all(&line) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.broken(&error)),
            _ => Ok(()),
        }
    }

    fn receive(&mut self, until: Instant) -> Result<Answer, InspectError> {
        let line = match self.lines.next(&self.stream, MAX_ANSWER, Some(until)) {
            Ok(Line::Whole(line)) => line,
            Ok(Line::TimedOut) => {
                return Err(self.vm("it does not answer (is its process stopped?)".to_owned()));
            }
            Ok(Line::TooLong) => return Err(self.vm("its answer is far too long".to_owned())),
            Ok(Line::End) => return Err(InspectError::Ended),
            Err(error) => return Err(self.broken(&error)),
        };
        let odd = |error| self.vm(format!("its answer makes no sense: {error}"));
        let value: serde_json::Value = serde_json::from_slice(&line).map_err(odd)?;
        if let Some(error) = value.get("error").and_then(serde_json::Value::as_str) {
            return Err(self.vm(error.to_owned()));
        }
        serde_json::from_value(value).map_err(odd)
    }

    /// The file that comes with the first bytes of an answer.
    fn receive_file(&mut self) -> Result<Option<OwnedFd>, InspectError> {
        self.stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(|error| self.broken(&error))?;
        let mut bytes = vec![0; FIRST_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut into = [IoSliceMut::new(&mut bytes)];
            match rustix::net::recvmsg(
                &self.stream,
                &mut into,
                &mut ancillary,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Err(Errno::INTR) => {}
                // The answer is waited for, and its lack told, by whoever reads it.
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(self.broken(&error.into())),
                Ok(message) => break message.bytes,
            }
        };
        let mut file = None;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(files) = message {
                file = files.into_iter().next().or(file);
            }
        }
        self.lines.put(bytes.get(..received).unwrap_or_default());
        Ok(file)
    }

    /// Maps the memory file, if nobody can shorten it under us.
    fn map(&self, file: OwnedFd) -> Result<InspectedRam, InspectError> {
        let seals = rustix::fs::fcntl_get_seals(&file).unwrap_or(SealFlags::empty());
        if !seals.contains(SealFlags::SHRINK) {
            return Err(self.vm("its memory file can be shortened under us".to_owned()));
        }
        let pieces: Vec<_> = self
            .attached
            .ram
            .iter()
            .map(|piece| RamPiece {
                base: GuestAddress(piece.base.0),
                length: piece.length,
                file_offset: piece.file_offset,
            })
            .collect();
        // It checks that they are in the file.
        InspectedRam::map(&self.path, Arc::new(File::from(file)), &pieces)
    }

    fn unexpected(&self, answer: &Answer) -> InspectError {
        match answer {
            Answer::Ended {} => InspectError::Ended,
            other => {
                let text = serde_json::to_string(other).unwrap_or_default();
                let start: String = text.chars().take(100).collect();
                self.vm(format!("its answer is to another question: {start}"))
            }
        }
    }

    fn broken(&self, error: &io::Error) -> InspectError {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => InspectError::Ended,
            _ => self.vm(error.to_string()),
        }
    }

    fn vm(&self, reason: String) -> InspectError {
        InspectError::Vm {
            path: self.path.clone(),
            reason,
        }
    }
}

/// Events of a running VM, as they happen.
#[derive(Debug)]
pub struct TraceStream(Connection);

impl TraceStream {
    /// The next event, as `vmm run --json` writes it, or `{"event":"lost","count":N}` where
    /// this side was too slow for N events. Waits for at most `time`; `None` if nothing has
    /// come.
    ///
    /// # Errors
    /// [`InspectError::Ended`] after the last one.
    pub fn next(&mut self, time: Duration) -> Result<Option<Vec<u8>>, InspectError> {
        let Connection { stream, lines, .. } = &mut self.0;
        match lines.next(stream, MAX_ANSWER, Some(Instant::now() + time)) {
            Ok(Line::Whole(line)) => Ok(Some(line)),
            Ok(Line::TimedOut) => Ok(None),
            Ok(Line::End) => Err(InspectError::Ended),
            Ok(Line::TooLong) => Err(self.0.vm("an event is far too long".to_owned())),
            Err(error) => Err(self.0.broken(&error)),
        }
    }
}

fn no_vm(path: &Path, error: Errno) -> InspectError {
    let shown = path.display();
    match error {
        Errno::NOENT => InspectError::NoVm(format!("no VM is served at {shown}: no such socket")),
        Errno::CONNREFUSED | Errno::NOTSOCK => {
            InspectError::NoVm(format!("no VM is served at {shown}: nobody listens there"))
        }
        other => InspectError::File {
            path: path.to_owned(),
            source: other.into(),
        },
    }
}

const fn waiting() -> Duration {
    Duration::from_millis(DEFAULT_WAIT_MS).saturating_add(PATIENCE)
}

const fn busy() -> InspectError {
    InspectError::KernelBusy(Duration::from_millis(DEFAULT_WAIT_MS))
}
