//! `zx_vmo_set_cache_policy` and `zx_vmo_transfer_data` (reference §12).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_cache;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_cache::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
