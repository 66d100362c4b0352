//! Processes and threads: made, started, ended (reference §16), and the handle calls that
//! close many (§14).

#![cfg_attr(target_os = "none", no_std, no_main)]

use guest_programs::cases::tasks;
use guest_programs::suite::Suite;

fn program() -> i64 {
    let mut suite = Suite::new();
    tasks::run(&mut suite);
    suite.finish()
}

libzx::main!(program);
