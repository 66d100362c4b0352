//! `zx_vmo_transfer_data` (reference §12.2).

use crate::memory::PAGE;
use crate::probe::status;
use crate::subject::Subject;
use crate::subject::statuses::{
    ACCESS_DENIED, BAD_HANDLE, INVALID_ARGS, NOT_SUPPORTED, OK, OUT_OF_RANGE, WRONG_TYPE,
};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::{Call, PAGE_SIZE, Rights, Status, startup};

pub(super) fn run(suite: &mut Suite) {
    suite.case("transfer: options beat the handles [12.2/1]", options);
    suite.case("transfer: unaligned beats the handles [12.2/2]", unaligned);
    suite.case(
        "transfer: WRITE on one, READ and WRITE on the other [12.2/3]",
        rights,
    );
    suite.case(
        "transfer: the destination is resolved first [2.2/4]",
        destination_first,
    );
    suite.case("transfer: ranges outside either VMO [12.2/4]", ranges);
    suite.case(
        "transfer: physical and contiguous are NOT_SUPPORTED [12.2/5]",
        kinds,
    );
    suite.case(
        "transfer: the bytes move, the source is zeros [12.2/7 12.2/8]",
        moves,
    );
    suite.case("transfer: absent pages move as zeros [12.2/7]", absent);
    suite.case("transfer: mappings on both sides see it [7/12]", mapped);
    suite.case(
        "transfer: the same place of the same VMO stays [12.2/9]",
        same,
    );
    suite.case("transfer: within one VMO [12.2/7 12.2/8]", within);
    suite.case(
        "transfer: length 0 is OK, unless out of range [12.2/4]",
        nothing,
    );
    suite.case(
        "transfer: snapshots of either side keep their bytes [7/7]",
        family,
    );
}

/// The call with bare numbers: destination, options, offset, length, source, its offset.
fn transfer(to: u32, options: u32, offset: u64, length: u64, from: u32, at: u64) -> Status {
    let args = [to.into(), options.into(), offset, length, from.into(), at];
    status(Call::VmoTransferData, &args)
}

/// A destination of four pages with pattern 1 and a source of four with pattern 2.
fn pair() -> libzx::Result<(Subject, Subject)> {
    let (to, from) = (Subject::pages(4)?, Subject::pages(4)?);
    to.put(1, 0, 4 * PAGE)?;
    from.put(2, 0, 4 * PAGE)?;
    Ok((to, from))
}

/// Nothing has moved.
fn unmoved(to: &Subject, from: &Subject) -> Outcome {
    expect_eq!(to.differs(1, 0, 4 * PAGE), Ok(None));
    expect_eq!(from.differs(2, 0, 4 * PAGE), Ok(None));
    Ok(())
}

fn options() -> Outcome {
    let (to, from) = pair()?;
    for options in [1, 2, 0x8000_0000, u32::MAX] {
        expect_eq!(transfer(0, options, 0, PAGE, 0, 0), INVALID_ARGS);
        expect_eq!(
            transfer(to.id(), options, 0, PAGE, from.id(), 0),
            INVALID_ARGS
        );
    }
    unmoved(&to, &from)
}

fn unaligned() -> Outcome {
    let (to, from) = pair()?;
    for (offset, length, at) in [
        (1, PAGE, 0),
        (0, PAGE - 1, 0),
        (0, PAGE, 1),
        (0, u64::MAX, 0),
    ] {
        expect_eq!(transfer(0, 0, offset, length, 0, at), INVALID_ARGS);
        expect_eq!(
            transfer(to.id(), 0, offset, length, from.id(), at),
            INVALID_ARGS
        );
    }
    unmoved(&to, &from)
}

fn rights() -> Outcome {
    let (to, from) = pair()?;
    let poor = to.without(Rights::WRITE)?;
    expect_eq!(transfer(poor.id(), 0, 0, PAGE, from.id(), 0), ACCESS_DENIED);
    for missing in [Rights::READ, Rights::WRITE] {
        let poor = from.without(missing)?;
        expect_eq!(transfer(to.id(), 0, 0, PAGE, poor.id(), 0), ACCESS_DENIED);
        // Before the ranges.
        expect_eq!(
            transfer(to.id(), 0, 0, 5 * PAGE, poor.id(), 0),
            ACCESS_DENIED
        );
    }
    unmoved(&to, &from)?;
    let to = to.with_rights(Rights::WRITE)?;
    let source = from.with_rights(Rights::READ | Rights::WRITE)?;
    expect_eq!(transfer(to.id(), 0, 0, PAGE, source.id(), 0), OK);
    expect_eq!(from.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn destination_first() -> Outcome {
    let process = startup().process_self().map_or(0, |own| own.handle().raw());
    let vmo = Subject::pages(1)?;
    let powerless = vmo.powerless()?;
    for (to, from, wanted) in [
        (0, process, BAD_HANDLE),
        (process, 0, WRONG_TYPE),
        (powerless.id(), 0, ACCESS_DENIED),
        (vmo.id(), 0, BAD_HANDLE),
        (vmo.id(), process, WRONG_TYPE),
        (vmo.id(), powerless.id(), ACCESS_DENIED),
    ] {
        let given = transfer(to, 0, 0, PAGE, from, 0);
        ensure!(
            given == wanted,
            "{to:#x} from {from:#x}: {given}, not {wanted}"
        );
    }
    Ok(())
}

fn ranges() -> Outcome {
    let (to, from) = pair()?;
    let last = u64::MAX - PAGE + 1;
    for (offset, length, at) in [
        (0, 5 * PAGE, 0),
        (PAGE, 4 * PAGE, 0),
        (0, 4 * PAGE, PAGE),
        (4 * PAGE, PAGE, 0),
        (0, PAGE, 4 * PAGE),
        (last, 2 * PAGE, 0),
        (0, 2 * PAGE, last),
    ] {
        let given = transfer(to.id(), 0, offset, length, from.id(), at);
        ensure!(
            given == OUT_OF_RANGE,
            "{length:#x} at {offset:#x} from {at:#x}: {given}"
        );
    }
    unmoved(&to, &from)
}

fn kinds() -> Outcome {
    let (to, from) = pair()?;
    for other in [Subject::physical(0, 4)?, Subject::contiguous(4)?] {
        expect_eq!(
            transfer(other.id(), 0, 0, PAGE, from.id(), 0),
            NOT_SUPPORTED
        );
        expect_eq!(transfer(to.id(), 0, 0, PAGE, other.id(), 0), NOT_SUPPORTED);
    }
    unmoved(&to, &from)
}

fn moves() -> Outcome {
    let (to, from) = pair()?;
    expect_eq!(
        transfer(to.id(), 0, PAGE, 2 * PAGE, from.id(), 2 * PAGE),
        OK
    );
    expect_eq!(to.differs(1, 0, PAGE), Ok(None));
    expect_eq!(to.differs_from(2, PAGE, 2 * PAGE, 2 * PAGE), Ok(None));
    expect_eq!(to.differs(1, 3 * PAGE, PAGE), Ok(None));
    expect_eq!(from.differs(2, 0, 2 * PAGE), Ok(None));
    expect_eq!(from.nonzero(2 * PAGE, 2 * PAGE), Ok(None));
    expect_eq!((to.committed()?, from.committed()?), (4 * PAGE, 2 * PAGE));
    // Both go on as before.
    from.put(3, 2 * PAGE, PAGE)?;
    expect_eq!(to.differs_from(2, PAGE, 2 * PAGE, 2 * PAGE), Ok(None));
    Ok(())
}

fn absent() -> Outcome {
    let (to, from) = (Subject::pages(2)?, Subject::pages(2)?);
    to.put(1, 0, 2 * PAGE)?;
    from.put(2, 0, PAGE)?;
    expect_eq!(transfer(to.id(), 0, 0, 2 * PAGE, from.id(), 0), OK);
    expect_eq!(to.differs(2, 0, PAGE), Ok(None));
    expect_eq!(to.nonzero(PAGE, PAGE), Ok(None));
    expect_eq!(from.nonzero(0, 2 * PAGE), Ok(None));
    Ok(())
}

fn mapped() -> Outcome {
    let (to, from) = (Subject::pages(1)?, Subject::pages(1)?);
    let (there, here) = (to.map(0, PAGE_SIZE)?, from.map(0, PAGE_SIZE)?);
    there.store(0, &[1]);
    here.store(0, &[2]);
    expect_eq!(transfer(to.id(), 0, 0, PAGE, from.id(), 0), OK);
    expect_eq!((there.byte(0), here.byte(0)), (2, 0));
    here.store(0, &[3]);
    expect_eq!((there.byte(0), to.byte(0)?, from.byte(0)?), (2, 2, 3));
    there.store(0, &[4]);
    expect_eq!((to.byte(0)?, from.byte(0)?), (4, 3));
    Ok(())
}

fn same() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(1, 0, 4 * PAGE)?;
    expect_eq!(transfer(vmo.id(), 0, PAGE, 2 * PAGE, vmo.id(), PAGE), OK);
    expect_eq!(vmo.differs(1, 0, 4 * PAGE), Ok(None));
    Ok(())
}

fn within() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(1, 0, 4 * PAGE)?;
    expect_eq!(transfer(vmo.id(), 0, 0, 2 * PAGE, vmo.id(), 2 * PAGE), OK);
    expect_eq!(vmo.differs_from(1, 0, 2 * PAGE, 2 * PAGE), Ok(None));
    expect_eq!(vmo.nonzero(2 * PAGE, 2 * PAGE), Ok(None));
    Ok(())
}

fn nothing() -> Outcome {
    let (to, from) = pair()?;
    for (offset, at) in [(0, 0), (4 * PAGE, 4 * PAGE), (PAGE, 0)] {
        expect_eq!(transfer(to.id(), 0, offset, 0, from.id(), at), OK);
    }
    for (offset, at) in [(5 * PAGE, 0), (0, 5 * PAGE)] {
        expect_eq!(transfer(to.id(), 0, offset, 0, from.id(), at), OUT_OF_RANGE);
    }
    unmoved(&to, &from)
}

fn family() -> Outcome {
    let (to, from) = pair()?;
    let (to_child, from_child) = (to.snapshot(0, 4 * PAGE)?, from.snapshot(0, 4 * PAGE)?);
    expect_eq!(transfer(to.id(), 0, 0, 2 * PAGE, from.id(), PAGE), OK);
    expect_eq!(to.differs_from(2, 0, PAGE, 2 * PAGE), Ok(None));
    expect_eq!(from.nonzero(PAGE, 2 * PAGE), Ok(None));
    unmoved(&to_child, &from_child)?;
    // A clone as the source: its parent keeps the bytes.
    expect_eq!(transfer(to.id(), 0, 0, PAGE, from_child.id(), 0), OK);
    expect_eq!(to.differs(2, 0, PAGE), Ok(None));
    expect_eq!(from_child.nonzero(0, PAGE), Ok(None));
    expect_eq!(from.differs(2, 0, PAGE), Ok(None));
    Ok(())
}
