//! One step from a function to its caller by call frame information (DWARF 5, 6.4), which a
//! program has in `.eh_frame` or `.debug_frame` whether it keeps frame pointers or not.

use crate::inspect::GeneralRegisters;
use addr2line::gimli::{
    BaseAddresses, CfaRule, DebugFrame, EhFrame, EndianSlice, LittleEndian, Register, RegisterRule,
    Section, UnwindContext, UnwindSection,
};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection};

type Reader<'f> = EndianSlice<'f, LittleEndian>;

/// The numbers of `rbp`, `rsp` and the return address (System V ABI for AMD64, table 3.36).
const FRAME_POINTER: usize = 6;
const STACK_POINTER: usize = 7;
const RETURN_ADDRESS: u16 = 16;
/// General registers.
const COUNT: usize = 16;

/// What is known of a function's registers on the way out: the general ones by their DWARF
/// numbers, and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) pc: u64,
    registers: [Option<u64>; COUNT],
}

impl Position {
    pub(super) fn new(r: &GeneralRegisters) -> Self {
        let registers = [
            r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11,
            r.r12, r.r13, r.r14, r.r15,
        ];
        Self {
            pc: r.rip.0,
            registers: registers.map(|register| Some(register.0)),
        }
    }

    pub(super) fn stack_pointer(&self) -> u64 {
        self.get(STACK_POINTER).unwrap_or(0)
    }

    pub(super) fn frame_pointer(&self) -> u64 {
        self.get(FRAME_POINTER).unwrap_or(0)
    }

    fn get(&self, register: usize) -> Option<u64> {
        self.registers.get(register).copied().flatten()
    }

    fn set(&mut self, register: usize, value: Option<u64>) {
        if let Some(place) = self.registers.get_mut(register) {
            *place = value;
        }
    }

    /// The caller's, if only where it is, its stack and its frame pointer are known. The others
    /// may have been changed.
    pub(super) fn of_caller(pc: u64, stack_pointer: u64, frame_pointer: u64) -> Self {
        let mut caller = Self {
            pc,
            registers: [None; COUNT],
        };
        caller.set(FRAME_POINTER, Some(frame_pointer));
        caller.set(STACK_POINTER, Some(stack_pointer));
        caller
    }

    /// The caller's, if the function has changed nothing but the stack pointer.
    pub(super) fn returned(mut self, pc: u64, stack_pointer: u64) -> Self {
        self.pc = pc;
        self.set(STACK_POINTER, Some(stack_pointer));
        self
    }
}

/// A program's call frame information.
pub(super) struct FrameInformation<'f> {
    eh_frame: EhFrame<Reader<'f>>,
    debug_frame: DebugFrame<Reader<'f>>,
    bases: BaseAddresses,
}

impl<'f> FrameInformation<'f> {
    pub(super) fn new(elf: &ElfFile64<'f, object::LittleEndian>) -> Self {
        let section = |name: &str| elf.section_by_name(name);
        let bytes = |name: &str| {
            let data = section(name).and_then(|section| section.data().ok());
            data.unwrap_or_default()
        };
        let address = |name: &str| section(name).map_or(0, |section| section.address());
        let eh_frame = <EhFrame<Reader<'_>> as Section<_>>::id().name();
        let debug_frame = <DebugFrame<Reader<'_>> as Section<_>>::id().name();
        let mut debug_frame = DebugFrame::new(bytes(debug_frame), LittleEndian);
        debug_frame.set_address_size(8);
        Self {
            bases: BaseAddresses::default()
                .set_eh_frame(address(eh_frame))
                .set_text(address(".text"))
                .set_got(address(".got")),
            eh_frame: EhFrame::new(bytes(eh_frame), LittleEndian),
            debug_frame,
        }
    }

    /// The caller of the function at `position`. `inside` is an address of the file in the
    /// instruction that the function is at; `read` reads a word of the stack.
    pub(super) fn step(
        &self,
        position: &Position,
        inside: u64,
        read: impl Fn(u64) -> Option<u64>,
    ) -> Option<Position> {
        let by_eh_frame = step(&self.eh_frame, &self.bases, position, inside, &read);
        by_eh_frame.or_else(|| step(&self.debug_frame, &self.bases, position, inside, &read))
    }
}

fn step<'f, S: UnwindSection<Reader<'f>>>(
    section: &S,
    bases: &BaseAddresses,
    position: &Position,
    inside: u64,
    read: &impl Fn(u64) -> Option<u64>,
) -> Option<Position> {
    let mut context = UnwindContext::new();
    let row = section
        .unwind_info_for_address(bases, &mut context, inside, S::cie_from_offset)
        .ok()?;
    let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else {
        return None;
    };
    let cfa = position
        .get(register.0.into())?
        .checked_add_signed(*offset)?;
    // The stack grows down: whoever called stands above.
    if cfa <= position.stack_pointer() {
        return None;
    }
    let recover = |number: u16, kept: Option<u64>| match row.register(Register(number)) {
        Some(RegisterRule::Offset(offset)) => read(cfa.checked_add_signed(offset)?),
        Some(RegisterRule::ValOffset(offset)) => cfa.checked_add_signed(offset),
        Some(RegisterRule::Register(other)) => position.get(other.0.into()),
        Some(RegisterRule::SameValue) | None => kept,
        Some(_) => None,
    };
    let mut caller = *position;
    for (number, kept) in (0..).zip(position.registers) {
        caller.set(usize::from(number), recover(number, kept));
    }
    caller.set(STACK_POINTER, Some(cfa));
    // That the return address is nowhere says that this is the outermost function.
    caller.pc = recover(RETURN_ADDRESS, None).unwrap_or(0);
    Some(caller)
}

impl std::fmt::Debug for FrameInformation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameInformation")
            .field("bases", &self.bases)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section with one function of 64 bytes at 0x1000 whose frame is at `rsp + 24` and
    /// whose caller's `rbx` stands at the frame - 16.
    fn section() -> Vec<u8> {
        let mut cie = vec![0, 0, 0, 0, 1, 0, 1, 0x78, 16];
        // DW_CFA_def_cfa rsp, 24; the return address at cfa - 8; rbx at cfa - 16.
        cie.extend([0x0C, 7, 24, 0x80 | 16, 1, 0x80 | 3, 2]);
        cie.resize(cie.len().next_multiple_of(8) + 4, 0);
        let mut bytes = u32::try_from(cie.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend(cie);
        let back = u32::try_from(bytes.len() + 4).unwrap();
        bytes.extend(20u32.to_le_bytes());
        bytes.extend(back.to_le_bytes());
        bytes.extend(0x1000u64.to_le_bytes());
        bytes.extend(64u64.to_le_bytes());
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn a_caller_is_found_without_a_frame_pointer() {
        let bytes = section();
        let information = FrameInformation {
            eh_frame: EhFrame::new(&bytes, LittleEndian),
            debug_frame: DebugFrame::new(&[], LittleEndian),
            bases: BaseAddresses::default().set_eh_frame(0),
        };
        let mut position = Position::new(&GeneralRegisters::default());
        position.pc = 0x1010;
        position.set(STACK_POINTER, Some(0x8000));
        position.set(12, Some(77));
        let read = |at: u64| Some(at * 2);
        let caller = information.step(&position, 0x1010, read).unwrap();
        assert_eq!((caller.pc, caller.stack_pointer()), (0x8010 * 2, 0x8018));
        assert_eq!(
            (caller.get(3), caller.get(12)),
            (Some(0x8008 * 2), Some(77))
        );
        assert!(information.step(&position, 0x1040, read).is_none());
        // What cannot be read ends the walk.
        let caller = information.step(&position, 0x1010, |_| None).unwrap();
        assert_eq!(caller.pc, 0);
    }
}
