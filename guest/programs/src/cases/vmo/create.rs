//! Making VMOs and asking for their size (reference §8.1, §9.1).

use super::{RESIZABLE, UNBOUNDED};
use crate::memory::{BAD_ADDRESSES, PAGE};
use crate::probe::{close, duplicate, status, vmo_create, vmo_get_size};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::MAX_VMO_SIZE;
use libzx::{Call, Rights, Status};

/// `ZX_VMO_TRAP_DIRTY`, for pager-backed VMOs only.
const TRAP_DIRTY: u32 = 8;

pub(super) fn sizes_are_rounded_up_to_pages() -> Outcome {
    let sizes = [
        (0, 0),
        (1, PAGE),
        (PAGE - 1, PAGE),
        (PAGE, PAGE),
        (PAGE + 1, 2 * PAGE),
        (1 << 52, 1 << 52),
        (MAX_VMO_SIZE - 1, MAX_VMO_SIZE),
        (MAX_VMO_SIZE, MAX_VMO_SIZE),
    ];
    for (asked, given) in sizes {
        for options in [0, RESIZABLE] {
            let vmo = vmo_create(asked, options)?;
            expect_eq!(vmo_get_size(vmo), Ok(given));
            expect_eq!(close(vmo), Status::OK);
        }
    }
    Ok(())
}

pub(super) fn sizes_beyond_the_largest_are_refused() -> Outcome {
    for size in [
        MAX_VMO_SIZE + 1,
        MAX_VMO_SIZE + PAGE,
        u64::MAX - PAGE,
        u64::MAX,
    ] {
        for options in [0, RESIZABLE] {
            expect_eq!(vmo_create(size, options), Err(Status::OUT_OF_RANGE));
        }
    }
    Ok(())
}

pub(super) fn unbounded_vmos_have_the_largest_size() -> Outcome {
    for size in [0, 1, PAGE, MAX_VMO_SIZE] {
        let vmo = vmo_create(size, UNBOUNDED)?;
        expect_eq!(vmo_get_size(vmo), Ok(MAX_VMO_SIZE));
        expect_eq!(close(vmo), Status::OK);
    }
    expect_eq!(
        vmo_create(MAX_VMO_SIZE + 1, UNBOUNDED),
        Err(Status::OUT_OF_RANGE)
    );
    Ok(())
}

pub(super) fn options_are_checked_in_order() -> Outcome {
    let both = RESIZABLE | UNBOUNDED;
    for (size, options, status) in [
        (PAGE, both, Status::INVALID_ARGS),
        (u64::MAX, both, Status::INVALID_ARGS),
        (PAGE, TRAP_DIRTY, Status::INVALID_ARGS),
        (PAGE, 1, Status::INVALID_ARGS),
        (PAGE, 0x20, Status::INVALID_ARGS),
        (PAGE, 0x1_0000, Status::INVALID_ARGS),
        (PAGE, 0x8000_0000, Status::INVALID_ARGS),
        (PAGE, UNBOUNDED | 1, Status::INVALID_ARGS),
        // A size that is too big beats unknown options, unless the VMO is unbounded.
        (u64::MAX, 1, Status::OUT_OF_RANGE),
        (u64::MAX, UNBOUNDED | 1, Status::INVALID_ARGS),
    ] {
        let given = vmo_create(size, options);
        ensure!(
            given == Err(status),
            "create({size:#x}, {options:#x}): {given:?}"
        );
    }
    Ok(())
}

pub(super) fn handles_get_the_default_rights() -> Outcome {
    for (options, rights) in [
        (0, Rights::DEFAULT_VMO),
        (RESIZABLE, Rights::DEFAULT_VMO | Rights::RESIZE),
        (UNBOUNDED, Rights::DEFAULT_VMO),
    ] {
        let vmo = vmo_create(PAGE, options)?;
        let copy = duplicate(vmo, rights.bits())?;
        expect_eq!(close(copy), Status::OK);
        for bit in (0..31)
            .map(|bit| 1 << bit)
            .filter(|bit| rights.bits() & bit == 0)
        {
            expect_eq!(duplicate(vmo, bit), Err(Status::INVALID_ARGS));
        }
        expect_eq!(close(vmo), Status::OK);
    }
    Ok(())
}

pub(super) fn size_needs_no_right() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    let powerless = duplicate(vmo, 0)?;
    expect_eq!(vmo_get_size(powerless), Ok(PAGE));
    expect_eq!((close(powerless), close(vmo)), (Status::OK, Status::OK));
    Ok(())
}

pub(super) fn bad_out_pointers_are_invalid_args() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    for (what, address, _) in BAD_ADDRESSES {
        let given = status(Call::VmoCreate, &[PAGE, 0, address]);
        ensure!(given == Status::INVALID_ARGS, "create into {what}: {given}");
        let given = status(Call::VmoGetSize, &[vmo.into(), address]);
        ensure!(
            given == Status::INVALID_ARGS,
            "get_size into {what}: {given}"
        );
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}
