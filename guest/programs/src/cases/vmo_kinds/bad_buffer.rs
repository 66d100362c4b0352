//! Buffers that are not good: mappings that end, were cut off, discarded or lack a
//! permission (reference §3).

use crate::memory::PAGE;
use crate::pattern;
use crate::probe::{vmo_read, vmo_write};
use crate::subject::statuses::{ACCESS_DENIED, NOT_FOUND, OK, OUT_OF_RANGE};
use crate::subject::{Subject, reclaim};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::RangeOp;
use libzx::{MapOptions, PAGE_SIZE, Status};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "buffer: past its VMO's end, of every kind [3/5 23/8]",
        past_the_end,
    );
    suite.case(
        "buffer: cut off by a shrink, good again after growth [3/5]",
        shrunk,
    );
    suite.case(
        "buffer: discarded, good again when locked [4.4/7 3/10]",
        discarded,
    );
    suite.case(
        "buffer: without the permission, of every kind [3/4 22/4]",
        permission,
    );
    suite.case(
        "buffer: a fault midway leaves the bytes before it [3/13 4.1/7]",
        midway,
    );
    suite.case("buffer: a bad one in the VMO itself [3/12 3/5]", itself);
    suite.case(
        "buffer: bad, after a page that cannot be had [23/7 23/8]",
        page_first,
    );
    suite.case(
        "buffer: bad behind the end of the transfer does not matter [4.1/8]",
        behind,
    );
}

/// Both calls with one page of a fresh VMO must give that status.
fn both(buffer: u64, size: u64, wanted: Status) -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(9, 0, PAGE)?;
    let given = (
        vmo_read(vmo.id(), buffer, 0, size),
        vmo_write(vmo.id(), buffer, 0, size),
    );
    ensure!(given == (wanted, wanted), "{given:?}, not {wanted}");
    // What could not be loaded has changed nothing.
    expect_eq!(vmo.differs(9, 0, PAGE), Ok(None));
    Ok(())
}

fn past_the_end() -> Outcome {
    for (what, vmo) in [
        ("anonymous", Subject::pages(1)?),
        ("resizable", Subject::resizable(PAGE)?),
        ("contiguous", Subject::contiguous(1)?),
        ("discardable", Subject::discardable(1)?),
        ("physical", Subject::physical(0, 1)?),
        ("slice", Subject::pages(3)?.slice(PAGE, PAGE)?),
        ("reference", Subject::pages(1)?.reference()?),
        ("clone", Subject::pages(3)?.snapshot(PAGE, PAGE)?),
    ] {
        let map = vmo.map(0, 3 * PAGE_SIZE)?;
        map.store(0, &[0x31]);
        let end = map.address() as u64 + PAGE;
        for buffer in [end, end + 5, end + PAGE] {
            if both(buffer, 16, OUT_OF_RANGE).is_err() {
                ensure!(false, "{what}: {:#x} behind the end", buffer - end);
            }
        }
        expect_eq!(map.byte(0), 0x31);
    }
    Ok(())
}

fn shrunk() -> Outcome {
    let vmo = Subject::resizable(2 * PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(0, &[0x51]);
    map.store(PAGE_SIZE, &[0x52]);
    expect_eq!(vmo.set_size(PAGE), OK);
    let second = map.address() as u64 + PAGE;
    both(second, 1, OUT_OF_RANGE)?;
    both(second + 7, 9, OUT_OF_RANGE)?;
    expect_eq!(map.byte(0), 0x51);
    expect_eq!(vmo.set_size(2 * PAGE), OK);
    let other = Subject::pages(1)?;
    other.put(1, 0, PAGE)?;
    expect_eq!(vmo_write(other.id(), second, 0, 2), OK);
    expect_eq!(other.nonzero(0, 2), Ok(None));
    expect_eq!(vmo_read(other.id(), second, 2, 100), OK);
    expect_eq!(vmo.differs_from(1, PAGE, 2, 100), Ok(None));
    Ok(())
}

fn discarded() -> Outcome {
    let vmo = Subject::discardable(2)?;
    vmo.lock(0, 2 * PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    map.store(0, &[1]);
    map.store(PAGE_SIZE, &[2]);
    expect_eq!(vmo.op(RangeOp::UNLOCK, 0, 2 * PAGE), OK);
    reclaim()?;
    let at = map.address() as u64;
    both(at, 1, NOT_FOUND)?;
    both(at + PAGE - 1, 2, NOT_FOUND)?;
    // Not looked at for nothing, nor before the range.
    both(at, 0, OK)?;
    both(at, PAGE + 1, OUT_OF_RANGE)?;
    vmo.lock(0, 2 * PAGE)?;
    let other = Subject::pages(1)?;
    other.put(3, 0, PAGE)?;
    expect_eq!(vmo_read(other.id(), at + 5, 0, PAGE), OK);
    expect_eq!(vmo.differs_from(3, 5, 0, PAGE), Ok(None));
    expect_eq!(vmo.nonzero(0, 5), Ok(None));
    Ok(())
}

fn permission() -> Outcome {
    for (what, vmo) in [
        ("anonymous", Subject::pages(1)?),
        ("contiguous", Subject::contiguous(1)?),
        ("physical", Subject::physical(0, 1)?),
        ("slice", Subject::pages(2)?.slice(0, PAGE)?),
        ("reference", Subject::pages(1)?.reference()?),
        ("clone", Subject::pages(1)?.snapshot(0, PAGE)?),
    ] {
        let writer = vmo.map(0, PAGE_SIZE)?;
        writer.store(0, &[0x61, 0x62]);
        let reader = vmo.map_with(0, PAGE_SIZE, MapOptions::PERM_READ)?;
        let nothing = vmo.map_with(0, PAGE_SIZE, MapOptions::empty())?;
        both(nothing.address() as u64, 2, ACCESS_DENIED)?;
        let other = Subject::pages(1)?;
        let at = reader.address() as u64;
        let given = vmo_read(other.id(), at, 0, 2);
        ensure!(given == ACCESS_DENIED, "{what}: {given}");
        expect_eq!((writer.byte(0), writer.byte(1)), (0x61, 0x62));
        expect_eq!(vmo_write(other.id(), at, 0, 2), OK);
        expect_eq!((other.byte(0)?, other.byte(1)?), (0x61, 0x62));
    }
    Ok(())
}

fn midway() -> Outcome {
    // The second page of the buffer's mapping is past its VMO's end.
    let short = Subject::pages(1)?;
    let map = short.map(0, 2 * PAGE_SIZE)?;
    let at = map.address() as u64 + PAGE - 100;
    let vmo = Subject::pages(1)?;
    vmo.put(1, 0, PAGE)?;
    expect_eq!(vmo_read(vmo.id(), at, 0, 200), OUT_OF_RANGE);
    expect_eq!(short.differs_from(1, PAGE - 100, 0, 100), Ok(None));
    expect_eq!(short.nonzero(0, PAGE - 100), Ok(None));
    short.put(2, 0, PAGE)?;
    expect_eq!(vmo_write(vmo.id(), at, 0, 200), OUT_OF_RANGE);
    expect_eq!(vmo.differs_from(2, 0, PAGE - 100, 100), Ok(None));
    expect_eq!(vmo.differs(1, 100, PAGE - 100), Ok(None));
    Ok(())
}

fn itself() -> Outcome {
    let vmo = Subject::pages(1)?;
    vmo.put(3, 0, PAGE)?;
    let map = vmo.map(0, 2 * PAGE_SIZE)?;
    let end = map.address() as u64 + PAGE;
    expect_eq!(vmo_read(vmo.id(), end, 0, 10), OUT_OF_RANGE);
    expect_eq!(vmo_write(vmo.id(), end, 0, 10), OUT_OF_RANGE);
    expect_eq!(vmo.differs(3, 0, PAGE), Ok(None));
    // Ten bytes fit before the end.
    expect_eq!(vmo_read(vmo.id(), end - 10, 0, 20), OUT_OF_RANGE);
    expect_eq!(vmo.differs(3, 0, PAGE - 10), Ok(None));
    expect_eq!(vmo.differs_from(3, PAGE - 10, 0, 10), Ok(None));
    Ok(())
}

fn page_first() -> Outcome {
    let vmo = Subject::discardable(1)?;
    vmo.lock(0, PAGE)?;
    vmo.put(4, 0, PAGE)?;
    expect_eq!(vmo.op(RangeOp::UNLOCK, 0, PAGE), OK);
    reclaim()?;
    let short = Subject::pages(1)?;
    let map = short.map(0, 2 * PAGE_SIZE)?;
    let reader = short.map_with(0, PAGE_SIZE, MapOptions::empty())?;
    let past = map.address() as u64 + PAGE;
    for buffer in [0, crate::memory::KERNEL_BASE, past, reader.address() as u64] {
        expect_eq!(vmo_read(vmo.id(), buffer, 0, 8), NOT_FOUND);
        expect_eq!(vmo_write(vmo.id(), buffer, 0, 8), NOT_FOUND);
    }
    Ok(())
}

fn behind() -> Outcome {
    let short = Subject::pages(1)?;
    let map = short.map(0, 2 * PAGE_SIZE)?;
    let vmo = Subject::pages(2)?;
    vmo.put(5, 0, 2 * PAGE)?;
    let at = map.address() as u64;
    expect_eq!(vmo_read(vmo.id(), at, 0, PAGE), OK);
    expect_eq!(short.differs(5, 0, PAGE), Ok(None));
    expect_eq!(vmo_write(vmo.id(), at + PAGE - 1, PAGE, 1), OK);
    expect_eq!(vmo.byte(PAGE), Ok(pattern::byte(5, PAGE - 1)));
    expect_eq!(vmo.differs(5, PAGE + 1, PAGE - 1), Ok(None));
    Ok(())
}
