//! A guest in which all agrees, and each thing in it made wrong once.

mod frames;

use super::{Findings, Moment, check};
use crate::objects::RootView;
use crate::objects::mock::MockGuest;
use abi::entry::{ADDRESS_MASK, AWAITING_CLEAN, LARGE, NO_EXECUTE, PRESENT, USER, WRITABLE};
use abi::objects::{
    CachePolicy, HandleEntry, Mapping, MappingFlags, ObjectHeader, ObjectType, PageSource, Pager,
    Permissions, Port, Process, ProcessState, Region, StandingRequest, Thread, ThreadState, Vmar,
    Vmo, VmoOptions, WaitKind,
};
use abi::{CallPage, Link, Rights, RootBlock};
use vm_memory::GuestAddress;

const P: u64 = 4096;
const USER_MEMORY: u64 = 0x4000_0000;
const MAPPED: u64 = 0x5000_0000;

const READ: Permissions = Permissions::READ;
const READ_WRITE: Permissions = Permissions::READ.union(Permissions::WRITE);

/// A guest with one of everything.
struct World {
    guest: MockGuest,
    process: GuestAddress,
    thread: GuestAddress,
    waiter: GuestAddress,
    /// The whole memory of the process at [`USER_MEMORY`]: two pages, mapped.
    memory: GuestAddress,
    /// Four pages, of which two are there, the second shared with `snapshot`; mapped at
    /// [`MAPPED`] in two pieces.
    vmo: GuestAddress,
    snapshot: GuestAddress,
    shared_frame: GuestAddress,
    slice: GuestAddress,
    /// Looks through to `paged`.
    clone: GuestAddress,
    paged: GuestAddress,
    mapping: GuestAddress,
    joined: GuestAddress,
    sub_vmar: GuestAddress,
    port: GuestAddress,
    pager: GuestAddress,
    source: GuestAddress,
    request: GuestAddress,
    job: GuestAddress,
}

impl World {
    fn new() -> Self {
        let mut guest = MockGuest::new(4 << 20).unwrap();
        guest.skip_frames(3).unwrap();
        let process = guest.process("program").unwrap();
        let other = guest.process("other").unwrap();
        let thread = guest.thread(process, "runs").unwrap();
        let waiter = guest.thread(other, "waits").unwrap();
        let memory = guest.user_memory(process, USER_MEMORY, 2 * P).unwrap();
        let vmo = guest.vmo("vmo", 4 * P).unwrap();
        guest.write_vmo(vmo, 0, &[1; 8192]).unwrap();
        let mapping = guest
            .map(process, MAPPED, 4 * P, (vmo, 0), READ_WRITE)
            .unwrap();
        let joined = guest.join(mapping, MAPPED + 2 * P, READ).unwrap();
        let snapshot = guest.vmo("snapshot", 4 * P).unwrap();
        let shared_frame = guest.share(vmo, P, snapshot).unwrap();
        let slice = guest.slice(vmo, P..3 * P).unwrap();
        let paged = guest.pager_vmo(8 * P).unwrap();
        guest.supply(paged, 0).unwrap();
        let clone = guest.look_through(paged, 0, 8 * P, 8 * P).unwrap();
        let (port, pager) = (guest.port().unwrap(), guest.pager().unwrap());
        let source = guest.connect(paged, pager, port).unwrap();
        guest.request(source, 4 * P, P).unwrap();
        let request = guest.request(source, 2 * P, 2 * P).unwrap();
        guest.packet(port).unwrap();
        let job = guest.plain(ObjectType::JOB).unwrap();
        for object in [
            vmo, snapshot, slice, clone, paged, pager, port, job, process, thread,
        ] {
            guest.handle(process, object, Rights::all()).unwrap();
        }
        guest.handle(other, vmo, Rights::READ).unwrap();
        let root_vmar = guest.get::<Process>(process).unwrap().root_vmar;
        let sub_vmar = guest
            .vmar(
                GuestAddress(root_vmar.address()),
                0x6000_0000..0x6000_0000 + 16 * P,
            )
            .unwrap();
        guest
            .map_in(sub_vmar, 0x6000_0000, P, (clone, 0), READ)
            .unwrap();

        // Pages in reach: one that may be written, one shared, one of zeros, one seen
        // through the clone.
        let first = guest.vmo_entry(vmo, 0).unwrap();
        let frame = GuestAddress(guest.get::<u64>(first).unwrap() & ADDRESS_MASK);
        guest.map_page(process, MAPPED, frame, true).unwrap();
        guest
            .map_page(process, MAPPED + P, shared_frame, false)
            .unwrap();
        let zeros = guest.get::<RootBlock>(guest.root()).unwrap().zero_frame;
        guest
            .map_page(process, MAPPED + 2 * P, GuestAddress(zeros), false)
            .unwrap();
        let know = |piece: &mut Mapping| piece.flags |= MappingFlags::ZERO_FRAMES.bits();
        guest.edit(joined, know).unwrap();
        let entry = guest.vmo_entry(paged, 0).unwrap();
        let frame = GuestAddress(guest.get::<u64>(entry).unwrap() & ADDRESS_MASK);
        guest.map_page(process, 0x6000_0000, frame, false).unwrap();

        // One thread waits for a packet.
        guest
            .edit(waiter, |thread: &mut Thread| {
                thread.state = ThreadState::WAITING.0;
                thread.wait_kind = WaitKind::PORT.0;
                thread.deadline = i64::MAX;
                thread.held = Link::new(port.0);
            })
            .unwrap();
        let hold = |header: &mut ObjectHeader| header.references += 1;
        guest.edit(port, hold).unwrap();
        guest.edit(job, hold).unwrap();
        guest.edit(vmo, hold).unwrap();
        guest
            .edit(guest.root(), |root: &mut RootBlock| {
                root.first_waiting = Link::new(waiter.0);
                root.job = Link::new(job.0);
                root.vdso = Link::new(vmo.0);
            })
            .unwrap();
        // The other one runs.
        guest.edit(thread, hold).unwrap();
        guest
            .edit(guest.call_page(), |page: &mut CallPage| {
                page.runnable = 1;
                page.thread = Link::new(thread.0);
            })
            .unwrap();
        Self {
            guest,
            process,
            thread,
            waiter,
            memory,
            vmo,
            snapshot,
            shared_frame,
            slice,
            clone,
            paged,
            mapping,
            joined,
            sub_vmar,
            port,
            pager,
            source,
            request,
            job,
        }
    }

    fn check(&self, moment: Moment) -> Findings {
        let ram = &**self.guest.ram();
        let root = RootView::read(ram, self.guest.root()).unwrap();
        check(ram, &root, moment)
    }

    fn edit<T>(&self, address: GuestAddress, change: impl FnOnce(&mut T))
    where
        T: zerocopy::FromBytes + zerocopy::IntoBytes + zerocopy::Immutable,
    {
        self.guest.edit(address, change).unwrap();
    }

    fn root(&self, change: impl FnOnce(&mut RootBlock)) {
        self.edit(self.guest.root(), change);
    }

    /// The leaf entry for an address of the process.
    fn leaf(&mut self, address: u64, change: impl FnOnce(&mut u64)) {
        let entry = self.guest.page_table_entry(self.process, address).unwrap();
        self.edit(entry, change);
    }

    fn page(&mut self, vmo: GuestAddress, offset: u64, change: impl FnOnce(&mut u64)) {
        let entry = self.guest.vmo_entry(vmo, offset).unwrap();
        self.edit(entry, change);
    }

    fn slot(&mut self, index: u32, change: impl FnOnce(&mut HandleEntry)) {
        let slot = self.guest.handle_slot(index).unwrap();
        self.edit(slot, change);
    }
}

/// Makes one thing wrong, and looks whether the check says so.
#[track_caller]
fn broken(says: &str, change: impl FnOnce(&mut World)) {
    let mut world = World::new();
    change(&mut world);
    let findings = world.check(Moment::AtRest);
    let text = findings.to_string();
    assert!(text.contains(says), "must say `{says}`, but says:\n{text}");
}

#[test]
fn where_all_agrees_nothing_is_found() {
    let findings = World::new().check(Moment::AtRest);
    assert!(findings.is_empty(), "{findings}");
    assert_eq!((findings.count(), findings.told().len()), (0, 0));
}

#[test]
fn references_and_handles_are_counted() {
    let more = |header: &mut ObjectHeader| header.references += 1;
    let less = |header: &mut ObjectHeader| header.references -= 1;
    broken("it says 4 references, but 3 lead to it", |w| {
        w.edit(w.thread, more);
    });
    let objects: [fn(&World) -> GuestAddress; 12] = [
        |w| w.process,
        |w| w.thread,
        |w| w.waiter,
        |w| w.vmo,
        |w| w.clone,
        |w| w.mapping,
        |w| w.joined,
        |w| w.sub_vmar,
        |w| w.port,
        |w| w.pager,
        |w| w.source,
        |w| w.job,
    ];
    for object in objects {
        broken("references, but", |w| w.edit(object(w), more));
        broken("references, but", |w| w.edit(object(w), less));
        broken("handles, but it has", |w| {
            w.edit(object(w), |h: &mut ObjectHeader| h.handles += 1);
        });
    }
}

#[test]
fn a_process_that_the_kernel_is_ending_may_have_more_references() {
    let world = World::new();
    world.edit(world.process, |h: &mut ObjectHeader| h.references += 2);
    assert!(world.check(Moment::Ending(world.process)).is_empty());
    assert_eq!(world.check(Moment::AtRest).count(), 1);
    world.edit(world.process, |h: &mut ObjectHeader| h.references -= 3);
    assert_eq!(world.check(Moment::Ending(world.process)).count(), 1);
}

#[test]
fn koids_are_unique_and_were_given_out() {
    broken("has the same koid", |w| {
        let koid = w.guest.get::<ObjectHeader>(w.vmo).unwrap().koid;
        w.edit(w.port, |h: &mut ObjectHeader| h.koid = koid);
    });
    broken("was not given out yet", |w| {
        w.root(|root| root.next_koid = 1025)
    });
}

#[test]
fn objects_that_are_none_or_of_another_type_are_found() {
    broken("magic number", |w| {
        w.edit(w.vmo, |h: &mut ObjectHeader| h.magic = 0)
    });
    broken("stands where a vmo must stand", |w| {
        let port = w.port;
        w.edit(w.clone, |vmo: &mut Vmo| vmo.source = Link::new(port.0));
    });
    broken("nothing leads to the port", |w| {
        w.guest.port().unwrap();
    });
    broken("objects were found in", |w| {
        w.root(|root| root.pool_frames += 1)
    });
    broken("it is not in the list where it belongs", |w| {
        let next = w.guest.get::<RootBlock>(w.guest.root()).unwrap().first_vmo;
        let next = w
            .guest
            .get::<Vmo>(GuestAddress(next.address()))
            .unwrap()
            .next;
        w.root(|root| root.first_vmo = next);
    });
}

#[test]
fn the_handle_table_agrees_with_itself() {
    broken("has the base", |w| w.slot(2, |slot| slot.base ^= 1));
    broken("stands wrongly in its list", |w| {
        w.slot(2, |slot| slot.previous ^= 1)
    });
    broken("stands wrongly in its list", |w| {
        let port = w.port;
        w.slot(2, |slot| slot.owner = Link::new(port.0));
    });
    broken("handles, but its list has", |w| {
        w.slot(2, |slot| slot.next = 0)
    });
    broken("handles, but the root block says", |w| {
        w.root(|root| root.handle_count += 1)
    });
    broken("handles, but its list has", |w| {
        w.edit(w.process, |process: &mut Process| process.handle_count -= 1);
    });
    broken("is in the list of free handles and is none", |w| {
        w.root(|root| root.free_handle = 1)
    });
    broken("handle slots are free, but their list has", |w| {
        w.root(|root| root.fresh_handle += 1);
        w.slot(12, |slot| slot.base = 12);
    });
    broken("there is no handle slot", |w| {
        w.root(|root| root.handle_chunks[0] = 0)
    });
    broken("the handle table has", |w| {
        w.root(|root| root.fresh_handle = u32::MAX)
    });
}

#[test]
fn processes_and_threads_are_in_their_lists() {
    broken("its link back leads elsewhere", |w| {
        let at = w.port;
        w.edit(w.process, |process: &mut Process| {
            process.previous = Link::new(at.0)
        });
    });
    broken("processes, but the root block says", |w| {
        w.root(|root| root.process_count = 3)
    });
    broken("it is dead, or another process's", |w| {
        w.edit(w.thread, |thread: &mut Thread| {
            thread.state = ThreadState::DEAD.0
        });
    });
    broken("it is dead and has threads, handles or memory", |w| {
        w.edit(w.process, |process: &mut Process| {
            process.state = ProcessState::DEAD.0
        });
    });
}

#[test]
fn who_waits_is_in_the_list_of_those_that_wait() {
    broken("threads wait, but", |w| {
        w.root(|root| root.first_waiting = Link::NONE)
    });
    broken("it does not wait", |w| {
        let at = w.thread;
        w.root(|root| root.first_waiting = Link::new(at.0));
    });
    broken("it does not wait, or not until then", |w| {
        let (first, second) = (w.thread, w.waiter);
        w.edit(first, |thread: &mut Thread| {
            thread.state = ThreadState::WAITING.0;
            thread.wait_kind = WaitKind::TIME.0;
            thread.deadline = 5;
        });
        w.edit(second, |thread: &mut Thread| {
            thread.next_in_queue = Link::new(first.0)
        });
    });
    broken("and for nothing in particular", |w| {
        w.edit(w.waiter, |thread: &mut Thread| thread.wait_kind = 0);
    });
    broken("holds on to what it waited for", |w| {
        w.edit(w.waiter, |thread: &mut Thread| {
            thread.state = ThreadState::INITIAL.0
        });
    });
    broken("threads want the vCPU", |w| {
        w.edit(w.guest.call_page(), |page: &mut CallPage| page.runnable = 2);
    });
}

#[test]
fn families_of_vmos_agree() {
    broken("children, but it has", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.child_count = 2)
    });
    broken("stands wrongly among the children", |w| {
        w.edit(w.slice, |vmo: &mut Vmo| vmo.parent = Link::NONE);
    });
    broken("VMOs have a parent, but", |w| {
        let parent = w.vmo;
        w.edit(w.snapshot, |vmo: &mut Vmo| vmo.parent = Link::new(parent.0));
    });
    broken("aliases and", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.alias_count = 0)
    });
    broken("aliases and", |w| {
        w.edit(w.paged, |vmo: &mut Vmo| vmo.clone_count += 1)
    });
    broken("stands wrongly among those with its source", |w| {
        let other = w.vmo;
        w.edit(w.clone, |vmo: &mut Vmo| vmo.source = Link::new(other.0));
    });
    broken("its depth is not one more", |w| {
        w.edit(w.clone, |vmo: &mut Vmo| vmo.depth = 2)
    });
    broken("it has a depth and no source", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.depth = 1)
    });
    broken("it has no bytes of its own and no source", |w| {
        w.edit(w.slice, |vmo: &mut Vmo| vmo.source = Link::NONE);
    });
    broken("more comes from its source", |w| {
        w.edit(w.clone, |vmo: &mut Vmo| vmo.source_limit = 9 * P);
    });
    broken("more comes from its source or its pager", |w| {
        w.edit(w.paged, |vmo: &mut Vmo| vmo.pager_limit = 9 * P);
    });
    broken("it counts as seen by nobody", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| {
            vmo.options |= VmoOptions::ORPHAN.bits()
        });
    });
    broken("its pages are discarded, and it has some", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| {
            vmo.options |= VmoOptions::DISCARDED.bits()
        });
    });
    broken("not all of its pages are there", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| {
            vmo.options |= VmoOptions::CONTIGUOUS.bits()
        });
    });
}

// covers: 8.2/8 8.2/9
#[test]
fn page_lists_hold_what_is_said_of_them() {
    broken("pages, but it has", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.page_count += 1)
    });
    broken("of its page list has", |w| {
        let table = w.guest.get::<Vmo>(w.vmo).unwrap().pages;
        w.guest
            .edit_frame(table, |entry| entry.extra_owners += 1)
            .unwrap();
    });
    broken("behind its end", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| vmo.size = P)
    });
    broken("which is no RAM", |w| {
        let vmo = w.vmo;
        w.page(vmo, 0, |entry| *entry = 1 << 40 | PRESENT | WRITABLE);
    });
    broken("its page list has the entry", |w| {
        let vmo = w.vmo;
        w.page(vmo, 0, |entry| *entry |= LARGE);
    });
    broken("is being written back to no pager", |w| {
        let vmo = w.vmo;
        w.page(vmo, 0, |entry| *entry |= AWAITING_CLEAN);
    });
    broken("it is contiguous, and its page at", |w| {
        w.edit(w.memory, |vmo: &mut Vmo| {
            vmo.options |= VmoOptions::CONTIGUOUS.bits()
        });
    });
    broken("not aligned as asked for", |w| {
        w.edit(w.vmo, |vmo: &mut Vmo| {
            (vmo.physical_base, vmo.alignment_log2) = (0x5000, 13);
        });
    });
    broken("its ring of relatives is open", |w| {
        let other = abi::Link::new(w.snapshot.0);
        w.edit(w.vmo, |vmo: &mut Vmo| vmo.next_relative = other);
    });
    broken("does not lead back to it", |w| {
        let other = abi::Link::new(w.snapshot.0);
        w.edit(w.vmo, |vmo: &mut Vmo| {
            (vmo.next_relative, vmo.previous_relative) = (other, other);
        });
    });
    broken("it has pages of its own and may have none", |w| {
        w.edit(w.slice, |vmo: &mut Vmo| vmo.pages = 0x20_0000);
    });
    broken("already", |w| {
        let pages = w.guest.get::<Vmo>(w.vmo).unwrap().pages;
        w.edit(w.snapshot, |vmo: &mut Vmo| vmo.pages = pages);
    });
}

#[test]
fn pagers_and_ports_agree() {
    broken("requests, but it has", |w| {
        w.edit(w.source, |source: &mut PageSource| source.request_count = 1);
    });
    broken("out of order or of no sense", |w| {
        w.edit(w.request, |request: &mut StandingRequest| {
            request.offset = 8 * P
        });
    });
    broken("out of order or of no sense", |w| {
        w.edit(w.request, |request: &mut StandingRequest| {
            request.length = 0
        });
    });
    broken("is in two lists", |w| {
        let (at, paged) = (w.request, w.guest.pager_vmo(P).unwrap());
        let source = w.guest.get::<Vmo>(paged).unwrap().page_source;
        w.edit(GuestAddress(source.address()), |source: &mut PageSource| {
            source.first_request = Link::new(at.0);
        });
    });
    broken("the list that starts there does not end", |w| {
        let at = w.request;
        w.edit(at, |request: &mut StandingRequest| {
            request.next = Link::new(at.0);
        });
    });
    broken("the VMO that it belongs to", |w| {
        let other = w.vmo;
        w.edit(w.source, |source: &mut PageSource| {
            source.vmo = Link::new(other.0)
        });
    });
    broken("page sources have a pager, but pagers have", |w| {
        w.edit(w.pager, |pager: &mut Pager| pager.first_source = Link::NONE);
    });
    broken("a pager that is not its own", |w| {
        w.edit(w.source, |source: &mut PageSource| {
            source.pager = Link::NONE
        });
    });
    broken("packets, but it has", |w| {
        w.edit(w.port, |port: &mut Port| port.packet_count = 2)
    });
    broken("is not the last of its packets", |w| {
        w.edit(w.port, |port: &mut Port| port.last_packet = Link::NONE);
    });
}

#[test]
fn at_the_end_nothing_may_be_left() {
    let world = World::new();
    let text = world.check(Moment::AllEnded).to_string();
    for says in [
        "handles are left at the end",
        "process 10",
        "is left at the end",
    ] {
        assert!(text.contains(says), "{text}");
    }
    // The process of the thread that ran last may, and so may the vDSO.
    let process = world.guest.get::<ObjectHeader>(world.process).unwrap().koid;
    assert!(!text.contains(&format!("process {process} ")), "{text}");
    let vdso = world.guest.get::<ObjectHeader>(world.vmo).unwrap().koid;
    assert!(!text.contains(&format!("vmo {vdso} ")), "{text}");
}

#[test]
fn of_many_findings_the_first_are_told_and_the_rest_counted() {
    let mut world = World::new();
    for _ in 0..30 {
        world.guest.frame().unwrap();
    }
    let findings = world.check(Moment::AtRest);
    assert_eq!(findings.told().len(), 20);
    assert!(findings.count() > 30);
    let more = findings.count() - 20;
    assert!(
        findings
            .to_string()
            .ends_with(&format!("and {more} more\n"))
    );
}

#[test]
fn whatever_stands_in_ram_the_check_comes_to_an_end() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new(Config::with_cases(200));
    let change = (0u64..0x40_0000 / 8, any::<u64>(), 0u32..4);
    let changes = prop::collection::vec(change, 1..40);
    runner
        .run(&changes, |changes| {
            let world = World::new();
            let next = world
                .guest
                .get::<RootBlock>(world.guest.root())
                .unwrap()
                .next_fresh;
            for (place, value, kind) in changes {
                // Most values lead somewhere into RAM, as links would.
                let value = match kind {
                    0 => value,
                    1 => (value % next) & !7,
                    2 => ((value % next) & !0xFFF) | 7,
                    _ => value % 64,
                };
                let at = GuestAddress(place * 8 % next);
                world.edit(at, |word: &mut u64| *word = value);
            }
            let ram = &**world.guest.ram();
            if let Ok(root) = RootView::read(ram, world.guest.root()) {
                let _ = check(ram, &root, Moment::AllEnded);
            }
            Ok(())
        })
        .unwrap();
}
