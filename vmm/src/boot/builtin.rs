//! The kernel, the vDSO and the programs that are part of this binary (see `build.rs`).

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The ELF file of the program with that name, if there is one.
#[must_use]
pub fn builtin_program(name: &str) -> Option<&'static [u8]> {
    PROGRAMS
        .iter()
        .find_map(|(program, elf)| (*program == name).then_some(*elf))
}
