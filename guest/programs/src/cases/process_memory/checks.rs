//! What both calls check before they move a byte (reference §5.1, §6.1).

use super::target::*;
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::{process_read, process_write};
use crate::suite::Outcome;
use crate::{ensure, expect_eq, pattern};
use abi::layout::MAX_PROCESS_TRANSFER;
use libzx::{MapOptions, PAGE_SIZE, Rights, Status, startup};

pub(super) fn permissions_of_the_mapping_do_not_matter(target: &Target, modes: Modes) -> Outcome {
    for options in [RW, R, MapOptions::empty()] {
        let vmo = patterned(5, 1)?;
        let place = target.map(&vmo, PAGE_SIZE, options)?;
        let buffer = Area::new(1)?;
        expect_eq!(target.read(place.at(0), &buffer, PAGE), ok(PAGE));
        expect_eq!(buffer.mismatch(5, 0, 0, PAGE_SIZE), None);
        if modes.gate {
            // The VMO itself is written, for the mapping could be made writable.
            buffer.map.store(0, b"through");
            expect_eq!(target.write(place.at(8), &buffer, 7), ok(7));
            let mut found = [0; 7];
            vmo.read(&mut found, 8)?;
            expect_eq!(&found, b"through");
            expect_eq!(target.read(place.at(8), &buffer, 7), ok(7));
        }
    }
    Ok(())
}

pub(super) fn nothing_there_is_no_memory(target: &Target, modes: Modes) -> Outcome {
    let buffer = Area::touched(1)?;
    let gone = {
        let vmo = patterned(6, 1)?;
        target.map(&vmo, PAGE_SIZE, RW)?.at(0)
    };
    for vaddr in [
        0,
        1,
        0xFF_FFFF,
        gone,
        KERNEL_BASE,
        KERNEL_BASE - 5,
        1 << 47,
        u64::MAX,
    ] {
        let given = target.read(vaddr, &buffer, 8);
        ensure!(
            given == error(Status::NO_MEMORY),
            "read at {vaddr:#x}: {given:?}"
        );
        let wanted = if modes.gate {
            Status::NO_MEMORY
        } else {
            Status::NOT_SUPPORTED
        };
        let given = target.write(vaddr, &buffer, 8);
        ensure!(given == error(wanted), "write at {vaddr:#x}: {given:?}");
    }
    Ok(())
}

pub(super) fn sizes_up_to_64_mib(target: &Target, modes: Modes) -> Outcome {
    let vmo = patterned(7, 1)?;
    let place = target.map(&vmo, PAGE_SIZE, RW)?;
    // Only as much of the buffer is looked at as is moved: one page.
    let buffer = Area::touched(1)?;
    for (size, wanted) in [
        (0, error(Status::INVALID_ARGS)),
        (MAX_PROCESS_TRANSFER, ok(PAGE)),
        (MAX_PROCESS_TRANSFER + 1, error(Status::INVALID_ARGS)),
        (u64::MAX, error(Status::INVALID_ARGS)),
    ] {
        let given = target.read(place.at(0), &buffer, size);
        ensure!(given == wanted, "read of {size:#x}: {given:?}");
        let given = target.write(place.at(0), &buffer, size);
        let wanted = if modes.gate {
            wanted
        } else {
            error(Status::NOT_SUPPORTED)
        };
        ensure!(given == wanted, "write of {size:#x}: {given:?}");
    }
    Ok(())
}

pub(super) fn handles_are_checked(target: &Target, modes: Modes) -> Outcome {
    let vmo = patterned(14, 1)?;
    let place = target.map(&vmo, PAGE_SIZE, RW)?;
    let buffer = Area::touched(1)?;
    let thread = startup().thread_self();
    let thread = thread.map_or(0, |thread| thread.raw());
    let all = Rights::DEFAULT_PROCESS;
    let no_read = target.process.handle().without(all, Rights::READ)?;
    let no_write = target.process.handle().without(all, Rights::WRITE)?;
    for (what, handle, read, write) in [
        ("zero", 0, Status::BAD_HANDLE, Status::BAD_HANDLE),
        ("a thread", thread, Status::WRONG_TYPE, Status::WRONG_TYPE),
        (
            "a VMO",
            vmo.handle().raw(),
            Status::WRONG_TYPE,
            Status::WRONG_TYPE,
        ),
        (
            "without READ",
            no_read.raw(),
            Status::ACCESS_DENIED,
            Status::OK,
        ),
        (
            "without WRITE",
            no_write.raw(),
            Status::ACCESS_DENIED,
            Status::ACCESS_DENIED,
        ),
    ] {
        let (given, _) = process_read(handle, place.at(0), buffer.at(0), 8);
        ensure!(given == read, "read with {what}: {given}");
        let write = if modes.gate {
            write
        } else {
            Status::NOT_SUPPORTED
        };
        let (given, _) = process_write(handle, place.at(0), buffer.at(0), 8);
        ensure!(given == write, "write with {what}: {given}");
    }
    Ok(())
}

pub(super) fn bad_buffers(target: &Target, modes: Modes) -> Outcome {
    let vmo = patterned(15, 1)?;
    let place = target.map(&vmo, PAGE_SIZE, RW)?;
    let read_only = Area::with_options(1, R)?;
    let unmapped = {
        let area = Area::new(1)?;
        area.at(0)
    };
    for (buffer, wanted) in [
        (0, Status::INVALID_ARGS),
        (unmapped, modes.process_buffer_bad()),
        (KERNEL_BASE, modes.process_buffer_bad()),
        (KERNEL_BASE - 5, modes.process_buffer_bad()),
        (8, modes.process_buffer_bad()),
        (u64::MAX - 3, modes.process_buffer_bad()),
    ] {
        let given = process_read(target.handle(), place.at(0), buffer, 16);
        ensure!(given == error(wanted), "read into {buffer:#x}: {given:?}");
        let wanted = if modes.gate {
            wanted
        } else {
            Status::NOT_SUPPORTED
        };
        let given = process_write(target.handle(), place.at(0), buffer, 16);
        ensure!(given == error(wanted), "write from {buffer:#x}: {given:?}");
    }
    let given = process_read(target.handle(), place.at(0), read_only.at(0), 16);
    expect_eq!(given, error(Status::ACCESS_DENIED));
    let mut found = [0; 64];
    vmo.read(&mut found, 0)?;
    expect_eq!(pattern::mismatch(15, 0, &found), None);
    Ok(())
}
