//! The caller's buffer in every state it can be in (reference §3), for all four
//! primary calls, in the error mode that the arguments name.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::memory::{Area, PAGE};
use guest_programs::modes::Modes;
use guest_programs::pattern;
use guest_programs::probe::{
    UNTOUCHED, process_read, process_write, status, vmar_unmap, vmo_read, vmo_write,
};
use guest_programs::suite::{Failure, Outcome, Suite};
use guest_programs::{ensure, expect_eq};
use libzx::{Call, MapOptions, Mapping, PAGE_SIZE, Status, startup};

/// The four calls, and whether they store into the caller's buffer.
const CALLS: [(Call, bool); 4] = [
    (Call::VmoRead, true),
    (Call::VmoWrite, false),
    (Call::ProcessReadMemory, true),
    (Call::ProcessWriteMemory, false),
];

/// The calls that this machine serves.
fn calls(modes: Modes) -> impl Iterator<Item = (Call, bool)> {
    let open = move |call| modes.gate || call != Call::ProcessWriteMemory;
    CALLS.into_iter().filter(move |&(call, _)| open(call))
}

fn own_process() -> u32 {
    startup().process_self().map_or(0, |own| own.handle().raw())
}

/// Moves `size` bytes between `buffer` and the object's bytes from `offset` on; `*actual`
/// must be `size` if it is OK and untouched if it is not.
fn run(call: Call, object: &Area, offset: u64, buffer: u64, size: u64) -> Result<Status, Failure> {
    let (given, actual) = match call {
        Call::VmoRead => return Ok(vmo_read(object.handle(), buffer, offset, size)),
        Call::VmoWrite => return Ok(vmo_write(object.handle(), buffer, offset, size)),
        Call::ProcessReadMemory => process_read(own_process(), object.at(offset), buffer, size),
        _ => process_write(own_process(), object.at(offset), buffer, size),
    };
    let wanted = if given == Status::OK { size } else { UNTOUCHED };
    if actual != wanted {
        let why = format_args!("{call:?}: {given} with actual {actual:#x}");
        return Err(Failure::new(why));
    }
    Ok(given)
}

/// What a buffer without a mapping gives: §22 items 3b and 9.
fn unmapped(modes: Modes, call: Call) -> Status {
    match call {
        Call::VmoRead | Call::VmoWrite => Status::NOT_FOUND,
        _ => modes.process_buffer_bad(),
    }
}

/// `pages` mapped pages with a hole behind them.
fn before_a_hole(pages: usize) -> Result<Area, Failure> {
    let area = Area::touched(pages + 1)?;
    let root = startup().vmar_root().map_or(0, |root| root.handle().raw());
    vmar_unmap(root, area.at(pages as u64 * PAGE), PAGE).ok()?;
    Ok(area)
}

fn unmapped_buffers(modes: Modes) -> Outcome {
    let object = Area::touched(1)?;
    object.fill(1, PAGE_SIZE);
    let hole = before_a_hole(1)?;
    for (call, _) in calls(modes) {
        for buffer in [hole.at(PAGE), hole.at(PAGE + 1)] {
            let given = run(call, &object, 0, buffer, 16)?;
            ensure!(given == unmapped(modes, call), "{call:?}: {given}");
        }
    }
    expect_eq!(object.mismatch(1, 0, 0, PAGE_SIZE), None);
    Ok(())
}

fn buffers_without_permission(modes: Modes) -> Outcome {
    let object = Area::touched(1)?;
    object.fill(2, PAGE_SIZE);
    let read_only = Area::with_options(1, MapOptions::PERM_READ)?;
    let nothing = Area::with_options(1, MapOptions::empty())?;
    for (call, stores) in calls(modes) {
        // Not present, then present.
        for round in 0..2 {
            let wanted = if stores {
                Status::ACCESS_DENIED
            } else {
                Status::OK
            };
            let given = run(call, &object, 64, read_only.at(8), 32)?;
            ensure!(
                given == wanted,
                "read-only, round {round}, {call:?}: {given}"
            );
            let given = run(call, &object, 64, nothing.at(8), 32)?;
            ensure!(
                given == Status::ACCESS_DENIED,
                "none, round {round}, {call:?}: {given}"
            );
            read_only.vmo.write(&[0xEE; 8], 0)?;
            nothing.vmo.write(&[0xEE; 8], 0)?;
        }
    }
    let mut kept = [0; 16];
    read_only.vmo.read(&mut kept, 0)?;
    expect_eq!(
        kept,
        [
            0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0, 0, 0, 0, 0, 0, 0, 0
        ]
    );
    Ok(())
}

fn buffers_past_the_end_of_their_vmo(modes: Modes) -> Outcome {
    let object = Area::touched(1)?;
    let short = Area::touched(1)?;
    let long = Mapping::new(&short.vmo, 2 * PAGE_SIZE, MapOptions::READ_WRITE)?;
    let past = long.address() as u64 + PAGE;
    for (call, _) in calls(modes) {
        let given = run(call, &object, 0, past + 4, 16)?;
        ensure!(given == Status::OUT_OF_RANGE, "{call:?}: {given}");
        let given = run(call, &object, 0, past - 8, 16)?;
        ensure!(
            given == Status::OUT_OF_RANGE,
            "across the end, {call:?}: {given}"
        );
        let given = run(call, &object, 0, past - 16, 16)?;
        ensure!(given == Status::OK, "up to the end, {call:?}: {given}");
    }
    Ok(())
}

fn buffers_not_yet_resident(modes: Modes) -> Outcome {
    for (call, stores) in calls(modes) {
        let object = Area::new(5)?;
        let buffer = Area::new(6)?;
        let size = 5 * PAGE_SIZE;
        if stores {
            object.fill(3, size);
            expect_eq!(
                run(call, &object, 0, buffer.at(100), size as u64)?,
                Status::OK
            );
            let wrong = buffer.mismatch(3, 100, 0, size);
            ensure!(wrong.is_none(), "{call:?}: first wrong is {wrong:?}");
            ensure!(
                buffer.all(0, 100, 0),
                "{call:?}: bytes before the buffer changed"
            );
            let rest = 6 * PAGE_SIZE - 100 - size;
            ensure!(
                buffer.all(100 + size, rest, 0),
                "{call:?}: bytes behind changed"
            );
        } else {
            object.fill(3, size);
            expect_eq!(
                run(call, &object, 0, buffer.at(100), size as u64)?,
                Status::OK
            );
            ensure!(object.all(0, size, 0), "{call:?}: not all zeros");
        }
    }
    Ok(())
}

/// The good bytes before a bad place are moved, those behind it are not.
fn partial_transfers(modes: Modes) -> Outcome {
    const GOOD: usize = 2 * PAGE_SIZE - 100;
    for (call, stores) in calls(modes) {
        let object = Area::touched(4)?;
        let buffer = before_a_hole(2)?;
        if stores {
            object.fill(4, 4 * PAGE_SIZE);
        } else {
            buffer.fill(4, 2 * PAGE_SIZE);
        }
        let given = run(call, &object, 0, buffer.at(100), 3 * PAGE)?;
        ensure!(given == unmapped(modes, call), "{call:?}: {given}");
        if stores {
            expect_eq!(buffer.mismatch(4, 100, 0, GOOD), None);
        } else {
            expect_eq!(object.mismatch(4, 0, 100, GOOD), None);
            ensure!(
                object.all(GOOD, 4 * PAGE_SIZE - GOOD, 0),
                "{call:?} wrote too far"
            );
        }
    }
    Ok(())
}

/// A buffer in the very VMO that is read or written, its own pages included.
fn buffers_in_the_object_itself(modes: Modes) -> Outcome {
    for (call, stores) in calls(modes) {
        let object = Area::new(8)?;
        object.fill(5, 2 * PAGE_SIZE);
        // Forward into pages that are not there yet.
        let (from, to) = (10_u64, 3 * PAGE + 7);
        let size = PAGE_SIZE + 500;
        let (offset, buffer) = if stores { (from, to) } else { (to, from) };
        let given = run(call, &object, offset, object.at(buffer), size as u64)?;
        ensure!(given == Status::OK, "{call:?}: {given}");
        let at = 3 * PAGE_SIZE + 7;
        expect_eq!(object.mismatch(5, at, from, size), None);
        expect_eq!(object.mismatch(5, 0, 0, 2 * PAGE_SIZE), None);
        // The same bytes onto themselves.
        let given = run(call, &object, 64, object.at(64), PAGE)?;
        ensure!(given == Status::OK, "onto itself, {call:?}: {given}");
        expect_eq!(object.mismatch(5, 0, 0, 2 * PAGE_SIZE), None);
    }
    Ok(())
}

/// Two mappings of one VMO: the buffer is a second window on the object's pages.
fn buffers_in_another_mapping_of_the_object(modes: Modes) -> Outcome {
    for (call, stores) in calls(modes) {
        let object = Area::new(4)?;
        object.fill(6, PAGE_SIZE);
        let window = Mapping::at_offset(&object.vmo, PAGE, 2 * PAGE_SIZE, MapOptions::READ_WRITE)?;
        let window = window.address() as u64;
        let (offset, buffer) = if stores {
            (0, window + 1)
        } else {
            (PAGE + 1, object.at(0))
        };
        let given = run(call, &object, offset, buffer, PAGE)?;
        ensure!(given == Status::OK, "{call:?}: {given}");
        expect_eq!(object.mismatch(6, PAGE_SIZE + 1, 0, PAGE_SIZE), None);
    }
    Ok(())
}

/// `*actual` in every state; whatever becomes of it, the data has been moved.
fn actual_pointers() -> Outcome {
    let object = Area::touched(1)?;
    object.fill(7, PAGE_SIZE);
    let buffer = Area::touched(1)?;
    let hole = before_a_hole(1)?;
    let fresh = Area::new(2)?;
    let read_only = Area::with_options(1, MapOptions::PERM_READ)?;
    let read = |actual| {
        let own = u64::from(own_process());
        let args = [own, object.at(0), buffer.at(0), 64, actual];
        status(Call::ProcessReadMemory, &args)
    };
    for (what, actual, wanted) in [
        ("present", hole.at(8), Status::OK),
        ("unaligned", hole.at(17), Status::OK),
        ("not resident", fresh.at(8), Status::OK),
        ("across two pages", fresh.at(PAGE - 4), Status::OK),
        ("unmapped", hole.at(PAGE), Status::INVALID_ARGS),
        ("half unmapped", hole.at(PAGE - 4), Status::INVALID_ARGS),
        ("read-only", read_only.at(0), Status::INVALID_ARGS),
        ("null", 0, Status::INVALID_ARGS),
    ] {
        buffer.map.store(0, &[0; 64]);
        let given = read(actual);
        ensure!(given == wanted, "{what}: {given}");
        ensure!(buffer.mismatch(7, 0, 0, 64).is_none(), "{what}: no data");
    }
    for (area, at) in [
        (&hole, 8),
        (&hole, 17),
        (&fresh, 8),
        (&fresh, PAGE_SIZE - 4),
    ] {
        let mut found = [0; 8];
        area.map.load(at, &mut found);
        expect_eq!(u64::from_le_bytes(found), 64);
    }
    Ok(())
}

/// Long transfers between scattered, half present places.
fn long_transfers(modes: Modes) -> Outcome {
    const LENGTH: usize = 700_001;
    for (call, stores) in calls(modes) {
        let object = Area::new(180)?;
        let buffer = Area::new(180)?;
        // Every third page is there already.
        for page in (0..180).step_by(3) {
            buffer.map.store(page * PAGE_SIZE, &[0]);
            object.map.store((page + 1) * PAGE_SIZE, &[0]);
        }
        let (source, at) = if stores {
            (&object, 4001)
        } else {
            (&buffer, 33)
        };
        for offset in 0..LENGTH {
            source
                .map
                .store(at + offset, &[pattern::byte(8, offset as u64)]);
        }
        let given = run(call, &object, 4001, buffer.at(33), LENGTH as u64)?;
        ensure!(given == Status::OK, "{call:?}: {given}");
        let (target, at) = if stores {
            (&buffer, 33)
        } else {
            (&object, 4001)
        };
        let wrong = target.mismatch(8, at, 0, LENGTH);
        ensure!(wrong.is_none(), "{call:?}: first wrong is {wrong:?}");
    }
    Ok(())
}

fn program() -> i64 {
    let modes = Modes::from_args();
    let mut suite = Suite::new();
    suite.case(
        "unmapped buffers [3/2 4.2/14 5.1/17 6.1/15 22/3b 22/9 22/9z 23/8 23/21]",
        || unmapped_buffers(modes),
    );
    suite.case(
        "buffers without permission [3/4 5.1/17 6.1/15 22/4 22/9b 23/8]",
        || buffers_without_permission(modes),
    );
    suite.case("buffers past the end of their VMO [3/5 23/8]", || {
        buffers_past_the_end_of_their_vmo(modes)
    });
    suite.case("buffers not yet resident [3/8]", || {
        buffers_not_yet_resident(modes)
    });
    suite.case(
        "partial transfers [3/13 4.1/7 5.3/3 5.3/5 6.3/2 22/17]",
        || partial_transfers(modes),
    );
    suite.case("buffers in the object itself [3/12]", || {
        buffers_in_the_object_itself(modes)
    });
    suite.case("buffers in another mapping of the object [3/12]", || {
        buffers_in_another_mapping_of_the_object(modes)
    });
    suite.case(
        "actual pointers [2.3/2 2.3/3 5.1/18 23/22]",
        actual_pointers,
    );
    suite.case("long transfers [4.2/12]", || long_transfers(modes));
    suite.finish()
}

libzx::main!(program);
