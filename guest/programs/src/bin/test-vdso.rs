//! The vDSO from the inside: an ELF image with its symbols, functions that do what they
//! say, and bytes that nobody changes (reference §6.4, §18, §19.1). What may be mapped of
//! it is the matter of `test-vdso-map`, and calls that are refused are among `crash`'s
//! kinds.
//!
//! Run as `test-vdso test-victim --until first -- --gate on`.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vdso;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vdso::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
