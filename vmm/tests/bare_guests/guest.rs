//! Kernels made by hand: an ELF file with a PVH note, a page of code, and a root block and
//! a call page as data.

use crate::Outcome;
use abi::call_page::{CallPage, KernelRequest};
use abi::layout::{KERNEL_LOAD_ADDRESS, PAGE_SIZE};
use abi::root::ROOT_MAGIC;
use abi::{ABI_VERSION, Link, RootBlock};
use libtest_mimic::Failed;
use std::time::{Duration, Instant};
use vmm::events::{Event, EventSink};
use vmm::machine::{End, Limits, Machine, MachineConfig, RunOutcome};
use zerocopy::{FromZeros, IntoBytes};

/// Where the parts of the image stand, in bytes from its start.
const ROOT: usize = 0x1000;
const CALL_PAGE: usize = 0x7000;
const TEXT: usize = 0x8000;
const IMAGE_SIZE: usize = 0x9000;
/// Where the image starts in the file: after the headers and the note.
const FILE_OFFSET: usize = 0x1000;

/// RAM of a bare guest: enough for the image and the tables that it never makes.
pub const RAM: u64 = 8 << 20;
/// Longer than any of these guests needs, shorter than a person's patience.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Guest-physical address of the text.
pub const TEXT_ADDRESS: u64 = KERNEL_LOAD_ADDRESS + TEXT as u64;

/// `out PORT_BOOT, al`: the first instruction.
pub const FIRST: [u8; 2] = [0xE6, 0xE5];
/// Announces the root block, makes a hypercall, and loops for ever.
pub const CALL_ONCE: [u8; 13] = [
    0xE6, 0xE5, // out PORT_BOOT, al
    0xB8, 0x01, 0x01, 0x00, 0x00, // mov eax, 0x101: the root block's page
    0xE7, 0xE5, // out PORT_BOOT, eax
    0xE6, 0xE4, // out PORT_CALL, al
    0xEB, 0xFE, // jmp to itself
];

/// A root block and a call page that are right, with a request in it.
pub fn call_page(op: u32, args: [u64; 8]) -> CallPage {
    CallPage {
        op,
        args,
        ..CallPage::new_zeroed()
    }
}

/// A request with up to three arguments.
pub fn request(what: KernelRequest, [a, b, c]: [u64; 3]) -> CallPage {
    call_page(what as u32, [a, b, c, 0, 0, 0, 0, 0])
}

/// A kernel with this code, this call page and this text.
pub fn kernel(code: &[u8], page: &CallPage, text: &[u8]) -> Vec<u8> {
    let load = KERNEL_LOAD_ADDRESS;
    let mut root = RootBlock::new_zeroed();
    root.magic = ROOT_MAGIC;
    root.version = ABI_VERSION;
    root.vcpu_count = 1;
    root.call_page = Link::new(load + CALL_PAGE as u64);

    let mut file = Vec::new();
    file.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    // Entry, program headers, section headers.
    file.extend([load, 64, 0].as_bytes());
    file.extend([0; 4]);
    file.extend([64u16, 56, 2, 64, 0, 0].as_bytes());
    let (start, size) = (FILE_OFFSET as u64, IMAGE_SIZE as u64);
    // PT_LOAD, readable, writable and executable; PT_NOTE.
    file.extend([1u32, 7].as_bytes());
    file.extend([start, load, load, size, size, PAGE_SIZE].as_bytes());
    file.extend([4u32, 4].as_bytes());
    file.extend([0x200u64, 0, 0, 20, 20, 4].as_bytes());
    file.resize(0x200, 0);
    // Name and descriptor of 4 bytes each, type 18; "Xen"; the entry.
    file.extend([4u32, 4, 18].as_bytes());
    file.extend(b"Xen\0");
    file.extend(u32::try_from(load).unwrap_or(0).to_le_bytes());
    for (at, part) in [
        (0, code),
        (ROOT, root.as_bytes()),
        (CALL_PAGE, page.as_bytes()),
        (TEXT, text),
    ] {
        file.resize(FILE_OFFSET + at, 0);
        file.extend(part);
    }
    file.resize(FILE_OFFSET + IMAGE_SIZE, 0);
    file
}

/// Remembers the console and the names of the events.
#[derive(Debug, Default)]
pub struct Seen {
    pub console: Vec<u8>,
    pub boots: usize,
    pub other: usize,
}

impl EventSink for Seen {
    fn wants_calls(&self) -> bool {
        true
    }

    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Console { text, .. } => self.console.extend_from_slice(text),
            Event::Boot { .. } => self.boots += 1,
            _ => self.other += 1,
        }
    }
}

/// A machine with this kernel and without programs.
pub fn machine(kernel: &[u8]) -> Result<Machine, Failed> {
    Ok(Machine::new(&MachineConfig {
        ram: RAM,
        kernel,
        programs: &[],
        command_line: "",
        trace_kernel_calls: true,
    })?)
}

/// Runs a kernel without programs.
pub fn run(kernel: &[u8], limit: Duration) -> Result<(RunOutcome, Seen), Failed> {
    let machine = machine(kernel)?;
    let mut seen = Seen::default();
    let limits = Limits {
        time: Some(limit),
        ..Limits::default()
    };
    let outcome = machine.run(&mut seen, limits)?;
    Ok((outcome, seen))
}

/// Checks that this code breaks the machine, and that the report says why.
pub fn breaks(code: &[u8], reason: &str) -> Outcome {
    let kernel = kernel(code, &CallPage::new_zeroed(), &[]);
    report_says(&run(&kernel, LIMIT)?.0.end, reason)
}

/// Checks that a machine broke for this reason, and that registers were read.
pub fn report_says(end: &End, reason: &str) -> Outcome {
    let End::Fault(report) = end else {
        return Err(format!("ended otherwise: {end:?}").into());
    };
    crate::check(report.reason.contains(reason), report)?;
    crate::check(report.to_string().contains(" cr3 "), report)
}

/// Checks that the time limit ends this code, and soon.
pub fn runs_into_the_limit(kernel: &[u8]) -> Outcome {
    let limit = Duration::from_millis(200);
    let start = Instant::now();
    let (outcome, _) = run(kernel, limit)?;
    let took = start.elapsed();
    crate::check(matches!(outcome.end, End::TimeLimit), &outcome)?;
    crate::check(
        took >= limit && took < limit + Duration::from_secs(5),
        &took,
    )
}

const _: () = assert!(ROOT + size_of::<RootBlock>() <= CALL_PAGE);
