//! Operations on pager-backed VMOs (reference §11, §12, §10.3, §9).

use super::kit::{CODES, READ, RESIZABLE, Rig, child, holds, of};
use crate::background::Background;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq, pattern};
use abi::objects::CachePolicy;
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, Rights, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    ("ops: COMMIT waits for its pages [11/8]", commit_blocks),
    (
        "ops: COMMIT returns each code [11/8]",
        commit_returns_the_code,
    ),
    (
        "ops: COMMIT of present pages asks nobody",
        commit_of_present_pages,
    ),
    (
        "ops: DECOMMIT is NOT_SUPPORTED [11/18]",
        decommit_is_refused,
    ),
    (
        "ops: LOCK, UNLOCK, TRY_LOCK are NOT_SUPPORTED",
        lock_is_refused,
    ),
    (
        "ops: ZERO of whole absent pages asks nobody",
        zero_of_whole_pages,
    ),
    (
        "ops: ZERO of part of an absent page asks [11/51]",
        zero_of_partial_pages,
    ),
    (
        "ops: zeroed pages are the VMO's own",
        zeroed_pages_are_dirty,
    ),
    ("ops: PREFETCH brings pages in", prefetch_brings_pages_in),
    (
        "ops: ALWAYS_NEED brings pages in and ignores failures [11/56 11/57]",
        always_need_ignores_errors,
    ),
    (
        "ops: DONT_NEED keeps dirty bytes",
        dont_need_keeps_the_bytes,
    ),
    ("ops: only the CACHED policy [12.1/6]", cache_policies),
    (
        "ops: transfer_data is NOT_SUPPORTED [12.2/5]",
        transfer_is_refused,
    ),
    (
        "ops: the stream size zeroes what is behind it",
        stream_sizes,
    ),
    (
        "ops: MODIFIED of the root is at-least-on-write [10.3/11 17.8/1]",
        modified_of_the_root,
    ),
];

fn op(vmo: &Vmo, op: u32, offset: u64, length: u64) -> Status {
    let args = [of(vmo), u64::from(op), offset, length, 0, 0];
    probe::status(Call::VmoOpRange, &args)
}

fn operating(vmo: &Vmo, op: u32, offset: u64, length: u64) -> Result<Background, Failure> {
    let args = [of(vmo), u64::from(op), offset, length, 0, 0];
    Background::call(Call::VmoOpRange, &args)
}

pub(super) fn commit_blocks() -> Outcome {
    let rig = Rig::new(4)?;
    let call = operating(&rig.vmo, RangeOp::COMMIT, PAGE + 1, PAGE)?;
    // Rounded outwards: pages 1 and 2.
    let (command, page, pages) = rig.request()?;
    ensure!(
        command == READ && page == 1 && (pages == 1 || pages == 2),
        "the packet is {:?}",
        (command, page, pages)
    );
    call.stays_blocked()?;
    rig.give(page, pages, 4)?;
    rig.answer_until(&call, 4)?;
    expect_eq!(call.status()?, Status::OK);
    rig.holds(1, 2, 4)?;
    rig.quiet()?;
    rig.absent(0)?;
    rig.absent(3)
}

pub(super) fn commit_returns_the_code() -> Outcome {
    let rig = Rig::new(2)?;
    for code in CODES {
        let call = operating(&rig.vmo, RangeOp::COMMIT, PAGE, PAGE)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, code), Status::OK);
        expect_eq!(call.status()?, code);
    }
    let call = operating(&rig.vmo, RangeOp::COMMIT, PAGE, PAGE)?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    Ok(())
}

pub(super) fn commit_of_present_pages() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    expect_eq!(op(&rig.vmo, RangeOp::COMMIT, 0, 2 * PAGE), Status::OK);
    expect_eq!(op(&rig.vmo, RangeOp::COMMIT, 2 * PAGE, 0), Status::OK);
    expect_eq!(
        op(&rig.vmo, RangeOp::COMMIT, PAGE, PAGE + 1),
        Status::OUT_OF_RANGE
    );
    rig.holds(0, 2, 4)?;
    rig.quiet()
}

pub(super) fn decommit_is_refused() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    expect_eq!(
        op(&rig.vmo, RangeOp::DECOMMIT, 0, PAGE),
        Status::NOT_SUPPORTED
    );
    // Out of range wins, unaligned does not.
    expect_eq!(
        op(&rig.vmo, RangeOp::DECOMMIT, 0, 3 * PAGE),
        Status::OUT_OF_RANGE
    );
    expect_eq!(
        op(&rig.vmo, RangeOp::DECOMMIT, 1, PAGE),
        Status::NOT_SUPPORTED
    );
    rig.holds(0, 2, 4)
}

pub(super) fn lock_is_refused() -> Outcome {
    let rig = Rig::new(2)?;
    for number in [RangeOp::LOCK, RangeOp::UNLOCK, RangeOp::TRY_LOCK] {
        expect_eq!(op(&rig.vmo, number, 0, 2 * PAGE), Status::NOT_SUPPORTED);
    }
    rig.quiet()
}

pub(super) fn zero_of_whole_pages() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(1, 1, 4)?;
    let call = operating(&rig.vmo, RangeOp::ZERO, 0, 2 * PAGE)?;
    expect_eq!(call.status()?, Status::OK);
    rig.zeros(0, 2)?;
    rig.quiet()?;
    rig.absent(2)
}

pub(super) fn zero_of_partial_pages() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 1, 4)?;
    let call = operating(&rig.vmo, RangeOp::ZERO, PAGE - 10, 30)?;
    rig.expect(READ, 1, 1)?;
    call.stays_blocked()?;
    rig.give(1, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    holds(&rig.vmo, &rig.buffer, 0, 2, |at| {
        let zeroed = (PAGE - 10..PAGE + 20).contains(&at);
        if zeroed { 0 } else { pattern::byte(4, at) }
    })?;
    let call = operating(&rig.vmo, RangeOp::ZERO, 2 * PAGE + 10, 30)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.fail(2, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    rig.absent(2)
}

/// A page that was zeroed is the VMO's own: detaching does not take it.
pub(super) fn zeroed_pages_are_dirty() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 1, 4)?;
    let call = operating(&rig.vmo, RangeOp::ZERO, 0, 2 * PAGE)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.detach(), Status::OK);
    rig.zeros(0, 2)
}

pub(super) fn prefetch_brings_pages_in() -> Outcome {
    let rig = Rig::new(4)?;
    let readable = rig.vmo.handle().duplicate(Rights::READ)?;
    let readable = Vmo::from_handle(readable);
    let call = operating(&readable, RangeOp::PREFETCH, PAGE + 5, PAGE)?;
    rig.answer_until(&call, 4)?;
    expect_eq!(call.status()?, Status::OK);
    rig.holds(1, 2, 4)?;
    rig.quiet()?;
    rig.absent(0)?;
    rig.absent(3)?;
    expect_eq!(
        op(&rig.vmo, RangeOp::PREFETCH, 3 * PAGE, PAGE + 1),
        Status::OUT_OF_RANGE
    );
    expect_eq!(op(&rig.vmo, RangeOp::PREFETCH, 4 * PAGE, 0), Status::OK);
    Ok(())
}

pub(super) fn always_need_ignores_errors() -> Outcome {
    let rig = Rig::new(3)?;
    let none = rig.vmo.handle().duplicate(libzx::Rights::empty())?;
    let none = Vmo::from_handle(none);
    let call = operating(&none, RangeOp::ALWAYS_NEED, 0, 3 * PAGE)?;
    // The first page is failed whenever it is asked for, the others are supplied.
    let end = monotonic_end();
    while !call.is_done() {
        ensure!(libzx::monotonic() < end, "it asks for nothing");
        let soon = libzx::monotonic() + 2_000_000;
        let Ok(packet) = super::kit::take(&rig.port, soon) else {
            continue;
        };
        let (command, page, pages) = super::kit::request_of(&packet, super::kit::KEY)?;
        expect_eq!(command, READ);
        let first = if page == 0 {
            expect_eq!(rig.fail(0, 1, Status::IO), Status::OK);
            1
        } else {
            page
        };
        let left = page + pages - first;
        if left > 0 {
            rig.give(first, left, 4)?;
        }
    }
    expect_eq!(call.status()?, Status::OK);
    rig.holds(1, 2, 4)?;
    rig.quiet()?;
    rig.absent(0)?;
    expect_eq!(
        op(&none, RangeOp::ALWAYS_NEED, 0, 4 * PAGE),
        Status::OUT_OF_RANGE
    );
    Ok(())
}

fn monotonic_end() -> i64 {
    libzx::monotonic() + crate::background::PATIENCE
}

pub(super) fn dont_need_keeps_the_bytes() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 1, 4)?;
    rig.vmo.write(&[9; 10], 0)?;
    let none = Vmo::from_handle(rig.vmo.handle().duplicate(libzx::Rights::empty())?);
    expect_eq!(op(&none, RangeOp::DONT_NEED, 0, 3 * PAGE), Status::OK);
    // A dirty page is not given up.
    holds(&rig.vmo, &rig.buffer, 0, 1, |at| match at {
        0..10 => 9,
        _ => pattern::byte(4, at),
    })?;
    expect_eq!(
        op(&none, RangeOp::DONT_NEED, 0, 4 * PAGE),
        Status::OUT_OF_RANGE
    );
    rig.quiet()
}

pub(super) fn cache_policies() -> Outcome {
    let rig = Rig::new(2)?;
    let set = |policy: CachePolicy| {
        let args = [of(&rig.vmo), u64::from(policy.0)];
        probe::status(Call::VmoSetCachePolicy, &args)
    };
    expect_eq!(set(CachePolicy::CACHED), Status::OK);
    for policy in [
        CachePolicy::UNCACHED,
        CachePolicy::UNCACHED_DEVICE,
        CachePolicy::WRITE_COMBINING,
    ] {
        expect_eq!(set(policy), Status::BAD_STATE);
    }
    rig.absent(0)
}

pub(super) fn transfer_is_refused() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    let plain = super::kit::patterned(5, 0, 2)?;
    for (to, from) in [(&rig.vmo, &plain), (&plain, &rig.vmo)] {
        let args = [of(to), 0, 0, PAGE, of(from), PAGE];
        expect_eq!(
            probe::status(Call::VmoTransferData, &args),
            Status::NOT_SUPPORTED
        );
    }
    rig.holds(0, 2, 4)?;
    holds(&plain, &rig.buffer, 0, 2, |at| pattern::byte(5, at))
}

/// Setting the stream size zeroes to the end of the VMO, absent pages included.
pub(super) fn stream_sizes() -> Outcome {
    let rig = Rig::with(3, RESIZABLE)?;
    rig.give(0, 2, 4)?;
    let args = [of(&rig.vmo), PAGE + 10];
    let call = Background::call(Call::VmoSetStreamSize, &args)?;
    rig.answer_until(&call, 4)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.vmo.size(), Ok(3 * PAGE));
    holds(&rig.vmo, &rig.buffer, 0, 3, |at| match at {
        _ if at < PAGE + 10 => pattern::byte(4, at),
        _ => 0,
    })?;
    rig.quiet()
}

/// A MODIFIED snapshot of a pager VMO is an at-least-on-write child.
pub(super) fn modified_of_the_root() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 1, 4)?;
    let clone = child(&rig.vmo, ChildOptions::SNAPSHOT_MODIFIED.bits(), 0, 2)?;
    rig.vmo.write(&[7], 3)?;
    holds(&clone, &rig.buffer, 0, 1, |at| match at {
        3 => 7,
        _ => pattern::byte(4, at),
    })?;
    clone.write(&[8], 4)?;
    rig.vmo.write(&[9], 3)?;
    holds(&clone, &rig.buffer, 0, 1, |at| match at {
        3 => 7,
        4 => 8,
        _ => pattern::byte(4, at),
    })?;
    rig.quiet()
}
