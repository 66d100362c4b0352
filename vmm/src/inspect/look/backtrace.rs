//! The functions that a thread is in, by the chain of frame pointers (System V ABI for AMD64,
//! 3.2.2): at the frame pointer stands the caller's, and behind that the return address.

use super::symbols::ProgramSymbols;
use super::user_memory::read_u64;
use crate::inspect::{GeneralRegisters, Hex, InspectedRam, ProcessRecord, Survey};
use abi::Call;
use abi::vdso::{STUB_SIZE, SYSCALL_END};
use serde::Serialize;

/// Frames that are told at most.
const MAX_FRAMES: usize = 128;

/// A function that a thread is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackFrame {
    /// Where it is: the next instruction.
    pub pc: Hex,
    /// The function, as the program's file (or the vDSO) names it; null if that is not known.
    pub symbol: Option<String>,
    /// Bytes from the function's start.
    pub offset: Option<u64>,
    /// Where it is in the source, `file:line`; null if that is not known.
    pub location: Option<String>,
    /// The name of the VMO that is mapped there; null if none is.
    pub module: Option<String>,
}

struct Unwinder<'w, 'f> {
    memory: &'w InspectedRam,
    survey: &'w Survey,
    process: &'w ProcessRecord,
    symbols: Option<(&'w ProgramSymbols<'f>, u64)>,
}

/// The frames, the innermost first, and why there are no more.
pub(super) fn backtrace(
    memory: &InspectedRam,
    survey: &Survey,
    process: &ProcessRecord,
    registers: &GeneralRegisters,
    symbols: Option<(&ProgramSymbols<'_>, u64)>,
) -> (Vec<StackFrame>, &'static str) {
    let unwinder = Unwinder {
        memory,
        survey,
        process,
        symbols,
    };
    unwinder.run(registers)
}

/// The call whose stub in the vDSO an address is behind the `syscall` instruction of.
pub(super) fn call_of(survey: &Survey, process: &ProcessRecord, rip: u64) -> Option<&'static str> {
    let (call, offset) = stub_at(survey, process, rip)?;
    (offset == SYSCALL_END).then(|| call.signature().name)
}

/// The stub in the vDSO that an address is in, and how far.
fn stub_at(survey: &Survey, process: &ProcessRecord, rip: u64) -> Option<(Call, u64)> {
    let code = process.view.raw().vdso_code;
    let distance = rip.checked_sub(code).filter(|_| code != 0)?;
    if distance >= survey.root.vdso_code_size {
        return None;
    }
    let number = u32::try_from(distance / STUB_SIZE).ok()?;
    Some((Call::from_number(number)?, distance % STUB_SIZE))
}

impl Unwinder<'_, '_> {
    fn run(&self, registers: &GeneralRegisters) -> (Vec<StackFrame>, &'static str) {
        let mut frames = vec![self.frame(registers.rip.0, registers.rip.0)];
        // A stub of the vDSO keeps no frame pointer: its return address is on top of the
        // stack, but for two registers that one with more than six arguments has pushed.
        if let Some((call, SYSCALL_END)) = stub_at(self.survey, self.process, registers.rip.0) {
            let pushed = if call.signature().arguments.len() > 6 {
                16
            } else {
                0
            };
            let place = registers.rsp.0.saturating_add(pushed);
            if let Some(back) = self.word(place) {
                frames.push(self.frame(back, back.wrapping_sub(1)));
            }
        }
        let end = self.chain(&mut frames, registers);
        (frames, end)
    }

    /// Follows the frame pointers: they must ascend and stay in the mapping that the stack
    /// pointer is in.
    fn chain(&self, frames: &mut Vec<StackFrame>, registers: &GeneralRegisters) -> &'static str {
        let stack_pointer = registers.rsp.0;
        let Some(stack) = self.process.mapping_at(stack_pointer) else {
            return "the stack pointer is in no mapping";
        };
        let mut least = stack_pointer;
        let mut at = registers.rbp.0;
        while frames.len() < MAX_FRAMES {
            if at == 0 {
                return "the outermost frame";
            }
            if !at.is_multiple_of(8) || at < least || at >= stack.end() {
                return "the frame pointer leads out of the stack";
            }
            let next = self.word(at);
            let back = at.checked_add(8).and_then(|at| self.word(at));
            if next == Some(0) && back.is_none() {
                return "the outermost frame";
            }
            let (Some(next), Some(back)) = (next, back) else {
                return "the stack cannot be read";
            };
            if back == 0 {
                return "the outermost frame";
            }
            if self.process.mapping_at(back).is_none() {
                return "a return address is in no mapping";
            }
            frames.push(self.frame(back, back.wrapping_sub(1)));
            least = at.saturating_add(16);
            at = next;
        }
        "there are more frames than are told"
    }

    fn word(&self, address: u64) -> Option<u64> {
        read_u64(self.memory, self.survey, self.process, address)
    }

    /// The frame with that program counter; names are looked up at `inside`, which of a return
    /// address is still in the call.
    fn frame(&self, pc: u64, inside: u64) -> StackFrame {
        let mapping = self.process.mapping_at(inside);
        let vmo = mapping.and_then(|mapping| self.survey.vmo_at(mapping.vmo()));
        let mut frame = StackFrame {
            pc: pc.into(),
            symbol: None,
            offset: None,
            location: None,
            module: vmo.map(|vmo| vmo.name().into_owned()),
        };
        if let Some((call, offset)) = stub_at(self.survey, self.process, inside) {
            frame.symbol = Some(call.signature().name.to_owned());
            frame.offset = Some(offset);
        } else if let Some((symbols, bias)) = self.symbols {
            let found = symbols.find(inside.wrapping_sub(bias));
            let distance = pc.wrapping_sub(inside);
            frame.symbol = found.name;
            frame.offset = found.offset.map(|offset| offset.saturating_add(distance));
            frame.location = found.location;
        }
        frame
    }
}
