//! Accesses made by a second thread, which may block, while the first thread looks on.
//!
//! An access is a system call or a load or store of one byte. A thread that never comes
//! back fails the case that started it and is left behind; it dies with the process.

use crate::probe;
use crate::suite::Failure;
use core::sync::atomic::{AtomicU64, Ordering};
use libzx::{Call, Status, Thread, monotonic, raw, sleep_for, yield_now};

/// How long anything may take before it counts as never: 10 seconds.
pub const PATIENCE: i64 = 10_000_000_000;

const FREE: u64 = 0;
const BUSY: u64 = 1;
const DONE: u64 = 2;

/// What a thread is to do, and what came of it.
struct Desk {
    state: AtomicU64,
    kind: AtomicU64,
    args: [AtomicU64; 8],
    result: AtomicU64,
}

/// Kinds of accesses beyond the numbers of system calls.
const LOAD: u64 = 1 << 32;
const STORE: u64 = LOAD + 1;

/// More than ever are busy at a time, those left behind included.
static DESKS: [Desk; 64] = [const {
    Desk {
        state: AtomicU64::new(FREE),
        kind: AtomicU64::new(0),
        args: [const { AtomicU64::new(0) }; 8],
        result: AtomicU64::new(0),
    }
}; 64];

/// The second thread's whole life.
fn work(desk: usize) {
    let Some(desk) = DESKS.get(desk) else { return };
    let mut args = [0; 8];
    for (to, from) in args.iter_mut().zip(&desk.args) {
        *to = from.load(Ordering::Acquire);
    }
    let [address, value, ..] = args;
    let address = usize::try_from(address).unwrap_or(0);
    let result = match desk.kind.load(Ordering::Acquire) {
        LOAD => {
            let place = core::ptr::with_exposed_provenance::<u8>(address);
            // SAFETY: the caller of `load` names a byte of a mapping.
            u64::from(unsafe { place.read_volatile() })
        }
        STORE => {
            let place = core::ptr::with_exposed_provenance_mut::<u8>(address);
            let [byte, ..] = value.to_le_bytes();
            // SAFETY: the caller of `store` names a byte of a mapping to which nobody
            // holds a reference.
            unsafe { place.write_volatile(byte) };
            0
        }
        number => {
            let call = u32::try_from(number).ok().and_then(Call::from_number);
            call.map_or(Status::INTERNAL.to_register(), |call| {
                probe::register(call, &args)
            })
        }
    };
    desk.result.store(result, Ordering::Release);
    desk.state.store(DONE, Ordering::Release);
}

/// An access under way.
#[derive(Debug)]
pub struct Background {
    desk: usize,
    thread: Option<Thread>,
}

fn failure(text: &str) -> Failure {
    Failure::new(format_args!("{text}"))
}

impl Background {
    fn start(kind: u64, args: &[u64]) -> Result<Self, Failure> {
        let mut desks = DESKS.iter().enumerate();
        let free = desks.find(|(_, desk)| desk.state.load(Ordering::Acquire) == FREE);
        let Some((index, desk)) = free else {
            return Err(failure("too many threads were left behind"));
        };
        desk.kind.store(kind, Ordering::Release);
        for (at, to) in desk.args.iter().enumerate() {
            to.store(args.get(at).copied().unwrap_or(0), Ordering::Release);
        }
        desk.state.store(BUSY, Ordering::Release);
        let thread = Thread::spawn(move || work(index))?;
        Ok(Self {
            desk: index,
            thread: Some(thread),
        })
    }

    /// Starts a thread that makes a system call. Addresses among the arguments are subject
    /// to the rule of [`crate::probe`].
    ///
    /// # Errors
    /// No thread can be had.
    pub fn call(call: Call, args: &[u64]) -> Result<Self, Failure> {
        Self::start(u64::from(call.number()), args)
    }

    /// Starts a thread that loads the byte there, which must belong to a mapping.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn load(address: u64) -> Result<Self, Failure> {
        Self::start(LOAD, &[address])
    }

    /// Starts a thread that stores a byte there; it must belong to a mapping to which
    /// nobody holds a reference.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn store(address: u64, value: u8) -> Result<Self, Failure> {
        Self::start(STORE, &[address, u64::from(value)])
    }

    fn desk(&self) -> Option<&'static Desk> {
        DESKS.get(self.desk)
    }

    /// Whether it has come back.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let state = self.desk().map(|desk| desk.state.load(Ordering::Acquire));
        state == Some(DONE)
    }

    /// Fails if it comes back although everybody had time enough.
    ///
    /// # Errors
    /// It has come back.
    pub fn stays_blocked(&self) -> Result<(), Failure> {
        settle();
        match self.is_done() {
            true => {
                let result = self.desk().map(|desk| desk.result.load(Ordering::Acquire));
                let status = Status(raw::status_of(result.unwrap_or(0)));
                Err(Failure::new(format_args!(
                    "came back instead of blocking, with {status}"
                )))
            }
            false => Ok(()),
        }
    }

    /// What it comes back with: `rax` of a call, the byte of a load.
    ///
    /// # Errors
    /// It does not come back.
    pub fn result(mut self) -> Result<u64, Failure> {
        let deadline = monotonic().saturating_add(PATIENCE);
        while !self.is_done() {
            if monotonic() > deadline {
                return Err(failure("the other thread does not come back"));
            }
            wait_a_little();
        }
        if let Some(thread) = self.thread.take() {
            thread.join()?;
        }
        let result = self.desk().map(|desk| {
            let result = desk.result.load(Ordering::Acquire);
            desk.state.store(FREE, Ordering::Release);
            result
        });
        result.ok_or_else(|| failure("no such desk"))
    }

    /// The status that the call comes back with.
    ///
    /// # Errors
    /// It does not come back.
    pub fn status(self) -> Result<Status, Failure> {
        self.result()
            .map(|register| Status(raw::status_of(register)))
    }
}

fn wait_a_little() {
    yield_now();
    sleep_for(500_000);
}

/// Gives every thread that can run the time to come to where it blocks or ends.
pub fn settle() {
    for _ in 0..4 {
        yield_now();
    }
    sleep_for(2_000_000);
    for _ in 0..2 {
        yield_now();
    }
}
