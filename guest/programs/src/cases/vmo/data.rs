//! Bytes that go into a VMO come out again, at every offset (reference §4.3).

use super::UNBOUNDED;
use crate::memory::{Area, PAGE};
use crate::pattern;
use crate::probe::{close, duplicate, vmo_create, vmo_get_size, vmo_read, vmo_write};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use libzx::{PAGE_SIZE, Rights, Status, Vmo};

/// Writes through `zx_vmo_write` at odd places and reads back, bytes around included.
fn data_goes_and_comes(offset: u64, length: usize) -> Outcome {
    let pages = length.div_ceil(PAGE_SIZE) + 3;
    let source = Area::new(pages)?;
    let target = Area::new(pages)?;
    let vmo = Vmo::create(1 << 40)?;
    let handle = vmo.handle().raw();
    source.fill(offset, length + 3);
    // The buffers stand at odd places too.
    expect_eq!(
        vmo_write(handle, source.at(3), offset, length as u64),
        Status::OK
    );
    let around = (offset.saturating_sub(16), 16.min(offset));
    let whole = length as u64 + around.1 + 16;
    expect_eq!(vmo_read(handle, target.at(1), around.0, whole), Status::OK);
    let (start, before) = (1, usize::try_from(around.1).unwrap_or(0));
    ensure!(
        target.all(start, before, 0),
        "bytes before {offset:#x} changed"
    );
    let found = target.mismatch(offset, start + before, 3, length);
    ensure!(
        found.is_none(),
        "{length} bytes at {offset:#x}: first wrong is {found:?}"
    );
    ensure!(
        target.all(start + before + length, 16, 0),
        "bytes behind changed"
    );
    Ok(())
}

pub(super) fn new_pages_read_as_zeros() -> Outcome {
    let area = Area::touched(3)?;
    area.fill(3, 3 * PAGE_SIZE);
    let vmo = Vmo::create(8 * PAGE)?;
    expect_eq!(
        vmo_read(vmo.handle().raw(), area.at(5), 7, 2 * PAGE),
        Status::OK
    );
    ensure!(area.all(5, 2 * PAGE_SIZE, 0), "not all zeros");
    expect_eq!(area.mismatch(3, 0, 0, 5), None);
    expect_eq!(
        area.map.byte(5 + 2 * PAGE_SIZE),
        pattern::byte(3, 5 + 2 * PAGE)
    );
    Ok(())
}

pub(super) fn data_at_many_places() -> Outcome {
    for offset in [0, 1, 4095, 4096, 0x1F_FFF7, 0x3FFF_FFFF, (1 << 39) + 5] {
        for length in [1, 8, 64, 4096, 3 * 4096 + 1] {
            data_goes_and_comes(offset, length)?;
        }
    }
    data_goes_and_comes(0x123, 1 << 20)
}

pub(super) fn sparse_vmos_take_far_offsets() -> Outcome {
    let area = Area::touched(2)?;
    let vmo = vmo_create(0, UNBOUNDED)?;
    let places = [
        0,
        1 << 21,
        1 << 30,
        1 << 39,
        1 << 48,
        1 << 57,
        MAX_VMO_SIZE - 8,
    ];
    for place in places {
        area.map.store(0, &place.to_le_bytes());
        expect_eq!(vmo_write(vmo, area.at(0), place, 8), Status::OK);
    }
    for place in places {
        expect_eq!(vmo_read(vmo, area.at(PAGE), place, 8), Status::OK);
        let mut found = [0; 8];
        area.map.load(PAGE_SIZE, &mut found);
        expect_eq!(u64::from_le_bytes(found), place);
        // Its neighbour is a hole.
        expect_eq!(
            vmo_read(vmo, area.at(PAGE), place ^ (1 << 20), 8),
            Status::OK
        );
        ensure!(
            area.all(PAGE_SIZE, 8, 0),
            "no hole at {:#x}",
            place ^ (1 << 20)
        );
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn bytes_behind_the_stream_size_are_ordinary() -> Outcome {
    let area = Area::touched(1)?;
    let vmo = vmo_create(1, 0)?;
    expect_eq!(vmo_read(vmo, area.at(0), 0, PAGE), Status::OK);
    ensure!(area.all(0, PAGE_SIZE, 0), "not all zeros");
    area.fill(9, PAGE_SIZE);
    expect_eq!(vmo_write(vmo, area.at(1), 1, PAGE - 1), Status::OK);
    let back = Area::touched(1)?;
    expect_eq!(vmo_read(vmo, back.at(0), 0, PAGE), Status::OK);
    expect_eq!(back.mismatch(9, 1, 1, PAGE_SIZE - 1), None);
    expect_eq!(vmo_get_size(vmo), Ok(PAGE));
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn all_handles_lead_to_the_same_bytes() -> Outcome {
    let area = Area::touched(2)?;
    area.fill(4, 64);
    let vmo = vmo_create(PAGE, 0)?;
    let copy = duplicate(vmo, Rights::SAME_RIGHTS)?;
    expect_eq!(vmo_write(vmo, area.at(0), 100, 64), Status::OK);
    expect_eq!(close(vmo), Status::OK);
    expect_eq!(vmo_read(copy, area.at(PAGE), 100, 64), Status::OK);
    expect_eq!(area.mismatch(4, PAGE_SIZE, 0, 64), None);
    expect_eq!(close(copy), Status::OK);
    Ok(())
}
