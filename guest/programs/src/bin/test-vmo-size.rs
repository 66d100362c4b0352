//! `zx_vmo_set_size`, stream sizes and the content-size property (reference §9).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmo_size;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmo_size::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
