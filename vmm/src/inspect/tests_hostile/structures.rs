//! Structures that lead into themselves, or out of the world, one kind at a time.

use super::guest::{BASE, Rich, SIZE};
use super::looks::{Seen, at_everything};
use abi::entry::{ADDRESS_MASK, PRESENT, USER, WRITABLE};
use abi::layout::PAGE_SIZE;
use abi::objects::{
    Mapping, PageSource, Port, Process, QueuedPacket, Region, StandingRequest, Thread, Vmar, Vmo,
    VmoOptions,
};
use abi::{Link, RootBlock};
use vm_memory::GuestAddress;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Breaks a guest; looking at it must say so in words that have `wanted` among them.
fn told(wanted: &str, mut rich: Rich, break_it: impl FnOnce(&mut Rich)) -> Seen {
    break_it(&mut rich);
    let seen = at_everything(&rich);
    assert!(
        seen.problems.iter().any(|told| told.contains(wanted)),
        "`{wanted}` is not in {:#?}",
        seen.problems
    );
    seen
}

/// What is done to a root block.
type Change = fn(&mut RootBlock);

fn edit<T>(rich: &Rich, at: GuestAddress, change: impl FnOnce(&mut T))
where
    T: FromBytes + IntoBytes + Immutable,
{
    rich.guest.edit(at, change).unwrap();
}

#[test]
fn lists_that_loop_come_to_an_end() {
    let rich = Rich::new();
    let (process, thread) = (rich.process, rich.thread);
    told("does not end", rich, |rich| {
        edit(rich, process, |it: &mut Process| {
            it.next = Link::new(process.0)
        });
    });
    told("does not end", Rich::new(), |rich| {
        edit(rich, thread, |it: &mut Thread| {
            it.next_in_process = Link::new(thread.0);
        });
    });
    told("twice", Rich::new(), |rich| {
        let data = rich.data;
        edit(rich, data, |it: &mut Vmo| it.next = Link::new(rich.twin.0));
    });
    told("does not end", Rich::new(), |rich| {
        let port: Port = rich.guest.get(rich.port).unwrap();
        let packet = GuestAddress(port.first_packet.address());
        edit(rich, packet, |it: &mut QueuedPacket| {
            it.next = Link::new(packet.0)
        });
    });
    told("does not end", Rich::new(), |rich| {
        let source: PageSource = rich.guest.get(rich.page_source).unwrap();
        let request = GuestAddress(source.first_request.address());
        edit(rich, request, |it: &mut StandingRequest| {
            it.next = Link::new(request.0);
        });
    });
    told("does not end", Rich::new(), |rich| {
        let source = rich.page_source;
        edit(rich, source, |it: &mut PageSource| {
            it.next = Link::new(source.0)
        });
    });
}

#[test]
fn vmars_that_contain_themselves_come_to_an_end() {
    for own in [false, true] {
        told("region", Rich::new(), |rich| {
            let vmar = rich.root_vmar;
            let inner: Mapping = rich.guest.get(rich.mapping).unwrap();
            let at = if own {
                vmar.0
            } else {
                inner.region.parent.address()
            };
            edit(rich, vmar, |it: &mut Vmar| it.first_child = Link::new(at));
            let inner = GuestAddress(inner.region.parent.address());
            edit(rich, inner, |it: &mut Vmar| it.first_child = Link::new(at));
        });
    }
    told("region", Rich::new(), |rich| {
        let mapping = rich.mapping;
        edit(rich, mapping, |it: &mut Region| {
            it.next = Link::new(mapping.0)
        });
    });
}

#[test]
fn page_tables_that_lead_to_themselves_come_to_an_end() {
    // What leads to a page may lead to a table: no one can tell.
    for (level, wanted) in [
        (1, ""),
        (2, "page table"),
        (3, "page table"),
        (4, "page table"),
    ] {
        told(wanted, Rich::new(), |rich| {
            let process: Process = rich.guest.get(rich.process).unwrap();
            let mut table = process.page_table;
            for above in (level + 1..=4).rev() {
                let index = BASE >> (12 + 9 * (above - 1)) & 511;
                table = rich.word(table + index * 8) & ADDRESS_MASK;
            }
            for index in 0..512 {
                rich.set(table + index * 8, table | PRESENT | WRITABLE | USER);
            }
        });
    }
}

#[test]
fn page_lists_that_lead_to_themselves_come_to_an_end() {
    for levels in 1..=6 {
        let seen = told("", Rich::new(), |rich| {
            let data: Vmo = rich.guest.get(rich.data).unwrap();
            for index in 0..512 {
                rich.set(data.pages + index * 8, data.pages | PRESENT);
            }
            // As large as a VMO of so many levels can be.
            edit(rich, rich.data, |it: &mut Vmo| {
                it.levels = levels;
                it.size = 1 << (12 + 9 * levels).min(62);
            });
        });
        assert!(!seen.problems.is_empty(), "{levels}");
    }
}

#[test]
fn clones_that_look_through_to_each_other_come_to_an_end() {
    told("look through to each other", Rich::new(), |rich| {
        let (data, grandchild) = (rich.data, rich.grandchild);
        edit(rich, data, |it: &mut Vmo| {
            it.options |= VmoOptions::CLONE.bits();
            it.source = Link::new(grandchild.0);
            it.source_limit = PAGE_SIZE;
            it.parent = Link::new(grandchild.0);
        });
    });
    told("ring", Rich::new(), |rich| {
        let (twin, grandchild) = (rich.twin, rich.grandchild);
        // A ring that others lead into and that never comes back to them.
        edit(rich, twin, |it: &mut Vmo| {
            it.next_relative = Link::new(grandchild.0)
        });
        edit(rich, grandchild, |it: &mut Vmo| {
            it.next_relative = Link::new(grandchild.0);
        });
    });
}

#[test]
fn tables_of_the_root_block_that_lead_nowhere_are_told_of() {
    let root = |change: Change| move |rich: &mut Rich| edit(rich, rich.guest.root(), change);
    let cases: [(&str, Change); 8] = [
        ("handle slots", |root| root.fresh_handle = u32::MAX),
        ("", |root| root.handle_chunks[0] = SIZE),
        ("", |root| root.handle_chunks[0] = u64::MAX - 7),
        ("", |root| root.frame_table = Link::new(SIZE * 3)),
        ("", |root| root.frame_table = Link::new(u64::MAX - 7)),
        ("", |root| root.frame_count = u64::MAX),
        ("", |root| root.job = Link::new(u64::MAX - 7)),
        ("", |root| root.first_clean = u64::MAX),
    ];
    for (wanted, change) in cases {
        told(wanted, Rich::new(), root(change));
    }
}

#[test]
fn objects_that_overlap_take_no_more_memory_than_there_is_ram() {
    const RAM: u64 = 4 << 20;
    let rich = Rich::with_ram(RAM);
    // Threads, each a little behind the other: at 48 bytes, what is checked of them (the header,
    // the state) and the link to the next stand in each other's gaps.
    let model: Thread = rich.guest.get(rich.thread).unwrap();
    let first = rich.end().next_multiple_of(PAGE_SIZE);
    let link = std::mem::offset_of!(Thread, next_in_process) as u64;
    let state = std::mem::offset_of!(Thread, state) as u64;
    for at in (first..RAM - PAGE_SIZE).step_by(48) {
        let header: [u8; 8] = model.header.as_bytes()[..8].try_into().unwrap();
        rich.set(at, u64::from_le_bytes(header));
        rich.set(at + link, at + 48);
        rich.set(at + state, model.state.into());
    }
    edit(&rich, rich.process, |it: &mut Process| {
        it.first_thread = Link::new(first);
    });
    let mut inspector = rich.inspector();
    let (survey, _) = inspector.survey().unwrap();
    let threads: usize = survey.processes.iter().map(|it| it.threads.len()).sum();
    assert!(threads * size_of::<Thread>() <= usize::try_from(RAM).unwrap());
    assert!(
        threads > 100,
        "{threads}: the threads do not overlap as they should"
    );
    let problems = survey.problems.to_string();
    assert!(problems.contains("overlap"), "{problems}");
}

#[test]
fn names_are_told_whatever_stands_in_them() {
    let names: [&[u8; 32]; 3] = [
        b"\x1b[2J\x1b]0;title\x07\r\n\t\x00the rest .....",
        &[0xFF; 32],
        b"no NUL in all these thirty-two b",
    ];
    for name in names {
        let rich = Rich::new();
        edit(&rich, rich.process, |it: &mut Process| it.name = *name);
        edit(&rich, rich.thread, |it: &mut Thread| it.name = *name);
        for vmo in [rich.data, rich.twin, rich.grandchild] {
            edit(&rich, vmo, |it: &mut Vmo| it.name = *name);
        }
        assert_eq!(at_everything(&rich).refused, Vec::<String>::new());
    }
}

#[test]
fn a_device_that_fills_the_world_is_read_to_an_end() {
    use abi::objects::VmoKind;
    let rich = Rich::new();
    // No table bounds the pages of it, and none of them is RAM.
    edit(&rich, rich.data, |it: &mut Vmo| {
        it.kind = VmoKind::PHYSICAL.0;
        it.physical_base = SIZE;
        it.size = 1 << 62;
        it.pages = 0;
    });
    at_everything(&rich);
    let mut inspector = rich.inspector();
    let paused = inspector.pause().unwrap();
    let place = "vmo:memory".parse().unwrap();
    let contents = paused.read(&place, 0, 1 << 62).unwrap();
    assert_eq!((contents.present, contents.length), (0, 1 << 62));
    let told = serde_json::to_string(&contents).unwrap();
    assert!(told.contains("more entries than are looked at"), "{told}");
}

#[test]
fn what_all_share_is_not_told_to_each() {
    use crate::inspect::{Problems, look};
    // A family of clones in one ring, all of whose pages are one frame.
    let mut rich = Rich::with_ram(16 << 20);
    let data: Vmo = rich.guest.get(rich.data).unwrap();
    let page = rich.word(data.pages) & ADDRESS_MASK;
    let mut clones = Vec::new();
    for _ in 0..1500 {
        let vmo = rich.guest.vmo("clone", 512 * PAGE_SIZE).unwrap();
        let table = rich.guest.vmo_entry(vmo, 0).unwrap().0;
        for index in 0..512 {
            rich.set(table + index * 8, page | PRESENT);
        }
        edit(&rich, vmo, |it: &mut Vmo| {
            it.parent = Link::new(rich.data.0)
        });
        clones.push(vmo);
    }
    for pair in 0..clones.len() {
        let next = clones[(pair + 1) % clones.len()];
        edit(&rich, clones[pair], |it: &mut Vmo| {
            it.next_relative = Link::new(next.0)
        });
    }
    let mut inspector = rich.inspector();
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let mut problems = Problems::default();
    let owners = look::frame_owners(&paused, &survey, &mut problems);
    let vmo = survey.vmo_at(clones[0]).unwrap();
    let lineage = look::lineage(&paused, &survey, &owners, vmo, &mut problems);
    let rings: usize = lineage.family.iter().map(|it| it.ring.len()).sum();
    let sharers: usize = lineage.ranges.iter().map(|it| it.shared_with.len()).sum();
    assert!(rings <= 1 << 20, "{rings}");
    assert!(sharers <= 6 << 20, "{sharers}");
    let told = problems.to_string();
    assert!(
        told.contains("too large") && told.contains("too ragged"),
        "{told}"
    );
}
