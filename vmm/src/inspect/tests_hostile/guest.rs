//! A guest that has something of everything, and the means to break it.

use crate::inspect::{DescriptorTable, Inspector, MachineState, Place, VcpuState};
use crate::memory::{BulkMemory, PhysicalMemory};
use crate::objects::mock::MockGuest;
use abi::layout::PAGE_SIZE;
use abi::objects::{
    ObjectType, Permissions, Process, ProcessState, Thread, ThreadState, Vmo, VmoKind, VmoOptions,
    WaitKind,
};
use abi::{Link, Rights, RootBlock};
use vm_memory::GuestAddress;

pub(super) const SIZE: u64 = 1 << 20;
pub(super) const BASE: u64 = 0x200_0000;

/// The guest, and where its parts stand.
pub(super) struct Rich {
    pub(super) guest: MockGuest,
    pub(super) process: GuestAddress,
    pub(super) thread: GuestAddress,
    /// A plain VMO with pages.
    pub(super) data: GuestAddress,
    /// A clone of a clone of it.
    pub(super) grandchild: GuestAddress,
    /// Shares a page with [`Rich::data`], and stands in a ring with it.
    pub(super) twin: GuestAddress,
    pub(super) port: GuestAddress,
    pub(super) page_source: GuestAddress,
    pub(super) root_vmar: GuestAddress,
    pub(super) mapping: GuestAddress,
}

impl Rich {
    pub(super) fn new() -> Self {
        Self::with_ram(SIZE)
    }

    pub(super) fn with_ram(size: u64) -> Self {
        let mut guest = MockGuest::new(size).unwrap();
        let all = Permissions::READ | Permissions::WRITE;
        let job = guest.plain(ObjectType::JOB).unwrap();
        let root = guest.root();
        guest
            .edit(root, |root: &mut RootBlock| root.job = Link::new(job.0))
            .unwrap();
        let process = guest.process("first").unwrap();
        let thread = guest.thread(process, "main").unwrap();
        let waiter = guest.thread(process, "waiter").unwrap();
        let data = guest.user_memory(process, BASE, 4 * PAGE_SIZE).unwrap();
        let root_vmar = guest.get::<Process>(process).unwrap().root_vmar.address();
        let root_vmar = GuestAddress(root_vmar);
        let inner = guest
            .vmar(root_vmar, BASE + 0x10_0000..BASE + 0x20_0000)
            .unwrap();
        let slice = guest.slice(data, PAGE_SIZE..3 * PAGE_SIZE).unwrap();
        let reference = guest.reference(data).unwrap();
        let at = BASE + 0x10_0000;
        let mapping = guest
            .map_in(inner, at, 4 * PAGE_SIZE, (reference, 0), all)
            .unwrap();
        guest
            .join(mapping, at + 2 * PAGE_SIZE, Permissions::READ)
            .unwrap();
        let child = guest
            .look_through(data, 0, 4 * PAGE_SIZE, 4 * PAGE_SIZE)
            .unwrap();
        let grandchild = guest
            .look_through(child, PAGE_SIZE, 2 * PAGE_SIZE, 2 * PAGE_SIZE)
            .unwrap();
        guest.write_vmo(grandchild, 0, b"of its own").unwrap();
        let twin = guest.vmo("twin", 4 * PAGE_SIZE).unwrap();
        guest.share(data, 0, twin).unwrap();
        for (one, other) in [(data, twin), (twin, data)] {
            guest
                .edit(one, |vmo: &mut Vmo| {
                    vmo.next_relative = Link::new(other.0);
                    vmo.previous_relative = Link::new(other.0);
                })
                .unwrap();
        }
        let paged = guest.pager_vmo(8 * PAGE_SIZE).unwrap();
        let (pager, port) = (guest.pager().unwrap(), guest.port().unwrap());
        let page_source = guest.connect(paged, pager, port).unwrap();
        guest.supply(paged, 0).unwrap();
        guest.request(page_source, PAGE_SIZE, PAGE_SIZE).unwrap();
        guest.packet(port).unwrap();
        let device = guest.vmo("device", 2 * PAGE_SIZE).unwrap();
        guest
            .edit(device, |vmo: &mut Vmo| {
                vmo.kind = VmoKind::PHYSICAL.0;
                vmo.physical_base = 0x3000;
            })
            .unwrap();
        let tall = guest.vmo("tall", 8 << 30).unwrap();
        guest.commit(tall, 4 << 30, PAGE_SIZE).unwrap();
        guest
            .map(process, BASE + 0x40_0000, 4 * PAGE_SIZE, (paged, 0), all)
            .unwrap();
        guest
            .map(
                process,
                BASE + 0x50_0000,
                2 * PAGE_SIZE,
                (grandchild, 0),
                all,
            )
            .unwrap();
        guest.skip_frames(3).unwrap();
        for object in [
            process, thread, data, slice, twin, pager, port, inner, job, device, tall,
        ] {
            guest.handle(process, object, Rights::READ).unwrap();
        }
        guest
            .edit(waiter, |thread: &mut Thread| {
                thread.state = ThreadState::WAITING.0;
                thread.wait_kind = WaitKind::PORT.0;
                thread.held = Link::new(port.0);
            })
            .unwrap();
        let stack = BASE + 4 * PAGE_SIZE - 64;
        guest
            .edit(thread, |thread: &mut Thread| {
                thread.registers.rip = BASE + 0x123;
                thread.registers.rsp = stack;
                thread.registers.rbp = stack;
            })
            .unwrap();
        for (at, word) in [(stack, stack + 16), (stack + 8, BASE + 0x200)] {
            guest.write_user(process, at, &word.to_le_bytes()).unwrap();
        }
        let dead = guest.process("dead").unwrap();
        guest
            .edit(dead, |process: &mut Process| {
                process.state = ProcessState::DEAD.0;
            })
            .unwrap();
        let orphan = guest.vmo("orphan", PAGE_SIZE).unwrap();
        guest
            .edit(orphan, |vmo: &mut Vmo| {
                vmo.options |= VmoOptions::ORPHAN.bits();
            })
            .unwrap();
        guest.begin(process, abi::Call::VmoRead, &[]).unwrap();
        let current = guest.call_page();
        guest
            .edit(current, |page: &mut abi::CallPage| {
                page.thread = Link::new(thread.0);
            })
            .unwrap();
        Self {
            guest,
            process,
            thread,
            data,
            grandchild,
            twin,
            port,
            page_source,
            root_vmar,
            mapping,
        }
    }

    /// An inspector that knows a vCPU, in the first process's program.
    pub(super) fn inspector(&self) -> Inspector {
        let process: Process = self.guest.get(self.process).unwrap();
        let vcpu = VcpuState {
            place: Place::Program,
            cr3: process.page_table.into(),
            idt: DescriptorTable::default(),
            ..VcpuState::default()
        };
        let machine = MachineState {
            root: self.guest.root().0.into(),
            ram: SIZE,
            vcpus: vec![vcpu],
            ..MachineState::default()
        };
        Inspector::mock_machine(&self.guest, machine)
    }

    pub(super) fn word(&self, at: u64) -> u64 {
        self.guest.ram().read_u64(GuestAddress(at)).unwrap()
    }

    pub(super) fn set(&self, at: u64, word: u64) {
        let at = GuestAddress(at);
        self.guest
            .ram()
            .write_bytes(at, &word.to_le_bytes())
            .unwrap();
    }

    /// Where the first frame stands that is not given out.
    pub(super) fn end(&self) -> u64 {
        self.guest
            .get::<RootBlock>(self.guest.root())
            .unwrap()
            .next_fresh
    }
}

#[test]
fn the_guest_that_is_broken_here_is_sound() {
    let rich = Rich::new();
    let seen = super::looks::at_everything(&rich);
    assert_eq!(seen.refused, Vec::<String>::new());
    let pager = "12288 bytes are still with their pager";
    assert!(
        seen.problems.iter().all(|told| told.contains(pager)),
        "{:?}",
        seen.problems
    );
}
