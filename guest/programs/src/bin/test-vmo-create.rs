//! `zx_vmo_create`, `zx_vmo_create_contiguous`, `zx_vmo_create_physical`,
//! `zx_vmo_replace_as_executable` and the VMO model (reference §7, §8).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_create;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_create::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
