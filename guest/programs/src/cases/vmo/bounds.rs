//! Ranges and handles that `zx_vmo_read` and `zx_vmo_write` take or refuse (reference §4.1,
//! §4.2).

use super::{RESIZABLE, UNBOUNDED};
use crate::memory::{Area, BAD_ADDRESSES, PAGE};
use crate::modes::Modes;
use crate::probe::{close, duplicate, vmo_create, vmo_get_size, vmo_read, vmo_write};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use libzx::{PAGE_SIZE, Status, startup};

/// Reads and writes `len` bytes at `offset`; both must give that status.
fn both(area: &Area, vmo: u32, offset: u64, len: u64, wanted: Status) -> Outcome {
    let read = vmo_read(vmo, area.at(0), offset, len);
    ensure!(
        read == wanted,
        "read {len:#x} at {offset:#x}: {read}, not {wanted}"
    );
    let write = vmo_write(vmo, area.at(0), offset, len);
    ensure!(
        write == wanted,
        "write {len:#x} at {offset:#x}: {write}, not {wanted}"
    );
    Ok(())
}

/// Every line of reference §4.2 that is about size alone.
fn boundaries(size: u64, options: u32) -> Outcome {
    const OK: Status = Status::OK;
    const OUT: Status = Status::OUT_OF_RANGE;
    let area = Area::touched(2)?;
    let vmo = vmo_create(size, options)?;
    let end = vmo_get_size(vmo)?;
    both(&area, vmo, end, 0, OK)?;
    both(&area, vmo, end + 1, 0, OUT)?;
    both(&area, vmo, end, 1, OUT)?;
    both(&area, vmo, end + PAGE, 1, OUT)?;
    both(&area, vmo, u64::MAX, 0, OUT)?;
    both(&area, vmo, u64::MAX, 1, OUT)?;
    both(&area, vmo, u64::MAX, 2, OUT)?;
    both(&area, vmo, 2, u64::MAX, OUT)?;
    both(&area, vmo, 0, end + 1, OUT)?;
    both(&area, vmo, 1, end, OUT)?;
    both(&area, vmo, 0, 0, OK)?;
    if end == 0 {
        both(&area, vmo, 0, 1, OUT)?;
    } else {
        both(&area, vmo, end - 1, 1, OK)?;
        both(&area, vmo, end - 1, 2, OUT)?;
        both(&area, vmo, end - PAGE, PAGE, OK)?;
        both(&area, vmo, end - PAGE, PAGE + 1, OUT)?;
        both(&area, vmo, end / 2, 1, OK)?;
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn boundaries_of_every_kind() -> Outcome {
    for size in [0, 1, PAGE, 3 * PAGE, 1 << 52, MAX_VMO_SIZE] {
        boundaries(size, 0)?;
        boundaries(size, RESIZABLE)?;
    }
    boundaries(PAGE, UNBOUNDED)
}

pub(super) fn out_of_range_moves_no_byte() -> Outcome {
    let area = Area::touched(1)?;
    let vmo = Area::touched(1)?;
    area.fill(1, PAGE_SIZE);
    vmo.fill(2, PAGE_SIZE);
    expect_eq!(
        vmo_read(vmo.handle(), area.at(0), PAGE - 8, 9),
        Status::OUT_OF_RANGE
    );
    expect_eq!(
        vmo_write(vmo.handle(), area.at(0), PAGE - 8, 9),
        Status::OUT_OF_RANGE
    );
    expect_eq!(area.mismatch(1, 0, 0, PAGE_SIZE), None);
    expect_eq!(vmo.mismatch(2, 0, 0, PAGE_SIZE), None);
    Ok(())
}

pub(super) fn zero_length_never_looks_at_the_buffer() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = (
            vmo_read(vmo, address, 0, 0),
            vmo_write(vmo, address, PAGE, 0),
        );
        ensure!(given == (Status::OK, Status::OK), "{what}: {given:?}");
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn the_bounds_come_before_the_buffer(modes: Modes) -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = (
            vmo_read(vmo, address, 1, PAGE),
            vmo_write(vmo, address, PAGE, 1),
        );
        let wanted = (Status::OUT_OF_RANGE, Status::OUT_OF_RANGE);
        ensure!(given == wanted, "{what}: {given:?}");
    }
    let wanted = modes.vmo_buffer_outside();
    expect_eq!(vmo_read(vmo, 0, 0, 1), wanted);
    expect_eq!(vmo_write(vmo, 0, 0, 1), wanted);
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn handles_come_before_everything_else() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    let powerless = duplicate(vmo, 0)?;
    let process = startup()
        .process_self()
        .map_or(0, |process| process.handle().raw());
    for (handle, wanted) in [
        (0, Status::BAD_HANDLE),
        (vmo ^ 0x100, Status::BAD_HANDLE),
        (process, Status::WRONG_TYPE),
        (powerless, Status::ACCESS_DENIED),
    ] {
        for (buffer, offset, size) in [(0, 0, 1), (0, u64::MAX, u64::MAX), (0, 0, 0)] {
            expect_eq!(vmo_read(handle, buffer, offset, size), wanted);
            expect_eq!(vmo_write(handle, buffer, offset, size), wanted);
        }
    }
    expect_eq!((close(powerless), close(vmo)), (Status::OK, Status::OK));
    Ok(())
}
