use super::*;
use crate::inspect::{Matches, Pattern, Search};
use crate::memory::BulkMemory;
use abi::entry::{PRESENT, USER, WRITABLE};
use abi::layout::USER_BASE;
use abi::objects::{Permissions, Process};

const AT: u64 = USER_BASE + 0x10_0000;

fn search(guest: &MockGuest, place: &str, pattern: Pattern) -> Matches {
    search_for(
        guest,
        &Search {
            pattern,
            space: selector(place),
            range: None,
            limit: 1000,
        },
    )
}

fn search_for(guest: &MockGuest, search: &Search) -> Matches {
    look(guest, |paused, survey| {
        let mut found = search
            .run(paused.memory(), Some(survey), &mut |_| {})
            .unwrap();
        found.find_owners(paused, survey);
        found
    })
}

fn addresses(found: &Matches) -> Vec<u64> {
    found.matches.iter().map(|one| one.address.0).collect()
}

fn text(text: &str) -> Pattern {
    Pattern::bytes(text.as_bytes()).unwrap()
}

#[test]
fn a_match_across_pages_is_found_though_their_frames_are_scattered() {
    let (mut guest, process) = guest();
    // The second page's frame stands before the first's.
    guest.user_memory(process, AT + 4096, 4096).unwrap();
    guest.skip_frames(3).unwrap();
    guest.user_memory(process, AT, 4096).unwrap();
    guest
        .write_user(process, AT + 4090, b"across the pages")
        .unwrap();
    for pattern in [
        text("across the"),
        Pattern::regex("a[a-z]+ the").unwrap(),
        Pattern::masked(&b"ac??ss".map(|byte| (byte != b'?').then_some(byte))).unwrap(),
    ] {
        let found = search(&guest, "p", pattern);
        assert_eq!(addresses(&found), [AT + 4090]);
    }
    assert!(
        search(&guest, "phys", text("across the"))
            .matches
            .is_empty()
    );
    // Each half is found in RAM.
    assert_eq!(search(&guest, "phys", text("across")).matches.len(), 1);
    assert_eq!(search(&guest, "phys", text(" the pages")).matches.len(), 1);
}

#[test]
fn nothing_is_found_across_a_hole() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4096).unwrap();
    guest.user_memory(process, AT + 2 * 4096, 4096).unwrap();
    guest.write_user(process, AT + 4094, b"ab").unwrap();
    guest.write_user(process, AT + 8192, b"cd").unwrap();
    assert!(search(&guest, "p", text("abcd")).matches.is_empty());
    assert_eq!(addresses(&search(&guest, "p", text("cd"))), [AT + 8192]);
}

#[test]
fn a_vmo_is_searched_with_what_it_looks_through_to() {
    let (mut guest, _) = guest();
    let source = guest.vmo("source", 2 * 4096).unwrap();
    guest.write_vmo(source, 4090, b"needle in two").unwrap();
    let clone = guest.look_through(source, 0, 2 * 4096, 2 * 4096).unwrap();
    guest.skip_frames(1).unwrap();
    // The second page of the clone is its own, with the same bytes but for one.
    guest.write_vmo(clone, 4100, b"T").unwrap();
    assert_eq!(
        addresses(&search(&guest, "vmo:child", text("needle in Two"))),
        [4090]
    );
    assert_eq!(
        addresses(&search(&guest, "vmo:source", text("needle in two"))),
        [4090]
    );
    let found = search(&guest, "vmo:source", text("needle in Two"));
    assert!(found.matches.is_empty());
}

#[test]
fn what_is_found_in_ram_has_an_owner_and_the_mappings_that_show_it() {
    let (mut guest, process) = guest();
    let vmo = guest.user_memory(process, AT, 2 * 4096).unwrap();
    guest.write_user(process, AT + 5000, b"find me").unwrap();
    let koid = guest.get::<abi::objects::Vmo>(vmo).unwrap().header.koid;
    let found = search(&guest, "phys", text("find me"));
    assert_eq!(found.matches.len(), 1, "{found:?}");
    let one = &found.matches[0];
    assert_eq!(one.physical, Some(one.address));
    assert_eq!(one.bytes.0, b"find me");
    let owner = one.owner.as_ref().unwrap();
    assert_eq!((owner.vmo, owner.vmo_offset), (Some(koid), Some(5000)));
    let [mapped] = owner.mapped.as_slice() else {
        panic!("{owner:?}")
    };
    assert_eq!((mapped.name.as_str(), mapped.address.0), ("p", AT + 5000));
    // The process's own name is in a page of objects.
    let found = search(&guest, "phys", text("memory\0"));
    let kinds: Vec<_> = found
        .matches
        .iter()
        .map(|one| one.owner.as_ref().unwrap().kind)
        .collect();
    assert_eq!(kinds, [crate::inspect::look::FrameKind::Pool]);
}

#[test]
fn a_shared_page_is_all_its_vmos_and_every_mapping_shows_it() {
    let (mut guest, process) = guest();
    let other = guest.process("q").unwrap();
    let vmo = guest.user_memory(process, AT, 2 * 4096).unwrap();
    guest.write_vmo(vmo, 5000, b"find me").unwrap();
    // One that has the same frame, one that looks through to it, one that looks through to
    // that one, one that has its own page instead, and one that ends before.
    let snapshot = guest.vmo("snapshot", 2 * 4096).unwrap();
    guest.share(vmo, 4096, snapshot).unwrap();
    let clone = guest.look_through(vmo, 4096, 4096, 4096).unwrap();
    let further = guest.look_through(clone, 0, 4096, 4096).unwrap();
    let written = guest.look_through(vmo, 4096, 4096, 4096).unwrap();
    guest.write_vmo(written, 904, b"FIND ME").unwrap();
    guest.look_through(vmo, 0, 4096, 2 * 4096).unwrap();
    let mut at = AT + 0x10_0000;
    for (process, vmo, offset) in [
        (process, snapshot, 0),
        (other, further, 0),
        (other, written, 0),
        (other, vmo, 4096),
    ] {
        let length = if vmo == snapshot { 2 * 4096 } else { 4096 };
        guest
            .map(process, at, length, (vmo, offset), Permissions::READ)
            .unwrap();
        at += 0x10_0000;
    }
    let found = search(&guest, "phys", text("find me"));
    assert_eq!(found.matches.len(), 1, "{found:?}");
    let owner = found.matches[0].owner.as_ref().unwrap();
    let koid = |vmo| guest.get::<abi::objects::Vmo>(vmo).unwrap().header.koid;
    let mut vmos: Vec<_> = owner
        .vmos
        .iter()
        .map(|vmo| (vmo.koid, vmo.offset))
        .collect();
    vmos.sort_unstable();
    assert_eq!(
        vmos,
        [
            (koid(vmo), 5000),
            (koid(snapshot), 5000),
            (koid(clone), 904),
            (koid(further), 904)
        ]
    );
    let mut mapped: Vec<_> = owner
        .mapped
        .iter()
        .map(|at| (at.name.as_str(), at.address.0))
        .collect();
    mapped.sort_unstable();
    assert_eq!(
        mapped,
        [
            ("p", AT + 5000),
            ("p", AT + 0x10_0000 + 5000),
            ("q", AT + 0x20_0000 + 904),
            ("q", AT + 0x40_0000 + 904)
        ]
    );
    assert_eq!((owner.more_vmos, owner.more_mapped), (0, 0));
    // However many there are, no more than sixteen are told; the rest is counted.
    for _ in 0..20 {
        let clone = guest.look_through(vmo, 4096, 4096, 4096).unwrap();
        guest
            .map(process, at, 4096, (clone, 0), Permissions::READ)
            .unwrap();
        at += 0x10_0000;
    }
    let found = search(&guest, "phys", text("find me"));
    let owner = found.matches[0].owner.as_ref().unwrap();
    assert_eq!((owner.vmos.len(), owner.more_vmos), (16, 8));
    assert_eq!((owner.mapped.len(), owner.more_mapped), (16, 8));
}

#[test]
fn a_range_and_a_limit_bound_what_is_found() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 4 * 4096).unwrap();
    for page in 0..4 {
        guest
            .write_user(process, AT + page * 4096 + 8, b"same")
            .unwrap();
    }
    let mut wanted = Search {
        pattern: text("same"),
        space: selector("p"),
        range: Some((AT + 4096, AT + 3 * 4096 + 8 + 4)),
        limit: 1000,
    };
    let found = search_for(&guest, &wanted);
    assert_eq!(addresses(&found), [AT + 4104, AT + 8200, AT + 12296]);
    assert!(!found.more);
    // The last byte of the last one is outside.
    wanted.range = Some((AT + 4096, AT + 3 * 4096 + 8 + 3));
    assert_eq!(search_for(&guest, &wanted).matches.len(), 2);
    wanted.range = None;
    for (limit, more) in [(0, true), (3, true), (4, false)] {
        wanted.limit = limit;
        let found = search_for(&guest, &wanted);
        assert_eq!((found.matches.len(), found.more), (limit, more));
    }
}

#[test]
fn overlapping_matches_are_all_found_wherever_the_window_ends() {
    let guest = MockGuest::new(4 * MIB).unwrap();
    let (from, count) = (MIB, 600_000);
    guest
        .ram()
        .write_bytes(GuestAddress(from), &vec![b'z'; count])
        .unwrap();
    let mut wanted = Search {
        pattern: text("zzz"),
        space: selector("phys"),
        range: None,
        limit: usize::MAX,
    };
    let expected: Vec<u64> = (from..from + count as u64 - 2).collect();
    assert!(addresses(&search_for_only(&guest, &wanted)) == expected);
    wanted.pattern = Pattern::masked(&[Some(b'z'), None, Some(b'z')]).unwrap();
    assert!(addresses(&search_for_only(&guest, &wanted)) == expected);
    // An expression's do not overlap.
    wanted.pattern = Pattern::regex("z{3}").unwrap();
    let expected: Vec<u64> = expected.into_iter().step_by(3).collect();
    assert!(addresses(&search_for_only(&guest, &wanted)) == expected);
}

fn search_for_only(guest: &MockGuest, search: &Search) -> Matches {
    look(guest, |paused, survey| {
        search
            .run(paused.memory(), Some(survey), &mut |_| {})
            .unwrap()
    })
}

#[test]
fn pointers_into_a_range_are_found_across_pages_too() {
    let (mut guest, process) = guest();
    guest.user_memory(process, AT, 2 * 4096).unwrap();
    let value = (AT + 0x1234).to_le_bytes();
    guest.write_user(process, AT + 64, &value).unwrap();
    guest.write_user(process, AT + 4093, &value).unwrap();
    let pointers = |aligned| Pattern::pointers(AT, AT + 8192, aligned).unwrap();
    assert_eq!(addresses(&search(&guest, "p", pointers(true))), [AT + 64]);
    assert_eq!(
        addresses(&search(&guest, "p", pointers(false))),
        [AT + 64, AT + 4093]
    );
}

#[test]
fn page_tables_that_lead_into_themselves_are_searched_only_so_far() {
    let (guest, process) = guest();
    let top = GuestAddress(guest.get::<Process>(process).unwrap().page_table);
    for index in 0..256 {
        let entry = GuestAddress(top.0 + index * 8);
        let value = top.0 | PRESENT | USER | WRITABLE;
        guest
            .ram()
            .write_bytes(entry, &value.to_le_bytes())
            .unwrap();
    }
    let found = search_for_only(
        &guest,
        &Search {
            pattern: text("not there"),
            space: selector("p"),
            range: None,
            limit: 10,
        },
    );
    assert!(found.matches.is_empty());
    assert_eq!(found.problems.count(), 1, "{}", found.problems);
    assert!(found.searched <= 64 << 20);
}
