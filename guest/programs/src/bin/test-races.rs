//! Threads and processes against one another: `test-races -- --rounds 4 --seed 1`; with
//! `--gate on` those that write into processes, too.

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::races;
use guest_programs::modes::Modes;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    races::run(&mut suite, Modes::from_args());
    suite.finish()
}

libzx::main!(program);
