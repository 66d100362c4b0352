//! Waiting: for signals of objects, for packets in ports, at futexes.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::waits;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    waits::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
