use super::*;
use crate::inspect::{Contents, InspectError};
use crate::memory::{BulkMemory, GuestVirtAddr};
use abi::entry::{ADDRESS_MASK, PRESENT, USER, WRITABLE};
use abi::layout::{USER_BASE, USER_TOP};
use abi::objects::{MappingFlags, Permissions, Process, Vmo, VmoKind};

const AT: u64 = USER_BASE + 0x10_0000;
const READ_WRITE: Permissions = Permissions::READ.union(Permissions::WRITE);

fn read(guest: &MockGuest, place: &str, at: u64, length: u64) -> Contents {
    look(guest, |paused, _| {
        paused.read(&selector(place), at, length).unwrap()
    })
}

/// Address, length and what it is, of each part; neighbours that are alike are one.
fn outline(contents: &Contents) -> Vec<(u64, u64, Result<Via, Gap>)> {
    let mut parts: Vec<(u64, u64, Result<Via, Gap>)> = Vec::new();
    for piece in &contents.pieces {
        let (address, length, what) = match piece {
            Piece::Bytes {
                address,
                length,
                via,
                bytes,
                ..
            } => {
                assert_eq!(*length, bytes.0.len() as u64);
                (address.0, *length, Ok(*via))
            }
            Piece::Hole {
                address,
                length,
                gap,
            } => (address.0, *length, Err(gap.clone())),
        };
        match parts.last_mut() {
            Some((start, before, same)) if *same == what && *start + *before == address => {
                *before += length;
            }
            _ => parts.push((address, length, what)),
        }
    }
    parts
}

fn bytes(contents: &Contents) -> Vec<u8> {
    let pieces = contents.pieces.iter();
    let parts = pieces.filter_map(|piece| match piece {
        Piece::Bytes { bytes, .. } => Some(bytes.0.clone()),
        Piece::Hole { .. } => None,
    });
    parts.flatten().collect()
}

#[test]
fn a_process_is_read_through_its_page_tables_wherever_its_frames_are() {
    let (mut guest, process) = guest();
    let mut expected = Vec::new();
    for page in 0..4 {
        guest.skip_frames(page).unwrap();
        guest.user_memory(process, AT + page * 4096, 4096).unwrap();
        let text: Vec<u8> = (0..4096u64)
            .map(|at| (at * 7 + page).to_le_bytes()[0])
            .collect();
        guest.write_user(process, AT + page * 4096, &text).unwrap();
        expected.extend(text);
    }
    let contents = read(&guest, "p", AT + 5, 3 * 4096);
    assert_eq!(bytes(&contents), expected[5..3 * 4096 + 5]);
    assert_eq!(
        outline(&contents),
        [(AT + 5, 3 * 4096, Ok(Via::PageTables))]
    );
    assert_eq!(contents.present, 3 * 4096);
    assert!(contents.problems.is_empty());
}

#[test]
fn where_the_program_was_not_yet_its_mapping_says_what_it_will_see() {
    let (mut guest, process) = guest();
    let vmo = guest.vmo("v", 6 * 4096).unwrap();
    guest.write_vmo(vmo, 4096, b"second").unwrap();
    guest.write_vmo(vmo, 3 * 4096, b"fourth").unwrap();
    guest
        .map(process, AT, 8 * 4096, (vmo, 4096), READ_WRITE)
        .unwrap();
    let contents = read(&guest, "p", AT - 4096, 11 * 4096);
    assert_eq!(
        outline(&contents),
        [
            (AT - 4096, 4096, Err(Gap::NotMapped)),
            (AT, 4096, Ok(Via::Mapping)),
            (AT + 4096, 4096, Err(Gap::NoPage)),
            (AT + 2 * 4096, 4096, Ok(Via::Mapping)),
            (AT + 3 * 4096, 2 * 4096, Err(Gap::NoPage)),
            (AT + 5 * 4096, 3 * 4096, Err(Gap::BeyondVmo)),
            (AT + 8 * 4096, 2 * 4096, Err(Gap::NotMapped)),
        ]
    );
    assert!(bytes(&contents).starts_with(b"second"));
}

#[test]
fn a_mapping_may_end_with_the_stream_of_its_vmo() {
    let (mut guest, process) = guest();
    let vmo = guest.vmo("v", 4 * 4096).unwrap();
    guest.commit(vmo, 0, 4 * 4096).unwrap();
    guest
        .edit(vmo, |vmo: &mut Vmo| vmo.stream_size = 4097)
        .unwrap();
    let mapping = guest
        .map(process, AT, 4 * 4096, (vmo, 0), READ_WRITE)
        .unwrap();
    guest
        .edit(mapping, |mapping: &mut abi::objects::Mapping| {
            mapping.flags |= MappingFlags::FAULT_BEYOND_STREAM_SIZE.bits();
        })
        .unwrap();
    assert_eq!(
        outline(&read(&guest, "p", AT, 4 * 4096)),
        [
            (AT, 2 * 4096, Ok(Via::Mapping)),
            (AT + 2 * 4096, 2 * 4096, Err(Gap::BeyondVmo)),
        ]
    );
}

#[test]
fn a_vmo_shows_its_pages_those_of_others_and_its_holes() {
    let (mut guest, _) = guest();
    let source = guest.vmo("source", 4 * 4096).unwrap();
    guest.write_vmo(source, 0, b"from the source").unwrap();
    let clone = guest.look_through(source, 0, 2 * 4096, 4 * 4096).unwrap();
    guest.write_vmo(clone, 3 * 4096, b"own").unwrap();
    let slice = guest.slice(source, 0..4096).unwrap();
    let koid = |vmo| guest.get::<Vmo>(vmo).unwrap().header.koid;
    let contents = read(&guest, &format!("vmo:{}", koid(clone)), 0, 5 * 4096);
    assert_eq!(
        outline(&contents),
        [
            (0, 4096, Ok(Via::Vmo)),
            (4096, 2 * 4096, Err(Gap::NoPage)),
            (3 * 4096, 4096, Ok(Via::Vmo)),
            (4 * 4096, 4096, Err(Gap::BeyondVmo)),
        ]
    );
    assert!(bytes(&contents).starts_with(b"from the source"));
    let contents = read(&guest, &format!("vmo:{}", koid(slice)), 5, 0x2000);
    assert_eq!(
        outline(&contents),
        [
            (5, 4091, Ok(Via::Vmo)),
            (4096, 0x2000 - 4091, Err(Gap::BeyondVmo))
        ]
    );
    assert!(bytes(&contents).starts_with(b"the source"));
}

#[test]
fn what_a_pager_has_yet_to_supply_is_no_zero() {
    let (mut guest, _) = guest();
    let vmo = guest.pager_vmo(3 * 4096).unwrap();
    guest.supply(vmo, 4096).unwrap();
    assert_eq!(
        outline(&read(&guest, "vmo:paged", 0, 3 * 4096)),
        [
            (0, 4096, Err(Gap::Pager)),
            (4096, 4096, Ok(Via::Vmo)),
            (2 * 4096, 4096, Err(Gap::Pager)),
        ]
    );
}

#[test]
fn a_physical_vmo_is_the_ram_that_it_names() {
    let (mut guest, _) = guest();
    let frame = guest.frame().unwrap();
    guest.ram().write_bytes(frame, b"device").unwrap();
    let vmo = guest.vmo("device", 2 * 4096).unwrap();
    guest
        .edit(vmo, |vmo: &mut Vmo| {
            vmo.kind = VmoKind::PHYSICAL.0;
            vmo.physical_base = frame.0;
        })
        .unwrap();
    assert!(bytes(&read(&guest, "vmo:device", 0, 4096)).starts_with(b"device"));
    guest
        .edit(vmo, |vmo: &mut Vmo| vmo.physical_base = 4 * MIB - 4096)
        .unwrap();
    assert_eq!(
        outline(&read(&guest, "vmo:device", 0, 3 * 4096)),
        [
            (0, 4096, Ok(Via::Vmo)),
            (4096, 4096, Err(Gap::NotRam)),
            (8192, 4096, Err(Gap::BeyondVmo)),
        ]
    );
}

#[test]
fn ram_ends_where_it_ends() {
    let (guest, _) = guest();
    guest
        .ram()
        .write_bytes(GuestAddress(4 * MIB - 3), b"end")
        .unwrap();
    let contents = read(&guest, "phys", 4 * MIB - 3, u64::MAX - 4 * MIB);
    assert_eq!(bytes(&contents), b"end");
    assert_eq!(contents.length, u64::MAX - 4 * MIB);
    assert_eq!(
        outline(&contents)[1],
        (4 * MIB, u64::MAX - 4 * MIB - 3, Err(Gap::NotRam))
    );
}

#[test]
fn the_whole_address_space_of_a_process_is_a_few_holes() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 8192).unwrap();
    let contents = read(&guest, "p", 0, u64::MAX);
    assert_eq!(
        outline(&contents),
        [
            (0, AT, Err(Gap::NotMapped)),
            (AT, 8192, Ok(Via::PageTables)),
            (AT + 8192, USER_TOP - AT - 8192, Err(Gap::NotMapped)),
            (USER_TOP, u64::MAX - USER_TOP, Err(Gap::NotForPrograms)),
        ]
    );
}

#[test]
fn tables_that_lead_into_themselves_are_read_only_so_far() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4096).unwrap();
    let top = GuestAddress(guest.get::<Process>(process).unwrap().page_table);
    // Every entry of the topmost table leads to the table itself: it maps itself 2^27 times.
    for index in 0..256 {
        let entry = GuestAddress(top.0 + index * 8);
        let value = top.0 | PRESENT | USER | WRITABLE;
        guest
            .ram()
            .write_bytes(entry, &value.to_le_bytes())
            .unwrap();
    }
    let contents = read(&guest, "p", USER_BASE, 1 << 40);
    assert!(contents.length < 1 << 40, "{:#x}", contents.length);
    assert!(contents.present <= crate::inspect::MAX_READ);
    let Piece::Bytes { physical, .. } = &contents.pieces[0] else {
        panic!("a hole")
    };
    assert_eq!(physical.0 & ADDRESS_MASK, top.0);
}

#[test]
fn what_is_broken_is_a_hole_and_a_problem() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 3 * 4096).unwrap();
    let entry = guest.page_table_entry(process, AT + 4096).unwrap();
    let outside = (1u64 << 40) | PRESENT | USER;
    guest
        .ram()
        .write_bytes(entry, &outside.to_le_bytes())
        .unwrap();
    let contents = read(&guest, "p", AT, 3 * 4096);
    let parts = outline(&contents);
    assert_eq!(parts[0], (AT, 4096, Ok(Via::PageTables)));
    assert_eq!(parts[2], (AT + 2 * 4096, 4096, Ok(Via::PageTables)));
    let Err(Gap::Broken { detail }) = &parts[1].2 else {
        panic!("{parts:?}")
    };
    assert!(detail.contains("outside RAM"), "{detail}");
    assert_eq!(contents.problems.count(), 1);
    // A VMO of a mapping that is none.
    let vmo = guest.user_memory(process, AT + MIB, 4096).unwrap();
    let entry = guest.page_table_entry(process, AT + MIB).unwrap();
    guest.ram().write_bytes(entry, &[0; 8]).unwrap();
    guest
        .edit(vmo, |vmo: &mut Vmo| vmo.header.magic = 0)
        .unwrap();
    let parts = outline(&read(&guest, "p", AT + MIB, 8192));
    assert!(
        matches!(parts[0], (_, 4096, Err(Gap::Broken { .. }))),
        "{parts:?}"
    );
    assert_eq!(parts[1], (AT + MIB + 4096, 4096, Err(Gap::NotMapped)));
}

#[test]
fn a_range_that_cannot_be_is_refused() {
    let (guest, _) = guest();
    look(&guest, |paused, _| {
        for (place, at, length) in [("phys", 0, 0), ("phys", 2, u64::MAX), ("p", 5, 0)] {
            let result = paused.read(&selector(place), at, length);
            assert!(matches!(result, Err(InspectError::Refused(_))), "{place}");
        }
        for place in ["q", "vmo:q", "vmo:99", "99"] {
            let result = paused.read(&selector(place), 0, 1);
            assert!(matches!(result, Err(InspectError::NotFound(_))), "{place}");
        }
    });
}

#[test]
fn in_json_bytes_are_digits_and_holes_have_reasons() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4096).unwrap();
    guest
        .write_user(process, AT + 4092, &[0xDE, 0xAD, 0, 1])
        .unwrap();
    let contents = read(&guest, "p", AT + 4092, 12);
    let json = serde_json::to_value(&contents).unwrap();
    let pieces = &json["pieces"];
    assert_eq!(pieces[0]["kind"], "bytes");
    assert_eq!(pieces[0]["bytes"], "dead0001");
    assert_eq!(pieces[0]["via"], "page_tables");
    assert_eq!(
        pieces[1],
        serde_json::json!({
            "kind": "hole", "address": format!("{:#x}", AT + 4096), "length": 8,
            "reason": "not_mapped",
        })
    );
}

#[test]
fn reading_by_page_tables_alone_ends_where_they_end() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT + 4096, 4096).unwrap();
    guest.skip_frames(1).unwrap();
    guest.user_memory(process, AT, 4096).unwrap();
    guest.write_user(process, AT + 4094, b"scattered").unwrap();
    look(&guest, |paused, survey| {
        let space = survey.processes[0].view.address_space().unwrap();
        let read = |at: u64, length: usize| {
            let mut bytes = vec![0; length];
            let (done, fault) =
                crate::inspect::read_virtual(paused.memory(), space, GuestVirtAddr(at), &mut bytes);
            bytes.truncate(done);
            (bytes, fault.map(|fault| fault.address.0))
        };
        assert_eq!(read(AT + 4094, 9), (b"scattered".to_vec(), None));
        assert_eq!(read(AT, 0), (Vec::new(), None));
        let (bytes, fault) = read(AT, 3 * 4096);
        assert_eq!((bytes.len(), fault), (8192, Some(AT + 8192)));
        assert_eq!(read(AT - 1, 2), (Vec::new(), Some(AT - 1)));
    });
}
