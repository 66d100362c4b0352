//! `zx_vmar_protect` (reference §13.4, §5.2).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::protect;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    protect::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
