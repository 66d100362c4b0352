//! `zx_vmo_create_child` and the trees that it makes (reference §7, §10).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_child;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_child::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
