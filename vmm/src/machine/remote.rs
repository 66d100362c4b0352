//! What others may ask of a machine while it runs: to stand still, to tell of all calls.
//!
//! The vCPU's thread looks at nothing of this but one atomic word ([`Wishes`]) unless
//! somebody asks.

use super::clock::nanoseconds;
use super::kick::{KickTarget, Wishes};
use crate::inspect::MachineState;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a kick is repeated that may have been lost (see `kick.rs`).
const KICK_AGAIN: Duration = Duration::from_millis(1);

/// A machine from outside its thread. Clones are the same machine's.
#[derive(Clone, Debug, Default)]
pub struct Remote(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wishes: Wishes,
    /// Whether all calls are to be told, the kernel's too.
    tracing: AtomicBool,
    state: Mutex<State>,
    /// Something has changed for the vCPU's thread, which stands still or naps.
    let_go: Condvar,
    /// Something has changed for those who want it to stand still.
    came_to_rest: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many want it to stand still.
    wanted: u64,
    /// What it holds while it stands still.
    standing: Option<Standing>,
    /// The vCPU's thread, as long as it is in `Machine::run`.
    target: Option<KickTarget>,
    /// When it was kicked last.
    kicked: Option<Instant>,
    /// It does not run any more.
    ended: bool,
}

#[derive(Clone, Debug)]
struct Standing {
    machine: Arc<MachineState>,
    since: Instant,
}

/// Why a machine does not stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// It did not come to a point where it can, in time.
    #[error("the guest did not come to a point where it can stand still")]
    Busy,
    /// It has ended.
    #[error("the machine has ended")]
    Ended,
}

/// A machine that stands still until this is dropped.
#[derive(Debug)]
pub struct Held {
    remote: Remote,
    standing: Standing,
    waited: Duration,
}

impl Held {
    /// Its registers and totals.
    #[must_use]
    pub fn machine(&self) -> &MachineState {
        &self.standing.machine
    }

    /// How long it took to come to rest, in nanoseconds.
    #[must_use]
    pub fn waited_ns(&self) -> u64 {
        nanoseconds(self.waited)
    }

    /// How long it has stood still up to now, in nanoseconds.
    #[must_use]
    pub fn stood_ns(&self) -> u64 {
        nanoseconds(self.standing.since.elapsed())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.remote.unwant();
    }
}

impl Remote {
    /// Makes the machine stand still where its kernel holds no lock: in a program, or with
    /// nobody to run. Waits at most `wait` for it to come there.
    ///
    /// # Errors
    /// [`PauseError`]; then nothing is wished for any more.
    pub fn pause(&self, wait: Duration) -> Result<Held, PauseError> {
        let start = Instant::now();
        let mut state = self.lock();
        state.wanted += 1;
        let mut asked = false;
        loop {
            if state.ended {
                state.wanted -= 1;
                return Err(PauseError::Ended);
            }
            if let Some(standing) = &state.standing {
                return Ok(Held {
                    remote: self.clone(),
                    standing: standing.clone(),
                    waited: start.elapsed(),
                });
            }
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                drop(state);
                self.unwant();
                return Err(PauseError::Busy);
            }
            // However many wait, their kicks must not keep the guest from getting anywhere.
            let kicked = state.kicked.filter(|_| asked);
            if kicked.is_none_or(|at| at.elapsed() >= KICK_AGAIN) {
                self.0.wishes.add(Wishes::PAUSE);
                self.wake(&mut state);
                asked = true;
            }
            let wait = left.min(KICK_AGAIN);
            let again = self.0.came_to_rest.wait_timeout(state, wait);
            state = again.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether all calls are to be told, the kernel's too, from the guest's next exit on.
    /// Sinks get them whether they asked or not ([`crate::events::EventSink::wants_calls`]).
    pub fn trace(&self, on: bool) {
        self.0.tracing.store(on, Ordering::Relaxed);
        self.0.wishes.add(Wishes::TRACE);
        self.wake(&mut self.lock());
    }

    /// Whether it stands still at this moment.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        self.lock().standing.is_some()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.lock().ended
    }

    /// See [`Remote::trace`].
    pub(super) fn tracing(&self) -> bool {
        self.0.tracing.load(Ordering::Relaxed)
    }

    pub(super) fn wishes(&self) -> &Wishes {
        &self.0.wishes
    }

    /// Names the calling thread as the vCPU's until the result is dropped.
    pub(super) fn enter(&self) -> Running<'_> {
        self.lock().target = Some(KickTarget::this_thread());
        Running(self)
    }

    /// Wishes for something that ends the run, or for a tick; a machine that stands still
    /// notices, too.
    pub(super) fn wish(&self, wish: u32) {
        self.0.wishes.add(wish);
        let mut state = self.lock();
        self.wake(&mut state);
        // One that stands still has no reason to wake for a tick: it finds it later.
        if wish & Wishes::TICK == 0 {
            self.0.let_go.notify_all();
        }
    }

    /// Whether anybody wants it to stand still.
    pub(super) fn wanted(&self) -> bool {
        self.lock().wanted > 0
    }

    /// Publishes what the vCPU's thread found when it stopped at `since`, and stands still for as long as anybody wants
    /// that and nothing ends the run.
    pub(super) fn stand_still(&self, machine: MachineState, since: Instant) {
        let mut state = self.lock();
        if state.wanted == 0 {
            return;
        }
        state.standing = Some(Standing {
            machine: Arc::new(machine),
            since,
        });
        self.0.came_to_rest.notify_all();
        while state.standing.is_some() && self.0.wishes.stop().is_none() {
            let woken = self.0.let_go.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.standing = None;
    }

    /// Sleeps for that time, or until somebody wants something; says whether it is to stand
    /// still.
    pub(super) fn nap(&self, time: Duration) -> bool {
        let state = self.lock();
        if state.wanted > 0 {
            return true;
        }
        let woken = self.0.let_go.wait_timeout(state, time);
        woken.unwrap_or_else(PoisonError::into_inner).0.wanted > 0
    }

    /// Kicks the vCPU out of the guest, or its thread out of a nap.
    fn wake(&self, state: &mut State) {
        if state.standing.is_none()
            && let Some(target) = &state.target
        {
            // The thread takes this lock before it leaves `Machine::run`: it runs.
            target.kick();
            state.kicked = Some(Instant::now());
            self.0.let_go.notify_all();
        }
    }

    /// One fewer wants it to stand still. The last one lets it go at this very moment, so
    /// that whoever comes next waits until the guest has moved.
    fn unwant(&self) {
        let mut state = self.lock();
        state.wanted = state.wanted.saturating_sub(1);
        if state.wanted == 0 {
            state.standing = None;
        }
        self.0.let_go.notify_all();
    }

    /// What is behind the lock is whole at every moment, so a panic elsewhere changes
    /// nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vCPU's thread runs the machine.
#[derive(Debug)]
pub(super) struct Running<'r>(&'r Remote);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.target = None;
        state.standing = None;
        state.ended = true;
        self.0.0.came_to_rest.notify_all();
    }
}
