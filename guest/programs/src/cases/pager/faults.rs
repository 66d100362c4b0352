//! Page faults of threads on pager-backed memory (reference §13.7, §4.5, §17.6).
//!
//! A thread of this process loads or stores where the page will be supplied; where the
//! fault is to end a process, it is a child's: a few instructions that touch one byte and
//! then tell that they have.

use super::buffers::replace;
use super::kit::{CODES, READ, RESIZABLE, Rig};
use crate::background::Background;
use crate::memory::{Area, PAGE};
use crate::suite::Outcome;
use crate::toucher::{Child, KILLED, LOAD, PLACE, STORE};
use crate::{ensure, expect_eq, pattern};
use libzx::{Call, MapOptions, PAGE_SIZE, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    ("faults: a load waits for its page [4.5/2]", a_load_blocks),
    ("faults: a store waits for its page [4.5/6]", a_store_blocks),
    (
        "faults: many who need a page, one packet [17.3/2]",
        two_threads_one_packet,
    ),
    (
        "faults: a mapping replaced meanwhile is used [13.7/3]",
        a_replaced_mapping_is_used,
    ),
    ("faults: of another process", a_child_goes_on),
    (
        "faults: a failed page is an exception, each code [13.7/7]",
        a_failed_page_ends_it,
    ),
    ("faults: detach is an exception [17.6/8]", detaching_ends_it),
    (
        "faults: closing the pager is an exception [17.7/1 17.7/2]",
        closing_the_pager_ends_it,
    ),
    (
        "faults: shrunk away is an exception [13.7/5]",
        a_shrink_ends_it,
    ),
    (
        "faults: unmapped meanwhile is an exception [13.7/2]",
        unmapping_ends_it,
    ),
    (
        "faults: a blocked thread can be killed [4.5/18]",
        a_blocked_child_can_be_killed,
    ),
    (
        "faults: the request of one that was killed",
        a_killed_ones_request,
    ),
    (
        "process_read: the target may die meanwhile",
        the_target_may_die_meanwhile,
    ),
];

pub(super) fn a_load_blocks() -> Outcome {
    let rig = Rig::new(3)?;
    let map = rig.map(3)?;
    let load = Background::load((map.address() + PAGE_SIZE + 77) as u64)?;
    rig.expect(READ, 1, 1)?;
    load.stays_blocked()?;
    rig.give(1, 1, 5)?;
    expect_eq!(load.result()?, u64::from(pattern::byte(5, PAGE + 77)));
    // Present now, for everybody and at once.
    expect_eq!(map.byte(PAGE_SIZE + 78), pattern::byte(5, PAGE + 78));
    rig.quiet()
}

pub(super) fn a_store_blocks() -> Outcome {
    let rig = Rig::new(3)?;
    let map = rig.map(3)?;
    let store = Background::store((map.address() + 2 * PAGE_SIZE + 77) as u64, 0x99)?;
    rig.expect(READ, 2, 1)?;
    store.stays_blocked()?;
    rig.give(2, 1, 5)?;
    store.result()?;
    super::kit::holds(&rig.vmo, &rig.buffer, 2, 1, |at| match at - 2 * PAGE {
        77 => 0x99,
        _ => pattern::byte(5, at),
    })?;
    rig.quiet()
}

pub(super) fn two_threads_one_packet() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let at = map.address() as u64;
    let load = Background::load(at + 1)?;
    rig.expect(READ, 0, 1)?;
    let store = Background::store(at + 2, 0x42)?;
    let read = rig.reading(3, 1)?;
    rig.quiet()?;
    rig.give(0, 1, 5)?;
    expect_eq!(load.result()?, u64::from(pattern::byte(5, 1)));
    store.result()?;
    expect_eq!(read.status()?, Status::OK);
    expect_eq!(map.byte(2), 0x42);
    expect_eq!(rig.buffer.map.byte(0), pattern::byte(5, 3));
    rig.quiet()
}

pub(super) fn a_replaced_mapping_is_used() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let instead = super::kit::patterned(6, 0, 1)?;
    let load = Background::load((map.address() + PAGE_SIZE + 5) as u64)?;
    rig.expect(READ, 1, 1)?;
    replace(&map, PAGE_SIZE, &instead)?;
    rig.give(1, 1, 5)?;
    expect_eq!(load.result()?, u64::from(pattern::byte(6, 5)));
    rig.quiet()
}

pub(super) fn a_child_goes_on() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE + 9)?;
    rig.expect(READ, 1, 1)?;
    child.stays_blocked()?;
    rig.give(1, 1, 5)?;
    expect_eq!(child.through()?, pattern::byte(5, PAGE + 9));
    let child = Child::start(&STORE, &rig.vmo, 2, 9)?;
    rig.expect(READ, 0, 1)?;
    child.stays_blocked()?;
    rig.give(0, 1, 5)?;
    child.through()?;
    expect_eq!(rig.read(9, 2), Status::OK);
    expect_eq!(rig.buffer.map.byte(0), 0x77);
    expect_eq!(rig.buffer.map.byte(1), pattern::byte(5, 10));
    rig.quiet()
}

pub(super) fn a_failed_page_ends_it() -> Outcome {
    for code in CODES {
        let rig = Rig::new(2)?;
        for program in [LOAD.as_slice(), STORE.as_slice()] {
            let child = Child::start(program, &rig.vmo, 2, PAGE_SIZE)?;
            rig.expect(READ, 1, 1)?;
            child.stays_blocked()?;
            expect_eq!(rig.fail(1, 1, code), Status::OK);
            child.died()?;
        }
        // Failed, not present: the next one asks again.
        rig.absent(1)?;
    }
    Ok(())
}

pub(super) fn detaching_ends_it() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    child.stays_blocked()?;
    expect_eq!(rig.detach(), Status::OK);
    child.died()?;
    // And those that come later, at once.
    Child::start(&LOAD, &rig.vmo, 2, 0)?.died()
}

pub(super) fn closing_the_pager_ends_it() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    let Rig { pager, vmo, .. } = rig;
    drop(pager);
    child.died()?;
    Child::start(&STORE, &vmo, 2, 0)?.died()
}

pub(super) fn a_shrink_ends_it() -> Outcome {
    let rig = Rig::with(2, RESIZABLE)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    child.stays_blocked()?;
    expect_eq!(rig.resize(PAGE), Status::OK);
    child.died()
}

pub(super) fn unmapping_ends_it() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    child.stays_blocked()?;
    // SAFETY: the mapping is the child's.
    unsafe { child.vmar.unmap(PLACE, 2 * PAGE_SIZE)? };
    // It may notice at once or when the page comes.
    rig.give(1, 1, 5)?;
    child.died()?;
    rig.holds(1, 1, 5)
}

pub(super) fn a_blocked_child_can_be_killed() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    child.stays_blocked()?;
    child.process.kill()?;
    expect_eq!(child.code()?, KILLED);
    ensure!(!child.is_through(), "the child went on");
    // The pager may answer all the same, and others are served.
    rig.give(1, 1, 5)?;
    rig.holds(1, 1, 5)?;
    rig.quiet()
}

/// The request of one that was killed still stands: another thread that needs the page
/// asks for nothing and is served by the answer.
pub(super) fn a_killed_ones_request() -> Outcome {
    let rig = Rig::new(2)?;
    let child = Child::start(&LOAD, &rig.vmo, 2, PAGE_SIZE)?;
    rig.expect(READ, 1, 1)?;
    let call = rig.reading(PAGE, 10)?;
    rig.quiet()?;
    child.process.kill()?;
    expect_eq!(child.code()?, KILLED);
    call.stays_blocked()?;
    // Whether the page is asked for once more now that its first asker is gone is not
    // said; it must be enough to supply it.
    let again = super::kit::take(&rig.port, 0);
    if let Ok(packet) = again {
        let found = super::kit::request_of(&packet, super::kit::KEY)?;
        expect_eq!(found, (READ, 1, 1));
    }
    rig.give(1, 1, 5)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(5, 0, PAGE, 10), None);
    rig.quiet()
}

/// The process that is read dies while its reader waits for a page.
pub(super) fn the_target_may_die_meanwhile() -> Outcome {
    let rig = Rig::new(2)?;
    let idle = Vmo::create(PAGE)?;
    let child = Child::start(&LOAD, &idle, 1, 0)?;
    let place = child
        .vmar
        .map(MapOptions::READ_WRITE, 0, &rig.vmo, 0, 2 * PAGE_SIZE)?;
    let actual = Area::touched(1)?;
    let args = [
        u64::from(child.process.handle().raw()),
        place as u64,
        rig.buffer.at(0),
        10,
        actual.at(0),
    ];
    let call = Background::call(Call::ProcessReadMemory, &args)?;
    rig.expect(READ, 0, 1)?;
    child.process.kill()?;
    expect_eq!(child.code()?, KILLED);
    call.stays_blocked()?;
    rig.give(0, 1, 5)?;
    // The call had found its VMO before.
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(5, 0, 0, 10), None);
    expect_eq!(actual.map.byte(0), 10);
    Ok(())
}
