//! Frames, mappings and page tables made wrong.

use super::*;

#[test]
fn every_frame_has_one_use_and_its_owners_are_counted() {
    broken("it belongs to nobody", |w| {
        w.guest.frame().unwrap();
    });
    broken("frames are free, but the root block says", |w| {
        w.root(|root| root.free_frames += 1);
    });
    broken("in use or free, but the root block says", |w| {
        w.root(|root| root.managed_frames += 1);
    });
    broken("but not marked as free", |w| {
        let first = w
            .guest
            .get::<RootBlock>(w.guest.root())
            .unwrap()
            .first_clean;
        w.guest
            .edit_frame(first * P, |entry| entry.extra_owners = 0)
            .unwrap();
    });
    broken("a free frame already", |w| {
        let first = w
            .guest
            .get::<RootBlock>(w.guest.root())
            .unwrap()
            .first_clean;
        w.root(|root| root.first_dirty = first);
    });
    broken("page lists have it, but its entry says", |w| {
        let frame = w.shared_frame.0;
        w.guest
            .edit_frame(frame, |entry| entry.extra_owners = 0)
            .unwrap();
    });
    broken("and one of them as its own", |w| {
        let vmo = w.vmo;
        w.page(vmo, P, |entry| *entry |= WRITABLE);
    });
    broken("it was never given out", |w| {
        w.root(|root| root.next_fresh -= P)
    });
    broken(
        "is a page of a VMO, but it is a page of objects already",
        |w| {
            let (vmo, port) = (w.vmo, w.port.0 & ADDRESS_MASK);
            w.page(vmo, 0, |entry| *entry = port | PRESENT | WRITABLE);
        },
    );
}

#[test]
fn mappings_and_vmars_stand_where_they_say() {
    broken("regions of a VMAR ascend", |w| {
        w.edit(w.joined, |region: &mut Region| region.base -= P);
    });
    broken("a joined mapping continues", |w| {
        w.edit(w.joined, |mapping: &mut Mapping| mapping.vmo_offset = 0);
    });
    broken("regions, but it has", |w| {
        w.edit(w.sub_vmar, |vmar: &mut Vmar| vmar.child_count = 2)
    });
    broken("that is not its own", |w| {
        w.edit(w.mapping, |region: &mut Region| region.parent = Link::NONE);
    });
    broken("that is not its own", |w| {
        let port = w.port;
        w.edit(w.mapping, |mapping: &mut Mapping| {
            mapping.process = Link::new(port.0)
        });
    });
    broken("it stands wrongly in the list of its VMO", |w| {
        w.edit(w.mapping, |mapping: &mut Mapping| {
            mapping.previous_of_vmo = Link::NONE
        });
    });
    broken("permissions that it could never be given", |w| {
        w.edit(w.mapping, |mapping: &mut Mapping| mapping.permissions = 7);
    });
    broken("it is destroyed and has regions", |w| {
        w.edit(w.sub_vmar, |vmar: &mut Vmar| vmar.process = Link::NONE);
    });
    broken("it is not in the list where it belongs", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| vmo.first_mapping = Link::NONE);
    });
}

#[test]
fn page_tables_show_what_mappings_do() {
    broken("no mapping is there", |w| {
        let frame = w.shared_frame;
        w.guest
            .map_page(w.process, MAPPED + 8 * P, frame, false)
            .unwrap();
    });
    broken("its VMO shows the page at", |w| {
        let frame = w.shared_frame;
        w.leaf(MAPPED, |entry| {
            *entry = frame.0 | PRESENT | USER | NO_EXECUTE
        });
    });
    broken("it may be written, but not the page of its VMO", |w| {
        w.leaf(MAPPED + P, |entry| *entry |= WRITABLE);
    });
    broken("its mapping allows", |w| {
        w.leaf(MAPPED, |entry| *entry &= !NO_EXECUTE)
    });
    broken("its mapping allows", |w| {
        w.leaf(MAPPED, |entry| *entry &= !USER)
    });
    broken("its mapping allows", |w| {
        w.edit(w.mapping, |mapping: &mut Mapping| {
            mapping.permissions = READ.bits()
        });
    });
    broken("its mapping allows", |w| {
        w.edit(w.joined, |mapping: &mut Mapping| mapping.permissions = 0);
    });
    broken("its VMO has no page there", |w| {
        w.leaf(MAPPED + 2 * P, |entry| *entry |= 1 << 20)
    });
    broken("does not know of the zero frame", |w| {
        let forget = |piece: &mut Mapping| piece.flags = MappingFlags::JOINED.bits();
        w.edit(w.joined, forget);
    });
    broken("the pager has not supplied it", |w| {
        let paged = w.paged;
        w.page(paged, 0, |entry| *entry = 0);
    });
    broken("its VMO ends before it", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.size = 2 * P)
    });
    broken("its VMO ends before it", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| vmo.stream_size = P);
        let mapping = w.guest.get::<Vmo>(w.memory).unwrap().first_mapping;
        w.edit(GuestAddress(mapping.address()), |mapping: &mut Mapping| {
            mapping.flags = MappingFlags::FAULT_BEYOND_STREAM_SIZE.bits();
        });
    });
    broken("it is another place in memory", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| {
            vmo.kind = abi::objects::VmoKind::PHYSICAL.0;
            vmo.cache_policy = CachePolicy::UNCACHED.0;
        });
    });
}

#[test]
fn page_tables_are_those_of_their_process() {
    broken("page tables, but it has", |w| {
        w.edit(w.process, |process: &mut Process| process.table_count += 1);
    });
    broken("of its page tables are in no other", |w| {
        let top = w.guest.get::<Process>(w.process).unwrap().page_table;
        w.edit(GuestAddress(top), |entry: &mut u64| *entry = 0);
    });
    broken("is not its own, or in two places", |w| {
        let top = w.guest.get::<Process>(w.process).unwrap().page_table;
        w.edit(GuestAddress(top + 8), |entry: &mut u64| *entry = top | 7);
    });
    broken("of its topmost page table is", |w| {
        let top = w.guest.get::<Process>(w.process).unwrap().page_table;
        w.edit(GuestAddress(top + 511 * 8), |entry: &mut u64| *entry = 7);
    });
    broken("is not among the touched", |w| {
        // Not present, so that it leads nowhere; but the kernel would not clear it.
        let top = w.guest.get::<Process>(w.process).unwrap().page_table;
        w.edit(GuestAddress(top + 200 * 8), |entry: &mut u64| *entry = 2);
    });
    broken("the entry of level 4 for", |w| {
        let top = w.guest.get::<Process>(w.process).unwrap().page_table;
        w.edit(GuestAddress(top), |entry: &mut u64| *entry &= !USER);
    });
}
