//! PROCESS_MAPS (reference §15.2).

use crate::child::{Child, DATA, SPIN};
use crate::inspect::{Maps, get_info, koid, name, set_property};
use crate::memory::{Area, PAGE};
use crate::modes::Modes;
use crate::probe::{close, out, process_write};
use crate::regions::*;
use crate::suite::{Outcome, Suite};
use crate::{ensure, expect_eq};
use abi::info::{InfoMaps, MapsKind};
use abi::layout::{USER_BASE, USER_TOP};
use abi::options::{Property, Topic};
use libzx::{Rights, Status};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

fn the_first_two() -> Outcome {
    let child = Child::new("mapped child")?;
    let maps = Maps::of(child.process)?;
    let [space, root] = maps.records() else {
        return Err(Status::INTERNAL.into());
    };
    expect_eq!((space.kind, space.depth), (MapsKind::ASPACE, 0));
    expect_eq!((space.base, space.size), (USER_BASE, USER_TOP - USER_BASE));
    expect_eq!((root.kind, root.depth), (MapsKind::VMAR, 1));
    expect_eq!((root.base, root.size), (USER_BASE, USER_TOP - USER_BASE));
    expect_eq!(name(&root.name), "root");
    Ok(())
}

/// The address space is called after the process, or "proc:koid".
fn the_name_of_the_space() -> Outcome {
    let child = Child::new("mapped child")?;
    let maps = Maps::of(child.process)?;
    let found = maps.records().first().ok_or(Status::NOT_FOUND)?;
    let mut koid = koid(child.process)?;
    let mut digits = [b'0'; 20];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(koid % 10).unwrap_or(0);
        koid /= 10;
    }
    let first = digits.iter().position(|&digit| digit != b'0').unwrap_or(19);
    let digits = digits.get(first..).unwrap_or_default();
    let found = name(&found.name);
    let by_koid = found
        .strip_prefix("proc:")
        .is_some_and(|rest| rest.as_bytes() == digits);
    ensure!(found == "mapped child" || by_koid, "it is called {found}");
    Ok(())
}

/// Every kind of record, depth first and by address.
fn the_tree() -> Outcome {
    let child = Child::new("tree")?;
    let vmo = Object::patterned(Kind::Anonymous, 2, 71)?;
    let mut title = *b"a name";
    let given = set_property(vmo.handle, Property::NAME, out(&mut title), 6);
    expect_eq!(given, Status::OK);
    let sub = Allocate {
        parent: child.vmar,
        options: CAN_RW | SPECIFIC,
        offset: DATA - USER_BASE,
        size: 8 * PAGE,
    };
    let (sub, base) = sub.call()?;
    child.map(&vmo, RW, DATA - 4 * PAGE, 1)?;
    child.map(&vmo, R, DATA + 8 * PAGE, 3)?;
    let inside = crate::probe::Map {
        vmar: sub,
        vmar_offset: 3 * PAGE,
        vmo_offset: PAGE,
        ..child.request(&vmo, 0, USER_BASE, 1)
    };
    inside.call()?;
    let vmo_koid = koid(vmo.handle)?;
    let maps = Maps::of(child.process)?;
    let mut records = maps.records().iter().skip(2);
    for (what, depth, start, pages, flags, offset) in [
        ("a name", 2, base - 4 * PAGE, 1, RW, 0),
        ("useralloc", 2, base, 8, 0, 0),
        ("a name", 3, base + 3 * PAGE, 1, 0, PAGE),
        ("a name", 2, base + 8 * PAGE, 3, R, 0),
    ] {
        let record = records.next().ok_or(Status::NOT_FOUND)?;
        ensure!(name(&record.name) == what, "{}", name(&record.name));
        expect_eq!((record.base, record.size), (start, pages * PAGE));
        expect_eq!(record.depth, depth);
        if what == "useralloc" {
            expect_eq!(record.kind, MapsKind::VMAR);
        } else {
            expect_eq!(record.kind, MapsKind::MAPPING);
            expect_eq!(record.mmu_flags, flags);
            expect_eq!((record.vmo_koid, record.vmo_offset), (vmo_koid, offset));
        }
    }
    ensure!(records.next().is_none(), "more records than regions");
    expect_eq!(close(sub), Status::OK);
    Ok(())
}

/// Pages of the VMO in the range of the mapping count, wherever they were touched.
fn resident_pages() -> Outcome {
    let child = Child::new("pages")?;
    let vmo = Object::new(8)?;
    for page in [1, 2, 5] {
        vmo.write([7], page * PAGE)?;
    }
    let map = crate::probe::Map {
        vmo_offset: 2 * PAGE,
        ..child.request(&vmo, R, DATA, 4)
    };
    map.call()?;
    let maps = Maps::of(child.process)?;
    let found = maps.mapping(DATA).ok_or(Status::NOT_FOUND)?;
    expect_eq!(found.committed_bytes, 2 * PAGE);
    expect_eq!(found.populated_bytes, 2 * PAGE);
    expect_eq!(found.committed_private_bytes, 2 * PAGE);
    expect_eq!(found.committed_scaled_bytes, 2 * PAGE);
    expect_eq!(found.committed_fractional_scaled_bytes, 0);
    // Shared with a snapshot, they count half.
    let snapshot = vmo.child(abi::options::ChildOptions::SNAPSHOT, 0, 8 * PAGE)?;
    vmo.write([8], 5 * PAGE)?;
    let maps = Maps::of(child.process)?;
    let found = maps.mapping(DATA).ok_or(Status::NOT_FOUND)?;
    expect_eq!(found.committed_bytes, 2 * PAGE);
    expect_eq!(found.committed_private_bytes, PAGE);
    expect_eq!(found.committed_scaled_bytes, PAGE + PAGE / 2);
    drop(snapshot);
    Ok(())
}

/// The older versions hold the same with counts of pages.
fn older_versions() -> Outcome {
    let child = Child::new("old")?;
    let vmo = Object::patterned(Kind::Anonymous, 3, 72)?;
    child.map(&vmo, R, DATA, 4)?;
    let mut records = [InfoMaps::new_zeroed(); 3];
    let mut newest = [0_u8; 3 * 152];
    let given = get_info(child.process, Topic::PROCESS_MAPS, out(&mut records), 456);
    expect_eq!(given, (Status::OK, 3, 3));
    newest.copy_from_slice(core::hint::black_box(&records).as_bytes());
    for (topic, size) in [(Topic::PROCESS_MAPS_V1, 96), (Topic::PROCESS_MAPS_V2, 104)] {
        let mut bytes = [0_u8; 3 * 104];
        let given = get_info(child.process, topic, out(&mut bytes), 3 * size as u64);
        expect_eq!(given, (Status::OK, 3, 3));
        let bytes = core::hint::black_box(bytes);
        for index in 0..3 {
            let old = bytes.get(index * size..).unwrap_or_default();
            let new = newest.get(index * 152..).unwrap_or_default();
            // Everything up to the counts is the same.
            ensure!(old.get(..88) == new.get(..88), "record {index} differs");
            let counts = old.get(88..size).unwrap_or_default();
            let pages = if index == 2 { 3_u64 } else { 0 };
            let all = counts.chunks(8).all(|count| count == pages.to_le_bytes());
            ensure!(all, "record {index}: counts {counts:?}");
        }
    }
    Ok(())
}

/// A mapping that was written from outside shows its private clone.
fn private_clones() -> Outcome {
    let child = Child::new("cloned")?;
    let vmo = Object::patterned(Kind::Anonymous, 4, 73)?;
    let mut title = *b"origin";
    let given = set_property(vmo.handle, Property::NAME, out(&mut title), 6);
    expect_eq!(given, Status::OK);
    let read_only = vmo.without(Rights::WRITE)?;
    let map = crate::probe::Map {
        vmo_offset: PAGE,
        ..child.request(&read_only, R, DATA, 2)
    };
    map.call()?;
    let own_koid = koid(vmo.handle)?;
    let maps = Maps::of(child.process)?;
    let found = maps.mapping(DATA).ok_or(Status::NOT_FOUND)?;
    expect_eq!((found.vmo_koid, found.vmo_offset), (own_koid, PAGE));
    let buffer = Area::touched(1)?;
    let given = process_write(child.process, DATA + 5, buffer.at(0), 3);
    expect_eq!(given, (Status::OK, 3));
    let maps = Maps::of(child.process)?;
    let found = maps.mapping(DATA).ok_or(Status::NOT_FOUND)?;
    expect_eq!((found.vmo_koid, found.vmo_offset), (0, 0));
    expect_eq!((found.base, found.size), (DATA, 2 * PAGE));
    expect_eq!(name(&found.name), "origin");
    expect_eq!(found.mmu_flags, R);
    Ok(())
}

fn the_dead() -> Outcome {
    let (child, _data) = Child::running("mapped no more", SPIN)?;
    ensure!(Maps::of(child.process)?.mappings().count() == 2, "not two");
    child.kill()?;
    let area = Area::new(1)?;
    for topic in [
        Topic::PROCESS_MAPS_V1,
        Topic::PROCESS_MAPS_V2,
        Topic::PROCESS_MAPS,
    ] {
        let (given, ..) = get_info(child.process, topic, area.at(0), PAGE);
        expect_eq!(given, Status::BAD_STATE);
    }
    Ok(())
}

/// The buffer may lie in the very address space, in pages that are not there yet.
fn into_itself() -> Outcome {
    let area = Area::new(8)?;
    let (given, actual, avail) =
        get_info(own_process(), Topic::PROCESS_MAPS, area.at(100), 7 * PAGE);
    expect_eq!((given, actual), (Status::OK, avail));
    let mut found = [0; 8];
    area.map.load(100 + 32, &mut found);
    expect_eq!(u64::from_le_bytes(found), USER_BASE);
    Ok(())
}

/// The running program's own mappings, each with what it may do.
fn the_own_program() -> Outcome {
    let maps = Maps::own()?;
    let mut last = 0;
    for mapping in maps.mappings() {
        ensure!(mapping.base >= last, "{:#x} is out of order", mapping.base);
        ensure!(
            mapping.base % PAGE == 0 && mapping.size % PAGE == 0 && mapping.size > 0,
            "{:#x}: {:#x} bytes",
            mapping.base,
            mapping.size
        );
        last = mapping.base + mapping.size;
    }
    ensure!(last <= USER_TOP, "beyond the user range");
    let here = the_own_program as fn() -> Outcome;
    let code = maps.mapping(here as *const () as u64);
    let code = code.ok_or(Status::NOT_FOUND)?;
    expect_eq!(code.mmu_flags, RX);
    let mut local = 0_u8;
    let stack = maps.mapping(out(&mut local)).ok_or(Status::NOT_FOUND)?;
    expect_eq!(stack.mmu_flags, RW);
    Ok(())
}

/// VMAR_MAPS: the same records from a VMAR on, counted from its own depth.
fn from_a_vmar_on() -> Outcome {
    const VMAR_MAPS: u32 = 36;
    let outer = SubVmar::new(8)?;
    let inner = outer.child(CAN_RW, 2, 4)?;
    let vmo = Object::patterned(Kind::Anonymous, 2, 74)?;
    outer.at(0, vmo.handle, 1).call()?;
    inner.at(1, vmo.handle, 2).call()?;
    let area = Area::new(1)?;
    let ask = |handle| get_info(handle, VMAR_MAPS, area.at(0), PAGE);
    expect_eq!(ask(outer.handle), (Status::OK, 4, 4));
    let all = Maps::own()?;
    let mut wanted = all.records().iter().filter(|record| {
        let end = record.base + record.size;
        record.base >= outer.base && end <= outer.page(8)
    });
    for index in 0..4 {
        let mut bytes = [0; 152];
        area.map.load(index * 152, &mut bytes);
        let found = InfoMaps::read_from_bytes(&bytes).map_err(|_| Status::INTERNAL)?;
        let record = wanted.next().ok_or(Status::NOT_FOUND)?;
        expect_eq!((found.base, found.size), (record.base, record.size));
        expect_eq!(
            (found.kind, found.mmu_flags),
            (record.kind, record.mmu_flags)
        );
        expect_eq!(found.vmo_koid, record.vmo_koid);
        expect_eq!(found.committed_bytes, record.committed_bytes);
        expect_eq!(found.name, record.name);
    }
    ensure!(wanted.next().is_none(), "records are missing");
    let weak = outer.with_rights(Rights::OP_CHILDREN)?;
    expect_eq!(ask(weak).0, Status::ACCESS_DENIED);
    expect_eq!(close(weak), Status::OK);
    expect_eq!(ask(own_process()).0, Status::WRONG_TYPE);
    Ok(())
}

/// Runs them.
pub(super) fn run(suite: &mut Suite, modes: Modes) {
    suite.case(
        "PROCESS_MAPS starts with the space and its root [15.2/2 15.2/3 15.2/9]",
        the_first_two,
    );
    suite.case(
        "the address space has the process's name [15.2/2]",
        the_name_of_the_space,
    );
    suite.case(
        "PROCESS_MAPS shows every region in order [15.2/1 15.2/4 15.2/5 15.2/6 15.2/9]",
        the_tree,
    );
    suite.case(
        "a mapping's record counts its resident pages [15.1/12]",
        resident_pages,
    );
    suite.case("older versions count pages [15.2/13 15/7]", older_versions);
    suite.case(
        "PROCESS_MAPS of a dead process is BAD_STATE [15.2/10]",
        the_dead,
    );
    suite.case(
        "the buffer may be in the inspected process [15.2/11]",
        into_itself,
    );
    suite.case(
        "the own program's mappings are as they should be [15.2/1 15.2/6]",
        the_own_program,
    );
    suite.case(
        "VMAR_MAPS is PROCESS_MAPS from that VMAR on [15/12]",
        from_a_vmar_on,
    );
    if modes.gate {
        suite.case(
            "a private clone shows koid 0 and the copied name [15.2/8 6.2/8 6.2/7]",
            private_clones,
        );
    }
}
