//! Sizes of pager-backed VMOs (reference §17.9, §9.2, §10.4).

use super::kit::{READ, RESIZABLE, Rig, child, holds, of};
use super::requests::came;
use crate::background::Background;
use crate::memory::PAGE;
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, PAGE_SIZE, Status};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "resize: a grown tail is zero, nobody is asked [17.9/1]",
        a_grown_tail_is_zero,
    ),
    (
        "resize: a read across the old end asks for the old part [17.9/1]",
        a_read_across_the_old_end,
    ),
    (
        "resize: shrink and grow gives zeros",
        shrink_and_grow_gives_zeros,
    ),
    (
        "resize: what was cut off is the pager's no more [17.9/1]",
        shrink_and_grow_over_absent_pages,
    ),
    (
        "resize: the partial page is zeroed",
        a_partial_page_is_zeroed,
    ),
    (
        "resize: a read blocked in the tail is OUT_OF_RANGE [4.5/16 4.3/7 17.9/2 17.9/3]",
        a_blocked_read_is_out_of_range,
    ),
    (
        "resize: a read over the new end is OUT_OF_RANGE [4.3/7]",
        a_read_that_straddles_the_new_end,
    ),
    (
        "resize: a write blocked in the tail is OUT_OF_RANGE [4.3/7 17.9/2]",
        a_blocked_write_is_out_of_range,
    ),
    (
        "resize: a shrink behind a reader does not matter to it",
        a_shrink_behind_the_reader,
    ),
    (
        "resize: a commit whose tail vanished succeeds [17.9/4]",
        a_blocked_commit_succeeds_on_the_rest,
    ),
    (
        "resize: children lose the tail for good [9.2/16 10.4/9]",
        children_lose_the_tail,
    ),
    (
        "resize: a clone keeps what it wrote in the tail [10.4/9]",
        a_clone_keeps_what_it_wrote_in_the_tail,
    ),
    (
        "resize: a shrink under a clone's reader gives zeros [10.4/9]",
        a_shrink_under_a_clones_reader,
    ),
    (
        "resize: fixed sizes are UNAVAILABLE",
        fixed_sizes_are_unavailable,
    ),
];

const LAZY: u32 = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();

pub(super) fn a_grown_tail_is_zero() -> Outcome {
    let rig = Rig::with(2, RESIZABLE)?;
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    rig.zeros(2, 2)?;
    rig.quiet()?;
    // The old pages are the pager's as before.
    rig.absent(1)?;
    // And so it stays when it is written.
    rig.buffer.fill(1, 10);
    let call = rig.writing(3 * PAGE, 10)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.read(3 * PAGE, 11), Status::OK);
    expect_eq!(rig.buffer.mismatch(1, 0, 0, 10), None);
    expect_eq!(rig.buffer.map.byte(10), 0);
    rig.quiet()
}

pub(super) fn a_read_across_the_old_end() -> Outcome {
    let rig = Rig::with(2, RESIZABLE)?;
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    let call = rig.reading(0, 4 * PAGE)?;
    rig.expect(READ, 0, 2)?;
    rig.buffer.fill(9, 4 * PAGE_SIZE);
    rig.give(0, 2, 3)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 3, 0, 2 * PAGE)?;
    ensure!(
        rig.buffer.all(2 * PAGE_SIZE, 2 * PAGE_SIZE, 0),
        "the tail is not zero"
    );
    rig.quiet()
}

pub(super) fn shrink_and_grow_gives_zeros() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    rig.give(0, 4, 3)?;
    expect_eq!(rig.resize(PAGE), Status::OK);
    expect_eq!(rig.read(PAGE, 1), Status::OUT_OF_RANGE);
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    rig.holds(0, 1, 3)?;
    rig.zeros(1, 3)?;
    rig.quiet()
}

/// The same for pages that were never there: they are the pager's no more.
pub(super) fn shrink_and_grow_over_absent_pages() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    rig.zeros(2, 2)?;
    rig.quiet()?;
    rig.absent(0)
}

pub(super) fn a_partial_page_is_zeroed() -> Outcome {
    let rig = Rig::with(2, RESIZABLE)?;
    rig.give(0, 2, 3)?;
    expect_eq!(rig.resize(PAGE + 100), Status::OK);
    expect_eq!(rig.vmo.size(), Ok(2 * PAGE));
    holds(&rig.vmo, &rig.buffer, 0, 2, |at| match at {
        _ if at < PAGE + 100 => pattern::byte(3, at),
        _ => 0,
    })
}

pub(super) fn a_blocked_read_is_out_of_range() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    let call = rig.reading(3 * PAGE, 10)?;
    rig.expect(READ, 3, 1)?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    expect_eq!(call.status()?, Status::OUT_OF_RANGE);
    ensure!(rig.buffer.all(0, 10, 0), "bytes came");
    // The request is answered: growing again, nobody waits for it.
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    rig.zeros(2, 2)?;
    rig.quiet()
}

pub(super) fn a_read_that_straddles_the_new_end() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    rig.give(0, 1, 2)?;
    let call = rig.reading(0, 4 * PAGE)?;
    rig.expect(READ, 1, 3)?;
    expect_eq!(rig.resize(3 * PAGE), Status::OK);
    // Whether it notices at once or with the next page is not said; what it says is.
    rig.give(1, 2, 2)?;
    expect_eq!(call.status()?, Status::OUT_OF_RANGE);
    came(&rig, 2, 0, PAGE)?;
    ensure!(
        rig.buffer.all(3 * PAGE_SIZE, PAGE_SIZE, 0),
        "bytes behind the new end came"
    );
    Ok(())
}

pub(super) fn a_blocked_write_is_out_of_range() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    let call = rig.writing(3 * PAGE, 10)?;
    rig.expect(READ, 3, 1)?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    expect_eq!(call.status()?, Status::OUT_OF_RANGE);
    rig.quiet()
}

/// A read of what stays is not disturbed by a shrink behind it.
pub(super) fn a_shrink_behind_the_reader() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    let call = rig.reading(0, PAGE)?;
    rig.expect(READ, 0, 1)?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    call.stays_blocked()?;
    rig.give(0, 1, 2)?;
    expect_eq!(call.status()?, Status::OK);
    came(&rig, 2, 0, PAGE)
}

pub(super) fn a_blocked_commit_succeeds_on_the_rest() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    rig.give(0, 2, 2)?;
    let args = [of(&rig.vmo), u64::from(RangeOp::COMMIT), 0, 4 * PAGE, 0, 0];
    let call = Background::call(Call::VmoOpRange, &args)?;
    let (command, page, _) = rig.request()?;
    expect_eq!((command, page), (READ, 2));
    call.stays_blocked()?;
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    rig.holds(0, 2, 2)?;
    rig.quiet()
}

pub(super) fn children_lose_the_tail() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    rig.give(0, 4, 5)?;
    let clone = child(&rig.vmo, LAZY, 0, 4)?;
    let grandchild = child(&clone, LAZY, 0, 4)?;
    expect_eq!(
        probe::vmo_write(clone.handle().raw(), rig.buffer.at(0), 3 * PAGE, 0),
        Status::OK
    );
    expect_eq!(rig.resize(2 * PAGE), Status::OK);
    for vmo in [&clone, &grandchild] {
        expect_eq!(vmo.size(), Ok(4 * PAGE));
        holds(vmo, &rig.buffer, 0, 4, |at| match at {
            _ if at < 2 * PAGE => pattern::byte(5, at),
            _ => 0,
        })?;
    }
    // For good: not even when the parent has grown and been written there.
    expect_eq!(rig.resize(4 * PAGE), Status::OK);
    rig.buffer.fill(6, 10);
    expect_eq!(
        probe::vmo_write(rig.handle(), rig.buffer.at(0), 3 * PAGE, 10),
        Status::OK
    );
    for vmo in [&clone, &grandchild] {
        holds(vmo, &rig.buffer, 2, 2, |_| 0)?;
    }
    rig.quiet()
}

pub(super) fn a_clone_keeps_what_it_wrote_in_the_tail() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    rig.give(0, 4, 5)?;
    let clone = child(&rig.vmo, LAZY, 0, 4)?;
    rig.buffer.fill(6, 10);
    expect_eq!(
        probe::vmo_write(clone.handle().raw(), rig.buffer.at(0), 3 * PAGE, 10),
        Status::OK
    );
    expect_eq!(rig.resize(PAGE), Status::OK);
    holds(&clone, &rig.buffer, 0, 4, |at| match at {
        _ if at < PAGE => pattern::byte(5, at),
        _ if at < 3 * PAGE => 0,
        _ if at < 3 * PAGE + 10 => pattern::byte(6, at - 3 * PAGE),
        _ => pattern::byte(5, at),
    })
}

/// A reader that waits through a clone for a page that is cut off the root: zero is what
/// the clone has there from then on.
pub(super) fn a_shrink_under_a_clones_reader() -> Outcome {
    let rig = Rig::with(4, RESIZABLE)?;
    let clone = child(&rig.vmo, LAZY, 0, 4)?;
    rig.buffer.fill(1, 100);
    let call = super::kit::reading(&clone, rig.buffer.at(0), 3 * PAGE, 100)?;
    rig.expect(READ, 3, 1)?;
    expect_eq!(rig.resize(PAGE), Status::OK);
    expect_eq!(call.status()?, Status::OK);
    ensure!(rig.buffer.all(0, 100, 0), "not zeros");
    rig.quiet()
}

pub(super) fn fixed_sizes_are_unavailable() -> Outcome {
    let rig = Rig::new(2)?;
    expect_eq!(rig.resize(PAGE), Status::UNAVAILABLE);
    let resizable = Rig::with(2, RESIZABLE)?;
    let clone = child(&resizable.vmo, LAZY, 0, 2)?;
    expect_eq!(
        probe::status(Call::VmoSetSize, &[of(&clone), PAGE]),
        Status::UNAVAILABLE
    );
    Ok(())
}
