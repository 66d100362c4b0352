//! `zx_vmo_read` and `zx_vmo_write` on every kind of VMO (reference §4.4), and which error
//! wins when two apply (§4.1, §23).

use crate::given::vdso;
use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{vmo_read, vmo_write};
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, BAD_STATE, NOT_SUPPORTED, OK, OUT_OF_RANGE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use abi::objects::VmoOptions;
use abi::options::ChildOptions;
use libzx::{PAGE_SIZE, Rights, Status, startup};

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "kind: every kind that works, every byte [4.4/1 4.4/2 4.4/3 4.4/8 4.4/9]",
        works,
    );
    suite.case(
        "kind: slices, references, clones [4.4/10 4.4/11 4.4/12 4.3/1]",
        children,
    );
    suite.case(
        "kind: an immutable snapshot is read only [4.4/13]",
        immutable,
    );
    suite.case(
        "kind: unbounded, up to the largest size [4.4/14 4.2/17 4.2/18]",
        unbounded,
    );
    suite.case(
        "kind: the vDSO is read, pinned as it is, never written [4.4/6 4.4/16 4.4/17]",
        || the_vdso(modes),
    );
    suite.case(
        "kind: physical, by error mode [4.1/2 4.4/4 23/2 22/8]",
        || physical(modes),
    );
    suite.case(
        "kind: uncached, paged or contiguous [4.1/4 4.4/5 22/6 23/4]",
        uncached,
    );
    suite.case(
        "order: right, then physical [4.1/1 4.1/10 23/1]",
        right_then_physical,
    );
    suite.case(
        "order: physical, then wrap and length 0 [4.1/10 23/35]",
        || physical_then_wrap(modes),
    );
    suite.case(
        "order: wrap, then uncached [4.1/3 23/3 23/36]",
        wrap_then_uncached,
    );
    suite.case(
        "order: uncached, then the range [23/37]",
        uncached_then_range,
    );
    suite.case(
        "order: uncached, then length 0 [22/6 23/38]",
        uncached_then_nothing,
    );
    suite.case(
        "order: the range, then the buffer [4.1/5 4.2/13 23/39]",
        range_then_buffer,
    );
    suite.case(
        "order: length 0, then the buffer [4.1/6 4.2/16 23/40]",
        nothing_then_buffer,
    );
    suite.case(
        "order: the right, then the range and the buffer [23/33 23/34]",
        right_then_rest,
    );
}

/// Both calls must give that status for that range, whatever the buffer.
fn both(vmo: &Subject, offset: u64, size: u64, wanted: Status) -> Outcome {
    let area = Area::touched(1)?;
    area.map.store(0, &[0xEE; 64]);
    for buffer in [area.at(0), 0, crate::memory::KERNEL_BASE] {
        let given = (
            vmo_read(vmo.id(), buffer, offset, size),
            vmo_write(vmo.id(), buffer, offset, size),
        );
        ensure!(
            given == (wanted, wanted),
            "{size:#x} at {offset:#x}, buffer {buffer:#x}: {given:?}"
        );
    }
    ensure!(area.all(0, 64, 0xEE), "the buffer was touched");
    Ok(())
}

fn works() -> Outcome {
    let locked = Subject::discardable(3)?;
    locked.lock(0, 3 * PAGE)?;
    for (what, vmo) in [
        ("anonymous", Subject::pages(3)?),
        ("resizable", Subject::resizable(3 * PAGE)?),
        ("contiguous", Subject::contiguous(3)?),
        ("discardable", Subject::discardable(3)?),
        ("locked", locked),
        ("executable", Subject::executable(3)?),
        ("reference", Subject::pages(3)?.reference()?),
        ("slice", Subject::pages(5)?.slice(PAGE, 3 * PAGE)?),
        (
            "slice of contiguous",
            Subject::contiguous(4)?.slice(PAGE, 3 * PAGE)?,
        ),
        ("clone", Subject::pages(1)?.snapshot(0, 3 * PAGE)?),
    ] {
        let dirt = vmo.nonzero(0, 3 * PAGE)?;
        ensure!(dirt.is_none(), "{what}: dirt at {dirt:?}");
        vmo.put(1, 100, 2 * PAGE + 5)?;
        let wrong = vmo.differs(1, 100, 2 * PAGE + 5)?;
        ensure!(wrong.is_none(), "{what}: wrong at {wrong:?}");
        let end = 2 * PAGE + 105;
        let around = (vmo.nonzero(0, 100)?, vmo.nonzero(end, 3 * PAGE - end)?);
        ensure!(around == (None, None), "{what}: {around:?} changed");
        let last = (
            vmo.byte(3 * PAGE - 1)?,
            vmo.byte(3 * PAGE),
            vmo.put(1, 3 * PAGE - 1, 2),
        );
        let refused = (0, Err(OUT_OF_RANGE), Err(OUT_OF_RANGE));
        ensure!(last == refused, "{what}, at the end: {last:?}");
    }
    Ok(())
}

fn children() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(1, 0, 4 * PAGE)?;
    let (slice, clone) = (vmo.slice(PAGE, 2 * PAGE)?, vmo.snapshot(PAGE, 2 * PAGE)?);
    let reference = vmo.reference()?;
    slice.put(2, 10, 100)?;
    expect_eq!(vmo.differs_from(2, PAGE + 10, 10, 100), Ok(None));
    expect_eq!(reference.differs_from(2, PAGE + 10, 10, 100), Ok(None));
    expect_eq!(clone.differs_from(1, 0, PAGE, 2 * PAGE), Ok(None));
    clone.put(3, PAGE - 5, 10)?;
    expect_eq!(vmo.differs(1, 2 * PAGE - 5, 10), Ok(None));
    expect_eq!(clone.differs(3, PAGE - 5, 10), Ok(None));
    reference.put(4, 4 * PAGE - 10, 10)?;
    expect_eq!(vmo.differs(4, 4 * PAGE - 10, 10), Ok(None));
    expect_eq!(reference.size(), Ok(4 * PAGE));
    Ok(())
}

fn immutable() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    let options = ChildOptions::SNAPSHOT | ChildOptions::NO_WRITE;
    let snapshot = vmo.child(options, 0, PAGE)?;
    expect_eq!(snapshot.put(2, 0, 10), Err(ACCESS_DENIED));
    vmo.put(2, 0, PAGE)?;
    expect_eq!(snapshot.differs(1, 0, PAGE), Ok(None));
    Ok(())
}

fn unbounded() -> Outcome {
    let vmo = Subject::create(0, VmoOptions::UNBOUNDED)?;
    for at in [0, 1 << 40, MAX_VMO_SIZE - PAGE] {
        expect_eq!(vmo.nonzero(at, PAGE), Ok(None));
        vmo.put(at, at, PAGE)?;
        expect_eq!(vmo.differs(at, at, PAGE), Ok(None));
    }
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    both(&vmo, MAX_VMO_SIZE, 1, OUT_OF_RANGE)?;
    both(&vmo, MAX_VMO_SIZE - 1, 2, OUT_OF_RANGE)?;
    both(&vmo, MAX_VMO_SIZE, 0, OK)
}

fn the_vdso(modes: Modes) -> Outcome {
    let area = Area::touched(1)?;
    expect_eq!(vmo_read(vdso(), area.at(0), 0, PAGE), OK);
    let mut magic = [0; 4];
    area.map.load(0, &mut magic);
    expect_eq!(&magic, b"\x7FELF");
    for (offset, size) in [(0, 1), (0, 0), (u64::MAX, 2)] {
        expect_eq!(vmo_write(vdso(), area.at(0), offset, size), ACCESS_DENIED);
    }
    let bad = vmo_read(vdso(), 0, 0, 1);
    expect_eq!(bad, modes.vmo_buffer_outside());
    Ok(())
}

fn physical(modes: Modes) -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    let uncached = modes.pick(BAD_STATE, NOT_SUPPORTED);
    for (offset, size) in [(0, 1), (0, 2 * PAGE), (PAGE, PAGE)] {
        both(&vmo, offset, size, uncached)?;
    }
    expect_eq!(vmo.set_policy(0), OK);
    both(&vmo, 0, 1, NOT_SUPPORTED)
}

fn uncached() -> Outcome {
    for policy in 1..4 {
        for vmo in [
            Subject::pages(2)?,
            Subject::contiguous(2)?,
            Subject::resizable(2 * PAGE)?,
        ] {
            vmo.put(1, 0, 2 * PAGE)?;
            expect_eq!(vmo.set_policy(policy), OK);
            both(&vmo, 0, 1, BAD_STATE)?;
            both(&vmo, 5, PAGE, BAD_STATE)?;
            expect_eq!(vmo.set_policy(0), OK);
            expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
        }
    }
    Ok(())
}

fn right_then_physical() -> Outcome {
    let vmo = Subject::physical(0, 1)?;
    let (reader, writer) = (
        vmo.with_rights(Rights::READ)?,
        vmo.with_rights(Rights::WRITE)?,
    );
    for (offset, size) in [(0, 1), (0, 0), (u64::MAX, 2)] {
        expect_eq!(vmo_write(reader.id(), 0, offset, size), ACCESS_DENIED);
        expect_eq!(vmo_read(writer.id(), 0, offset, size), ACCESS_DENIED);
    }
    Ok(())
}

fn physical_then_wrap(modes: Modes) -> Outcome {
    let vmo = Subject::physical(0, 1)?;
    let wanted = modes.pick(BAD_STATE, NOT_SUPPORTED);
    for (offset, size) in [(u64::MAX, 2), (0, 0), (2 * PAGE, 0), (0, 2 * PAGE)] {
        both(&vmo, offset, size, wanted)?;
    }
    expect_eq!(vmo.set_policy(0), OK);
    for (offset, size) in [(u64::MAX, 2), (0, 0), (2 * PAGE, 0), (0, 2 * PAGE)] {
        both(&vmo, offset, size, NOT_SUPPORTED)?;
    }
    Ok(())
}

fn wrap_then_uncached() -> Outcome {
    for vmo in [Subject::pages(1)?, Subject::contiguous(1)?] {
        expect_eq!(vmo.set_policy(1), OK);
        both(&vmo, u64::MAX, 2, OUT_OF_RANGE)?;
        both(&vmo, 2, u64::MAX - 1, OUT_OF_RANGE)?;
    }
    both(&Subject::pages(1)?, u64::MAX, 2, OUT_OF_RANGE)
}

fn uncached_then_range() -> Outcome {
    for vmo in [Subject::pages(1)?, Subject::contiguous(1)?] {
        expect_eq!(vmo.set_policy(2), OK);
        both(&vmo, 0, PAGE + 1, BAD_STATE)?;
        both(&vmo, PAGE, 1, BAD_STATE)?;
        both(&vmo, u64::MAX, 0, BAD_STATE)?;
        // No wrap: the sum is just 2^64 - 1.
        both(&vmo, u64::MAX - 1, 1, BAD_STATE)?;
    }
    Ok(())
}

fn uncached_then_nothing() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::contiguous(1)?,
        Subject::resizable(0)?,
    ] {
        expect_eq!(vmo.set_policy(3), OK);
        for offset in [0, 1, PAGE, PAGE + 1] {
            both(&vmo, offset, 0, BAD_STATE)?;
        }
    }
    Ok(())
}

fn range_then_buffer() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::contiguous(1)?,
        Subject::pages(2)?.slice(0, PAGE)?,
        Subject::pages(2)?.snapshot(0, PAGE)?,
        Subject::pages(1)?.reference()?,
        Subject::create(1, VmoOptions::empty())?,
    ] {
        for (offset, size) in [(0, PAGE + 1), (PAGE, 1), (PAGE + 1, 0), (PAGE - 1, 2)] {
            both(&vmo, offset, size, OUT_OF_RANGE)?;
        }
        expect_eq!(vmo.nonzero(0, PAGE), Ok(None));
    }
    Ok(())
}

fn nothing_then_buffer() -> Outcome {
    for vmo in [
        Subject::pages(1)?,
        Subject::contiguous(1)?,
        Subject::discardable(1)?,
        Subject::pages(1)?.reference()?,
    ] {
        both(&vmo, 0, 0, OK)?;
        both(&vmo, PAGE, 0, OK)?;
    }
    Ok(())
}

fn right_then_rest() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    let powerless = Subject::pages(1)?.powerless()?;
    let uncached = Subject::pages(1)?;
    expect_eq!(uncached.set_policy(1), OK);
    let powerless_uncached = uncached.powerless()?;
    for (handle, wanted) in [
        (0, BAD_HANDLE),
        (process, WRONG_TYPE),
        (powerless.id(), ACCESS_DENIED),
        (powerless_uncached.id(), ACCESS_DENIED),
    ] {
        for (offset, size) in [(0, 1), (0, PAGE + 1), (u64::MAX, 2), (0, 0), (PAGE + 1, 0)] {
            expect_eq!(vmo_read(handle, 0, offset, size), wanted);
            expect_eq!(vmo_write(handle, 0, offset, size), wanted);
        }
    }
    let area = Area::touched(1)?;
    area.fill(1, PAGE_SIZE);
    expect_eq!(vmo_read(powerless.id(), area.at(0), 0, 1), ACCESS_DENIED);
    expect_eq!(area.mismatch(1, 0, 0, PAGE_SIZE), None);
    Ok(())
}
