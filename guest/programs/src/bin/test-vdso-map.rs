//! What may be done with mappings of the vDSO (reference §18, §6.4).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vdso_map;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vdso_map::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
