//! Where mappings go (reference §13.1, steps 14 to 18).

use super::*;
use crate::memory::{Area, PAGE};
use crate::probe::{Map, close, vmar_unmap, vmo_create};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use abi::layout::{USER_BASE, USER_TOP};
use libzx::{PAGE_SIZE, Status, Vmo};

pub(super) fn the_user_range_ends_where_it_should() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    let last = Map {
        options: RW | SPECIFIC,
        vmar_offset: ROOT_SIZE - PAGE,
        ..page_of(vmo)
    };
    expect_eq!(last.call(), Ok(USER_TOP - PAGE));
    expect_eq!(access(USER_TOP - PAGE)?, READ_WRITE);
    expect_eq!(access(USER_TOP - 1)?, READ_WRITE);
    expect_eq!(vmar_unmap(root(), USER_TOP - PAGE, PAGE), Status::OK);
    expect_eq!(
        Map {
            vmar_offset: ROOT_SIZE,
            ..last
        }
        .call(),
        Err(Status::INVALID_ARGS)
    );
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn specific_takes_the_place_or_nothing() -> Outcome {
    let vmo = vmo_create(4 * PAGE, 0)?;
    let place = hole(4)?;
    let here = Map {
        options: RW | SPECIFIC,
        vmar_offset: place - USER_BASE,
        len: 4 * PAGE,
        ..page_of(vmo)
    };
    expect_eq!(here.call(), Ok(place));
    for (page, pages) in [(0, 4), (0, 1), (3, 1), (1, 2)] {
        let over = Map {
            vmar_offset: place - USER_BASE + page * PAGE,
            len: pages * PAGE,
            ..here
        };
        expect_eq!(over.call(), Err(Status::ALREADY_EXISTS));
    }
    expect_eq!(vmar_unmap(root(), place, 4 * PAGE), Status::OK);
    expect_eq!((access(place)?, close(vmo)), (FREE, Status::OK));
    Ok(())
}

pub(super) fn overwrite_replaces_a_part() -> Outcome {
    let old = Area::touched(3)?;
    old.fill(1, 3 * PAGE_SIZE);
    let new = Vmo::create(PAGE)?;
    new.write(b"new", 0)?;
    let over = Map {
        options: RW | OVERWRITE,
        vmar_offset: old.at(PAGE) - USER_BASE,
        ..page_of(new.handle().raw())
    };
    expect_eq!(over.call(), Ok(old.at(PAGE)));
    // The processor must not go on using the old page.
    let mut found = [0; 3];
    old.map.load(PAGE_SIZE, &mut found);
    expect_eq!(&found, b"new");
    expect_eq!(old.mismatch(1, 0, 0, PAGE_SIZE), None);
    expect_eq!(old.mismatch(1, 2 * PAGE_SIZE, 2 * PAGE, PAGE_SIZE), None);
    old.map.store(PAGE_SIZE, b"NEW");
    new.read(&mut found, 0)?;
    expect_eq!(&found, b"NEW");
    let mut kept = [0; 1];
    old.vmo.read(&mut kept, PAGE)?;
    expect_eq!(kept, [crate::pattern::byte(1, PAGE)]);
    Ok(())
}

pub(super) fn upper_limit_and_alignment_are_kept() -> Outcome {
    let vmo = vmo_create(PAGE, 0)?;
    for limit in [0x100_0000, 0x4000_0000, ROOT_SIZE] {
        let map = Map {
            options: RW | UPPER_LIMIT,
            vmar_offset: limit,
            ..page_of(vmo)
        };
        let address = map.call()?;
        ensure!(
            address + PAGE <= USER_BASE + limit,
            "{address:#x} is above {limit:#x}"
        );
        expect_eq!(vmar_unmap(root(), address, PAGE), Status::OK);
    }
    for exponent in [10, 12, 16, 21, 30, 32] {
        let address = Map {
            options: RW | (exponent << 24),
            ..page_of(vmo)
        }
        .call()?;
        ensure!(
            address % (1 << exponent) == 0,
            "{address:#x}: not 2^{exponent}"
        );
        expect_eq!(vmar_unmap(root(), address, PAGE), Status::OK);
    }
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}

pub(super) fn a_place_can_be_used_again() -> Outcome {
    let place = hole(1)?;
    for round in 0..8_u8 {
        let vmo = Vmo::create(PAGE)?;
        vmo.write(&[round + 1], 0)?;
        let map = Map {
            options: RW | SPECIFIC,
            vmar_offset: place - USER_BASE,
            ..page_of(vmo.handle().raw())
        };
        expect_eq!(map.call(), Ok(place));
        let here = usize::try_from(place).unwrap_or(0) as *const u8;
        // SAFETY: the mapping was just made. The processor must see the new page, not
        // that of the round before.
        expect_eq!(unsafe { here.read_volatile() }, round + 1);
        expect_eq!(vmar_unmap(root(), place, PAGE), Status::OK);
    }
    Ok(())
}
