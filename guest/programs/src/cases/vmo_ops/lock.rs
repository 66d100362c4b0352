//! Discardable VMOs: `LOCK`, `TRY_LOCK`, `UNLOCK` and what a discard does (reference §11,
//! §4.4).

use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{status, vmo_read, vmo_write};
use crate::subject::statuses::{
    BAD_STATE, INVALID_ARGS, NOT_FOUND, NOT_SUPPORTED, OK, OUT_OF_RANGE, UNAVAILABLE,
};
use crate::subject::{Subject, reclaim, soft_load, soft_store};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::options::RangeOp;
use libzx::{Call, PAGE_SIZE, Rights, Status};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "lock: only of discardable VMOs, before the range [11/25 11/31 11/52]",
        kinds,
    );
    suite.case(
        "lock: exactly the whole VMO, before the buffer [11/26 11/31 11/52]",
        ranges,
    );
    suite.case("lock: a bad buffer leaves it unlocked [11/27]", bad_buffers);
    suite.case("lock: READ or WRITE is enough [11/24 11/30 11/52]", rights);
    suite.case(
        "lock: the state tells of nothing discarded [11/28]",
        fresh_state,
    );
    suite.case(
        "lock: unlocking what is not locked is BAD_STATE [11/32]",
        not_locked,
    );
    suite.case(
        "lock: locks nest and protect until the last is gone [11/33 4.4/9]",
        nested,
    );
    suite.case(
        "lock: never locked it can be discarded, and works until then [4.4/8]",
        never,
    );
    suite.case(
        "discarded: every access to a page is NOT_FOUND [4.4/7 22/27 23/7]",
        discarded,
    );
    suite.case(
        "discarded: size and length 0 as ever, out of range first [23/5 23/6]",
        bounds,
    );
    suite.case("discarded: COMMIT is NOT_FOUND [11/9]", commit);
    suite.case("discarded: mappings of it fault [4.4/7]", mapped);
    suite.case(
        "discarded: LOCK tells of it and gives zeros [11/28 11/29]",
        lock_again,
    );
    suite.case(
        "discarded: TRY_LOCK is UNAVAILABLE and does not lock [11/53]",
        try_lock,
    );
}

const LOCKS: [u32; 3] = [RangeOp::LOCK, RangeOp::TRY_LOCK, RangeOp::UNLOCK];

fn unlock(vmo: &Subject, size: u64) -> Status {
    vmo.op(RangeOp::UNLOCK, 0, size)
}

/// A discardable VMO of two pages with the pattern 1 that has been discarded.
fn discarded_vmo() -> libzx::Result<Subject> {
    let vmo = Subject::discardable(2)?;
    vmo.lock(0, 2 * PAGE)?;
    vmo.put(1, 0, 2 * PAGE)?;
    unlock(&vmo, 2 * PAGE).ok()?;
    reclaim()?;
    Ok(vmo)
}

fn kinds() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::resizable(PAGE)?,
        Subject::contiguous(1)?,
        Subject::physical(0, 1)?,
    ] {
        for op in LOCKS {
            for (offset, size) in [(0, PAGE), (0, 2 * PAGE), (1, 0)] {
                expect_eq!(vmo.op(op, offset, size), NOT_SUPPORTED);
            }
        }
        refused!(vmo.lock(0, PAGE), NOT_SUPPORTED);
    }
    Ok(())
}

fn ranges() -> Outcome {
    let vmo = Subject::discardable(2)?;
    for (offset, size) in [
        (0, PAGE),
        (0, 0),
        (0, 2 * PAGE - 1),
        (0, 2 * PAGE + 1),
        (PAGE, PAGE),
        (1, 2 * PAGE - 1),
        (0, u64::MAX),
        (u64::MAX, 2 * PAGE),
    ] {
        for op in LOCKS {
            // LOCK has no buffer here: the range is looked at first.
            let given = vmo.op(op, offset, size);
            ensure!(
                given == OUT_OF_RANGE,
                "op {op}, {size:#x} at {offset:#x}: {given}"
            );
        }
        refused!(vmo.lock(offset, size), OUT_OF_RANGE);
    }
    expect_eq!(unlock(&vmo, 2 * PAGE), BAD_STATE);
    Ok(())
}

fn bad_buffers() -> Outcome {
    let vmo = Subject::discardable(1)?;
    let lock = |buffer, size| {
        let args = [vmo.arg(), RangeOp::LOCK.into(), 0, PAGE, buffer, size];
        status(Call::VmoOpRange, &args)
    };
    for (what, address, _) in BAD_ADDRESSES {
        let given = lock(address, 32);
        ensure!(given == INVALID_ARGS, "{what}: {given}");
        expect_eq!(unlock(&vmo, PAGE), BAD_STATE);
    }
    let area = crate::memory::Area::touched(1)?;
    area.map.store(0, &[0xEE; 40]);
    for size in [0, 1, 31] {
        expect_eq!(lock(area.at(0), size), INVALID_ARGS);
        expect_eq!(unlock(&vmo, PAGE), BAD_STATE);
    }
    ensure!(area.all(0, 40, 0xEE), "a buffer too small was touched");
    expect_eq!(lock(area.at(0), 33), OK);
    ensure!(area.all(32, 8, 0xEE), "more than 32 bytes were stored");
    expect_eq!(unlock(&vmo, PAGE), OK);
    Ok(())
}

fn rights() -> Outcome {
    let vmo = Subject::discardable(1)?;
    for right in [Rights::READ, Rights::WRITE] {
        let poor = vmo.with_rights(right)?;
        poor.lock(0, PAGE)?;
        expect_eq!(unlock(&poor, PAGE), OK);
        expect_eq!(poor.op(RangeOp::TRY_LOCK, 0, PAGE), OK);
        expect_eq!(unlock(&poor, PAGE), OK);
    }
    Ok(())
}

fn fresh_state() -> Outcome {
    let vmo = Subject::discardable(3)?;
    vmo.put(2, 0, 3 * PAGE)?;
    for _ in 0..2 {
        let state = vmo.lock(0, 3 * PAGE)?;
        expect_eq!((state.offset, state.size), (0, 3 * PAGE));
        expect_eq!((state.discarded_offset, state.discarded_size), (0, 0));
    }
    expect_eq!(vmo.differs(2, 0, 3 * PAGE), Ok(None));
    Ok(())
}

fn not_locked() -> Outcome {
    let vmo = Subject::discardable(1)?;
    expect_eq!(unlock(&vmo, PAGE), BAD_STATE);
    vmo.lock(0, PAGE)?;
    expect_eq!((unlock(&vmo, PAGE), unlock(&vmo, PAGE)), (OK, BAD_STATE));
    Ok(())
}

fn nested() -> Outcome {
    let vmo = Subject::discardable(2)?;
    vmo.lock(0, 2 * PAGE)?;
    expect_eq!(vmo.op(RangeOp::TRY_LOCK, 0, 2 * PAGE), OK);
    vmo.put(3, 0, 2 * PAGE)?;
    reclaim()?;
    expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    expect_eq!(unlock(&vmo, 2 * PAGE), OK);
    reclaim()?;
    expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    expect_eq!(unlock(&vmo, 2 * PAGE), OK);
    expect_eq!(vmo.differs(3, 0, 2 * PAGE), Ok(None));
    reclaim()?;
    refused!(vmo.byte(0), NOT_FOUND);
    Ok(())
}

fn never() -> Outcome {
    let vmo = Subject::discardable(2)?;
    vmo.put(4, 0, 2 * PAGE)?;
    expect_eq!(vmo.differs(4, 0, 2 * PAGE), Ok(None));
    let other = Subject::pages(1)?;
    other.put(5, 0, PAGE)?;
    // It was never locked, so it is never unlocked either: if it goes, it goes whole.
    reclaim()?;
    match vmo.byte(0) {
        Ok(_) => expect_eq!(vmo.differs(4, 0, 2 * PAGE), Ok(None)),
        Err(status) => expect_eq!(status, NOT_FOUND),
    }
    expect_eq!(other.differs(5, 0, PAGE), Ok(None));
    Ok(())
}

fn discarded() -> Outcome {
    let vmo = discarded_vmo()?;
    expect_eq!(vmo.committed(), Ok(0));
    for (offset, size) in [(0, 1), (PAGE - 1, 2), (2 * PAGE - 1, 1), (0, 2 * PAGE)] {
        let area = crate::memory::Area::touched(2)?;
        area.map.store(0, &[0xEE; 64]);
        expect_eq!(vmo_read(vmo.id(), area.at(0), offset, size), NOT_FOUND);
        expect_eq!(vmo_write(vmo.id(), area.at(0), offset, size), NOT_FOUND);
        ensure!(area.all(0, 64, 0xEE), "the buffer was touched");
        // Before a bad buffer.
        expect_eq!(vmo_read(vmo.id(), 0, offset, size), NOT_FOUND);
        expect_eq!(vmo_write(vmo.id(), 0, offset, size), NOT_FOUND);
    }
    expect_eq!(vmo.committed(), Ok(0));
    Ok(())
}

fn bounds() -> Outcome {
    let vmo = discarded_vmo()?;
    expect_eq!(vmo.size(), Ok(2 * PAGE));
    for offset in [0, PAGE, 2 * PAGE] {
        expect_eq!(vmo_read(vmo.id(), 0, offset, 0), OK);
        expect_eq!(vmo_write(vmo.id(), 0, offset, 0), OK);
    }
    expect_eq!(vmo_read(vmo.id(), 0, PAGE, PAGE + 1), OUT_OF_RANGE);
    expect_eq!(vmo_write(vmo.id(), 0, 2 * PAGE, 1), OUT_OF_RANGE);
    Ok(())
}

fn commit() -> Outcome {
    let vmo = discarded_vmo()?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, PAGE), NOT_FOUND);
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 3 * PAGE), OUT_OF_RANGE);
    expect_eq!(vmo.committed(), Ok(0));
    Ok(())
}

fn mapped() -> Outcome {
    let vmo = Subject::discardable(1)?;
    vmo.lock(0, PAGE)?;
    let map = vmo.map(0, PAGE_SIZE)?;
    map.store(5, &[0x42]);
    expect_eq!(unlock(&vmo, PAGE), OK);
    expect_eq!(map.byte(5), 0x42);
    reclaim()?;
    let address = map.address() as u64;
    refused!(soft_load(address), NOT_FOUND);
    refused!(soft_store(address, 1), NOT_FOUND);
    vmo.lock(0, PAGE)?;
    expect_eq!((soft_load(address), soft_load(address + 5)), (Ok(0), Ok(0)));
    map.store(6, &[0x43]);
    expect_eq!(vmo.byte(6), Ok(0x43));
    Ok(())
}

fn lock_again() -> Outcome {
    let vmo = discarded_vmo()?;
    let state = vmo.lock(0, 2 * PAGE)?;
    expect_eq!((state.offset, state.size), (0, 2 * PAGE));
    expect_eq!(
        (state.discarded_offset, state.discarded_size),
        (0, 2 * PAGE)
    );
    expect_eq!(vmo.nonzero(0, 2 * PAGE), Ok(None));
    vmo.put(6, 0, 2 * PAGE)?;
    reclaim()?;
    expect_eq!(vmo.differs(6, 0, 2 * PAGE), Ok(None));
    // A second lock tells of nothing new.
    let state = vmo.lock(0, 2 * PAGE)?;
    expect_eq!((state.discarded_offset, state.discarded_size), (0, 0));
    Ok(())
}

fn try_lock() -> Outcome {
    let vmo = discarded_vmo()?;
    expect_eq!(vmo.op(RangeOp::TRY_LOCK, 0, 2 * PAGE), UNAVAILABLE);
    expect_eq!(vmo.op(RangeOp::TRY_LOCK, 0, PAGE), OUT_OF_RANGE);
    refused!(vmo.byte(0), NOT_FOUND);
    expect_eq!(unlock(&vmo, 2 * PAGE), BAD_STATE);
    vmo.lock(0, 2 * PAGE)?;
    expect_eq!(vmo.op(RangeOp::TRY_LOCK, 0, 2 * PAGE), OK);
    expect_eq!(vmo.nonzero(0, 2 * PAGE), Ok(None));
    Ok(())
}
