//! `zx_object_get_info`, all topics (reference §15, §19.2).
//!
//! Run as `test-info hello`, which is there to end.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::info;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    info::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
