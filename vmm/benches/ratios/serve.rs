//! The host's share of a served call, without KVM: the call page in, the answer out, all
//! pages present and scattered; next to memcpy.

use crate::compare::{Contest, Plan, Summary};
use crate::support::{Copier, SIZES, must};
use crate::world::{RAM, machine_ram, scattered_memory, scattered_vmo};
use abi::{Call, Rights, Status};
use criterion::Criterion;
use std::time::{Duration, Instant};
use vm_memory::GuestAddress;
use vmm::calls::{CallServer, Served};
use vmm::objects::mock::MockGuest;

const BUFFER: u64 = 0x4000_0000;
const TARGET: u64 = 0x5000_0000;
const ACTUAL: u64 = 0x6000_0000;

/// Nanoseconds' worth of memcpy in a byte, the other way round; with what a call itself
/// costs it makes turns about a millisecond long.
const BYTES_PER_NS: u64 = 20;
const CALL_NS: u64 = 200;

/// A call page with a call in it that is served over and over: one that is answered in
/// one exit leaves nothing behind in the page that the next would stumble over.
struct Server {
    server: CallServer,
    call: Call,
    bytes: u64,
}

impl Server {
    fn new(call: Call, bytes: u64) -> Self {
        let mut guest = must("a mock", MockGuest::new(RAM));
        let caller = must("a process", guest.process("caller"));
        let target = must("a process", guest.process("target"));
        let size = bytes.max(1);
        scattered_memory(&mut guest, caller, BUFFER, size);
        scattered_memory(&mut guest, caller, ACTUAL, 8);
        scattered_memory(&mut guest, target, TARGET, size);
        let vmo = scattered_vmo(&mut guest, "vmo", size);
        let mut handle = |object: GuestAddress, rights: Rights| {
            u64::from(must("a handle", guest.handle(caller, object, rights)))
        };
        let arguments = match call {
            Call::VmoRead | Call::VmoWrite => {
                [handle(vmo, Rights::DEFAULT_VMO), BUFFER, 0, bytes, 0]
            }
            _ => {
                let process = handle(target, Rights::DEFAULT_PROCESS);
                [process, TARGET, BUFFER, bytes, ACTUAL]
            }
        };
        must("a call page", guest.begin(caller, call, &arguments));
        let server = CallServer::new(machine_ram(&guest), guest.root());
        Self {
            server: must("a server", server),
            call,
            bytes,
        }
    }

    fn time(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            match must("a call", self.server.serve()) {
                Served::Done(done)
                    if done.call == self.call
                        && done.status == Status::OK
                        && done.bytes == self.bytes => {}
                other => must("a call", Err(format!("it came to {other:?}"))),
            }
        }
        start.elapsed()
    }
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let plan = |subject: String, reference: String, bytes: u64| Plan {
        group: "serve",
        subject,
        reference,
        turn: 1_000_000 / (CALL_NS + bytes / BYTES_PER_NS),
        units: 1,
    };
    let null = plan("null".to_owned(), "memcpy 64 B".to_owned(), 64);
    summary.compare(criterion, null, || {
        let mut server = Server::new(Call::Null, 0);
        let mut copier = Copier::new(64);
        Contest::new(move |n| server.time(n), move |n| copier.time(n))
    });
    for (call, name) in [
        (Call::VmoRead, "vmo_read"),
        (Call::VmoWrite, "vmo_write"),
        (Call::ProcessReadMemory, "process_read"),
        (Call::ProcessWriteMemory, "process_write"),
    ] {
        for (bytes, size) in SIZES {
            let plan = plan(format!("{name} {size}"), format!("memcpy {size}"), bytes);
            summary.compare(criterion, plan, || {
                let mut server = Server::new(call, bytes);
                let mut copier = Copier::new(bytes);
                Contest::new(move |n| server.time(n), move |n| copier.time(n))
            });
        }
    }
}
