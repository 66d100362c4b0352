//! Searching and reading a guest's memory from outside, next to the same over flat memory of
//! the host.

use crate::compare::{Contest, Plan, Summary};
use crate::support::{Copier, SIZES, check, host_size, must};
use crate::world::scattered_memory;
use criterion::Criterion;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vm_memory::GuestAddress;
use vmm::inspect::{
    InspectedRam, Inspector, Pattern, RamPiece, Search, SpaceSelector, Survey, read_virtual,
};
use vmm::memory::{BulkMemory, GuestVirtAddr, PhysicalMemory};
use vmm::objects::mock::MockGuest;
use vmm::translate::AddressSpace;

/// Bytes of RAM.
const RAM: u64 = 128 << 20;
/// What a process has of it, in shuffled frames.
const LENGTH: u64 = 64 << 20;
const MEMORY: u64 = 0x4000_0000;
/// It is nowhere, so that all of it is searched; its first bytes are common.
const NEEDLE: &[u8] = b"the needle that is in no haystack";

/// A guest, and its RAM as an inspector has it: mapped from a file.
struct World {
    ram: InspectedRam,
    survey: Survey,
    space: AddressSpace,
    /// The same bytes as RAM has, in the host's own memory.
    flat: Vec<u8>,
    /// The same bytes as the process has.
    program: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut guest = must("a mock", MockGuest::new(RAM));
        let process = must("a process", guest.process("program"));
        let vmo = scattered_memory(&mut guest, process, MEMORY, LENGTH);
        fill(&mut guest, vmo);
        let mut flat = vec![0; host_size(RAM)];
        must("RAM", guest.ram().read_bytes(GuestAddress(0), &mut flat));
        let mut file = must(
            "a memory file",
            rustix::fs::memfd_create(c"bench", rustix::fs::MemfdFlags::CLOEXEC).map(File::from),
        );
        must("a memory file", file.write_all(&flat));
        let piece = RamPiece {
            base: GuestAddress(0),
            length: RAM,
            file_offset: 0,
        };
        let ram = InspectedRam::map(Path::new("bench"), Arc::new(file), &[piece]);
        let mut inspector = Inspector::mock(&guest);
        let (survey, _) = must("a survey", inspector.survey());
        let space = survey.processes.first();
        let space = space.and_then(|process| process.view.address_space());
        let (ram, space) = (
            must("RAM", ram),
            must("page tables", space.ok_or("missing")),
        );
        let mut program = vec![0; host_size(LENGTH)];
        let (done, _) = read_virtual(&ram, space, GuestVirtAddr(MEMORY), &mut program);
        check(done == program.len(), "all is read");
        Self {
            ram,
            survey,
            space,
            flat,
            program,
        }
    }

    fn search(&self, space: &str) -> u64 {
        let search = Search {
            pattern: must("a pattern", Pattern::bytes(NEEDLE)),
            space: must("a space", space.parse::<SpaceSelector>()),
            range: None,
            limit: 1,
        };
        let found = must(
            "a search",
            search.run(&self.ram, Some(&self.survey), &mut |_| {}),
        );
        check(found.matches.is_empty(), "nothing is found");
        found.searched
    }
}

/// Fills a VMO with words that have the needle's letters.
fn fill(guest: &mut MockGuest, vmo: GuestAddress) {
    const WORDS: [&[u8; 8]; 8] = [
        b"the need",
        b"les are ",
        b"in hayst",
        b"acks, th",
        b"ey say. ",
        b"\0\0\0\0\0\0\0\0",
        b"\x7fELF\x02\x01\x01\0",
        b"that is ",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut page = [0; 4096];
    for offset in (0..LENGTH).step_by(4096) {
        for word in page.chunks_exact_mut(8) {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            let index = host_size(state >> 61);
            word.copy_from_slice(WORDS.get(index).copied().unwrap_or(b"nothing "));
        }
        let entry = must("a page list", guest.vmo_entry(vmo, offset));
        let entry: u64 = must("a page list", guest.get(entry));
        let frame = GuestAddress(entry & abi::entry::ADDRESS_MASK);
        must("RAM", guest.ram().write_bytes(frame, &page));
    }
}

/// memmem of the C library.
fn libc_memmem(haystack: &[u8]) -> bool {
    // SAFETY: both pointers come with the lengths of what they point to, which is only read.
    let found = unsafe {
        libc::memmem(
            haystack.as_ptr().cast(),
            haystack.len(),
            NEEDLE.as_ptr().cast(),
            NEEDLE.len(),
        )
    };
    !found.is_null()
}

fn timed(mut work: impl FnMut()) -> impl FnMut(u64) -> Duration {
    move |count| {
        let start = Instant::now();
        for _ in 0..count {
            work();
        }
        start.elapsed()
    }
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let world = World::new();
    let world = &world;
    let plan = |subject: String, reference: &str, turn| Plan {
        group: "search",
        subject,
        reference: reference.to_owned(),
        turn,
        units: 1,
    };
    for (space, flat, name) in [
        ("phys", &world.flat, "128 MiB of RAM"),
        ("program", &world.program, "64 MiB of a process"),
    ] {
        let least = flat.len() as u64;
        let subject = move || {
            timed(move || check(black_box(world.search(space)) == least, "all is searched"))
        };
        summary.compare(
            criterion,
            plan(name.to_owned(), "memchr's memmem", 1),
            || {
                let finder = memchr::memmem::Finder::new(NEEDLE);
                let reference = timed(move || {
                    check(finder.find(black_box(flat)).is_none(), "nothing is found");
                });
                Contest::new(subject(), reference)
            },
        );
        summary.compare(criterion, plan(name.to_owned(), "libc's memmem", 1), || {
            let reference = timed(move || check(!libc_memmem(black_box(flat)), "nothing is found"));
            Contest::new(subject(), reference)
        });
    }
    for (size, name) in SIZES {
        let turn = (1 << 20) / size * 8;
        let reference = format!("memcpy {name}");
        let name = format!("read virtual {name}");
        summary.compare(criterion, plan(name, &reference, turn), || {
            let mut into = vec![0; host_size(size)];
            let subject = timed(move || {
                let at = GuestVirtAddr(MEMORY);
                let (done, _) = read_virtual(&world.ram, world.space, at, black_box(&mut into));
                check(done == into.len(), "all is read");
            });
            let mut copier = Copier::new(size);
            Contest::new(subject, move |count| copier.time(count))
        });
    }
}
