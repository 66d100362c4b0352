//! What is told of a machine that broke.

use super::register_rows::rows;
use crate::events::ProcessId;
use crate::inspect::general_registers;
use kvm_bindings::{kvm_regs, kvm_sregs};
use kvm_ioctls::VcpuFd;
use std::collections::VecDeque;
use std::fmt;

/// Calls that a report remembers.
const REMEMBERED: usize = 16;

/// Everything worth knowing about a machine that broke.
#[derive(Clone, Debug)]
pub struct Report {
    /// What happened.
    pub reason: String,
    /// Who ran.
    pub process: Option<ProcessId>,
    /// The registers, if they could be read.
    pub registers: Option<(kvm_regs, kvm_sregs)>,
    /// The last calls, oldest first: caller's koid, name, first arguments, status.
    pub calls: Vec<String>,
}

impl Report {
    /// A report of a vCPU that stands still.
    pub(super) fn new(reason: String, vcpu: &VcpuFd, calls: &LastCalls) -> Self {
        let registers = vcpu.get_regs().ok().zip(vcpu.get_sregs().ok());
        Self {
            reason,
            process: None,
            registers,
            calls: calls.lines(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the virtual machine stopped: {}", self.reason)?;
        match &self.process {
            Some(process) => writeln!(f, "  process  {} (koid {})", process.name, process.koid)?,
            None => writeln!(f, "  process  none")?,
        }
        match &self.registers {
            None => writeln!(f, "  registers cannot be read")?,
            Some((r, s)) => {
                let control = [
                    ("cr0", s.cr0),
                    ("cr2", s.cr2),
                    ("cr3", s.cr3),
                    ("cr4", s.cr4),
                ];
                let (cs, ss) = (s.cs.selector.into(), s.ss.selector.into());
                let general = rows(&general_registers!(r, rflags), cs, ss);
                for row in general.into_iter().chain([control]) {
                    for (name, value) in row {
                        write!(f, "  {name:>5} {value:016x}")?;
                    }
                    writeln!(f)?;
                }
            }
        }
        if self.calls.is_empty() {
            write!(f, "  no call was served")
        } else {
            write!(f, "  the last calls, oldest first:")?;
            self.calls
                .iter()
                .try_for_each(|line| write!(f, "\n    {line}"))
        }
    }
}

/// One remembered call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remembered {
    pub(super) koid: u64,
    pub(super) call: abi::Call,
    pub(super) args: [u64; 8],
    pub(super) status: abi::Status,
}

/// The last calls that were served.
#[derive(Debug)]
pub(super) struct LastCalls(VecDeque<Remembered>);

impl LastCalls {
    pub(super) fn new() -> Self {
        Self(VecDeque::with_capacity(REMEMBERED))
    }

    pub(super) fn add(&mut self, call: Remembered) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    fn lines(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|remembered| {
                let signature = remembered.call.signature();
                let args: Vec<String> = remembered
                    .args
                    .iter()
                    .take(signature.arguments.len())
                    .map(|value| format!("{value:#x}"))
                    .collect();
                format!(
                    "[{}] {}({}) = {}",
                    remembered.koid,
                    signature.name,
                    args.join(", "),
                    remembered.status
                )
            })
            .collect()
    }
}
