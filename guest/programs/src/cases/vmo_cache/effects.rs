//! What a policy that is not CACHED forbids and what it does not (reference §12.1 step 5,
//! §22 item 8).

use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{vmo_read, vmo_write};
use crate::subject::Subject;
use crate::subject::statuses::{BAD_STATE, NOT_SUPPORTED, OK};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq, refused};
use abi::options::RangeOp;
use libzx::PAGE_SIZE;

pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "uncached: read, write, ZERO and clones are BAD_STATE [12.1/5 4.4/5]",
        forbidden,
    );
    suite.case(
        "uncached: mappings work, with the same bytes [12.1/8]",
        mappings,
    );
    suite.case("uncached: COMMIT and DECOMMIT work [12.1/8]", commit);
    suite.case(
        "uncached: back to CACHED everything works again [12.1/9]",
        back,
    );
    suite.case(
        "uncached: a resizable VMO is resized as ever [12.1/5]",
        resized,
    );
    suite.case(
        "physical: read and write by policy and error mode [22/8 22/8b 22/8z]",
        || physical(modes),
    );
}

fn forbidden() -> Outcome {
    let area = Area::touched(1)?;
    area.fill(9, PAGE_SIZE);
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.put(1, 0, 2 * PAGE)?;
        vmo.set_policy(policy).ok()?;
        for (offset, size) in [(0, 1), (0, 0), (5, PAGE), (2 * PAGE, 0)] {
            expect_eq!(vmo_read(vmo.id(), area.at(0), offset, size), BAD_STATE);
            expect_eq!(vmo_write(vmo.id(), area.at(0), offset, size), BAD_STATE);
        }
        expect_eq!(vmo.op(RangeOp::ZERO, 0, PAGE), BAD_STATE);
        refused!(vmo.snapshot(0, PAGE), BAD_STATE);
        vmo.set_policy(0).ok()?;
        expect_eq!(vmo.differs(1, 0, 2 * PAGE), Ok(None));
    }
    expect_eq!(area.mismatch(9, 0, 0, PAGE_SIZE), None);
    Ok(())
}

fn mappings() -> Outcome {
    for policy in 1..4 {
        let vmo = Subject::pages(2)?;
        vmo.put(2, 0, PAGE)?;
        vmo.set_policy(policy).ok()?;
        let map = vmo.map(0, 2 * PAGE_SIZE)?;
        let wrong = (0..PAGE_SIZE).find(|&at| map.byte(at) != crate::pattern::byte(2, at as u64));
        ensure!(wrong.is_none(), "policy {policy}: first wrong is {wrong:?}");
        expect_eq!(map.byte(PAGE_SIZE), 0);
        map.store(PAGE_SIZE + 3, &[0x33]);
        drop(map);
        vmo.set_policy(0).ok()?;
        expect_eq!((vmo.byte(PAGE + 3)?, vmo.byte(PAGE + 2)?), (0x33, 0));
    }
    Ok(())
}

fn commit() -> Outcome {
    let vmo = Subject::pages(3)?;
    vmo.put(3, 0, PAGE)?;
    vmo.set_policy(1).ok()?;
    expect_eq!(vmo.op(RangeOp::COMMIT, 0, 3 * PAGE), OK);
    expect_eq!(vmo.committed(), Ok(3 * PAGE));
    expect_eq!(vmo.op(RangeOp::DECOMMIT, PAGE, PAGE), OK);
    expect_eq!(vmo.committed(), Ok(2 * PAGE));
    vmo.set_policy(0).ok()?;
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(PAGE, 2 * PAGE), Ok(None));
    Ok(())
}

fn back() -> Outcome {
    let vmo = Subject::pages(2)?;
    vmo.set_policy(3).ok()?;
    refused!(vmo.put_byte(0, 1), BAD_STATE);
    vmo.set_policy(0).ok()?;
    vmo.put(4, 0, 2 * PAGE)?;
    let child = vmo.snapshot(0, 2 * PAGE)?;
    expect_eq!(child.differs(4, 0, 2 * PAGE), Ok(None));
    expect_eq!(vmo.op(RangeOp::ZERO, 0, PAGE), OK);
    expect_eq!(vmo.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn resized() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    vmo.put(5, 0, 2 * PAGE)?;
    vmo.set_policy(1).ok()?;
    expect_eq!(vmo.set_size(PAGE), OK);
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    vmo.set_policy(0).ok()?;
    expect_eq!(vmo.differs(5, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(PAGE, PAGE), Ok(None));
    Ok(())
}

fn physical(modes: Modes) -> Outcome {
    let vmo = Subject::physical(0, 2)?;
    let area = Area::touched(1)?;
    area.fill(6, PAGE_SIZE);
    for policy in 0..4 {
        vmo.set_policy(policy).ok()?;
        let wanted = if policy == 0 {
            NOT_SUPPORTED
        } else {
            modes.pick(BAD_STATE, NOT_SUPPORTED)
        };
        for (offset, size) in [(0, 1), (0, 0), (5, 2 * PAGE), (u64::MAX, 2)] {
            for buffer in [area.at(0), 0] {
                let given = (
                    vmo_read(vmo.id(), buffer, offset, size),
                    vmo_write(vmo.id(), buffer, offset, size),
                );
                ensure!(given == (wanted, wanted), "policy {policy}: {given:?}");
            }
        }
    }
    expect_eq!(area.mismatch(6, 0, 0, PAGE_SIZE), None);
    Ok(())
}
