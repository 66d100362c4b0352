//! TRAP_DIRTY, `ZX_PAGER_OP_DIRTY` and writeback (reference §4.5, §17.5).

use super::kit::{CODES, DIRTY, READ, RESIZABLE, Rig, TRAP_DIRTY};
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::PagerOp;
use libzx::{PAGE_SIZE, Status};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "dirty: a write to a clean page asks and waits [4.5/7]",
        a_write_asks,
    ),
    ("dirty: a read asks nobody", a_read_does_not),
    (
        "dirty: an absent page is read first, then DIRTY [4.5/6 4.5/7]",
        read_comes_before_dirty,
    ),
    (
        "dirty: without TRAP_DIRTY nobody is asked [17.5/16]",
        without_the_option_nobody_asks,
    ),
    (
        "dirty: a refused write stores nothing",
        a_refused_write_stores_nothing,
    ),
    (
        "dirty: a dirty page asks no more",
        a_dirty_page_asks_no_more,
    ),
    ("dirty: many pages in order", many_pages),
    ("dirty: pages can be made dirty beforehand", unasked_dirty),
    (
        "dirty: data, absent pages, range, detached [17.5/15 17.5/17 17.5/18 17.5/19]",
        dirty_checks,
    ),
    ("writeback: makes pages clean", writeback_cleans),
    (
        "writeback: a write meanwhile keeps the page dirty",
        a_write_during_writeback,
    ),
    (
        "writeback: what is clean goes on detach [17.6/4 17.6/5]",
        writeback_without_trapping,
    ),
    (
        "writeback: data and ranges are checked [17.5/20]",
        writeback_checks,
    ),
    (
        "writeback: works after detach [17.5/21]",
        writeback_after_detach,
    ),
    (
        "dirty: detach wakes those who wait [17.6/3]",
        detach_refuses,
    ),
    ("dirty: a store through a mapping asks too", a_store_asks),
    (
        "dirty: a grown tail asks nobody [17.9/5]",
        a_grown_tail_asks_nobody,
    ),
];

const BEGIN: u32 = PagerOp::WRITEBACK_BEGIN;
const END: u32 = PagerOp::WRITEBACK_END;

/// A VMO of that many pages that traps, all of them supplied with the pattern of seed 1.
fn trapping(pages: u64) -> Result<Rig, crate::suite::Failure> {
    let rig = Rig::with(pages, TRAP_DIRTY)?;
    rig.give(0, pages, 1)?;
    Ok(rig)
}

/// Writes ten bytes, the pattern of seed 2, to the start of the page; the page must be
/// asked for.
fn write_trapped(rig: &Rig, page: u64) -> Outcome {
    rig.buffer.fill(2, 10);
    let call = rig.writing(page * PAGE, 10)?;
    rig.expect(DIRTY, page, 1)?;
    call.stays_blocked()?;
    expect_eq!(rig.dirty(page, 1), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()
}

/// Writes them without anybody being asked.
fn write_untrapped(rig: &Rig, page: u64) -> Outcome {
    rig.buffer.fill(2, 10);
    let call = rig.writing(page * PAGE, 10)?;
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()
}

/// The page as [`write_trapped`] leaves it.
fn written(rig: &Rig, page: u64) -> Outcome {
    super::kit::holds(&rig.vmo, &rig.buffer, page, 1, |at| match at % PAGE {
        0..10 => pattern::byte(2, at % PAGE),
        _ => pattern::byte(1, at),
    })
}

pub(super) fn a_write_asks() -> Outcome {
    let rig = trapping(2)?;
    rig.buffer.fill(2, 10);
    let call = rig.writing(PAGE, 10)?;
    rig.expect(DIRTY, 1, 1)?;
    call.stays_blocked()?;
    // Until it is allowed, nothing is stored.
    rig.holds(1, 1, 1)?;
    expect_eq!(rig.dirty(1, 1), Status::OK);
    // `holds` has overwritten the source since; what counts is that ten bytes changed.
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()?;
    write_untrapped(&rig, 1)?;
    written(&rig, 1)?;
    rig.holds(0, 1, 1)
}

pub(super) fn a_read_does_not() -> Outcome {
    let rig = trapping(2)?;
    rig.holds(0, 2, 1)?;
    rig.quiet()
}

pub(super) fn read_comes_before_dirty() -> Outcome {
    let rig = Rig::with(2, TRAP_DIRTY)?;
    rig.buffer.fill(2, 10);
    let call = rig.writing(PAGE, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.quiet()?;
    rig.give(1, 1, 1)?;
    rig.expect(DIRTY, 1, 1)?;
    call.stays_blocked()?;
    expect_eq!(rig.dirty(1, 1), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    written(&rig, 1)?;
    rig.quiet()
}

pub(super) fn without_the_option_nobody_asks() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 1)?;
    write_untrapped(&rig, 1)?;
    written(&rig, 1)?;
    expect_eq!(rig.dirty(1, 1), Status::NOT_SUPPORTED);
    Ok(())
}

pub(super) fn a_refused_write_stores_nothing() -> Outcome {
    let rig = trapping(1)?;
    for code in CODES {
        rig.buffer.fill(2, 10);
        let call = rig.writing(0, 10)?;
        rig.expect(DIRTY, 0, 1)?;
        expect_eq!(rig.fail(0, 1, code), Status::OK);
        expect_eq!(call.status()?, code);
        rig.holds(0, 1, 1)?;
    }
    write_trapped(&rig, 0)?;
    written(&rig, 0)
}

pub(super) fn a_dirty_page_asks_no_more() -> Outcome {
    let rig = trapping(2)?;
    write_trapped(&rig, 0)?;
    write_untrapped(&rig, 0)?;
    written(&rig, 0)?;
    write_trapped(&rig, 1)
}

pub(super) fn many_pages() -> Outcome {
    let rig = trapping(4)?;
    rig.buffer.fill(2, 4 * PAGE_SIZE);
    let call = rig.writing(0, 4 * PAGE)?;
    // Whether all are asked for at once is not said; in order they are.
    let mut next = 0;
    while next < 4 {
        let (command, page, pages) = rig.request()?;
        ensure!(
            command == DIRTY && page == next && pages >= 1 && next + pages <= 4,
            "the packet is {:?}, next is page {next}",
            (command, page, pages)
        );
        expect_eq!(rig.dirty(page, pages), Status::OK);
        next += pages;
    }
    expect_eq!(call.status()?, Status::OK);
    rig.quiet()?;
    rig.holds(0, 4, 2)
}

pub(super) fn unasked_dirty() -> Outcome {
    let rig = trapping(2)?;
    expect_eq!(rig.dirty(0, 2), Status::OK);
    write_untrapped(&rig, 0)?;
    written(&rig, 0)?;
    rig.holds(1, 1, 1)
}

pub(super) fn dirty_checks() -> Outcome {
    let rig = Rig::with(4, TRAP_DIRTY)?;
    rig.give(0, 2, 1)?;
    for data in [1, u64::MAX] {
        expect_eq!(rig.op(PagerOp::DIRTY, 0, 1, data), Status::INVALID_ARGS);
    }
    expect_eq!(rig.dirty(2, 1), Status::NOT_FOUND);
    expect_eq!(rig.dirty(1, 2), Status::NOT_FOUND);
    for (page, pages) in [(4, 1), (0, 5), (5, 0), ((1 << 52) - 1, 1)] {
        expect_eq!(rig.dirty(page, pages), Status::OUT_OF_RANGE);
    }
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(rig.dirty(0, 1), Status::BAD_STATE);
    Ok(())
}

pub(super) fn writeback_cleans() -> Outcome {
    let rig = trapping(2)?;
    write_trapped(&rig, 0)?;
    expect_eq!(rig.op(BEGIN, 0, 1, 0), Status::OK);
    expect_eq!(rig.op(END, 0, 1, 0), Status::OK);
    written(&rig, 0)?;
    // Clean again: the next write asks again.
    write_trapped(&rig, 0)?;
    written(&rig, 0)
}

/// A page that is being written back asks again when it is written meanwhile, and the
/// end of the writeback does not make it clean.
pub(super) fn a_write_during_writeback() -> Outcome {
    let rig = trapping(1)?;
    write_trapped(&rig, 0)?;
    expect_eq!(rig.op(BEGIN, 0, 1, 0), Status::OK);
    write_trapped(&rig, 0)?;
    expect_eq!(rig.op(END, 0, 1, 0), Status::OK);
    write_untrapped(&rig, 0)?;
    written(&rig, 0)
}

/// Without TRAP_DIRTY, what is clean shows itself when detaching throws it away.
pub(super) fn writeback_without_trapping() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 3, 1)?;
    for page in 0..3 {
        write_untrapped(&rig, page)?;
    }
    expect_eq!(rig.op(BEGIN, 0, 2, 0), Status::OK);
    expect_eq!(rig.op(END, 0, 1, 0), Status::OK);
    expect_eq!(rig.detach(), Status::OK);
    // The first is clean, the second still being cleaned, the third dirty.
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    written(&rig, 1)?;
    written(&rig, 2)
}

pub(super) fn writeback_checks() -> Outcome {
    let rig = trapping(2)?;
    for data in [2, 3, u64::MAX] {
        expect_eq!(rig.op(BEGIN, 0, 1, data), Status::INVALID_ARGS);
    }
    expect_eq!(rig.op(BEGIN, 0, 1, PagerOp::RANGE_IS_ZERO), Status::OK);
    for data in [1, 2, u64::MAX] {
        expect_eq!(rig.op(END, 0, 1, data), Status::INVALID_ARGS);
    }
    expect_eq!(rig.op(END, 0, 1, 0), Status::OK);
    for op in [BEGIN, END] {
        for (page, pages) in [(2, 1), (0, 3), ((1 << 52) - 1, 1)] {
            expect_eq!(rig.op(op, page, pages, 0), Status::OUT_OF_RANGE);
        }
    }
    Ok(())
}

pub(super) fn writeback_after_detach() -> Outcome {
    let rig = trapping(2)?;
    write_trapped(&rig, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    written(&rig, 1)?;
    expect_eq!(rig.op(BEGIN, 0, 2, 0), Status::OK);
    expect_eq!(rig.op(END, 0, 2, 0), Status::OK);
    Ok(())
}

/// Detaching wakes those who wait for permission, too.
pub(super) fn detach_refuses() -> Outcome {
    let rig = trapping(1)?;
    rig.buffer.fill(2, 10);
    let call = rig.writing(0, 10)?;
    rig.expect(DIRTY, 0, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    // The page was clean, for the write never happened.
    expect_eq!(rig.read(0, 1), Status::BAD_STATE);
    Ok(())
}

/// A store through a mapping asks as a write does.
pub(super) fn a_store_asks() -> Outcome {
    let rig = trapping(2)?;
    let map = rig.map(2)?;
    expect_eq!(map.byte(PAGE_SIZE + 5), pattern::byte(1, PAGE + 5));
    let at = (map.address() + PAGE_SIZE + 5) as u64;
    let store = crate::background::Background::store(at, 0xAB)?;
    rig.expect(DIRTY, 1, 1)?;
    store.stays_blocked()?;
    expect_eq!(map.byte(PAGE_SIZE + 5), pattern::byte(1, PAGE + 5));
    expect_eq!(rig.dirty(1, 1), Status::OK);
    store.result()?;
    expect_eq!(map.byte(PAGE_SIZE + 5), 0xAB);
    rig.quiet()?;
    // Writing back takes the right to write without asking away from the mapping.
    expect_eq!(rig.op(BEGIN, 1, 1, 0), Status::OK);
    expect_eq!(rig.op(END, 1, 1, 0), Status::OK);
    let store = crate::background::Background::store(at, 0xCD)?;
    rig.expect(DIRTY, 1, 1)?;
    expect_eq!(map.byte(PAGE_SIZE + 5), 0xAB);
    expect_eq!(rig.dirty(1, 1), Status::OK);
    store.result()?;
    expect_eq!(map.byte(PAGE_SIZE + 5), 0xCD);
    expect_eq!(
        probe::vmo_read(rig.handle(), rig.buffer.at(0), PAGE + 5, 1),
        Status::OK
    );
    expect_eq!(rig.buffer.map.byte(0), 0xCD);
    Ok(())
}

pub(super) fn a_grown_tail_asks_nobody() -> Outcome {
    let rig = Rig::with(1, TRAP_DIRTY | RESIZABLE)?;
    expect_eq!(rig.resize(3 * PAGE), Status::OK);
    rig.zeros(1, 2)?;
    write_untrapped(&rig, 2)?;
    rig.quiet()
}
