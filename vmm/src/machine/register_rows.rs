//! The user-visible registers as a table.

use abi::objects::Registers;

/// The general registers, five rows of four, by name.
pub(super) const fn rows(r: &Registers) -> [[(&'static str, u64); 4]; 5] {
    [
        [
            ("rax", r.rax),
            ("rbx", r.rbx),
            ("rcx", r.rcx),
            ("rdx", r.rdx),
        ],
        [
            ("rsi", r.rsi),
            ("rdi", r.rdi),
            ("rbp", r.rbp),
            ("rsp", r.rsp),
        ],
        [("r8", r.r8), ("r9", r.r9), ("r10", r.r10), ("r11", r.r11)],
        [
            ("r12", r.r12),
            ("r13", r.r13),
            ("r14", r.r14),
            ("r15", r.r15),
        ],
        [
            ("rip", r.rip),
            ("flags", r.rflags),
            ("cs", r.cs),
            ("ss", r.ss),
        ],
    ]
}
