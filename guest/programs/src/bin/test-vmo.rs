//! `zx_vmo_create`, `zx_vmo_get_size`, `zx_vmo_read`, `zx_vmo_write` on good and on
//! out-of-range arguments (reference §4, §8.1, §9.1).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
