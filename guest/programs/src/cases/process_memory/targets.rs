//! Processes not started, running, killed (reference §5.4).

use super::place::*;
use crate::child::{CODE, Child, DATA, SPIN};
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{close, duplicate, process_read, process_write};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::{Rights, Status, monotonic};

fn gated(modes: Modes, wanted: Status) -> Status {
    if modes.gate {
        wanted
    } else {
        Status::NOT_SUPPORTED
    }
}

/// A process without anything in it, and with something.
fn unstarted(modes: Modes) -> Outcome {
    let place = Place::new()?;
    place.unreadable(Status::NO_MEMORY, 0, 8)?;
    place.unwritable(modes, Status::NO_MEMORY, 0, 8)?;
    let vmo = Object::patterned(Kind::Anonymous, 2, 141)?;
    place.child.map(&vmo, RW, AT, 2)?;
    place.shows(141, 3, 3, PAGE)?;
    if modes.gate {
        place.buffer.map.store(0, b"filled");
        expect_eq!(place.write(PAGE, 6), (Status::OK, 6));
        expect_eq!(vmo.read::<6>(PAGE)?, *b"filled");
    }
    Ok(())
}

/// `lock inc qword [DATA]; jmp back`
const COUNT: [u8; 11] = {
    let [a, b, c, d, ..] = DATA.to_le_bytes();
    [0xF0, 0x48, 0xFF, 0x04, 0x25, a, b, c, d, 0xEB, 0xF5]
};

fn running(modes: Modes) -> Outcome {
    let (child, data) = Child::running("counting", COUNT)?;
    let buffer = Area::touched(1)?;
    let count = || {
        let given = process_read(child.process, DATA, buffer.at(0), 8);
        let mut bytes = [0; 8];
        buffer.map.load(0, &mut bytes);
        given.0.ok()?;
        Ok::<u64, Status>(u64::from_le_bytes(bytes))
    };
    let deadline = monotonic() + 10_000_000_000;
    let first = count()?;
    while count()? == first {
        ensure!(monotonic() < deadline, "it does not run");
        libzx::sleep_for(1_000_000);
    }
    if modes.gate {
        buffer.map.store(0, &(1_u64 << 60).to_le_bytes());
        let given = process_write(child.process, DATA, buffer.at(0), 8);
        expect_eq!(given, (Status::OK, 8));
        while u64::from_le_bytes(data.read::<8>(0)?) <= 1 << 60 {
            ensure!(monotonic() < deadline, "it does not see the write");
            libzx::sleep_for(1_000_000);
        }
    }
    Ok(())
}

/// The target executes what was written into its code, a mapping that never could be
/// writable, with no further call.
fn written_code_runs() -> Outcome {
    let child = Child::new("patched")?;
    let text = Object::new(1)?;
    text.write(SPIN, 0)?;
    // mov qword [DATA], 77; jmp .
    let [a, b, c, d, ..] = DATA.to_le_bytes();
    text.write(
        [0x48, 0xC7, 0x04, 0x25, a, b, c, d, 77, 0, 0, 0, 0xEB, 0xFE],
        2,
    )?;
    let code = text
        .executable()?
        .narrowed(Rights::READ | Rights::EXECUTE | Rights::MAP)?;
    child.map(&code, RX, CODE, 1)?;
    let data = Object::new(2)?;
    child.map(&data, RW, DATA, 2)?;
    child.start(0, 0)?;
    libzx::sleep_for(5_000_000);
    expect_eq!(data.read::<8>(0)?, [0; 8]);
    // jmp +0 in place of jmp .
    let buffer = Area::touched(1)?;
    buffer.map.store(0, &[0xEB, 0x00]);
    let given = process_write(child.process, CODE, buffer.at(0), 2);
    expect_eq!(given, (Status::OK, 2));
    let deadline = monotonic() + 10_000_000_000;
    while data.read::<1>(0)? != [77] {
        ensure!(monotonic() < deadline, "it does not run the new code");
        libzx::sleep_for(1_000_000);
    }
    expect_eq!(text.read::<2>(0)?, SPIN);
    let maps = crate::inspect::Maps::of(child.process)?;
    let found = maps.mapping(CODE).ok_or(Status::NOT_FOUND)?;
    expect_eq!((found.mmu_flags, found.vmo_koid), (RX, 0));
    Ok(())
}

/// BAD_STATE of an ended process, after arguments and handle, before the address.
fn ended(child: &Child, modes: Modes) -> Outcome {
    let bad = Status::BAD_STATE;
    let buffer = Area::touched(1)?;
    let process = child.process;
    for vaddr in [DATA, CODE, 0, KERNEL_BASE, AT] {
        for buffer in [buffer.at(0), KERNEL_BASE] {
            expect_eq!(process_read(process, vaddr, buffer, 8), failed(bad));
            let given = process_write(process, vaddr, buffer, 8);
            expect_eq!(given, failed(gated(modes, bad)));
        }
    }
    let invalid = Status::INVALID_ARGS;
    for (buffer, size) in [(0, 8), (buffer.at(0), 0), (buffer.at(0), (64 << 20) + 1)] {
        expect_eq!(process_read(process, DATA, buffer, size), failed(invalid));
        let given = process_write(process, DATA, buffer, size);
        expect_eq!(given, failed(gated(modes, invalid)));
    }
    let weak = duplicate(process, Rights::INSPECT.bits())?;
    let denied = Status::ACCESS_DENIED;
    expect_eq!(process_read(weak, DATA, buffer.at(0), 8), failed(denied));
    let given = process_write(weak, DATA, buffer.at(0), 8);
    expect_eq!(given, failed(gated(modes, denied)));
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn killed(modes: Modes) -> Outcome {
    let (child, _data) = Child::running("killed", SPIN)?;
    child.kill()?;
    ended(&child, modes)
}

fn killed_unstarted(modes: Modes) -> Outcome {
    let (child, _data) = Child::prepared("never ran", SPIN)?;
    child.kill()?;
    ended(&child, modes)
}

fn crashed(modes: Modes) -> Outcome {
    let (child, _data) = Child::running("crashed", crate::child::FAULT)?;
    child.wait()?;
    ended(&child, modes)
}

/// Reduced handles: what each call needs, no more and no less.
fn rights(modes: Modes) -> Outcome {
    let vmo = Object::patterned(Kind::Anonymous, 1, 142)?;
    let place = Place::with(&vmo, RW, 1)?;
    let denied = Status::ACCESS_DENIED;
    let all = Rights::DEFAULT_PROCESS;
    for (rights, read, write) in [
        (Rights::READ | Rights::WRITE, Status::OK, Status::OK),
        (Rights::WRITE, denied, Status::OK),
        (Rights::READ, denied, denied),
        (Rights::empty(), denied, denied),
        (all.difference(Rights::READ), denied, Status::OK),
        (all.difference(Rights::WRITE), denied, denied),
    ] {
        let handle = duplicate(place.child.process, rights.bits())?;
        let (given, _) = process_read(handle, AT, place.buffer.at(0), 4);
        ensure!(given == read, "read with {rights:?}: {given:?}");
        let (given, _) = process_write(handle, AT, place.buffer.at(0), 4);
        let wanted = gated(modes, write);
        ensure!(given == wanted, "write with {rights:?}: {given:?}");
        // A missing right comes before the address and the buffer.
        if read == denied {
            let given = process_read(handle, 0, KERNEL_BASE, 4);
            expect_eq!(given, failed(denied));
        }
        if write == denied {
            let given = process_write(handle, 0, KERNEL_BASE, 4);
            expect_eq!(given, failed(gated(modes, denied)));
        }
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "a process not started is read and filled [5.4/2 5.1/5]",
        || unstarted(modes),
    );
    suite.case(
        "a running process is read and written meanwhile [5.4/3]",
        || running(modes),
    );
    if modes.gate {
        suite.case("written code is what runs next [6.2/16]", written_code_runs);
    }
    suite.case(
        "a killed process is BAD_STATE [5.4/4 5.1/4 6.1/5 22/10 23/14]",
        || killed(modes),
    );
    suite.case(
        "a process killed before its start is BAD_STATE [5.4/4 23/14]",
        || killed_unstarted(modes),
    );
    suite.case("a crashed process is BAD_STATE [5.4/4 22/10]", || {
        crashed(modes)
    });
    suite.case(
        "each call needs its rights and no more [5.1/3 6.1/4 5.4/5 22/15 23/13 23/29]",
        || rights(modes),
    );
}
