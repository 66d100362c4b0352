//! Served calls of a program in a whole machine, from `syscall` to the instruction after
//! it: next to the null call (the same exit with nothing to do) and the host's memcpy.

use crate::compare::{Contest, Plan, Summary};
use crate::support::{Copier, SIZES, check, must};
use abi::{Call, Status};
use criterion::Criterion;
use std::time::{Duration, Instant};
use vmm::boot::{KERNEL, Program, builtin_program};
use vmm::events::NoEvents;
use vmm::machine::{Machine, MachineConfig, Step};

/// RAM of the machines, in bytes.
const RAM: u64 = 64 << 20;
/// Calls in a row that a program makes before it is measured.
const WARM_UP: u64 = 10;

/// The calls, by the names that `bench-calls` knows.
const CALLS: [(Call, &str); 4] = [
    (Call::VmoRead, "vmo_read"),
    (Call::VmoWrite, "vmo_write"),
    (Call::ProcessReadMemory, "process_read"),
    (Call::ProcessWriteMemory, "process_write"),
];

/// A machine whose program makes the same call over and over.
pub struct Caller {
    machine: Machine,
    call: Call,
    bytes: u64,
}

impl Caller {
    /// The null call.
    pub fn null() -> Self {
        Self::new(Call::Null, "null", 0)
    }

    fn new(call: Call, name: &str, bytes: u64) -> Self {
        let elf = must(
            "bench-calls",
            builtin_program("bench-calls").ok_or("missing"),
        );
        let program = Program {
            name: "bench-calls".to_owned(),
            elf: elf.to_vec(),
            args: vec![name.to_owned(), bytes.to_string()],
            env: Vec::new(),
        };
        let machine = Machine::new(&MachineConfig {
            ram: RAM,
            kernel: KERNEL,
            programs: &[program],
            command_line: "kernel.enable-debugging-syscalls=true",
            trace_kernel_calls: false,
        });
        let machine = must("a machine", machine);
        let mut caller = Self {
            machine,
            call,
            bytes,
        };
        // What the program does before it gets to its calls is over when so many are right.
        let mut right = 0;
        while right < WARM_UP {
            right = if caller.step() { right + 1 } else { 0 };
        }
        caller
    }

    /// Runs until a call is answered; says whether it is one of those to be measured.
    fn step(&mut self) -> bool {
        match must("KVM", self.machine.step(&mut NoEvents)) {
            Step::Call(done) => {
                done.call == self.call && done.status == Status::OK && done.bytes == self.bytes
            }
            Step::End(end) => must("bench-calls", Err(format!("it came to {end:?}"))),
        }
    }

    /// Times so many calls; each must be answered, and as it should be.
    pub fn time(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            check(self.step(), "every call is answered with all its bytes");
        }
        start.elapsed()
    }

    /// Times so many calls with a copy of the host's after each: what comes out of a
    /// machine finds the host's caches and TLB as the exit has left them, and so must
    /// memcpy.
    fn time_with(&mut self, count: u64, copier: &mut Copier) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            check(self.step(), "every call is answered");
            copier.copy();
        }
        start.elapsed()
    }
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    for (call, name) in CALLS {
        for (bytes, size) in SIZES {
            let plan = Plan {
                group: "calls",
                subject: format!("{name} {size}"),
                reference: format!("null call + memcpy {size}"),
                turn: 20,
                units: 1,
            };
            summary.compare(criterion, plan, || {
                let mut caller = Caller::new(call, name, bytes);
                let (mut null, mut copier) = (Caller::null(), Copier::new(bytes));
                let reference = move |count| null.time_with(count, &mut copier);
                Contest::new(move |count| caller.time(count), reference)
            });
        }
    }
}
