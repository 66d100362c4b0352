//! `zx_process_read_memory` and `zx_process_write_memory` through mappings of pager-backed
//! VMOs (reference §4.5, §5.1 step 7, §6.1 step 9, §6.2).

use super::kit::{CODES, DIRTY, READ, Rig, TRAP_DIRTY, child};
use crate::background::Background;
use crate::memory::{Area, PAGE};
use crate::probe::UNTOUCHED;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq, pattern};
use abi::options::ChildOptions;
use libzx::{Call, MapOptions, Mapping, PAGE_SIZE, Rights, Status, Vmo, startup};

/// The cases that need the gate of `zx_process_write_memory` open.
pub(super) const WRITES: super::Cases = &[
    ("process_write: waits for the page [4.5/6]", a_write_blocks),
    (
        "process_write: each code, actual untouched [4.5/14]",
        a_failed_write_leaves_actual,
    ),
    (
        "process_write: asks with DIRTY [4.5/7]",
        a_write_asks_for_dirty,
    ),
    (
        "process_write: a private copy follows the parent [6.2/9 17.8/3 17.8/4]",
        a_private_copy_follows_the_parent,
    ),
    (
        "process_write: through a mapping of a clone [17.8/2]",
        a_mapping_of_a_clone,
    ),
];

/// The cases of this file.
pub(super) const CASES: super::Cases = &[
    (
        "process_read: waits for the whole range [4.5/2 4.5/3]",
        a_read_blocks,
    ),
    (
        "process_read: each code, actual untouched [4.5/14]",
        a_failed_read_leaves_actual,
    ),
    (
        "process_read: detach is BAD_STATE [17.6/3]",
        a_detached_read,
    ),
    (
        "process_read: a mapping without permissions asks too",
        a_read_without_permissions,
    ),
    (
        "process_read: the mapping may go meanwhile",
        the_mapping_may_go_meanwhile,
    ),
    (
        "process_read: shrunk meanwhile is OUT_OF_RANGE [4.3/7]",
        a_read_clipped_by_a_shrink,
    ),
    (
        "process_read: actual in an absent page [3/1 2.3/2 2.3/3]",
        actual_in_an_absent_page,
    ),
];

/// A process call under way, and where its `*actual` stands.
struct Access {
    call: Background,
    actual: Area,
}

impl Access {
    fn start(call: Call, vaddr: u64, buffer: u64, size: u64) -> Result<Self, Failure> {
        let Some(own) = startup().process_self() else {
            return Err(Status::NOT_FOUND.into());
        };
        let actual = Area::touched(1)?;
        actual.map.store(0, &UNTOUCHED.to_le_bytes());
        let handle = u64::from(own.handle().raw());
        let call = Background::call(call, &[handle, vaddr, buffer, size, actual.at(0)])?;
        Ok(Self { call, actual })
    }

    /// Status and `*actual`.
    fn result(self) -> Result<(Status, u64), Failure> {
        let status = self.call.status()?;
        let mut actual = [0; 8];
        self.actual.map.load(0, &mut actual);
        Ok((status, u64::from_le_bytes(actual)))
    }
}

fn reading(map: &Mapping, offset: u64, rig: &Rig, size: u64) -> Result<Access, Failure> {
    let vaddr = map.address() as u64 + offset;
    Access::start(Call::ProcessReadMemory, vaddr, rig.buffer.at(0), size)
}

fn writing(map: &Mapping, offset: u64, rig: &Rig, size: u64) -> Result<Access, Failure> {
    let vaddr = map.address() as u64 + offset;
    Access::start(Call::ProcessWriteMemory, vaddr, rig.buffer.at(0), size)
}

pub(super) fn a_read_blocks() -> Outcome {
    let rig = Rig::new(4)?;
    let map = rig.map(4)?;
    let access = reading(&map, PAGE + 7, &rig, 2 * PAGE)?;
    rig.expect(READ, 1, 3)?;
    access.call.stays_blocked()?;
    rig.give(1, 3, 4)?;
    expect_eq!(access.result()?, (Status::OK, 2 * PAGE));
    expect_eq!(rig.buffer.mismatch(4, 0, PAGE + 7, 2 * PAGE_SIZE), None);
    rig.quiet()
}

pub(super) fn a_failed_read_leaves_actual() -> Outcome {
    let rig = Rig::new(3)?;
    rig.give(0, 1, 4)?;
    let map = rig.map(3)?;
    for code in CODES {
        let access = reading(&map, 0, &rig, 2 * PAGE)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, code), Status::OK);
        expect_eq!(access.result()?, (code, UNTOUCHED));
        // A prefix may have been delivered, nothing behind it.
        ensure!(
            rig.buffer.all(PAGE_SIZE, PAGE_SIZE, 0),
            "bytes behind the failure came"
        );
    }
    rig.quiet()
}

pub(super) fn a_detached_read() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let access = reading(&map, 0, &rig, 10)?;
    rig.expect(READ, 0, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(access.result()?, (Status::BAD_STATE, UNTOUCHED));
    Ok(())
}

pub(super) fn a_read_without_permissions() -> Outcome {
    let rig = Rig::new(2)?;
    let map = Mapping::new(&rig.vmo, 2 * PAGE_SIZE, MapOptions::empty())?;
    let access = reading(&map, PAGE, &rig, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(rig.buffer.mismatch(4, 0, PAGE, 10), None);
    Ok(())
}

/// The mapping goes while the call waits: it holds on to the VMO.
pub(super) fn the_mapping_may_go_meanwhile() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let access = reading(&map, 0, &rig, 10)?;
    rig.expect(READ, 0, 1)?;
    drop(map);
    access.call.stays_blocked()?;
    rig.give(0, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(rig.buffer.mismatch(4, 0, 0, 10), None);
    Ok(())
}

pub(super) fn a_read_clipped_by_a_shrink() -> Outcome {
    let rig = Rig::with(3, super::kit::RESIZABLE)?;
    let map = rig.map(3)?;
    let access = reading(&map, 2 * PAGE, &rig, 10)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.resize(PAGE), Status::OK);
    expect_eq!(access.result()?, (Status::OUT_OF_RANGE, UNTOUCHED));
    Ok(())
}

pub(super) fn actual_in_an_absent_page() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    let Some(own) = startup().process_self() else {
        return Err(Status::NOT_FOUND.into());
    };
    let handle = u64::from(own.handle().raw());
    let source = Area::touched(1)?;
    source.fill(9, 10);
    for (page, code) in [(0, Some(Status::IO)), (1, None)] {
        let to = rig.buffer.at(page * PAGE);
        let actual = map.address() as u64 + page * PAGE;
        let args = [handle, source.at(0), to, 10, actual];
        let call = Background::call(Call::ProcessReadMemory, &args)?;
        rig.expect(READ, page, 1)?;
        call.stays_blocked()?;
        match code {
            Some(code) => {
                expect_eq!(rig.fail(page, 1, code), Status::OK);
                // Style A: whatever hinders it.
                expect_eq!(call.status()?, Status::INVALID_ARGS);
            }
            None => {
                rig.give(page, 1, 1)?;
                expect_eq!(call.status()?, Status::OK);
                let mut found = [0; 8];
                map.load(PAGE_SIZE, &mut found);
                expect_eq!(u64::from_le_bytes(found), 10);
            }
        }
        // The data was delivered in both cases.
        let from = usize::try_from(page).unwrap_or(0) * PAGE_SIZE;
        expect_eq!(rig.buffer.mismatch(9, from, 0, 10), None);
    }
    Ok(())
}

pub(super) fn a_write_blocks() -> Outcome {
    let rig = Rig::new(3)?;
    let map = rig.map(3)?;
    rig.buffer.fill(6, 10);
    let access = writing(&map, PAGE + 5, &rig, 10)?;
    rig.expect(READ, 1, 1)?;
    access.call.stays_blocked()?;
    rig.give(1, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(map.byte(PAGE_SIZE + 4), pattern::byte(4, PAGE + 4));
    expect_eq!(map.byte(PAGE_SIZE + 5), pattern::byte(6, 0));
    expect_eq!(map.byte(PAGE_SIZE + 15), pattern::byte(4, PAGE + 15));
    rig.quiet()
}

pub(super) fn a_failed_write_leaves_actual() -> Outcome {
    let rig = Rig::new(2)?;
    let map = rig.map(2)?;
    rig.buffer.fill(6, 10);
    for code in CODES {
        let access = writing(&map, PAGE, &rig, 10)?;
        rig.expect(READ, 1, 1)?;
        expect_eq!(rig.fail(1, 1, code), Status::OK);
        expect_eq!(access.result()?, (code, UNTOUCHED));
    }
    rig.give(1, 1, 4)?;
    rig.holds(1, 1, 4)
}

pub(super) fn a_write_asks_for_dirty() -> Outcome {
    let rig = Rig::with(2, TRAP_DIRTY)?;
    rig.give(0, 2, 4)?;
    let map = rig.map(2)?;
    rig.buffer.fill(6, 10);
    let access = writing(&map, PAGE, &rig, 10)?;
    rig.expect(DIRTY, 1, 1)?;
    access.call.stays_blocked()?;
    expect_eq!(rig.fail(1, 1, Status::NO_SPACE), Status::OK);
    expect_eq!(access.result()?, (Status::NO_SPACE, UNTOUCHED));
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(4, PAGE));
    let access = writing(&map, PAGE, &rig, 10)?;
    rig.expect(DIRTY, 1, 1)?;
    expect_eq!(rig.dirty(1, 1), Status::OK);
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(map.byte(PAGE_SIZE), pattern::byte(6, 0));
    Ok(())
}

/// A mapping that can never be writable becomes a private copy; pages that were not
/// written there still follow the parent, and are asked for.
pub(super) fn a_private_copy_follows_the_parent() -> Outcome {
    let rig = Rig::new(3)?;
    let unwritable = rig
        .vmo
        .handle()
        .without(Rights::DEFAULT_VMO, Rights::WRITE)?;
    let unwritable = Vmo::from_handle(unwritable);
    let map = Mapping::new(&unwritable, 3 * PAGE_SIZE, MapOptions::PERM_READ)?;
    rig.buffer.fill(6, 10);
    let access = writing(&map, PAGE + 5, &rig, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(map.byte(PAGE_SIZE + 5), pattern::byte(6, 0));
    expect_eq!(map.byte(PAGE_SIZE + 4), pattern::byte(4, PAGE + 4));
    rig.holds(1, 1, 4)?;
    // Page 0 follows: first it is asked for, then it shows what the parent becomes.
    let load = Background::load(map.address() as u64 + 9)?;
    rig.expect(READ, 0, 1)?;
    rig.give(0, 1, 4)?;
    expect_eq!(load.result()?, u64::from(pattern::byte(4, 9)));
    rig.vmo.write(&[0xAB], 9)?;
    expect_eq!(map.byte(9), 0xAB);
    // Page 1 does not.
    rig.vmo.write(&[0xCD], PAGE + 9)?;
    expect_eq!(map.byte(PAGE_SIZE + 9), pattern::byte(6, 4));
    // And it fails as the parent does.
    let access = reading(&map, 2 * PAGE, &rig, 10)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.fail(2, 1, Status::IO), Status::OK);
    expect_eq!(access.result()?, (Status::IO, UNTOUCHED));
    let access = writing(&map, 2 * PAGE, &rig, 10)?;
    rig.expect(READ, 2, 1)?;
    expect_eq!(rig.detach(), Status::OK);
    expect_eq!(access.result()?, (Status::BAD_STATE, UNTOUCHED));
    expect_eq!(map.byte(PAGE_SIZE + 5), pattern::byte(6, 0));
    Ok(())
}

/// The same of a mapping of a clone.
pub(super) fn a_mapping_of_a_clone() -> Outcome {
    let rig = Rig::new(3)?;
    let options = ChildOptions::SNAPSHOT_AT_LEAST_ON_WRITE.bits();
    let clone = child(&rig.vmo, options, 1, 2)?;
    let map = Mapping::new(&clone, 2 * PAGE_SIZE, MapOptions::READ_WRITE)?;
    rig.buffer.fill(6, 10);
    let access = writing(&map, PAGE + 5, &rig, 10)?;
    rig.expect(READ, 2, 1)?;
    rig.give(2, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    rig.holds(2, 1, 4)?;
    super::kit::holds(&clone, &rig.buffer, 1, 1, |at| match at - PAGE {
        place @ 5..15 => pattern::byte(6, place - 5),
        _ => pattern::byte(4, at + PAGE),
    })?;
    let access = reading(&map, 0, &rig, 10)?;
    rig.expect(READ, 1, 1)?;
    rig.give(1, 1, 4)?;
    expect_eq!(access.result()?, (Status::OK, 10));
    expect_eq!(rig.buffer.mismatch(4, 0, PAGE, 10), None);
    rig.quiet()
}
