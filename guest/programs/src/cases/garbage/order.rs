//! Two errors at once, and rights that are missing (reference §23).

use super::*;
use crate::memory::{KERNEL_BASE, PAGE};
use crate::modes::Modes;
use crate::probe::status;
use crate::suite::{Failure, Outcome};
use crate::{ensure, expect_eq};
use abi::layout::MAX_PROCESS_TRANSFER;
use libzx::{Call, Rights, Status, startup};

/// The pairs of reference §23's last table that anonymous VMOs can show.
pub(super) fn which_error_wins(modes: Modes) -> Outcome {
    let bench = Bench::new()?;
    let own = startup().process_self();
    let Some(own) = own else {
        return Err(Failure::from(Status::NOT_FOUND));
    };
    let powerless = own.handle().duplicate(libzx::Rights::empty())?;
    let vmo_powerless = bench
        .object
        .vmo
        .handle()
        .duplicate(libzx::Rights::empty())?;
    let (no_process, no_vmo) = (u64::from(powerless.raw()), u64::from(vmo_powerless.raw()));
    let (object, buffer, actual) = (bench.object.at(0), bench.buffer.at(0), bench.actual.at(0));
    let bad = KERNEL_BASE;
    let over = MAX_PROCESS_TRANSFER + 1;
    for (what, args, wanted) in [
        (
            "NULL buffer and bad handle",
            [0, object, 0, 64, actual],
            Status::INVALID_ARGS,
        ),
        (
            "size 0 and bad handle",
            [0, object, buffer, 0, actual],
            Status::INVALID_ARGS,
        ),
        (
            "too much, no rights",
            [no_process, object, buffer, over, actual],
            Status::INVALID_ARGS,
        ),
        (
            "bad handle, nothing there",
            [0, 0, buffer, 64, actual],
            Status::BAD_HANDLE,
        ),
        (
            "wrong type, no rights",
            [no_vmo, object, buffer, 64, actual],
            Status::WRONG_TYPE,
        ),
        (
            "no rights, nothing there",
            [no_process, 0, buffer, 64, actual],
            Status::ACCESS_DENIED,
        ),
        (
            "nothing there, bad buffer",
            [bench.own, 0, bad, 64, actual],
            Status::NO_MEMORY,
        ),
        (
            "nothing there, bad actual",
            [bench.own, 0, buffer, 64, bad],
            Status::NO_MEMORY,
        ),
    ] {
        let given = status(Call::ProcessReadMemory, &args);
        ensure!(given == wanted, "read, {what}: {given}");
        let wanted = if modes.gate {
            wanted
        } else {
            Status::NOT_SUPPORTED
        };
        let given = status(Call::ProcessWriteMemory, &args);
        ensure!(given == wanted, "write, {what}: {given}");
    }
    for (what, args, wanted) in [
        ("bad handle, NULL buffer", [0, 0, 0, 64], Status::BAD_HANDLE),
        (
            "no rights, out of range",
            [no_vmo, buffer, u64::MAX, 64],
            Status::ACCESS_DENIED,
        ),
        (
            "out of range, NULL buffer",
            [bench.vmo(), 0, 4 * PAGE, 1],
            Status::OUT_OF_RANGE,
        ),
        (
            "no length, NULL buffer",
            [bench.vmo(), 0, 4 * PAGE, 0],
            Status::OK,
        ),
    ] {
        for call in [Call::VmoRead, Call::VmoWrite] {
            let given = status(call, &args);
            ensure!(given == wanted, "{call:?}, {what}: {given}");
        }
    }
    bench.untouched()
}

/// Reading one's own memory needs both rights, writing it the right to write.
pub(super) fn process_rights(modes: Modes) -> Outcome {
    let bench = Bench::new()?;
    let Some(own) = startup().process_self() else {
        return Err(Failure::from(Status::NOT_FOUND));
    };
    for (rights, read, write) in [
        (Rights::READ, Status::ACCESS_DENIED, Status::ACCESS_DENIED),
        (Rights::WRITE, Status::ACCESS_DENIED, Status::OK),
        (Rights::IO, Status::OK, Status::OK),
    ] {
        let handle = own.handle().duplicate(rights)?;
        // The size is so small that what is moved is the object's own first byte.
        let args = [
            handle.raw().into(),
            bench.object.at(0),
            bench.actual.at(64),
            1,
            bench.actual.at(0),
        ];
        expect_eq!(status(Call::ProcessReadMemory, &args), read);
        let write = if modes.gate {
            write
        } else {
            Status::NOT_SUPPORTED
        };
        expect_eq!(status(Call::ProcessWriteMemory, &args), write);
    }
    Ok(())
}
