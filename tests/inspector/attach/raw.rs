//! A client of a control socket that says what it likes, and a guest's counter.

use crate::kit::PATIENCE;
use libtest_mimic::Failed;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use vm_memory::GuestAddress;
use vmm::control::Connection;
use vmm::inspect::{InspectedRam, Inspector, Paused};
use vmm::memory::PhysicalMemory;

/// What the guest `counter` has before its count.
const MARK: &[u8; 16] = b"vmoscope-counter";

/// A connection without manners.
pub(super) struct Raw(BufReader<UnixStream>);

impl Raw {
    pub(super) fn connect(path: &Path) -> Result<Self, Failed> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends these bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        Ok(self.0.get_mut().write_all(bytes)?)
    }

    /// The next line.
    pub(super) fn line(&mut self) -> Result<Value, Failed> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(|error| format!("{line:?}: {error}").into())
    }

    /// Sends a request and takes its answer.
    pub(super) fn ask(&mut self, request: &str) -> Result<Value, Failed> {
        self.send(format!("{request}\n").as_bytes())?;
        self.line()
    }

    /// Asks, and expects a refusal with these words.
    pub(super) fn refused(&mut self, request: &str, words: &str) -> Result<(), Failed> {
        let answer = self.ask(request)?;
        refusal(&answer, words)
    }

    /// Whether the other side has hung up; waits for it.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut line = String::new();
        !matches!(self.0.read_line(&mut line), Ok(length) if length > 0)
    }
}

/// Expects a refusal with these words.
pub(super) fn refusal(answer: &Value, words: &str) -> Result<(), Failed> {
    match answer["error"].as_str() {
        Some(error) if error.contains(words) => Ok(()),
        _ => Err(format!("{answer}, not a refusal with `{words}`").into()),
    }
}

/// Where the count of `counter` stands.
pub(super) fn find_counter(paused: &Paused<'_>) -> Result<GuestAddress, Failed> {
    let memory = paused.memory();
    let mut at = GuestAddress(0);
    while let Some((start, length)) = memory.populated_from(at) {
        let mut bytes = vec![0; usize::try_from(length)?];
        memory.read_bytes(start, &mut bytes)?;
        let found = bytes.windows(MARK.len()).step_by(8).position(|w| w == MARK);
        if let Some(index) = found {
            return Ok(GuestAddress(start.0 + index as u64 * 8 + 16));
        }
        at = GuestAddress(start.0 + length);
    }
    Err("the guest's counter is nowhere".into())
}

/// The guest `counter` from outside.
pub(super) struct Counter {
    inspector: Inspector,
    /// The same RAM, which can be read without a pause.
    memory: InspectedRam,
    at: GuestAddress,
}

impl Counter {
    /// Finds it in a guest that runs.
    pub(super) fn attach(path: &Path) -> Result<Self, Failed> {
        let mut inspector = Inspector::live(path)?;
        let (_, memory) = Connection::open(path)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let at = find_counter(&inspector.pause()?);
            match at {
                Ok(at) => {
                    return Ok(Self {
                        inspector,
                        memory,
                        at,
                    });
                }
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => {}
            }
        }
    }

    pub(super) const fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }

    pub(super) const fn address(&self) -> GuestAddress {
        self.at
    }

    pub(super) fn read(&self, memory: &InspectedRam) -> Result<u64, Failed> {
        Ok(memory.read_u64(self.at)?)
    }

    /// Expects the guest to get on.
    pub(super) fn moves(&self) -> Result<(), Failed> {
        let first = self.now()?;
        let until = Instant::now() + PATIENCE;
        while self.now()? == first {
            if Instant::now() > until {
                return Err("the guest does not get on".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Expects the guest to stand still for a while.
    pub(super) fn rests(&self) -> Result<(), Failed> {
        let first = self.now()?;
        thread::sleep(Duration::from_millis(50));
        let then = self.now()?;
        if first != then {
            return Err(format!("the guest went from {first} to {then}").into());
        }
        Ok(())
    }

    /// The count, without a pause.
    pub(super) fn now(&self) -> Result<u64, Failed> {
        self.read(&self.memory)
    }
}
