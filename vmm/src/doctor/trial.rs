//! The proof: a guest that runs.

use crate::boot::{KERNEL, Program, builtin_program};
use crate::events::{Event, EventSink};
use crate::machine::{End, Limits, Machine, MachineConfig, MachineError, RunOutcome};
use serde::Serialize;
use std::time::{Duration, Instant};

/// RAM of the guest, in bytes.
const RAM: u64 = 16 << 20;
/// Longer than the slowest backend takes.
const LIMIT: Duration = Duration::from_secs(20);
/// The program that the guest runs.
const PROGRAM: &str = "hello";

/// What came of running a guest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// The built-in program `hello` ran to its end and said what it should.
    pub works: bool,
    /// Why it did not.
    pub problem: Option<String>,
    /// From the start of the machine's making to its first instruction, in microseconds.
    pub first_instruction_us: u64,
    /// All of it, in microseconds.
    pub total_us: u64,
    /// Exits of the vCPU.
    pub exits: u64,
}

impl Trial {
    /// Runs the guest.
    #[must_use]
    pub fn run() -> Self {
        let start = Instant::now();
        let mut console = Console::default();
        let outcome = hello(&mut console);
        let total_us = microseconds(start.elapsed());
        let (first_instruction_us, exits) = outcome.as_ref().map_or((0, 0), |outcome| {
            let stats = &outcome.stats;
            (microseconds(stats.first_instruction), stats.exits())
        });
        let problem = problem(outcome, &console.0);
        Self {
            works: problem.is_none(),
            problem,
            first_instruction_us,
            total_us,
            exits,
        }
    }
}

/// The guest's console.
#[derive(Debug, Default)]
struct Console(Vec<u8>);

impl EventSink for Console {
    fn take(&mut self, event: &Event<'_>) {
        if let Event::Console { text, .. } = event {
            self.0.extend_from_slice(text);
        }
    }
}

fn hello(console: &mut Console) -> Result<RunOutcome, MachineError> {
    let program = Program {
        name: PROGRAM.to_owned(),
        elf: builtin_program(PROGRAM).unwrap_or_default().to_vec(),
        args: Vec::new(),
        env: Vec::new(),
    };
    let machine = Machine::new(&MachineConfig {
        ram: RAM,
        kernel: KERNEL,
        programs: &[program],
        command_line: "",
        trace_kernel_calls: false,
    })?;
    let limits = Limits {
        time: Some(LIMIT),
        ..Limits::default()
    };
    machine.run(console, limits)
}

fn problem(outcome: Result<RunOutcome, MachineError>, console: &[u8]) -> Option<String> {
    match outcome.map(|outcome| outcome.end) {
        Ok(End::Ended { first: 0 }) if console.starts_with(b"hello") => None,
        Ok(End::Ended { first }) => Some(format!("the guest ended with code {first}, unheard")),
        Ok(End::Fault(report)) => Some(report.to_string()),
        Ok(End::TimeLimit) => Some(format!("the guest was still running after {LIMIT:?}")),
        Ok(other) => Some(format!("the guest ended otherwise: {other:?}")),
        Err(error) => Some(error.to_string()),
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
