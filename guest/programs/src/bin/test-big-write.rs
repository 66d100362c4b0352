//! One `zx_process_write_memory` of 64 MiB into a fresh mapping of another process, read
//! back in pieces. Run as `test-big-write test-victim` with the gate open and at least
//! 192 MiB of RAM.

#![cfg_attr(target_os = "none", no_std, no_main)]

use abi::layout::MAX_PROCESS_TRANSFER;
use guest_programs::memory::{Area, PAGE};
use guest_programs::probe::{process_read, process_write, vmo_write};
use guest_programs::suite::Outcome;
use guest_programs::victim;
use guest_programs::{ensure, expect_eq};
use libzx::{MapOptions, Mapping, PAGE_SIZE, Status, Vmo, guest_test};

const PIECE: usize = 1 << 20;

/// A word for each 64 bytes: enough to notice any page or cache line that is missing or
/// in the wrong place, and quick to make.
fn stamp(map: &Mapping, offset: usize) {
    for at in (0..PIECE).step_by(64) {
        map.store(at, &word(offset + at).to_le_bytes());
    }
}

fn mismatch(map: &Mapping, offset: usize) -> Option<usize> {
    let mut found = [0; 8];
    let mut places = (0..PIECE).step_by(64);
    places.find(|&at| {
        map.load(at, &mut found);
        u64::from_le_bytes(found) != word(offset + at)
    })
}

const fn word(offset: usize) -> u64 {
    (offset as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[guest_test(name = "64 MiB across processes [22/26]")]
fn write_and_read_back() -> Outcome {
    let (victim, _) = victim::find()?;
    let length = usize::try_from(MAX_PROCESS_TRANSFER).unwrap_or(0);
    let piece = Area::new(PIECE / PAGE_SIZE)?;
    // The source's pages are there, but its mapping has none of them yet.
    let source = Area::new(length / PAGE_SIZE)?;
    for offset in (0..length).step_by(PIECE) {
        stamp(&piece.map, offset);
        let given = vmo_write(source.handle(), piece.at(0), offset as u64, PIECE as u64);
        expect_eq!(given, Status::OK);
    }
    let vmo = Vmo::create(length as u64 + PAGE)?;
    let options = MapOptions::READ_WRITE;
    let place = victim.vmar.map(options, 0, &vmo, 0, length + PAGE_SIZE)? as u64;
    let process = victim.process.handle().raw();
    let given = process_write(process, place, source.at(0), MAX_PROCESS_TRANSFER);
    expect_eq!(given, (Status::OK, MAX_PROCESS_TRANSFER));
    for offset in (0..length).step_by(PIECE) {
        let given = process_read(process, place + offset as u64, piece.at(0), PIECE as u64);
        expect_eq!(given, (Status::OK, PIECE as u64));
        let wrong = mismatch(&piece.map, offset);
        ensure!(
            wrong.is_none(),
            "MiB {}: first wrong is {wrong:?}",
            offset / PIECE
        );
    }
    // The page behind it is as it was.
    let given = process_read(process, place + length as u64, piece.at(0), PAGE);
    expect_eq!(given, (Status::OK, PAGE));
    ensure!(piece.all(0, PAGE_SIZE, 0), "the page behind has changed");
    Ok(())
}

libzx::test_main!();
