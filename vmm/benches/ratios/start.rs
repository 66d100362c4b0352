//! Start: from nothing to the guest's first instruction, next to a bare machine with the
//! same RAM; the whole process `vmm run hello`; and a test of one program. Only the last is
//! timed to its end.

use crate::bare::BareVm;
use crate::compare::{Contest, Plan, Summary};
use crate::support::{check, must};
use criterion::Criterion;
use std::process::Command;
use std::time::{Duration, Instant};
use vmm::boot::{KERNEL, Program, builtin_program};
use vmm::machine::{Machine, MachineConfig};
use vmm::testing::{self, Filter, Item, KvmMachines, Notice, Options, Pool};

/// The sizes of RAM that are measured.
const SIZES: [(u64, &str); 2] = [(64 << 20, "64 MiB"), (1 << 30, "1 GiB")];

/// Adds up how long `make` takes; what it makes goes outside of the time.
fn time_making<T>(count: u64, mut make: impl FnMut() -> T) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let start = Instant::now();
        let made = make();
        total += start.elapsed();
        drop(made);
    }
    total
}

fn bare(ram: u64) -> impl FnMut(u64) -> Duration {
    move |count| {
        time_making(count, || {
            let mut bare = BareVm::ring_0(ram);
            bare.exit();
            bare
        })
    }
}

fn machine(ram: u64, programs: &[Program]) -> Machine {
    let machine = Machine::new(&MachineConfig {
        ram,
        kernel: KERNEL,
        programs,
        command_line: "",
        trace_kernel_calls: false,
    });
    let mut machine = must("a machine", machine);
    let end = must("KVM", machine.run_to_first_instruction());
    check(end.is_none(), "the machine comes to its first instruction");
    machine
}

/// A process of `vmm`, with what it must print.
fn process(arguments: &'static [&str], printed: &'static str) -> impl FnMut(u64) -> Duration {
    move |count| {
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let mut command = Command::new(env!("CARGO_BIN_EXE_vmm"));
            let start = Instant::now();
            let output = command.args(arguments).output();
            total += start.elapsed();
            let output = must("vmm", output);
            let right = output.status.success() && output.stdout.starts_with(printed.as_bytes());
            check(right, "vmm does what it is told");
        }
        total
    }
}

/// A bare machine from nothing to its first exit and its end.
fn bare_whole(ram: u64) -> impl FnMut(u64) -> Duration {
    move |count| {
        let start = Instant::now();
        for _ in 0..count {
            BareVm::ring_0(ram).exit();
        }
        start.elapsed()
    }
}

/// Tests of the built-in `hello`, one after the other, as `vmm test` runs them.
fn tests() -> impl FnMut(u64) -> Duration {
    let options = Options {
        calls: 16,
        ..Options::default()
    };
    let suite = must("the test", testing::discover(&["hello".into()]));
    let items: Vec<Item> = testing::plan(suite.tests, &Filter::default(), None, 1, |_| Vec::new());
    move |count| {
        let pool = Pool {
            machines: &KvmMachines,
            options: &options,
            jobs: 1,
            live: false,
        };
        let start = Instant::now();
        for _ in 0..count {
            pool.run(&items, |notice| {
                if let Notice::Finished(_, result) = notice {
                    check(result.is_well(), "the test passes");
                }
            });
        }
        start.elapsed()
    }
}

/// Runs the comparisons.
pub fn run(criterion: &mut Criterion, summary: &mut Summary) {
    let plan = |subject: String, reference: String| Plan {
        group: "start",
        subject,
        reference,
        // Each start is compared with the one next to it.
        turn: 1,
        units: 1,
    };
    let elf = must("hello", builtin_program("hello").ok_or("missing"));
    let hello = [Program {
        name: "hello".to_owned(),
        elf: elf.to_vec(),
        args: Vec::new(),
        env: Vec::new(),
    }];
    for (ram, size) in SIZES {
        let names = plan(
            format!("first instruction, {size}"),
            format!("bare VM, {size}"),
        );
        summary.compare(criterion, names, || {
            let start = |count| time_making(count, || machine(ram, &hello));
            Contest::new(start, bare(ram))
        });
    }
    let names = plan(
        "test of hello, to its end".to_owned(),
        "bare VM, 64 MiB, to its end".to_owned(),
    );
    summary.compare(criterion, names, || {
        Contest::new(tests(), bare_whole(64 << 20))
    });
    let names = plan(
        "process vmm run hello".to_owned(),
        "bare VM, 64 MiB".to_owned(),
    );
    summary.compare(criterion, names, || {
        Contest::new(process(&["run", "hello"], "hello from"), bare(64 << 20))
    });
    let names = plan(
        "process vmm run hello".to_owned(),
        "process vmm --version".to_owned(),
    );
    summary.compare(criterion, names, || {
        let other = process(&["--version"], "vmm ");
        Contest::new(process(&["run", "hello"], "hello from"), other)
    });
}
