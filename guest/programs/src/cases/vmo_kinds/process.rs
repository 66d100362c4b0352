//! The process calls on mappings of every kind of VMO, in the own process (reference
//! §5.1 step 7, §6.1 step 9, §22 item 8).

use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{UNTOUCHED, process_read, process_write};
use crate::subject::statuses::{BAD_STATE, NOT_FOUND, NOT_SUPPORTED, OK, OUT_OF_RANGE};
use crate::subject::{Subject, reclaim};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::RangeOp;
use libzx::{Mapping, PAGE_SIZE, Status, startup};

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "process calls: in mappings of every kind that works [22/13]",
        || kinds(modes),
    );
    suite.case(
        "process calls: physical, by error mode [22/8 22/8b 22/8z 23/19]",
        || physical(modes),
    );
    suite.case("process calls: uncached is BAD_STATE [23/19]", || {
        uncached(modes)
    });
    suite.case(
        "process calls: discarded is NOT_FOUND [22/27 23/21]",
        || discarded(modes),
    );
    suite.case(
        "process calls: physical and uncached before what is left [23/19 23/20]",
        || kind_first(modes),
    );
}

fn own() -> u32 {
    startup().process_self().map_or(0, |own| own.handle().raw())
}

/// Both calls on four bytes at that place of the mapping; nothing moves and `*actual` is
/// left alone unless they are OK.
fn both(modes: Modes, map: &Mapping, offset: u64, wanted: Status) -> Outcome {
    let area = Area::touched(1)?;
    area.map.store(0, &[0xEE; 4]);
    let at = map.address() as u64 + offset;
    let given = process_read(own(), at, area.at(0), 4);
    ensure!(
        given == (wanted, UNTOUCHED),
        "read: {given:?}, not {wanted}"
    );
    ensure!(area.all(0, 4, 0xEE), "the buffer was touched");
    let given = process_write(own(), at, area.at(0), 4);
    let wanted = if modes.gate { wanted } else { NOT_SUPPORTED };
    ensure!(
        given == (wanted, UNTOUCHED),
        "write: {given:?}, not {wanted}"
    );
    Ok(())
}

fn kinds(modes: Modes) -> Outcome {
    for (what, vmo) in [
        ("anonymous", Subject::pages(2)?),
        ("contiguous", Subject::contiguous(2)?),
        ("slice", Subject::pages(3)?.slice(PAGE, 2 * PAGE)?),
        (
            "slice of contiguous",
            Subject::contiguous(3)?.slice(PAGE, 2 * PAGE)?,
        ),
        ("reference", Subject::pages(2)?.reference()?),
        ("clone", Subject::pages(2)?.snapshot(0, 2 * PAGE)?),
    ] {
        vmo.put(1, 0, 2 * PAGE)?;
        let map = vmo.map(0, 3 * PAGE_SIZE)?;
        let at = map.address() as u64;
        let area = Area::touched(3)?;
        let given = process_read(own(), at + 10, area.at(0), 3 * PAGE);
        ensure!(given == (OK, 2 * PAGE - 10), "{what}, read: {given:?}");
        let wrong = area.mismatch(1, 0, 10, 2 * PAGE_SIZE - 10);
        ensure!(wrong.is_none(), "{what}: first wrong is {wrong:?}");
        both(modes, &map, 2 * PAGE, OUT_OF_RANGE)?;
        if modes.gate {
            area.fill(2, 2 * PAGE_SIZE);
            let given = process_write(own(), at + PAGE, area.at(0), 2 * PAGE);
            ensure!(given == (OK, PAGE), "{what}, write: {given:?}");
            expect_eq!(vmo.differs_from(2, PAGE, 0, PAGE), Ok(None));
            expect_eq!(vmo.differs(1, 0, PAGE), Ok(None));
        }
    }
    Ok(())
}

fn physical(modes: Modes) -> Outcome {
    for policy in 0..4 {
        let vmo = Subject::physical(0, 2)?;
        expect_eq!(vmo.set_policy(policy), OK);
        let map = vmo.map(0, 2 * PAGE_SIZE)?;
        map.store(0, &[0x71; 4]);
        let uncached = modes.pick(BAD_STATE, NOT_SUPPORTED);
        both(
            modes,
            &map,
            0,
            if policy == 0 { NOT_SUPPORTED } else { uncached },
        )?;
        let mut found = [0; 4];
        map.load(0, &mut found);
        expect_eq!(found, [0x71; 4]);
    }
    Ok(())
}

fn uncached(modes: Modes) -> Outcome {
    for policy in 1..4 {
        for vmo in [Subject::pages(2)?, Subject::contiguous(2)?] {
            vmo.put(1, 0, 2 * PAGE)?;
            expect_eq!(vmo.set_policy(policy), OK);
            let map = vmo.map(0, 2 * PAGE_SIZE)?;
            both(modes, &map, 5, BAD_STATE)?;
            drop(map);
            expect_eq!(vmo.set_policy(0), OK);
            expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
        }
    }
    Ok(())
}

fn discarded(modes: Modes) -> Outcome {
    let vmo = Subject::discardable(1)?;
    vmo.lock(0, PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(0, &[1]);
    expect_eq!(vmo.op(RangeOp::UNLOCK, 0, PAGE), OK);
    reclaim()?;
    both(modes, &map, 0, NOT_FOUND)?;
    both(modes, &map, PAGE, OUT_OF_RANGE)?;
    vmo.lock(0, PAGE)?;
    let area = Area::touched(1)?;
    area.map.store(0, &[0xEE; 4]);
    expect_eq!(
        process_read(own(), map.address() as u64, area.at(0), 4),
        (OK, 4)
    );
    ensure!(area.all(0, 4, 0), "not zeros after the discard");
    Ok(())
}

fn kind_first(modes: Modes) -> Outcome {
    let physical = Subject::physical(0, 1)?;
    let map = physical.map(0, 2 * PAGE_SIZE)?;
    both(modes, &map, PAGE, modes.pick(BAD_STATE, NOT_SUPPORTED))?;
    let uncached = Subject::pages(1)?;
    expect_eq!(uncached.set_policy(1), OK);
    let map = uncached.map(0, 2 * PAGE_SIZE)?;
    both(modes, &map, PAGE, BAD_STATE)
}
