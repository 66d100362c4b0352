//! `zx_vmar_unmap` (reference §13.3).

use super::*;
use crate::memory::{Area, KERNEL_BASE, PAGE};
use crate::probe::vmar_unmap;
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::{USER_BASE, USER_TOP};
use libzx::{PAGE_SIZE, Status};

pub(super) fn unmap_refuses_bad_ranges() -> Outcome {
    let area = Area::touched(1)?;
    let vmar = root();
    for (what, address, len, wanted) in [
        ("unaligned", area.at(1), PAGE, Status::INVALID_ARGS),
        ("no length", area.at(0), 0, Status::INVALID_ARGS),
        (
            "length that wraps",
            area.at(0),
            u64::MAX,
            Status::INVALID_ARGS,
        ),
        (
            "range that wraps",
            area.at(0),
            u64::MAX - PAGE + 1,
            Status::INVALID_ARGS,
        ),
        ("null", 0, PAGE, Status::INVALID_ARGS),
        (
            "below the VMAR",
            USER_BASE - PAGE,
            2 * PAGE,
            Status::INVALID_ARGS,
        ),
        ("the end of the VMAR", USER_TOP, PAGE, Status::INVALID_ARGS),
        (
            "beyond the VMAR",
            USER_TOP - PAGE,
            2 * PAGE,
            Status::INVALID_ARGS,
        ),
        ("the kernel half", KERNEL_BASE, PAGE, Status::INVALID_ARGS),
        (
            "the last page",
            u64::MAX - PAGE + 1,
            PAGE,
            Status::INVALID_ARGS,
        ),
    ] {
        let given = vmar_unmap(vmar, address, len);
        ensure!(given == wanted, "{what}: {given}");
    }
    expect_eq!(vmar_unmap(0, area.at(0), PAGE), Status::BAD_HANDLE);
    expect_eq!(
        vmar_unmap(area.handle(), area.at(0), PAGE),
        Status::WRONG_TYPE
    );
    expect_eq!(access(area.at(0))?, READ_WRITE);
    Ok(())
}

pub(super) fn unmap_cuts_mappings() -> Outcome {
    let area = Area::touched(8)?;
    area.fill(5, 8 * PAGE_SIZE);
    let vmar = root();
    // The middle, rounded up to two pages; then the head; then the tail.
    expect_eq!(vmar_unmap(vmar, area.at(3 * PAGE), PAGE + 1), Status::OK);
    expect_eq!(vmar_unmap(vmar, area.at(0), PAGE), Status::OK);
    expect_eq!(vmar_unmap(vmar, area.at(7 * PAGE), PAGE), Status::OK);
    for page in 0..8_usize {
        let mapped = matches!(page, 1 | 2 | 5 | 6);
        let wanted = if mapped { READ_WRITE } else { FREE };
        let at = page * PAGE_SIZE;
        // The probe stores a zero into its byte, so another is compared.
        let found = access(area.at(at as u64 + 1))?;
        ensure!(found == wanted, "page {page}: {found:?}");
        if mapped {
            expect_eq!(area.mismatch(5, at + 2, at as u64 + 2, PAGE_SIZE - 2), None);
        }
    }
    // Gaps and wholly empty ranges are fine.
    expect_eq!(vmar_unmap(vmar, area.at(0), 8 * PAGE), Status::OK);
    expect_eq!(vmar_unmap(vmar, area.at(0), 8 * PAGE), Status::OK);
    expect_eq!(access(area.at(PAGE))?, FREE);
    // The VMO is as it was.
    let mut found = [0; 64];
    area.vmo.read(&mut found, 4 * PAGE + 8)?;
    expect_eq!(crate::pattern::mismatch(5, 4 * PAGE + 8, &found), None);
    Ok(())
}
