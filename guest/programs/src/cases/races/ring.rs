//! Where races are held: threads with numbers, words that they share, a place for what went
//! wrong first.

use crate::background::PATIENCE;
use crate::ensure;
use crate::probe;
use crate::random::Random;
use crate::suite::{Failure, Outcome};
use abi::options::Signals;
use core::sync::atomic::{AtomicU64, Ordering};
use libzx::{Call, Status, Thread, monotonic, yield_now};

/// The most threads of a race.
const THREADS: usize = 6;

/// What the threads of a race share: handles and addresses, as the race says.
static WORDS: [AtomicU64; 32] = [const { AtomicU64::new(0) }; 32];

/// What went wrong first: number of the thread + 1, and what it found.
static WRONG: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// The seed of the round, the same for all threads.
static SEED: AtomicU64 = AtomicU64::new(0);

/// Threads that have said that they are through.
static THROUGH: AtomicU64 = AtomicU64::new(0);

pub(super) fn word(index: usize) -> u64 {
    WORDS
        .get(index)
        .map_or(0, |word| word.load(Ordering::SeqCst))
}

pub(super) fn set_word(index: usize, value: u64) {
    if let Some(word) = WORDS.get(index) {
        word.store(value, Ordering::SeqCst);
    }
}

/// Puts a value there and takes what was there.
pub(super) fn swap_word(index: usize, value: u64) -> u64 {
    let word = WORDS.get(index);
    word.map_or(0, |word| word.swap(value, Ordering::SeqCst))
}

/// Threads that have said that they are through.
pub(super) fn through() -> u64 {
    THROUGH.load(Ordering::SeqCst)
}

/// Says that this thread is through; whoever serves the others stops when all are.
pub(super) fn say_through() {
    THROUGH.fetch_add(1, Ordering::SeqCst);
}

/// The random numbers of a thread, or of whoever else takes part, in this round.
pub(super) fn random(number: usize) -> Random {
    Random::new(SEED.load(Ordering::SeqCst), number as u64)
}

/// Lets others run now and then.
pub(super) fn breathe(random: &mut Random) {
    if random.once_in(3) {
        yield_now();
    }
}

/// Remembers that a thread found something that must not be: a status or a byte.
pub(super) fn wrong(thread: usize, found: u64) {
    let [who, what] = &WRONG;
    let first = who.compare_exchange(0, thread as u64 + 1, Ordering::SeqCst, Ordering::SeqCst);
    if first.is_ok() {
        what.store(found, Ordering::SeqCst);
    }
}

/// Remembers a status that is none of these.
pub(super) fn allow(thread: usize, status: Status, allowed: &[Status]) {
    if !allowed.contains(&status) {
        wrong(thread, status.to_register());
    }
}

/// Runs the threads against one another, the first with the number 0, and `beside` on this
/// thread meanwhile. Then all must have ended, nothing may have gone wrong, and the
/// kernel's structures must be sound.
pub(super) fn race(seed: u64, threads: &[fn(usize)], beside: impl FnOnce() -> Outcome) -> Outcome {
    for word in &WRONG {
        word.store(0, Ordering::SeqCst);
    }
    THROUGH.store(0, Ordering::SeqCst);
    SEED.store(seed, Ordering::SeqCst);
    let mut running: [Option<Thread>; THREADS] = [const { None }; THREADS];
    ensure!(threads.len() <= THREADS, "too many threads");
    for (index, (slot, &run)) in running.iter_mut().zip(threads).enumerate() {
        *slot = Some(Thread::spawn(move || run(index))?);
    }
    let done = beside();
    for thread in running.into_iter().flatten() {
        let deadline = monotonic().saturating_add(3 * PATIENCE);
        thread.handle().wait_one(Signals::TERMINATED, deadline)?;
        thread.join()?;
    }
    done?;
    let [who, what] = &WRONG;
    let (who, what) = (who.load(Ordering::SeqCst), what.load(Ordering::SeqCst));
    if who != 0 {
        let status = Status(libzx::raw::status_of(what));
        return Err(Failure::new(format_args!(
            "seed {seed}: thread {} found {what:#x} ({status})",
            who - 1
        )));
    }
    sound(seed)
}

/// Fails unless the host finds the kernel's structures sound.
pub(super) fn sound(seed: u64) -> Outcome {
    let status = probe::status(Call::DebugCheck, &[]);
    ensure!(
        status == Status::OK,
        "seed {seed}: the check of the kernel's structures gives {status}"
    );
    Ok(())
}
