//! What mappings show and allow (reference §7, §13.7).

use super::*;
use crate::memory::{Area, PAGE};
use crate::probe::{Map, close, vmar_unmap, vmo_create};
use crate::suite::Outcome;
use crate::{ensure, expect_eq};
use libzx::{MapOptions, Mapping, PAGE_SIZE, Status, Vmo, VmoOptions};

pub(super) fn fresh_mappings_read_as_zeros() -> Outcome {
    let area = Area::new(4)?;
    ensure!(area.all(0, 4 * PAGE_SIZE, 0), "not all zeros");
    area.map.store(PAGE_SIZE + 17, &[1]);
    ensure!(
        area.all(0, PAGE_SIZE + 17, 0),
        "a store changed its neighbours"
    );
    expect_eq!(area.map.byte(PAGE_SIZE + 17), 1);
    ensure!(
        area.all(PAGE_SIZE + 18, 3 * PAGE_SIZE - 18, 0),
        "a store changed its neighbours"
    );
    Ok(())
}

pub(super) fn mappings_and_calls_show_the_same_bytes() -> Outcome {
    let area = Area::new(2)?;
    // A page that was only read is the shared page of zeros; writing through the VMO
    // must take it out of the mapping.
    expect_eq!(area.map.byte(5), 0);
    area.vmo.write(b"by call", 3)?;
    let mut found = [0; 7];
    area.map.load(3, &mut found);
    expect_eq!(&found, b"by call");
    area.map.store(PAGE_SIZE - 2, b"stored");
    let mut found = [0; 6];
    area.vmo.read(&mut found, PAGE - 2)?;
    expect_eq!(&found, b"stored");
    area.vmo.write(b"again", PAGE - 1)?;
    let mut found = [0; 5];
    area.map.load(PAGE_SIZE - 1, &mut found);
    expect_eq!(&found, b"again");
    Ok(())
}

pub(super) fn two_mappings_show_the_same_bytes() -> Outcome {
    let first = Area::new(3)?;
    let second = Mapping::new(&first.vmo, 3 * PAGE_SIZE, MapOptions::READ_WRITE)?;
    let shifted = Mapping::at_offset(&first.vmo, PAGE, 2 * PAGE_SIZE, MapOptions::PERM_READ)?;
    // Both have seen the page before it is written.
    expect_eq!((first.map.byte(PAGE_SIZE), second.byte(PAGE_SIZE)), (0, 0));
    expect_eq!(shifted.byte(0), 0);
    first.map.store(PAGE_SIZE, b"one");
    let mut found = [0; 3];
    second.load(PAGE_SIZE, &mut found);
    expect_eq!(&found, b"one");
    shifted.load(0, &mut found);
    expect_eq!(&found, b"one");
    second.store(2 * PAGE_SIZE + 1, b"two");
    first.map.load(2 * PAGE_SIZE + 1, &mut found);
    expect_eq!(&found, b"two");
    shifted.load(PAGE_SIZE + 1, &mut found);
    expect_eq!(&found, b"two");
    Ok(())
}

pub(super) fn permissions_hold() -> Outcome {
    const DENIED: Status = Status::ACCESS_DENIED;
    for (options, wanted) in [
        (MapOptions::READ_WRITE, READ_WRITE),
        (MapOptions::PERM_READ, (DENIED, Status::OK)),
        (MapOptions::empty(), (DENIED, DENIED)),
    ] {
        let area = Area::with_options(1, options)?;
        // Not yet present, and present.
        expect_eq!(access(area.at(0))?, wanted);
        area.vmo.write(&[7], 0)?;
        expect_eq!(access(area.at(0))?, wanted);
    }
    Ok(())
}

pub(super) fn a_mapping_keeps_its_vmo() -> Outcome {
    let vmo = Vmo::create(PAGE)?;
    let map = Mapping::new(&vmo, PAGE_SIZE, MapOptions::READ_WRITE)?;
    vmo.write(b"kept", 0)?;
    drop(vmo);
    let mut found = [0; 4];
    map.load(0, &mut found);
    expect_eq!(&found, b"kept");
    map.store(0, b"K");
    expect_eq!(map.byte(0), b'K');
    expect_eq!(map.byte(100), 0);
    Ok(())
}

pub(super) fn mappings_may_reach_beyond_the_vmo() -> Outcome {
    let vmo = vmo_create(PAGE, VmoOptions::RESIZABLE.bits())?;
    let address = Map {
        len: 2 * PAGE + 1,
        ..page_of(vmo)
    }
    .call()?;
    expect_eq!(access(address)?, READ_WRITE);
    let past = (Status::OUT_OF_RANGE, Status::OUT_OF_RANGE);
    expect_eq!(access(address + PAGE)?, past);
    // The length was rounded up.
    expect_eq!(access(address + 2 * PAGE + 5)?, past);
    expect_eq!(vmar_unmap(root(), address, 3 * PAGE), Status::OK);
    // Wholly beyond it.
    let address = Map {
        vmo_offset: 8 * PAGE,
        ..page_of(vmo)
    }
    .call()?;
    expect_eq!(access(address)?, past);
    expect_eq!(vmar_unmap(root(), address, PAGE), Status::OK);
    expect_eq!(close(vmo), Status::OK);
    Ok(())
}
