//! The threads of a process core.

use super::super::undigits;
use super::super::{GeneralRegisters, Hex, ProcessRecord, Survey, VcpuState};
use super::elf::Notes;
use super::layout::{CORE, NT_FPREGSET, NT_PRSTATUS, NT_SIGINFO, Prstatus, UserRegisters};
use crate::objects::ThreadView;
use abi::objects::{Registers, ThreadState};
use serde::Serialize;
use zerocopy::IntoBytes;

/// A thread in a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreThread {
    /// The thread.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub rip: Hex,
    /// The signal that Linux would have sent it for its exception, such as `SIGSEGV`; null if
    /// it had none.
    pub signal: Option<&'static str>,
}

/// A thread with all that its notes say.
pub(super) struct Thread {
    pub(super) told: CoreThread,
    registers: UserRegisters,
    vectors: Vec<u8>,
    fault: Option<Fault>,
}

/// An exception as Linux tells it (`signal(7)`, `siginfo_t`).
#[derive(Clone, Copy)]
struct Fault {
    number: u8,
    name: &'static str,
    code: i32,
    address: u64,
}

/// A number as Linux has it for threads and processes; koids are larger only after billions
/// of objects.
pub(super) fn number(koid: u64) -> u32 {
    u32::try_from(koid).unwrap_or(u32::MAX)
}

/// The threads that have registers: a debugger shows the first of them, so that is one that
/// faulted, or the one that runs.
pub(super) fn of(survey: &Survey, process: &ProcessRecord) -> Vec<Thread> {
    let mut threads: Vec<_> = process
        .threads
        .iter()
        .filter_map(|thread| {
            let fault = fault(thread);
            let state = thread.state();
            let gone = state == ThreadState::INITIAL || state == ThreadState::DEAD;
            (!gone || fault.is_some()).then(|| {
                let runs = thread.address().0 == survey.current_thread;
                let order = (fault.is_none(), !runs);
                (order, self::thread(survey, thread, fault))
            })
        })
        .collect();
    threads.sort_by_key(|(order, _)| *order);
    threads.into_iter().map(|(_, thread)| thread).collect()
}

fn thread(survey: &Survey, thread: &ThreadView, fault: Option<Fault>) -> Thread {
    let raw = thread.raw();
    let current = survey.current_thread;
    let vcpu = survey.machine.vcpu_of(thread, current);
    let (general, fs_base) = survey.machine.registers_of(thread, current);
    let registers = match vcpu {
        Some(vcpu) => vcpu.into(),
        None => recorded(&general, &raw.registers, fs_base),
    };
    // The kernel saves these registers only when another thread gets the CPU.
    let loaded = survey.machine.vcpus.first();
    let loaded = loaded.filter(|_| thread.address().0 == current);
    let vectors = loaded
        .and_then(|vcpu: &VcpuState| undigits(&vcpu.fxsave))
        .filter(|bytes| bytes.len() == raw.vectors.as_bytes().len())
        .unwrap_or_else(|| raw.vectors.as_bytes().to_vec());
    Thread {
        told: CoreThread {
            koid: raw.header.koid,
            name: thread.name().into_owned(),
            rip: general.rip,
            signal: fault.map(|fault| fault.name),
        },
        registers: UserRegisters {
            // No system call is to be made again.
            orig_rax: u64::MAX,
            ..registers
        },
        vectors,
        fault,
    }
}

fn recorded(general: &GeneralRegisters, record: &Registers, fs_base: Hex) -> UserRegisters {
    UserRegisters {
        cs: record.cs,
        ss: record.ss,
        fs_base: fs_base.0,
        ..general.into()
    }
}

/// The exception that has ended a thread.
fn fault(thread: &ThreadView) -> Option<Fault> {
    let raw = thread.raw();
    if thread.state() != ThreadState::DEAD && raw.fault_status == 0 {
        return None;
    }
    let vector = raw.registers.vector;
    let rip = raw.registers.rip;
    let fault = |number, name, code, address| {
        Some(Fault {
            number,
            name,
            code,
            address,
        })
    };
    // As Linux's arch/x86/kernel/traps.c tells them; codes are those of `sigaction(2)`.
    match vector {
        0 => fault(8, "SIGFPE", 1, rip),
        1 | 3 => fault(5, "SIGTRAP", 1, rip),
        6 => fault(4, "SIGILL", 2, rip),
        14 => {
            // SEGV_ACCERR if the page was there, SEGV_MAPERR if not (error code, bit 0).
            let code = if raw.registers.error_code & 1 == 0 {
                1
            } else {
                2
            };
            fault(11, "SIGSEGV", code, raw.fault_address)
        }
        16 | 19 => fault(8, "SIGFPE", 0, rip),
        17 => fault(7, "SIGBUS", 1, 0),
        // SI_KERNEL: no address is known.
        2..32 => fault(11, "SIGSEGV", 128, 0),
        _ => None,
    }
}

impl Thread {
    pub(super) fn add_status(&self, notes: &mut Notes, process: u64) {
        let signal = self.fault.map_or(0, |fault| fault.number);
        let status = Prstatus {
            signal_number: signal.into(),
            current_signal: signal.into(),
            pid: number(self.told.koid),
            group: number(process),
            registers: self.registers,
            has_fpregset: 1,
            ..Prstatus::default()
        };
        notes.add(CORE, NT_PRSTATUS, status.as_bytes());
    }

    pub(super) fn add_signal(&self, notes: &mut Notes) {
        let Some(fault) = self.fault else { return };
        // `siginfo_t`: number, errno, code, padding, address.
        let mut info = Vec::with_capacity(128);
        info.extend(i32::from(fault.number).to_le_bytes());
        info.extend(0i32.to_le_bytes());
        info.extend(fault.code.to_le_bytes());
        info.extend(0i32.to_le_bytes());
        info.extend(fault.address.to_le_bytes());
        info.resize(128, 0);
        notes.add(CORE, NT_SIGINFO, &info);
    }

    pub(super) fn add_vectors(&self, notes: &mut Notes) {
        notes.add(CORE, NT_FPREGSET, &self.vectors);
    }
}
