//! `ZX_PROP_REGISTER_FS`: where a thread's own data stand.

use crate::inspect::{get_property, set_property};
use crate::memory::BAD_ADDRESSES;
use crate::probe::{UNTOUCHED, out};
use crate::regions::own_process;
use crate::suite::{Outcome, Suite};
use crate::{background, ensure, expect_eq};
use abi::options::Property;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use libzx::{Process, Status, Thread, monotonic, startup, yield_now};

const FS: u32 = Property::REGISTER_FS;

fn own_thread() -> u32 {
    startup().thread_self().map_or(0, |own| own.raw())
}

fn get(thread: u32) -> Result<u64, Status> {
    let mut value = UNTOUCHED;
    get_property(thread, FS, out(&mut value), 8).ok()?;
    Ok(core::hint::black_box(value))
}

fn set(thread: u32, mut value: u64) -> Status {
    set_property(thread, FS, out(&mut value), 8)
}

/// The word where FS begins, which must be readable.
fn first_word() -> u64 {
    let word;
    // SAFETY: the callers have set FS to the address of a static.
    unsafe { core::arch::asm!("mov {}, fs:[0]", out(reg) word, options(nostack, readonly)) };
    word
}

static ONE: AtomicU64 = AtomicU64::new(0x1111);
static TWO: AtomicU64 = AtomicU64::new(0x2222);

fn address(word: &'static AtomicU64) -> u64 {
    (&raw const *word).expose_provenance() as u64
}

fn it_is_what_was_set() -> Outcome {
    expect_eq!(get(own_thread())?, 0);
    for (word, value) in [(&ONE, 0x1111), (&TWO, 0x2222)] {
        set(own_thread(), address(word)).ok()?;
        expect_eq!(first_word(), value);
        expect_eq!(get(own_thread())?, address(word));
    }
    set(own_thread(), 0).ok()?;
    expect_eq!(get(own_thread())?, 0);
    Ok(())
}

/// The second thread's handle, once it has one.
static SECOND: AtomicU32 = AtomicU32::new(0);
static TURNS: AtomicU64 = AtomicU64::new(0);
const WRONG: u64 = u64::MAX;

fn second() {
    while SECOND.load(Ordering::Acquire) == 0 {
        yield_now();
    }
    let mut wrong = set(SECOND.load(Ordering::Acquire), address(&TWO)) != Status::OK;
    for _ in 0..20 {
        // A selector changes the base of the segment; that of this thread only.
        yield_now();
        wrong |= first_word() != 0x2222;
        TURNS.fetch_add(1, Ordering::AcqRel);
    }
    // SAFETY: nothing is looked for in FS any more.
    unsafe { core::arch::asm!("mov fs, {0:x}", in(reg) 0, options(nostack)) };
    if wrong {
        TURNS.store(WRONG, Ordering::Release);
    }
}

fn each_thread_has_its_own() -> Outcome {
    set(own_thread(), address(&ONE)).ok()?;
    let thread = Thread::spawn(second)?;
    SECOND.store(thread.handle().raw(), Ordering::Release);
    let deadline = monotonic().saturating_add(background::PATIENCE);
    let mut kept = true;
    while TURNS.load(Ordering::Acquire) < 20 {
        yield_now();
        kept &= first_word() == 0x1111;
        ensure!(monotonic() < deadline, "the other thread did not run");
    }
    thread.join()?;
    kept &= first_word() == 0x1111;
    set(own_thread(), 0).ok()?;
    ensure!(kept, "the first thread's base changed");
    ensure!(
        TURNS.load(Ordering::Acquire) != WRONG,
        "the second thread's base is not what it set"
    );
    Ok(())
}

fn arguments() -> Outcome {
    let mut value = UNTOUCHED;
    for size in [0, 4, 7] {
        let given = get_property(own_thread(), FS, out(&mut value), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
        let given = set_property(own_thread(), FS, out(&mut value), size);
        expect_eq!(given, Status::BUFFER_TOO_SMALL);
    }
    for (_, address, _) in BAD_ADDRESSES {
        expect_eq!(
            get_property(own_thread(), FS, address, 8),
            Status::INVALID_ARGS
        );
        expect_eq!(
            set_property(own_thread(), FS, address, 8),
            Status::INVALID_ARGS
        );
    }
    // Not canonical, and the kernel's.
    for base in [1 << 47, 1 << 63, 0xFFFF_FF80_0000_0000, u64::MAX] {
        expect_eq!(set(own_thread(), base), Status::INVALID_ARGS);
    }
    set(own_thread(), (1 << 47) - 1).ok()?;
    set(own_thread(), 0).ok()?;
    Ok(())
}

fn other_objects() -> Outcome {
    expect_eq!(get(own_process()), Err(Status::WRONG_TYPE));
    expect_eq!(set(own_process(), 0), Status::WRONG_TYPE);
    let process = startup().process_self().ok_or(Status::NOT_FOUND)?;
    let process: &Process = &process;
    let other = Thread::create(process, "another")?;
    let other = other.handle().raw();
    expect_eq!(get(other), Err(Status::ACCESS_DENIED));
    expect_eq!(set(other, 0), Status::ACCESS_DENIED);
    Ok(())
}

pub(super) fn run(suite: &mut Suite) {
    suite.case("the FS base is what was set", it_is_what_was_set);
    suite.case("each thread has its own FS base", each_thread_has_its_own);
    suite.case("the FS base: bad arguments", arguments);
    suite.case("the FS base: of the calling thread only", other_objects);
}
