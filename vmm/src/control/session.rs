//! One client of a control socket.

use super::lines::{Line, Lines};
use super::protocol::{
    Answer, MAX_LEASE_MS, MAX_REQUEST, MAX_WAIT_MS, MAX_WRITE, Refusal, Request, bytes_of,
};
use super::server::{Shared, WRITE_TIMEOUT};
use super::trace_filter::TraceFilter;
use super::traces::{Follower, Waited};
use crate::inspect::Hex;
use crate::machine::{Held, PauseError};
use crate::memory::{BulkMemory, GuestAddress};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::Pid;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the rest of a line may take that has begun.
const LINE_TIME: Duration = Duration::from_secs(10);

/// The shortest time in which something is sent.
const SHORTEST: Duration = Duration::from_millis(1);

/// How often one who follows is looked at while there is nothing to send.
const LOOK: Duration = Duration::from_millis(200);

/// A client's session. When it ends, so does the client's pause.
#[derive(Debug)]
pub(super) struct Session<'s> {
    shared: &'s Arc<Shared>,
    stream: &'s UnixStream,
    client: Pid,
    pause: Option<Lease>,
    /// How long the client's last pause was to last at most, if it was ended because of that.
    expired: Option<Duration>,
}

/// A pause that ends by itself.
#[derive(Debug)]
struct Lease {
    held: Held,
    time: Duration,
    until: Instant,
}

/// Why a request is not answered.
type Refused = String;

impl<'s> Session<'s> {
    pub(super) const fn new(shared: &'s Arc<Shared>, stream: &'s UnixStream, client: Pid) -> Self {
        Self {
            shared,
            stream,
            client,
            pause: None,
            expired: None,
        }
    }

    /// Answers requests until the client goes, or does what it must not.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut lines = Lines::default();
        let mut line_until = None;
        while !self.shared.ending() {
            let lease = self.pause.as_ref().map(|lease| lease.until);
            let until = lease.into_iter().chain(line_until).min();
            match lines.next(self.stream, MAX_REQUEST, until)? {
                Line::Whole(line) => {
                    line_until = None;
                    match serde_json::from_slice(&line) {
                        Ok(Request::Trace(filter)) => return self.trace(filter),
                        Ok(request) => self.answer(request)?,
                        Err(error) => {
                            self.refuse(&format!("not a request: {error}"));
                            return Ok(());
                        }
                    }
                }
                Line::TimedOut => {
                    let now = Instant::now();
                    self.end_lease(now);
                    if line_until.is_some_and(|until| until <= now) {
                        self.refuse("the rest of a line did not come in time");
                        return Ok(());
                    }
                }
                Line::TooLong => {
                    let error = format!("a request has more than {MAX_REQUEST} bytes");
                    self.refuse(&error);
                    return Ok(());
                }
                Line::End => return Ok(()),
            }
            if lines.has_begun() && line_until.is_none() {
                line_until = Some(Instant::now() + LINE_TIME);
            }
        }
        Ok(())
    }

    /// Lets the guest go on if the client's time has run out.
    fn end_lease(&mut self, now: Instant) {
        if self.pause.as_ref().is_some_and(|lease| lease.until <= now)
            && let Some(lease) = self.pause.take()
        {
            tracing::debug!(client = %self.client, "a pause has lasted for too long");
            self.expired = Some(lease.time);
        }
    }

    fn answer(&mut self, request: Request) -> io::Result<()> {
        self.end_lease(Instant::now());
        let answer = match request {
            Request::Attach {} => return self.attach(),
            Request::Pause { wait_ms, lease_ms } => self.pause(wait_ms, lease_ms),
            Request::Resume {} => self.resume(),
            Request::Write { at, bytes } => self.write(at, &bytes),
            Request::Hold { wait_ms } => self.hold(wait_ms),
            Request::Release {} => self.release(),
            // Taken by `run`.
            Request::Trace(_) => return Ok(()),
            Request::Status {} => Ok(Answer::Status(self.shared.status())),
        };
        match answer {
            Ok(answer) => self.send(&answer),
            Err(error) => {
                self.refuse(&error);
                Ok(())
            }
        }
    }

    fn pause(&mut self, wait_ms: u64, lease_ms: u64) -> Result<Answer, Refused> {
        if self.pause.is_some() {
            return Err("this client holds a pause already".to_owned());
        }
        at_most("wait_ms", wait_ms, MAX_WAIT_MS)?;
        at_most("lease_ms", lease_ms, MAX_LEASE_MS)?;
        self.expired = None;
        match self.shared.remote.pause(Duration::from_millis(wait_ms)) {
            Ok(held) => {
                let answer = Answer::Paused {
                    machine: Box::new(held.machine().clone()),
                    waited_ns: held.waited_ns(),
                };
                let time = Duration::from_millis(lease_ms);
                self.pause = Some(Lease {
                    held,
                    time,
                    until: Instant::now() + time,
                });
                Ok(answer)
            }
            Err(PauseError::Busy) => Ok(Answer::Busy {}),
            Err(PauseError::Ended) => Ok(Answer::Ended {}),
        }
    }

    fn resume(&mut self) -> Result<Answer, Refused> {
        match (self.pause.take(), self.expired.take()) {
            (Some(lease), _) => Ok(Answer::Resumed {
                ns: lease.held.stood_ns(),
                waited_ns: lease.held.waited_ns(),
            }),
            (None, Some(time)) => Err(format!(
                "lease expired: the guest stood still for {time:?}, which was agreed, and went on"
            )),
            (None, None) => Err("this client holds no pause".to_owned()),
        }
    }

    fn write(&self, at: Hex, digits: &str) -> Result<Answer, Refused> {
        if self.pause.is_none() {
            return Err("bytes are written during a pause only".to_owned());
        }
        let bytes = bytes_of(digits)?;
        if bytes.len() > MAX_WRITE {
            return Err(format!("bytes: more than {MAX_WRITE}"));
        }
        let stored = self.shared.ram.write_bytes(GuestAddress(at.0), &bytes);
        stored.map_err(|error| error.to_string())?;
        let (client, count) = (self.client, bytes.len());
        tracing::warn!(%client, count, %at, "a client has written to guest memory");
        (self.shared.notice)(&format!(
            "process {client} has written {count} bytes to the guest's memory at \
             guest-physical {at}"
        ));
        Ok(Answer::Written {
            bytes: bytes.len() as u64,
        })
    }

    fn hold(&self, wait_ms: u64) -> Result<Answer, Refused> {
        at_most("wait_ms", wait_ms, MAX_WAIT_MS)?;
        match self.shared.remote.pause(Duration::from_millis(wait_ms)) {
            Ok(held) => {
                let waited_ns = held.waited_ns();
                let already = self.shared.hold(held);
                Ok(Answer::Held {
                    waited_ns: if already { 0 } else { waited_ns },
                    already,
                })
            }
            Err(PauseError::Busy) => Ok(Answer::Busy {}),
            Err(PauseError::Ended) => Ok(Answer::Ended {}),
        }
    }

    fn release(&self) -> Result<Answer, Refused> {
        let held = self.shared.release();
        let held = held.ok_or("the guest is not held")?;
        let ns = held.stood_ns();
        Ok(Answer::Released { ns })
    }

    /// Sends events until the client goes or the machine has ended.
    fn trace(&self, filter: TraceFilter) -> io::Result<()> {
        let checked = match self.pause {
            Some(_) => Err("this client holds a pause: nothing will happen".to_owned()),
            None => filter.checked(),
        };
        let filter = match checked {
            Ok(filter) => filter,
            Err(error) => {
                self.refuse(&error);
                return Ok(());
            }
        };
        let follower = self.shared.traces.follow(filter);
        let result = self.stream_events(&follower);
        self.shared.traces.leave(&follower);
        result
    }

    fn stream_events(&self, follower: &Follower) -> io::Result<()> {
        self.send(&Answer::Tracing {})?;
        // One who does not read now may do so later; only its own queue fills up.
        self.stream.set_write_timeout(None)?;
        let mut stream = self.stream;
        loop {
            match follower.wait(LOOK) {
                Waited::Lines(lines) => stream.write_all(&lines)?,
                Waited::Nothing if self.is_gone()? => return Ok(()),
                Waited::Nothing => {}
                Waited::Closed => return Ok(()),
            }
        }
    }

    /// Whether the client has hung up; what it sends while it follows is thrown away.
    fn is_gone(&self) -> io::Result<bool> {
        let mut bytes = [0; 4096];
        let mut stream = self.stream;
        stream.set_read_timeout(Some(Duration::from_millis(1)))?;
        match stream.read(&mut bytes) {
            Ok(length) => Ok(length == 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Answers with the memory file.
    fn attach(&self) -> io::Result<()> {
        let file = self.shared.memory_file()?;
        let line = line(&Answer::Attached(self.shared.attached()))?;
        let files: [BorrowedFd<'_>; 1] = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&files)) {
            return Err(io::Error::other("no room for a file descriptor"));
        }
        // It waits for nobody: the first bytes of an answer have room, or the client takes none.
        let sent = rustix::net::sendmsg(
            self.stream,
            &[IoSlice::new(&line)],
            &mut ancillary,
            SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
        )?;
        self.send_bytes(line.get(sent..).unwrap_or_default())
    }

    fn send(&self, answer: &Answer) -> io::Result<()> {
        self.send_bytes(&line(answer)?)
    }

    /// Sends all of it within [`WRITE_TIMEOUT`], and within the lease of the client's pause:
    /// who takes no answers must not make the guest stand still for longer.
    fn send_bytes(&self, mut bytes: &[u8]) -> io::Result<()> {
        let lease = self.pause.as_ref().map(|lease| lease.until);
        let most = Instant::now() + WRITE_TIMEOUT;
        let until = lease.map_or(most, |lease| lease.min(most));
        let mut stream = self.stream;
        while !bytes.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            // No time at all would mean: for ever.
            stream.set_write_timeout(Some(left.max(SHORTEST)))?;
            match stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if !bytes.is_empty() && until <= Instant::now() {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Says why not; whether that arrives is the client's business.
    fn refuse(&self, error: &str) {
        if let Ok(mut line) = serde_json::to_vec(&Refusal { error }) {
            line.push(b'\n');
            let _ = self.send_bytes(&line);
        }
    }
}

fn line(answer: &Answer) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    Ok(line)
}

fn at_most(what: &str, value: u64, most: u64) -> Result<(), Refused> {
    if value > most {
        return Err(format!("{what}: {most} is the most"));
    }
    Ok(())
}
