//! The looks at a mock, whose state is known to the byte. That they agree with a real kernel is
//! tested with one (`tests/inspector/look.rs`).

use super::*;
use crate::inspect::{Hex, Inspector, Paused, Problems, Survey};
use crate::objects::mock::MockGuest;
use abi::layout::PAGE_SIZE;
use abi::objects::{
    Mapping, MappingFlags, Permissions, Process, ProcessState, Thread, ThreadState, Vmo,
    VmoOptions, WaitKind,
};
use abi::{Link, Rights};
use vm_memory::GuestAddress;

const SIZE: u64 = 4 << 20;
const BASE: u64 = 0x200_0000;

fn guest() -> MockGuest {
    MockGuest::new(SIZE).unwrap()
}

/// Looks at a guest; what must be sound is.
fn look<T>(guest: &MockGuest, ask: impl FnOnce(&Paused<'_>, &Survey, &mut Problems) -> T) -> T {
    let (answer, problems) = look_all(guest, ask);
    assert!(problems.is_empty(), "{problems}");
    answer
}

fn look_all<T>(
    guest: &MockGuest,
    ask: impl FnOnce(&Paused<'_>, &Survey, &mut Problems) -> T,
) -> (T, Problems) {
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let mut problems = survey.problems.clone();
    let answer = ask(&paused, &survey, &mut problems);
    (answer, problems)
}

fn koid(guest: &MockGuest, vmo: GuestAddress) -> u64 {
    guest.get::<Vmo>(vmo).unwrap().header.koid
}

#[test]
fn private_and_shared_memory_are_told_apart() {
    let mut guest = guest();
    let (one, two) = (guest.process("one").unwrap(), guest.process("two").unwrap());
    guest.user_memory(one, BASE, 0x3000).unwrap();
    let common = guest.user_memory(one, BASE + 0x10_0000, 0x2000).unwrap();
    guest
        .map(two, BASE, 0x2000, (common, 0), Permissions::READ)
        .unwrap();
    let dead = guest.process("dead").unwrap();
    guest
        .edit(dead, |process: &mut Process| {
            process.state = ProcessState::DEAD.0;
            process.return_code = -1028;
            process.root_vmar = Link::NONE;
        })
        .unwrap();
    let tree = look(&guest, tasks);
    let memory: Vec<_> = tree
        .processes
        .iter()
        .map(|process| process.memory)
        .collect();
    let wanted = TaskMemory {
        mapped: 0x5000,
        private: 0x3000,
        shared: 0x2000,
        scaled_shared: 0x1000,
        fractional_scaled_shared: Hex(0),
    };
    assert_eq!(memory[0], Some(wanted));
    assert_eq!(wanted.proportional(), 0x4000);
    assert_eq!(
        memory[1].map(|memory| (memory.private, memory.shared)),
        Some((0, 0x2000))
    );
    assert_eq!((memory[2], tree.processes[2].state), (None, "dead"));
    assert_eq!(tree.processes[2].return_code, Some(-1028));
    assert_eq!(tree.processes[0].return_code, None);
}

#[test]
fn pieces_of_a_mapping_say_what_they_are() {
    let mut guest = guest();
    let process = guest.process("program").unwrap();
    let vmo = guest.user_memory(process, BASE, 0x4000).unwrap();
    let piece = look(&guest, |_, survey, _| {
        survey.processes[0].mappings().next().unwrap().address()
    });
    guest.join(piece, BASE + 0x3000, Permissions::READ).unwrap();
    guest
        .edit(piece, |mapping: &mut Mapping| {
            mapping.flags |= MappingFlags::PRIVATE_COPY.bits();
            mapping.maximum = 7;
        })
        .unwrap();
    let maps = look(&guest, |paused, survey, problems| {
        maps(paused, survey, &survey.processes[0], problems)
    });
    let kinds: Vec<_> = maps
        .regions
        .iter()
        .map(|region| (region.kind, region.depth))
        .collect();
    assert_eq!(
        kinds,
        [("aspace", 0), ("vmar", 1), ("mapping", 2), ("mapping", 2)]
    );
    let first = maps.regions[2].mapping.as_ref().unwrap();
    assert_eq!((&*first.permissions, &*first.maximum), ("rw-", "rwx"));
    assert!(first.private_copy && !first.joined);
    assert_eq!(
        (first.vmo, first.resident.committed),
        (koid(&guest, vmo), 0x3000)
    );
    assert_eq!(first.page_table_bytes, 0x3000);
    let second = maps.regions[3].mapping.as_ref().unwrap();
    assert_eq!(
        (&*second.permissions, second.joined, second.vmo_offset),
        ("r--", true, 0x3000)
    );
    assert_eq!(second.page_table_bytes, PAGE_SIZE);
}

#[test]
fn a_vmo_says_what_it_has_and_shares() {
    let mut guest = guest();
    let process = guest.process("program").unwrap();
    let vmo = guest.vmo("data", 0x4000).unwrap();
    guest.commit(vmo, 0, 0x3000).unwrap();
    let other = guest.vmo("other", 0x4000).unwrap();
    guest.share(vmo, 0x1000, other).unwrap();
    let slice = guest.slice(vmo, 0x1000..0x2000).unwrap();
    guest
        .handle(process, vmo, Rights::READ | Rights::MAP)
        .unwrap();
    guest
        .map(process, BASE, 0x1000, (slice, 0), Permissions::READ)
        .unwrap();
    let list = look(&guest, |paused, survey, problems| {
        vmos(paused, survey, None, problems)
    });
    let data = list.vmos.iter().find(|vmo| vmo.name == "data").unwrap();
    let counts = data.resident;
    assert_eq!((counts.committed, counts.private), (0x3000, 0x2000));
    assert_eq!((counts.scaled, counts.fraction), (0x2800, Hex(0)));
    assert_eq!((data.children, data.handles, data.kind), (1, 1, "paged"));
    let of_process = look(&guest, |paused, survey, problems| {
        vmos(paused, survey, Some(&survey.processes[0]), problems)
    });
    let found: Vec<_> = of_process
        .vmos
        .iter()
        .map(|vmo| (vmo.kind, vmo.handle_rights.clone(), vmo.resident.committed))
        .collect();
    let rights = vec!["READ".to_owned(), "MAP".to_owned()];
    assert_eq!(found, [("paged", Some(rights), 0x3000), ("slice", None, 0)]);
    assert!(of_process.vmos[0].flags.contains(&"VIA_HANDLE".to_owned()));
    assert_eq!(of_process.vmos[1].parent, koid(&guest, vmo));
    assert_eq!(
        of_process.vmos[1].mapped_by,
        [look(&guest, |_, s, _| s.processes[0].koid())]
    );
}

#[test]
fn handles_have_names_and_relations() {
    let mut guest = guest();
    let process = guest.process("program").unwrap();
    let thread = guest.thread(process, "main").unwrap();
    let port = guest.port().unwrap();
    let value = guest.handle(process, thread, Rights::BASIC).unwrap();
    guest.handle(process, port, Rights::empty()).unwrap();
    let list = look(&guest, |paused, survey, problems| {
        handles(paused, &survey.processes[0], problems)
    });
    let [first, second] = &list.handles[..] else {
        panic!("{list:?}");
    };
    assert_eq!(first.value.0, u64::from(value));
    assert_eq!(
        (&*first.object_type, first.name.as_deref()),
        ("thread", Some("main"))
    );
    assert_eq!(first.related_koid, list.process.koid);
    assert_eq!(
        (&*second.object_type, second.name.as_deref()),
        ("port", None)
    );
    assert!(second.rights.is_empty());
}

/// A stack with a chain of frames at these places (address, next, return address).
fn stack(guest: &mut MockGuest, process: GuestAddress, chain: &[(u64, u64, u64)]) {
    guest.user_memory(process, BASE, 0x2000).unwrap();
    for (at, next, back) in chain {
        guest.write_user(process, *at, &next.to_le_bytes()).unwrap();
        guest
            .write_user(process, at + 8, &back.to_le_bytes())
            .unwrap();
    }
}

fn backtrace_of(guest: &MockGuest) -> (Vec<u64>, &'static str) {
    let list = look(guest, |paused, survey, problems| {
        threads(paused, survey, &survey.processes[0], None, problems)
    });
    let thread = &list.threads[0];
    let frames = thread.backtrace.iter().map(|frame| frame.pc.0);
    (frames.collect(), thread.backtrace_end)
}

#[test]
fn a_backtrace_follows_frame_pointers_upwards_and_no_further() {
    for (chain, frames, end) in [
        (
            &[(BASE + 0x100, BASE + 0x200, BASE + 1), (BASE + 0x200, 0, 0)][..],
            &[BASE + 1][..],
            "the outermost frame",
        ),
        (
            &[(BASE + 0x100, BASE + 0x100, BASE + 1)],
            &[BASE + 1],
            "the frame pointer leads out of the stack",
        ),
        (
            &[
                (BASE + 0x100, BASE + 0x300, BASE + 1),
                (BASE + 0x300, BASE + 0x200, BASE + 2),
            ],
            &[BASE + 1, BASE + 2],
            "the frame pointer leads out of the stack",
        ),
        (
            &[(BASE + 0x100, u64::MAX - 7, BASE + 1)],
            &[BASE + 1],
            "the frame pointer leads out of the stack",
        ),
        (
            &[(BASE + 0x100, 0, 0xDEAD_0000)],
            &[],
            "a return address is in no mapping",
        ),
    ] {
        let mut guest = guest();
        let process = guest.process("program").unwrap();
        let thread = guest.thread(process, "main").unwrap();
        stack(&mut guest, process, chain);
        guest
            .edit(thread, |thread: &mut Thread| {
                thread.state = ThreadState::READY.0;
                thread.registers.rip = BASE + 7;
                thread.registers.rsp = BASE + 0x80;
                thread.registers.rbp = BASE + 0x100;
            })
            .unwrap();
        let mut wanted = vec![BASE + 7];
        wanted.extend(frames);
        assert_eq!(backtrace_of(&guest), (wanted, end), "{chain:x?}");
    }
}

#[test]
fn a_waiting_thread_says_for_what() {
    let mut guest = guest();
    let process = guest.process("program").unwrap();
    let thread = guest.thread(process, "main").unwrap();
    let port = guest.port().unwrap();
    guest
        .edit(thread, |thread: &mut Thread| {
            thread.state = ThreadState::WAITING.0;
            thread.wait_kind = WaitKind::PORT.0;
            thread.held = Link::new(port.0);
            thread.deadline = 77;
        })
        .unwrap();
    let list = look(&guest, |paused, survey, problems| {
        threads(paused, survey, &survey.processes[0], None, problems)
    });
    let thread = &list.threads[0];
    assert_eq!(thread.state, "blocked.port");
    let waits = thread.waits.as_ref().unwrap();
    assert_eq!(
        (waits.object_type, waits.deadline, waits.key),
        (Some("port"), Some(77), None)
    );
}

fn lineage_of(guest: &MockGuest, vmo: GuestAddress) -> Lineage {
    look(guest, |paused, survey, problems| {
        let owners = frame_owners(paused, survey, problems);
        lineage(
            paused,
            survey,
            &owners,
            survey.vmo_at(vmo).unwrap(),
            problems,
        )
    })
}

#[test]
fn lineage_tells_own_pages_from_an_ancestors_and_shared_ones() {
    let mut guest = guest();
    let base = guest.vmo("base", 0x4000).unwrap();
    guest.commit(base, 0, 0x3000).unwrap();
    let clone = guest.look_through(base, 0x1000, 0x3000, 0x4000).unwrap();
    guest.commit(clone, 0x1000, 0x1000).unwrap();
    let found = lineage_of(&guest, clone);
    let ranges: Vec<_> = found
        .ranges
        .iter()
        .map(|range| (range.offset, range.length, range.lives, range.vmo))
        .collect();
    let (base_koid, clone_koid) = (koid(&guest, base), koid(&guest, clone));
    assert_eq!(
        ranges,
        [
            (0, 0x1000, "ancestor", Some(base_koid)),
            (0x1000, 0x1000, "own", Some(clone_koid)),
            (0x2000, 0x2000, "zero", None),
        ]
    );
    let family: Vec<_> = found
        .family
        .iter()
        .map(|vmo| (vmo.depth, vmo.asked))
        .collect();
    assert_eq!(family, [(0, false), (1, true)]);
    assert_eq!(found.family[1].source, Some(base_koid));
    let twin = guest.vmo("twin", 0x4000).unwrap();
    guest.share(base, 0x2000, twin).unwrap();
    let found = lineage_of(&guest, twin);
    assert_eq!(found.ranges[1].lives, "shared");
    assert_eq!(found.ranges[1].shared_with, [base_koid]);
}

#[test]
fn lineage_of_a_vmo_that_is_its_own_ancestor_ends() {
    let mut guest = guest();
    let vmo = guest.vmo("ring", 0x4000).unwrap();
    guest
        .edit(vmo, |object: &mut Vmo| {
            object.parent = Link::new(vmo.0);
            object.source = Link::new(vmo.0);
            object.source_limit = 0x4000;
            object.options |= VmoOptions::CLONE.bits();
            object.next_relative = Link::new(0x1238);
        })
        .unwrap();
    let (found, problems) = look_all(&guest, |paused, survey, problems| {
        let owners = frame_owners(paused, survey, problems);
        lineage(paused, survey, &owners, &survey.vmos[0], problems)
    });
    assert!(problems.count() >= 2, "{problems}");
    assert!(found.family.len() <= 1);
}

#[test]
fn page_lists_that_lead_to_themselves_end() {
    let mut guest = guest();
    let process = guest.process("program").unwrap();
    let vmo = guest.user_memory(process, BASE, 0x1000).unwrap();
    let list = guest.get::<Vmo>(vmo).unwrap().pages;
    guest
        .edit(vmo, |object: &mut Vmo| {
            object.levels = 6;
            object.size = 1 << 62;
        })
        .unwrap();
    for index in 0..512 {
        guest
            .edit(GuestAddress(list + 8 * index), |entry: &mut u64| {
                *entry = list | 3
            })
            .unwrap();
    }
    let (_, problems) = look_all(&guest, |paused, survey, problems| {
        vmos(paused, survey, None, problems)
    });
    assert!(!problems.is_empty());
    let (found, problems) = look_all(&guest, |paused, survey, problems| {
        let owners = frame_owners(paused, survey, problems);
        lineage(paused, survey, &owners, &survey.vmos[0], problems)
    });
    assert!(!problems.is_empty() && found.ranges.len() <= 1 << 16);
    assert_eq!(found.vmo.name, "memory");
}
