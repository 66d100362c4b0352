//! Garbage for the calls that the kernel answers.

use super::*;
use crate::memory::{Area, BAD_ADDRESSES, KERNEL_BASE, PAGE};
use crate::probe::{Map, close, status, vmo_create};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use libzx::{Call, PAGE_SIZE, Status, startup};

pub(super) fn kernel_calls() -> Outcome {
    for handle in BAD_HANDLES {
        let close = if handle & 0xFFFF_FFFF == 0 {
            Status::OK
        } else {
            Status::BAD_HANDLE
        };
        expect_eq!(status(Call::HandleClose, &[handle]), close);
        let area = Area::touched(1)?;
        let out = area.at(0);
        for (call, args) in [
            (Call::HandleDuplicate, [handle, 0, out, 0, 0, 0, 0]),
            (Call::HandleReplace, [handle, 0, out, 0, 0, 0, 0]),
            (Call::VmoGetSize, [handle, out, 0, 0, 0, 0, 0]),
            (
                Call::VmarMap,
                [handle, 3, 0, area.handle().into(), 0, PAGE, out],
            ),
            (Call::VmarUnmap, [handle, 0, PAGE, 0, 0, 0, 0]),
        ] {
            let given = status(call, &args);
            ensure!(
                given == Status::BAD_HANDLE,
                "{call:?} of {handle:#x}: {given}"
            );
        }
        ensure!(area.all(0, PAGE_SIZE, 0), "something was stored");
    }
    for options in [1, 0x8000_0000, 0xFFFF_FFFF] {
        expect_eq!(status(Call::ThreadYield, &[options]), Status::INVALID_ARGS);
    }
    // Deadlines that are over.
    for deadline in [0, 1, 1 << 63, u64::MAX] {
        expect_eq!(status(Call::Nanosleep, &[deadline]), Status::OK);
    }
    Ok(())
}

/// Garbage for where and what to map; the own memory must be as it was.
pub(super) fn mapping_garbage() -> Outcome {
    let area = Area::touched(1)?;
    let vmo = vmo_create(PAGE, 0)?;
    let vmar = startup().vmar_root().map_or(0, |root| root.handle().raw());
    let good = Map {
        vmar,
        options: 3,
        vmar_offset: 0,
        vmo,
        vmo_offset: 0,
        len: PAGE,
    };
    for huge in HUGE.into_iter().filter(|huge| huge % PAGE != 0) {
        let given = Map {
            vmo_offset: huge,
            ..good
        }
        .call();
        expect_eq!(given, Err(Status::INVALID_ARGS));
        let given = Map {
            vmar_offset: huge,
            options: 3 | 0x10,
            ..good
        }
        .call();
        expect_eq!(given, Err(Status::INVALID_ARGS));
        expect_eq!(
            crate::probe::vmar_unmap(vmar, huge, PAGE),
            Status::INVALID_ARGS
        );
    }
    // Longer than the whole region: outside of it, wherever it were placed.
    for len in [1 << 63, KERNEL_BASE] {
        expect_eq!(Map { len, ..good }.call(), Err(Status::INVALID_ARGS));
    }
    for options in [0xFFFF_FFFF, 0x8000_0003, 0x4000_0003, 0x3F00_0003] {
        expect_eq!(Map { options, ..good }.call(), Err(Status::INVALID_ARGS));
    }
    area.map.store(0, b"alive");
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn console_garbage() -> Outcome {
    for (what, address, _) in BAD_ADDRESSES {
        let given = status(Call::DebugWrite, &[address, 8]);
        ensure!(given == Status::INVALID_ARGS, "from {what}: {given}");
        expect_eq!(status(Call::DebugWrite, &[address, 0]), Status::OK);
    }
    for size in [1 << 47, 1 << 63, u64::MAX] {
        expect_eq!(
            status(Call::DebugWrite, &[0x1_0000_0000, size]),
            Status::INVALID_ARGS
        );
    }
    Ok(())
}
