//! `zx_vmo_read` and `zx_vmo_write` on every kind of VMO, with buffers in mappings of every
//! kind (reference §3, §4).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_kinds;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_kinds::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
