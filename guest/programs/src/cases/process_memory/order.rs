//! Which of two errors wins (reference §5.1, §6.1, §23), and what becomes of the count.

use super::place::*;
use crate::memory::{Area, BAD_ADDRESSES, Badness, KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{UNTOUCHED, close, duplicate, out, process_memory, status};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use libzx::{Call, MapOptions, Rights, Status};

const LIMIT: u64 = 64 << 20;

/// Both calls with the same arguments give that status; the gate's wins over any.
fn both(modes: Modes, wanted: Status, handle: u32, vaddr: u64, buffer: u64, size: u64) -> Outcome {
    for call in [Call::ProcessReadMemory, Call::ProcessWriteMemory] {
        let shut = call == Call::ProcessWriteMemory && !modes.gate;
        let wanted = if shut { Status::NOT_SUPPORTED } else { wanted };
        let given = process_memory(call, handle, vaddr, buffer, size);
        ensure!(
            given == failed(wanted),
            "{call:?}: {given:?}, not {wanted:?}"
        );
    }
    Ok(())
}

/// A process with one patterned page at [`AT`], and a handle to it without rights.
fn place() -> Result<(Place, Object, u32), Status> {
    let vmo = Object::patterned(Kind::Anonymous, 1, 161)?;
    let place = Place::with(&vmo, RW, 2)?;
    let weak = duplicate(place.child.process, 0)?;
    Ok((place, vmo, weak))
}

fn null_buffer(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let invalid = Status::INVALID_ARGS;
    for handle in [place.child.process, 0, vmo.handle, weak] {
        for (vaddr, size) in [(AT, 8), (AT, 0), (AT, LIMIT + 1), (0, 8), (AT + PAGE, 8)] {
            both(modes, invalid, handle, vaddr, 0, size)?;
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn lengths(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let invalid = Status::INVALID_ARGS;
    for size in [0, LIMIT + 1, u64::MAX] {
        for handle in [place.child.process, 0, vmo.handle, weak] {
            for buffer in [place.buffer.at(0), KERNEL_BASE] {
                both(modes, invalid, handle, AT, buffer, size)?;
                both(modes, invalid, handle, 0, buffer, size)?;
            }
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn handles(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let powerless = duplicate(vmo.handle, 0)?;
    for vaddr in [AT, 0, AT + PAGE] {
        for buffer in [place.buffer.at(0), KERNEL_BASE] {
            for (handle, wanted) in [
                (0, Status::BAD_HANDLE),
                (weak ^ 1, Status::BAD_HANDLE),
                (vmo.handle, Status::WRONG_TYPE),
                (powerless, Status::WRONG_TYPE),
                (weak, Status::ACCESS_DENIED),
            ] {
                both(modes, wanted, handle, vaddr, buffer, 8)?;
            }
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!((close(weak), close(powerless)), (Status::OK, Status::OK));
    Ok(())
}

fn addresses(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = place.child.process;
    for vaddr in [0, AT - 1, AT + 2 * PAGE, KERNEL_BASE, 1 << 47, u64::MAX] {
        for buffer in [place.buffer.at(0), 8, KERNEL_BASE, 0x7000_0000_0123] {
            both(modes, Status::NO_MEMORY, process, vaddr, buffer, 8)?;
            both(modes, Status::NO_MEMORY, process, vaddr, buffer, LIMIT)?;
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn nothing_left(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = place.child.process;
    for buffer in [place.buffer.at(0), 8, KERNEL_BASE, 0x7000_0000_0123] {
        both(modes, Status::OUT_OF_RANGE, process, AT + PAGE, buffer, 8)?;
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// Each way in which the caller's buffer can be bad.
fn buffers(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = place.child.process;
    for (what, buffer, badness) in BAD_ADDRESSES {
        let wanted = match badness {
            Badness::Null => Status::INVALID_ARGS,
            Badness::Outside | Badness::Unmapped => modes.process_buffer_bad(),
        };
        let outcome = both(modes, wanted, process, AT, buffer, 16);
        if let Err(why) = outcome {
            return Err(crate::suite::Failure::new(format_args!("{what}: {why:?}")));
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

fn buffers_without_permission(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = place.child.process;
    let nothing = Area::with_options(1, MapOptions::empty())?;
    both(modes, Status::ACCESS_DENIED, process, AT, nothing.at(0), 8)?;
    let read_only = Area::with_options(1, MapOptions::PERM_READ)?;
    read_only.vmo.write(b"constant", 0)?;
    let given = process_memory(Call::ProcessReadMemory, process, AT, read_only.at(0), 8);
    expect_eq!(given, failed(Status::ACCESS_DENIED));
    let mut found = [0; 8];
    read_only.map.load(0, &mut found);
    expect_eq!(&found, b"constant");
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// A buffer behind the end of its VMO.
fn buffers_past_their_vmo(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let short = Object::new(1)?;
    let vmar = SubVmar::new(2)?;
    vmar.at(0, short.handle, 2).call()?;
    let process = place.child.process;
    both(modes, Status::OUT_OF_RANGE, process, AT, vmar.page(1), 8)?;
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// A buffer that ends in the middle: the error, though bytes have moved.
fn midway(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = place.child.process;
    let vmar = SubVmar::new(2)?;
    let half = Object::new(1)?;
    vmar.at(0, half.handle, 1).call()?;
    let buffer = vmar.page(1) - 16;
    both(modes, modes.process_buffer_bad(), process, AT, buffer, 32)?;
    // What was delivered is a prefix of what was asked for, or nothing.
    let found = half.read::<16>(PAGE - 16)?;
    let prefix = found
        .iter()
        .zip(0..)
        .take_while(|&(&byte, at)| byte == crate::pattern::byte(161, at))
        .count();
    let rest = found.get(prefix..).unwrap_or_default();
    ensure!(rest.iter().all(|&byte| byte == 0), "no prefix: {found:?}");
    expect_eq!(
        vmo.read::<4064>(32)
            .map(|tail| { crate::pattern::mismatch(161, 32, &tail) })?,
        None
    );
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// As much of the buffer as is moved must be good, and no more.
fn only_what_is_moved(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let vmar = SubVmar::new(2)?;
    let half = Object::new(1)?;
    vmar.at(0, half.handle, 1).call()?;
    let process = place.child.process;
    let given = process_memory(Call::ProcessReadMemory, process, AT, vmar.page(0), LIMIT);
    expect_eq!(given, (Status::OK, PAGE));
    expect_eq!(half.mismatch(1, 161)?, None);
    if modes.gate {
        let given = process_memory(Call::ProcessWriteMemory, process, AT, vmar.page(0), LIMIT);
        expect_eq!(given, (Status::OK, PAGE));
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// A bad pointer for the count: everything has been done by then.
fn bad_counts(modes: Modes) -> Outcome {
    let (place, vmo, weak) = place()?;
    let process = u64::from(place.child.process);
    for (what, actual, _) in BAD_ADDRESSES {
        place.buffer.vmo.write(&[0xCC; 32], 0)?;
        let args = [process, AT, place.buffer.at(0), 16, actual];
        let given = status(Call::ProcessReadMemory, &args);
        ensure!(given == Status::INVALID_ARGS, "{what}: {given:?}");
        let delivered = place.buffer.mismatch(161, 0, 0, 16);
        ensure!(delivered.is_none(), "{what}: nothing was delivered");
        ensure!(place.buffer.all(16, 16, 0xCC), "{what}: too much");
    }
    if modes.gate {
        place.buffer.vmo.write(b"delivered", 0)?;
        let args = [process, AT, place.buffer.at(0), 9, KERNEL_BASE];
        let given = status(Call::ProcessWriteMemory, &args);
        expect_eq!(given, Status::INVALID_ARGS);
        expect_eq!(vmo.read::<9>(0)?, *b"delivered");
    }
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// The count is stored with success alone; it is as wide as a register.
fn counts() -> Outcome {
    let (place, _vmo, weak) = place()?;
    let mut actual = UNTOUCHED;
    let process = u64::from(place.child.process);
    for (size, wanted) in [(1, 1), (100, 100), (PAGE, PAGE), (2 * PAGE, PAGE)] {
        let args = [process, AT, place.buffer.at(0), size, out(&mut actual)];
        let given = status(Call::ProcessReadMemory, &args);
        expect_eq!((given, core::hint::black_box(actual)), (Status::OK, wanted));
    }
    expect_eq!(close(weak), Status::OK);
    Ok(())
}

/// With the gate shut no argument matters, and no byte moves.
fn gate() -> Outcome {
    let (place, vmo, weak) = place()?;
    let dead = crate::child::Child::new("dead")?;
    dead.kill()?;
    for handle in [place.child.process, 0, vmo.handle, weak, dead.process] {
        for vaddr in [AT, 0, AT + PAGE, KERNEL_BASE] {
            for (buffer, size) in [
                (place.buffer.at(0), 8),
                (0, 8),
                (0, 0),
                (KERNEL_BASE, LIMIT + 1),
            ] {
                let given = process_memory(Call::ProcessWriteMemory, handle, vaddr, buffer, size);
                expect_eq!(given, failed(Status::NOT_SUPPORTED));
            }
        }
    }
    expect_eq!(vmo.mismatch(1, 161)?, None);
    // Reading has no gate.
    place.shows(161, 0, 0, PAGE)?;
    let rights = Rights::READ | Rights::WRITE;
    let able = duplicate(place.child.process, rights.bits())?;
    let (given, _) = process_memory(Call::ProcessReadMemory, able, AT, place.buffer.at(0), 8);
    expect_eq!(given, Status::OK);
    expect_eq!((close(able), close(weak)), (Status::OK, Status::OK));
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "a NULL buffer wins over the handle [5.1/1 6.1/2 23/11 23/24]",
        || null_buffer(modes),
    );
    suite.case(
        "a bad length wins over the handle [5.1/2 6.1/3 23/12 23/25 23/26]",
        || lengths(modes),
    );
    suite.case(
        "the handle wins over the address [5.1/3 6.1/4 23/13 23/27 23/28 23/29]",
        || handles(modes),
    );
    suite.case(
        "no memory wins over the buffer [5.1/5 5.1/11 6.1/6 22/1 23/15 23/30]",
        || addresses(modes),
    );
    suite.case(
        "past the VMO's end wins over the buffer [5.1/15 6.1/13 23/20 23/32]",
        || nothing_left(modes),
    );
    let name = if modes.documented {
        "bad buffers are INVALID_ARGS [5.1/17 6.1/15 22/9 23/21 5.3/2 6.3/2]"
    } else {
        "bad buffers are NOT_FOUND, NULL is INVALID_ARGS [5.1/17 6.1/15 22/9z 3/2 3/3 5.3/2 6.3/2]"
    };
    suite.case(name, || buffers(modes));
    suite.case(
        "buffers without the permission are ACCESS_DENIED [22/9b 5.1/17 6.1/15 3/4]",
        || buffers_without_permission(modes),
    );
    suite.case(
        "buffers past their VMO's end are OUT_OF_RANGE [3/5 23/21]",
        || buffers_past_their_vmo(modes),
    );
    suite.case(
        "a buffer that ends midway is the error [5.3/3 5.3/5 6.3/2 22/17 3/13]",
        || midway(modes),
    );
    suite.case(
        "only what is moved of the buffer must be good [5.1/9 22/26 3/10]",
        || only_what_is_moved(modes),
    );
    suite.case(
        "a bad count pointer comes last [5.1/18 5.1/8 23/22 3/1]",
        || bad_counts(modes),
    );
    suite.case("the count is what was moved [5.3/1 6.1/10]", counts);
    if !modes.gate {
        suite.case(
            "a shut gate wins over everything [6.1/1 22/14 23/10 23/23 5.1/19]",
            gate,
        );
    }
}
