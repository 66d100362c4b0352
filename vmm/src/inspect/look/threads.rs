//! The threads of a process (`vmm threads`).

use super::backtrace::{StackFrame, backtrace, call_of};
use super::frames::Named;
use super::symbols::ProgramSymbols;
use super::words::thread_state_name;
use crate::inspect::{
    GeneralRegisters, Hex, InspectedRam, Paused, Problems, ProcessRecord, Survey,
};
use crate::objects::{ObjectView, ThreadView};
use abi::objects::{ThreadState, WaitKind};
use serde::Serialize;
use vm_memory::GuestAddress;

/// The threads of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThreadList {
    /// Whose they are.
    pub process: Named,
    /// In the order in which the process lists them.
    pub threads: Vec<ThreadInfo>,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThreadInfo {
    /// Its koid.
    pub koid: u64,
    /// Its name.
    pub name: String,
    /// As in [`super::ThreadTask::state`].
    pub state: &'static str,
    /// Whether a vCPU runs it at this moment.
    pub on_cpu: bool,
    /// The system call that it is in, such as `zx_port_wait`; null if it is in none.
    pub call: Option<&'static str>,
    /// What it waits for; null if it does not.
    pub waits: Option<WaitInfo>,
    /// Its registers.
    pub registers: GeneralRegisters,
    /// Base of its FS segment: the thread pointer.
    pub fs_base: Hex,
    /// The fault that has ended it; null if none has.
    pub fault: Option<FaultInfo>,
    /// Its functions, the innermost first; none of a thread that has not started or has ended.
    pub backtrace: Vec<StackFrame>,
    /// Why the backtrace ends.
    pub backtrace_end: &'static str,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitInfo {
    /// `time`, `signals`, `port`, `futex`, `page` or `dirty` (leave to make a page dirty).
    pub kind: &'static str,
    /// Of all but `time` and `futex`: the koid of the object; null otherwise.
    pub koid: Option<u64>,
    /// The type of the object, such as `port`.
    #[serde(rename = "type")]
    pub object_type: Option<&'static str>,
    /// Of a futex its address, of signals their mask, of a page its offset in the VMO; null
    /// otherwise.
    pub key: Option<Hex>,
    /// When it stops waiting, in nanoseconds of monotonic time; null for never.
    pub deadline: Option<i64>,
}

/// A fatal page fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FaultInfo {
    /// The address that was accessed.
    pub address: Hex,
    /// Why it could not be: a `zx_status_t`.
    pub status: i64,
}

/// The threads of a process, with names from `symbols` for the addresses in their backtraces.
#[must_use]
pub fn threads(
    paused: &Paused<'_>,
    survey: &Survey,
    process: &ProcessRecord,
    symbols: Option<&ProgramSymbols<'_>>,
    problems: &mut Problems,
) -> ThreadList {
    let memory = paused.memory();
    let symbols = symbols.and_then(|symbols| {
        let bias = symbols.bias(memory, survey, process)?;
        Some((symbols, bias))
    });
    let tell = |thread| tell(memory, survey, process, thread, symbols, problems);
    ThreadList {
        process: Named::process(process),
        threads: process.threads.iter().map(tell).collect(),
    }
}

fn tell(
    memory: &InspectedRam,
    survey: &Survey,
    process: &ProcessRecord,
    thread: &ThreadView,
    symbols: Option<(&ProgramSymbols<'_>, u64)>,
    problems: &mut Problems,
) -> ThreadInfo {
    let raw = thread.raw();
    let state = thread.state();
    let current = survey.current_thread;
    let (registers, fs_base) = survey.machine.registers_of(thread, current);
    let alive = matches!(state, ThreadState::READY | ThreadState::WAITING);
    let (frames, end) = if alive {
        backtrace(memory, survey, process, &registers, symbols)
    } else {
        (Vec::new(), "the thread does not run")
    };
    let waiting = state == ThreadState::WAITING;
    ThreadInfo {
        koid: raw.header.koid,
        name: thread.name().into_owned(),
        state: thread_state_name(state, WaitKind(raw.wait_kind)),
        on_cpu: survey.machine.vcpu_of(thread, current).is_some(),
        call: call_of(survey, process, registers.rip.0).filter(|_| waiting),
        waits: waiting.then(|| wait_info(memory, thread, problems)),
        registers,
        fs_base,
        fault: (raw.fault_status != 0).then_some(FaultInfo {
            address: raw.fault_address.into(),
            status: raw.fault_status,
        }),
        backtrace: frames,
        backtrace_end: end,
    }
}

fn wait_info(memory: &InspectedRam, thread: &ThreadView, problems: &mut Problems) -> WaitInfo {
    let raw = thread.raw();
    let kind = WaitKind(raw.wait_kind);
    let of_object = matches!(
        kind,
        WaitKind::SIGNALS | WaitKind::PORT | WaitKind::PAGE | WaitKind::DIRTY
    );
    let object = of_object
        .then(|| ObjectView::read(memory, GuestAddress(raw.held.address())))
        .and_then(|object| problems.sound(object));
    let keyed = !matches!(kind, WaitKind::TIME | WaitKind::PORT | WaitKind::NONE);
    WaitInfo {
        kind: kind.name(),
        koid: object.map(|object| object.header().koid),
        object_type: object.and_then(|object| object.object_type().name()),
        key: keyed.then_some(Hex(raw.wait_key)),
        deadline: (raw.deadline != i64::MAX).then_some(raw.deadline),
    }
}
