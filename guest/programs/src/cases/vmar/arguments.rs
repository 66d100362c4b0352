//! Arguments and rights that `zx_vmar_map` refuses (reference §13.1).

use super::*;
use crate::memory::{BAD_ADDRESSES, KERNEL_BASE, PAGE};
use crate::probe::{Map, close, duplicate, vmar_unmap, vmo_create};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::USER_BASE;
use libzx::{Rights, Status};

pub(super) fn arguments_are_refused() -> Outcome {
    let vmo = vmo_create(4 * PAGE, 0)?;
    let good = page_of(vmo);
    let with = |options| Map { options, ..good };
    let cases = [
        ("bad VMAR", Map { vmar: 0, ..good }, Status::BAD_HANDLE),
        (
            "a VMO as VMAR",
            Map { vmar: vmo, ..good },
            Status::WRONG_TYPE,
        ),
        ("bad VMO", Map { vmo: 0, ..good }, Status::BAD_HANDLE),
        (
            "a VMAR as VMO",
            Map {
                vmo: root(),
                ..good
            },
            Status::WRONG_TYPE,
        ),
        ("write without read", with(W), Status::INVALID_ARGS),
        ("execute without read", with(X), Status::INVALID_ARGS),
        (
            "write and execute without read",
            with(W | X),
            Status::INVALID_ARGS,
        ),
        ("execute", with(R | X), Status::ACCESS_DENIED),
        (
            "range and overwrite",
            with(RW | 0x400 | OVERWRITE),
            Status::INVALID_ARGS,
        ),
        ("can map read", with(RW | 0x80), Status::INVALID_ARGS),
        ("can map write", with(RW | 0x100), Status::INVALID_ARGS),
        ("can map execute", with(RW | 0x200), Status::INVALID_ARGS),
        (
            "beyond stream without faults",
            with(RW | 0x8000),
            Status::INVALID_ARGS,
        ),
        ("unknown bit", with(RW | 0x1_0000), Status::INVALID_ARGS),
        (
            "alignment of 2^9",
            with(RW | (9 << 24)),
            Status::INVALID_ARGS,
        ),
        (
            "alignment of 2^33",
            with(RW | (33 << 24)),
            Status::INVALID_ARGS,
        ),
        (
            "unaligned VMO offset",
            Map {
                vmo_offset: 1,
                ..good
            },
            Status::INVALID_ARGS,
        ),
        (
            "length that wraps",
            Map {
                len: u64::MAX,
                ..good
            },
            Status::OUT_OF_RANGE,
        ),
        (
            "offset and length that wrap",
            Map {
                vmo_offset: u64::MAX - PAGE + 1,
                len: 2 * PAGE,
                ..good
            },
            Status::OUT_OF_RANGE,
        ),
        ("no length", Map { len: 0, ..good }, Status::INVALID_ARGS),
        (
            "offset without specific",
            Map {
                vmar_offset: PAGE,
                ..good
            },
            Status::INVALID_ARGS,
        ),
        (
            "specific and upper limit",
            Map {
                vmar_offset: PAGE,
                ..with(RW | SPECIFIC | UPPER_LIMIT)
            },
            Status::INVALID_ARGS,
        ),
        (
            "unaligned offset",
            Map {
                vmar_offset: PAGE + 1,
                ..with(RW | SPECIFIC)
            },
            Status::INVALID_ARGS,
        ),
        (
            "offset beyond the VMAR",
            Map {
                vmar_offset: ROOT_SIZE,
                ..with(RW | SPECIFIC)
            },
            Status::INVALID_ARGS,
        ),
        (
            "end beyond the VMAR",
            Map {
                vmar_offset: ROOT_SIZE - PAGE,
                len: 2 * PAGE,
                ..with(RW | SPECIFIC)
            },
            Status::INVALID_ARGS,
        ),
        (
            "the kernel half",
            Map {
                vmar_offset: KERNEL_BASE - USER_BASE,
                ..with(RW | SPECIFIC)
            },
            Status::INVALID_ARGS,
        ),
        (
            "offset that wraps",
            Map {
                vmar_offset: u64::MAX - PAGE + 1,
                ..with(RW | SPECIFIC)
            },
            Status::INVALID_ARGS,
        ),
        (
            "offset not aligned as asked",
            Map {
                vmar_offset: 0x7000_0000_1000,
                ..with(RW | SPECIFIC | (21 << 24))
            },
            Status::INVALID_ARGS,
        ),
        (
            "more than there is room",
            Map {
                len: ROOT_SIZE,
                ..good
            },
            Status::NO_RESOURCES,
        ),
    ];
    for (what, map, wanted) in cases {
        let given = map.call();
        ensure!(given == Err(wanted), "{what}: {given:x?}, not {wanted}");
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn rights_limit_permissions() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    let all = Rights::DEFAULT_VMO;
    let no_map = duplicate(vmo, all.difference(Rights::MAP).bits())?;
    let no_write = duplicate(vmo, all.difference(Rights::WRITE).bits())?;
    let no_read = duplicate(vmo, all.difference(Rights::READ).bits())?;
    expect_eq!(page_of(no_map).call(), Err(Status::ACCESS_DENIED));
    // The right to map is looked for before the options.
    expect_eq!(
        Map {
            options: W,
            ..page_of(no_map)
        }
        .call(),
        Err(Status::ACCESS_DENIED)
    );
    expect_eq!(page_of(no_write).call(), Err(Status::ACCESS_DENIED));
    expect_eq!(page_of(no_read).call(), Err(Status::ACCESS_DENIED));
    let address = Map {
        options: R,
        ..page_of(no_write)
    }
    .call()?;
    expect_eq!(access(address)?, (Status::ACCESS_DENIED, Status::OK));
    expect_eq!(vmar_unmap(root(), address, PAGE), Status::OK);
    // The same for the VMAR's handle.
    let rights = Rights::ROOT_VMAR.difference(Rights::WRITE).bits();
    let vmar = duplicate(root(), rights)?;
    expect_eq!(
        Map {
            vmar,
            ..page_of(vmo)
        }
        .call(),
        Err(Status::ACCESS_DENIED)
    );
    let address = Map {
        vmar,
        options: R,
        ..page_of(vmo)
    }
    .call()?;
    expect_eq!(vmar_unmap(vmar, address, PAGE), Status::OK);
    for handle in [vmar, no_map, no_write, no_read, vmo] {
        expect_eq!(close(handle), Status::OK);
    }
    Ok(())
}

pub(super) fn a_bad_address_pointer_maps_nothing() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    let place = hole(1)?;
    let map = Map {
        options: RW | SPECIFIC,
        vmar_offset: place - USER_BASE,
        ..page_of(vmo)
    };
    for (what, address, _) in BAD_ADDRESSES {
        let given = map.call_into(address);
        ensure!(given == Status::INVALID_ARGS, "{what}: {given}");
        expect_eq!(access(place)?, FREE);
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}
