//! Clones of pager VMOs (reference §17.8, §10.3, §10.4).

use super::kit::{CODES, READ, Rig, child, holds, make, of, patterned, reading};
use crate::background::Background;
use crate::memory::{Area, PAGE};
use crate::probe;
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::options::{ChildOptions, RangeOp};
use libzx::{Call, MapOptions, Mapping, PAGE_SIZE, Status, Vmo};

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "clones: SNAPSHOT is NOT_SUPPORTED anywhere under a pager [10.3/4 17.8/1]",
        kinds_that_are_refused,
    ),
    (
        "clones: absent pages ask for the root's [10.4/8 17.8/2]",
        absent_pages_ask_the_root,
    ),
    (
        "clones: a write stays the clone's own [10.4/2 10.4/11]",
        a_clones_write_stays_its_own,
    ),
    (
        "clones: the parent's writes show until the clone writes [7/9 10.4/7]",
        the_parents_writes_show_until_then,
    ),
    (
        "clones: zeroing hides the parent [10.4/7]",
        zeroing_hides_the_parent,
    ),
    (
        "clones: failures come through [17.8/3]",
        failures_come_through,
    ),
    (
        "clones: detach comes through, written pages survive [17.8/3 17.8/4]",
        detach_comes_through,
    ),
    (
        "clones: beyond the parent zeros, no request [10.3/8 17.8/5]",
        beyond_the_parent_is_zero,
    ),
    (
        "clones: a chain is clipped by each between [17.8/6]",
        a_chain_is_clipped,
    ),
    (
        "clones: a grandchild sees what was written before [17.8/7]",
        a_grandchild_sees_what_was_written_before,
    ),
    (
        "clones: the one between may go [10.4/5 10.4/10]",
        the_middle_may_go,
    ),
    (
        "clones: COMMIT forks every page [17.8/8]",
        commit_forks_every_page,
    ),
    (
        "clones: NO_WRITE reads the same and is not written [17.8/9]",
        read_only_clones,
    ),
    (
        "clones: DECOMMIT is NOT_SUPPORTED on both [17.8/10 11/18]",
        decommit_is_refused,
    ),
    (
        "clones: growing gives zeros, never the parent's bytes [10.4/6]",
        a_resizable_clone_grows_zeros,
    ),
    ("clones: MODIFIED of a clone [10.3/12]", modified_of_a_clone),
    (
        "slices of pager VMOs go straight through [10.4/3]",
        slices_go_straight_through,
    ),
    (
        "references of pager VMOs share everything [10.4/3 10.4/4]",
        references_share_everything,
    ),
    ("clones: their mappings", mappings_of_clones),
    (
        "clones: any order of closing [10.4/5]",
        any_order_of_closing,
    ),
    (
        "clones: only the root is the pager's [17.4/5]",
        only_the_root_is_the_pagers,
    ),
];

const LAZY: u32 = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
const MODIFIED: u32 = ChildOptions::SNAPSHOT_MODIFIED.bits();
const SNAPSHOT: u32 = ChildOptions::SNAPSHOT.bits();
const SLICE: u32 = ChildOptions::SLICE.bits();
const REFERENCE: u32 = ChildOptions::REFERENCE.bits();

/// Writes the first ten bytes of the page: the pattern of that seed from 0 on.
fn write(vmo: &Vmo, page: u64, seed: u64) -> Outcome {
    let mut bytes = [0; 10];
    pattern::fill(seed, 0, &mut bytes);
    Ok(vmo.write(&bytes, page * PAGE)?)
}

/// Fails unless the page is the pattern of `seed`, but for what [`write`] wrote with
/// `over`.
fn page_is(vmo: &Vmo, buffer: &Area, page: u64, seed: u64, over: Option<u64>) -> Outcome {
    holds(vmo, buffer, page, 1, |at| match (at % PAGE, over) {
        (place @ 0..10, Some(over)) => pattern::byte(over, place),
        _ => pattern::byte(seed, at),
    })
}

pub(super) fn kinds_that_are_refused() -> Outcome {
    let rig = Rig::new(2)?;
    let refused = |vmo: &Vmo, options: u32| {
        let mut out = 0_u32;
        let args = [
            of(vmo),
            u64::from(options),
            0,
            2 * PAGE,
            probe::out(&mut out),
        ];
        probe::status(Call::VmoCreateChild, &args)
    };
    expect_eq!(refused(&rig.vmo, SNAPSHOT), Status::NOT_SUPPORTED);
    let lazy = child(&rig.vmo, LAZY, 0, 2)?;
    expect_eq!(refused(&lazy, SNAPSHOT), Status::NOT_SUPPORTED);
    let deeper = child(&lazy, LAZY, 0, 2)?;
    expect_eq!(refused(&deeper, SNAPSHOT), Status::NOT_SUPPORTED);
    rig.quiet()
}

pub(super) fn absent_pages_ask_the_root() -> Outcome {
    for kind in [LAZY, MODIFIED] {
        let rig = Rig::new(4)?;
        let clone = child(&rig.vmo, kind, 1, 3)?;
        let call = reading(&clone, rig.buffer.at(0), PAGE + 5, 10)?;
        rig.expect(READ, 2, 1)?;
        call.stays_blocked()?;
        rig.give(2, 1, 4)?;
        expect_eq!(call.status()?, Status::OK);
        expect_eq!(rig.buffer.mismatch(4, 0, 2 * PAGE + 5, 10), None);
        // It was asked for on the root's behalf, which has the page now.
        rig.holds(2, 1, 4)?;
        rig.quiet()?;
    }
    Ok(())
}

pub(super) fn a_clones_write_stays_its_own() -> Outcome {
    let rig = Rig::new(2)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    rig.buffer.fill(6, 10);
    let args = [of(&clone), rig.buffer.at(0), PAGE, 10];
    let call = Background::call(Call::VmoWrite, &args)?;
    // The rest of the page must be known.
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    page_is(&clone, &rig.buffer, 1, 4, Some(6))?;
    rig.holds(1, 1, 4)?;
    rig.quiet()
}

pub(super) fn the_parents_writes_show_until_then() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    write(&rig.vmo, 0, 5)?;
    page_is(&clone, &rig.buffer, 0, 4, Some(5))?;
    // From its first write on, the page is the clone's own, the whole page.
    clone.write(&[0x77], 100)?;
    write(&rig.vmo, 0, 6)?;
    holds(&clone, &rig.buffer, 0, 1, |at| match at {
        0..10 => pattern::byte(5, at),
        100 => 0x77,
        _ => pattern::byte(4, at),
    })?;
    // The other page still follows.
    write(&rig.vmo, 1, 7)?;
    page_is(&clone, &rig.buffer, 1, 4, Some(7))?;
    page_is(&rig.vmo, &rig.buffer, 0, 4, Some(6))
}

pub(super) fn zeroing_hides_the_parent() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    let args = [of(&clone), u64::from(RangeOp::ZERO), 0, PAGE, 0, 0];
    expect_eq!(probe::status(Call::VmoOpRange, &args), Status::OK);
    holds(&clone, &rig.buffer, 0, 1, |_| 0)?;
    write(&rig.vmo, 0, 5)?;
    holds(&clone, &rig.buffer, 0, 1, |_| 0)?;
    page_is(&rig.vmo, &rig.buffer, 0, 4, Some(5))
}

pub(super) fn failures_come_through() -> Outcome {
    let rig = Rig::new(2)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    let grandchild = child(&clone, LAZY, 0, 2)?;
    for vmo in [&clone, &grandchild] {
        for code in CODES {
            let call = reading(vmo, rig.buffer.at(0), PAGE, 10)?;
            rig.expect(READ, 1, 1)?;
            expect_eq!(rig.fail(1, 1, code), Status::OK);
            expect_eq!(call.status()?, code);
        }
        let args = [of(vmo), rig.buffer.at(0), PAGE, 10];
        let call = Background::call(Call::VmoWrite, &args)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, Status::NO_SPACE), Status::OK);
        expect_eq!(call.status()?, Status::NO_SPACE);
    }
    rig.quiet()
}

pub(super) fn detach_comes_through() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 2, 4)?;
    let clone = child(&rig.vmo, LAZY, 0, 3)?;
    write(&clone, 0, 5)?;
    let call = reading(&clone, rig.buffer.at(0), 2 * PAGE, 10)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    // What the clone wrote survives; what it saw through to is gone.
    page_is(&clone, &rig.buffer, 0, 4, Some(5))?;
    let handle = clone.handle().raw();
    expect_eq!(
        probe::vmo_read(handle, rig.buffer.at(0), PAGE, 1),
        Status::BAD_STATE
    );
    expect_eq!(
        probe::vmo_write(handle, rig.buffer.at(0), PAGE, 1),
        Status::BAD_STATE
    );
    Ok(())
}

pub(super) fn beyond_the_parent_is_zero() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(1, 1, 4)?;
    let clone = child(&rig.vmo, LAZY, 1, 3)?;
    page_at(&clone, &rig.buffer, 0, 4, PAGE)?;
    holds(&clone, &rig.buffer, 1, 2, |_| 0)?;
    rig.quiet()?;
    let past = child(&rig.vmo, LAZY, 5, 2)?;
    holds(&past, &rig.buffer, 0, 2, |_| 0)?;
    rig.quiet()
}

/// Fails unless the page is the pattern of `seed` as it stands `shift` bytes further on.
fn page_at(vmo: &Vmo, buffer: &Area, page: u64, seed: u64, shift: u64) -> Outcome {
    holds(vmo, buffer, page, 1, |at| pattern::byte(seed, at + shift))
}

pub(super) fn a_chain_is_clipped() -> Outcome {
    let rig = Rig::new(4)?;
    let middle = child(&rig.vmo, LAZY, 0, 2)?;
    let end = child(&middle, LAZY, 0, 4)?;
    let from_one = child(&middle, LAZY, 1, 3)?;
    // Page 2 of the root is behind the end of the one between.
    holds(&end, &rig.buffer, 2, 2, |_| 0)?;
    holds(&from_one, &rig.buffer, 1, 2, |_| 0)?;
    rig.quiet()?;
    let call = reading(&end, rig.buffer.at(0), 0, 4 * PAGE)?;
    rig.expect(READ, 0, 2)?;
    rig.give(0, 2, 4)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(4, 0, 0, 2 * PAGE_SIZE), None);
    ensure!(
        rig.buffer.all(2 * PAGE_SIZE, 2 * PAGE_SIZE, 0),
        "the part behind the end of the one between is not zero"
    );
    page_at(&from_one, &rig.buffer, 0, 4, PAGE)?;
    rig.quiet()
}

pub(super) fn a_grandchild_sees_what_was_written_before() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 3, 4)?;
    let middle = child(&rig.vmo, LAZY, 0, 3)?;
    write(&middle, 0, 5)?;
    let end = child(&middle, LAZY, 0, 3)?;
    page_is(&end, &rig.buffer, 0, 4, Some(5))?;
    page_is(&end, &rig.buffer, 1, 4, None)?;
    // What is written there after it was made: either version.
    write(&middle, 1, 6)?;
    let either = page_is(&end, &rig.buffer, 1, 4, None)
        .or_else(|_| page_is(&end, &rig.buffer, 1, 4, Some(6)));
    either?;
    // What the end writes shows nowhere else.
    write(&end, 2, 7)?;
    page_is(&end, &rig.buffer, 2, 4, Some(7))?;
    page_is(&middle, &rig.buffer, 2, 4, None)?;
    page_is(&rig.vmo, &rig.buffer, 2, 4, None)?;
    write(&end, 0, 8)?;
    page_is(&middle, &rig.buffer, 0, 4, Some(5))?;
    page_is(&rig.vmo, &rig.buffer, 0, 4, None)
}

/// The clone between goes; what it wrote stays visible to its child.
pub(super) fn the_middle_may_go() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 2, 4)?;
    let middle = child(&rig.vmo, LAZY, 0, 2)?;
    write(&middle, 0, 5)?;
    let end = child(&middle, LAZY, 0, 3)?;
    drop(middle);
    page_is(&end, &rig.buffer, 0, 4, Some(5))?;
    page_is(&end, &rig.buffer, 1, 4, None)?;
    // Still clipped by the one that is gone.
    holds(&end, &rig.buffer, 2, 1, |_| 0)?;
    write(&end, 0, 6)?;
    page_is(&end, &rig.buffer, 0, 4, Some(6))?;
    rig.quiet()
}

pub(super) fn commit_forks_every_page() -> Outcome {
    let rig = Rig::new(3)?;
    let clone = child(&rig.vmo, LAZY, 0, 3)?;
    let args = [of(&clone), u64::from(RangeOp::COMMIT), 0, 3 * PAGE, 0, 0];
    let call = Background::call(Call::VmoOpRange, &args)?;
    rig.answer_until(&call, 4)?;
    expect_eq!(call.status()?, Status::OK);
    write(&rig.vmo, 0, 5)?;
    for page in 0..3 {
        page_is(&clone, &rig.buffer, page, 4, None)?;
    }
    expect_eq!(rig.detach(), Status::OK);
    for page in 0..3 {
        page_is(&clone, &rig.buffer, page, 4, None)?;
    }
    Ok(())
}

pub(super) fn read_only_clones() -> Outcome {
    let rig = Rig::new(2)?;
    let options = LAZY | ChildOptions::NO_WRITE.bits();
    let clone = child(&rig.vmo, options, 0, 2)?;
    let handle = clone.handle().raw();
    expect_eq!(
        probe::vmo_write(handle, rig.buffer.at(0), 0, 1),
        Status::ACCESS_DENIED
    );
    rig.quiet()?;
    let call = reading(&clone, rig.buffer.at(0), PAGE, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    write(&rig.vmo, 1, 5)?;
    page_is(&clone, &rig.buffer, 1, 4, Some(5))
}

pub(super) fn decommit_is_refused() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 2, 4)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    write(&clone, 0, 5)?;
    for vmo in [&rig.vmo, &clone] {
        let args = [of(vmo), u64::from(RangeOp::DECOMMIT), 0, PAGE, 0, 0];
        expect_eq!(
            probe::status(Call::VmoOpRange, &args),
            Status::NOT_SUPPORTED
        );
    }
    rig.holds(0, 2, 4)?;
    page_is(&clone, &rig.buffer, 0, 4, Some(5))
}

pub(super) fn a_resizable_clone_grows_zeros() -> Outcome {
    let rig = Rig::new(4)?;
    rig.give(0, 4, 4)?;
    let options = LAZY | ChildOptions::RESIZABLE.bits();
    let clone = child(&rig.vmo, options, 0, 2)?;
    let resize = |size: u64| probe::status(Call::VmoSetSize, &[of(&clone), size]);
    expect_eq!(resize(4 * PAGE), Status::OK);
    // Zeros, never the parent's bytes.
    holds(&clone, &rig.buffer, 2, 2, |_| 0)?;
    page_is(&clone, &rig.buffer, 1, 4, None)?;
    expect_eq!(resize(PAGE), Status::OK);
    expect_eq!(resize(2 * PAGE), Status::OK);
    holds(&clone, &rig.buffer, 1, 1, |_| 0)?;
    page_is(&clone, &rig.buffer, 0, 4, None)?;
    rig.holds(0, 4, 4)?;
    rig.quiet()
}

/// MODIFIED of a child of a pager VMO: its modified pages as they are now, everything else
/// seen through to the root.
pub(super) fn modified_of_a_clone() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 2, 4)?;
    let middle = child(&rig.vmo, LAZY, 0, 3)?;
    write(&middle, 0, 5)?;
    let snapshot = child(&middle, MODIFIED, 0, 3)?;
    page_is(&snapshot, &rig.buffer, 0, 4, Some(5))?;
    write(&middle, 0, 6)?;
    // A snapshot: what was modified is isolated, both ways.
    page_is(&snapshot, &rig.buffer, 0, 4, Some(5))?;
    write(&snapshot, 0, 7)?;
    page_is(&middle, &rig.buffer, 0, 4, Some(6))?;
    page_is(&snapshot, &rig.buffer, 0, 4, Some(7))?;
    // What was not is the root's.
    write(&rig.vmo, 1, 8)?;
    page_is(&snapshot, &rig.buffer, 1, 4, Some(8))?;
    let call = reading(&snapshot, rig.buffer.at(0), 2 * PAGE, 10)?;
    rig.expect(READ, 2, 1)?;
    rig.give(2, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(4, 0, 2 * PAGE, 10), None);
    rig.quiet()
}

pub(super) fn slices_go_straight_through() -> Outcome {
    let rig = Rig::new(4)?;
    let slice = child(&rig.vmo, SLICE, 1, 2)?;
    let call = reading(&slice, rig.buffer.at(0), PAGE + 3, 10)?;
    rig.expect(READ, 2, 1)?;
    rig.give(2, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    expect_eq!(rig.buffer.mismatch(4, 0, 2 * PAGE + 3, 10), None);
    write(&slice, 1, 5)?;
    page_is(&rig.vmo, &rig.buffer, 2, 4, Some(5))?;
    let call = reading(&slice, rig.buffer.at(0), 0, 10)?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.fail(1, 1, Status::IO), Status::OK);
    expect_eq!(call.status()?, Status::IO);
    let call = reading(&slice, rig.buffer.at(0), 0, 10)?;
    rig.expect(READ, 1, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(call.status()?, Status::BAD_STATE);
    Ok(())
}

pub(super) fn references_share_everything() -> Outcome {
    let rig = Rig::with(2, super::kit::RESIZABLE)?;
    let args = [of(&rig.vmo), u64::from(REFERENCE), 0, 0];
    let reference = Vmo::from_handle(make(Call::VmoCreateChild, &args)?);
    let call = reading(&reference, rig.buffer.at(0), PAGE, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(call.status()?, Status::OK);
    rig.holds(1, 1, 4)?;
    write(&reference, 1, 5)?;
    page_is(&rig.vmo, &rig.buffer, 1, 4, Some(5))?;
    let call = reading(&reference, rig.buffer.at(0), 0, 10)?;
    rig.expect(READ, 0, 1)?;
    expect_eq!(rig.resize(0), Status::OK);
    expect_eq!(call.status()?, Status::OUT_OF_RANGE);
    expect_eq!(reference.size(), Ok(0));
    Ok(())
}

/// Mappings of clones: reading follows the parent, writing makes the page the clone's.
pub(super) fn mappings_of_clones() -> Outcome {
    let rig = Rig::new(2)?;
    rig.give(0, 1, 4)?;
    let clone = child(&rig.vmo, LAZY, 0, 2)?;
    let map = Mapping::new(&clone, 2 * PAGE_SIZE, MapOptions::READ_WRITE)?;
    expect_eq!(map.byte(10), pattern::byte(4, 10));
    rig.vmo.write(&[0xAA], 10)?;
    expect_eq!(map.byte(10), 0xAA);
    map.store(20, &[0xBB]);
    rig.vmo.write(&[0xCC, 0xDD], 10)?;
    expect_eq!(map.byte(10), 0xAA);
    expect_eq!(map.byte(20), 0xBB);
    expect_eq!(map.byte(30), pattern::byte(4, 30));
    expect_eq!(rig.read(10, 11), Status::OK);
    expect_eq!(rig.buffer.map.byte(0), 0xCC);
    expect_eq!(rig.buffer.map.byte(10), pattern::byte(4, 20));
    let load = Background::load((map.address() + PAGE_SIZE + 7) as u64)?;
    rig.expect(READ, 1, 1)?;
    load.stays_blocked()?;
    rig.give(1, 1, 4)?;
    expect_eq!(load.result()?, u64::from(pattern::byte(4, PAGE + 7)));
    rig.quiet()
}

/// Children of a pager VMO's clone count as children; bytes survive in any order of
/// closing.
pub(super) fn any_order_of_closing() -> Outcome {
    for order in 0..3 {
        let rig = Rig::new(2)?;
        rig.give(0, 2, 4)?;
        let first = child(&rig.vmo, LAZY, 0, 2)?;
        write(&first, 0, 5)?;
        let second = child(&first, LAZY, 0, 2)?;
        write(&second, 1, 6)?;
        let third = child(&second, MODIFIED, 0, 2)?;
        let mut all = [Some(first), Some(second), Some(third)];
        if let Some(slot) = all.get_mut(order) {
            drop(slot.take());
        }
        for (number, vmo) in all.iter().enumerate() {
            let Some(vmo) = vmo else { continue };
            page_is(vmo, &rig.buffer, 0, 4, Some(5))?;
            let over = (number > 0).then_some(6);
            page_is(vmo, &rig.buffer, 1, 4, over)?;
        }
        rig.holds(0, 2, 4)?;
    }
    Ok(())
}

/// A clone's page supplied by `zx_pager_supply_pages` is no such thing: only the root is
/// the pager's.
pub(super) fn only_the_root_is_the_pagers() -> Outcome {
    let rig = Rig::new(1)?;
    let clone = child(&rig.vmo, LAZY, 0, 1)?;
    let aux = patterned(1, 0, 1)?;
    let refused = super::kit::supply(&rig.pager, &clone, 0, 1, &aux, 0);
    ensure!(refused == Status::INVALID_ARGS, "supplying gave {refused}");
    holds(&aux, &rig.buffer, 0, 1, |at| pattern::byte(1, at))?;
    rig.quiet()
}
