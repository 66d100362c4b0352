//! Where tests run: virtual machines, or whatever stands in for them in tests of our own.

use super::observer::Observer;
use crate::boot::{KERNEL, Program};
use crate::machine::{End, Limits, Machine, MachineConfig, Until};

/// What a machine is to be.
#[derive(Debug)]
pub struct Request<'a> {
    /// The programs, the first with its environment.
    pub programs: &'a [Program],
    /// Bytes of RAM.
    pub ram: u64,
    /// The kernel's command line.
    pub command_line: &'a str,
    /// When it is done.
    pub until: Until,
    /// Whether the kernel's structures are checked at the end.
    pub check: bool,
    /// Whether calls are wanted.
    pub calls: bool,
}

/// How a machine has ended.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub end: End,
    /// What a check of the kernel's structures has found, a line each; empty if there was
    /// none, or nothing.
    pub findings: Vec<String>,
}

/// Something that runs machines.
pub trait Machines: Sync {
    /// Runs one to its end.
    ///
    /// # Errors
    /// Why it cannot be made or run.
    fn run(&self, request: &Request<'_>, observer: &mut Observer<'_>) -> Result<Ended, String>;
}

/// Machines of `/dev/kvm`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KvmMachines;

impl Machines for KvmMachines {
    fn run(&self, request: &Request<'_>, observer: &mut Observer<'_>) -> Result<Ended, String> {
        let machine = Machine::new(&MachineConfig {
            ram: request.ram,
            kernel: KERNEL,
            programs: request.programs,
            command_line: request.command_line,
            trace_kernel_calls: request.calls,
        });
        let machine = machine.map_err(|error| error.to_string())?;
        observer.watch(machine.deadline());
        let limits = Limits {
            time: None,
            until: request.until,
            check: request.check,
        };
        let outcome = machine
            .run(observer, limits)
            .map_err(|error| error.to_string())?;
        let findings = outcome.findings.map(|findings| {
            let mut told = findings.told().to_vec();
            if findings.count() > told.len() {
                told.push(format!("and {} more", findings.count() - told.len()));
            }
            told
        });
        Ok(Ended {
            end: outcome.end,
            findings: findings.unwrap_or_default(),
        })
    }
}
