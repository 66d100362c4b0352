//! Buffers that are good: mappings of every kind of VMO (reference §3).

use crate::given::vdso;
use crate::memory::PAGE;
use crate::pattern;
use crate::probe::{vmo_read, vmo_write};
use crate::subject::Subject;
use crate::subject::statuses::{ACCESS_DENIED, OK};
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::options::ChildOptions;
use libzx::{MapOptions, Mapping, PAGE_SIZE, Rights};

pub(super) fn run(suite: &mut Suite) {
    suite.case(
        "buffer: in a mapping of every kind, both ways [3/8 4.1/7 4.1/8]",
        kinds,
    );
    suite.case(
        "buffer: in an uncached mapping of every policy [3/8]",
        uncached,
    );
    suite.case("buffer: in physical memory [3/8]", physical);
    suite.case(
        "buffer: in a shared page, which is copied when stored to [3/9 7/7]",
        shared,
    );
    suite.case(
        "buffer: in a shared page, which stays shared when loaded from [3/9]",
        loaded,
    );
    suite.case(
        "buffer: in the zero page, which stays zero [3/8 4.3/2]",
        zero_page,
    );
    suite.case("buffer: in the very VMO, the same page too [3/12]", itself);
    suite.case(
        "buffer: in the very VMO, through a slice or reference [3/12]",
        alias,
    );
    suite.case(
        "buffer: in a clone of the VMO and in its parent [3/12 3/9]",
        family,
    );
    suite.case(
        "buffer: in the vDSO it is loaded from, never stored to [3/4]",
        in_the_vdso,
    );
    suite.case(
        "written bytes are in every mapping at once [4.3/5 4.3/6]",
        coherent,
    );
}

/// Both calls between a fresh VMO and three pages of that mapping, unaligned.
fn exchange(what: &str, map: &Mapping) -> Outcome {
    let (from, to) = (Subject::pages(3)?, Subject::pages(3)?);
    let size = 2 * PAGE + 9;
    from.put(1, 7, size)?;
    let buffer = map.address() as u64 + 77;
    let given = vmo_read(from.id(), buffer, 7, size);
    ensure!(given == OK, "{what}, read: {given}");
    let given = vmo_write(to.id(), buffer, 7, size);
    ensure!(given == OK, "{what}, write: {given}");
    let wrong = to.differs(1, 7, size)?;
    ensure!(wrong.is_none(), "{what}: first wrong is {wrong:?}");
    for at in [0, PAGE_SIZE, 2 * PAGE_SIZE] {
        let found = map.byte(77 + at);
        ensure!(found == pattern::byte(1, 7 + at as u64), "{what}: {at:#x}");
    }
    ensure!(map.byte(76) == 0, "{what}: the byte before changed");
    ensure!(
        map.byte(2 * PAGE_SIZE + 86) == 0,
        "{what}: the byte behind changed"
    );
    Ok(())
}

fn kinds() -> Outcome {
    let discardable = Subject::discardable(3)?;
    discardable.lock(0, 3 * PAGE)?;
    for (what, vmo) in [
        ("anonymous", Subject::pages(3)?),
        ("resizable", Subject::resizable(3 * PAGE)?),
        ("contiguous", Subject::contiguous(3)?),
        ("discardable", discardable),
        ("reference", Subject::pages(3)?.reference()?),
        ("slice", Subject::pages(4)?.slice(PAGE, 3 * PAGE)?),
        (
            "slice of contiguous",
            Subject::contiguous(4)?.slice(PAGE, 3 * PAGE)?,
        ),
        ("clone", Subject::pages(1)?.snapshot(0, 3 * PAGE)?),
    ] {
        exchange(what, &vmo.map(0, 3 * PAGE_SIZE)?)?;
        // The mapping is gone, the bytes are the VMO's.
        let wrong = vmo.differs_from(1, 77, 7, 2 * PAGE + 9)?;
        ensure!(wrong.is_none(), "{what}: first wrong in it is {wrong:?}");
    }
    Ok(())
}

fn uncached() -> Outcome {
    for policy in 1..4 {
        for vmo in [Subject::pages(3)?, Subject::contiguous(3)?] {
            expect_eq!(vmo.set_policy(policy), OK);
            exchange("uncached", &vmo.map(0, 3 * PAGE_SIZE)?)?;
            expect_eq!(vmo.set_policy(0), OK);
            expect_eq!(vmo.differs_from(1, 77, 7, 2 * PAGE + 9), Ok(None));
        }
    }
    Ok(())
}

fn physical() -> Outcome {
    for policy in 0..4 {
        let vmo = Subject::physical(4, 3)?;
        expect_eq!(vmo.set_policy(policy), OK);
        let map = vmo.map(0, 3 * PAGE_SIZE)?;
        map.store(76, &[0]);
        map.store(2 * PAGE_SIZE + 86, &[0]);
        exchange("physical", &map)?;
        map.store(77, &[0; 16]);
    }
    Ok(())
}

fn shared() -> Outcome {
    let source = Subject::pages(1)?;
    source.put(9, 0, PAGE)?;
    let parent = Subject::pages(2)?;
    parent.put(1, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, 2 * PAGE)?;
    let (outer, inner) = (parent.map(0, 2 * PAGE_SIZE)?, child.map(0, 2 * PAGE_SIZE)?);
    // Present and shared, read only.
    expect_eq!(
        (outer.byte(0), inner.byte(0)),
        (pattern::byte(1, 0), pattern::byte(1, 0))
    );
    expect_eq!(
        vmo_read(source.id(), inner.address() as u64 + 10, 0, 20),
        OK
    );
    expect_eq!(child.differs_from(9, 10, 0, 20), Ok(None));
    expect_eq!(child.differs(1, 0, 10), Ok(None));
    expect_eq!(child.differs(1, 30, 2 * PAGE - 30), Ok(None));
    expect_eq!(parent.differs(1, 0, 2 * PAGE), Ok(None));
    expect_eq!(
        vmo_read(source.id(), outer.address() as u64 + PAGE, 0, 20),
        OK
    );
    expect_eq!(parent.differs_from(9, PAGE, 0, 20), Ok(None));
    expect_eq!(child.differs(1, PAGE, PAGE), Ok(None));
    Ok(())
}

fn loaded() -> Outcome {
    let parent = Subject::pages(2)?;
    parent.put(2, 0, 2 * PAGE)?;
    let child = parent.snapshot(0, 2 * PAGE)?;
    let map = child.map(0, 2 * PAGE_SIZE)?;
    let before = child.info()?.committed_private_bytes;
    let target = Subject::pages(2)?;
    expect_eq!(
        vmo_write(target.id(), map.address() as u64, 0, 2 * PAGE),
        OK
    );
    expect_eq!(target.differs(2, 0, 2 * PAGE), Ok(None));
    expect_eq!(child.info()?.committed_private_bytes, before);
    Ok(())
}

fn zero_page() -> Outcome {
    let (first, second) = (Subject::pages(2)?, Subject::pages(2)?);
    let (one, two) = (first.map(0, 2 * PAGE_SIZE)?, second.map(0, 2 * PAGE_SIZE)?);
    // Loading from an absent page.
    let target = Subject::pages(2)?;
    target.put(3, 0, 2 * PAGE)?;
    expect_eq!(
        vmo_write(target.id(), one.address() as u64, 0, 2 * PAGE),
        OK
    );
    expect_eq!(target.nonzero(0, 2 * PAGE), Ok(None));
    // Then storing to it: no other absent page may change.
    target.put(4, 0, 2 * PAGE)?;
    expect_eq!(two.byte(5), 0);
    expect_eq!(vmo_read(target.id(), one.address() as u64, 0, 2 * PAGE), OK);
    expect_eq!(first.differs(4, 0, 2 * PAGE), Ok(None));
    expect_eq!((two.byte(5), second.nonzero(0, 2 * PAGE)?), (0, None));
    expect_eq!(Subject::pages(1)?.nonzero(0, PAGE), Ok(None));
    Ok(())
}

fn itself() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(5, 0, PAGE)?;
    let map = vmo.map(0, 4 * PAGE_SIZE)?;
    let at = map.address() as u64;
    // Within one page, then into pages that are not there yet.
    expect_eq!(vmo_read(vmo.id(), at + 2000, 0, 100), OK);
    expect_eq!(vmo.differs_from(5, 2000, 0, 100), Ok(None));
    expect_eq!(vmo_write(vmo.id(), at, PAGE + 9, 100), OK);
    expect_eq!(vmo.differs_from(5, PAGE + 9, 0, 100), Ok(None));
    expect_eq!(vmo_read(vmo.id(), at + 2 * PAGE + 50, 0, 2000), OK);
    expect_eq!(vmo.differs_from(5, 2 * PAGE + 50, 0, 2000), Ok(None));
    // Onto itself.
    expect_eq!(vmo_read(vmo.id(), at, 0, 4 * PAGE), OK);
    expect_eq!(vmo_write(vmo.id(), at, 0, 4 * PAGE), OK);
    expect_eq!(vmo.differs(5, 0, 2000), Ok(None));
    expect_eq!(vmo.nonzero(3 * PAGE, PAGE), Ok(None));
    Ok(())
}

fn alias() -> Outcome {
    let vmo = Subject::pages(4)?;
    vmo.put(6, 0, PAGE)?;
    for (alias, base) in [(vmo.slice(PAGE, 3 * PAGE)?, PAGE), (vmo.reference()?, 0)] {
        let map = alias.map(0, 3 * PAGE_SIZE)?;
        let at = map.address() as u64 + 2 * PAGE;
        expect_eq!(vmo_read(vmo.id(), at + 5, 0, 2000), OK);
        expect_eq!(vmo.differs_from(6, base + 2 * PAGE + 5, 0, 2000), Ok(None));
        expect_eq!(vmo_write(alias.id(), at + 5, 2 * PAGE + 2100, 1500), OK);
        expect_eq!(
            vmo.differs_from(6, base + 2 * PAGE + 2100, 0, 1500),
            Ok(None)
        );
    }
    Ok(())
}

fn family() -> Outcome {
    let parent = Subject::pages(3)?;
    parent.put(7, 0, 3 * PAGE)?;
    let child = parent.child(ChildOptions::SNAPSHOT, 0, 3 * PAGE)?;
    let (outer, inner) = (parent.map(0, 3 * PAGE_SIZE)?, child.map(0, 3 * PAGE_SIZE)?);
    // The same frame is source and target, and must become two.
    expect_eq!(
        vmo_read(parent.id(), inner.address() as u64 + 100, 0, PAGE),
        OK
    );
    expect_eq!(child.differs_from(7, 100, 0, PAGE), Ok(None));
    expect_eq!(child.differs(7, 0, 100), Ok(None));
    expect_eq!(parent.differs(7, 0, 3 * PAGE), Ok(None));
    expect_eq!(
        vmo_write(parent.id(), inner.address() as u64 + 2 * PAGE, 5, 64),
        OK
    );
    expect_eq!(parent.differs_from(7, 5, 2 * PAGE, 64), Ok(None));
    expect_eq!(child.differs(7, 2 * PAGE, PAGE), Ok(None));
    expect_eq!(
        vmo_write(child.id(), outer.address() as u64 + PAGE, 2 * PAGE + 1, 64),
        OK
    );
    expect_eq!(child.differs_from(7, 2 * PAGE + 1, PAGE, 64), Ok(None));
    expect_eq!(parent.differs(7, PAGE, 2 * PAGE), Ok(None));
    Ok(())
}

fn in_the_vdso() -> Outcome {
    let own = Subject::own(crate::probe::duplicate(vdso(), Rights::SAME_RIGHTS)?)?;
    let map = own.map_with(0, PAGE_SIZE, MapOptions::PERM_READ)?;
    let target = Subject::pages(1)?;
    target.put(8, 0, PAGE)?;
    let at = map.address() as u64;
    expect_eq!(vmo_read(target.id(), at, 0, 1), ACCESS_DENIED);
    expect_eq!(map.byte(0), 0x7F);
    expect_eq!(vmo_write(target.id(), at, 0, 4), OK);
    expect_eq!((target.byte(0)?, target.byte(1)?), (0x7F, b'E'));
    Ok(())
}

fn coherent() -> Outcome {
    let vmo = Subject::pages(3)?;
    let (first, second) = (vmo.map(0, 3 * PAGE_SIZE)?, vmo.map(PAGE, PAGE_SIZE)?);
    let reader = vmo.map_with(0, 3 * PAGE_SIZE, MapOptions::PERM_READ)?;
    for round in 0..2 {
        expect_eq!(vmo.put_byte(PAGE + 3, 0x40 + round), Ok(()));
        let found = (
            first.byte(PAGE_SIZE + 3),
            second.byte(3),
            reader.byte(PAGE_SIZE + 3),
        );
        let wanted = 0x40 + round;
        ensure!(
            found == (wanted, wanted, wanted),
            "round {round}: {found:?}"
        );
    }
    // A mapping that showed a snapshot's page shows the VMO's own after the write.
    let child = vmo.snapshot(0, 3 * PAGE)?;
    let own = child.map_with(0, 3 * PAGE_SIZE, MapOptions::PERM_READ)?;
    expect_eq!(own.byte(PAGE_SIZE + 3), 0x41);
    child.put_byte(PAGE + 3, 0x50)?;
    expect_eq!((own.byte(PAGE_SIZE + 3), second.byte(3)), (0x50, 0x41));
    Ok(())
}
