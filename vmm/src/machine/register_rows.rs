//! The user-visible registers as a table.

use crate::inspect::GeneralRegisters;

/// The general registers and the two segments that tell the mode, five rows of four, by name.
pub(super) const fn rows(r: &GeneralRegisters, cs: u64, ss: u64) -> [[(&'static str, u64); 4]; 5] {
    let [first, second, third, fourth] = r.rows();
    let last = [
        ("rip", r.rip.0),
        ("flags", r.rflags.0),
        ("cs", cs),
        ("ss", ss),
    ];
    [first, second, third, fourth, last]
}
