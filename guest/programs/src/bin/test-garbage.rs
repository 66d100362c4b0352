//! Every argument of every call, fed with garbage: the documented status comes back and
//! nothing changes that should not.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::garbage;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    garbage::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
