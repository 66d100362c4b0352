//! `zx_object_get_property` and `zx_object_set_property` (reference §9.4, §18).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::property;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    property::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
