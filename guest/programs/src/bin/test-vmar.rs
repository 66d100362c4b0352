//! `zx_vmar_map` and `zx_vmar_unmap` on the root VMAR with anonymous VMOs (reference
//! §13.1, §13.3), and what a mapping shows (§7).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::vmar;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    vmar::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
