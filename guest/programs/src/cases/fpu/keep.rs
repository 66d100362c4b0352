//! The x87 and SSE registers of a thread are what it made them, whatever happens.

use super::state::State;
use crate::child::{Child, DATA};
use crate::memory::PAGE;
use crate::probe::{close, status, vmo_create, vmo_read, vmo_write};
use crate::regions::Object;
use crate::suite::{Failure, Outcome, Suite};
use crate::{background, ensure, expect_eq};
use core::sync::atomic::{AtomicU64, Ordering};
use libzx::{Call, Thread, monotonic, sleep_for, yield_now};

/// How often the other thread must have had the CPU.
const TURNS: u64 = 5;

/// Counts what the second thread has done; `u64::MAX` once it found a wrong register.
static PROGRESS: AtomicU64 = AtomicU64::new(0);
/// Not zero: the second thread may end.
static ENOUGH: AtomicU64 = AtomicU64::new(0);

fn progress() -> u64 {
    PROGRESS.load(Ordering::Acquire)
}

/// Holds its own pattern and looks at it again and again; `step` says how it lets time
/// pass.
fn hold(seed: u64, step: fn()) {
    let own = State::patterned(seed);
    own.load();
    while ENOUGH.load(Ordering::Acquire) == 0 {
        step();
        if !own.is_loaded() {
            PROGRESS.store(u64::MAX, Ordering::Release);
            return;
        }
        PROGRESS.fetch_add(1, Ordering::AcqRel);
    }
}

const STEPS: [fn(); 3] = [|| {}, yield_now, || sleep_for(300_000)];

fn second(step: usize) {
    hold(2, STEPS.get(step).copied().unwrap_or(yield_now));
}

/// Two threads of this process, each with registers of its own.
fn beside_a_thread(step: usize) -> Outcome {
    PROGRESS.store(0, Ordering::Release);
    ENOUGH.store(0, Ordering::Release);
    let own = State::patterned(1);
    own.load();
    let thread = Thread::spawn(move || second(step))?;
    let kept = interleaved(STEPS.get(step).copied().unwrap_or(yield_now), &own);
    ENOUGH.store(1, Ordering::Release);
    thread.join()?;
    State::fresh().load();
    kept?;
    ensure!(
        progress() != u64::MAX,
        "the other thread's registers changed"
    );
    Ok(())
}

/// Looks on until the other thread has had the CPU some times.
fn interleaved(step: fn(), own: &State) -> Outcome {
    let deadline = monotonic().saturating_add(background::PATIENCE);
    let (mut turns, mut seen) = (0, progress());
    while turns < TURNS {
        step();
        expect_eq!(State::store().parts(), own.parts());
        let now = progress();
        if now == u64::MAX {
            return Ok(());
        }
        turns += u64::from(now != seen);
        seen = now;
        ensure!(monotonic() < deadline, "the other thread did not run");
    }
    Ok(())
}

static FIRST: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

/// Puts down what its registers are at the start.
fn newborn() {
    let found = State::store().bytes();
    let (words, _) = found.as_chunks::<8>();
    for (to, word) in FIRST.iter().zip(words) {
        to.store(u64::from_le_bytes(*word), Ordering::Release);
    }
}

fn a_thread_starts_fresh() -> Outcome {
    State::patterned(3).load();
    let thread = Thread::spawn(newborn)?;
    thread.join()?;
    State::fresh().load();
    let mut bytes = [0; 512];
    let (words, _) = bytes.as_chunks_mut::<8>();
    for (word, from) in words.iter_mut().zip(&FIRST) {
        *word = from.load(Ordering::Acquire).to_le_bytes();
    }
    expect_eq!(State::of(bytes).parts(), State::fresh().parts());
    Ok(())
}

/// Stores its registers at the start of its data, loads those at 512, and stores what it
/// has at 1024 for ever, counting at 2048.
const CHILD: [u8; 33] = [
    0x48, 0x0F, 0xAE, 0x06, // fxsave64 [rsi]
    0x48, 0x0F, 0xAE, 0x8E, 0x00, 0x02, 0x00, 0x00, // fxrstor64 [rsi + 512]
    0x48, 0x0F, 0xAE, 0x86, 0x00, 0x04, 0x00, 0x00, // fxsave64 [rsi + 1024]
    0xF0, 0x48, 0xFF, 0x86, 0x00, 0x08, 0x00, 0x00, // lock inc qword ptr [rsi + 2048]
    0xEB, 0xEE, // jmp to the second fxsave64
    0x0F, 0x0B, 0x90,
];

fn beside_a_process() -> Outcome {
    let (child, data) = Child::prepared("fpu", CHILD)?;
    let theirs = State::patterned(6);
    data.write(theirs.bytes(), 512)?;
    let own = State::patterned(5);
    own.load();
    child.start(0, DATA)?;
    let kept = beside(&data, &own);
    State::fresh().load();
    child.kill()?;
    kept?;
    let at_start = State::of(data.read::<512>(0)?);
    expect_eq!(at_start.parts(), State::fresh().parts());
    let later = State::of(data.read::<512>(1024)?);
    expect_eq!(later.parts(), theirs.parts());
    Ok(())
}

/// Looks on while a child counts.
fn beside(data: &Object, own: &State) -> Outcome {
    let deadline = monotonic().saturating_add(background::PATIENCE);
    let (mut turns, mut seen) = (0, 0);
    while turns < TURNS {
        let now = u64::from_le_bytes(data.read::<8>(2048)?);
        turns += u64::from(now != seen);
        seen = now;
        expect_eq!(State::store().parts(), own.parts());
        ensure!(monotonic() < deadline, "the child did not run");
    }
    Ok(())
}

/// Calls that the kernel answers, calls that the host serves, and page faults.
fn through_calls_and_faults() -> Outcome {
    let own = State::patterned(7);
    own.load();
    let vmo = vmo_create(4 * PAGE, 0)?;
    expect_eq!(State::store().parts(), own.parts());
    let object = Object::new(4)?;
    let mut buffer = [0_u8; 64];
    let address = crate::probe::out(&mut buffer);
    for page in 0..4 {
        vmo_write(vmo, address, page * PAGE, 64).ok()?;
        vmo_read(vmo, address, page * PAGE, 64).ok()?;
        status(Call::Null, &[]).ok()?;
        expect_eq!(State::store().parts(), own.parts());
    }
    let area = crate::memory::Area::new(4)?;
    for page in 0..4 {
        area.map.store(page * 4096, &[1]);
        expect_eq!(State::store().parts(), own.parts());
    }
    State::fresh().load();
    drop(object);
    close(vmo).ok().map_err(Failure::from)
}

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "a thread starts with fresh registers",
        a_thread_starts_fresh,
    );
    suite.case("calls and page faults keep them", through_calls_and_faults);
    suite.case("threads that are preempted keep theirs", || {
        beside_a_thread(0)
    });
    suite.case("threads that yield keep theirs", || beside_a_thread(1));
    suite.case("threads that sleep keep theirs", || beside_a_thread(2));
    suite.case("a process sees nothing of another's", beside_a_process);
}
