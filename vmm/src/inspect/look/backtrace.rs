//! The functions that a thread is in: by the program's call frame information where there is
//! some, otherwise by the chain of frame pointers (System V ABI for AMD64, 3.2.2): at the frame
//! pointer stands the caller's, and behind that the return address.

use super::symbols::ProgramSymbols;
use super::unwind::Position;
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
    /// Goes from caller to caller, each of which must stand above the one before it, in the
    /// mapping that the stack pointer is in.
    fn run(&self, registers: &GeneralRegisters) -> (Vec<StackFrame>, &'static str) {
        let mut position = Position::new(registers);
        let mut frames = vec![self.frame(position.pc, position.pc)];
        let Some(stack) = self.process.mapping_at(position.stack_pointer()) else {
            return (frames, "the stack pointer is in no mapping");
        };
        let first = position.frame_pointer();
        while frames.len() < MAX_FRAMES {
            let innermost = frames.len() == 1;
            let caller = match self.caller(&position, innermost, stack.end()) {
                Ok(caller) => caller,
                Err(end) => return (frames, end),
            };
            if caller.pc == 0 {
                let followed = first != 0 || self.symbols.is_some();
                return match followed {
                    true => (frames, "the outermost frame"),
                    false => (frames, "there is no frame pointer to follow"),
                };
            }
            let up = caller.stack_pointer();
            if up <= position.stack_pointer() || up > stack.end() {
                return (frames, "the next frame is not above this one in the stack");
            }
            if self.process.mapping_at(caller.pc).is_none() {
                return (frames, "a return address is in no mapping");
            }
            frames.push(self.frame(caller.pc, caller.pc.wrapping_sub(1)));
            position = caller;
        }
        (frames, "there are more frames than are told")
    }

    /// The caller of the function at `position`; its address is 0 if there is none.
    fn caller(
        &self,
        position: &Position,
        innermost: bool,
        stack_end: u64,
    ) -> Result<Position, &'static str> {
        // A return address is behind the call; the call itself is what counts.
        let inside = if innermost {
            position.pc
        } else {
            position.pc.wrapping_sub(1)
        };
        // A stub of the vDSO keeps no frame pointer: its return address is on top of the
        // stack, but for two registers that one with more than six arguments has pushed.
        if let (true, Some((call, SYSCALL_END))) =
            (innermost, stub_at(self.survey, self.process, inside))
        {
            let long = call.signature().arguments.len() > 6;
            let pushed = if long { 16 } else { 0 };
            let place = position.stack_pointer().saturating_add(pushed);
            let back = self.word(place).ok_or("the stack cannot be read")?;
            return Ok(position.returned(back, place.saturating_add(8)));
        }
        if let Some((symbols, bias)) = self.symbols
            && let Some(caller) = symbols
                .frames
                .step(position, inside.wrapping_sub(bias), |at| self.word(at))
        {
            return Ok(caller);
        }
        self.by_frame_pointer(position, stack_end)
    }

    fn by_frame_pointer(&self, position: &Position, end: u64) -> Result<Position, &'static str> {
        let at = position.frame_pointer();
        if at == 0 {
            return Ok(position.returned(0, position.stack_pointer()));
        }
        if !at.is_multiple_of(8) || at < position.stack_pointer() || at >= end {
            return Err("the frame pointer leads out of the stack");
        }
        let next = self.word(at);
        let back = at.checked_add(8).and_then(|at| self.word(at));
        match (next, back) {
            // The outermost function has no caller, and nothing may be above it.
            (Some(0), None) => Ok(position.returned(0, at)),
            (Some(next), Some(back)) => Ok(Position::of_caller(back, at.saturating_add(16), next)),
            _ => Err("the stack cannot be read"),
        }
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
