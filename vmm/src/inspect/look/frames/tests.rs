use super::*;
use crate::inspect::Inspector;
use crate::objects::mock::MockGuest;
use abi::RootBlock;
use abi::objects::{Permissions, Process, Vmo};

const SIZE: u64 = 4 << 20;

fn with<T>(guest: &MockGuest, look: impl FnOnce(&FrameOwners, &Problems) -> T) -> T {
    let mut inspector = Inspector::mock(guest);
    let paused = inspector.pause().unwrap();
    let survey = paused.survey().unwrap();
    let mut problems = Problems::default();
    let owners = frame_owners(&paused, &survey, &mut problems);
    let sum: u64 = owners.totals().iter().map(|total| total.bytes).sum();
    assert_eq!(sum, SIZE, "the totals are all of RAM");
    let runs: u64 = owners.runs().map(|run| run.frames).sum();
    assert_eq!(runs * PAGE_SIZE, SIZE, "the runs are all of RAM");
    look(&owners, &problems)
}

fn count(owners: &FrameOwners, kind: FrameKind) -> u64 {
    let totals = owners.totals();
    let of_kind = totals.iter().filter(|total| total.kind == kind);
    of_kind.map(|total| total.frames).sum()
}

#[test]
fn every_frame_has_one_owner() {
    let mut guest = MockGuest::new(SIZE).unwrap();
    let process = guest.process("program").unwrap();
    let vmo = guest.user_memory(process, 0x200_0000, 0x3000).unwrap();
    guest.skip_frames(2).unwrap();
    let other = guest.vmo("other", 0x4000).unwrap();
    let shared = guest.share(vmo, 0x1000, other).unwrap();
    let root: RootBlock = guest.get(guest.root()).unwrap();
    with(&guest, |owners, problems| {
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(count(owners, FrameKind::Lost), 0, "{:?}", owners.totals());
        assert_eq!(count(owners, FrameKind::VmoPage), 3);
        assert_eq!(count(owners, FrameKind::FreeClean), 2);
        let free: u64 = [
            FrameKind::FreeClean,
            FrameKind::FreeDirty,
            FrameKind::NeverUsed,
        ]
        .into_iter()
        .map(|kind| count(owners, kind))
        .sum();
        assert_eq!(free, root.free_frames);
        assert_eq!(count(owners, FrameKind::Pool), root.pool_frames);
        let owner = owners.owner_of(GuestAddress(shared.0 + 7)).unwrap();
        let koids = (owner.vmo.map(|vmo| vmo.koid), owner.shared_with.len());
        let (one, two) = (koid(&guest, vmo), koid(&guest, other));
        assert_eq!(koids, (Some(two), 1), "the newest VMO comes first");
        assert_eq!(owner.shared_with[0].vmo.unwrap().koid, one);
        assert_eq!(
            (owner.offset, owner.shared_with[0].offset),
            (Some(0x1000), 0x1000)
        );
        assert!(owner.is_of(one) && owner.is_of(two) && !owner.is_of(1));
        let text = owner.to_string();
        assert!(
            text.contains("0x1000 of VMO") && text.contains("other"),
            "{text}"
        );
        let top = guest.get::<Process>(process).unwrap().page_table;
        let owner = owners.owner_of(GuestAddress(top)).unwrap();
        assert_eq!((owner.kind, owner.level), (FrameKind::PageTable, Some(4)));
        assert_eq!(owner.process.unwrap().name, "program");
        assert_eq!(owners.owner_of(GuestAddress(SIZE)), None);
    });
}

fn koid(guest: &MockGuest, vmo: GuestAddress) -> u64 {
    guest.get::<Vmo>(vmo).unwrap().header.koid
}

#[test]
fn pages_in_order_are_one_run() {
    let mut guest = MockGuest::new(SIZE).unwrap();
    let vmo = guest.vmo("long", 0x10_0000).unwrap();
    guest.vmo_entry(vmo, 0).unwrap();
    guest.commit(vmo, 0, 0x8000).unwrap();
    guest.commit(vmo, 0x9000, 0x1000).unwrap();
    with(&guest, |owners, _| {
        let pages = owners
            .runs()
            .filter(|run| run.owner.kind == FrameKind::VmoPage);
        let pages: Vec<_> = pages.map(|run| (run.owner.offset, run.frames)).collect();
        assert_eq!(pages, [(Some(0), 8), (Some(0x9000), 1)]);
    });
}

#[test]
fn what_nothing_leads_to_is_lost() {
    let mut guest = MockGuest::new(SIZE).unwrap();
    let frame = guest.frame().unwrap();
    with(&guest, |owners, _| {
        assert_eq!(count(owners, FrameKind::Lost), 1);
        assert_eq!(owners.kind_of(frame), Some(FrameKind::Lost));
    });
}

#[test]
fn circles_and_nonsense_are_noted_and_end() {
    let mut guest = MockGuest::new(SIZE).unwrap();
    let process = guest.process("program").unwrap();
    let vmo = guest.user_memory(process, 0x200_0000, 0x1000).unwrap();
    guest
        .map(process, 0x300_0000, 0x1000, (vmo, 0), Permissions::READ)
        .unwrap();
    // The page list leads to itself, the free list into the middle of itself and out of RAM,
    // and the page tables are their own.
    let list = guest.get::<Vmo>(vmo).unwrap().pages;
    guest.edit(vmo, |vmo: &mut Vmo| vmo.levels = 6).unwrap();
    guest
        .edit(GuestAddress(list), |entry: &mut u64| *entry = list | 3)
        .unwrap();
    let top = guest.get::<Process>(process).unwrap().page_table;
    guest
        .edit(GuestAddress(top), |entry: &mut u64| *entry = top | 7)
        .unwrap();
    guest.skip_frames(3).unwrap();
    let first = guest.get::<RootBlock>(guest.root()).unwrap().first_clean;
    guest
        .edit_frame(first * PAGE_SIZE, |entry| {
            entry.next_free = u32::try_from(first).unwrap()
        })
        .unwrap();
    guest
        .edit(guest.root(), |root: &mut RootBlock| {
            root.first_dirty = u64::MAX / 2
        })
        .unwrap();
    with(&guest, |_, problems| {
        assert!(problems.count() >= 4, "{problems}");
    });
}
