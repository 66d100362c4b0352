//! Translation: page tables and page lists over scattered pages, next to a plain walk
//! through `vm-memory`'s `read_obj` that checks nothing but presence.

use crate::compare::{Contest, Plan, Summary};
use crate::support::{check, must};
use crate::world::{RAM, machine_ram, scattered_memory};
use abi::entry::{ADDRESS_MASK, PRESENT};
use abi::layout::PAGE_SIZE;
use criterion::Criterion;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};
use vmm::memory::{GuestRam, GuestVirtAddr, PhysicalMemory, VmoOffset};
use vmm::objects::mock::MockGuest;
use vmm::objects::{ProcessView, VmoView};
use vmm::translate::{Access, AddressSpace, PageCursor, PageSlot, translate};

/// User memory: 16384 pages at this address.
const MEMORY: u64 = 0x4000_0000;
const LENGTH: u64 = 64 << 20;
/// Addresses in one pass.
const PASS: u32 = 4096;
/// Pages that the hot set has.
const HOT: u64 = 64;
/// The range that is translated in one go, in bytes and in pages.
const RANGE: u64 = 1 << 20;
const RANGE_PAGES: u32 = 256;

/// A process with scattered memory.
struct Space {
    ram: Arc<GuestRam>,
    space: AddressSpace,
    vmo: VmoView,
}

impl Space {
    fn new() -> Self {
        let mut guest = must("a mock", MockGuest::new(RAM));
        let process = must("a process", guest.process("program"));
        let vmo = scattered_memory(&mut guest, process, MEMORY, LENGTH);
        let ram = machine_ram(&guest);
        let view = must("the process", ProcessView::read(&*ram, process));
        let space = must("page tables", view.address_space().ok_or("missing"));
        let vmo = must("the VMO", VmoView::read(&*ram, vmo));
        Self { ram, space, vmo }
    }

    /// Addresses in random order, in the first `pages` pages.
    fn addresses(pages: u64) -> Vec<u64> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            MEMORY + (state >> 33) % (pages * PAGE_SIZE)
        };
        (0..PASS).map(|_| next()).collect()
    }

    fn translate(&self, address: u64) -> u64 {
        let address = GuestVirtAddr(address);
        match translate(&*self.ram, self.space, address, Access::Write) {
            Ok(run) => run.start.0,
            Err(fault) => must("a translation", Err(fault)),
        }
    }

    fn naive(&self, address: u64) -> u64 {
        must(
            "a walk",
            naive(self.ram.guest_memory(), self.space, address).ok_or("a hole"),
        )
    }

    /// The sum of what a range translates to, by a cursor.
    fn range_sum(&self) -> u64 {
        let mut cursor = PageCursor::new(&*self.ram, self.space, Access::Write);
        let mut sum = 0u64;
        let mut done = 0;
        while done < RANGE {
            let run = cursor.run(GuestVirtAddr(MEMORY + done), RANGE - done);
            let run = must("a range", run);
            sum = sum.wrapping_add(run.start.0);
            done += run.length;
        }
        sum
    }

    /// The same of the VMO behind it, by its page list.
    fn list_sum(&self) -> u64 {
        let mut cursor = self.vmo.pages(&*self.ram);
        let mut sum = 0u64;
        let mut done = 0;
        while done < RANGE {
            let run = must("a page list", cursor.run(VmoOffset(done), RANGE - done));
            if let PageSlot::Present { start, .. } = run.slot {
                sum = sum.wrapping_add(start.0);
            }
            done += run.length;
        }
        sum
    }

    fn naive_range_sum(&self) -> u64 {
        let pages = (MEMORY..MEMORY + RANGE).step_by(4096);
        pages.fold(0, |sum, page| sum.wrapping_add(self.naive(page)))
    }
}

/// A walk as one would write it first.
fn naive(memory: &GuestMemoryMmap, space: AddressSpace, address: u64) -> Option<u64> {
    let mut table = space.root().0;
    for shift in [39, 30, 21, 12] {
        let index = address >> shift & 511;
        let entry: u64 = memory.read_obj(GuestAddress(table + index * 8)).ok()?;
        if entry & PRESENT == 0 {
            return None;
        }
        table = entry & ADDRESS_MASK;
    }
    Some(table + address % PAGE_SIZE)
}

/// Times `pass`, which must come to the same sum each time.
fn passes<'a>(expected: u64, pass: impl Fn() -> u64 + 'a) -> impl FnMut(u64) -> Duration + 'a {
    move |count| {
        let start = Instant::now();
        for _ in 0..count {
            check(black_box(pass()) == expected, "every pass has the same sum");
        }
        start.elapsed()
    }
}

fn sum(addresses: &[u64], one: impl Fn(u64) -> u64) -> u64 {
    let mut sum = 0u64;
    for address in addresses {
        sum = sum.wrapping_add(one(black_box(*address)));
    }
    sum
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let space = Space::new();
    let plan = |subject: &str, reference: &str, units| Plan {
        group: "translate",
        subject: subject.to_owned(),
        reference: reference.to_owned(),
        turn: u64::from((PASS / units) * 4),
        units,
    };
    for (pages, name) in [(LENGTH / PAGE_SIZE, "random"), (HOT, "64 hot pages")] {
        let plan = plan(&format!("translate, {name}"), "read_obj walk", PASS);
        summary.compare(criterion, plan, || {
            let (space, addresses) = (&space, Space::addresses(pages));
            let others = addresses.clone();
            let expected = sum(&addresses, |address| space.naive(address));
            let subject = passes(expected, move || {
                sum(&addresses, |address| space.translate(address))
            });
            let reference = passes(expected, move || {
                sum(&others, |address| space.naive(address))
            });
            Contest::new(subject, reference)
        });
    }
    let expected = space.naive_range_sum();
    let reference = || passes(expected, || space.naive_range_sum());
    let name = "range of 1 MiB, a page";
    summary.compare(criterion, plan(name, "read_obj walk", RANGE_PAGES), || {
        let subject = passes(expected, || space.range_sum());
        Contest::new(subject, reference())
    });
    let name = "page list of 1 MiB, a page";
    summary.compare(criterion, plan(name, "read_obj walk", RANGE_PAGES), || {
        let subject = passes(expected, || space.list_sum());
        Contest::new(subject, reference())
    });
    words(
        criterion,
        summary,
        plan("read_u64", "read_obj::<u64>", PASS),
        &space,
    );
}

/// Single words of guest memory.
fn words(criterion: &mut Criterion, summary: &mut Summary, plan: Plan, space: &Space) {
    summary.compare(criterion, plan, || {
        let ram = &*space.ram;
        let places: Vec<u64> = (0..u64::from(PASS))
            .map(|word| MEMORY / 16 + word * 8)
            .collect();
        let others = places.clone();
        let subject = passes(0, move || {
            sum(&places, |at| must("a word", ram.read_u64(GuestAddress(at))))
        });
        let reference = passes(0, move || {
            sum(&others, |at| {
                must("a word", ram.guest_memory().read_obj(GuestAddress(at)))
            })
        });
        Contest::new(subject, reference)
    });
}
